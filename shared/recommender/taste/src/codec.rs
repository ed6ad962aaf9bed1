//! What is stored: a small head that tells kind, version, length and checksum, then the content.

use serde::{Serialize, de::DeserializeOwned};

/// Stored bytes that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// It does not begin as it should.
    #[error("not a stored {0}")]
    Kind(&'static str),
    /// Made by a later, or a much earlier, program.
    #[error("version {found}, but only {known} can be read")]
    Version {
        /// What it says.
        found: u32,
        /// What can be read.
        known: u32,
    },
    /// Shorter or longer than its head says.
    #[error("cut off or with something added: {found} of {expected} bytes")]
    Length {
        /// What is there.
        found: usize,
        /// What should be.
        expected: u64,
    },
    /// More than is ever written.
    #[error("too large: {0} bytes")]
    TooLarge(usize),
    /// The content is not what was written.
    #[error("damaged: the checksum does not fit")]
    Checksum,
    /// The content contradicts itself.
    #[error("unusable: {0}")]
    Content(&'static str),
    /// It speaks of the vectors of another embedding model.
    #[error("made for vectors of {found:?}, not of {wanted:?}")]
    Embedding {
        /// What it was made for.
        found: String,
        /// What is wanted.
        wanted: String,
    },
}

/// What is stored, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format {
    /// For messages.
    pub(crate) name: &'static str,
    pub(crate) magic: [u8; 8],
    pub(crate) version: u32,
    /// The most bytes of content.
    pub(crate) limit: usize,
}

/// Magic, version, length of the content, its CRC-32.
const HEAD: usize = 8 + 4 + 8 + 4;

impl Format {
    pub(crate) fn write<T: Serialize>(self, value: &T) -> Result<Vec<u8>, LoadError> {
        let content = postcard::to_allocvec(value)
            .map_err(|_| LoadError::Content("it has no stored form"))?;
        if content.len() > self.limit {
            return Err(LoadError::TooLarge(content.len()));
        }
        let mut bytes = Vec::with_capacity(HEAD + content.len());
        bytes.extend(self.magic);
        bytes.extend(self.version.to_le_bytes());
        bytes.extend((content.len() as u64).to_le_bytes());
        bytes.extend(crc32fast::hash(&content).to_le_bytes());
        bytes.extend(content);
        Ok(bytes)
    }

    pub(crate) fn read<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, LoadError> {
        if bytes.len() > HEAD + self.limit {
            return Err(LoadError::TooLarge(bytes.len()));
        }
        let short = || LoadError::Length {
            found: bytes.len(),
            expected: HEAD as u64,
        };
        let (magic, rest) = bytes.split_first_chunk::<8>().ok_or_else(short)?;
        let (version, rest) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(short)?;
        let (checksum, content) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        if *magic != self.magic {
            return Err(LoadError::Kind(self.name));
        }
        let found = u32::from_le_bytes(*version);
        if found != self.version {
            return Err(LoadError::Version {
                found,
                known: self.version,
            });
        }
        let length = u64::from_le_bytes(*length);
        if length != content.len() as u64 {
            return Err(LoadError::Length {
                found: bytes.len(),
                expected: length.saturating_add(HEAD as u64),
            });
        }
        if crc32fast::hash(content) != u32::from_le_bytes(*checksum) {
            return Err(LoadError::Checksum);
        }
        match postcard::take_from_bytes(content) {
            Ok((value, [])) => Ok(value),
            _ => Err(LoadError::Content("the content does not read as its kind")),
        }
    }
}
