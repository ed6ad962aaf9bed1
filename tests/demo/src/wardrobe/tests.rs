use std::fs;

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path, path_regex},
};

use super::*;
use crate::{
    api::{ItemStatus, Role},
    photos::ImageType,
};

fn item(id: &str, status: &str) -> Value {
    json!({
        "id": id, "title": "", "category": null, "slot": null, "colors": [], "pattern": null,
        "formality": null, "season": [], "status": status, "images": {},
    })
}

/// An API that makes item `i<n>` of a photo of n bytes, and takes none of 3 bytes.
async fn server() -> MockServer {
    let server = MockServer::start().await;
    let session = json!({ "access_token": "t", "expires_in": 900, "refresh_token": "r" });
    Mock::given(path("/auth/signup"))
        .respond_with(ResponseTemplate::new(201).set_body_json(session))
        .mount(&server)
        .await;
    let uri = server.uri();
    Mock::given(method("POST"))
        .and(path("/items"))
        .respond_with(move |request: &Request| {
            let length = request.body_json::<Value>().unwrap()["content_length"].clone();
            if length == 3 {
                return ResponseTemplate::new(422)
                    .set_body_json(json!({ "detail": "Not this one." }));
            }
            let upload = json!({ "url": format!("{uri}/put"), "headers": {} });
            let made =
                json!({ "item": item(&format!("i{length}"), "awaiting_upload"), "upload": upload });
            ResponseTemplate::new(201).set_body_json(made)
        })
        .mount(&server)
        .await;
    for (verb, route, status) in [
        ("PUT", "^/put$", 200),
        ("PUT", "^/items/i[0-9]/image-uploaded$", 202),
    ] {
        Mock::given(method(verb))
            .and(path_regex(route))
            .respond_with(ResponseTemplate::new(status).set_body_json(json!({})))
            .mount(&server)
            .await;
    }
    server
}

/// Answers `GET /wardrobe` so many times with this page; answers of earlier calls come first.
async fn answer(server: &MockServer, items: Vec<Value>, next: Option<&str>, times: u64) {
    let page = json!({ "items": items, "next_cursor": next });
    Mock::given(path("/wardrobe"))
        .respond_with(ResponseTemplate::new(200).set_body_json(page))
        .up_to_n_times(times)
        .mount(server)
        .await;
}

#[tokio::test]
async fn photos_are_followed_until_each_is_settled_and_one_refused_hinders_none() {
    let folder = tempfile::tempdir().unwrap();
    let photos: Vec<Photo> = [1, 2, 3]
        .map(|length| {
            let path = folder.path().join(length.to_string());
            fs::write(&path, vec![0; length]).unwrap();
            Photo {
                path,
                name: length.to_string(),
                kind: ImageType::Jpeg,
            }
        })
        .into();
    let server = server().await;
    // First nothing is settled, then the good one is, then both are.
    answer(
        &server,
        vec![item("i2", "processing"), item("i1", "processing")],
        None,
        1,
    )
    .await;
    answer(
        &server,
        vec![item("i2", "processing"), item("i1", "ready")],
        None,
        1,
    )
    .await;
    answer(
        &server,
        vec![item("i2", "failed"), item("i1", "ready")],
        None,
        100,
    )
    .await;

    let api = Api::sign_up(&server.uri(), Role::Shopper).await.unwrap();
    let sent = fill(&api, &photos, |_| None, 2, &Progress::new())
        .await
        .unwrap();
    assert_eq!(sent.items[..2], [Ok("i1".to_owned()), Ok("i2".to_owned())]);
    assert_eq!(
        sent.items[2],
        Err("POST /items answered 422: Not this one.".to_owned())
    );
    assert_eq!(
        (sent.times.uploads.len(), sent.times.settling.len()),
        (2, 2)
    );
}

#[tokio::test]
async fn every_page_is_listed() {
    let server = server().await;
    answer(&server, vec![item("i2", "ready")], Some("c"), 1).await;
    answer(&server, vec![item("i1", "failed")], None, 1).await;
    let api = Api::sign_up(&server.uri(), Role::Shopper).await.unwrap();
    let (items, _) = list(&api).await.unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items["i1"].status, ItemStatus::Failed);
}
