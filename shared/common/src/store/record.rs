//! Records and what can be done with them.

use std::{fmt, future::Future, hash::Hash, marker::PhantomData};

use serde::{Serialize, de::DeserializeOwned};

use super::StoreError;

/// A record's place in its table.
pub struct Key<R> {
    /// Value of the partition key.
    pub partition: String,
    /// Value of the sort key, for tables that have one.
    pub sort: Option<String>,
    record: PhantomData<fn() -> R>,
}

// Ids are small and copied; a `&` at every call would only be noise.
#[allow(clippy::needless_pass_by_value)]
impl<R> Key<R> {
    /// A key in a table without a sort key.
    pub fn simple(partition: impl ToString) -> Self {
        Self {
            partition: partition.to_string(),
            sort: None,
            record: PhantomData,
        }
    }

    /// A key in a table with a sort key.
    pub fn pair(partition: impl ToString, sort: impl ToString) -> Self {
        Self {
            partition: partition.to_string(),
            sort: Some(sort.to_string()),
            record: PhantomData,
        }
    }
}

// Derives would ask the same of `R`.
impl<R> Clone for Key<R> {
    fn clone(&self) -> Self {
        Self {
            partition: self.partition.clone(),
            sort: self.sort.clone(),
            record: PhantomData,
        }
    }
}
impl<R> PartialEq for Key<R> {
    fn eq(&self, other: &Self) -> bool {
        (&self.partition, &self.sort) == (&other.partition, &other.sort)
    }
}
impl<R> Eq for Key<R> {}
impl<R> Hash for Key<R> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.partition, &self.sort).hash(state);
    }
}
impl<R> fmt::Debug for Key<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}",
            self.partition,
            self.sort.as_deref().unwrap_or("-")
        )
    }
}

/// A row of a table.
pub trait Record: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Attribute that partitions the table.
    const PARTITION: &'static str;
    /// Attribute that sorts within a partition.
    const SORT: Option<&'static str>;

    /// Where the record lives.
    fn key(&self) -> Key<Self>;
}

/// A record that counts its own writes, so that a write over a newer one is noticed.
pub trait Revised: Record {
    /// Number of the latest write; 1 for a new record.
    fn revision(&self) -> u64;
    /// Sets the number.
    fn set_revision(&mut self, revision: u64);
}

/// A record made from another one, whose revision it carries, so that what was made of an older one is told
/// from what was made of a newer.
pub trait Derived: Record {
    /// Attribute with the other record's revision.
    const ORIGIN: &'static str;

    /// The other record's revision.
    fn origin(&self) -> u64;
}

/// Some records of a partition, and where the next ones begin.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<R> {
    /// Newest (largest sort key) first.
    pub records: Vec<R>,
    /// Sort key to go on after, if there may be more.
    pub next: Option<String>,
}

/// Reads one record, as of every write that was answered before.
pub trait Get<R: Record>: Send + Sync {
    /// The record, if there is one.
    fn get(&self, key: &Key<R>) -> impl Future<Output = Result<Option<R>, StoreError>> + Send;
}

/// Reads several records at once.
pub trait GetMany<R: Record>: Send + Sync {
    /// Those of at most 100 distinct keys that exist, in no particular order.
    fn get_many(&self, keys: &[Key<R>]) -> impl Future<Output = Result<Vec<R>, StoreError>> + Send;
}

/// Writes a record that must not exist.
pub trait Create<R: Record>: Send + Sync {
    /// False, and nothing written, if the key is taken.
    fn create(&self, record: &R) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Writes over the revision that was read.
pub trait Save<R: Revised>: Send + Sync {
    /// Stores the record under the next revision, which it is given. False, and nothing written, if the
    /// stored one has another revision than this one (or is gone).
    fn save(&self, record: &mut R) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Writes a record whatever was there.
pub trait Put<R: Record>: Send + Sync {
    /// Stores the record.
    fn put(&self, record: &R) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Writes a record unless a newer one is there.
pub trait PutNewer<R: Derived>: Send + Sync {
    /// Stores the record. False, and nothing written, if the stored one was made of a later revision.
    fn put_newer(&self, record: &R) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Removes a record.
pub trait Remove<R: Record>: Send + Sync {
    /// Does nothing if there is none.
    fn remove(&self, key: &Key<R>) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Reads a partition, newest first.
pub trait List<R: Record>: Send + Sync {
    /// At most `limit` records whose sort key is below `after`.
    fn list(
        &self,
        partition: &str,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Page<R>, StoreError>> + Send;
}
