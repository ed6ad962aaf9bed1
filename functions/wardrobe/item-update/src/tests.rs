use drape_common::{
    store::{
        Create,
        memory::{MemoryBucket, MemoryTable},
    },
    testing::{TestAnswer, new_item, ready_item, request},
};
use drape_domain::{
    Category, ItemId, UserId,
    item::{CategoryCandidate, CleanWish, Failure, Processed},
};
use serde_json::{Value, json};

use super::*;

type App = ItemUpdate<MemoryTable<Item>, MemoryBucket>;

async fn given(item: &Item) -> App {
    let app = ItemUpdate {
        items: MemoryTable::default(),
        media: MemoryBucket::default(),
    };
    app.items.create(item).await.unwrap();
    app
}

async fn patch(app: &App, item: &Item, body: Value) -> TestAnswer {
    request()
        .by(item.owner_id)
        .id(item.item_id)
        .json(&body)
        .send(app)
        .await
}

async fn stored(app: &App, item: &Item) -> Item {
    app.items
        .get(&item_key(item.owner_id, item.item_id))
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn what_is_typed_wins_over_what_was_seen_until_it_is_cleared() {
    let item = ready_item(UserId::new());
    let app = given(&item).await;

    let answer = patch(
        &app,
        &item,
        json!({"category": "blouse", "colors": ["red"], "tags": ["work"]}),
    )
    .await;
    let shown = &answer.body["item"];
    assert_eq!(
        (answer.status, &shown["title"]),
        (200, &"red blouse".into())
    );
    assert_eq!(
        (&shown["tags_source"]["category"], &shown["tags"]),
        (&"user".into(), &json!(["work"]))
    );

    let shown = &patch(&app, &item, json!({"category": null, "colors": null}))
        .await
        .body["item"];
    assert_eq!(
        (&shown["title"], &shown["tags"]),
        (&"navy shirt".into(), &json!(["work"]))
    );
    assert_eq!(shown["tags_source"]["category"], "vision");
}

#[tokio::test]
async fn the_same_again_changes_nothing() {
    let item = ready_item(UserId::new());
    let app = given(&item).await;
    let first = patch(&app, &item, json!({"title": "Mine"})).await;
    let again = patch(&app, &item, json!({"title": "Mine"})).await;
    assert_eq!(first.body["item"]["etag"], again.body["item"]["etag"]);
    assert_eq!(
        again.headers["etag"],
        again.body["item"]["etag"].as_str().unwrap()
    );
}

#[tokio::test]
async fn of_two_patches_with_the_same_if_match_one_wins() {
    let item = ready_item(UserId::new());
    let app = given(&item).await;
    let send = |title: &str| {
        let body = json!({"title": title});
        let etag = format!("\"{}\"", item.revision);
        let request = request()
            .by(item.owner_id)
            .id(item.item_id)
            .header("if-match", &etag)
            .json(&body);
        request.send(&app)
    };
    let (a, b) = tokio::join!(send("A"), send("B"));
    let mut answers = [(a.status, a.code()), (b.status, b.code())];
    answers.sort_unstable();
    assert_eq!(answers, [(200, ""), (412, "etag_mismatch")]);
    assert_eq!(stored(&app, &item).await.revision, item.revision + 1);
}

#[tokio::test]
async fn patches_of_different_fields_without_if_match_are_both_kept() {
    let item = ready_item(UserId::new());
    let app = given(&item).await;
    let (a, b) = tokio::join!(
        patch(&app, &item, json!({"title": "A"})),
        patch(&app, &item, json!({"description": "B"}))
    );
    assert_eq!((a.status, b.status), (200, 200));
    let typed = stored(&app, &item).await.typed;
    assert!(typed.title.is_some() && typed.description.is_some());
}

#[tokio::test]
async fn an_etag_that_is_none_of_ours_matches_nothing() {
    let item = ready_item(UserId::new());
    let app = given(&item).await;
    let request = request()
        .by(item.owner_id)
        .id(item.item_id)
        .header("if-match", "W/\"abc\"");
    assert_eq!(
        request.json(&json!({"title": "A"})).send(&app).await.status,
        412
    );
}

#[tokio::test]
async fn what_is_worn_how_follows_from_the_kind_until_the_owner_says() {
    let item = ready_item(UserId::new());
    let app = given(&item).await;
    let shown = patch(&app, &item, json!({"category": "shorts"})).await;
    let shown = &shown.body["item"];
    let (formality, warmth) = (shown["formality"].clone(), shown["warmth_clo"].clone());
    assert!(formality.as_f64().unwrap() < 0.5 && warmth.as_f64().unwrap() < 0.2);

    let said = json!({"category": "blazer", "formality": 0.9, "season": ["winter"]});
    let shown = patch(&app, &item, said).await;
    let shown = &shown.body["item"];
    assert!(shown["warmth_clo"].as_f64() > warmth.as_f64());
    assert!((shown["formality"].as_f64().unwrap() - 0.9).abs() < 1e-6);
    assert_eq!(shown["season"], json!(["winter"]));

    let taken_back = json!({"formality": null, "season": null});
    let shown = patch(&app, &item, taken_back).await;
    let shown = &shown.body["item"];
    assert_ne!(shown["season"], json!(["winter"]));
    assert_eq!(shown["tags_source"]["formality"], "default");
}

#[tokio::test]
async fn kinds_to_choose_from_are_shown_until_the_owner_has_chosen() {
    let mut item = ready_item(UserId::new());
    let candidates = [(Category::Shirt, 0.5), (Category::Blouse, 0.25)];
    let candidates = candidates.map(|(category, probability)| CategoryCandidate {
        category,
        probability,
    });
    item.inferred.as_mut().unwrap().candidates = candidates.to_vec();
    let app = given(&item).await;
    let shown = json!([
        {"category": "shirt", "probability": 0.5},
        {"category": "blouse", "probability": 0.25},
    ]);
    for (body, expected) in [
        (json!({"title": "Mine"}), shown.clone()),
        (json!({"category": "blouse"}), json!([])),
        (json!({"category": null}), shown),
    ] {
        let answer = patch(&app, &item, body.clone()).await;
        assert_eq!(
            answer.body["item"]["category_candidates"], expected,
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_duplicate_that_is_none_is_taken_back_for_good() {
    let older = ready_item(UserId::new());
    let mut item = ready_item(older.owner_id);
    item.duplicate_of = Some(older.item_id);
    let app = given(&item).await;
    app.items.create(&older).await.unwrap();
    let renamed = patch(&app, &item, json!({"title": "Mine"})).await;
    assert_eq!(
        renamed.body["item"]["duplicate_of"],
        older.item_id.to_string()
    );
    for _ in 0..2 {
        let answer = patch(&app, &item, json!({"duplicate_of": null})).await;
        assert_eq!(
            (answer.status, &answer.body["item"]["duplicate_of"]),
            (200, &json!(null))
        );
    }
    let stored = stored(&app, &item).await;
    assert!(stored.is_no_duplicate);
    assert_eq!(stored.revision, item.revision + 2);
}

#[tokio::test]
async fn bad_input_names_its_field() {
    let item = ready_item(UserId::new());
    let app = given(&item).await;
    for (body, field) in [
        (json!({}), "body"),
        (json!({"title": "x".repeat(10_000)}), "title"),
        (json!({"category": "cape"}), "category"),
        (json!({"background": null}), "background"),
        (json!({"background": "blurred"}), "background"),
        (json!({"status": "failed"}), "status"),
        (json!({"content_length": 5}), "content_length"),
        (json!({"formality": 2}), "formality"),
        (json!({"duplicate_of": ItemId::new()}), "duplicate_of"),
    ] {
        let answer = patch(&app, &item, body.clone()).await;
        assert_eq!(
            (answer.status, answer.fields()),
            (422, vec![field]),
            "{body}"
        );
    }
    assert_eq!(stored(&app, &item).await, item);
}

#[tokio::test]
async fn an_item_that_was_never_cut_out_cannot_be_shown_clean() {
    let mut item = ready_item(UserId::new());
    item.background = Background::Original;
    item.images.clean = None;
    let app = given(&item).await;
    let answer = patch(&app, &item, json!({"background": "clean", "title": "x"})).await;
    assert_eq!((answer.status, answer.code()), (409, "cutout_missing"));
    assert_eq!(stored(&app, &item).await, item);
}

#[tokio::test]
async fn a_background_is_freely_chosen_while_both_pictures_are_there_or_none_is_yet() {
    let (user, clean) = (UserId::new(), json!({"background": "clean"}));
    for mut item in [ready_item(user), new_item(user)] {
        item.background = Background::Original;
        let app = given(&item).await;
        assert_eq!(
            patch(&app, &item, clean.clone()).await.body["item"]["background"],
            "clean"
        );
        let original = patch(&app, &item, json!({"background": "original"})).await;
        assert_eq!(original.body["item"]["background"], "original");
    }
}

#[tokio::test]
async fn an_item_whose_new_cutout_failed_is_usable_again_as_taken() {
    let mut usable = ready_item(UserId::new());
    usable.images.clean = None;
    let mut never_usable = new_item(UserId::new());
    for (item, status) in [(&mut usable, "ready"), (&mut never_usable, "failed")] {
        item.photo_arrived("photo", Timestamp::UNIX_EPOCH);
        item.request_clean(CleanWish::default(), Timestamp::UNIX_EPOCH);
        let failure = Failure {
            code: "no_garment_found".into(),
            message: "We could not find a garment.".into(),
        };
        let done = Processed {
            source_etag: "photo".into(),
            seq: 1,
        };
        item.fail_clean(done, failure, Timestamp::UNIX_EPOCH);
        let app = given(item).await;

        let named = patch(&app, item, json!({"title": "Mine"})).await;
        assert_eq!(named.body["item"]["status"], "failed");
        let original = patch(&app, item, json!({"background": "original"})).await;
        let shown = &original.body["item"];
        assert_eq!(
            (&shown["status"], shown["error"].is_null()),
            (&status.into(), status == "ready")
        );
        // The photo that failed is not tried again by itself.
        assert!(stored(&app, item).await.is_processed("photo"));
    }
}

#[tokio::test]
async fn a_failed_photo_in_place_of_a_usable_one_leaves_the_usable_one() {
    let mut item = ready_item(UserId::new());
    item.background = Background::Original;
    item.fail_clean(
        Processed {
            source_etag: "blurry".into(),
            seq: 0,
        },
        Failure::of_processing(),
        Timestamp::UNIX_EPOCH,
    );
    let app = given(&item).await;
    let answer = patch(&app, &item, json!({"background": "original"})).await;
    assert_eq!(answer.body["item"]["status"], "ready");
}

#[tokio::test]
async fn what_is_another_s_or_nothing_is_not_found() {
    let item = ready_item(UserId::new());
    let app = given(&item).await;
    for (user, id) in [
        (UserId::new(), item.item_id),
        (item.owner_id, ItemId::new()),
    ] {
        let answer = request()
            .by(user)
            .id(id)
            .json(&json!({"title": "x"}))
            .send(&app)
            .await;
        assert_eq!((answer.status, answer.code()), (404, "item_not_found"));
    }
    assert_eq!(
        request()
            .id(item.item_id)
            .json(&json!({"title": "x"}))
            .send(&app)
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn a_garment_goes_into_the_wash_and_comes_out() {
    let item = ready_item(UserId::new());
    let app = given(&item).await;
    let wash = |status: &str| patch(&app, &item, json!({ "status": status }));
    let washed = wash("in_wash").await;
    assert_eq!(washed.body["item"]["status"], "in_wash");
    let again = wash("in_wash").await;
    assert_eq!(again.body["item"]["etag"], washed.body["item"]["etag"]);
    let other = patch(&app, &item, json!({ "title": "Mine" })).await;
    assert_eq!(other.body["item"]["status"], "in_wash");
    let out = wash("ready").await;
    assert_eq!(out.body["item"]["status"], "ready");
    assert!(!stored(&app, &item).await.in_wash);
}

#[tokio::test]
async fn a_garment_in_the_wash_stays_there_while_its_photo_is_worked_on() {
    let mut item = ready_item(UserId::new());
    item.in_wash = true;
    item.request_clean(CleanWish::default(), Timestamp::UNIX_EPOCH);
    let app = given(&item).await;
    let shown = patch(&app, &item, json!({ "title": "Mine" })).await;
    assert_eq!(shown.body["item"]["status"], "processing");
    assert!(stored(&app, &item).await.in_wash);
    let out = patch(&app, &item, json!({ "status": "ready" })).await;
    assert_eq!(out.body["item"]["status"], "processing");
    assert!(!stored(&app, &item).await.in_wash);
}

#[tokio::test]
async fn what_has_no_usable_photo_has_no_status_to_set() {
    let item = new_item(UserId::new());
    let app = given(&item).await;
    let answer = patch(&app, &item, json!({ "status": "in_wash" })).await;
    assert_eq!((answer.status, answer.code()), (409, "item_not_ready"));
    for status in [json!("processing"), json!(null), json!("washed")] {
        let answer = patch(&app, &item, json!({ "status": status })).await;
        assert_eq!((answer.status, answer.fields()), (422, vec!["status"]));
    }
}
