//! What was shown to whom, and why: learning joins what people did to it.

use serde::{Deserialize, Serialize};

use crate::{ItemId, RecommendationId, ShowingId, Slot, Timestamp, UserId};

/// One answer with recommendations, as it was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Showing {
    /// Identity.
    pub id: ShowingId,
    /// To whom.
    pub user_id: UserId,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub shown_at: Timestamp,
    /// Which model scored.
    pub model: String,
    /// Which state of the catalogue was searched; none if it was not.
    #[serde(default)]
    pub index: Option<String>,
    /// What the outfits were for.
    pub occasion: Option<String>,
    /// Air temperature in °C, if it was known.
    pub temp_c: Option<f32>,
    /// In the order in which they were shown.
    pub outfits: Vec<ShownOutfit>,
}

/// One of the outfits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownOutfit {
    /// Identity; signals name it.
    pub id: RecommendationId,
    /// Its pieces.
    pub pieces: Vec<ShownPiece>,
    /// Its score, 0–1.
    pub score: f64,
    /// The probability with which it was put in this place: 1 unless the place is used for exploration.
    pub propensity: f32,
    /// What the score was made of, as numbers for learning: name and value, 0–1, before weighting.
    pub features: Vec<ShownFeature>,
    /// The reasons that were given.
    pub explain: Vec<String>,
}

/// One of the pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownPiece {
    /// Which.
    pub item_id: ItemId,
    /// Whose: the person themselves or a boutique.
    pub owner_id: UserId,
    /// Where it is worn.
    pub slot: Slot,
}

/// A named number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownFeature {
    /// Stable.
    pub name: String,
    /// 0–1.
    pub value: f32,
    /// What it added to the score.
    pub contribution: f64,
}
