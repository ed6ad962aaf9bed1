//! What tests are made of.

use drape_domain::{
    ItemId, RecommendationId, Showing, ShowingId, Slot, Timestamp, UserId,
    showing::{ShownFeature, ShownOutfit, ShownPiece},
};
use time::macros::datetime;
use uuid::Uuid;

use crate::Parts;

pub(crate) const NOW: Timestamp = datetime!(2026-11-23 08:00 UTC);

/// A showing of so many outfits to this person, with all parts of the score logged.
pub(crate) fn showing(n: u128, person: u128, outfits: u128) -> Showing {
    let id = |k: u128| Uuid::from_u128(n << 32 | k);
    let user_id = UserId::from_uuid(Uuid::from_u128(person));
    Showing {
        id: ShowingId::from_uuid(id(0)),
        user_id,
        shown_at: NOW,
        model: "m".to_owned(),
        index: None,
        occasion: None,
        temp_c: Some(28.0),
        outfits: (0..outfits)
            .map(|k| ShownOutfit {
                id: RecommendationId::from_uuid(id(k + 1)),
                pieces: [(Slot::Top, 1), (Slot::Bottom, 2)]
                    .map(|(slot, at)| ShownPiece {
                        item_id: ItemId::from_uuid(id(100 * at + k)),
                        owner_id: user_id,
                        slot,
                    })
                    .to_vec(),
                score: 0.7,
                propensity: 1.0,
                features: Parts::NAMES
                    .iter()
                    .chain(&["warmth_fit"])
                    .map(|name| ShownFeature {
                        name: (*name).to_owned(),
                        value: 0.6,
                        contribution: 0.1,
                    })
                    .collect(),
                explain: Vec::new(),
            })
            .collect(),
    }
}
