//! What is learned from: a shown outfit and what came of it.

use drape_domain::{ItemId, RecommendationId, UserId};
use serde::{Deserialize, Serialize};
use time::Date;

use crate::Parts;
pub use crate::{
    counts::Counts,
    joiner::{Joined, Joiner, SETTLE_DAYS},
    late::{Amendment, LATE_DAYS},
};

/// An outfit that was chosen with a small chance counts for those that were not, up to so many.
const MAX_INVERSE_PROPENSITY: f32 = 10.0;

/// A piece of a shown outfit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExamplePiece {
    /// Which.
    pub item: ItemId,
    /// Whose.
    pub owner: UserId,
}

/// A shown outfit and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Which outfit.
    pub recommendation: RecommendationId,
    /// To whom it was shown.
    pub user: UserId,
    /// When.
    pub day: Date,
    /// Its place, from 0.
    pub position: u8,
    /// The probability with which it was put there.
    pub propensity: f32,
    /// Its score as it was shown.
    pub score: f32,
    /// The parts of its score.
    pub parts: Parts,
    /// The sum of the rewards of the different deeds about it, −5 to 5, not 0.
    pub reward: f32,
    /// Its pieces.
    pub pieces: Vec<ExamplePiece>,
    /// The values of the features that exploration looks at.
    pub explored: Vec<f32>,
}

impl Example {
    /// Whether it was liked on the whole.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.reward > 0.0
    }

    /// How much it counts in training, without its age: the reward's size, in likes, over the propensity, the
    /// latter taken as at least a tenth.
    #[must_use]
    pub fn weight(&self) -> f32 {
        self.reward.abs() / 2.0 * (1.0 / self.propensity).clamp(1.0, MAX_INVERSE_PROPENSITY)
    }
}
