//! Masks that owners draw ("Fix Image").

use drape_common::store::{
    Changed, Get, Save, StoreError,
    blob::{GetObject, HeadObject, keys},
    change,
    tables::item_key,
};
use drape_domain::{
    Item, Timestamp,
    item::{
        Failure,
        edit::{MAX_MASK_BYTES, Mask},
    },
};

/// The item, whose waiting request counts from now on if its mask has come; none if the item has gone.
pub(crate) async fn take_in(
    item: Item,
    items: &(impl Get<Item> + Save<Item>),
    uploads: &impl HeadObject,
    now: Timestamp,
) -> Result<Option<Item>, StoreError> {
    let (owner, id) = (item.owner_id, item.item_id);
    let Some(awaited) = &item.awaited_mask else {
        return Ok(Some(item));
    };
    let upload = awaited.upload;
    let place = keys::item_mask(owner, id, upload);
    let Some(head) = uploads.head(&place).await? else {
        return Ok(Some(item));
    };
    let mask = Mask {
        key: place,
        etag: head.etag,
    };
    let key = item_key(owner, id);
    let changed = change(items, &key, |item| {
        item.mask_arrived(upload, mask.clone(), now)
    });
    Ok(match changed.await? {
        Changed::Missing => None,
        Changed::Kept(item) | Changed::Written(item) => Some(item),
    })
}

/// The mask's bytes, or why it cannot be had.
pub(crate) async fn fetch(
    mask: &Mask,
    uploads: &(impl HeadObject + GetObject),
) -> Result<Result<Vec<u8>, Failure>, StoreError> {
    // S3 refuses one that is larger than it was announced, unless somebody else than the app has put it there.
    let head = uploads.head(&mask.key).await?;
    if head.is_none_or(|head| head.etag != mask.etag || head.length > MAX_MASK_BYTES) {
        return Ok(Err(gone()));
    }
    let object = uploads.get_object(&mask.key, MAX_MASK_BYTES).await?;
    let object = object.filter(|object| object.head.etag == mask.etag);
    Ok(object.map(|object| object.bytes).ok_or_else(gone))
}

/// For a mask that is no longer what was sent for the request.
fn gone() -> Failure {
    Failure {
        code: "mask_missing".to_owned(),
        message: "What you drew is no longer stored. Please draw it again.".to_owned(),
    }
}
