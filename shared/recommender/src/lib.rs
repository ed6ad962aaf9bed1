//! How outfits are found, scored, diversified and explained: pure, deterministic, no I/O.
//!
//! [`recommend`] is the whole of it. `README.md` beside this crate tells how it works, with the formulas
//! and their sources.

mod color;
mod context;
mod diversity;
mod explain;
mod history;
mod request;
mod rules;
mod score;
mod search;
mod vector;
mod wardrobe;
mod warmth;

pub use context::{Condition, Context, Occasion, TimeOfDay, UnknownWord};
pub use request::{Answer, Feature, MAX_OUTFITS, Outfit, Piece, Request};
pub use rules::Rule;
pub use score::FEATURES;

/// Says how outfits were found and scored; changes whenever the same wardrobe could be answered
/// differently.
pub const MODEL_ID: &str = "2026-11-23-rules-1";

/// Up to `limit` outfits from the wardrobe: the best first, then such that they differ.
///
/// The same request gives the same answer, in whatever order its pieces and signals come. It never
/// fails: a wardrobe that holds no outfit is answered with none, and `missing` says what it lacks.
#[must_use]
pub fn recommend(request: &Request<'_>) -> Answer {
    let wardrobe = wardrobe::Wardrobe::new(request);
    let missing = rules::missing(&wardrobe, request.context);
    let Some(plan) = rules::plan(&wardrobe, request.context) else {
        return Answer {
            outfits: Vec::new(),
            missing,
            relaxed: Vec::new(),
        };
    };
    let candidates = search::Candidates::new(&wardrobe, &plan, request.context);
    let found = search::search(&candidates);
    let chosen = diversity::choose(&candidates, found, request.limit.clamp(1, MAX_OUTFITS));
    let outfits = chosen
        .iter()
        .map(|outfit| explain::outfit(&candidates, outfit, request))
        .collect();
    Answer {
        outfits,
        missing,
        relaxed: plan.relaxed(),
    }
}
