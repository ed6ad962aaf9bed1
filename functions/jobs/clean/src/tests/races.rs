//! What happens while a photo is being looked at.

use drape_common::{
    hash,
    store::{
        Create, Get, Remove,
        blob::{DeleteObject, keys},
        queue::CleanItem,
        tables::{Embedding, item_key},
    },
    testing::new_item,
};
use drape_domain::{
    Background, ItemId, ItemStatus, Rgb, Text, Timestamp, UserId,
    item::{
        CleanWish, Edit,
        edit::{Stroke, UnitPoint},
    },
};

use super::world::{MASK, OTHER, PHOTO, World, at_once, edit, on, run, upload};

async fn given_a_photo() -> World {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(PHOTO);
    world
}

/// What a single undisturbed run makes of the photo.
async fn undisturbed(world: &World, photo: &[u8]) -> World {
    let mut item = new_item(world.message.owner_id);
    item.item_id = world.message.item_id;
    let quiet = World::given(item).await;
    quiet.upload(photo);
    quiet.run().await.unwrap();
    quiet
}

#[tokio::test]
async fn events_that_come_twice_change_nothing() {
    let world = given_a_photo().await;
    world.run().await.unwrap();
    let settled = world.state();
    for _ in 0..3 {
        world.run().await.unwrap();
    }
    assert_eq!((world.state(), world.looks()), (settled, 1));
}

#[tokio::test]
async fn two_runs_at_once_end_as_one() {
    let world = given_a_photo().await;
    world.while_looking(|app, message| run(app, message).unwrap());
    world.run().await.unwrap();
    let quiet = undisturbed(&world, PHOTO).await;
    assert_eq!(world.published().await, quiet.published().await);
    assert_eq!(world.app.media.keys(), quiet.app.media.keys());
}

#[tokio::test]
async fn what_the_owner_types_meanwhile_stays() {
    let world = given_a_photo().await;
    world.while_looking(|app, message| {
        edit(app, message, |item| {
            item.typed.title = Some(Text::try_from("Mine").unwrap());
            true
        });
    });
    world.run().await.unwrap();
    let item = world.item().await.unwrap();
    assert_eq!(
        (item.status, item.title().as_str()),
        (ItemStatus::Ready, "Mine")
    );
    assert_eq!(world.looks(), 1);
}

#[tokio::test]
async fn an_item_that_is_deleted_meanwhile_leaves_nothing() {
    let world = given_a_photo().await;
    world.while_looking(|app, message| {
        at_once(
            app.items
                .remove(&item_key(message.owner_id, message.item_id)),
        )
        .unwrap();
    });
    world.run().await.unwrap();
    assert_eq!(world.state(), (vec![], vec![], vec![]));
}

#[tokio::test]
async fn an_event_after_the_deletion_removes_what_may_be_left() {
    let world = given_a_photo().await;
    world.run().await.unwrap();
    at_once(
        world
            .app
            .items
            .remove(&item_key(world.message.owner_id, world.message.item_id)),
    )
    .unwrap();
    world.run().await.unwrap();
    assert_eq!(world.state(), (vec![], vec![], vec![]));
}

#[tokio::test]
async fn a_deletion_half_way_is_not_undone() {
    // The upload is gone and the row still there: the state between two steps of a deletion.
    let world = given_a_photo().await;
    world.while_looking(|app, message| {
        at_once(
            app.uploads
                .delete_object(&keys::item_upload(message.owner_id, message.item_id)),
        )
        .unwrap();
        at_once(
            app.embeddings
                .remove(&Embedding::key_of(message.owner_id, message.item_id)),
        )
        .unwrap();
    });
    world.run().await.unwrap();
    at_once(
        world
            .app
            .items
            .remove(&item_key(world.message.owner_id, world.message.item_id)),
    )
    .unwrap();
    world.run().await.unwrap();
    assert_eq!(world.state(), (vec![], vec![], vec![]));
}

#[tokio::test]
async fn a_newer_photo_wins_whether_or_not_its_own_run_was_faster() {
    let newest_first: [fn(&super::world::App, _); 2] = [
        |app, message| upload(app, message, OTHER),
        |app, message| {
            upload(app, message, OTHER);
            run(app, message).unwrap();
        },
    ];
    for happens in newest_first {
        let world = given_a_photo().await;
        world.while_looking(happens);
        world.run().await.unwrap();
        let item = world.item().await.unwrap();
        assert_eq!(
            (item.status, item.processed.unwrap().source_etag),
            (ItemStatus::Ready, hash::hex(OTHER))
        );
        let quiet = undisturbed(&world, OTHER).await;
        assert_eq!(world.published().await, quiet.published().await);
    }
}

#[tokio::test]
async fn a_late_event_of_an_older_photo_looks_at_the_newest() {
    let world = given_a_photo().await;
    world.upload(OTHER);
    world.run().await.unwrap();
    world.run().await.unwrap();
    assert_eq!(
        world.image(|images| &images.clean).await.unwrap(),
        "cutout of other"
    );
    assert_eq!(world.looks(), 1);
}

#[tokio::test]
async fn a_newer_request_wins_whether_or_not_its_own_run_was_faster() {
    let red = Some(Rgb([255, 0, 0]));
    for faster in [false, true] {
        let world = given_a_photo().await;
        world.while_looking(move |app, message| {
            edit(app, message, |item| {
                item.request_clean(on(red), Timestamp::UNIX_EPOCH)
            });
            if faster {
                run(app, message).unwrap();
            }
        });
        world.run().await.unwrap();
        let item = world.item().await.unwrap();
        assert_eq!(
            (item.status, item.processed.unwrap().seq),
            (ItemStatus::Ready, 1)
        );
        assert_eq!(
            world.image(|images| &images.thumb).await.unwrap(),
            "thumb of photo on #FF0000"
        );
    }
}

#[tokio::test]
async fn a_cutout_that_is_wanted_only_now_is_made() {
    let mut item = new_item(UserId::new());
    item.background = Background::Original;
    let world = World::given(item).await;
    world.upload(PHOTO);
    world.while_looking(|app, message| {
        edit(app, message, |item| {
            item.background = Background::Clean;
            true
        });
    });
    world.run().await.unwrap();
    let item = world.item().await.unwrap();
    assert_eq!(item.status, ItemStatus::Ready);
    assert!(item.images.clean.is_some() && world.image(|images| &images.clean).await.is_some());
}

#[tokio::test]
async fn a_run_that_is_always_overtaken_gives_way_in_the_end() {
    let world = given_a_photo().await;
    for number in 0..10 {
        world.while_looking(move |app, message| {
            edit(app, message, |item| {
                item.request_clean(on(Some(Rgb([number; 3]))), Timestamp::UNIX_EPOCH)
            });
        });
    }
    assert!(world.run().await.is_err());
    world.run().await.unwrap_err();
    world.run().await.unwrap();
    assert_eq!(world.item().await.unwrap().status, ItemStatus::Ready);
}

#[tokio::test]
async fn a_request_waits_for_its_mask_and_is_worked_on_once_that_is_there() {
    let world = given_a_photo().await;
    world.run().await.unwrap();
    let place = world.ask_with_mask();
    let waiting = world.state();
    world.run().await.unwrap();
    assert_eq!((world.state(), world.looks()), (waiting, 1));

    world.send_mask(&place, MASK);
    world.run().await.unwrap();
    let item = world.item().await.unwrap();
    assert_eq!(
        (item.status, item.awaited_mask, item.processed.unwrap().seq),
        (ItemStatus::Ready, None, 1)
    );
    assert_eq!(
        world.image(|images| &images.clean).await.unwrap(),
        "cutout of photo by mask"
    );
    let settled = world.state();
    for _ in 0..2 {
        world.run().await.unwrap();
    }
    assert_eq!((world.state(), world.looks()), (settled, 2));
}

#[tokio::test]
async fn a_mask_for_a_request_that_was_overtaken_is_nothing() {
    let world = given_a_photo().await;
    world.run().await.unwrap();
    let (old, new) = (world.ask_with_mask(), world.ask_with_mask());
    world.send_mask(&old, MASK);
    let waiting = world.state();
    world.run().await.unwrap();
    assert_eq!(world.state(), waiting);
    world.send_mask(&new, MASK);
    world.ask(None, None).await;
    world.run().await.unwrap();
    let item = world.item().await.unwrap();
    assert!(item.clean.edit.is_empty() && item.status == ItemStatus::Ready);
}

#[tokio::test]
async fn a_cutout_that_is_undone_while_it_is_made_is_never_shown() {
    for faster in [false, true] {
        let world = given_a_photo().await;
        world.while_looking(move |app, message| {
            edit(app, message, |item| {
                item.restore_original(Timestamp::UNIX_EPOCH)
            });
            if faster {
                run(app, message).unwrap();
            }
        });
        world.run().await.unwrap();
        let item = world.item().await.unwrap();
        assert_eq!(
            (item.status, item.background),
            (ItemStatus::Ready, Background::Original)
        );
        assert_eq!(item.images.clean, None);
        assert!(item.images.thumb.unwrap().contains("-original/"));
        // And had back.
        world.ask(None, None).await;
        world.run().await.unwrap();
        assert_eq!(
            world.image(|images| &images.clean).await.unwrap(),
            "cutout of photo"
        );
    }
}

/// Another item of the same owner with the same photo, made later.
fn add_second(world: &World) -> CleanItem {
    let second = new_item(world.message.owner_id);
    at_once(world.app.items.create(&second)).unwrap();
    let message = CleanItem {
        owner_id: second.owner_id,
        item_id: second.item_id,
    };
    upload(&world.app, message, PHOTO);
    message
}

fn mark(world: &World, of: CleanItem) -> Option<ItemId> {
    let item = at_once(world.app.items.get(&item_key(of.owner_id, of.item_id)));
    item.unwrap().unwrap().duplicate_of
}

#[tokio::test]
async fn the_newer_of_two_items_with_the_same_garment_is_marked_in_whatever_order_they_are_worked_on()
 {
    for order in [[0, 1], [1, 0]] {
        let world = given_a_photo().await;
        let (first, second) = (world.message, add_second(&world));
        for which in order {
            run(&world.app, [first, second][which]).unwrap();
        }
        assert_eq!(
            (mark(&world, first), mark(&world, second)),
            (None, Some(first.item_id)),
            "{order:?}"
        );
    }
}

#[tokio::test]
async fn two_items_with_the_same_garment_that_are_worked_on_at_once_are_marked_once() {
    for newer_is_slower in [false, true] {
        let world = given_a_photo().await;
        let (first, second) = (world.message, add_second(&world));
        let (slow, fast) = if newer_is_slower {
            (second, first)
        } else {
            (first, second)
        };
        world.while_looking(move |app, _| run(app, fast).unwrap());
        run(&world.app, slow).unwrap();
        assert_eq!(
            (mark(&world, first), mark(&world, second)),
            (None, Some(first.item_id))
        );
    }
}

#[tokio::test]
async fn what_was_drawn_is_seen_by_the_eyes() {
    let world = given_a_photo().await;
    world.run().await.unwrap();
    edit(&world.app, world.message, |item| {
        let tap = vec![UnitPoint::new(0.5, 0.5).unwrap()];
        let tap = Stroke::new(tap, 0.02).unwrap();
        let wish = CleanWish {
            edit: Edit::new(None, vec![], vec![tap]).unwrap(),
            ..CleanWish::default()
        };
        item.request_clean(wish, Timestamp::UNIX_EPOCH)
    });
    // Also after the upload has gone: what is kept is the whole photo.
    world.expire_upload().await;
    world.run().await.unwrap();
    assert_eq!(
        world.image(|images| &images.clean).await.unwrap(),
        "cutout of original of photo -"
    );
}

#[tokio::test]
async fn a_mask_that_went_or_changed_since_it_came_is_a_reason() {
    for change in [None, Some(b"other mask")] {
        let world = given_a_photo().await;
        world.run().await.unwrap();
        let place = world.ask_with_mask();
        world.send_mask(&place, MASK);
        let uploads = world.app.uploads.clone();
        // The mask was put in place by a run that died.
        world.fuse.blow_after(1);
        assert!(world.run().await.is_err());
        world.fuse.mend();
        match change {
            Some(bytes) => world.send_mask(&place, bytes),
            None => at_once(uploads.delete_object(&place)).unwrap(),
        }
        world.run().await.unwrap();
        let item = world.item().await.unwrap();
        let error = item.error.unwrap();
        assert_eq!(
            (item.status, error.code.as_str()),
            (ItemStatus::Failed, "mask_missing")
        );
        assert!(item.images.clean.is_some(), "the cutout of before stays");
    }
}
