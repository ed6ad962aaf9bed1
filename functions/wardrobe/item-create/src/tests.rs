use drape_common::{
    store::{
        Put, Remove,
        memory::{Fuse, MemoryBucket, MemoryTable},
    },
    testing::{TestAnswer, TestRequest, new_user, ready_item, request},
};
use drape_domain::Prefs;
use serde_json::{Value, json};

use super::*;

type App = ItemCreate<
    MemoryTable<User>,
    MemoryTable<Item>,
    MemoryTable<Reservation>,
    MemoryBucket,
    MemoryBucket,
>;

fn app(fuse: &Fuse) -> App {
    ItemCreate {
        users: MemoryTable::new(fuse),
        items: MemoryTable::new(fuse),
        reservations: MemoryTable::new(fuse),
        uploads: MemoryBucket::new(fuse),
        media: MemoryBucket::new(fuse),
    }
}

async fn given_user(app: &App, background_preference: Option<Background>) -> UserId {
    let user = User {
        prefs: Prefs {
            background_preference,
            ..Prefs::default()
        },
        ..new_user()
    };
    app.users.create(&user).await.unwrap();
    user.id
}

/// The least that makes an item, with `more` over it.
fn least(more: &Value) -> Value {
    let mut body = json!({"content_type": "image/jpeg", "content_length": 482_113});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn post(user: UserId, more: &Value) -> TestRequest {
    request().by(user).json(&least(more))
}

fn id(answer: &TestAnswer) -> String {
    answer.body["item"]["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn an_item_waits_for_the_photo_that_was_announced() {
    let app = app(&Fuse::default());
    let user = given_user(&app, None).await;
    let body = json!({
        "title": "Blue shirt", "category": "shirt", "colors": ["navy"], "sizes": ["M"], "tags": ["office"],
        "formality": 0.6, "season": ["summer"], "pattern": "solid",
        "price": {"amount": 1_250_000, "currency": "NGN"},
    });

    let answer = post(user, &body).send(&app).await;

    let (item, upload) = (&answer.body["item"], &answer.body["upload"]);
    assert_eq!(
        (answer.status, &item["status"]),
        (201, &"awaiting_upload".into())
    );
    assert_eq!(
        answer.headers["location"],
        format!("/items/{}", id(&answer)).as_str()
    );
    assert_eq!(answer.headers["etag"], "\"1\"");
    assert_eq!(
        (&item["background"], &item["price"]["display"]),
        (&"clean".into(), &"₦12,500".into())
    );
    assert_eq!(upload["method"], "PUT");
    assert!(
        upload["url"]
            .as_str()
            .unwrap()
            .contains(&format!("uploads/items/{user}/{}", id(&answer)))
    );
    assert_eq!(upload["headers"]["content-type"], "image/jpeg");
    assert_eq!(upload["headers"]["content-length"], "482113");
    assert!(upload["expires_at"].is_string());
    assert_eq!(app.items.len(), 1);
}

#[tokio::test]
async fn the_background_is_what_is_asked_for_else_what_is_preferred() {
    let app = app(&Fuse::default());
    let user = given_user(&app, Some(Background::Original)).await;
    for (more, background) in [
        (json!({}), "original"),
        (json!({"background": "clean"}), "clean"),
        (json!({}), "original"),
    ] {
        assert_eq!(
            post(user, &more).send(&app).await.body["item"]["background"],
            background
        );
    }
}

#[tokio::test]
async fn a_preference_is_remembered_when_asked() {
    let app = app(&Fuse::default());
    let user = given_user(&app, None).await;
    post(
        user,
        &json!({"background": "original", "remember_preference": true}),
    )
    .send(&app)
    .await;
    assert_eq!(
        post(user, &json!({})).send(&app).await.body["item"]["background"],
        "original"
    );
    // Without a background there is nothing to remember.
    post(user, &json!({"remember_preference": true}))
        .send(&app)
        .await;
    assert_eq!(app.users.dump()[0]["revision"], 2);
}

#[tokio::test]
async fn the_same_key_makes_one_item_even_at_once() {
    let app = app(&Fuse::default());
    let user = given_user(&app, None).await;
    let send = || {
        post(user, &json!({"title": "x"}))
            .header("idempotency-key", "k")
            .send(&app)
    };
    let (a, b) = tokio::join!(send(), send());
    let c = send().await;
    assert_eq!(
        (a.status, b.status, c.status, app.items.len()),
        (201, 201, 201, 1)
    );
    assert!(id(&a) == id(&b) && id(&b) == id(&c));
}

#[tokio::test]
async fn a_repetition_shows_the_item_as_it_is_by_then() {
    let app = app(&Fuse::default());
    let user = given_user(&app, None).await;
    let send = || {
        post(user, &json!({}))
            .header("idempotency-key", "k")
            .send(&app)
    };
    let first = send().await;
    let key = item_key(user, id(&first).parse().unwrap());
    change(&app.items, &key, |item| {
        let ready = ready_item(user);
        item.status = ready.status;
        item.images = ready.images;
        true
    })
    .await
    .unwrap();
    let again = send().await;
    assert_eq!(
        (again.status, &again.body["item"]["status"]),
        (201, &"ready".into())
    );
    assert!(again.body["item"]["images"]["clean"].is_string());
}

#[tokio::test]
async fn a_late_repetition_does_not_bring_back_what_was_deleted() {
    let app = app(&Fuse::default());
    let user = given_user(&app, None).await;
    let send = || {
        let more = json!({"background": "original", "remember_preference": true});
        post(user, &more).header("idempotency-key", "k").send(&app)
    };
    let made = send().await;
    let key = item_key(user, id(&made).parse().unwrap());
    app.items.remove(&key).await.unwrap();
    // Right after, nothing tells it from a crash half-way, which has to be made good.
    assert_eq!(id(&send().await), id(&made));

    app.items.remove(&key).await.unwrap();
    let row = app.reservations.dump().remove(0);
    let mut reservation: Reservation = serde_json::from_value(row).unwrap();
    reservation.expires_at -= 62;
    app.reservations.put(&reservation).await.unwrap();
    let late = send().await;

    assert_eq!((late.status, late.code()), (404, "item_not_found"));
    let detail = late.body["detail"].as_str().unwrap();
    assert!(detail.contains("Idempotency-Key"), "{detail}");
    assert!(app.items.is_empty());
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused() {
    let app = app(&Fuse::default());
    let user = given_user(&app, None).await;
    let send = |title: &str| {
        post(user, &json!({"title": title}))
            .header("idempotency-key", "k")
            .send(&app)
    };
    assert_eq!(send("x").await.status, 201);
    let answer = send("y").await;
    assert_eq!(
        (answer.status, answer.code()),
        (422, "idempotency_key_reused")
    );
    assert_eq!(app.items.len(), 1);
    let unusable = post(user, &json!({}))
        .header("idempotency-key", "a b")
        .send(&app)
        .await;
    assert_eq!(
        (unusable.status, unusable.code()),
        (400, "invalid_idempotency_key")
    );
}

#[tokio::test]
async fn a_request_cut_off_anywhere_and_sent_again_makes_one_item() {
    for writes in 1.. {
        let fuse = Fuse::default();
        let app = app(&fuse);
        let user = given_user(&app, None).await;
        let send = || {
            let more = json!({"background": "original", "remember_preference": true});
            post(user, &more).header("idempotency-key", "k").send(&app)
        };
        fuse.blow_after(writes);
        let first = send().await;
        let crashed = fuse.is_blown();
        fuse.mend();
        let second = send().await;
        assert_eq!(
            (second.status, app.items.len(), app.reservations.len()),
            (201, 1, 1)
        );
        assert_eq!(
            app.users.dump()[0]["prefs"]["background_preference"],
            "original"
        );
        if !crashed {
            assert_eq!(id(&first), id(&second));
            break;
        }
        assert_eq!(first.status, 500);
    }
}

#[tokio::test]
async fn bad_input_names_its_field_and_makes_nothing() {
    let app = app(&Fuse::default());
    let user = given_user(&app, None).await;
    for (more, field) in [
        (json!({"title": "x".repeat(10_000)}), "title"),
        (json!({"category": "cape"}), "category"),
        (json!({"season": ["autum"]}), "season[0]"),
        (json!({"colors": ["blurple"]}), "colors[0]"),
        (json!({"background": "blurred"}), "background"),
        (json!({"remember_preference": "yes"}), "remember_preference"),
        (json!({"content_type": "image/heic"}), "content_type"),
        (json!({"content_type": null}), "content_type"),
        (json!({"content_length": 0}), "content_length"),
        (json!({"content_length": -1}), "content_length"),
        (
            json!({"content_length": 15 * 1024 * 1024 + 1}),
            "content_length",
        ),
        (json!({"content_length": "482113"}), "content_length"),
        (
            json!({"price": {"amount": 1.5, "currency": "NGN"}}),
            "price.amount",
        ),
        (json!({"status": "ready"}), "status"),
        (json!({"owner_id": UserId::new().to_string()}), "owner_id"),
    ] {
        let answer = post(user, &more)
            .header("idempotency-key", "k")
            .send(&app)
            .await;
        assert_eq!(
            (answer.status, answer.fields()),
            (422, vec![field]),
            "{more}"
        );
    }
    let without_length = request()
        .by(user)
        .json(&json!({"content_type": "image/png"}));
    assert_eq!(without_length.send(&app).await.fields(), ["content_length"]);
    assert_eq!(
        request().by(user).text("{").send(&app).await.code(),
        "invalid_json"
    );
    assert_eq!(
        request().json(&least(&json!({}))).send(&app).await.status,
        401
    );
    assert!(app.items.is_empty() && app.reservations.is_empty());
}

#[tokio::test]
async fn what_a_boutique_adds_is_in_the_catalogue_and_what_others_add_is_not() {
    let app = app(&Fuse::default());
    let user = given_user(&app, None).await;
    post(user, &json!({})).send(&app).await;
    assert!(
        app.items.dump()[0].get("catalog").is_none(),
        "not even null"
    );
    let boutique = given_user(&app, None).await;
    let answer = post(boutique, &json!({})).as_boutique().send(&app).await;
    let key = item_key(boutique, id(&answer).parse().unwrap());
    let item = app.items.get(&key).await.unwrap().unwrap();
    assert_eq!(item.catalog, Some(catalog_shard(item.item_id)));
}
