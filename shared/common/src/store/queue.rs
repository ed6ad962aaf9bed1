//! Messages in queues. A message only says which record to look at: what is to be done is in the record,
//! so a message that comes twice, late or out of order does no harm.

use std::{future::Future, time::Duration};

use drape_domain::{ItemId, TryOnId, UserId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::Date;

use super::StoreError;

/// What can be sent through a queue.
pub trait Message: Serialize + DeserializeOwned + Send + Sync + 'static {}

/// Look at this item's photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CleanItem {
    /// Whose.
    pub owner_id: UserId,
    /// Which.
    pub item_id: ItemId,
}
impl Message for CleanItem {}

/// Look at this try-on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenderTryOn {
    /// Whose.
    pub user_id: UserId,
    /// Which.
    pub tryon_id: TryOnId,
}
impl Message for RenderTryOn {}

/// How fast learning follows what is new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// From day to day.
    #[default]
    Steady,
    /// When people have turned away from what they are shown.
    Fast,
}

/// Learn from what happened until the end of this day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retrain {
    /// Which.
    #[serde(with = "crate::date")]
    pub day: Date,
    /// How.
    #[serde(default)]
    pub pace: Pace,
    /// How many runs have worked on it and run out of time.
    #[serde(default)]
    pub runs: u8,
}
impl Message for Retrain {}

/// Puts messages into a queue.
pub trait Enqueue<M: Message>: Send + Sync {
    /// Once it answers, the message will be delivered at least once, and not before `delay` (whole seconds,
    /// at most 15 minutes) has passed.
    fn enqueue_after(
        &self,
        message: &M,
        delay: Duration,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Once it answers, the message will be delivered at least once.
    fn enqueue(&self, message: &M) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.enqueue_after(message, Duration::ZERO)
    }
}

/// Decides when a message that failed comes back.
pub trait RetryLater: Send + Sync {
    /// The message becomes visible again after `delay` instead of after the queue's visibility timeout.
    fn retry_later(
        &self,
        receipt_handle: &str,
        delay: Duration,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
