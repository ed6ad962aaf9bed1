//! What is said of a file before it is sent.

use drape_domain::item::{MAX_UPLOAD_BYTES, edit::MAX_MASK_BYTES};
use serde::{Deserialize, Serialize};

/// The exact length of a photo in bytes: 1 to 15 MiB.
pub type ContentLength = FileLength<MAX_UPLOAD_BYTES>;
/// The exact length of a mask in bytes: 1 to 2 MiB.
pub type MaskLength = FileLength<MAX_MASK_BYTES>;

/// The exact length of a file in bytes: 1 to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "u64")]
pub struct FileLength<const MAX: u64>(u64);

impl<const MAX: u64> FileLength<MAX> {
    /// In bytes.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl<const MAX: u64> TryFrom<i64> for FileLength<MAX> {
    type Error = String;
    fn try_from(length: i64) -> Result<Self, String> {
        u64::try_from(length)
            .ok()
            .filter(|length| (1..=MAX).contains(length))
            .map(Self)
            .ok_or_else(|| format!("must be from 1 to {MAX} bytes"))
    }
}

impl<const MAX: u64> From<FileLength<MAX>> for u64 {
    fn from(length: FileLength<MAX>) -> Self {
        length.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_photo_has_from_1_byte_to_15_mib_and_a_mask_to_2(length: i64) {
            prop_assert_eq!(ContentLength::try_from(length).is_ok(), (1..=15_728_640).contains(&length));
            prop_assert_eq!(MaskLength::try_from(length).is_ok(), (1..=2_097_152).contains(&length));
        }
    }

    #[test]
    fn the_edges_hold() {
        for (length, fine) in [
            (0, false),
            (1, true),
            (15_728_640, true),
            (15_728_641, false),
            (-1, false),
        ] {
            assert_eq!(ContentLength::try_from(length).is_ok(), fine, "{length}");
        }
    }
}
