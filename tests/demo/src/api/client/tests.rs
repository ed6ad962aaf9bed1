use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{bearer_token, body_bytes, header, method, path, query_param},
};

use super::*;
use crate::api::{ItemStatus, Role};

fn session(token: &str, expires_in: u64) -> Value {
    json!({
        "user": {}, "access_token": token, "token_type": "Bearer",
        "expires_in": expires_in, "refresh_token": format!("{token}-refresh"),
    })
}

async fn server(expires_in: u64) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/auth/signup"))
        .respond_with(ResponseTemplate::new(201).set_body_json(session("first", expires_in)))
        .mount(&server)
        .await;
    server
}

fn empty_page() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "items": [], "next_cursor": null }))
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let server = server(900).await;
    Mock::given(path("/wardrobe"))
        .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "0"))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    Mock::given(path("/wardrobe"))
        .and(query_param("cursor", "c1"))
        .and(bearer_token("first"))
        .respond_with(empty_page())
        .expect(1)
        .mount(&server)
        .await;
    let api = Api::sign_up(&format!("{}/", server.uri()), Role::Shopper)
        .await
        .unwrap();
    let page = api.wardrobe(Some("c1")).await.unwrap();
    assert!(page.items.is_empty() && page.next_cursor.is_none());
}

#[tokio::test]
async fn a_token_about_to_end_is_renewed_first() {
    let server = server(30).await;
    Mock::given(path("/auth/refresh"))
        .and(wiremock::matchers::body_json(
            json!({ "refresh_token": "first-refresh" }),
        ))
        .respond_with(ResponseTemplate::new(200).set_body_json(session("second", 900)))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/wardrobe"))
        .and(bearer_token("second"))
        .respond_with(empty_page())
        .expect(2)
        .mount(&server)
        .await;
    let api = Api::sign_up(&server.uri(), Role::Shopper).await.unwrap();
    api.wardrobe(None).await.unwrap();
    api.wardrobe(None).await.unwrap();
}

#[tokio::test]
async fn a_photo_goes_as_its_upload_says() {
    let server = server(900).await;
    Mock::given(method("PUT"))
        .and(path("/bucket/key"))
        .and(header("content-type", "image/webp"))
        .and(header("content-length", "5"))
        .and(header("x-amz-meta-kind", "garment"))
        .and(body_bytes("photo"))
        .respond_with(ResponseTemplate::new(200))
        .expect(1)
        .mount(&server)
        .await;
    let api = Api::sign_up(&server.uri(), Role::Shopper).await.unwrap();
    let headers = [
        ("content-type", "image/webp"),
        ("content-length", "5"),
        ("x-amz-meta-kind", "garment"),
    ];
    let upload = Upload {
        url: format!("{}/bucket/key?X-Amz-Signature=1", server.uri()),
        headers: headers
            .map(|(name, value)| (name.into(), value.into()))
            .into(),
    };
    api.send_photo(&upload, ImageType::Webp, b"photo")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_refusal_is_told_in_the_apis_words_and_not_repeated() {
    let server = server(900).await;
    let problem = json!({ "detail": "This photo is too large.", "code": "x", "request_id": "r1" });
    Mock::given(path("/items"))
        .respond_with(ResponseTemplate::new(422).set_body_json(problem))
        .expect(1)
        .mount(&server)
        .await;
    let api = Api::sign_up(&server.uri(), Role::Shopper).await.unwrap();
    let trouble = api.create_item(ImageType::Jpeg, 1, None).await.unwrap_err();
    assert_eq!(
        trouble.to_string(),
        "POST /items answered 422: This photo is too large. (request r1)"
    );
}

#[tokio::test]
async fn nobody_there_names_the_next_step() {
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let uri = format!("http://{address}");
    let trouble = Api::sign_up(&uri, Role::Shopper)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        trouble.contains(&uri) && trouble.contains("`make run`"),
        "{trouble}"
    );
}

#[tokio::test]
async fn something_else_than_the_api_is_found_out() {
    for status in [200, 404, 405] {
        let server = MockServer::start().await;
        Mock::given(path("/auth/signup"))
            .respond_with(ResponseTemplate::new(status).set_body_string("<html>"))
            .mount(&server)
            .await;
        let trouble = Api::sign_up(&server.uri(), Role::Shopper)
            .await
            .unwrap_err()
            .to_string();
        let told = trouble.contains("Is http") && trouble.contains("`make status`");
        assert!(told, "{status}: {trouble}");
    }
}

#[test]
fn a_status_of_a_later_version_is_borne() {
    let status: ItemStatus = serde_json::from_value(json!("archived")).unwrap();
    assert_eq!(status, ItemStatus::Unknown);
    assert!(!status.is_settled());
}
