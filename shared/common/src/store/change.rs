//! Read, change, write, and again if somebody else wrote in between.

use super::{
    StoreError,
    record::{Get, Key, Revised, Save},
};

/// Writers that meet on one record are few; past this many lost races something else is wrong.
const ATTEMPTS: usize = 8;

/// How a change ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed<R> {
    /// There is no such record.
    Missing,
    /// The change was not wanted (the closure said false); the record as it is.
    Kept(R),
    /// The record as written.
    Written(R),
}

/// Applies `apply` to the stored record. It may run several times, each time on what is stored by then, and
/// says by its answer whether there is anything to write.
///
/// # Errors
/// When the store fails, or eight other writers got in between.
pub async fn change<R, S>(
    store: &S,
    key: &Key<R>,
    mut apply: impl FnMut(&mut R) -> bool + Send,
) -> Result<Changed<R>, StoreError>
where
    R: Revised,
    S: Get<R> + Save<R>,
{
    for _ in 0..ATTEMPTS {
        let Some(mut record) = store.get(key).await? else {
            return Ok(Changed::Missing);
        };
        if !apply(&mut record) {
            return Ok(Changed::Kept(record));
        }
        if store.save(&mut record).await? {
            return Ok(Changed::Written(record));
        }
    }
    Err(StoreError::new("change record", "too many writers at once"))
}
