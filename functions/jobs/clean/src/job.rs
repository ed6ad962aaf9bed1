//! One item, from whatever state it is in to a settled one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use drape_common::{
    batch::JobError,
    store::{
        Changed, Get, Put, Remove, Save,
        blob::{DeleteObject, GetObject, HeadObject, PutObject},
        change,
        queue::RetryLater,
        tables::{Embedding, item_key},
    },
};
use drape_domain::{Item, ItemId, UserId, item::Processed};
use drape_vision::{GarmentPhoto, Options, PhotoError, VisionError};

use crate::{
    Analyse, Clean,
    finish::{Ending, Outcome, Start},
    source::{self, Found, Source},
};

/// Newer photos and requests that one run takes up. Each has a message of its own besides.
const ROUNDS: usize = 5;

impl<I, E, U, M, Q, V> Clean<I, E, U, M, Q, V>
where
    I: Get<Item> + Save<Item>,
    E: Put<Embedding> + Remove<Embedding>,
    U: HeadObject + GetObject,
    M: GetObject + PutObject + DeleteObject,
    Q: RetryLater,
    V: Analyse,
{
    /// Brings an item to the state that its photo and its latest request ask for. Running it again, or twice
    /// at once, changes nothing more.
    ///
    /// # Errors
    /// When something failed that may work next time. What is wrong with a photo is not an error: it is
    /// recorded in the item.
    pub async fn clean_item(&self, owner: UserId, id: ItemId) -> Result<(), JobError> {
        // A run that was overtaken may have written over the images of the newer one, so it repeats that
        // one's work even if it is done.
        let mut overtaken = false;
        for _ in 0..ROUNDS {
            match Box::pin(self.round(owner, id, overtaken)).await? {
                Ending::Settled => return Ok(()),
                Ending::Overtaken => overtaken = true,
            }
        }
        Err(JobError::Other(
            "overtaken by newer photos or requests each time".to_owned(),
        ))
    }

    async fn round(&self, owner: UserId, id: ItemId, again: bool) -> Result<Ending, JobError> {
        let Some(item) = self.items.get(&item_key(owner, id)).await? else {
            // It was deleted, maybe while an earlier run was writing.
            self.sweep(owner, id).await?;
            return Ok(Ending::Settled);
        };
        let photo = match source::find(&item, &self.uploads).await? {
            Found::NotYet => return Ok(Ending::Settled),
            Found::Gone => return self.give_up(&item).await,
            Found::Photo(photo) => photo,
        };
        if item.is_processed(&photo.etag) && !again {
            return Ok(Ending::Settled);
        }

        // Clients see at once that the photo has been taken up.
        let now = (self.clock)();
        let item = match change(&self.items, &item_key(owner, id), |item| {
            item.photo_arrived(now)
        })
        .await?
        {
            Changed::Missing => return Ok(Ending::Overtaken),
            Changed::Kept(item) | Changed::Written(item) => item,
        };
        let start = Start::new(&item, &photo.etag, again);
        let outcome = match photo.misfit(&item) {
            Some(failure) => Outcome::Failed(failure),
            None => match photo.fetch(&self.uploads, &self.media).await? {
                Some(bytes) => match self.look(&bytes, &photo, start.options)? {
                    Ok(seen) => Outcome::Cleaned(self.store(&item, &photo, seen).await?),
                    Err(error) => Outcome::Failed(source::failure(&error)),
                },
                None if photo.is_upload => return Ok(Ending::Overtaken),
                None => Outcome::Failed(source::gone()),
            },
        };
        // Another photo may have taken this one's place meanwhile.
        match source::find(&item, &self.uploads).await? {
            Found::Photo(newest) if newest.etag != photo.etag => Ok(Ending::Overtaken),
            _ => self.finish(&item, &start, outcome).await,
        }
    }

    /// What is in the photo, or what is wrong with it.
    fn look(
        &self,
        bytes: &[u8],
        photo: &Source,
        options: Options,
    ) -> Result<Result<GarmentPhoto, PhotoError>, JobError> {
        let seen = catch_unwind(AssertUnwindSafe(|| {
            self.vision.analyse(bytes, photo.declared, options)
        }));
        match seen {
            Ok(Ok(seen)) => Ok(Ok(seen)),
            Ok(Err(VisionError::Photo(error))) => Ok(Err(error)),
            Ok(Err(fault)) => Err(JobError::Other(fault.to_string())),
            // Its words have gone to the log. The same bytes would panic again, so a retry is no use.
            Err(_) => Ok(Err(PhotoError::Corrupt)),
        }
    }

    async fn give_up(&self, item: &Item) -> Result<Ending, JobError> {
        let last = item
            .processed
            .as_ref()
            .map(|Processed { source_etag, .. }| source_etag.as_str());
        let last = last.unwrap_or_default();
        if item.is_processed(last) {
            return Ok(Ending::Settled);
        }
        let start = Start::new(item, last, false);
        self.finish(item, &start, Outcome::Failed(source::gone()))
            .await
    }
}
