//! The process dies right after any of its writes, and the next one makes it good.

use drape_common::{
    store::{Remove, tables::item_key},
    testing::new_item,
};
use drape_domain::{Item, ReturnFormat, Rgb, UserId};

use super::world::{BROKEN, PHOTO, World, at_once};

/// Runs once undisturbed, then for each write once with a crash right after it and once more; the states must
/// be the same. Answers the number of writes.
async fn same_after_any_crash(item: Item, prepare: impl AsyncFn(&World)) -> i64 {
    let world = World::given(item.clone()).await;
    prepare(&world).await;
    world.run().await.unwrap();
    let expected = world.state();

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
        assert_eq!(world.state(), expected, "after {writes} writes");
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
    // Thumb, original, cutout, flat image and vector; finished.
    assert_eq!(writes, 6);
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
    assert_eq!(writes, 4);
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
    // Taken up, deleted, four of work, and six to remove it all.
    assert_eq!(writes, 12);
}
