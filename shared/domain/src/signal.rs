//! What people do with what they are shown: the raw material of learning.

use serde::{Deserialize, Serialize};

use crate::{ItemId, RecommendationId, SignalId, Timestamp, UserId};

/// What a person did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// Said yes.
    Like,
    /// Said no.
    Dislike,
    /// Wore it.
    Worn,
    /// Kept it for later.
    Saved,
    /// Looked closer.
    Clicked,
    /// Passed over it.
    Skipped,
    /// Tried it on and found the picture right. Follows from what is said of the try-on; nobody sends it.
    TryonKept,
}

impl SignalKind {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Like => "like",
            Self::Dislike => "dislike",
            Self::Worn => "worn",
            Self::Saved => "saved",
            Self::Clicked => "clicked",
            Self::Skipped => "skipped",
            Self::TryonKept => "tryon_kept",
        }
    }
}

/// One training signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Derived from the content, so that the same signal sent twice is one.
    pub id: SignalId,
    /// Who.
    pub user_id: UserId,
    /// What.
    pub kind: SignalKind,
    /// About which shown outfit, if it was shown by us.
    pub recommendation_id: Option<RecommendationId>,
    /// About which items.
    pub items: Vec<ItemId>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: Timestamp,
}
