//! How outfits are found, scored, diversified and explained: pure, deterministic, no I/O.
//!
//! [`recommend`] is the whole of it. `README.md` beside this crate tells how it works, with the formulas
//! and their sources.

mod center;
mod color;
mod context;
mod cues;
mod diversity;
mod event;
mod explain;
mod explore;
mod garment;
mod heat;
mod history;
mod learned;
mod neighbours;
mod offers;
mod plan;
mod reading;
mod reasons;
mod request;
mod rules;
mod score;
mod search;
mod shortlist;
mod vector;
mod wardrobe;
mod warmth;
mod words;

use drape_taste::Model;

pub use context::Context;
pub use event::{DressCode, Event};
pub use reading::Reading;
pub use request::{
    AVOID_REPEAT_DAYS, Answer, Boutiques, Feature, MAX_OUTFITS, Outfit, Piece, Placed, Request,
    Source,
};
pub use rules::Rule;
pub use score::{FEATURES, LEARNED_FEATURES};
pub use words::{Condition, Occasion, TimeOfDay, UnknownWord};

/// Says how outfits were found and scored; changes whenever the same wardrobe could be answered
/// differently.
pub const MODEL_ID: &str = "2026-11-23-rules-4";

/// Up to `limit` outfits from the wardrobe: the best first, then such that they differ.
///
/// The same request gives the same answer, in whatever order its pieces and signals come. It never
/// fails: a wardrobe that holds no outfit is answered with none, and `missing` says what it lacks.
#[must_use]
pub fn recommend(request: &Request<'_>) -> Answer {
    let mut answer = Answer {
        outfits: Vec::new(),
        missing: Vec::new(),
        relaxed: Vec::new(),
        only_repeats: false,
    };
    let builtin;
    let model = match request.model {
        Some(model) => model,
        None => {
            builtin = Model::builtin();
            &builtin
        }
    };
    let measure = score::Measure::new(request.context, &model.blend);
    let tastes = garment::Tastes::new(request.prefs, request.style, model);
    let Some(mut wardrobe) = wardrobe::Wardrobe::new(request, &tastes) else {
        return answer;
    };
    let offers = offers::find(request, &tastes, &wardrobe, &measure, model);
    wardrobe.pieces.extend(offers);
    let plan = plan::Plan::new(&wardrobe, request.context);
    answer.missing = plan::missing(&wardrobe, request.context, plan.as_ref());
    let Some(plan) = plan else {
        return answer;
    };
    let candidates = search::Candidates::new(&wardrobe, &plan, request.context, measure, model);
    let found = search::search(&candidates);
    answer.only_repeats = found.is_empty();
    answer.relaxed = plan.relaxed();
    let limit = request.limit.clamp(1, MAX_OUTFITS);
    let explore =
        |pool: &[search::Found]| explore::choose(&model.explorer, &measure, pool, request.explore?);
    answer.outfits = diversity::choose(&candidates, found, limit, explore)
        .iter()
        .map(|chosen| explain::outfit(&candidates, chosen, request))
        .collect();
    answer
}
