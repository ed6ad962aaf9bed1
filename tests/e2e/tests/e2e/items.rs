//! Items and the wardrobe, as far as no photo is needed.

use std::collections::HashSet;

use anyhow::Result;
use drape_domain::Category;
use drape_e2e::{Person, Photo, Stack};
use futures::future::try_join_all;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Outcome, seed};

fn photo() -> Photo {
    Photo::jpeg(vec![7; 1000])
}

fn request() -> Value {
    json!({ "content_type": "image/jpeg", "content_length": 1000 })
}

fn with(field: &str, value: Value) -> Value {
    let mut body = request();
    body[field] = value;
    body
}

#[tokio::test]
async fn a_new_item_waits_for_its_photo() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let typed = json!({
        "title": "Blue shirt",
        "description": "Oxford",
        "category": "shirt",
        "sizes": ["M"],
        "tags": ["office"],
        "formality": 0.6,
        "season": ["spring", "autumn"],
        "price": { "amount": 1_250_000, "currency": "NGN" },
        "background": "original",
        "content_type": "image/png",
        "content_length": 15 * 1024 * 1024,
    });
    let answer = ada.post("/items", &typed).send().await?;
    let location = answer.header("location").unwrap_or_default().to_owned();
    let body = answer.expect(201)?;
    let item = &body["item"];
    let id = item["id"].as_str().unwrap();
    assert_eq!(location, format!("/items/{id}"));
    for field in [
        "title",
        "description",
        "category",
        "sizes",
        "tags",
        "season",
        "background",
    ] {
        assert_eq!(item[field], typed[field], "{field}");
    }
    assert_eq!(item["owner_id"], ada.id);
    assert_eq!(item["slot"], "top");
    assert_eq!(item["status"], "awaiting_upload");
    assert_eq!(item["price"]["display"], "₦12,500");
    assert_eq!(item["tags_source"]["category"], "user");
    assert!(item["images"]["thumb"].is_null());
    assert_eq!(Uuid::parse_str(id)?.get_version_num(), 7);

    let upload = &body["upload"];
    assert_eq!(upload["method"], "PUT");
    assert_eq!(upload["headers"]["content-type"], "image/png");
    assert!(upload["expires_at"].as_str().is_some());
    let read = ada.get(&location).expect(200).await?;
    assert_eq!(&read["item"], item);
    Ok(())
}

#[tokio::test]
async fn what_an_item_cannot_be_is_named() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    for (field, value) in [
        ("title", json!("t".repeat(10_000))),
        ("title", json!(7)),
        ("description", json!("d".repeat(2001))),
        ("category", json!("socks")),
        ("formality", json!(1.5)),
        ("background", json!("blurred")),
        ("content_type", json!("image/heic")),
        ("content_length", json!(0)),
        ("content_length", json!(-1)),
        ("content_length", json!(15 * 1024 * 1024 + 1)),
        ("favourite", json!(true)),
    ] {
        let call = ada.post("/items", &with(field, value.clone()));
        assert_eq!(call.invalid_fields().await?, [field], "for {value}");
    }
    for (field, value) in [
        ("season", json!(["monsoon"])),
        ("sizes", json!(["s".repeat(41)])),
        ("price", json!({ "amount": -1, "currency": "NGN" })),
        ("price", json!({ "amount": 1, "currency": "BTC" })),
        ("colors", json!(["blurple"])),
    ] {
        let call = ada.post("/items", &with(field, value.clone()));
        let fields = call.invalid_fields().await?;
        assert!(fields[0].starts_with(field), "{fields:?} for {value}");
    }
    let call = ada.post("/items", &json!({}));
    assert!(call.invalid_fields().await?[0].starts_with("content_"));
    assert_eq!(list(&ada, "").await?.len(), 0, "nothing was made");
    Ok(())
}

#[tokio::test]
async fn the_same_request_sent_again_makes_nothing_new() -> Outcome {
    let stack = Stack::from_env()?;
    let (ada, ben) = (stack.sign_up().await?, stack.sign_up().await?);
    let key = Uuid::now_v7().to_string();
    let post = |person: &Person, body: &Value| {
        let call = person.post("/items", body);
        call.header("idempotency-key", &key).send()
    };
    let at_once = try_join_all((0..4).map(|_| post(&ada, &request()))).await?;
    let later = post(&ada, &request()).await?;
    let mut ids = HashSet::new();
    for answer in at_once.into_iter().chain([later]) {
        let body = answer.expect(201)?;
        assert!(body["upload"]["url"].as_str().is_some());
        ids.insert(body["item"]["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(list(&ada, "").await?.len(), 1);

    let other = post(&ada, &with("title", json!("Another"))).await?;
    other.problem(422, "idempotency_key_reused")?;
    // Keys are each person's own.
    let bens = post(&ben, &request()).await?.expect(201)?;
    assert!(!ids.contains(bens["item"]["id"].as_str().unwrap()));
    let bad = ada.post("/items", &request());
    let bad = bad.header("idempotency-key", &"k".repeat(201));
    bad.problem(400, "invalid_idempotency_key").await?;
    Ok(())
}

#[tokio::test]
async fn a_background_is_remembered_when_asked_to() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let background = async |fields: Value| -> Result<Value> {
        let made = ada.create_item(&photo(), &fields).await?;
        Ok(made["item"]["background"].clone())
    };
    assert_eq!(background(json!({})).await?, "clean");
    assert_eq!(
        background(json!({ "background": "original" })).await?,
        "original"
    );
    assert_eq!(background(json!({})).await?, "clean", "said once");
    let remembered = json!({ "background": "original", "remember_preference": true });
    background(remembered).await?;
    assert_eq!(background(json!({})).await?, "original", "remembered");
    let me = ada.get("/me").expect(200).await?;
    assert_eq!(me["user"]["prefs"]["background_preference"], "original");
    Ok(())
}

#[tokio::test]
async fn before_its_photo_an_item_can_be_neither_confirmed_nor_cleaned() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let made = ada.create_item(&photo(), &json!({})).await?;
    let id = made["item"]["id"].as_str().unwrap();
    for (method, path) in [
        (Method::PUT, format!("/items/{id}/image-uploaded")),
        (Method::POST, format!("/items/{id}/background-clean")),
    ] {
        let call = ada.call(method, &path);
        call.problem(409, "upload_missing").await?;
    }
    let item = ada.get(&format!("/items/{id}")).expect(200).await?;
    assert_eq!(item["item"]["status"], "awaiting_upload");
    Ok(())
}

#[tokio::test]
async fn an_item_is_its_owners_alone() -> Outcome {
    let stack = Stack::from_env()?;
    let (ada, ben) = (stack.sign_up().await?, stack.sign_up().await?);
    let made = ada.create_item(&photo(), &json!({})).await?;
    let id = made["item"]["id"].as_str().unwrap();
    for id in [
        id,
        &Uuid::now_v7().to_string(),
        "nonsense",
        &id.to_uppercase(),
    ] {
        let path = format!("/items/{id}");
        for call in [
            ben.get(&path),
            ben.patch(&path, &json!({ "title": "Mine" })),
            ben.delete(&path),
            ben.put(&format!("{path}/image-uploaded")),
            ben.post(&format!("{path}/background-clean"), &json!({})),
        ] {
            call.problem(404, "item_not_found").await?;
        }
    }
    let item = ada.get(&format!("/items/{id}")).expect(200).await?;
    assert_eq!(item["item"], made["item"], "untouched");
    assert_eq!(list(&ben, "").await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn what_was_typed_can_be_changed_and_cleared() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let id = seed::ready_item(&stack, &ada, Category::Shirt, ("navy", [28, 36, 72])).await?;
    let path = format!("/items/{id}");
    let before = ada.get(&path).expect(200).await?["item"].clone();
    assert_eq!(before["title"], "navy shirt");
    assert_eq!(before["tags_source"]["category"], "vision");

    let change =
        json!({ "title": "Best polo", "category": "polo", "tags": ["weekend"], "colors": ["red"] });
    let after = ada.patch(&path, &change).expect(200).await?["item"].clone();
    assert_eq!(after["title"], "Best polo");
    assert_eq!(after["category"], "polo");
    assert_eq!(after["colors"][0]["name"], "red");
    assert_eq!(after["tags_source"]["category"], "user");
    assert_ne!(after["etag"], before["etag"]);

    let clear = json!({ "title": null, "category": null, "colors": null });
    let last = ada.patch(&path, &clear).expect(200).await?["item"].clone();
    for field in ["title", "category", "colors"] {
        assert_eq!(last[field], before[field], "{field} is as seen again");
    }
    assert_eq!(last["tags"], json!(["weekend"]));

    for (body, field) in [
        (json!({}), "body"),
        (json!({ "status": "processing" }), "status"),
        (json!({ "owner_id": ada.id }), "owner_id"),
        (json!({ "category": "socks" }), "category"),
        (json!({ "title": "t".repeat(10_000) }), "title"),
    ] {
        let fields = ada.patch(&path, &body).invalid_fields().await?;
        assert_eq!(fields, [field], "for {body}");
    }
    Ok(())
}

#[tokio::test]
async fn of_two_changes_to_what_was_read_one_is_refused() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let made = ada.create_item(&photo(), &json!({})).await?;
    let etag = made["item"]["etag"].as_str().unwrap();
    let path = format!("/items/{}", made["item"]["id"].as_str().unwrap());
    let calls = ["First", "Second"].map(|title| {
        let call = ada.patch(&path, &json!({ "title": title }));
        call.header("if-match", etag).send()
    });
    let mut answers = try_join_all(calls).await?;
    answers.sort_by_key(|answer| answer.status);
    assert_eq!(answers[0].status, 200, "{}", answers[0].text);
    let won = answers[0].body["item"].clone();
    assert_eq!(answers[0].header("etag"), won["etag"].as_str());
    answers.remove(1).problem(412, "etag_mismatch")?;
    assert_eq!(ada.get(&path).expect(200).await?["item"], won);
    let any = ada.patch(&path, &json!({ "title": "Third" }));
    any.header("if-match", "*").expect(200).await?;
    Ok(())
}

#[tokio::test]
async fn a_deleted_item_is_gone() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let made = ada.create_item(&photo(), &json!({})).await?;
    let path = format!("/items/{}", made["item"]["id"].as_str().unwrap());
    let answer = ada.delete(&path).send().await?;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    ada.get(&path).problem(404, "item_not_found").await?;
    ada.delete(&path).problem(404, "item_not_found").await?;
    assert_eq!(list(&ada, "").await?.len(), 0);
    Ok(())
}

/// The ids of every page of the wardrobe under these parameters.
async fn list(person: &Person, parameters: &str) -> Result<Vec<String>> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/wardrobe?{parameters}{cursor}");
        let page = person.get(&path).expect(200).await?;
        let items = page["items"].as_array().unwrap().iter();
        ids.extend(items.map(|item| item["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(ids),
        }
        assert!(ids.len() < 100, "the pages do not end");
    }
}

#[tokio::test]
async fn a_wardrobe_is_listed_newest_first_in_pages() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let mut made = Vec::new();
    for _ in 0..7 {
        let id = seed::ready_item(&stack, &ada, Category::Shirt, ("navy", [28, 36, 72])).await?;
        made.insert(0, id.to_string());
    }
    for limit in [1, 3, 7, 100] {
        let listed = list(&ada, &format!("limit={limit}")).await?;
        assert_eq!(listed, made, "in pages of {limit}");
    }
    assert_eq!(list(&ada, "").await?, made);
    for query in [
        "limit=0",
        "limit=101",
        "limit=many",
        "cursor=nonsense",
        "sort=title",
    ] {
        let fields = ada.get(&format!("/wardrobe?{query}")).invalid_fields();
        assert_eq!(fields.await?, [query.split('=').next().unwrap()]);
    }
    Ok(())
}

#[tokio::test]
async fn a_wardrobe_can_be_searched() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let seeded = async |category, color| -> Result<String> {
        Ok(seed::ready_item(&stack, &ada, category, color)
            .await?
            .to_string())
    };
    let shirt = seeded(Category::Shirt, ("navy", [28, 36, 72])).await?;
    let coat = seeded(Category::Outerwear, ("olive", [104, 104, 54])).await?;
    let skirt = seeded(Category::Skirt, ("red", [196, 30, 42])).await?;
    let waiting = ada
        .create_item(&photo(), &json!({ "title": "Grandmother’s shawl" }))
        .await?;
    let waiting = waiting["item"]["id"].as_str().unwrap().to_owned();
    for (query, expected) in [
        ("category=outerwear", vec![&coat]),
        ("category=shoes", vec![]),
        ("color=red", vec![&skirt]),
        ("q=shawl", vec![&waiting]),
        ("q=navy", vec![&shirt]),
        ("status=awaiting_upload", vec![&waiting]),
        ("status=ready", vec![&skirt, &coat, &shirt]),
        ("status=ready&color=navy&category=shirt", vec![&shirt]),
        ("status=ready&limit=1", vec![&skirt, &coat, &shirt]),
    ] {
        let listed = list(&ada, query).await?;
        assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let winter = list(&ada, "season=winter").await?;
    assert!(winter.contains(&coat), "{winter:?}");
    for query in ["category=socks", "season=monsoon", "status=lost"] {
        let fields = ada.get(&format!("/wardrobe?{query}")).invalid_fields();
        assert_eq!(fields.await?, [query.split('=').next().unwrap()]);
    }
    Ok(())
}
