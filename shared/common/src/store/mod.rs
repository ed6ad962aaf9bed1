//! Where state lives: records in tables, objects in buckets, messages in queues. One small trait per
//! capability, so that a handler's bounds say what it may do, and its IAM policy grants just that.

pub mod blob;
pub mod change;
pub mod dynamo;
#[cfg(feature = "testing")]
pub mod memory;
pub mod queries;
pub mod queue;
pub mod ranges;
pub mod record;
pub mod s3;
pub mod sqs;
pub mod tables;

pub use change::{Changed, change};
pub use record::{
    Create, Derived, Get, GetMany, Key, List, Page, Put, PutNewer, Record, Remove, Revised, Save,
};

use std::fmt;

/// The store did not answer, or answered with something that cannot be used. Worth another try.
#[derive(Debug)]
pub struct StoreError {
    doing: &'static str,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl StoreError {
    /// `doing` says what failed ("get item"); `source` says why.
    pub fn new(
        doing: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            doing,
            source: source.into(),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing, self.source)?;
        // SDK errors say little themselves; the story is in the chain below them.
        let mut cause = self.source.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for StoreError {}
