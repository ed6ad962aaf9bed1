//! What an outfit is told with: its features, and which reasons are given.

use drape_domain::{Category, Slot};

use crate::{
    Context, Feature, Outfit, Placed, Request, Rule, Source,
    cues::Cues,
    diversity::Chosen,
    garment::Garment,
    reasons::{Told, noun},
    rules::{self, Outer},
    score::FEATURES,
    search::{Candidates, Found},
};

/// The most reasons, not counting what had to give way.
const REASONS: usize = 3;
/// Contributions are told in steps of 1 / SCALE, so that they sum to the score in decimals too.
const SCALE: f64 = 10_000.0;

/// The outfit as it is shown.
pub(crate) fn outfit(
    candidates: &Candidates<'_>,
    chosen: &Chosen,
    request: &Request<'_>,
) -> Outfit {
    let found = &chosen.found;
    let pieces: Vec<&Garment<'_>> = found
        .look
        .picks()
        .map(|pick| &candidates.wardrobe.pieces[candidates.units[pick].index])
        .collect();

    let mut total = 0.0;
    let mut features = Vec::with_capacity(FEATURES.len());
    for (name, value, contribution) in candidates.measure.contributions(&found.scored) {
        let steps = (f64::from(contribution) * SCALE).round();
        total += steps;
        features.push(Feature {
            name,
            value,
            contribution: steps / SCALE,
        });
    }

    Outfit {
        pieces: pieces
            .iter()
            .map(|piece| Placed {
                item: piece.id,
                slot: piece.slot,
                from: piece.from,
            })
            .collect(),
        score: (total / SCALE).clamp(0.0, 1.0),
        explain: explain(candidates, found, request, &pieces, &features),
        features,
        parts: candidates.measure.parts(&found.scored),
        propensity: chosen.propensity,
    }
}

fn explain(
    candidates: &Candidates<'_>,
    found: &Found,
    request: &Request<'_>,
    pieces: &[&Garment<'_>],
    features: &[Feature],
) -> Vec<String> {
    let mut said = caveats(candidates, found, request, pieces);
    let told = Told {
        candidates,
        found,
        context: request.context,
        prefs: request.prefs,
        pieces,
    };
    let mut ranked: Vec<&Feature> = features.iter().collect();
    // Stable: equal contributions stay in the order of their weights.
    ranked.sort_by(|a, b| b.contribution.total_cmp(&a.contribution));
    let reasons = ranked
        .into_iter()
        .filter_map(|feature| told.reason(feature.name));
    said.extend(reasons.take(REASONS));
    for piece in pieces {
        if let Source::Boutique { price, .. } = piece.from {
            let price = price.map(|price| format!(", for {}", price.display()));
            let price = price.unwrap_or_default();
            let is = match piece.category {
                Category::Shoes | Category::Pants | Category::Shorts => "are",
                _ => "is",
            };
            said.push(format!("the {} {is} from a boutique{price}", noun(piece)));
        }
    }
    if said.is_empty() {
        said.push("a whole outfit from your own wardrobe".to_owned());
    }
    said
}

/// What had to give way, and what is lacking.
fn caveats(
    candidates: &Candidates<'_>,
    found: &Found,
    request: &Request<'_>,
    pieces: &[&Garment<'_>],
) -> Vec<String> {
    let mut said = Vec::new();
    for (pick, piece) in found.look.picks().zip(pieces) {
        for rule in rules::rules(candidates.plan.broken[candidates.units[pick].index]) {
            let what = match rule {
                Rule::Occasion => unusual(request.context),
                Rule::Weather => "not made for this weather".to_owned(),
                Rule::DislikedColor => "has a color that you dislike".to_owned(),
                Rule::DislikedCategory => "a kind that you dislike".to_owned(),
                Rule::Modesty => "more revealing than you like".to_owned(),
            };
            let why = if request.pair_with == Some(piece.id) {
                "but you asked for it".to_owned()
            } else {
                format!("but no {} of yours meets all your rules", piece.slot)
            };
            said.push(format!("{}: {what}, {why}", noun(piece)));
        }
    }
    let has = |slot: Slot| pieces.iter().any(|piece| piece.slot == slot);
    if candidates.plan.outer == Outer::Needed && !has(Slot::Outer) {
        said.push("you may need a warmer layer: none in your wardrobe fits".to_owned());
    }
    if candidates.plan.lacks_closed_shoes && !has(Slot::Shoes) {
        said.push("rain needs closed shoes: none in your wardrobe fits".to_owned());
    }
    let open = |piece: &&&Garment<'_>| piece.slot == Slot::Shoes && piece.cues.has(Cues::OPEN);
    let coat = |piece: &&Garment<'_>| piece.category == Category::Outerwear;
    if request.context.is_wet() && pieces.iter().any(coat) && pieces.iter().find(open).is_some() {
        said.push(
            "open shoes in the rain, so with a coat: you have no closed ones that fit".to_owned(),
        );
    }
    said
}

fn unusual(context: &Context) -> String {
    match (context.dress_code(), context.meant_occasion()) {
        (Some(code), _) => format!("not usual for {}", code.phrase()),
        (None, Some(occasion)) => format!("not usual for {}", occasion.phrase()),
        (None, None) => "not usual for this".to_owned(),
    }
}
