//! Readers follow the pointer, and keep what they have when it leads nowhere.

use std::time::{Duration, Instant};

use drape_common::store::blob::{DeleteObject, PutObject};
use serde_json::{Value, json};

use crate::world::{Numbers, Watched, draft, live, put, value};

const CURRENT: &str = "index/current.json";

/// A reader and its requests.
struct Instance {
    live: Numbers,
    now: Instant,
}

impl Instance {
    async fn start(bucket: &Watched) -> Self {
        let live = live(bucket);
        live.start().await;
        Self {
            live,
            now: Instant::now(),
        }
    }

    /// Requests come in for so long, one a second.
    async fn requests(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now += Duration::from_secs(1);
            if let Some(check) = self.live.refresh_at(self.now) {
                check.await.unwrap();
            }
        }
    }

    fn value(&self) -> Option<Vec<u64>> {
        value(&self.live)
    }
}

async fn overwrite(bucket: &Watched, key: &str, bytes: &[u8]) {
    let put = bucket.bucket.put_object(key, "text/plain", bytes.to_vec());
    put.await.unwrap();
}

fn pointer(bucket: &Watched) -> Value {
    serde_json::from_slice(&bucket.bucket.bytes(CURRENT).unwrap()).unwrap()
}

#[tokio::test]
async fn nothing_published_is_nothing_until_something_is() {
    let bucket = Watched::default();
    let mut instance = Instance::start(&bucket).await;
    assert_eq!(instance.value(), None);
    put(&bucket.bucket, draft("v1", &[], &[7])).await;
    instance.requests(60).await;
    assert_eq!(instance.value(), Some(vec![7]));
}

#[tokio::test]
async fn a_new_version_is_in_use_within_a_minute_and_no_request_waits_for_it() {
    let bucket = Watched::default();
    put(&bucket.bucket, draft("v1", &[], &[1, 2])).await;
    let mut instance = Instance::start(&bucket).await;
    assert_eq!(instance.value(), Some(vec![1, 2]));
    put(&bucket.bucket, draft("v2", &[], &[3])).await;
    instance.requests(29).await;
    let later = instance.now + Duration::from_secs(1);
    let check = instance.live.refresh_at(later).unwrap();
    assert_eq!(
        instance.value(),
        Some(vec![1, 2]),
        "the check runs beside it"
    );
    check.await.unwrap();
    assert_eq!(instance.value(), Some(vec![3]));
    assert_eq!(instance.live.current().unwrap().pointer.version, "v2");
}

#[tokio::test]
async fn the_pointer_is_not_looked_at_with_every_request() {
    let bucket = Watched::default();
    put(&bucket.bucket, draft("v1", &[], &[1])).await;
    let mut instance = Instance::start(&bucket).await;
    put(&bucket.bucket, draft("v2", &[], &[2])).await;
    instance.requests(29).await;
    assert_eq!(instance.value(), Some(vec![1]));
}

#[tokio::test]
async fn what_a_request_holds_stays_while_it_is_replaced() {
    let bucket = Watched::default();
    put(&bucket.bucket, draft("v1", &[], &[1])).await;
    let mut instance = Instance::start(&bucket).await;
    let held = instance.live.current().unwrap();
    put(&bucket.bucket, draft("v2", &[], &[2])).await;
    instance.requests(60).await;
    assert_eq!(
        (held.value.as_slice(), instance.value()),
        (&[1][..], Some(vec![2]))
    );
}

#[tokio::test]
async fn a_file_that_two_versions_share_is_read_once() {
    let bucket = Watched::default();
    let first = put(&bucket.bucket, draft("v1", &[], &[1])).await;
    let mut instance = Instance::start(&bucket).await;
    put(&bucket.bucket, draft("v2", &first.files, &[2])).await;
    instance.requests(60).await;
    assert_eq!((instance.value(), bucket.reads()), (Some(vec![1, 2]), 2));
}

/// Spoils the second of two versions, whose only file is `index/v2/2.txt`.
async fn spoil(bucket: &Watched, how: &str) {
    let file = "index/v2/2.txt";
    let mut changed = pointer(bucket);
    match how {
        "a missing file" => return bucket.bucket.delete_object(file).await.unwrap(),
        "a truncated file" => return overwrite(bucket, file, b"").await,
        "another content" => return overwrite(bucket, file, b"3").await,
        "a truncated pointer" => return overwrite(bucket, CURRENT, b"{\"version\": ").await,
        "a pointer to elsewhere" => changed["files"][0]["key"] = json!("secrets/2.txt"),
        "a pointer to nothing" => changed["files"] = json!([]),
        "a file that is too large" => changed["files"][0]["length"] = json!(101),
        _ => panic!("{how}"),
    }
    overwrite(bucket, CURRENT, changed.to_string().as_bytes()).await;
}

const SPOILT: [&str; 7] = [
    "a missing file",
    "a truncated file",
    "another content",
    "a truncated pointer",
    "a pointer to elsewhere",
    "a pointer to nothing",
    "a file that is too large",
];

#[tokio::test]
async fn the_old_version_serves_on_while_the_new_one_is_broken() {
    for how in SPOILT {
        let bucket = Watched::default();
        put(&bucket.bucket, draft("v1", &[], &[1])).await;
        let mut instance = Instance::start(&bucket).await;
        put(&bucket.bucket, draft("v2", &[], &[2])).await;
        spoil(&bucket, how).await;
        instance.requests(60).await;
        assert_eq!(instance.value(), Some(vec![1]), "{how}");
        // The next good one is used again.
        put(&bucket.bucket, draft("v3", &[], &[3])).await;
        instance.requests(60).await;
        assert_eq!(instance.value(), Some(vec![3]), "{how}");
    }
}

#[tokio::test]
async fn a_version_that_the_program_cannot_use_does_not_replace_the_old_one() {
    // Not a number, a number that is too new, and one over which the program stumbles.
    for strange in [b"seven".as_slice(), b"99", b"13"] {
        let bucket = Watched::default();
        put(&bucket.bucket, draft("v1", &[], &[1])).await;
        let mut instance = Instance::start(&bucket).await;
        let mut second = draft("v2", &[], &[2]);
        second.made[0].1 = strange.to_vec();
        put(&bucket.bucket, second).await;
        instance.requests(60).await;
        assert_eq!(instance.value(), Some(vec![1]));
    }
}

#[tokio::test]
async fn a_broken_version_is_not_read_again_and_again() {
    let bucket = Watched::default();
    put(&bucket.bucket, draft("v1", &[], &[1])).await;
    let mut instance = Instance::start(&bucket).await;
    put(&bucket.bucket, draft("v2", &[], &[99])).await;
    instance.requests(500).await;
    assert_eq!(bucket.reads(), 2);
    // A fault of this instance's may have passed.
    instance.requests(300).await;
    assert_eq!(bucket.reads(), 3);
}

#[tokio::test]
async fn an_instance_that_starts_on_a_broken_version_uses_the_one_before() {
    for how in SPOILT {
        let bucket = Watched::default();
        put(&bucket.bucket, draft("v1", &[], &[1])).await;
        put(&bucket.bucket, draft("v2", &[], &[2])).await;
        spoil(&bucket, how).await;
        let mut instance = Instance::start(&bucket).await;
        // A pointer that cannot be read does not say what was before.
        let expected = (!how.contains("pointer")).then(|| vec![1]);
        assert_eq!(instance.value(), expected.clone(), "{how}");
        let reads = bucket.reads();
        instance.requests(60).await;
        assert_eq!(
            (instance.value(), bucket.reads()),
            (expected, reads),
            "{how}"
        );
        put(&bucket.bucket, draft("v3", &[], &[3])).await;
        instance.requests(60).await;
        assert_eq!(instance.value(), Some(vec![3]), "{how}");
    }
}

#[tokio::test]
async fn a_pointer_that_is_gone_changes_nothing() {
    let bucket = Watched::default();
    put(&bucket.bucket, draft("v1", &[], &[1])).await;
    let mut instance = Instance::start(&bucket).await;
    bucket.bucket.delete_object(CURRENT).await.unwrap();
    instance.requests(60).await;
    assert_eq!(instance.value(), Some(vec![1]));
}

#[tokio::test]
async fn a_store_out_of_order_is_asked_again_at_the_next_check() {
    // Wherever it happens: pointer, head, or every try of a part.
    for well in 0..3 {
        let bucket = Watched::default();
        put(&bucket.bucket, draft("v1", &[], &[1])).await;
        let mut instance = Instance::start(&bucket).await;
        put(&bucket.bucket, draft("v2", &[], &[2])).await;
        bucket.fail(well, 3);
        instance.requests(59).await;
        assert_eq!(instance.value(), Some(vec![1]), "after {well} calls");
        instance.requests(120).await;
        assert_eq!(instance.value(), Some(vec![2]), "after {well} calls");
    }
}
