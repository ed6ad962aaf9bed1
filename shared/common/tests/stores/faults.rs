//! S3 at its worst, which the local stack does not play: answers that are lost, cut short, or beside the point.

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use drape_common::{
    aws::Aws,
    store::{
        blob::{Expected, PutIf},
        ranges::{GetRange, read_object},
        s3::Bucket,
    },
};
use wiremock::{
    Mock, MockServer, Request, Respond, ResponseTemplate,
    matchers::{header, method},
};

const KEY: &str = "index/current.json";

fn bucket(server: &MockServer) -> Bucket {
    let credentials = Credentials::new("test", "test", None, None, "fake server");
    let aws = Aws::new("us-east-1".to_owned(), credentials, Some(server.uri()));
    Bucket::new(&aws.s3(), "fake".to_owned())
}

/// An answer with a code of S3's, or without one.
fn answer(status: u16, code: &str) -> ResponseTemplate {
    let plain = ResponseTemplate::new(status);
    if code.is_empty() {
        return plain;
    }
    let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
    plain.set_body_raw(body, "application/xml")
}

/// Stores what is put first, loses the answer, and refuses whatever else is put.
#[derive(Clone, Default)]
struct Forgetful {
    writer: Arc<Mutex<Option<String>>>,
}

impl Respond for Forgetful {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut writer = self.writer.lock().unwrap();
        if request.method == "HEAD" {
            let head = ResponseTemplate::new(200).insert_header("etag", "\"e\"");
            return match &*writer {
                Some(writer) => head.insert_header("x-amz-meta-write-id", writer.as_str()),
                None => ResponseTemplate::new(404),
            };
        }
        if writer.is_some() {
            return answer(412, "PreconditionFailed");
        }
        let named = request.headers.get("x-amz-meta-write-id");
        *writer = named.map(|name| name.to_str().unwrap().to_owned());
        answer(500, "InternalError")
    }
}

#[tokio::test]
async fn a_conditional_write_whose_answer_was_lost_is_known_again() {
    let server = MockServer::start().await;
    let s3 = Forgetful::default();
    Mock::given(method("PUT"))
        .respond_with(s3.clone())
        .mount(&server)
        .await;
    Mock::given(method("HEAD"))
        .respond_with(s3)
        .mount(&server)
        .await;
    let bucket = bucket(&server);
    let put = |bytes: &[u8]| {
        let etag = Expected::Etag("before".to_owned());
        let (bucket, bytes) = (bucket.clone(), bytes.to_vec());
        async move { bucket.put_if(KEY, "text/plain", bytes, &etag).await }
    };
    assert!(put(b"ours").await.unwrap(), "the SDK repeated it");
    assert!(!put(b"ours").await.unwrap(), "another write of the same");
}

#[tokio::test]
async fn conditions_are_sent_and_their_refusals_told_from_faults() {
    for (expected, name, value) in [
        (Expected::Nothing, "if-none-match", "*"),
        (Expected::Etag("e".to_owned()), "if-match", "\"e\""),
    ] {
        for (status, code, written) in [
            (200, "", Some(true)),
            (412, "PreconditionFailed", Some(false)),
            (409, "ConditionalRequestConflict", Some(false)),
            (404, "NoSuchKey", Some(false)),
            (404, "NoSuchBucket", None),
            (403, "AccessDenied", None),
        ] {
            let server = MockServer::start().await;
            Mock::given(method("PUT"))
                .and(header(name, value))
                .respond_with(answer(status, code))
                .mount(&server)
                .await;
            Mock::given(method("HEAD"))
                .respond_with(ResponseTemplate::new(404))
                .mount(&server)
                .await;
            let bucket = bucket(&server);
            let put = bucket.put_if(KEY, "text/plain", vec![1], &expected).await;
            assert_eq!(put.ok(), written, "{status} {code}");
        }
    }
}

/// Ten bytes, of which the answer to the first request breaks off.
struct Ranges {
    broken: Mutex<u32>,
}

impl Respond for Ranges {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let range = request.headers.get("range").unwrap().to_str().unwrap();
        assert_eq!(range, "bytes=0-9");
        let mut broken = self.broken.lock().unwrap();
        let answer = ResponseTemplate::new(206).insert_header("content-range", "bytes 0-9/10");
        if *broken > 0 {
            *broken -= 1;
            answer.set_body_bytes(b"01234")
        } else {
            answer.set_body_bytes(b"0123456789")
        }
    }
}

#[tokio::test]
async fn a_part_that_breaks_off_is_asked_for_again_but_not_for_ever() {
    for (broken, read) in [(0, true), (2, true), (3, false)] {
        let server = MockServer::start().await;
        let head = ResponseTemplate::new(200)
            .insert_header("etag", "\"e\"")
            .insert_header("content-length", "10");
        Mock::given(method("HEAD"))
            .respond_with(head)
            .mount(&server)
            .await;
        let ranges = Ranges {
            broken: Mutex::new(broken),
        };
        Mock::given(method("GET"))
            .and(header("if-match", "\"e\""))
            .respond_with(ranges)
            .mount(&server)
            .await;
        let bytes = read_object(&bucket(&server), KEY, 100).await;
        assert_eq!(bytes.is_ok(), read, "{broken} broken answers");
        if let Ok(bytes) = bytes {
            assert_eq!(bytes.unwrap().as_ref(), b"0123456789");
        }
    }
}

#[tokio::test]
async fn a_whole_object_or_a_longer_part_is_not_taken_for_a_part() {
    for answer in [
        ResponseTemplate::new(200).set_body_bytes(b"0123456789"),
        ResponseTemplate::new(206)
            .insert_header("content-range", "bytes 0-9/10")
            .set_body_bytes(b"0123456789"),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(answer)
            .mount(&server)
            .await;
        let mut part = [0; 4];
        assert!(
            bucket(&server)
                .get_range(KEY, "e", 0, &mut part)
                .await
                .is_err()
        );
    }
}
