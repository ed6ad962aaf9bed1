//! Objects in buckets.

use std::{future::Future, time::Duration};

use drape_domain::{Timestamp, item::Upload};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use super::StoreError;

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// Names the content; without quotes.
    pub etag: String,
    /// In bytes.
    pub length: u64,
    /// As stored.
    pub content_type: Option<String>,
}

/// An object with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What is known of it.
    pub head: ObjectHead,
    /// The content.
    pub bytes: Vec<u8>,
}

/// A request that a client may send without credentials, until it expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PresignedUpload {
    /// HTTP method.
    pub method: &'static str,
    /// Where to send it.
    pub url: String,
    /// Must be sent as they are: they are part of the signature.
    pub headers: std::collections::BTreeMap<String, String>,
    /// When it stops working.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: Timestamp,
}

/// Looks at an object.
pub trait HeadObject: Send + Sync {
    /// None if there is no such object.
    fn head(
        &self,
        key: &str,
    ) -> impl Future<Output = Result<Option<ObjectHead>, StoreError>> + Send;
}

/// Reads an object.
pub trait GetObject: Send + Sync {
    /// None if there is no such object; an error if it is larger than `limit` bytes.
    fn get_object(
        &self,
        key: &str,
        limit: u64,
    ) -> impl Future<Output = Result<Option<Object>, StoreError>> + Send;
}

/// Writes an object.
pub trait PutObject: Send + Sync {
    /// Stores the content, over what was there.
    fn put_object(
        &self,
        key: &str,
        content_type: &'static str,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What a conditional write must find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// No object.
    Nothing,
    /// The object with this etag.
    Etag(String),
}

/// Writes an object if nobody else has written since it was read.
pub trait PutIf: Send + Sync {
    /// Stores the content over what is expected to be there. False, and nothing written, if something else is
    /// there or is just being written.
    fn put_if(
        &self,
        key: &str,
        content_type: &'static str,
        bytes: Vec<u8>,
        expected: &Expected,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Removes an object.
pub trait DeleteObject: Send + Sync {
    /// Does nothing if there is none.
    fn delete_object(&self, key: &str) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Lists objects.
pub trait ListKeys: Send + Sync {
    /// Every key that begins with `prefix`, in order.
    fn list_keys(
        &self,
        prefix: &str,
    ) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;
}

/// Removes every object whose key begins with `prefix`.
///
/// # Errors
/// When the store fails; some of the objects may be gone by then.
pub async fn delete_all(
    bucket: &(impl ListKeys + DeleteObject),
    prefix: &str,
) -> Result<(), StoreError> {
    delete_each(bucket, bucket.list_keys(prefix).await?).await
}

/// Removes these objects.
///
/// # Errors
/// When the store fails; some of the objects may be gone by then.
pub async fn delete_each(bucket: &impl DeleteObject, keys: Vec<String>) -> Result<(), StoreError> {
    stream::iter(keys)
        .map(|key| async move { bucket.delete_object(&key).await })
        .buffer_unordered(16)
        .try_collect()
        .await
}

/// Signs URLs for reading.
pub trait PresignGet: Send + Sync {
    /// A URL that reads the object for `lifetime`. Needs no network.
    fn presign_get(
        &self,
        key: &str,
        lifetime: Duration,
    ) -> impl Future<Output = Result<String, StoreError>> + Send;
}

/// Signs uploads.
pub trait PresignPut: Send + Sync {
    /// An upload of exactly the declared type and length to `key`. Needs no network.
    fn presign_put(
        &self,
        key: &str,
        upload: Upload,
        lifetime: Duration,
    ) -> impl Future<Output = Result<PresignedUpload, StoreError>> + Send;
}

/// Where things are in the buckets.
pub mod keys {
    use drape_domain::{
        Background, ItemId, TryOnId, UploadId, UserId,
        tryon::{MAX_TRYON_ITEMS, MAX_TRYON_TURNS},
    };
    use time::Date;

    /// In the uploads bucket: an item's photo as sent.
    #[must_use]
    pub fn item_upload(owner: UserId, item: ItemId) -> String {
        format!("uploads/items/{owner}/{item}")
    }

    /// In the uploads bucket: what every mask for an item begins with.
    #[must_use]
    pub fn item_masks(owner: UserId, item: ItemId) -> String {
        format!("uploads/masks/{owner}/{item}/")
    }

    /// In the uploads bucket: a mask that the owner drew for one request.
    #[must_use]
    pub fn item_mask(owner: UserId, item: ItemId, upload: UploadId) -> String {
        format!("{}{upload}", item_masks(owner, item))
    }

    /// In the uploads bucket: what a user's body photos begin with.
    #[must_use]
    pub fn body_uploads(user: UserId) -> String {
        format!("uploads/body/{user}/")
    }

    /// In the uploads bucket: a body photo.
    #[must_use]
    pub fn body_upload(user: UserId, upload: UploadId) -> String {
        format!("{}{upload}", body_uploads(user))
    }

    /// In the media bucket: what every image of an item begins with.
    #[must_use]
    pub fn item_images(owner: UserId, item: ItemId) -> String {
        format!("items/{owner}/{item}/")
    }

    /// In the media bucket: one of an item's images.
    #[must_use]
    pub fn item_image(owner: UserId, item: ItemId, file: &str) -> String {
        format!("{}{file}", item_images(owner, item))
    }

    /// The file of an item's image that was made of this photo for this request. Each photo and each request
    /// has files of its own, so that no work writes over another's.
    #[must_use]
    pub fn version(source_etag: &str, request: u32, background: Background, file: &str) -> String {
        let photo = source_etag.get(..8).unwrap_or(source_etag);
        // The one option that may change without a new request.
        let whole = match background {
            Background::Clean => "",
            Background::Original => "-original",
        };
        format!("{photo}-{request}{whole}/{file}")
    }

    /// In the media bucket: one of a try-on's pictures.
    #[must_use]
    pub fn tryon_file(user: UserId, tryon: TryOnId, file: &str) -> String {
        format!("tryons/{user}/{tryon}/{file}")
    }

    /// In the media bucket: a try-on's picture.
    #[must_use]
    pub fn render(user: UserId, tryon: TryOnId) -> String {
        tryon_file(user, tryon, "render.png")
    }

    /// In the media bucket: every picture that there may be of a try-on.
    #[must_use]
    pub fn tryon_files(user: UserId, tryon: TryOnId) -> Vec<String> {
        let layers = (0..MAX_TRYON_ITEMS).map(garment_layer);
        let turns = (0..MAX_TRYON_TURNS).map(turn);
        let others = [PERSON_LAYER, SHADOW_LAYER].map(str::to_owned);
        let files = layers.chain(turns).chain(others);
        std::iter::once(render(user, tryon))
            .chain(files.map(|file| tryon_file(user, tryon, &file)))
            .collect()
    }

    /// In the learned bucket: what a day's shard has left.
    #[must_use]
    pub fn checkpoint(day: Date, shard: u8) -> String {
        learning(day, &format!("shard-{shard:02}.bin"))
    }

    /// In the learned bucket: something of a day's learning.
    #[must_use]
    pub fn learning(day: Date, file: &str) -> String {
        format!("learning/{day}/{file}")
    }

    /// All that is known after a day.
    pub const MEMORY: &str = "memory.bin";
    /// What drift said of a day.
    pub const DRIFT: &str = "drift.json";
    /// In the learned bucket: the last fall of engagement.
    pub const FALL: &str = "learning/fall.json";

    /// The person below the garments.
    pub const PERSON_LAYER: &str = "person.png";
    /// The shadows that garments cast.
    pub const SHADOW_LAYER: &str = "shadow.png";

    /// A garment of a try-on, counted from the lowest.
    #[must_use]
    pub fn garment_layer(number: usize) -> String {
        format!("garment-{number}.png")
    }

    /// A turned picture of a try-on.
    #[must_use]
    pub fn turn(number: usize) -> String {
        format!("turn-{number}.png")
    }

    /// The photo, upright, without metadata.
    pub const ORIGINAL: &str = "original.jpg";
    /// The cutout with transparency.
    pub const CLEAN: &str = "clean.png";
    /// The cutout on a colour.
    pub const FLAT_PNG: &str = "clean_flat.png";
    /// The cutout on a colour.
    pub const FLAT_JPEG: &str = "clean_flat.jpg";
    /// Square and small.
    pub const THUMB: &str = "clean_thumb.jpg";
}
