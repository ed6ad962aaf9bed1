//! Masks that owners draw ("Fix Image").

use drape_common::store::{
    Changed, Get, Save, StoreError,
    blob::{HeadObject, keys},
    change,
    tables::item_key,
};
use drape_domain::{Item, Timestamp, item::edit::Mask};

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
