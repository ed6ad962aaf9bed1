//! What a run has done and why, for people to read.

use drape_common::{batch::JobError, date};
use drape_domain::Timestamp;
use serde::{Deserialize, Serialize};
use time::Date;

/// What a run has done and why. It lies with what the day has left, and a promoted model's
/// in the description of its version too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The last day whose signals were learned from.
    #[serde(with = "date")]
    pub through: Date,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: Timestamp,
    /// Shards of the day that have left nothing that can be read; what they leave later, a later day takes in.
    pub missing_shards: Vec<u8>,
    /// What was learned from, the two models beside each other, and what was decided.
    #[serde(flatten)]
    pub training: drape_taste::Report,
}

impl Report {
    /// Whether the challenger is served from then on.
    #[must_use]
    pub const fn promoted(&self) -> bool {
        self.training.evaluation.decision.promoted
    }

    pub(crate) fn to_json(&self) -> Result<Vec<u8>, JobError> {
        serde_json::to_vec_pretty(self).map_err(|error| JobError::Other(error.to_string()))
    }
}
