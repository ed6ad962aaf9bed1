//! The index of boutiques' items as it is published: a base and at most one delta over it.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use drape_domain::Timestamp;
use drape_index::{Catalog, Memory, Segment};
use serde::{Deserialize, Serialize};

use super::{Broken, INDEX, Live, Pointer};
use crate::store::{
    blob::{GetObject, HeadObject},
    ranges::GetRange,
};

/// The largest file that is read: a million items of 512 numbers are 2.9 GB, which no function has room for twice.
const MAX_BYTES: u64 = 3 << 30;

/// What is kept of a published index in its [`Pointer::note`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexNote {
    /// Which model made the vectors.
    pub model: String,
    /// How many numbers a vector has.
    pub dim: usize,
    /// Items in the base.
    pub base_rows: usize,
    /// When the base was made.
    #[serde(with = "time::serde::rfc3339")]
    pub base_made_at: Timestamp,
    /// Items in the delta.
    pub delta_rows: usize,
    /// Items that the delta says are no more.
    pub delta_gone: usize,
}

impl IndexNote {
    /// The note of a version; none if it has none that can be read.
    #[must_use]
    pub fn of(pointer: &Pointer) -> Option<Self> {
        serde::Deserialize::deserialize(&pointer.note).ok()
    }
}

/// The published index.
pub type LiveCatalog<B> = Live<Segment, Catalog, B>;

/// The index that is current in a bucket, to be started.
pub fn catalog<B>(bucket: B) -> LiveCatalog<B>
where
    B: GetObject + HeadObject + GetRange + fmt::Debug + 'static,
{
    Live::new(bucket, INDEX, MAX_BYTES, open, join)
}

fn open(pointer: &Pointer, bytes: Bytes) -> Result<Segment, Broken> {
    let note = IndexNote::of(pointer).ok_or("the index has no note")?;
    // Its bytes have been compared with what was published, so that its own checksums need not be.
    Ok(Segment::open(Memory::from(bytes), &note.model, note.dim)?)
}

fn join(segments: &[Arc<Segment>]) -> Result<Catalog, Broken> {
    let mut segments = segments.iter().map(|segment| Segment::clone(segment));
    let base = segments.next().ok_or("there is no base")?;
    Ok(Catalog::new(base, segments.collect())?)
}
