//! Try-ons: asked for, waited for, listed, judged, removed.

use std::collections::HashSet;

use anyhow::Result;
use drape_common::store::{
    blob::{HeadObject, PutObject, keys},
    dynamo::Table,
    queries::RecentSignals,
    tables::DaySignal,
};
use drape_domain::{Category, SignalKind, TryOnStatus, UploadId};
use drape_e2e::{Person, Photo, Stack, pictures};
use futures::future::try_join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Outcome, seed};

async fn shirt(stack: &Stack, owner: &Person) -> Result<String> {
    let id = seed::ready_item(stack, owner, Category::Shirt, ("navy", [28, 36, 72])).await?;
    Ok(id.to_string())
}

fn body_photo() -> Result<Photo> {
    pictures::wall()
}

#[tokio::test]
async fn a_body_photo_gets_a_place_of_its_own() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let request =
        json!({ "purpose": "body_photo", "content_type": "image/png", "content_length": 9 });
    let made = ada.post("/uploads", &request).expect(201).await?;
    let bucket = stack.output("UploadsBucket")?;
    let place = format!("s3://{bucket}/uploads/body/{}/", ada.id);
    assert!(made["s3"].as_str().unwrap().starts_with(&place));
    assert_eq!(made["upload"]["method"], "PUT");

    let photo = Photo::png(vec![1; 9]);
    let longer = Photo::png(vec![1; 10]);
    let other = Photo::jpeg(vec![1; 9]);
    assert_eq!(ada.send_photo(&made["upload"], &longer).await?, 403);
    assert_eq!(ada.send_photo(&made["upload"], &other).await?, 403);
    assert_eq!(ada.send_photo(&made["upload"], &photo).await?, 200);

    for (field, value) in [
        ("purpose", json!("passport")),
        ("content_type", json!("image/gif")),
        ("content_length", json!(0)),
        ("content_length", json!(15 * 1024 * 1024 + 1)),
        ("name", json!("me.png")),
    ] {
        let mut body = request.clone();
        body[field] = value.clone();
        let fields = ada.post("/uploads", &body).invalid_fields().await?;
        assert_eq!(fields, [field], "for {value}");
    }

    let key = Uuid::now_v7().to_string();
    let twice = try_join_all((0..2).map(|_| {
        let call = ada.post("/uploads", &request);
        call.header("idempotency-key", &key).expect(201)
    }));
    let twice = twice.await?;
    assert_eq!(twice[0]["s3"], twice[1]["s3"]);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_tried_on_is_refused() -> Outcome {
    let stack = Stack::from_env()?;
    let (ada, ben) = (stack.sign_up().await?, stack.sign_up().await?);
    let (mine, bens) = (shirt(&stack, &ada).await?, shirt(&stack, &ben).await?);
    let waiting = ada
        .create_item(&Photo::jpeg(vec![1; 10]), &json!({}))
        .await?;
    let waiting = &waiting["item"]["id"];
    let photo = ada.upload_body(&body_photo()?).await?;
    let bens_photo = ben.upload_body(&body_photo()?).await?;
    let bucket = stack.output("UploadsBucket")?;
    let never_sent = format!("s3://{bucket}/uploads/body/{}/{}", ada.id, UploadId::new());
    let not_a_body = format!("s3://{bucket}/uploads/items/{}/{mine}", ada.id);
    let elsewhere = photo.replace(bucket, "somebody-elses-bucket");
    let media = photo.replace(bucket, stack.output("MediaBucket")?);
    let many: Vec<_> = (0..20).map(|_| Uuid::now_v7().to_string()).collect();

    let ask = |photo: &str, items: Value| {
        ada.post(
            "/tryon",
            &json!({ "target_image_s3": photo, "items": items }),
        )
    };
    for photo in [&bens_photo, &never_sent, &not_a_body] {
        let call = ask(photo, json!([mine]));
        call.problem(404, "photo_not_found").await?;
    }
    for photo in [elsewhere.as_str(), &media, "https://example.com/me.jpg", ""] {
        let fields = ask(photo, json!([mine])).invalid_fields().await?;
        assert_eq!(fields, ["target_image_s3"], "for {photo}");
    }
    for items in [json!([bens]), json!([mine, Uuid::now_v7().to_string()])] {
        ask(&photo, items).problem(404, "item_not_found").await?;
    }
    let call = ask(&photo, json!([mine, waiting]));
    call.problem(409, "item_not_ready").await?;
    for items in [json!([]), json!(many), json!([mine, mine]), json!(mine)] {
        let fields = ask(&photo, items.clone()).invalid_fields().await?;
        assert_eq!(fields, ["items"], "for {items}");
    }

    let body = json!({ "target_image_s3": photo, "items": [mine], "user_id": ben.id });
    ada.post("/tryon", &body)
        .problem(403, "user_mismatch")
        .await?;
    for (field, value) in [
        ("angle", json!(3)),
        ("view_options.zoom", json!(1)),
        ("view_options.lighting", json!("neon")),
    ] {
        let mut body = json!({ "target_image_s3": photo, "items": [mine], "view_options": {} });
        match field.split_once('.') {
            Some((outer, inner)) => body[outer][inner] = value,
            None => body[field] = value,
        }
        let fields = ada.post("/tryon", &body).invalid_fields().await?;
        assert_eq!(fields, [field]);
    }
    let listed = ada.get("/tryon").expect(200).await?;
    assert_eq!(listed["items"], json!([]), "nothing was recorded");
    Ok(())
}

#[tokio::test]
async fn a_photo_without_a_body_fails_with_a_reason() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let garment = pictures::garment(pictures::Shape::Shirt, [30, 45, 110])?;
    let item = ada.add_item(&garment, &json!({})).await?;
    let photo = ada.upload_body(&body_photo()?).await?;
    let body = json!({
        "user_id": ada.id,
        "target_image_s3": photo,
        "items": [item["id"]],
        "prefer_clean_item_images": true,
        "view_options": { "rotate": true, "perspective": false },
    });
    let answer = ada.post("/tryon", &body);
    let answer = answer.header("prefer", "respond-async").send().await?;
    let location = answer.header("location").unwrap_or_default().to_owned();
    assert!(answer.header("retry-after").is_some());
    let answer = answer.expect(202)?;
    let id = answer["tryon"]["id"].as_str().unwrap();
    assert_eq!(answer["status_url"], location.as_str());
    assert_eq!(location, format!("/tryon/{id}/status"));
    assert_eq!(answer["tryon"]["status"], "queued");
    assert_eq!(answer["tryon"]["items"][0]["item_id"], item["id"]);

    let tryon = ada.finished(id).await?;
    assert_eq!(tryon["status"], "failed", "{tryon}");
    assert!(tryon["render_url"].is_null());
    assert!(!tryon["error"]["code"].as_str().unwrap().is_empty());
    let message = tryon["error"]["message"].as_str().unwrap();
    assert!(message.len() > 20, "{message}");

    let feedback = ada.post(&format!("/feedback/tryon/{id}"), &json!({ "accuracy": 1 }));
    feedback.problem(409, "tryon_not_finished").await?;

    // Who waits gets the end at once, and is not sent elsewhere; unless the jobs are busy.
    let answer = ada.post("/tryon", &body).header("prefer", "wait=20");
    let answer = answer.send().await?;
    if answer.status == 200 {
        assert_eq!(answer.header("location"), None);
        assert_eq!(answer.body["tryon"]["status"], "failed");
        assert_eq!(answer.body.get("status_url"), None);
    } else {
        answer.expect(202)?;
    }
    Ok(())
}

#[tokio::test]
async fn asking_for_a_try_on_again_makes_nothing_new() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let (one, two) = (shirt(&stack, &ada).await?, shirt(&stack, &ada).await?);
    let photo = ada.upload_body(&body_photo()?).await?;
    let key = Uuid::now_v7().to_string();
    let ask = |item: &str| {
        let body = json!({ "target_image_s3": photo, "items": [item] });
        let call = ada.post("/tryon", &body);
        let call = call.header("idempotency-key", &key);
        call.header("prefer", "respond-async").send()
    };
    let mut ids = HashSet::new();
    for answer in try_join_all((0..3).map(|_| ask(&one))).await? {
        assert!([200, 202].contains(&answer.status), "{}", answer.text);
        ids.insert(answer.body["tryon"]["id"].to_string());
    }
    assert_eq!(ids.len(), 1);
    ask(&two).await?.problem(422, "idempotency_key_reused")?;
    let listed = ada.get("/tryon").expect(200).await?;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_try_on_is_its_owners_alone() -> Outcome {
    let stack = Stack::from_env()?;
    let (ada, ben) = (stack.sign_up().await?, stack.sign_up().await?);
    let id = seed::tryon(&stack, &ada, TryOnStatus::Done).await?;
    for id in [id.to_string(), Uuid::now_v7().to_string(), "x".to_owned()] {
        for call in [
            ben.get(&format!("/tryon/{id}/status")),
            ben.delete(&format!("/tryon/{id}")),
            ben.post(&format!("/feedback/tryon/{id}"), &json!({ "accuracy": 5 })),
        ] {
            call.problem(404, "tryon_not_found").await?;
        }
    }
    let still = ada.get(&format!("/tryon/{id}/status")).expect(200).await?;
    assert_eq!(still["tryon"]["status"], "done");
    Ok(())
}

#[tokio::test]
async fn try_ons_are_listed_newest_first_in_pages() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let mut made = Vec::new();
    for _ in 0..5 {
        let id = seed::tryon(&stack, &ada, TryOnStatus::Done).await?;
        made.insert(0, id.to_string());
    }
    let (mut listed, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = ada.get(&format!("/tryon?{query}")).expect(200).await?;
        for tryon in page["items"].as_array().unwrap() {
            assert!(tryon["render_url"].as_str().is_some());
            listed.push(tryon["id"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => query = format!("limit=2&cursor={next}"),
            None => break,
        }
        assert!(listed.len() < 10, "the pages do not end");
    }
    assert_eq!(listed, made);
    for query in ["limit=0", "cursor=nonsense", "status=done"] {
        let fields = ada.get(&format!("/tryon?{query}")).invalid_fields();
        assert_eq!(fields.await?, [query.split('=').next().unwrap()]);
    }
    Ok(())
}

#[tokio::test]
async fn the_latest_word_on_a_picture_counts() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let id = seed::tryon(&stack, &ada, TryOnStatus::Done).await?;
    let path = format!("/feedback/tryon/{id}");
    let first = json!({ "accuracy": 2, "notes": "Too wide." });
    let answer = ada.post(&path, &first).expect(201).await?;
    assert_eq!(answer["feedback"]["accuracy"], 2);
    ada.post(&path, &json!({ "accuracy": 5 }))
        .expect(201)
        .await?;
    let status = ada.get(&format!("/tryon/{id}/status")).expect(200).await?;
    let feedback = &status["tryon"]["feedback"];
    assert_eq!(feedback["accuracy"], 5);
    assert!(feedback["notes"].is_null());

    // Learning hears of it too, as long as it stands.
    let name = stack.output("SignalsTable")?.to_owned();
    let signals = Table::<DaySignal>::new(&stack.aws()?.dynamodb(), name);
    let heard = signals.recent_signals(seed::user_id(&ada), 10).await?;
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].kind, SignalKind::TryonKept);
    let low = json!({ "accuracy": 1 });
    ada.post(&path, &low).expect(201).await?;
    let heard = signals.recent_signals(seed::user_id(&ada), 10).await?;
    assert!(heard.is_empty());

    for (body, field) in [
        (json!({ "accuracy": 0 }), "accuracy"),
        (json!({ "accuracy": 6 }), "accuracy"),
        (json!({ "accuracy": 4.5 }), "accuracy"),
        (json!({}), "accuracy"),
        (
            json!({ "accuracy": 3, "notes": "n".repeat(10_000) }),
            "notes",
        ),
        (json!({ "accuracy": 3, "stars": 3 }), "stars"),
    ] {
        let fields = ada.post(&path, &body).invalid_fields().await?;
        assert_eq!(fields, [field], "for {body}");
    }
    let queued = seed::tryon(&stack, &ada, TryOnStatus::Queued).await?;
    let early = ada.post(
        &format!("/feedback/tryon/{queued}"),
        &json!({ "accuracy": 3 }),
    );
    early.problem(409, "tryon_not_finished").await?;
    Ok(())
}

#[tokio::test]
async fn a_deleted_try_on_and_its_picture_are_gone() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let id = seed::tryon(&stack, &ada, TryOnStatus::Done).await?;
    let status = format!("/tryon/{id}/status");
    let before = ada.get(&status).expect(200).await?;
    let link = &before["tryon"]["render_url"];
    assert_eq!(stack.follow(link).await?.0, 200);
    let files = keys::tryon_files(seed::user_id(&ada), id);
    for file in &files {
        let media = seed::media(&stack)?;
        media.put_object(file, "image/png", vec![1]).await?;
    }

    let gone = ada.delete(&format!("/tryon/{id}")).expect(200).await?;
    assert_eq!(gone["tryon"]["id"], id.to_string());
    ada.get(&status).problem(404, "tryon_not_found").await?;
    ada.delete(&format!("/tryon/{id}"))
        .problem(404, "tryon_not_found")
        .await?;
    assert_ne!(stack.follow(link).await?.0, 200);
    for file in &files {
        assert_eq!(seed::media(&stack)?.head(file).await?, None, "{file}");
    }
    Ok(())
}
