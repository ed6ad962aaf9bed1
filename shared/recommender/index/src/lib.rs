//! The index of what boutiques sell: one memory-mappable file, exact and approximate search, filters. No I/O but reading files.
//!
//! A [`Builder`] writes a [`Segment`]: an index of everything, or a delta with what is new and gone since. A
//! [`Catalog`] is a base with deltas over it. What is not [`Wanted`] is left out before any vector is compared.
//!
//! Vectors are compared as bytes, and those that may be among the nearest in full precision: the bytes of a row come
//! with a bound of how far they are from the vector, so that no nearer one is missed. Slots of very many rows are
//! looked through by one-bit codes first, which may miss a few.

mod builder;
mod catalog;
mod error;
mod filter;
mod format;
mod kernels;
mod memory;
mod quantize;
mod rotate;
mod search;
mod segment;
mod shortlist;
mod simd;
mod traits;
mod wanted;

pub use builder::{Builder, CODED_FROM, Written};
pub use catalog::{Catalog, Found, Hit, MAX_SEGMENTS, Row};
pub use error::{BuildError, Error, Unusable};
pub use memory::{Buffer, Memory};
pub use segment::Segment;
pub use simd::InstructionSet;
pub use traits::{Entry, MAX_COLORS, MAX_SIZES, MAX_WORDS, Shade, Size, Traits};
pub use wanted::Wanted;
