//! What is written: images, vector, and last the item itself.

use drape_common::{
    batch::JobError,
    store::{
        Changed, Get, Put, Remove, Save, StoreError,
        blob::{DeleteObject, PutObject, keys},
        change,
        tables::{Embedding, item_key},
    },
};
use drape_domain::{
    Background, Item, ItemId, ReturnFormat, UserId,
    item::{CleanRequest, Cleaned, EmbeddingRef, Failure, ImageKeys, Processed},
};
use drape_vision::{GarmentPhoto, MODEL_ID, Options};
use futures::future::{try_join, try_join_all};

use crate::{Clean, source::Source};

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Nothing is left to do.
    Settled,
    /// Something changed meanwhile that this round did not know of.
    Overtaken,
}

/// What became of the photo.
#[derive(Debug)]
pub(crate) enum Outcome {
    Cleaned(Cleaned),
    Failed(Failure),
}

/// What a round knew when it began.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) options: Options,
    request: CleanRequest,
    etag: String,
    /// The latest finished work by then.
    processed: Option<Processed>,
    /// Record the outcome even if the same work has been recorded already.
    again: bool,
}

impl Start {
    pub(crate) fn new(item: &Item, etag: &str, again: bool) -> Self {
        Self {
            options: Options {
                background: item.background,
                bg_color: item.clean.bg_color,
                return_format: item.clean.return_format,
            },
            request: item.clean,
            etag: etag.to_owned(),
            processed: item.processed.clone(),
            again,
        }
    }

    /// Whether the item has since been asked for something else, or another photo of it was worked on.
    fn is_overtaken(&self, item: &Item) -> bool {
        let wants_cutout =
            item.background == Background::Clean && self.options.background == Background::Original;
        item.clean != self.request
            || wants_cutout
            || (item.processed != self.processed && !item.is_processed(&self.etag))
    }
}

impl<I, E, U, M, Q, V> Clean<I, E, U, M, Q, V>
where
    I: Get<Item> + Save<Item>,
    E: Put<Embedding> + Remove<Embedding>,
    M: PutObject + DeleteObject,
{
    /// Writes images and vector. Whoever writes the same again changes nothing; the item points to them only
    /// once all are there.
    pub(crate) async fn store(
        &self,
        item: &Item,
        photo: &Source,
        seen: GarmentPhoto,
    ) -> Result<Cleaned, StoreError> {
        let key = |file| keys::item_image(item.owner_id, item.item_id, file);
        let mut files = vec![(keys::THUMB, "image/jpeg", seen.thumb_jpeg)];
        // The original of an expired upload is what was just read: writing it anew would only wear it out.
        if photo.is_upload {
            files.push((keys::ORIGINAL, "image/jpeg", seen.original_jpeg));
        }
        let mut images = ImageKeys {
            original: Some(key(keys::ORIGINAL)),
            thumb: Some(key(keys::THUMB)),
            ..ImageKeys::default()
        };
        if let Some(bytes) = seen.clean_png {
            images.clean = Some(key(keys::CLEAN));
            files.push((keys::CLEAN, "image/png", bytes));
        }
        if let Some(flat) = seen.flat {
            let (file, media_type) = match flat.format {
                ReturnFormat::Png => (keys::FLAT_PNG, "image/png"),
                ReturnFormat::Jpeg => (keys::FLAT_JPEG, "image/jpeg"),
            };
            images.flat = Some(key(file));
            files.push((file, media_type, flat.bytes));
        }

        let now = (self.clock)();
        let vector = Embedding::new(item.owner_id, item.item_id, MODEL_ID, &seen.embedding, now);
        let embedding = EmbeddingRef {
            model: vector.model.clone(),
            dim: vector.dim,
            updated_at: now,
        };
        let puts = files
            .into_iter()
            .map(|(file, media_type, bytes)| async move {
                self.media.put_object(&key(file), media_type, bytes).await
            });
        try_join(try_join_all(puts), self.embeddings.put(&vector)).await?;
        Ok(Cleaned {
            images,
            inferred: seen.inferred,
            embedding,
        })
    }

    /// Records the outcome on the item as it is by now: what its owner typed meanwhile stays.
    pub(crate) async fn finish(
        &self,
        item: &Item,
        start: &Start,
        outcome: Outcome,
    ) -> Result<Ending, JobError> {
        let now = (self.clock)();
        let mut overtaken = false;
        let changed = change(
            &self.items,
            &item_key(item.owner_id, item.item_id),
            |item| {
                overtaken = start.is_overtaken(item);
                if overtaken || (item.is_processed(&start.etag) && !start.again) {
                    return false;
                }
                let done = Processed {
                    source_etag: start.etag.clone(),
                    seq: start.request.seq,
                };
                match &outcome {
                    Outcome::Cleaned(cleaned) => item.finish_clean(done, cleaned.clone(), now),
                    Outcome::Failed(failure) => item.fail_clean(done, failure.clone(), now),
                }
                true
            },
        )
        .await?;
        match changed {
            Changed::Missing => {
                self.sweep(item.owner_id, item.item_id).await?;
                Ok(Ending::Settled)
            }
            Changed::Kept(_) if overtaken => Ok(Ending::Overtaken),
            Changed::Kept(_) => Ok(Ending::Settled),
            Changed::Written(item) => {
                let error = item.error.as_ref().map(|error| error.code.as_str());
                tracing::info!(item = %item.item_id, status = item.status.as_str(), error, "photo");
                Ok(Ending::Settled)
            }
        }
    }

    /// Removes whatever there may be of a deleted item.
    pub(crate) async fn sweep(&self, owner: UserId, item: ItemId) -> Result<(), StoreError> {
        let images = keys::item_images(owner, item);
        let vector = Embedding::key_of(owner, item);
        let images = try_join_all(images.iter().map(|key| self.media.delete_object(key)));
        try_join(images, self.embeddings.remove(&vector))
            .await
            .map(drop)
    }
}
