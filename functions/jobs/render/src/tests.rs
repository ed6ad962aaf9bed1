use std::sync::{Arc, Mutex};

use aws_lambda_events::sqs::SqsMessage;
use drape_common::store::{
    Put, Remove,
    memory::{Fuse, MemoryBucket, MemoryQueue, MemoryTable},
};
use drape_domain::{
    Background, Category, ItemId, Pattern, Text, TryOnId, TryOnStatus, UploadId, UserId,
    item::{ImageKeys, ImageType, Inferred, Typed, Upload},
    tryon::{GarmentLayer, Layers, Lights, Rendered, TryOnItem, ViewOptions},
};
use drape_vision::Photo;
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};

use super::*;
use crate::renderer::{Garment, LayerFiles};

const START: Timestamp = Timestamp::UNIX_EPOCH;

type Meanwhile = Arc<dyn Fn() + Send + Sync>;

/// Answers what it is told to, and remembers what it was given.
#[derive(Clone)]
struct Fake {
    answer: Arc<Mutex<Result<Picture, RenderError>>>,
    seen: Arc<Mutex<Vec<Vec<Garment>>>>,
    meanwhile: Meanwhile,
}

impl Render for Fake {
    fn render(
        &self,
        _: &Photo,
        garments: &[Garment],
        view: ViewOptions,
    ) -> Result<Picture, RenderError> {
        self.seen.lock().unwrap().push(garments.to_vec());
        (self.meanwhile)();
        let mut answer = self.answer.lock().unwrap().clone();
        if let (Ok(picture), false) = (&mut answer, view.rotate) {
            picture.turns.clear();
        }
        answer
    }
}

type Memory = RenderJob<MemoryTable<TryOn>, MemoryTable<Item>, MemoryBucket, MemoryBucket, Fake>;

/// A queued try-on of a shirt with a cutout and trousers without one.
struct World {
    job: Memory,
    fuse: Fuse,
    tryon: TryOn,
}

fn png(alpha: u8) -> Vec<u8> {
    let mut picture = RgbaImage::from_pixel(64, 64, Rgba([10, 20, 30, 255]));
    picture.put_pixel(0, 0, Rgba([0, 0, 0, alpha]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = DynamicImage::ImageRgba8(picture);
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn picture(garment: ItemId) -> Picture {
    Picture {
        png: b"a picture".to_vec(),
        layers: LayerFiles {
            person: b"a person".to_vec(),
            garments: vec![(garment, b"a garment".to_vec())],
            shadow: b"a shadow".to_vec(),
            lighting: Lights {
                warm: [1.25, 1.0, 0.75],
                neutral: [1.0; 3],
                cool: [0.75, 1.0, 1.25],
            },
        },
        turns: vec![b"to the left".to_vec(), b"to the right".to_vec()],
        confidence: 0.123_456,
        renderer: "fake-1".into(),
        skipped: vec![],
    }
}

/// What the record says of the fake's picture.
fn rendered(tryon: &TryOn) -> Rendered {
    let place = |file| keys::tryon_file(tryon.user_id, tryon.id, file);
    Rendered {
        layers: Some(Layers {
            person: place("person.png"),
            garments: vec![GarmentLayer {
                item_id: tryon.items[0].item_id,
                key: place("garment-0.png"),
            }],
            shadow: place("shadow.png"),
            lighting: picture(tryon.items[0].item_id).layers.lighting,
        }),
        turn_keys: if tryon.view_options.rotate {
            vec![place("turn-0.png"), place("turn-1.png")]
        } else {
            vec![]
        },
        ..Rendered::picture(keys::render(tryon.user_id, tryon.id), 0.123, "fake-1")
    }
}

impl World {
    async fn new() -> Self {
        let fuse = Fuse::default();
        let renderer = Fake {
            answer: Arc::new(Mutex::new(Ok(picture(ItemId::new())))),
            seen: Arc::default(),
            meanwhile: Arc::new(|| {}),
        };
        let job = RenderJob {
            tryons: MemoryTable::new(&fuse),
            items: MemoryTable::new(&fuse),
            uploads: MemoryBucket::new(&fuse),
            media: MemoryBucket::new(&fuse),
            renderer,
            now: || START,
        };
        let user_id = UserId::new();
        let body_key = keys::body_upload(user_id, UploadId::new());
        job.uploads.upload(&body_key, "image/png", &png(255));
        let mut tryon = TryOn::new(user_id, body_key, vec![], START);
        for (title, category, cut) in [
            ("White shirt", Category::Shirt, true),
            ("Navy trousers", Category::Pants, false),
        ] {
            let item_id = own(&job, user_id, title, category, cut).await;
            tryon.items.push(TryOnItem {
                item_id,
                title: title.into(),
                boutique: None,
                price: None,
                skipped: None,
            });
        }
        job.tryons.put(&tryon).await.unwrap();
        let shirt = tryon.items[0].item_id;
        *job.renderer.answer.lock().unwrap() = Ok(picture(shirt));
        Self { job, fuse, tryon }
    }

    /// The same, with turns.
    async fn rotating() -> Self {
        let mut world = Self::new().await;
        world.tryon.view_options.rotate = true;
        world.job.tryons.put(&world.tryon).await.unwrap();
        world
    }

    fn message(&self) -> RenderTryOn {
        RenderTryOn {
            user_id: self.tryon.user_id,
            tryon_id: self.tryon.id,
        }
    }

    async fn run(&self) -> Result<(), JobError> {
        self.job.run(self.message()).await
    }

    async fn stored(&self) -> TryOn {
        let key = tryon_key(self.tryon.user_id, self.tryon.id);
        self.job.tryons.get(&key).await.unwrap().unwrap()
    }

    /// The reason of a failed try-on, for which nothing may be left behind.
    async fn failure(&self) -> Failure {
        let stored = self.stored().await;
        assert_eq!(stored.status, TryOnStatus::Failed);
        assert!(!self.pictures().iter().any(|key| key.starts_with("tryons/")));
        stored.error.unwrap()
    }

    fn pictures(&self) -> Vec<String> {
        let keys = self.job.media.keys().into_iter();
        keys.filter(|key| key.starts_with("tryons/")).collect()
    }

    fn renderings(&self) -> usize {
        self.job.renderer.seen.lock().unwrap().len()
    }

    fn answer(&self, answer: Result<Picture, RenderError>) {
        *self.job.renderer.answer.lock().unwrap() = answer;
    }

    async fn item(&self, number: usize) -> Item {
        let key = self.job_item_key(number);
        self.job.items.get(&key).await.unwrap().unwrap()
    }

    fn job_item_key(&self, number: usize) -> drape_common::store::Key<Item> {
        let id = self.tryon.items[number].item_id;
        drape_common::store::tables::item_key(self.tryon.user_id, id)
    }
}

async fn own(job: &Memory, user: UserId, title: &str, category: Category, cut: bool) -> ItemId {
    let upload = Upload {
        content_type: ImageType::Jpeg,
        content_length: 10,
    };
    let typed = Typed {
        title: Some(Text::try_from(title).unwrap()),
        category: Some(category),
        ..Typed::default()
    };
    let mut item = Item::new(user, typed, Background::Clean, upload, START);
    let place = |file| keys::item_image(user, item.item_id, file);
    let images = ImageKeys {
        original: Some(place(keys::ORIGINAL)),
        clean: cut.then(|| place(keys::CLEAN)),
        ..ImageKeys::default()
    };
    let original = images.original.as_deref().unwrap();
    job.media.upload(original, "image/png", &png(255));
    if let Some(clean) = &images.clean {
        job.media.upload(clean, "image/png", &png(0));
    }
    item.images = images;
    job.items.put(&item).await.unwrap();
    item.item_id
}

fn batch(bodies: &[String]) -> SqsEvent {
    let mut event = SqsEvent::default();
    for (number, body) in bodies.iter().enumerate() {
        let mut message = SqsMessage::default();
        message.message_id = Some(format!("m{number}"));
        message.receipt_handle = Some(format!("h{number}"));
        message.body = Some(body.clone());
        event.records.push(message);
    }
    event
}

fn failed(response: &SqsBatchResponse) -> Vec<&str> {
    let failures = response.batch_item_failures.iter();
    failures
        .map(|failure| failure.item_identifier.as_str())
        .collect()
}

#[tokio::test]
async fn a_queued_try_on_gets_its_picture() {
    let world = World::new().await;
    world.run().await.unwrap();
    let stored = world.stored().await;
    let place = keys::render(stored.user_id, stored.id);
    assert_eq!(stored.status, TryOnStatus::Done);
    assert_eq!(stored.render_key.as_ref(), Some(&place));
    assert_eq!(stored.confidence, Some(0.123));
    assert_eq!(stored.renderer.as_deref(), Some("fake-1"));
    assert_eq!(world.job.media.bytes(&place).unwrap(), b"a picture");
}

#[tokio::test]
async fn layers_are_stored_beside_the_picture_and_turns_if_they_are_wanted() {
    for (world, files) in [(World::new().await, 4), (World::rotating().await, 6)] {
        world.run().await.unwrap();
        let stored = world.stored().await;
        let expected = rendered(&world.tryon);
        assert_eq!(
            (&stored.layers, &stored.turn_keys),
            (&expected.layers, &expected.turn_keys)
        );
        let layers = stored.layers.unwrap();
        let bytes = |key: &String| world.job.media.bytes(key).unwrap();
        assert_eq!(bytes(&layers.person), b"a person");
        assert_eq!(bytes(&layers.garments[0].key), b"a garment");
        assert_eq!(bytes(&layers.shadow), b"a shadow");
        if let [left, right] = stored.turn_keys.as_slice() {
            assert_eq!(
                (bytes(left), bytes(right)),
                (b"to the left".to_vec(), b"to the right".to_vec())
            );
        }
        assert_eq!(world.pictures().len(), files);
        let known = keys::tryon_files(stored.user_id, stored.id);
        assert!(world.pictures().iter().all(|key| known.contains(key)));
    }
}

#[tokio::test]
async fn garments_come_in_order_as_cutouts_where_there_are_any() {
    let world = World::new().await;
    world.run().await.unwrap();
    let seen = world.job.renderer.seen.lock().unwrap().clone();
    let garments: Vec<_> = seen[0]
        .iter()
        .map(|garment| (garment.category, garment.photo.alpha.is_some()))
        .collect();
    assert_eq!(
        garments,
        [(Category::Shirt, true), (Category::Pants, false)]
    );
}

#[tokio::test]
async fn what_was_thought_of_a_cutout_comes_with_it() {
    let world = World::new().await;
    let mut item = world.item(0).await;
    item.inferred = Some(Inferred {
        category: Category::Shirt,
        confidence: 0.9,
        candidates: vec![],
        cutout_confidence: Some(0.4),
        colors: vec![],
        pattern: Pattern::Solid,
    });
    world.job.items.put(&item).await.unwrap();
    world.run().await.unwrap();
    let seen = world.job.renderer.seen.lock().unwrap().clone();
    let told: Vec<_> = (seen[0].iter())
        .map(|garment| garment.cutout_confidence)
        .collect();
    assert_eq!(told, [Some(0.4), None]);
}

#[tokio::test]
async fn a_garment_that_the_picture_leaves_out_is_named_with_the_reason() {
    let world = World::new().await;
    let left_out = world.tryon.items[1].item_id;
    let reason = Failure {
        code: "garment_not_clear".into(),
        message: "Its shape is not clear.".into(),
    };
    if let Ok(picture) = &mut *world.job.renderer.answer.lock().unwrap() {
        picture.skipped = vec![(left_out, reason.clone())];
    }
    world.run().await.unwrap();
    let stored = world.stored().await;
    assert_eq!(stored.status, TryOnStatus::Done);
    let reasons: Vec<_> = stored.items.iter().map(|item| &item.skipped).collect();
    assert_eq!(reasons, [&None, &Some(reason)]);
}

#[tokio::test]
async fn a_message_that_comes_again_changes_nothing() {
    let world = World::new().await;
    world.run().await.unwrap();
    let before = (world.job.tryons.dump(), world.job.media.keys());
    world.run().await.unwrap();
    assert_eq!((world.job.tryons.dump(), world.job.media.keys()), before);
    assert_eq!(world.renderings(), 1);
}

#[tokio::test]
async fn a_message_about_nothing_is_done() {
    let world = World::new().await;
    let message = RenderTryOn {
        user_id: UserId::new(),
        tryon_id: world.tryon.id,
    };
    world.job.run(message).await.unwrap();
    assert_eq!(
        (world.renderings(), world.stored().await),
        (0, world.tryon.clone())
    );
}

#[tokio::test]
async fn a_crash_after_any_write_is_made_good_by_the_next_run() {
    // Started; picture, three layers and two turns; finished. Or started and failed.
    for (answer, last) in [(None, 8), (Some(RenderError::Photo(gave_up())), 2)] {
        for writes in 1.. {
            let world = World::rotating().await;
            if let Some(error) = &answer {
                world.answer(Err(error.clone()));
            }
            world.fuse.blow_after(writes);
            let first = world.run().await;
            let crashed = world.fuse.is_blown();
            world.fuse.mend();
            assert_eq!(first.is_err(), crashed);
            world.run().await.unwrap();

            let stored = world.stored().await;
            let mut expected = world.tryon.clone();
            if answer.is_none() {
                assert_eq!(world.pictures().len(), 6);
                let rendered = rendered(&expected);
                expected.finish(rendered, START);
            } else {
                assert!(world.pictures().is_empty());
                expected.fail(gave_up(), START);
            }
            expected.revision = stored.revision;
            assert_eq!(stored, expected, "after write {writes}");
            if !crashed {
                assert_eq!(writes, last + 1);
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_body_photo_that_is_gone_is_a_reason() {
    let world = World::new().await;
    world
        .job
        .uploads
        .delete_object(&world.tryon.body_key)
        .await
        .unwrap();
    world.run().await.unwrap();
    assert_eq!(world.failure().await.code, "photo_not_found");
}

#[tokio::test]
async fn a_body_photo_that_cannot_be_read_is_a_reason_and_never_a_retry() {
    let truncated = &png(255)[..60];
    for (content_type, bytes, code) in [
        ("image/png", &b""[..], "empty_file"),
        ("image/png", truncated, "truncated_image"),
        ("image/jpeg", &png(255)[..], "type_mismatch"),
        ("image/png", b"not a picture at all", "unsupported_format"),
        ("text/html", &png(255)[..], "unsupported_format"),
    ] {
        let world = World::new().await;
        world
            .job
            .uploads
            .upload(&world.tryon.body_key, content_type, bytes);
        world.run().await.unwrap();
        let failure = world.failure().await;
        assert_eq!(failure.code, code);
        assert!(!failure.message.is_empty());
        assert_eq!(world.renderings(), 0);
    }
}

#[tokio::test]
async fn an_item_that_was_deleted_meanwhile_is_a_reason() {
    // Its row is gone
    let world = World::new().await;
    world
        .job
        .items
        .remove(&world.job_item_key(1))
        .await
        .unwrap();
    world.run().await.unwrap();
    let failure = world.failure().await;
    assert_eq!(failure.code, "item_not_found");
    assert!(failure.message.contains("Navy trousers"));

    // Or only its images, so far
    let world = World::new().await;
    let cutout = world.item(0).await.images.clean.unwrap();
    world.job.media.delete_object(&cutout).await.unwrap();
    world.run().await.unwrap();
    assert_eq!(world.failure().await.code, "item_not_found");
}

#[tokio::test]
async fn an_item_image_that_cannot_be_read_is_a_reason_that_names_the_item() {
    let world = World::new().await;
    let cutout = world.item(0).await.images.clean.unwrap();
    world.job.media.upload(&cutout, "image/png", &png(0)[..60]);
    world.run().await.unwrap();
    let failure = world.failure().await;
    assert_eq!(failure.code, "truncated_image");
    assert!(failure.message.contains("White shirt"));
}

#[tokio::test]
async fn what_the_photos_do_not_allow_is_told_to_the_person() {
    let world = World::new().await;
    let failure = Failure {
        code: "body_not_visible".into(),
        message: "We could not see your whole body.".into(),
    };
    world.answer(Err(RenderError::Photo(failure.clone())));
    world.run().await.unwrap();
    assert_eq!(world.failure().await, failure);
}

#[tokio::test]
async fn a_fault_of_ours_is_tried_again() {
    let world = World::new().await;
    let good = world.job.renderer.answer.lock().unwrap().clone();
    world.answer(Err(RenderError::Fault("out of memory".into())));
    assert!(world.run().await.is_err());
    assert_eq!(world.stored().await.status, TryOnStatus::Rendering);
    world.answer(good);
    world.run().await.unwrap();
    assert_eq!(world.stored().await.status, TryOnStatus::Done);
}

#[tokio::test]
async fn a_renderer_that_panics_ends_the_try_on_and_is_not_tried_again() {
    let mut world = World::new().await;
    world.job.renderer.meanwhile = Arc::new(|| panic!("index out of bounds"));
    world.run().await.unwrap();
    let failure = world.failure().await;
    assert_eq!(failure.code, "render_failed");
    assert!(!failure.message.contains("bounds"));
    world.run().await.unwrap();
    assert_eq!(world.renderings(), 1);
}

#[tokio::test]
async fn what_never_works_ends_once_nobody_waits_for_it() {
    let mut world = World::new().await;
    world.job.now = || START + Duration::minutes(61);
    world.run().await.unwrap();
    assert_eq!(world.failure().await.code, "render_timed_out");
    assert_eq!(world.renderings(), 0);
}

#[tokio::test]
async fn a_try_on_that_is_deleted_while_it_is_rendered_leaves_no_picture() {
    let mut world = World::new().await;
    let (tryons, key) = (
        world.job.tryons.clone(),
        tryon_key(world.tryon.user_id, world.tryon.id),
    );
    world.job.renderer.meanwhile = Arc::new(move || {
        tryons.remove(&key).now_or_never().unwrap().unwrap();
    });
    world.run().await.unwrap();
    assert!(world.job.tryons.is_empty());
    assert!(world.pictures().is_empty());
}

#[tokio::test]
async fn of_two_runs_at_once_the_first_end_stays() {
    // Another run fails the try-on while this one renders
    let mut world = World::new().await;
    let (tryons, key) = (
        world.job.tryons.clone(),
        tryon_key(world.tryon.user_id, world.tryon.id),
    );
    let first = (tryons.clone(), key.clone());
    world.job.renderer.meanwhile = Arc::new(move || {
        let failing = change(&first.0, &first.1, |tryon| tryon.fail(gave_up(), START));
        failing.now_or_never().unwrap().unwrap();
    });
    world.run().await.unwrap();
    assert_eq!(world.failure().await, gave_up());

    // Another run finishes it
    let mut world = World::new().await;
    let (tryons, key) = (
        world.job.tryons.clone(),
        tryon_key(world.tryon.user_id, world.tryon.id),
    );
    let other = Rendered {
        confidence: 0.9,
        renderer: "other".into(),
        ..rendered(&world.tryon)
    };
    world.job.renderer.meanwhile = Arc::new(move || {
        let finishing = change(&tryons, &key, |tryon| tryon.finish(other.clone(), START));
        finishing.now_or_never().unwrap().unwrap();
    });
    world.run().await.unwrap();
    let stored = world.stored().await;
    assert_eq!(stored.renderer.as_deref(), Some("other"));
    assert_eq!(world.pictures().len(), 4);
}

#[tokio::test]
async fn one_poison_message_takes_nobody_with_it() {
    let world = World::new().await;
    let queue = MemoryQueue::<RenderTryOn>::default();
    let good = serde_json::to_string(&world.message()).unwrap();
    let unknown = serde_json::to_string(&RenderTryOn {
        user_id: UserId::new(),
        tryon_id: TryOnId::new(),
    });
    let event = batch(&[
        "poison".to_owned(),
        good.clone(),
        "{}".to_owned(),
        unknown.unwrap(),
        good,
    ]);
    let response = world.job.batch(event, &queue).await;
    assert_eq!(failed(&response), ["m0", "m2"]);
    assert_eq!(world.stored().await.status, TryOnStatus::Done);
    assert_eq!((world.renderings(), queue.delays().len()), (1, 2));
}

#[tokio::test]
async fn the_example_event_is_understood() {
    let world = World::new().await;
    let event = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../events/render.json"
    ));
    let event: SqsEvent = serde_json::from_str(event).unwrap();
    let mut tryon = world.tryon.clone();
    tryon.user_id = "01a20297-4dc0-7c21-9f60-3a1d7e5b0c11".parse().unwrap();
    tryon.id = "01a207bd-9a20-7b6f-9e21-6d8a2c4f0b73".parse().unwrap();
    world.job.tryons.put(&tryon).await.unwrap();
    let queue = MemoryQueue::<RenderTryOn>::default();
    let response = world.job.batch(event, &queue).await;
    assert!(failed(&response).is_empty());
    let key = tryon_key(tryon.user_id, tryon.id);
    let stored = world.job.tryons.get(&key).await.unwrap().unwrap();
    assert!(stored.status.is_final());
}
