//! Which photo to work on.

use drape_common::store::{
    StoreError,
    blob::{GetObject, HeadObject, keys},
};
use drape_domain::{
    Item, ItemStatus,
    item::{Failure, ImageType, MAX_UPLOAD_BYTES},
};
use drape_vision::PhotoError;

/// The photo to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// Names its content; of an upload that has expired, the one that was recorded.
    pub(crate) etag: String,
    pub(crate) declared: ImageType,
    /// Key of the upload, or of the original that was made of it.
    pub(crate) key: String,
    /// Whether the upload is still there.
    pub(crate) is_upload: bool,
    /// In bytes.
    length: Option<u64>,
}

/// What there is to work on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Photo(Source),
    /// The upload is still to come.
    NotYet,
    /// There was an upload, and nothing is left of it.
    Gone,
}

/// What there is to work on for the item: the upload, or after it expired the original that was kept.
pub(crate) async fn find(item: &Item, uploads: &impl HeadObject) -> Result<Found, StoreError> {
    let key = keys::item_upload(item.owner_id, item.item_id);
    if let Some(head) = uploads.head(&key).await? {
        return Ok(Found::Photo(Source {
            etag: head.etag,
            declared: item.upload.content_type,
            key,
            is_upload: true,
            length: Some(head.length),
        }));
    }
    Ok(match (&item.images.original, &item.processed) {
        (Some(original), Some(done)) => Found::Photo(Source {
            etag: done.source_etag.clone(),
            declared: ImageType::Jpeg,
            key: original.clone(),
            is_upload: false,
            length: None,
        }),
        _ if item.status == ItemStatus::AwaitingUpload => Found::NotYet,
        _ => Found::Gone,
    })
}

impl Source {
    /// What is wrong with an upload that is not the declared one; S3 refuses those, unless somebody else
    /// than the app has put it there.
    pub(crate) fn misfit(&self, item: &Item) -> Option<Failure> {
        match self.length {
            Some(length) if length > MAX_UPLOAD_BYTES => Some(failure(&PhotoError::FileTooLarge {
                limit: MAX_UPLOAD_BYTES,
            })),
            Some(length) if length != item.upload.content_length => Some(Failure {
                code: "length_mismatch".to_owned(),
                message: "This file is not the one that was announced. Please send it again."
                    .to_owned(),
            }),
            _ => None,
        }
    }

    /// The photo's bytes; none if it has gone or changed since it was found.
    pub(crate) async fn fetch(
        &self,
        uploads: &impl GetObject,
        media: &impl GetObject,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        if self.is_upload {
            let object = uploads.get_object(&self.key, MAX_UPLOAD_BYTES).await?;
            return Ok(object
                .filter(|object| object.head.etag == self.etag)
                .map(|object| object.bytes));
        }
        // Our own file: of at most 2,048 pixels each way, so it needs no limit of its own.
        let object = media.get_object(&self.key, MAX_UPLOAD_BYTES).await?;
        Ok(object.map(|object| object.bytes))
    }
}

/// A photo's fault as it is recorded.
pub(crate) fn failure(error: &PhotoError) -> Failure {
    Failure {
        code: error.code().to_owned(),
        message: error.message(),
    }
}

/// For a photo of which nothing is left.
pub(crate) fn gone() -> Failure {
    Failure {
        code: "photo_missing".to_owned(),
        message: "This photo is no longer stored. Please add the garment again.".to_owned(),
    }
}
