//! What is written: images, vector, and last the item itself.

use drape_common::{
    batch::JobError,
    store::{
        Changed, Get, List, PutNewer, Remove, Save, StoreError,
        blob::{DeleteObject, ListKeys, PutObject, delete_all, keys},
        change,
        tables::{Embedding, item_key},
    },
};
use drape_domain::{
    Background, Item, ItemId, ReturnFormat, UserId,
    item::{CleanRequest, Cleaned, EmbeddingRef, Failure, ImageKeys, Processed, edit::Mask},
};
use drape_vision::{Edit, GarmentPhoto, MODEL_ID, Options};
use futures::future::{try_join, try_join_all};

use crate::{Clean, duplicates, source::Source};

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
}

impl Start {
    pub(crate) fn new(item: &Item, etag: &str) -> Self {
        Self {
            options: Options {
                background: item.background,
                bg_color: item.clean.bg_color,
                return_format: item.clean.return_format,
                edit: Edit {
                    crop: item.clean.edit.crop(),
                    keep: item.clean.edit.keep().to_vec(),
                    remove: item.clean.edit.remove().to_vec(),
                    // Fetched with the photo.
                    mask: None,
                },
            },
            request: item.clean.clone(),
            etag: etag.to_owned(),
        }
    }

    /// The mask that the owner drew.
    pub(crate) fn mask(&self) -> Option<&Mask> {
        self.request.edit.mask()
    }

    /// Whether the item has since been asked for something else, or another photo of it was taken up.
    fn is_overtaken(&self, item: &Item) -> bool {
        let wants_cutout =
            item.background == Background::Clean && self.options.background == Background::Original;
        let is_this_photo = item.is_at_work(&self.etag) || item.is_processed(&self.etag);
        item.clean != self.request || wants_cutout || !is_this_photo
    }

    /// Whether the same work has been recorded already. That the job gave it up does not count against a
    /// run that was slow but did it.
    fn is_done(&self, item: &Item, outcome: &Outcome) -> bool {
        let given_up = item.error.as_ref().is_some_and(Failure::is_of_processing);
        item.is_processed(&self.etag) && !(given_up && matches!(outcome, Outcome::Cleaned(_)))
    }
}

impl<I, E, U, M, Q, V> Clean<I, E, U, M, Q, V>
where
    I: Get<Item> + Save<Item>,
    E: List<Embedding> + PutNewer<Embedding> + Remove<Embedding>,
    M: PutObject + DeleteObject + ListKeys,
{
    /// Writes images and vector, of this photo and request alone: the item points to them once all are
    /// there. The vector's place is one for all, so a run that was taken up later has it. Then looks for the
    /// same garment in the owner's other items.
    pub(crate) async fn store(
        &self,
        item: &Item,
        photo: &Source,
        start: &Start,
        seen: GarmentPhoto,
    ) -> Result<Cleaned, StoreError> {
        let key = |file| {
            let background = start.options.background;
            let file = keys::version(&photo.etag, start.request.seq, background, file);
            keys::item_image(item.owner_id, item.item_id, &file)
        };
        let mut images = ImageKeys {
            thumb: Some(key(keys::THUMB)),
            ..ImageKeys::default()
        };
        let mut files = vec![(key(keys::THUMB), "image/jpeg", seen.thumb_jpeg)];
        if photo.is_upload {
            images.original = Some(key(keys::ORIGINAL));
            files.push((key(keys::ORIGINAL), "image/jpeg", seen.original_jpeg));
        } else {
            // What was just read: writing it anew would only wear it out.
            images.original = Some(photo.key.clone());
        }
        if let Some(bytes) = seen.clean_png {
            images.clean = Some(key(keys::CLEAN));
            files.push((key(keys::CLEAN), "image/png", bytes));
        }
        if let Some(flat) = seen.flat {
            let (file, media_type) = match flat.format {
                ReturnFormat::Png => (keys::FLAT_PNG, "image/png"),
                ReturnFormat::Jpeg => (keys::FLAT_JPEG, "image/jpeg"),
            };
            images.flat = Some(key(file));
            files.push((key(file), media_type, flat.bytes));
        }

        let now = (self.clock)();
        let vector = Embedding {
            item_revision: item.revision,
            ..Embedding::new(item.owner_id, item.item_id, MODEL_ID, &seen.embedding, now)
        };
        let embedding = EmbeddingRef {
            model: vector.model.clone(),
            dim: vector.dim,
            updated_at: now,
        };
        let puts = files
            .into_iter()
            .map(|(key, media_type, bytes)| async move {
                self.media.put_object(&key, media_type, bytes).await
            });
        // Whether the vector was refused does not matter: either the later run does the same work, or this
        // one finds itself overtaken.
        try_join(try_join_all(puts), self.embeddings.put_newer(&vector)).await?;
        let alike = duplicates::find(&self.embeddings, &vector).await?;
        let (owner, id) = (item.owner_id, item.item_id);
        duplicates::mark(&self.items, owner, &alike.newer, id, now).await?;
        Ok(Cleaned {
            images,
            inferred: seen.inferred,
            embedding,
            duplicate_of: alike.older,
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
                let done = start.is_done(item, &outcome);
                overtaken = !done && start.is_overtaken(item);
                if done || overtaken {
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
        let (images, vector) = (
            keys::item_images(owner, item),
            Embedding::key_of(owner, item),
        );
        try_join(
            delete_all(&self.media, &images),
            self.embeddings.remove(&vector),
        )
        .await
        .map(drop)
    }
}
