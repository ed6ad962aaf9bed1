//! Publishers: one at a time wins, and one that is cut off does no harm.

use drape_common::{
    live::{Outcome, new_version, publish, resume, roll_back, standing},
    store::{
        blob::{DeleteObject, Expected},
        memory::{Fuse, MemoryBucket},
    },
};
use drape_domain::Timestamp;

use crate::world::{PREFIX, Watched, draft, live, put, value};

#[tokio::test]
async fn what_is_published_is_current_and_names_what_was_before() {
    let bucket = MemoryBucket::default();
    assert_eq!(
        standing(&bucket, PREFIX).await.unwrap().expected,
        Expected::Nothing
    );
    let first = put(&bucket, draft("v1", &[], &[1])).await;
    let second = put(&bucket, draft("v2", &first.files, &[2])).await;
    assert_eq!(
        standing(&bucket, PREFIX).await.unwrap().pointer,
        Some(second.clone())
    );
    assert_eq!(
        (first.previous, second.previous),
        (None, Some("v1".to_owned()))
    );
    let files: Vec<_> = second.files.iter().map(|file| file.key.as_str()).collect();
    assert_eq!(files, ["index/v1/1.txt", "index/v2/2.txt"]);
    assert_eq!(second.files[1].length, 1);
}

#[tokio::test]
async fn of_two_publishers_at_once_one_loses() {
    let bucket = MemoryBucket::default();
    put(&bucket, draft("v1", &[], &[1])).await;
    let seen = standing(&bucket, PREFIX).await.unwrap();
    let first = publish(&bucket, PREFIX, &seen, draft("v2", &[], &[2])).await;
    let second = publish(&bucket, PREFIX, &seen, draft("v3", &[], &[3])).await;
    assert!(matches!(first.unwrap(), Outcome::Published(_)));
    assert_eq!(second.unwrap(), Outcome::Lost);
    let current = standing(&bucket, PREFIX).await.unwrap().pointer.unwrap();
    assert_eq!(current.version, "v2");
}

#[tokio::test]
async fn a_publisher_cut_off_anywhere_leaves_the_old_version_or_the_new_one() {
    for writes in 1.. {
        let fuse = Fuse::default();
        let bucket = Watched::new(&MemoryBucket::new(&fuse));
        put(&bucket.bucket, draft("v1", &[], &[1])).await;
        let seen = standing(&bucket, PREFIX).await.unwrap();
        fuse.blow_after(writes);
        let cut_off = publish(&bucket.bucket, PREFIX, &seen, draft("v2", &[], &[2, 3])).await;
        fuse.mend();
        let live = live(&bucket);
        live.start().await;
        let (old, new) = (Some(vec![1]), Some(vec![2, 3]));
        assert!(
            [old, new.clone()].contains(&value(&live)),
            "after {writes} writes"
        );
        // The next run makes it right, whatever the first one got done.
        put(&bucket.bucket, draft("v3", &[], &[4])).await;
        if cut_off.is_ok() {
            assert_eq!((value(&live), writes), (new, 5));
            break;
        }
    }
}

#[tokio::test]
async fn an_unreadable_pointer_is_written_over() {
    let bucket = MemoryBucket::default();
    bucket.upload("index/current.json", "text/plain", b"{");
    assert_eq!(standing(&bucket, PREFIX).await.unwrap().pointer, None);
    put(&bucket, draft("v1", &[], &[1])).await;
    assert!(standing(&bucket, PREFIX).await.unwrap().pointer.is_some());
}

#[tokio::test]
async fn going_back_makes_an_earlier_version_current_and_holds_it() {
    let bucket = MemoryBucket::default();
    put(&bucket, draft("v1", &[], &[1])).await;
    put(&bucket, draft("v2", &[], &[2])).await;
    let outcome = roll_back(&bucket, PREFIX, "v1").await.unwrap();
    let Outcome::Published(pointer) = outcome else {
        panic!("nobody else publishes");
    };
    assert_eq!((pointer.version.as_str(), pointer.held), ("v1", true));
    assert_eq!(pointer.previous.as_deref(), Some("v2"));
    let live = live(&Watched::new(&bucket));
    live.start().await;
    assert_eq!(value(&live), Some(vec![1]));

    assert!(resume(&bucket, PREFIX).await.unwrap());
    assert!(!resume(&bucket, PREFIX).await.unwrap());
    let current = standing(&bucket, PREFIX).await.unwrap().pointer.unwrap();
    assert_eq!((current.version.as_str(), current.held), ("v1", false));
}

#[tokio::test]
async fn there_is_no_going_back_to_what_is_not_there() {
    let bucket = MemoryBucket::default();
    put(&bucket, draft("v1", &[], &[1])).await;
    let second = put(&bucket, draft("v2", &[], &[2])).await;
    bucket.delete_object("index/v1/1.txt").await.unwrap();
    let other = new_version(Timestamp::UNIX_EPOCH);
    for version in ["v1", "v9", &other, "../models/v1", ""] {
        assert!(
            roll_back(&bucket, PREFIX, version).await.is_err(),
            "{version}"
        );
    }
    assert_eq!(
        standing(&bucket, PREFIX).await.unwrap().pointer,
        Some(second)
    );
}
