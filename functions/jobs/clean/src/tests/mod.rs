mod crashes;
mod events;
mod races;
mod world;

use drape_common::{
    hash,
    store::{Get, blob::keys, tables::Embedding},
    testing::new_item,
};
use drape_domain::{Background, ItemStatus, ReturnFormat, Rgb, UserId, item::MAX_UPLOAD_BYTES};
use drape_vision::MODEL_ID;

use world::{BROKEN, PHOTO, World};

#[tokio::test]
async fn a_photo_becomes_images_tags_and_a_vector() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(PHOTO);

    world.run().await.unwrap();

    let item = world.item().await.unwrap();
    assert_eq!(
        (item.status, item.title().as_str()),
        (ItemStatus::Ready, "navy shirt")
    );
    let done = item.processed.unwrap();
    assert_eq!((done.source_etag, done.seq), (hash::hex(PHOTO), 0));
    assert_eq!(
        world.image(|images| &images.original).await.unwrap(),
        "original of photo"
    );
    assert_eq!(
        world.image(|images| &images.clean).await.unwrap(),
        "cutout of photo"
    );
    assert_eq!(
        world.image(|images| &images.thumb).await.unwrap(),
        "thumb of photo on none"
    );
    for key in [
        &item.images.original,
        &item.images.clean,
        &item.images.thumb,
    ] {
        assert!(world.app.media.keys().contains(key.as_ref().unwrap()));
    }
    assert_eq!(item.images.flat, None);
    let vector = Embedding::key_of(item.owner_id, item.item_id);
    let vector = world.app.embeddings.get(&vector).await.unwrap().unwrap();
    assert_eq!(
        (vector.floats(), vector.model.as_str()),
        (vec![0.6, 0.8], MODEL_ID)
    );
    let reference = item.embedding.unwrap();
    assert_eq!((reference.model.as_str(), reference.dim), (MODEL_ID, 2));
}

#[tokio::test]
async fn an_original_is_not_cut_out_but_gets_the_rest() {
    let mut item = new_item(UserId::new());
    item.background = Background::Original;
    let world = World::given(item).await;
    world.upload(PHOTO);
    world.run().await.unwrap();
    let item = world.item().await.unwrap();
    assert_eq!(
        (item.status, &item.images.clean),
        (ItemStatus::Ready, &None)
    );
    assert!(item.images.thumb.is_some() && item.inferred.is_some() && item.embedding.is_some());
    assert_eq!(world.image(|images| &images.clean).await, None);
}

#[tokio::test]
async fn an_item_without_its_photo_waits() {
    let world = World::given(new_item(UserId::new())).await;
    let before = world.state();
    world.run().await.unwrap();
    assert_eq!(world.state(), before);
}

#[tokio::test]
async fn a_bad_photo_fails_with_a_reason_and_is_not_tried_again() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(BROKEN);
    world.run().await.unwrap();
    let item = world.item().await.unwrap();
    assert_eq!(item.status, ItemStatus::Failed);
    let error = item.error.unwrap();
    assert_eq!(error.code, "corrupt_image");
    assert!(error.message.contains("damaged"));

    let settled = world.state();
    world.run().await.unwrap();
    assert_eq!((world.state(), world.looks()), (settled, 1));
    assert!(world.app.media.keys().is_empty() && world.app.embeddings.is_empty());
}

#[tokio::test]
async fn a_photo_that_panics_the_decoder_is_a_bad_photo() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(world::PANIC);
    world.run().await.unwrap();
    let item = world.item().await.unwrap();
    assert_eq!(
        (item.status, item.error.unwrap().code.as_str()),
        (ItemStatus::Failed, "corrupt_image")
    );
}

#[tokio::test]
async fn a_fault_of_ours_is_tried_again_and_blames_no_photo() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(world::FAULT);
    assert!(world.run().await.is_err());
    assert_eq!(world.item().await.unwrap().status, ItemStatus::Processing);
}

#[tokio::test]
async fn a_file_that_is_not_the_announced_one_is_never_read() {
    for (length, code) in [
        (MAX_UPLOAD_BYTES as usize + 1, "file_too_large"),
        (7, "length_mismatch"),
    ] {
        let world = World::given(new_item(UserId::new())).await;
        world.upload(&vec![0; length]);
        world.run().await.unwrap();
        let item = world.item().await.unwrap();
        assert_eq!(
            (item.status, item.error.unwrap().code.as_str()),
            (ItemStatus::Failed, code)
        );
        assert_eq!(world.looks(), 0);
    }
}

#[tokio::test]
async fn a_better_photo_after_a_bad_one_makes_the_item_ready() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(BROKEN);
    world.run().await.unwrap();
    world.upload(PHOTO);
    world.run().await.unwrap();
    let item = world.item().await.unwrap();
    assert_eq!((item.status, item.error), (ItemStatus::Ready, None));
}

#[tokio::test]
async fn a_new_cutout_is_made_as_asked() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(PHOTO);
    world.run().await.unwrap();
    world
        .ask(Some(Rgb([1, 2, 3])), Some(ReturnFormat::Png))
        .await;
    world.run().await.unwrap();
    let item = world.item().await.unwrap();
    assert_eq!(
        (item.status, item.processed.unwrap().seq),
        (ItemStatus::Ready, 1)
    );
    assert!(item.images.flat.unwrap().ends_with(keys::FLAT_PNG));
    assert_eq!(
        world.image(|images| &images.flat).await.unwrap(),
        "flat of photo on #010203"
    );
    assert_eq!(
        world.image(|images| &images.thumb).await.unwrap(),
        "thumb of photo on #010203"
    );
}

#[tokio::test]
async fn after_the_upload_has_expired_the_kept_original_is_cut_out() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(PHOTO);
    world.run().await.unwrap();
    world.expire_upload().await;
    world.ask(None, None).await;
    world.run().await.unwrap();
    let item = world.item().await.unwrap();
    let done = item.processed.unwrap();
    assert_eq!(
        (item.status, done.source_etag, done.seq),
        (ItemStatus::Ready, hash::hex(PHOTO), 1)
    );
    assert_eq!(
        world.image(|images| &images.clean).await.unwrap(),
        "cutout of original of photo"
    );
    // Read again, but not written again.
    assert_eq!(
        world.image(|images| &images.original).await.unwrap(),
        "original of photo"
    );
}

#[tokio::test]
async fn a_request_for_a_photo_of_which_nothing_is_left_ends() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(BROKEN);
    world.run().await.unwrap();
    world.expire_upload().await;
    world.ask(None, None).await;
    world.run().await.unwrap();
    let item = world.item().await.unwrap();
    assert_eq!(
        (item.status, item.error.unwrap().code.as_str()),
        (ItemStatus::Failed, "photo_missing")
    );
    let settled = world.state();
    world.run().await.unwrap();
    assert_eq!(world.state(), settled);
}
