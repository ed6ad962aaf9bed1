//! What was shown to whom, and why: learning joins what people did to it.

use serde::{Deserialize, Serialize};

use uuid::{NoContext, Uuid};

use crate::{ItemId, RecommendationId, ShowingId, Slot, Timestamp, UserId};

impl ShowingId {
    /// A fresh id for an answer given at a time, which it tells again: [`ShowingId::shown_at`].
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        let seconds = u64::try_from(time.unix_timestamp()).unwrap_or(0);
        let uuid = Uuid::new_v7(uuid::Timestamp::from_unix(
            NoContext,
            seconds,
            time.nanosecond(),
        ));
        Self::from_uuid(with_last_byte(uuid, 0))
    }

    /// When the answer was given, to the millisecond.
    #[must_use]
    pub fn shown_at(self) -> Timestamp {
        let (seconds, nanos) = self
            .uuid()
            .get_timestamp()
            .map_or((0, 0), |time| time.to_unix());
        let seconds = i64::try_from(seconds).unwrap_or(0);
        Timestamp::from_unix_timestamp(seconds)
            .ok()
            .and_then(|time| time.replace_nanosecond(nanos).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The id of the outfit in a place, the first being 1. The answer can be told from it again:
    /// [`RecommendationId::showing`].
    #[must_use]
    pub fn outfit(self, place: u8) -> RecommendationId {
        RecommendationId::from_uuid(with_last_byte(self.uuid(), place))
    }

    /// Numbers that differ from answer to answer: chance that can be repeated.
    #[must_use]
    pub fn seed(self) -> u64 {
        self.uuid().as_u64_pair().1 >> 8
    }
}

impl RecommendationId {
    /// The answer in which the outfit was shown.
    #[must_use]
    pub fn showing(self) -> ShowingId {
        ShowingId::from_uuid(with_last_byte(self.uuid(), 0))
    }
}

/// An answer's id ends in zero and those of its outfits in their place, so that each leads to the other.
fn with_last_byte(uuid: Uuid, byte: u8) -> Uuid {
    let mut bytes = uuid.into_bytes();
    if let Some(last) = bytes.last_mut() {
        *last = byte;
    }
    Uuid::from_bytes(bytes)
}

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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use time::macros::datetime;

    use super::*;

    #[test]
    fn an_answers_id_tells_when_it_was_given() {
        for time in [
            datetime!(2026-11-23 09:00:00.123 UTC),
            datetime!(2026-12-31 23:59:59.999 UTC),
            datetime!(2027-01-01 00:00 UTC),
        ] {
            assert_eq!(ShowingId::at(time).shown_at(), time);
        }
    }

    #[test]
    fn an_outfits_id_leads_to_its_answer() {
        let showing = ShowingId::at(datetime!(2026-11-23 09:00 UTC));
        let ids: HashSet<_> = (1..=10).map(|place| showing.outfit(place)).collect();
        assert_eq!(ids.len(), 10);
        assert!(ids.iter().all(|id| id.showing() == showing));
        assert_eq!(showing.uuid().get_version_num(), 7);
    }

    #[test]
    fn answers_of_one_moment_differ() {
        let now = datetime!(2026-11-23 09:00 UTC);
        let ids: HashSet<_> = (0..100).map(|_| ShowingId::at(now)).collect();
        let seeds: HashSet<_> = ids.iter().map(|id| id.seed()).collect();
        assert_eq!((ids.len(), seeds.len()), (100, 100));
    }
}
