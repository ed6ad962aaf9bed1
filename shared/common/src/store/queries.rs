//! What only one table can do.

use std::future::Future;

use drape_domain::{ItemId, Signal, Timestamp, User, UserId};

use serde::Deserialize;

use super::{
    StoreError,
    tables::{Gone, Login},
};

/// Makes an account.
pub trait CreateAccount: Send + Sync {
    /// Writes both rows or none. False if the email is taken.
    fn create_account(
        &self,
        user: &User,
        login: &Login,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Reads what a person did lately.
pub trait RecentSignals: Send + Sync {
    /// At most `limit` of the person's signals, newest first.
    fn recent_signals(
        &self,
        user: UserId,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Signal>, StoreError>> + Send;

    /// What the person has said they wore since then, newest first; of very much the newest.
    fn worn_since(
        &self,
        user: UserId,
        since: Timestamp,
    ) -> impl Future<Output = Result<Vec<Signal>, StoreError>> + Send;
}

/// Tells which state a wardrobe is in, for a fraction of what reading it costs.
pub trait Revisions: Send + Sync {
    /// Each of the owner's items with its revision, in no particular order, as of every write that was answered
    /// before. Two equal answers mean two equal wardrobes, since every write of an item has a revision of its
    /// own.
    fn revisions(
        &self,
        owner: UserId,
    ) -> impl Future<Output = Result<Vec<(ItemId, u64)>, StoreError>> + Send;
}

/// Tells which of the boutiques' items have changed.
pub trait CatalogItems: Send + Sync {
    /// At most `limit` items of a shard that were written or deleted since then (or ever), those first that were
    /// left alone for longest. It follows writes by a moment, and may name an item twice or one that is gone.
    fn changed_since(
        &self,
        shard: &str,
        since: Option<Timestamp>,
        after: Option<&CatalogPlace>,
        limit: usize,
    ) -> impl Future<Output = Result<CatalogPage, StoreError>> + Send;
}

/// Some changed items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogPage {
    /// Owner and item.
    pub items: Vec<(UserId, ItemId)>,
    /// Where to go on, if there may be more.
    pub next: Option<CatalogPlace>,
}

/// A place in the catalogue's index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct CatalogPlace {
    pub(super) updated_at: String,
    pub(super) owner_id: String,
    pub(super) item_id: String,
}

/// What the stored form of every time since then begins with or comes after: a second without what follows it, since
/// fractions come in different lengths and `Z` sorts after the point.
pub(super) fn since_second(at: Timestamp) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second) = at.to_hms();
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

impl CatalogPlace {
    /// Of which item the row there speaks.
    pub(super) fn item(&self) -> Option<(UserId, ItemId)> {
        Gone::or_item(&self.owner_id, &self.item_id)
    }
}

/// Counts attempts within a window of time.
pub trait CountAttempts: Send + Sync {
    /// Adds `by` (may be negative) to the counter and answers its new value. A counter goes at `expires_at`
    /// (Unix seconds).
    fn add_attempts(
        &self,
        id: &str,
        by: i64,
        expires_at: i64,
    ) -> impl Future<Output = Result<i64, StoreError>> + Send;
}
