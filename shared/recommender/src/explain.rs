//! Reasons in words, each checked against the facts before it is said.

use drape_domain::{Category, Slot};

use crate::{
    Condition, Context, Feature, Occasion, Outfit, Request, Rule,
    rules::{self, Outer},
    score::FEATURES,
    search::{Candidates, Found},
    wardrobe::Ready,
};

/// The most reasons, not counting what had to give way.
const REASONS: usize = 3;
/// Contributions are told in steps of 1 / SCALE, so that they sum to the score in decimals too.
const SCALE: f64 = 10_000.0;

/// The outfit as it is shown.
pub(crate) fn outfit(candidates: &Candidates<'_>, found: &Found, request: &Request<'_>) -> Outfit {
    let pieces: Vec<&Ready<'_>> = found
        .look
        .picks()
        .map(|pick| &candidates.wardrobe.pieces[candidates.units[pick].index])
        .collect();

    let mut total = 0.0;
    let mut features = Vec::with_capacity(FEATURES.len());
    for ((name, weight), value) in FEATURES.iter().zip(found.scored.values) {
        let steps = (f64::from(*weight) * f64::from(value) * SCALE).round();
        total += steps;
        features.push(Feature {
            name,
            contribution: steps / SCALE,
        });
    }

    Outfit {
        items: pieces.iter().map(|piece| piece.id).collect(),
        slots: pieces.iter().map(|piece| piece.slot).collect(),
        score: total / SCALE,
        explain: explain(candidates, found, request, &pieces, &features),
        features,
    }
}

fn explain(
    candidates: &Candidates<'_>,
    found: &Found,
    request: &Request<'_>,
    pieces: &[&Ready<'_>],
    features: &[Feature],
) -> Vec<String> {
    let context = request.context;
    let mut said = caveats(candidates, found, request, pieces);
    let mut ranked: Vec<&Feature> = features.iter().collect();
    // Stable: equal contributions stay in the order of their weights.
    ranked.sort_by(|a, b| b.contribution.total_cmp(&a.contribution));
    let before = said.len();
    for feature in ranked {
        if said.len() - before == REASONS {
            break;
        }
        said.extend(match feature.name {
            "color_match" => color(found),
            "warmth_fit" => warmth(candidates, found, context, pieces),
            "formality_match" => formality(found, context, &said),
            "style_match" => {
                (found.scored.cosine >= Some(0.5)).then(|| "pieces that share a style".to_owned())
            }
            "preference" => preference(found, request, pieces),
            "freshness" => freshness(pieces),
            "season" => season(candidates, found),
            _ => None,
        });
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
    pieces: &[&Ready<'_>],
) -> Vec<String> {
    let mut said = Vec::new();
    for (pick, piece) in found.look.picks().zip(pieces) {
        for rule in rules::rules(candidates.plan.broken[candidates.units[pick].index]) {
            let what = match (rule, request.context.occasion) {
                (Rule::Occasion, Some(occasion)) => unusual(occasion),
                (Rule::Occasion, None) => "not usual for this".to_owned(),
                (Rule::Weather, _) => "not made for this weather".to_owned(),
                (Rule::DislikedColor, _) => "has a color that you dislike".to_owned(),
                (Rule::DislikedCategory, _) => "a kind that you dislike".to_owned(),
            };
            said.push(format!(
                "{}: {what}, but no {} of yours meets all your rules",
                noun(piece),
                piece.slot
            ));
        }
    }
    if candidates.plan.outer == Outer::Needed
        && !pieces.iter().any(|piece| piece.slot == Slot::Outer)
    {
        said.push("you may need a warmer layer: none in your wardrobe fits".to_owned());
    }
    said
}

fn unusual(occasion: Occasion) -> String {
    format!("not usual for {}", occasion.phrase())
}

fn noun(piece: &Ready<'_>) -> String {
    piece.category.as_str().replace('_', "-")
}

fn color(found: &Found) -> Option<String> {
    if found.scored.palette >= Some(0.5) {
        return Some("matches your color palette".to_owned());
    }
    (found.scored.colors >= Some(0.75)).then(|| "colors that go well together".to_owned())
}

fn warmth(
    candidates: &Candidates<'_>,
    found: &Found,
    context: &Context,
    pieces: &[&Ready<'_>],
) -> Option<String> {
    let (band, temp) = (candidates.measure.band?, context.temp()?);
    let clo = found.scored.clo;
    if pieces.iter().zip(found.look.picks()).any(|(_, pick)| {
        rules::rules(candidates.plan.broken[candidates.units[pick].index]).contains(&Rule::Weather)
    }) {
        return None;
    }
    // A tenth of a clo is less than a thin shirt.
    let not_too_warm = clo <= band.high + 0.1;
    let degrees = temp.round() as i32;
    if temp >= 24.0 {
        return (not_too_warm).then(|| match context.condition {
            Some(Condition::Sunny) => format!("light enough for {degrees} °C and sun"),
            _ => "suitable for warm weather".to_owned(),
        });
    }
    if temp >= 18.0 {
        return (not_too_warm && clo >= band.low - 0.1)
            .then(|| format!("right for a mild {degrees} °C"));
    }
    if clo < band.low - 0.1 {
        return None;
    }
    let coat = pieces
        .iter()
        .any(|piece| piece.category == Category::Outerwear);
    let sky = match context.condition {
        Some(Condition::Rain) if coat => " and rain",
        Some(Condition::Storm) if coat => " and storm",
        Some(Condition::Snow) if coat => " and snow",
        Some(Condition::Windy) if coat => " and wind",
        _ => "",
    };
    Some(format!("warm enough for {degrees} °C{sky}"))
}

fn formality(found: &Found, context: &Context, said: &[String]) -> Option<String> {
    let occasion = context.occasion?;
    (found.scored.closeness >= 0.7
        && !said
            .iter()
            .any(|reason| reason.contains(&unusual(occasion))))
    .then(|| format!("dressed right for {}", occasion.phrase()))
}

fn preference(found: &Found, request: &Request<'_>, pieces: &[&Ready<'_>]) -> Option<String> {
    if found.scored.values[4] <= 0.55 {
        return None;
    }
    if found.scored.together >= 0.5 {
        return Some("you went for some of these together before".to_owned());
    }
    if let Some(style) = pieces.iter().find_map(|piece| piece.style) {
        return request
            .prefs
            .favorite_styles
            .get(style)
            .map(|style| format!("in your {style} style"));
    }
    let best = pieces
        .iter()
        .max_by(|a, b| a.known.liking.total_cmp(&b.known.liking))?;
    (best.known.liking >= 0.5).then(|| format!("with the {} that you went for before", noun(best)))
}

fn freshness(pieces: &[&Ready<'_>]) -> Option<String> {
    let main = || {
        pieces.iter().filter(|piece| {
            matches!(
                piece.slot,
                Slot::Top | Slot::Bottom | Slot::Dress | Slot::Outer
            )
        })
    };
    let weeks = |days: u32| match days / 7 {
        0 | 1 => None,
        2 => Some("two weeks".to_owned()),
        3 => Some("three weeks".to_owned()),
        4 => Some("four weeks".to_owned()),
        _ if days < 62 => Some("over a month".to_owned()),
        _ => Some(format!("{} months", days / 31)),
    };
    // Of the whole outfit only if all of it is known; else of its first piece alone.
    let all: Option<Vec<u32>> = main().map(|piece| piece.known.worn_days_ago).collect();
    if let Some(days) = all.and_then(|days| days.into_iter().min()) {
        return weeks(days).map(|weeks| format!("not worn for {weeks}"));
    }
    let hero = main().next()?;
    weeks(hero.known.worn_days_ago?)
        .map(|weeks| format!("it is {weeks} since you wore the {}", noun(hero)))
}

fn season(candidates: &Candidates<'_>, found: &Found) -> Option<String> {
    // With a temperature, the season is read from it and warmth says the same better.
    (found.scored.in_season == Some(true) && candidates.measure.band.is_none())
        .then(|| "in season".to_owned())
}
