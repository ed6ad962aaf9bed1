//! What is said of a photo before it is sent.

use drape_domain::item::MAX_UPLOAD_BYTES;
use serde::{Deserialize, Serialize};

/// The exact length of a photo in bytes: 1 to 15 MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "u64")]
pub struct ContentLength(u64);

impl ContentLength {
    /// In bytes.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<i64> for ContentLength {
    type Error = String;
    fn try_from(length: i64) -> Result<Self, String> {
        u64::try_from(length)
            .ok()
            .filter(|length| (1..=MAX_UPLOAD_BYTES).contains(length))
            .map(Self)
            .ok_or_else(|| format!("must be from 1 to {MAX_UPLOAD_BYTES} bytes"))
    }
}

impl From<ContentLength> for u64 {
    fn from(length: ContentLength) -> Self {
        length.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_length_is_from_1_byte_to_15_mib(length: i64) {
            prop_assert_eq!(ContentLength::try_from(length).is_ok(), (1..=15_728_640).contains(&length));
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
