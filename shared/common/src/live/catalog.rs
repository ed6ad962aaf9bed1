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

/// The largest file that is read where memory is not known to be short: a million items of 512 numbers.
const MAX_BYTES: u64 = 3 << 30;
/// The most of the memory that a file may take: while a new version comes there are two, and the rest needs room too.
const SHARE: f64 = 0.35;

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

/// The index that is current in a bucket, to be started. What does not fit into `memory` bytes twice is refused, so
/// that the version before it goes on serving; without `memory` there is no limit but of what an index may be.
pub fn catalog<B>(bucket: B, memory: Option<u64>) -> LiveCatalog<B>
where
    B: GetObject + HeadObject + GetRange + fmt::Debug + 'static,
{
    let most = memory.map_or(MAX_BYTES, |memory| (memory as f64 * SHARE) as u64);
    Live::new(bucket, INDEX, most.min(MAX_BYTES), open, join)
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
