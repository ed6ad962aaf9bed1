//! Objects, and requests signed for clients.

use std::time::Duration;

use drape_common::store::{
    blob::{
        DeleteObject, Expected, GetObject, HeadObject, ListKeys, PresignGet, PresignPut,
        PresignedUpload, PutIf, PutObject, delete_all,
    },
    memory::MemoryBucket,
    ranges::{GetRange, read_object},
    s3::Bucket,
};
use drape_domain::{
    Timestamp,
    item::{ImageType, Upload},
};
use reqwest::{Client, StatusCode};

use crate::aws::on_stack;

const KEY: &str = "items/owner/item/clean.png";
const MINUTE: Duration = Duration::from_secs(60);

async fn nothing_is_there_before_it_is_written(bucket: impl HeadObject + GetObject) {
    assert_eq!(bucket.head(KEY).await.unwrap(), None);
    assert_eq!(bucket.get_object(KEY, 100).await.unwrap(), None);
}

async fn an_object_is_read_as_it_was_written(bucket: impl PutObject + HeadObject + GetObject) {
    let bytes: Vec<u8> = (0..=255).collect();
    bucket
        .put_object(KEY, "image/png", bytes.clone())
        .await
        .unwrap();
    let head = bucket.head(KEY).await.unwrap().unwrap();
    assert_eq!(head.length, 256);
    assert_eq!(head.content_type.as_deref(), Some("image/png"));
    assert!(!head.etag.is_empty() && !head.etag.contains('"'));
    let object = bucket.get_object(KEY, 256).await.unwrap().unwrap();
    assert_eq!((object.head, object.bytes), (head, bytes));
}

async fn the_etag_names_the_content(bucket: impl PutObject + HeadObject) {
    let put = async |bytes: &[u8]| {
        let put = bucket.put_object(KEY, "image/png", bytes.to_vec());
        put.await.unwrap();
        bucket.head(KEY).await.unwrap().unwrap().etag
    };
    let (first, other, again) = (put(b"one").await, put(b"two").await, put(b"one").await);
    assert_ne!(first, other);
    assert_eq!(first, again);
}

async fn more_bytes_than_the_limit_are_an_error(bucket: impl PutObject + GetObject) {
    let put = bucket.put_object(KEY, "image/png", vec![0; 101]);
    put.await.unwrap();
    assert!(bucket.get_object(KEY, 100).await.is_err());
    assert!(bucket.get_object(KEY, 101).await.unwrap().is_some());
}

async fn what_is_expected_to_be_new_is_written_once(bucket: impl PutIf + GetObject) {
    let put = async |bytes: &[u8]| {
        let put = bucket.put_if(KEY, "text/plain", bytes.to_vec(), &Expected::Nothing);
        put.await.unwrap()
    };
    assert!(put(b"first").await);
    assert!(!put(b"second").await);
    assert!(!put(b"first").await, "the same words by another writer");
    let object = bucket.get_object(KEY, 100).await.unwrap().unwrap();
    assert_eq!(object.bytes, b"first");
    assert_eq!(object.head.content_type.as_deref(), Some("text/plain"));
}

async fn only_what_was_read_is_written_over(bucket: impl PutIf + GetObject + DeleteObject) {
    let put = async |bytes: &[u8], expected: &Expected| {
        let put = bucket.put_if(KEY, "text/plain", bytes.to_vec(), expected);
        put.await.unwrap()
    };
    let read = async || {
        let object = bucket.get_object(KEY, 100).await.unwrap().unwrap();
        (Expected::Etag(object.head.etag), object.bytes)
    };
    let never = Expected::Etag("0123456789abcdef0123456789abcdef".to_owned());
    assert!(!put(b"nothing to write over", &never).await);
    assert!(put(b"first", &Expected::Nothing).await);
    let (first, _) = read().await;
    assert!(put(b"second", &first).await);
    assert!(!put(b"late", &first).await);
    assert!(!put(b"strange", &never).await);
    let (second, bytes) = read().await;
    assert_eq!(bytes, b"second");
    bucket.delete_object(KEY).await.unwrap();
    assert!(!put(b"after its end", &second).await);
    assert!(put(b"anew", &Expected::Nothing).await);
}

async fn of_many_writers_at_once_one_wins(bucket: impl PutIf + GetObject) {
    let puts = (0..8_u8).map(|n| bucket.put_if(KEY, "text/plain", vec![n], &Expected::Nothing));
    let done = futures::future::join_all(puts).await;
    let winners: Vec<_> = (0_u8..)
        .zip(done)
        .filter(|(_, done)| *done.as_ref().unwrap())
        .map(|(n, _)| n)
        .collect();
    assert_eq!(winners.len(), 1);
    let object = bucket.get_object(KEY, 100).await.unwrap().unwrap();
    assert_eq!(object.bytes, winners);
}

async fn a_part_of_an_object_is_read(bucket: impl PutObject + HeadObject + GetRange) {
    let bytes: Vec<u8> = (0..=255).collect();
    let put = bucket.put_object(KEY, "text/plain", bytes.clone());
    put.await.unwrap();
    let etag = bucket.head(KEY).await.unwrap().unwrap().etag;
    for (start, length) in [(0, 256), (0, 1), (255, 1), (17, 100), (256, 0)] {
        let mut part = vec![0; length];
        let read = bucket.get_range(KEY, &etag, start as u64, &mut part).await;
        assert!(read.unwrap());
        assert_eq!(part, bytes[start..start + length]);
    }
    for (start, length) in [(0, 257), (256, 1), (1000, 10)] {
        let mut part = vec![0; length];
        let read = bucket.get_range(KEY, &etag, start, &mut part).await;
        assert!(read.is_err(), "{length} bytes from {start}");
    }
}

async fn parts_of_another_content_are_not_read(
    bucket: impl PutObject + HeadObject + DeleteObject + GetRange,
) {
    let put = bucket.put_object(KEY, "text/plain", b"first".to_vec());
    put.await.unwrap();
    let etag = bucket.head(KEY).await.unwrap().unwrap().etag;
    let put = bucket.put_object(KEY, "text/plain", b"other".to_vec());
    put.await.unwrap();
    let mut part = [0; 2];
    assert!(!bucket.get_range(KEY, &etag, 1, &mut part).await.unwrap());
    bucket.delete_object(KEY).await.unwrap();
    assert!(!bucket.get_range(KEY, &etag, 1, &mut part).await.unwrap());
}

async fn a_large_object_is_written_and_read_in_parts(
    bucket: impl PutObject + HeadObject + GetRange,
) {
    assert_eq!(read_object(&bucket, KEY, 100).await.unwrap(), None);
    // In one part, in two for the reader, and in three for the writer; no byte tells where it is by chance.
    for length in [0, 1, (8 << 20) + 1, (32 << 20) + 12_345] {
        let bytes: Vec<u8> = (0..length)
            .map(|at: u32| at.wrapping_mul(2_654_435_761).to_le_bytes()[3])
            .collect();
        let put = bucket.put_object(KEY, "text/plain", bytes.clone());
        put.await.unwrap();
        let read = read_object(&bucket, KEY, 40 << 20).await.unwrap().unwrap();
        assert!(read == bytes, "{length} bytes");
        assert_eq!(read.as_ptr().align_offset(64), 0);
        let head = bucket.head(KEY).await.unwrap().unwrap();
        assert_eq!(head.content_type.as_deref(), Some("text/plain"));
    }
    assert!(read_object(&bucket, KEY, 32 << 20).await.is_err());
}

async fn deleting_can_be_repeated(bucket: impl PutObject + HeadObject + DeleteObject) {
    let neighbour = "items/owner/item/clean_thumb.jpg";
    for key in [KEY, neighbour] {
        let put = bucket.put_object(key, "image/png", vec![1]);
        put.await.unwrap();
    }
    for _ in 0..2 {
        bucket.delete_object(KEY).await.unwrap();
        assert_eq!(bucket.head(KEY).await.unwrap(), None);
    }
    assert!(bucket.head(neighbour).await.unwrap().is_some());
}

async fn keys_are_listed_by_what_they_begin_with(bucket: impl PutObject + ListKeys + DeleteObject) {
    let own = ["items/a/1/x/clean.png", "items/a/1/y/clean.png"];
    let others = ["items/a/10/clean.png", "items/b/1/clean.png"];
    for key in own.iter().chain(&others) {
        let put = bucket.put_object(key, "image/png", vec![1]);
        put.await.unwrap();
    }
    assert_eq!(bucket.list_keys("items/a/1/").await.unwrap(), own);
    assert_eq!(bucket.list_keys("items/c/").await.unwrap(), [""; 0]);
    for _ in 0..2 {
        delete_all(&bucket, "items/a/1/").await.unwrap();
        assert_eq!(bucket.list_keys("items/").await.unwrap(), others);
    }
}

async fn an_upload_says_what_it_is_for(bucket: impl PresignPut) {
    let upload = sign(&bucket, ImageType::Webp, 7).await;
    let left = upload.expires_at - Timestamp::now_utc();
    assert!(left <= MINUTE && left > MINUTE / 2);
    assert_eq!(
        (upload.method, upload.headers["content-type"].as_str()),
        ("PUT", "image/webp")
    );
    assert_eq!(upload.headers["content-length"], "7");
    assert!(upload.url.contains(KEY));
}

async fn a_link_names_its_object(bucket: impl PresignGet) {
    let link = bucket.presign_get(KEY, MINUTE).await.unwrap();
    assert!(link.contains(KEY) && link.contains("60"), "{link}");
}

async fn sign(
    bucket: &impl PresignPut,
    content_type: ImageType,
    content_length: u64,
) -> PresignedUpload {
    let upload = Upload {
        content_type,
        content_length,
    };
    bucket.presign_put(KEY, upload, MINUTE).await.unwrap()
}

macro_rules! contract {
    ($($clause:ident),+ $(,)?) => {$(
        mod $clause {
            use super::*;

            #[tokio::test]
            async fn in_memory() {
                super::$clause(MemoryBucket::default()).await;
            }

            #[tokio::test]
            async fn in_s3() {
                on_stack(async |stack| super::$clause(stack.bucket().await).await).await;
            }
        }
    )+};
}

contract! {
    nothing_is_there_before_it_is_written,
    an_object_is_read_as_it_was_written,
    the_etag_names_the_content,
    more_bytes_than_the_limit_are_an_error,
    what_is_expected_to_be_new_is_written_once,
    only_what_was_read_is_written_over,
    of_many_writers_at_once_one_wins,
    a_part_of_an_object_is_read,
    parts_of_another_content_are_not_read,
    a_large_object_is_written_and_read_in_parts,
    deleting_can_be_repeated,
    keys_are_listed_by_what_they_begin_with,
    an_upload_says_what_it_is_for,
    a_link_names_its_object,
}

/// A client as an app would be: it has a URL and some headers, and no credentials.
fn http() -> Client {
    // Taken already when another test was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

/// Sends an upload with these bytes, and this type in place of the declared one.
async fn send(upload: &PresignedUpload, content_type: &str, bytes: &[u8]) -> StatusCode {
    let mut request = http().put(&upload.url).body(bytes.to_vec());
    for (name, value) in &upload.headers {
        // The length is the client's own to count.
        if name != "content-length" && name != "host" && name != "content-type" {
            request = request.header(name, value);
        }
    }
    let request = request.header("content-type", content_type);
    request.send().await.unwrap().status()
}

/// A signed upload of seven bytes of JPEG in a bucket of the stack's.
async fn with_upload(test: impl AsyncFnOnce(Bucket, PresignedUpload)) {
    on_stack(async |stack| {
        let bucket = stack.bucket().await;
        let upload = sign(&bucket, ImageType::Jpeg, 7).await;
        test(bucket, upload).await;
    })
    .await;
}

#[tokio::test]
async fn an_upload_of_the_declared_type_and_length_is_accepted_by_s3() {
    with_upload(async |bucket, upload| {
        assert_eq!(send(&upload, "image/jpeg", b"7 bytes").await, 200);
        let head = bucket.head(KEY).await.unwrap().unwrap();
        assert_eq!(
            (head.length, head.content_type.as_deref()),
            (7, Some("image/jpeg"))
        );
    })
    .await;
}

#[tokio::test]
async fn an_upload_of_another_length_or_type_is_refused_by_s3() {
    with_upload(async |bucket, upload| {
        for (content_type, bytes) in [
            ("image/jpeg", b"8 bytes!".as_slice()),
            ("image/jpeg", b"6 byte"),
            ("image/jpeg", b""),
            ("image/png", b"7 bytes"),
            ("text/html", b"7 bytes"),
        ] {
            let status = send(&upload, content_type, bytes).await;
            assert_eq!(status, 403, "{} bytes of {content_type}", bytes.len());
        }
        assert_eq!(bucket.head(KEY).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn an_upload_cannot_be_moved_to_another_key_in_s3() {
    with_upload(async |_, upload| {
        let moved = PresignedUpload {
            url: upload.url.replace("clean.png", "other.png"),
            ..upload
        };
        assert_eq!(send(&moved, "image/jpeg", b"7 bytes").await, 403);
    })
    .await;
}

#[tokio::test]
async fn a_link_reads_its_object_and_no_other_from_s3() {
    on_stack(async |stack| {
        let bucket = stack.bucket().await;
        for key in [KEY, "items/other"] {
            let put = bucket.put_object(key, "image/png", b"content".to_vec());
            put.await.unwrap();
        }
        let link = bucket.presign_get(KEY, MINUTE).await.unwrap();
        let answer = http().get(&link).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "image/png");
        assert_eq!(answer.bytes().await.unwrap().as_ref(), b"content");
        let other = link.replace(KEY, "items/other");
        assert_eq!(http().get(other).send().await.unwrap().status(), 403);
    })
    .await;
}

#[tokio::test]
async fn a_link_runs_out_in_s3() {
    on_stack(async |stack| {
        let bucket = stack.bucket().await;
        let put = bucket.put_object(KEY, "image/png", b"content".to_vec());
        put.await.unwrap();
        let link = bucket
            .presign_get(KEY, Duration::from_secs(1))
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert_eq!(http().get(link).send().await.unwrap().status(), 403);
    })
    .await;
}

#[tokio::test]
async fn a_list_of_keys_may_be_longer_than_one_answer_of_s3() {
    on_stack(async |stack| {
        let bucket = stack.bucket().await;
        // S3 answers at most a thousand at once.
        let keys: Vec<_> = (0..1001).map(|n| format!("items/{n:04}")).collect();
        let puts = keys
            .iter()
            .map(|key| bucket.put_object(key, "image/png", vec![1]));
        futures::future::try_join_all(puts).await.unwrap();
        assert_eq!(bucket.list_keys("items/").await.unwrap(), keys);
        delete_all(&bucket, "items/").await.unwrap();
        assert_eq!(bucket.list_keys("items/").await.unwrap(), [""; 0]);
    })
    .await;
}
