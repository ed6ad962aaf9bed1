//! What only one table can do.

use std::future::Future;

use drape_domain::{ItemId, Signal, User, UserId};

use super::{StoreError, tables::Login};

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
