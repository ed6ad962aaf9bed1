//! One item, from whatever state it is in to a settled one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use drape_common::{
    batch::JobError,
    store::{
        Changed, Get, List, PutNewer, Remove, Save,
        blob::{DeleteObject, GetObject, HeadObject, ListKeys, PutObject},
        change,
        queue::RetryLater,
        tables::{Embedding, item_key},
    },
};
use drape_domain::{
    Item, ItemId, UserId,
    item::{Failure, Processed},
};
use drape_vision::{GarmentPhoto, PhotoError, VisionError};

use crate::{
    Analyse, Clean,
    finish::{Ending, Outcome, Start},
    mask,
    source::{self, Found, Source},
};

/// Newer photos and requests that one run takes up. Each has a message of its own besides.
const ROUNDS: usize = 5;

impl<I, E, U, M, Q, V> Clean<I, E, U, M, Q, V>
where
    I: Get<Item> + Save<Item>,
    E: List<Embedding> + PutNewer<Embedding> + Remove<Embedding>,
    U: HeadObject + GetObject,
    M: GetObject + PutObject + DeleteObject + ListKeys,
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
        for _ in 0..ROUNDS {
            if Box::pin(self.round(owner, id)).await? == Ending::Settled {
                return Ok(());
            }
        }
        Err(JobError::Other(
            "overtaken by newer photos or requests each time".to_owned(),
        ))
    }

    async fn round(&self, owner: UserId, id: ItemId) -> Result<Ending, JobError> {
        let Some(item) = self.items.get(&item_key(owner, id)).await? else {
            // It was deleted, maybe while an earlier run was writing.
            self.sweep(owner, id).await?;
            return Ok(Ending::Settled);
        };
        let now = (self.clock)();
        let taken_in = mask::take_in(item, &self.items, &self.uploads, now);
        let Some(item) = taken_in.await? else {
            return Ok(Ending::Overtaken);
        };
        let photo = match source::find(&item, &self.uploads).await? {
            Found::NotYet => return Ok(Ending::Settled),
            Found::Gone => return self.give_up(&item).await,
            Found::Photo(photo) => photo,
        };

        // Clients see at once that the photo has been taken up. The photo is read after this write, so that
        // of two photos the newer one has the later revision, which the vector goes by.
        let key = item_key(owner, id);
        let taken_up = change(&self.items, &key, |item| item.take_up(&photo.etag, now));
        let item = match taken_up.await? {
            Changed::Missing => return Ok(Ending::Overtaken),
            Changed::Kept(_) => return Ok(Ending::Settled),
            Changed::Written(item) => item,
        };
        let mut start = Start::new(&item, &photo.etag);
        let is_hopeless = item.work.as_ref().is_some_and(|work| work.is_hopeless(now));
        let outcome = if is_hopeless {
            Outcome::Failed(Failure::of_processing())
        } else if let Some(failure) = photo.misfit(&item) {
            Outcome::Failed(failure)
        } else {
            match photo.fetch(&self.uploads, &self.media).await? {
                Some(bytes) => match self.look(&bytes, &photo, &mut start).await? {
                    Ok(seen) => Outcome::Cleaned(self.store(&item, &photo, &start, seen).await?),
                    Err(failure) => Outcome::Failed(failure),
                },
                None if photo.is_upload => return Ok(Ending::Overtaken),
                None => Outcome::Failed(source::gone()),
            }
        };
        // Another photo may have taken this one's place meanwhile.
        match source::find(&item, &self.uploads).await? {
            Found::Photo(newest) if newest.etag != photo.etag => Ok(Ending::Overtaken),
            _ => self.finish(&item, &start, outcome).await,
        }
    }

    /// What is in the photo, or what is wrong with it or with what was drawn on it.
    async fn look(
        &self,
        bytes: &[u8],
        photo: &Source,
        start: &mut Start,
    ) -> Result<Result<GarmentPhoto, Failure>, JobError> {
        if let Some(mask) = start.mask() {
            match mask::fetch(mask, &self.uploads).await? {
                Ok(mask) => start.options.edit.mask = Some(mask),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        let seen = catch_unwind(AssertUnwindSafe(|| {
            self.vision.analyse(bytes, photo.declared, &start.options)
        }));
        match seen {
            Ok(Ok(seen)) => Ok(Ok(seen)),
            Ok(Err(VisionError::Photo(error))) => Ok(Err(source::failure(&error))),
            Ok(Err(fault)) => Err(JobError::Other(fault.to_string())),
            // Its words have gone to the log. The same bytes would panic again, so a retry is no use.
            Err(_) => Ok(Err(source::failure(&PhotoError::Corrupt))),
        }
    }

    /// Ends an item of whose photo nothing is left.
    async fn give_up(&self, item: &Item) -> Result<Ending, JobError> {
        let now = (self.clock)();
        let key = item_key(item.owner_id, item.item_id);
        let changed = change(&self.items, &key, |item| {
            let last = item.processed.as_ref().map(|done| &done.source_etag);
            let source_etag = last.cloned().unwrap_or_default();
            let pending = !item.is_processed(&source_etag);
            if pending {
                let seq = item.clean.seq;
                item.fail_clean(Processed { source_etag, seq }, source::gone(), now);
            }
            pending
        });
        Ok(match changed.await? {
            Changed::Missing => Ending::Overtaken,
            Changed::Kept(_) | Changed::Written(_) => Ending::Settled,
        })
    }
}
