//! Identifiers: UUIDv7, so that they sort by creation time, and a type for each so that they never mix.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text was not a UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id")]
pub struct InvalidId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh id, later in order than every id made before it.
            #[must_use]
            #[allow(clippy::new_without_default)]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// Wraps an existing UUID.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                // Only the hyphenated form: one id, one spelling, one object key.
                if text.len() != 36 {
                    return Err(InvalidId);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId)
            }
        }
    )+};
}

ids! {
    /// A person or a boutique.
    UserId,
    /// A garment or accessory.
    ItemId,
    /// One rendering of garments on a photo.
    TryOnId,
    /// A family of refresh tokens: one sign-in on one device.
    SessionId,
    /// A shown outfit.
    RecommendationId,
    /// One answer with recommendations.
    ShowingId,
    /// A photo that is not an item.
    UploadId,
    /// One training signal.
    SignalId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_text() {
        let id = ItemId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn later_ids_sort_later() {
        let ids: Vec<_> = (0..100).map(|_| ItemId::new()).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "",
            "x",
            "{018f0000-0000-7000-8000-000000000000}",
            "018f0000000070008000000000000000",
        ] {
            assert_eq!(text.parse::<ItemId>(), Err(InvalidId), "{text}");
        }
    }
}
