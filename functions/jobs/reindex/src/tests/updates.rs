//! What is for sale is in the index, and nothing else.

use drape_common::{
    live::{Draft, MODELS, new_version, publish, standing},
    store::{Put, memory::Fuse},
};
use drape_domain::{
    Category,
    item::{Failure, Processed},
};
use drape_index::Wanted;
use drape_learn::words;
use drape_taste::{Model, Popularity};
use serde_json::json;

use super::{super::*, world::*};

#[tokio::test]
async fn while_nothing_is_for_sale_there_is_no_index() {
    let app = app(&Fuse::default());
    assert_eq!(run(&app).await, Done::Unchanged);
    assert_eq!(app.learned.keys(), [""; 0]);
}

#[tokio::test]
async fn a_new_item_is_in_the_index_after_the_next_run() {
    let app = app(&Fuse::default());
    let first = offer(&app).await;
    wait(Duration::hours(1));
    run(&app).await;
    assert_eq!(ids(&app).await, [first]);
    wait(Duration::hours(3));
    let second = offer(&app).await;
    assert!(matches!(run(&app).await, Done::Published { .. }));
    assert_eq!(ids(&app).await, [first, second]);
    assert_eq!(
        (note(&app).await.base_rows, note(&app).await.delta_rows),
        (1, 1)
    );
    // And can be found by what it looks like.
    let index = index(&app).await.unwrap();
    let hits = index.search(
        Category::Shirt.slot(),
        &[&[0.6, 0.8]],
        &Wanted::default(),
        5,
    );
    assert_eq!(hits[0].len(), 2);
    assert!((hits[0][0].score - 1.0).abs() < 1e-6);
}

#[tokio::test]
async fn a_run_that_finds_nothing_new_changes_nothing() {
    let app = app(&Fuse::default());
    offer(&app).await;
    run(&app).await;
    // The base's own items are looked at once more, for the overlap.
    run(&app).await;
    wait(Duration::hours(1));
    offer(&app).await;
    run(&app).await;
    let keys = app.learned.keys();
    for _ in 0..3 {
        assert_eq!(run(&app).await, Done::Unchanged);
    }
    assert_eq!(app.learned.keys(), keys);
}

#[tokio::test]
async fn an_item_that_changes_is_found_as_it_is() {
    let app = app(&Fuse::default());
    let id = offer(&app).await;
    run(&app).await;
    assert_eq!(traits(&app, id).await.unwrap().price, None);
    wait(Duration::hours(1));
    for naira in [12_500, 9_900] {
        edit(&app, id, |item| item.typed.price = price(naira)).await;
        run(&app).await;
        assert_eq!(traits(&app, id).await.unwrap().price, price(naira));
    }
    assert_eq!(ids(&app).await, [id]);
}

#[tokio::test]
async fn an_item_is_known_by_the_words_of_its_title_and_tags() {
    let app = app(&Fuse::default());
    let mut item = shirt();
    item.typed.title = Some("Linen shirt".try_into().unwrap());
    item.typed.tags = Some(vec![
        "beach".try_into().unwrap(),
        "linen".try_into().unwrap(),
    ]);
    store(&app, &item).await;
    run(&app).await;
    let words = traits(&app, item.item_id).await.unwrap().words;
    assert_eq!(words, words::of_title("beach linen shirt"));
}

#[tokio::test]
async fn an_item_that_is_deleted_leaves_the_index() {
    let app = app(&Fuse::default());
    let (gone, left) = (offer(&app).await, offer(&app).await);
    run(&app).await;
    wait(Duration::hours(1));
    delete(&app, gone).await;
    run(&app).await;
    assert_eq!(ids(&app).await, [left]);
    assert_eq!(note(&app).await.delta_gone, 1);
    // The next base has forgotten it.
    ask(&app, serde_json::json!({"full": true})).await;
    assert_eq!(ids(&app).await, [left]);
    assert_eq!(note(&app).await.base_rows, 1);
}

#[tokio::test]
async fn an_item_that_came_and_went_within_a_delta_is_not_in_it() {
    let app = app(&Fuse::default());
    let left = offer(&app).await;
    run(&app).await;
    wait(Duration::hours(1));
    let brief = offer(&app).await;
    run(&app).await;
    assert_eq!(ids(&app).await, [left, brief]);
    delete(&app, brief).await;
    run(&app).await;
    assert_eq!(ids(&app).await, [left]);
}

#[tokio::test]
async fn what_can_no_longer_be_shown_leaves_the_index_and_comes_back() {
    let app = app(&Fuse::default());
    let (id, left) = (offer(&app).await, offer(&app).await);
    run(&app).await;
    wait(Duration::hours(1));
    edit(&app, id, |item| {
        item.photo_arrived("another photo", now());
    })
    .await;
    run(&app).await;
    assert_eq!(ids(&app).await, [left], "being worked on");
    edit(&app, id, |item| {
        let failure = Failure {
            code: "no_garment_found".into(),
            message: "…".into(),
        };
        let done = Processed {
            source_etag: "another photo".into(),
            seq: 0,
        };
        item.fail_clean(done, failure, now());
    })
    .await;
    run(&app).await;
    assert_eq!(ids(&app).await, [left], "failed");
    edit(&app, id, |item| {
        item.status = drape_domain::ItemStatus::Ready
    })
    .await;
    run(&app).await;
    assert_eq!(ids(&app).await, [id, left]);
}

#[tokio::test]
async fn what_is_in_the_wash_is_not_for_sale() {
    let app = app(&Fuse::default());
    let id = offer(&app).await;
    run(&app).await;
    edit(&app, id, |item| item.in_wash = true).await;
    run(&app).await;
    assert_eq!(ids(&app).await, []);
}

#[tokio::test]
async fn what_people_own_is_nobody_s_to_buy() {
    let app = app(&Fuse::default());
    let sold = offer(&app).await;
    let owned = Item {
        catalog: None,
        ..shirt()
    };
    store(&app, &owned).await;
    run(&app).await;
    assert_eq!(ids(&app).await, [sold]);
}

#[tokio::test]
async fn a_vector_that_is_not_the_item_s_own_or_no_vector_is_waited_for() {
    let app = app(&Fuse::default());
    let good = offer(&app).await;
    let (ahead, without) = (shirt(), shirt());
    app.items.put(&without).await.unwrap();
    app.items.put(&ahead).await.unwrap();
    let newer = Embedding {
        model: "newer".into(),
        ..vector(&ahead, &[1.0, 0.0])
    };
    app.embeddings.put(&newer).await.unwrap();
    for event in [serde_json::json!({"full": true}), serde_json::json!({})] {
        ask(&app, event).await;
        assert_eq!(ids(&app).await, [good]);
    }
}

#[tokio::test]
async fn an_unusable_vector_keeps_no_other_item_out() {
    let app = app(&Fuse::default());
    let good = offer(&app).await;
    for strange in [&[f32::NAN, 1.0][..], &[0.0, 0.0], &[]] {
        let item = shirt();
        app.items.put(&item).await.unwrap();
        app.embeddings.put(&vector(&item, strange)).await.unwrap();
    }
    ask(&app, serde_json::json!({"full": true})).await;
    assert_eq!(ids(&app).await, [good]);
    wait(Duration::hours(1));
    edit(&app, good, |item| item.typed.price = price(1)).await;
    let item = shirt();
    app.items.put(&item).await.unwrap();
    app.embeddings.put(&vector(&item, &[1.0])).await.unwrap();
    run(&app).await;
    assert_eq!(ids(&app).await, [good]);
}

#[tokio::test]
async fn the_index_has_the_model_that_most_items_have() {
    let app = app(&Fuse::default());
    let by = async |model: &str| {
        let mut item = shirt();
        item.embedding.as_mut().unwrap().model = model.to_owned();
        store(&app, &item).await;
        item.item_id
    };
    let first = by("older").await;
    run(&app).await;
    assert_eq!(
        (note(&app).await.model.as_str(), ids(&app).await),
        ("older", vec![first])
    );
    wait(Duration::hours(1));
    let newer = [by("newer").await, by("newer").await];
    run(&app).await;
    assert_eq!(ids(&app).await, [first], "until the next base");
    wait(Duration::days(1));
    run(&app).await;
    assert_eq!(
        (note(&app).await.model.as_str(), ids(&app).await),
        ("newer", newer.to_vec())
    );
}

#[tokio::test]
async fn once_nothing_is_for_sale_the_index_is_empty() {
    let app = app(&Fuse::default());
    let id = offer(&app).await;
    run(&app).await;
    wait(Duration::hours(1));
    delete(&app, id).await;
    run(&app).await;
    assert_eq!(ids(&app).await, []);
    ask(&app, serde_json::json!({"full": true})).await;
    assert!(index(&app).await.unwrap().is_empty());
    let again = offer(&app).await;
    run(&app).await;
    assert_eq!(ids(&app).await, [again]);
}

#[tokio::test]
async fn what_is_liked_comes_first_as_soon_as_it_was_learned() {
    // Given an item in a base from before anything was learned, and one that comes after
    let app = app(&Fuse::default());
    let (old, other) = (offer(&app).await, offer(&app).await);
    run(&app).await;
    let first = async || {
        let index = index(&app).await.unwrap();
        let slot = traits(&app, old).await.unwrap().category.slot();
        let hits = index.popular(slot, &Wanted::default(), 1);
        index.entry(hits[0].row).unwrap().item()
    };
    assert_eq!(first().await, other, "of equals the newest");

    // When people like the older one and that is learned
    let model = Model {
        popularity: Popularity::learn([(old, 40.0, 40.0), (other, 0.0, 40.0)]),
        ..Model::builtin()
    };
    publish_model(&app, model.to_bytes().unwrap()).await;
    ask(&app, json!({"full": true})).await;
    assert_eq!(first().await, old);

    // And a model that cannot be read fails no index
    publish_model(&app, b"no model".to_vec()).await;
    let new = offer(&app).await;
    run(&app).await;
    assert!(ids(&app).await.contains(&new));
}

async fn publish_model(app: &App, bytes: Vec<u8>) {
    let before = standing(&app.learned, MODELS).await.unwrap();
    let draft = Draft {
        version: new_version(now()),
        kept: Vec::new(),
        made: vec![("model.bin".to_owned(), bytes)],
        made_at: now(),
        note: Value::Null,
    };
    wait(Duration::minutes(1));
    publish(&app.learned, MODELS, &before, draft).await.unwrap();
}
