//! What was shown, kept for learning: signals are joined to it.

use drape_common::store::tables::DayShowing;
use drape_domain::{
    Showing, ShowingId, UserId,
    showing::{ShownOutfit, ShownPiece},
};
use drape_recommender::{Answer, Context, Occasion, Outfit, Placed, Source};

use crate::published::Served;

/// The row for an answer.
pub(crate) fn row(
    id: ShowingId,
    user: UserId,
    context: &Context,
    served: &Served,
    answer: &Answer,
) -> DayShowing {
    let by_calendar = context.event.and_then(|event| event.occasion);
    let outfits = (1..=u8::MAX).zip(&answer.outfits);
    DayShowing::new(Showing {
        id,
        user_id: user,
        shown_at: context.now,
        model: served.model.clone(),
        index: served.index.clone(),
        occasion: context
            .occasion
            .or(by_calendar)
            .map(|occasion| Occasion::as_str(occasion).to_owned()),
        temp_c: context.temp_c,
        outfits: outfits
            .map(|(place, outfit)| shown(id, place, user, outfit))
            .collect(),
    })
}

fn shown(id: ShowingId, place: u8, user: UserId, outfit: &Outfit) -> ShownOutfit {
    let piece = |piece: &Placed| ShownPiece {
        item_id: piece.item,
        owner_id: match piece.from {
            Source::Own => user,
            Source::Boutique { owner, .. } => owner,
        },
        slot: piece.slot,
    };
    ShownOutfit {
        id: id.outfit(place),
        pieces: outfit.pieces.iter().map(piece).collect(),
        score: outfit.score,
        propensity: outfit.propensity,
        features: outfit.recorded(),
        explain: outfit.explain.clone(),
    }
}
