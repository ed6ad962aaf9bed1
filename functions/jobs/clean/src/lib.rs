//! The `clean` job: a photo becomes a cutout, tags and a vector.
//!
//! It is told by the uploads bucket's event, of a photo or of a mask that was drawn for one, and by a queue for
//! new requests and for events that were missed. All only say which item to look at; what is to be done is in
//! the item and in the bucket. So events that come twice, late or out of order do no harm, and a run that was
//! cut off is made good by the next.

mod duplicates;
mod event;
mod finish;
mod job;
mod mask;
mod source;

use drape_common::{
    batch::{JobError, work},
    store::{
        Get, List, PutNewer, Remove, Save,
        blob::{DeleteObject, GetObject, HeadObject, ListKeys, PutObject},
        queue::{CleanItem, RetryLater},
        tables::Embedding,
    },
};
use drape_domain::{Item, Timestamp, item::ImageType};
use drape_vision::{GarmentPhoto, GarmentVision, Options, VisionError};
use serde_json::Value;

use event::{Ask, Event};

/// Sees what is in a photo.
pub trait Analyse: Send + Sync {
    /// The same bytes and options always make the same.
    ///
    /// # Errors
    /// [`VisionError::Photo`] if the photo cannot be used; the others are faults of ours.
    fn analyse(
        &self,
        bytes: &[u8],
        declared: ImageType,
        options: &Options,
    ) -> Result<GarmentPhoto, VisionError>;
}

impl Analyse for GarmentVision {
    fn analyse(
        &self,
        bytes: &[u8],
        declared: ImageType,
        options: &Options,
    ) -> Result<GarmentPhoto, VisionError> {
        Self::analyse(self, bytes, declared, options)
    }
}

/// What works on photos.
#[derive(Debug)]
pub struct Clean<I, E, U, M, Q, V> {
    /// Items.
    pub items: I,
    /// Vectors.
    pub embeddings: E,
    /// Photos as sent.
    pub uploads: U,
    /// Images.
    pub media: M,
    /// Where the messages come from.
    pub queue: Q,
    /// Sees what is in a photo.
    pub vision: V,
    /// The time.
    pub clock: fn() -> Timestamp,
}

impl<I, E, U, M, Q, V> Clean<I, E, U, M, Q, V>
where
    I: Get<Item> + Save<Item>,
    E: List<Embedding> + PutNewer<Embedding> + Remove<Embedding>,
    U: HeadObject + GetObject,
    M: GetObject + PutObject + DeleteObject + ListKeys,
    Q: RetryLater,
    V: Analyse,
{
    /// Works on an event. The answer to a queue's batch names the messages that failed; for the bucket's
    /// event, which Lambda tries three times in all, there is nothing to answer.
    ///
    /// # Errors
    /// When an event cannot be read, or a photo of the bucket's event could not be worked on now.
    pub async fn handle(&self, event: Value) -> Result<Value, JobError> {
        match Event::read(event)? {
            Event::Nothing => Ok(Value::Null),
            Event::Uploaded(items) => self.clean_items(items).await.map(|()| Value::Null),
            Event::Asked(batch) => {
                let job = |message: Ask| self.clean_items(message.items());
                let response = work(batch, &self.queue, job).await;
                serde_json::to_value(response).map_err(|error| JobError::Other(error.to_string()))
            }
        }
    }

    /// Works on each, whatever becomes of the others.
    async fn clean_items(&self, items: Vec<CleanItem>) -> Result<(), JobError> {
        let mut outcome = Ok(());
        for CleanItem { owner_id, item_id } in items {
            if let Err(error) = self.clean_item(owner_id, item_id).await {
                tracing::error!(item = %item_id, cause = %error, "photo");
                outcome = Err(error);
            }
        }
        outcome
    }
}

#[cfg(test)]
mod tests;
