//! The photos that a picture is made of.

use std::collections::HashMap;

use drape_common::store::{
    GetMany, StoreError,
    blob::{GetObject, Object},
    tables::item_key,
};
use drape_domain::{
    Item, TryOn,
    item::{Failure, ImageType, MAX_UPLOAD_BYTES},
};
use drape_vision::{Photo, PhotoError, decode};
use futures::future::{try_join, try_join_all};

use crate::renderer::Garment;

/// Why the photos are not there.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// They never will be; the person is told why.
    Photo(Failure),
    /// A store did not answer.
    Store(StoreError),
}

impl From<StoreError> for Unusable {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<PhotoError> for Unusable {
    fn from(error: PhotoError) -> Self {
        Self::Photo(Failure {
            code: error.code().into(),
            message: error.message(),
        })
    }
}

/// The body photo, and the garments in the try-on's order.
pub(crate) async fn fetch(
    tryon: &TryOn,
    items: &impl GetMany<Item>,
    uploads: &impl GetObject,
    media: &impl GetObject,
) -> Result<(Photo, Vec<Garment>), Unusable> {
    let (body, garments) = try_join(
        body_photo(tryon, uploads),
        garment_objects(tryon, items, media),
    )
    .await?;
    // Decoded one after the other, so that only one file is open at a time.
    let body = decode_object(&body)?;
    let garments = garments
        .iter()
        .map(|(item, object)| garment(item, object))
        .collect::<Result<_, _>>()?;
    Ok((body, garments))
}

async fn body_photo(tryon: &TryOn, uploads: &impl GetObject) -> Result<Object, Unusable> {
    let object = uploads
        .get_object(&tryon.body_key, MAX_UPLOAD_BYTES)
        .await?;
    object.ok_or_else(|| {
        Unusable::Photo(Failure {
            code: "photo_not_found".into(),
            message: "Your photo is no longer there. Please send it again.".into(),
        })
    })
}

async fn garment_objects(
    tryon: &TryOn,
    items: &impl GetMany<Item>,
    media: &impl GetObject,
) -> Result<Vec<(Item, Object)>, Unusable> {
    let keys: Vec<_> = tryon
        .items
        .iter()
        .map(|item| item_key(tryon.user_id, item.item_id))
        .collect();
    let found = items.get_many(&keys).await?;
    let found: HashMap<_, _> = found.into_iter().map(|item| (item.item_id, item)).collect();
    let objects = tryon.items.iter().map(async |wanted| {
        let gone = || {
            Unusable::Photo(Failure {
                code: "item_not_found".into(),
                message: format!("“{}” is no longer in your wardrobe.", wanted.title),
            })
        };
        let item = found.get(&wanted.item_id).ok_or_else(gone)?;
        // What is worn needs transparency, so a cutout is taken wherever there is one, whether or not it is
        // preferred for looking at.
        let images = &item.images;
        let key = images.clean.as_ref().or(images.original.as_ref());
        let key = key.ok_or_else(gone)?;
        // An item's images go before its row does.
        let object = media.get_object(key, MAX_UPLOAD_BYTES).await?;
        Ok::<_, Unusable>((item.clone(), object.ok_or_else(gone)?))
    });
    try_join_all(objects).await
}

fn garment(item: &Item, object: &Object) -> Result<Garment, Unusable> {
    let photo = decode_object(object).map_err(|error| {
        Unusable::Photo(Failure {
            code: error.code().into(),
            message: format!(
                "The picture of “{}” cannot be used. Please clean it again.",
                item.title()
            ),
        })
    })?;
    Ok(Garment {
        item_id: item.item_id,
        category: item.category(),
        photo,
        cutout_confidence: item.cutout_confidence(),
    })
}

fn decode_object(object: &Object) -> Result<Photo, PhotoError> {
    let stored = object.head.content_type.as_deref();
    let declared = [ImageType::Jpeg, ImageType::Png, ImageType::Webp]
        .into_iter()
        .find(|known| stored == Some(known.as_str()))
        .ok_or(PhotoError::UnsupportedFormat {
            kind: "no kind of photo that we know",
        })?;
    decode(&object.bytes, declared)
}
