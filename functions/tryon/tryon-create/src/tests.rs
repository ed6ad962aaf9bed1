use std::time::Duration;

use drape_common::{
    store::{
        Put, Remove, Save,
        blob::{DeleteObject, keys},
        memory::{Fuse, MemoryBucket, MemoryQueue, MemoryTable},
    },
    testing::{TestAnswer, TestRequest, read, request},
};
use drape_domain::{
    Background, RecommendationId, Showing, ShowingId, Slot, Text, UploadId, UserId,
    item::{Failure, ImageType, Typed, Upload},
    showing::{ShownOutfit, ShownPiece},
    tryon::Rendered,
};
use serde_json::{Value, json};

use super::*;

const BUCKET: &str = "drape-test-uploads";

type Memory = TryOnCreate<
    MemoryTable<Item>,
    MemoryTable<DayShowing>,
    MemoryTable<TryOn>,
    MemoryTable<Reservation>,
    MemoryBucket,
    MemoryBucket,
    MemoryQueue<RenderTryOn>,
>;

/// A person with a body photo and two garments that are ready.
struct World {
    endpoint: Memory,
    fuse: Fuse,
    user: UserId,
    photo: String,
    items: Vec<ItemId>,
}

impl World {
    async fn new() -> Self {
        let fuse = Fuse::default();
        let endpoint = TryOnCreate {
            items: MemoryTable::new(&fuse),
            showings: MemoryTable::new(&fuse),
            tryons: MemoryTable::new(&fuse),
            reservations: MemoryTable::new(&fuse),
            uploads: MemoryBucket::new(&fuse),
            uploads_bucket: BUCKET.to_owned(),
            media: MemoryBucket::new(&fuse),
            queue: MemoryQueue::new(&fuse),
            now: || Timestamp::UNIX_EPOCH,
        };
        let user = UserId::new();
        let photo = keys::body_upload(user, UploadId::new());
        endpoint.uploads.upload(&photo, "image/jpeg", b"a photo");
        let mut world = Self {
            endpoint,
            fuse,
            user,
            photo: format!("s3://{BUCKET}/{photo}"),
            items: Vec::new(),
        };
        for title in ["White shirt", "Navy trousers"] {
            let item = world.own(title, ItemStatus::Ready).await;
            world.items.push(item);
        }
        world
    }

    async fn own(&self, title: &str, status: ItemStatus) -> ItemId {
        let typed = Typed {
            title: Some(Text::try_from(title).unwrap()),
            ..Typed::default()
        };
        let upload = Upload {
            content_type: ImageType::Jpeg,
            content_length: 10,
        };
        let mut item = Item::new(
            self.user,
            typed,
            Background::Clean,
            upload,
            Timestamp::UNIX_EPOCH,
        );
        item.status = status;
        self.endpoint.items.put(&item).await.unwrap();
        item.item_id
    }

    fn body(&self) -> Value {
        json!({ "target_image_s3": self.photo, "items": self.items })
    }

    fn ask(&self, body: &Value) -> TestRequest {
        request().by(self.user).json(body)
    }

    async fn send(&self, request: TestRequest) -> TestAnswer {
        request.send(&self.endpoint).await
    }

    /// The answer to a body with some fields set otherwise.
    async fn with(&self, changes: Value) -> TestAnswer {
        let mut body = self.body();
        for (field, value) in changes.as_object().unwrap() {
            body[field] = value.clone();
        }
        self.send(self.ask(&body).header("prefer", "respond-async"))
            .await
    }

    /// The job of another process, which ends after `time`.
    async fn finish_after(&self, time: Duration, end: impl Fn(&mut TryOn)) {
        sleep(time).await;
        let sent = self.endpoint.queue.sent();
        let key = tryon_key(sent[0].user_id, sent[0].tryon_id);
        let mut tryon = self.endpoint.tryons.get(&key).await.unwrap().unwrap();
        end(&mut tryon);
        assert!(self.endpoint.tryons.save(&mut tryon).await.unwrap());
    }
}

fn done(tryon: &mut TryOn) {
    let key = keys::render(tryon.user_id, tryon.id);
    let picture = Rendered::picture(key, 0.8, "test");
    assert!(tryon.finish(picture, Timestamp::UNIX_EPOCH));
}

fn header<'a>(answer: &'a TestAnswer, name: &str) -> &'a str {
    answer
        .headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_picture_that_is_soon_there_is_answered_at_once() {
    let world = World::new().await;
    let started = Instant::now();
    let (answer, ()) = tokio::join!(
        world.send(world.ask(&world.body())),
        world.finish_after(Duration::from_millis(300), done),
    );
    assert_eq!(answer.status, 200);
    let tryon = &answer.body["tryon"];
    assert_eq!(tryon["status"], "done");
    assert_eq!(tryon["items"][0]["title"], "White shirt");
    assert!(tryon["render_url"].as_str().unwrap().contains("render.png"));
    assert!(answer.body.get("status_url").is_none());
    let waited = started.elapsed();
    assert!(waited >= Duration::from_millis(300) && waited < Duration::from_secs(5));
}

#[tokio::test]
async fn a_failure_within_the_wait_is_an_answer_too() {
    let world = World::new().await;
    let (answer, ()) = tokio::join!(
        world.send(world.ask(&world.body())),
        world.finish_after(Duration::from_millis(100), |tryon| {
            let failure = Failure {
                code: "body_not_visible".into(),
                message: "We could not see your whole body.".into(),
            };
            assert!(tryon.fail(failure, Timestamp::UNIX_EPOCH));
        }),
    );
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["tryon"]["error"]["code"], "body_not_visible");
}

#[tokio::test]
async fn a_picture_that_takes_longer_is_handed_over() {
    let world = World::new().await;
    let started = Instant::now();
    let ask = world.ask(&world.body()).header("prefer", "wait=1");
    let answer = world.send(ask).await;
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(answer.status, 202);
    let url = format!(
        "/tryon/{}/status",
        answer.body["tryon"]["id"].as_str().unwrap()
    );
    assert_eq!(answer.body["status_url"], url);
    assert_eq!(header(&answer, "location"), url);
    assert_eq!(header(&answer, "retry-after"), "2");
    assert_eq!(header(&answer, "preference-applied"), "wait=1");
    assert_eq!(answer.body["tryon"]["status"], "queued");
    assert_eq!(world.endpoint.queue.sent().len(), 1);
}

#[tokio::test]
async fn a_client_that_does_not_want_to_wait_is_answered_at_once() {
    let world = World::new().await;
    let started = Instant::now();
    let ask = world.ask(&world.body()).header("prefer", "respond-async");
    let answer = world.send(ask).await;
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(answer.status, 202);
    assert_eq!(header(&answer, "preference-applied"), "respond-async");
}

#[tokio::test]
async fn a_try_on_that_is_deleted_meanwhile_is_gone() {
    let world = World::new().await;
    let (answer, ()) = tokio::join!(world.send(world.ask(&world.body())), async {
        sleep(POLL / 2).await;
        let sent = world.endpoint.queue.sent();
        let key = tryon_key(sent[0].user_id, sent[0].tryon_id);
        world.endpoint.tryons.remove(&key).await.unwrap();
    });
    assert_eq!((answer.status, answer.code()), (404, "tryon_not_found"));
}

#[tokio::test]
async fn the_photo_must_be_an_uploaded_one_of_ones_own() {
    let world = World::new().await;
    let others = keys::body_upload(UserId::new(), UploadId::new());
    world.endpoint.uploads.upload(&others, "image/jpeg", b"x");
    let missing = keys::body_upload(world.user, UploadId::new());
    for (url, status, code) in [
        (format!("s3://{BUCKET}/{others}"), 404, "photo_not_found"),
        (format!("s3://{BUCKET}/{missing}"), 404, "photo_not_found"),
        (
            world.photo.replace(BUCKET, "elsewhere"),
            422,
            "validation_failed",
        ),
        (
            "https://example.com/me.jpg".to_owned(),
            422,
            "validation_failed",
        ),
    ] {
        let answer = world.with(json!({ "target_image_s3": url })).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{url}");
        if status == 422 {
            assert_eq!(answer.fields(), ["target_image_s3"]);
        }
    }
    assert!(world.endpoint.tryons.is_empty());
    assert!(world.endpoint.queue.sent().is_empty());
}

#[tokio::test]
async fn garments_are_one_to_six_different_ones() {
    let world = World::new().await;
    let many: Vec<_> = (0..20).map(|_| ItemId::new()).collect();
    let twice = vec![world.items[0]; 2];
    for items in [
        json!([]),
        json!(many),
        json!(twice),
        json!("x"),
        Value::Null,
    ] {
        let answer = world.with(json!({ "items": items })).await;
        assert_eq!((answer.status, answer.fields()), (422, vec!["items"]));
    }
    let answer = world.with(json!({ "items": ["nonsense"] })).await;
    assert_eq!(answer.status, 422);
}

#[tokio::test]
async fn garments_must_be_in_ones_wardrobe() {
    let world = World::new().await;
    let other = World::new().await;
    for stranger in [ItemId::new(), other.items[0]] {
        let items = json!([world.items[0], stranger]);
        let answer = world.with(json!({ "items": items })).await;
        assert_eq!((answer.status, answer.code()), (404, "item_not_found"));
    }
}

#[tokio::test]
async fn a_garment_that_is_not_ready_is_named() {
    let world = World::new().await;
    for status in [
        ItemStatus::AwaitingUpload,
        ItemStatus::Processing,
        ItemStatus::Failed,
    ] {
        let waiting = world.own("Skirt", status).await;
        let items = json!([world.items[0], waiting]);
        let answer = world.with(json!({ "items": items })).await;
        assert_eq!((answer.status, answer.code()), (409, "item_not_ready"));
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains(&waiting.to_string()) && detail.contains(status.as_str()));
        assert!(!detail.contains(&world.items[0].to_string()));
    }
    assert!(world.endpoint.tryons.is_empty());
}

/// The person was shown an outfit of these pieces of their own.
async fn shown(world: &World, pieces: &[ItemId]) -> RecommendationId {
    let shown_at = Timestamp::UNIX_EPOCH + Duration::from_secs(20_000 * 86_400);
    let id = ShowingId::at(shown_at);
    let piece = |item_id: &ItemId| ShownPiece {
        item_id: *item_id,
        owner_id: world.user,
        slot: Slot::Top,
    };
    let outfit = ShownOutfit {
        id: id.outfit(1),
        pieces: pieces.iter().map(piece).collect(),
        score: 0.5,
        propensity: 1.0,
        features: Vec::new(),
        explain: Vec::new(),
    };
    let showing = Showing {
        id,
        user_id: world.user,
        shown_at,
        model: "m".to_owned(),
        index: None,
        occasion: None,
        temp_c: None,
        outfits: vec![outfit],
    };
    let row = DayShowing::new(showing);
    world.endpoint.showings.put(&row).await.unwrap();
    id.outfit(1)
}

#[tokio::test]
async fn a_try_on_of_what_was_shown_remembers_which_outfit_it_is_of() {
    let world = World::new().await;
    let shoes = world.own("Shoes", ItemStatus::Ready).await;
    let outfit = [world.items[0], world.items[1], shoes];
    let recommendation = shown(&world, &outfit).await;
    // Without the shoes: a part of the outfit will do.
    let answer = world
        .with(json!({ "recommendation_id": recommendation }))
        .await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let tryon: TryOn = serde_json::from_value(world.endpoint.tryons.dump().remove(0)).unwrap();
    assert_eq!(tryon.recommendation_id, Some(recommendation));
}

#[tokio::test]
async fn only_an_outfit_that_was_shown_to_oneself_and_holds_the_items_can_be_meant() {
    let (world, other) = (World::new().await, World::new().await);
    let theirs = shown(&other, &world.items).await;
    let never = ShowingId::at(Timestamp::UNIX_EPOCH).outfit(1);
    let mine = shown(&world, &world.items).await;
    let place = mine.showing().outfit(2);
    for recommendation in [theirs, never, place] {
        let answer = world
            .with(json!({ "recommendation_id": recommendation }))
            .await;
        assert_eq!(
            (answer.status, answer.code()),
            (404, "recommendation_not_found")
        );
    }
    let less = shown(&world, &world.items[..1]).await;
    for recommendation in [json!(less), json!("nonsense")] {
        let answer = world
            .with(json!({ "recommendation_id": recommendation }))
            .await;
        assert_eq!(
            (answer.status, answer.fields()),
            (422, vec!["recommendation_id"])
        );
    }
    assert!(world.endpoint.tryons.is_empty());
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let world = World::new().await;
    let answer = world.with(json!({ "rotate": true })).await;
    assert_eq!((answer.status, answer.fields()), (422, vec!["rotate"]));
    let answer = world
        .with(json!({ "view_options": { "spin": true } }))
        .await;
    assert_eq!(answer.fields(), ["view_options.spin"]);
    let answer = world.with(json!({ "user_id": UserId::new() })).await;
    assert_eq!((answer.status, answer.code()), (403, "user_mismatch"));
    let answer = world.with(json!({ "user_id": world.user })).await;
    assert_eq!(answer.status, 202);
    let answer = world.send(request().json(&world.body())).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn an_idempotency_key_makes_one_try_on() {
    let world = World::new().await;
    let ask = || {
        world
            .ask(&world.body())
            .header("idempotency-key", "k1")
            .header("prefer", "respond-async")
    };
    let (first, second) = tokio::join!(world.send(ask()), world.send(ask()));
    assert_eq!((first.status, second.status), (202, 202));
    assert_eq!(first.body["tryon"]["id"], second.body["tryon"]["id"]);
    assert_eq!(world.endpoint.tryons.len(), 1);

    world.finish_after(Duration::ZERO, done).await;
    let sent = world.endpoint.queue.sent().len();
    let third = world.send(ask()).await;
    assert_eq!(
        (third.status, &third.body["tryon"]["status"]),
        (200, &json!("done"))
    );
    assert_eq!(
        world.endpoint.queue.sent().len(),
        sent,
        "nothing is left to do"
    );

    let mut other = world.body();
    other["items"] = json!([world.items[0]]);
    let answer = world
        .send(world.ask(&other).header("idempotency-key", "k1"))
        .await;
    assert_eq!(
        (answer.status, answer.code()),
        (422, "idempotency_key_reused")
    );
}

#[tokio::test]
async fn a_repetition_is_answered_whatever_became_of_photo_and_items() {
    let world = World::new().await;
    let ask = || {
        world
            .ask(&world.body())
            .header("idempotency-key", "k1")
            .header("prefer", "respond-async")
    };
    let first = world.send(ask()).await;
    let keys: Vec<_> = world
        .items
        .iter()
        .map(|id| item_key(world.user, *id))
        .collect();
    let mut cleaned = world.endpoint.items.get(&keys[0]).await.unwrap().unwrap();
    cleaned.status = ItemStatus::Processing;
    world.endpoint.items.put(&cleaned).await.unwrap();
    world.endpoint.items.remove(&keys[1]).await.unwrap();
    for photo in world.endpoint.uploads.keys() {
        world.endpoint.uploads.delete_object(&photo).await.unwrap();
    }

    let again = world.send(ask()).await;

    assert_eq!((again.status, again.code()), (202, ""));
    assert_eq!(first.body["tryon"]["id"], again.body["tryon"]["id"]);
    assert_eq!(world.endpoint.tryons.len(), 1);
}

#[tokio::test]
async fn a_late_repetition_does_not_bring_back_what_was_deleted() {
    let mut world = World::new().await;
    let body = world.body();
    let ask = |world: &World| {
        world
            .ask(&body)
            .header("idempotency-key", "k1")
            .header("prefer", "respond-async")
    };
    let made = world.send(ask(&world)).await;
    let id = made.body["tryon"]["id"].as_str().unwrap().parse().unwrap();
    let key = tryon_key(world.user, id);
    world.endpoint.tryons.remove(&key).await.unwrap();
    world.endpoint.now = || Timestamp::UNIX_EPOCH + Duration::from_secs(62);

    let late = world.send(ask(&world)).await;

    assert_eq!((late.status, late.code()), (404, "tryon_not_found"));
    let detail = late.body["detail"].as_str().unwrap();
    assert!(detail.contains("Idempotency-Key"), "{detail}");
    assert!(world.endpoint.tryons.is_empty());
    assert_eq!(world.endpoint.queue.sent().len(), 1);
}

#[tokio::test]
async fn a_key_whose_request_was_refused_is_still_free() {
    let mut world = World::new().await;
    let waiting = world.own("Skirt", ItemStatus::Processing).await;
    let body = json!({ "target_image_s3": world.photo, "items": [waiting] });
    let ask = |world: &World| {
        world
            .ask(&body)
            .header("idempotency-key", "k1")
            .header("prefer", "respond-async")
    };
    let refused = world.send(ask(&world)).await;
    assert_eq!((refused.status, refused.code()), (409, "item_not_ready"));

    let key = item_key(world.user, waiting);
    let mut ready = world.endpoint.items.get(&key).await.unwrap().unwrap();
    ready.status = ItemStatus::Ready;
    world.endpoint.items.put(&ready).await.unwrap();
    world.endpoint.now = || Timestamp::UNIX_EPOCH + Duration::from_secs(3600);
    assert_eq!(world.send(ask(&world)).await.status, 202);
}

#[tokio::test]
async fn a_crash_after_any_write_is_made_good_by_sending_again() {
    for writes in 1.. {
        let world = World::new().await;
        let ask = || {
            world
                .ask(&world.body())
                .header("idempotency-key", "k1")
                .header("prefer", "respond-async")
        };
        world.fuse.blow_after(writes);
        let first = world.send(ask()).await;
        let crashed = world.fuse.is_blown();
        world.fuse.mend();
        let answer = if crashed {
            assert_eq!(first.status, 500);
            world.send(ask()).await
        } else {
            first
        };

        assert_eq!(answer.status, 202);
        assert_eq!(world.endpoint.tryons.len(), 1);
        assert_eq!(world.endpoint.reservations.len(), 1);
        let tryon: TryOn = serde_json::from_value(world.endpoint.tryons.dump().remove(0)).unwrap();
        assert_eq!(answer.body["tryon"]["id"], json!(tryon.id));
        assert_eq!((tryon.status, tryon.revision), (TryOnStatus::Queued, 1));
        let sent = world.endpoint.queue.sent();
        assert!(!sent.is_empty());
        assert!(sent.iter().all(|message| message.tryon_id == tryon.id));
        if !crashed {
            assert_eq!(writes, 4, "three writes: key, record, message");
            break;
        }
    }
}

#[tokio::test]
async fn the_example_event_is_understood() {
    let mut world = World::new().await;
    world.user = "01a20297-4dc0-7c21-9f60-3a1d7e5b0c11".parse().unwrap();
    world.endpoint.uploads_bucket = "drape-local-uploads-000000000000".to_owned();
    let upload = "01a207bd-3490-7f4c-8a35-2e7b9d1c5f84".parse().unwrap();
    let photo = keys::body_upload(world.user, upload);
    world
        .endpoint
        .uploads
        .upload(&photo, "image/jpeg", b"a photo");
    for id in [
        "01a20786-bb40-7e93-a5d2-7c4e8f1a6b30",
        "01a20787-a5a0-7a17-b8e4-1f9d3c5a7e61",
    ] {
        let item = world.own("Something", ItemStatus::Ready).await;
        let key = item_key(world.user, item);
        let mut item = world.endpoint.items.get(&key).await.unwrap().unwrap();
        item.item_id = id.parse().unwrap();
        world.endpoint.items.put(&item).await.unwrap();
    }
    let event = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../events/tryon-create.json"
    ));
    let request = lambda_http::request::from_str(event).unwrap();
    let answer = read(world.endpoint.handle(request).await);
    assert_eq!(answer.status, 202, "{}", answer.body);
}
