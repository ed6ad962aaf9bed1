//! What can be wrong with a file, and with what is to be put into one.

use drape_domain::ItemId;

/// A segment cannot be opened or is not what it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("the index cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// The file ends before what its header describes.
    #[error("the index has {found} bytes of {expected}")]
    Truncated {
        /// What the header describes.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// It does not begin like an index.
    #[error("this is not an index")]
    NotAnIndex,
    /// It is written in a format that this code does not read.
    #[error("the index has format {found}, not {expected}")]
    Format {
        /// The file's.
        found: u32,
        /// This code's.
        expected: u32,
    },
    /// Categories, seasons, patterns, currencies or colour words are not those of this code.
    #[error("the index was made with other vocabularies")]
    Vocabulary,
    /// Its vectors were made by another model.
    #[error("the index has vectors of {found}, not {expected}")]
    Model {
        /// The file's.
        found: String,
        /// Asked for.
        expected: String,
    },
    /// Its vectors have another length.
    #[error("the index has vectors of {found} numbers, not {expected}")]
    Dimensions {
        /// The file's.
        found: usize,
        /// Asked for.
        expected: usize,
    },
    /// Its bytes are not those that were written.
    #[error("the index is damaged: checksum of {0}")]
    Checksum(&'static str),
    /// Its header contradicts itself.
    #[error("the index is damaged: {0}")]
    Malformed(&'static str),
    /// More segments than are looked through in one search.
    #[error("{found} segments are more than {most}")]
    TooManySegments {
        /// As given.
        found: usize,
        /// The limit.
        most: usize,
    },
}

/// What is to be written cannot be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The output cannot be written.
    #[error("the index cannot be written: {0}")]
    Io(#[from] std::io::Error),
    /// An item's vector or traits cannot be used.
    #[error("item {item}: {reason}")]
    Item {
        /// Which item.
        item: ItemId,
        /// What is wrong with it.
        reason: Unusable,
    },
    /// A name of the model or the version, or the number of dimensions, is out of range.
    #[error("{0}")]
    Limits(&'static str),
}

/// Why an item cannot be put into an index.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unusable {
    /// The vector has another length than the index's.
    #[error("its vector has {found} numbers, not {expected}")]
    Length {
        /// The vector's.
        found: usize,
        /// The index's.
        expected: usize,
    },
    /// A number of the vector is infinite or none at all.
    #[error("its vector has a number that is not finite")]
    NotFinite,
    /// The vector has no direction, or is longer than 1,000 or shorter than 0.001.
    #[error("its vector is {0} long; 0.001 to 1000 can be used")]
    Norm(f32),
    /// Formality, insulation, popularity or a colour's share is not a finite number.
    #[error("one of its traits is not a finite number")]
    Trait,
}
