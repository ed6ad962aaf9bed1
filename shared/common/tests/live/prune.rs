//! Old versions go, and nothing that somebody may need.

use drape_common::{
    live::{Keep, prune, roll_back},
    store::memory::{Fuse, MemoryBucket},
};
use drape_domain::Timestamp;
use time::macros::datetime;

use crate::world::{PREFIX, draft, put};

const LATER: Timestamp = datetime!(2027-01-01 00:00 UTC);

fn keep(newest: usize, days: usize) -> Keep {
    Keep {
        newest,
        days,
        since: LATER,
    }
}

/// A base on the first day, deltas over it on two days, then another base.
async fn history(bucket: &MemoryBucket) {
    let base = put(bucket, draft("20261101T000000Z-a", &[], &[1])).await;
    for (number, version) in [
        (2, "20261101T120000Z-b"),
        (3, "20261102T000000Z-c"),
        (4, "20261102T120000Z-d"),
    ] {
        put(bucket, draft(version, &base.files, &[number])).await;
    }
    put(bucket, draft("20261103T000000Z-e", &[], &[5])).await;
}

fn files(bucket: &MemoryBucket) -> Vec<String> {
    let keys = bucket.keys();
    let files = keys.iter().filter_map(|key| key.rsplit('/').next());
    files
        .filter(|name| name.ends_with(".txt"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn the_current_and_the_previous_version_stay_with_all_their_files() {
    let bucket = MemoryBucket::default();
    history(&bucket).await;
    // Descriptions of three versions and the files of two.
    assert_eq!(prune(&bucket, PREFIX, keep(0, 0)).await.unwrap(), 5);
    assert_eq!(files(&bucket), ["1.txt", "4.txt", "5.txt"]);
    assert_eq!(prune(&bucket, PREFIX, keep(0, 0)).await.unwrap(), 0);
}

#[tokio::test]
async fn the_newest_stay_and_the_last_ones_of_some_days() {
    for (keep, left) in [
        (keep(3, 0), vec!["1.txt", "3.txt", "4.txt", "5.txt"]),
        (keep(0, 3), vec!["1.txt", "2.txt", "4.txt", "5.txt"]),
        (
            keep(9, 9),
            vec!["1.txt", "2.txt", "3.txt", "4.txt", "5.txt"],
        ),
    ] {
        let bucket = MemoryBucket::default();
        history(&bucket).await;
        prune(&bucket, PREFIX, keep).await.unwrap();
        assert_eq!(files(&bucket), left, "{keep:?}");
    }
}

#[tokio::test]
async fn a_version_that_was_gone_back_to_stays() {
    let bucket = MemoryBucket::default();
    history(&bucket).await;
    roll_back(&bucket, PREFIX, "20261101T120000Z-b")
        .await
        .unwrap();
    prune(&bucket, PREFIX, keep(0, 0)).await.unwrap();
    assert_eq!(files(&bucket), ["1.txt", "2.txt", "5.txt"]);
}

#[tokio::test]
async fn what_may_be_about_to_be_published_stays_and_what_never_was_goes() {
    let bucket = MemoryBucket::default();
    history(&bucket).await;
    for key in [
        "index/20261102T130000Z-x/6.txt",
        "index/20261104T000000Z-y/7.txt",
    ] {
        bucket.upload(key, "text/plain", b"6");
    }
    let since = datetime!(2026-11-03 12:00 UTC);
    let keep = Keep {
        since,
        ..keep(0, 0)
    };
    prune(&bucket, PREFIX, keep).await.unwrap();
    assert_eq!(files(&bucket), ["1.txt", "4.txt", "5.txt", "7.txt"]);
}

#[tokio::test]
async fn nothing_goes_while_the_pointer_cannot_be_read() {
    let bucket = MemoryBucket::default();
    history(&bucket).await;
    bucket.upload("index/current.json", "text/plain", b"{");
    assert_eq!(prune(&bucket, PREFIX, keep(0, 0)).await.unwrap(), 0);
}

#[tokio::test]
async fn a_cleaning_up_cut_off_anywhere_leaves_no_version_without_its_files() {
    for writes in 1.. {
        let fuse = Fuse::default();
        let bucket = MemoryBucket::new(&fuse);
        history(&bucket).await;
        fuse.blow_after(writes);
        let cut_off = prune(&bucket, PREFIX, keep(0, 0)).await;
        fuse.mend();
        let described = bucket.keys().into_iter().filter_map(|key| {
            let version = key.strip_prefix("index/")?.strip_suffix("/version.json")?;
            Some(version.to_owned())
        });
        let described: Vec<_> = described.collect();
        for version in &described {
            let whole = roll_back(&bucket, PREFIX, version).await;
            assert!(whole.is_ok(), "{version} after {writes} writes");
        }
        if cut_off.is_ok() {
            assert_eq!(described.len(), 2);
            break;
        }
    }
}
