//! The process dies right after any of its writes, and the next one makes it good.

use drape_common::{
    store::{Create, Get, Remove, queue::CleanItem, tables::item_key},
    testing::new_item,
};
use drape_domain::{
    Item, ItemStatus, ReturnFormat, Rgb, Timestamp, UserId,
    item::{Failure, Processed},
};

use super::world::{App, BROKEN, FAULT, MASK, OTHER, PHOTO, World, at_once, edit, on, run, upload};

/// Runs once undisturbed, then for each write once with a crash right after it and once more; the states must
/// be the same. Answers the number of writes.
async fn same_after_any_crash(item: Item, prepare: impl AsyncFn(&World)) -> i64 {
    let world = World::given(item.clone()).await;
    prepare(&world).await;
    world.run().await.unwrap();
    let expected = world.published().await;

    for writes in 1.. {
        let world = World::given(item.clone()).await;
        prepare(&world).await;
        world.fuse.blow_after(writes);
        let first = world.run().await;
        let crashed = world.fuse.is_blown();
        world.fuse.mend();
        assert_eq!(first.is_err(), crashed);
        if crashed {
            world.run().await.unwrap();
        }
        assert_eq!(world.published().await, expected, "after {writes} writes");
        if expected.0.is_none() {
            assert!(world.app.media.keys().is_empty());
        }
        if !crashed {
            return writes - 1;
        }
    }
    0
}

#[tokio::test]
async fn of_a_new_photo() {
    let writes =
        same_after_any_crash(new_item(UserId::new()), async |world| world.upload(PHOTO)).await;
    // Taken up; thumb, original, cutout and vector; finished.
    assert_eq!(writes, 6);
}

#[tokio::test]
async fn of_a_bad_photo() {
    let writes =
        same_after_any_crash(new_item(UserId::new()), async |world| world.upload(BROKEN)).await;
    assert_eq!(writes, 2);
}

#[tokio::test]
async fn of_a_new_request() {
    let writes = same_after_any_crash(new_item(UserId::new()), async |world| {
        world.upload(PHOTO);
        world.run().await.unwrap();
        world
            .ask(Some(Rgb([1, 2, 3])), Some(ReturnFormat::Jpeg))
            .await;
    })
    .await;
    // Taken up; thumb, original, cutout, flat image and vector; finished.
    assert_eq!(writes, 7);
}

#[tokio::test]
async fn of_a_photo_of_what_a_newer_item_shows_too() {
    let older = new_item(UserId::new());
    let newer = new_item(older.owner_id);
    let marked = async |world: &World| {
        let key = item_key(newer.owner_id, newer.item_id);
        world.app.items.get(&key).await.unwrap().unwrap()
    };
    for writes in 1.. {
        let world = World::given(older.clone()).await;
        world.upload(PHOTO);
        world.app.items.create(&newer).await.unwrap();
        let message = CleanItem {
            owner_id: newer.owner_id,
            item_id: newer.item_id,
        };
        upload(&world.app, message, PHOTO);
        run(&world.app, message).unwrap();
        world.fuse.blow_after(writes);
        let first = world.run().await;
        let crashed = world.fuse.is_blown();
        world.fuse.mend();
        assert_eq!(first.is_err(), crashed);
        world.run().await.unwrap();
        assert_eq!(marked(&world).await.duplicate_of, Some(older.item_id));
        assert_eq!(world.item().await.unwrap().status, ItemStatus::Ready);
        if !crashed {
            // As for any new photo, and the mark.
            assert_eq!(writes - 1, 7);
            return;
        }
    }
}

#[tokio::test]
async fn of_a_mask_that_has_come() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(PHOTO);
    world.run().await.unwrap();
    let place = world.ask_with_mask();
    let item = world.item().await.unwrap();
    let writes = same_after_any_crash(item, async |world| {
        world.upload(PHOTO);
        world.send_mask(&place, MASK);
    })
    .await;
    // Put in place, taken up; thumb, original, cutout and vector; finished.
    assert_eq!(writes, 7);
}

#[tokio::test]
async fn of_an_undoing() {
    let writes = same_after_any_crash(new_item(UserId::new()), async |world| {
        world.upload(PHOTO);
        world.run().await.unwrap();
        edit(&world.app, world.message, |item| {
            item.restore_original(Timestamp::UNIX_EPOCH)
        });
    })
    .await;
    // Taken up; thumb, original and vector; finished.
    assert_eq!(writes, 5);
}

#[tokio::test]
async fn of_a_request_after_the_upload_has_expired() {
    let writes = same_after_any_crash(new_item(UserId::new()), async |world| {
        world.upload(PHOTO);
        world.run().await.unwrap();
        world.expire_upload().await;
        world.ask(None, None).await;
    })
    .await;
    assert_eq!(writes, 5);
}

#[tokio::test]
async fn of_an_item_that_is_deleted_meanwhile() {
    let deleted = async |world: &World| {
        world.upload(PHOTO);
        world.while_looking(|app, message| {
            // The owner's own deletion does not die with the job.
            let items = app.items.clone();
            at_once(items.remove(&item_key(message.owner_id, message.item_id))).ok();
        });
    };
    let writes = same_after_any_crash(new_item(UserId::new()), deleted).await;
    // Taken up, deleted, four of work, and four to remove it all.
    assert_eq!(writes, 10);
}

/// A run is overtaken while it looks: `happens`, and another run works on that and finishes. Then the slow
/// one dies after any of its own writes and is tried again; the faster one's outcome must stand.
async fn the_faster_run_stands(happens: fn(&App, CleanItem)) {
    for writes in 1.. {
        let world = World::given(new_item(UserId::new())).await;
        world.upload(PHOTO);
        let fuse = world.fuse.clone();
        let (expect, expected) = std::sync::mpsc::channel();
        let (quick, slow) = (world.twin(), writes);
        world.while_looking(move |app, message| {
            happens(app, message);
            run(app, message).unwrap();
            expect.send(at_once(quick.published())).unwrap();
            fuse.blow_after(slow);
        });
        let first = world.run().await;
        let crashed = world.fuse.is_blown();
        world.fuse.mend();
        assert_eq!(first.is_err(), crashed);
        if crashed {
            world.run().await.unwrap();
        }
        assert_eq!(
            world.published().await,
            expected.recv().unwrap(),
            "after {writes} writes"
        );
        if !crashed {
            // Thumb, original and cutout of no use to anybody; the vector is refused.
            assert_eq!(writes - 1, 3);
            return;
        }
    }
}

#[tokio::test]
async fn of_a_run_that_a_newer_photo_has_overtaken() {
    the_faster_run_stands(|app, message| upload(app, message, OTHER)).await;
}

#[tokio::test]
async fn of_a_run_that_a_newer_request_has_overtaken() {
    the_faster_run_stands(|app, message| {
        edit(app, message, |item| {
            item.request_clean(on(Some(Rgb([1, 2, 3]))), Timestamp::UNIX_EPOCH)
        });
    })
    .await;
}

#[tokio::test]
async fn of_a_run_that_read_its_photo_before_the_newer_one_came() {
    // It found the older photo, and takes it up only after the newer one was finished.
    let world = World::given(new_item(UserId::new())).await;
    world.upload(PHOTO);
    world.run().await.unwrap();
    world.upload(OTHER);
    world.run().await.unwrap();
    let expected = world.published().await;
    edit(&world.app, world.message, |item| {
        item.take_up(&drape_common::hash::hex(PHOTO), Timestamp::UNIX_EPOCH)
    });
    world.run().await.unwrap();
    assert_eq!(world.published().await, expected);
}

#[tokio::test]
async fn a_photo_that_kills_every_run_ends_as_failed_and_can_be_asked_for_again() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(PHOTO);
    for _ in 0..4 {
        // It dies with the photo in hand, right after it was taken up.
        world.fuse.blow_after(1);
        assert!(world.run().await.is_err());
        world.fuse.mend();
        assert_eq!(world.item().await.unwrap().status, ItemStatus::Processing);
        world.a_minute_passes();
    }
    let looks = world.looks();
    world.run().await.unwrap();
    let item = world.item().await.unwrap();
    let error = item.error.unwrap();
    assert_eq!(
        (item.status, error.code.as_str(), world.looks()),
        (ItemStatus::Failed, "processing_failed", looks)
    );
    assert!(error.message.contains("try again"));

    world.ask(None, None).await;
    world.run().await.unwrap();
    assert_eq!(world.item().await.unwrap().status, ItemStatus::Ready);
}

#[tokio::test]
async fn a_fault_of_ours_that_outlives_the_retries_ends_as_failed() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(FAULT);
    for _ in 0..4 {
        assert!(world.run().await.is_err());
        world.a_minute_passes();
    }
    world.run().await.unwrap();
    let item = world.item().await.unwrap();
    assert_eq!(item.error.unwrap().code, "processing_failed");
}

#[tokio::test]
async fn many_messages_at_once_are_no_failures() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(PHOTO);
    for _ in 0..9 {
        world.while_looking(|app, message| run(app, message).unwrap());
    }
    world.run().await.unwrap();
    assert_eq!(world.item().await.unwrap().status, ItemStatus::Ready);
}

#[tokio::test]
async fn a_slow_run_that_was_given_up_may_still_succeed() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(PHOTO);
    world.while_looking(|app, message| {
        edit(app, message, |item| {
            let (processed, failure) = (item.work.clone().unwrap(), Failure::of_processing());
            let done = Processed {
                source_etag: processed.source_etag,
                seq: processed.seq,
            };
            item.fail_clean(done, failure, Timestamp::UNIX_EPOCH);
            true
        });
    });
    world.run().await.unwrap();
    let item = world.item().await.unwrap();
    assert_eq!((item.status, item.error), (ItemStatus::Ready, None));
}
