//! What an outfit is worth: named features, each 0–1, with weights that sum to 1.

use drape_domain::{Category, Slot};
use drape_taste::{Blend, Parts};

use crate::{
    context::Context,
    garment::Garment,
    learned::Split,
    rules::{self, Dress},
    vector::Vector,
    warmth::{self, Band},
};

/// The features of a score, in its order: the first five make up how well an outfit suits itself and the day
/// (`compat`), the others are its further parts.
pub const FEATURES: [&str; 8] = [
    "color_match",
    "warmth_fit",
    "formality_match",
    "style_match",
    "season",
    "preference",
    "freshness",
    "boutique",
];

/// Further features where a learned scorer serves: what names and tags say, and what there is without any evidence.
/// Their contributions, and then those of colours and style, may be below zero.
pub const LEARNED_FEATURES: [&str; 2] = [WORDS_MATCH, COMPAT_BASE];
const WORDS_MATCH: &str = "words_match";
const COMPAT_BASE: &str = "compat_base";

const COLOR: usize = 0;
const STYLE: usize = 3;
pub(crate) const WARMTH: usize = 1;
pub(crate) const PREFERENCE: usize = 5;

/// How much each of the first five features counts in `compat`; a learned scorer takes the place of some.
const COMPAT: [(&str, f32); 5] = drape_taste::COMPAT_WEIGHTS;

/// How much of the colours is nearness to the preferred ones, where there are any.
const PALETTE: f32 = 0.35;
/// The value of a feature about which nothing is known: neither for nor against.
const UNKNOWN: f32 = 0.5;
/// Freshness of a piece that was never recorded as worn: likely fresh, but nobody knows. What is new has none
/// to lose either.
const NEVER_RECORDED: f32 = 0.75;
/// The time in which a piece that is never worn comes to count as underused.
const UNDERUSED_DAYS: f32 = 30.0;
/// Who has said so often what they wore is taken to keep a record of it.
pub(crate) const KEEPS_RECORD: usize = 10;

/// All that scoring needs of one shortlisted piece.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unit<'a> {
    /// Index in the wardrobe.
    pub(crate) index: usize,
    pub(crate) slot: Slot,
    pub(crate) category: Category,
    pub(crate) formality: f32,
    pub(crate) clo: f32,
    pub(crate) liking: f32,
    pub(crate) fresh: f32,
    pub(crate) in_season: Option<bool>,
    pub(crate) palette_fit: Option<f32>,
    /// How much it is liked by others, 0–1, if a boutique sells it.
    pub(crate) popularity: Option<f32>,
    pub(crate) vector: Option<Vector<'a>>,
    pub(crate) model: Option<&'a str>,
    /// The person said something of it.
    pub(crate) is_told_of: bool,
}

impl<'a> Unit<'a> {
    /// `vector` and `is_told_of` are filled in later, for those that are shortlisted. `keeps_record` says that the person tells
    /// what they wear.
    pub(crate) fn new(
        index: usize,
        piece: &'a Garment<'a>,
        context: &Context,
        keeps_record: bool,
    ) -> Self {
        let seasons = context.seasons();
        // Only chosen when the rule against it had to give way.
        let dislike = if piece.disliked_color || piece.disliked_category {
            -2.0
        } else {
            0.0
        };
        Self {
            index,
            slot: piece.slot,
            category: piece.category,
            formality: piece.formality,
            clo: piece.clo,
            liking: piece.known.liking + piece.taste + dislike,
            fresh: freshness(piece, keeps_record),
            in_season: (!seasons.is_empty())
                .then(|| piece.seasons.iter().any(|season| seasons.contains(season))),
            palette_fit: piece.palette_fit,
            popularity: piece.popularity,
            vector: None,
            model: piece.model,
            is_told_of: false,
        }
    }

    /// How good the piece is by itself: for choosing whom to try.
    pub(crate) fn alone(&self, dress: Dress) -> f32 {
        0.30 * closeness(self.formality, dress.target)
            + 0.25 * sigmoid(self.liking)
            + 0.20 * self.palette_fit.unwrap_or(UNKNOWN)
            + 0.15 * self.fresh
            + 0.10 * season_value(self.in_season)
    }

    /// How much the piece is seen.
    const fn presence(&self) -> f32 {
        match self.slot {
            Slot::Top | Slot::Bottom | Slot::Dress | Slot::Outer => 1.0,
            Slot::Shoes => 0.6,
            Slot::Hat | Slot::Bag | Slot::Accessory => 0.4,
        }
    }
}

/// How much it is time for a piece, 0–1: by when it was last worn. What was never worn has waited since it
/// came, if the person tells what they wear; else nobody knows.
fn freshness(piece: &Garment<'_>, keeps_record: bool) -> f32 {
    match piece.known.worn_days_ago {
        Some(days) => 1.0 - (-(days as f32) / 10.0).exp(),
        None if keeps_record => {
            1.0 - (1.0 - NEVER_RECORDED) * (-piece.age_days / UNDERUSED_DAYS).exp()
        }
        None => NEVER_RECORDED,
    }
}

fn closeness(formality: f32, target: f32) -> f32 {
    (1.0 - (formality - target).abs() / 0.4).max(0.0)
}

pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

const fn season_value(in_season: Option<bool>) -> f32 {
    match in_season {
        Some(true) => 1.0,
        Some(false) => 0.0,
        None => UNKNOWN,
    }
}

/// What is known of two pieces side by side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    /// How well the colours go together; none if unknown.
    pub(crate) color: Option<f32>,
    /// Cosine of the vectors; none if unknown.
    pub(crate) cosine: Option<f32>,
    /// What the person said of the two together.
    pub(crate) together: f32,
}

impl Pair {
    pub(crate) const UNKNOWN: Self = Self {
        color: None,
        cosine: None,
        together: 0.0,
    };
}

/// The parts of a score, and the facts behind them that reasons may tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scored {
    /// The value of each of [`FEATURES`], 0–1.
    pub(crate) values: [f32; FEATURES.len()],
    pub(crate) total: f32,
    /// Mean relation of the colours; none if there is no pair of known colours.
    pub(crate) colors: Option<f32>,
    /// Nearness to the preferred colours; none if there are none or nothing is known.
    pub(crate) palette: Option<f32>,
    /// Insulation in clo, underwear included.
    pub(crate) clo: f32,
    /// Nearness of the mean formality to the occasion's, 0–1.
    pub(crate) closeness: f32,
    /// Mean cosine; none unless it is known for every pair, and there is one.
    pub(crate) cosine: Option<f32>,
    /// Sum of what was said of its pieces together.
    pub(crate) together: f32,
    /// All pieces with a season are in season; none if that is unknown.
    pub(crate) in_season: Option<bool>,
    /// What the learned scorer says, if there is one: it takes the place of colours and style in `total`.
    pub(crate) learned: Option<Split>,
}

/// What all outfits of a request are scored against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measure {
    pub(crate) band: Option<Band>,
    pub(crate) dress: Dress,
    /// The weight of each of [`FEATURES`]; they sum to 1.
    pub(crate) weights: [f32; FEATURES.len()],
}

impl Measure {
    pub(crate) fn new(context: &Context, blend: &Blend) -> Self {
        let [compat, preference, freshness, boutique] = blend.weights();
        let [color, warmth, formality, style, season] = COMPAT.map(|(_, share)| compat * share);
        Self {
            band: Band::of(context),
            dress: rules::dress(context),
            weights: [
                color, warmth, formality, style, season, preference, freshness, boutique,
            ],
        }
    }

    pub(crate) fn warmth(&self, clo: f32) -> f32 {
        self.band.map_or(UNKNOWN, |band| band.fit(clo))
    }

    /// Scores the outfit of these pieces; `pair` tells of two of them by their places.
    pub(crate) fn score(
        &self,
        pieces: &[&Unit<'_>],
        pair: impl Fn(usize, usize) -> Pair,
        learned: Option<Split>,
    ) -> Scored {
        let mut seen = Sums::default();
        for (n, unit) in pieces.iter().enumerate() {
            seen.add(unit);
            for (m, other) in pieces.iter().enumerate().skip(n + 1) {
                seen.add_pair(unit.presence() * other.presence(), pair(n, m));
            }
        }
        self.finish(&seen, learned)
    }

    fn finish(&self, seen: &Sums, learned: Option<Split>) -> Scored {
        // One piece cannot clash with itself; unknown colours may.
        let colors = ratio(seen.color, seen.color_weight);
        let harmony = if seen.pairs == 0.0 {
            0.75
        } else {
            colors.unwrap_or(UNKNOWN)
        };
        let palette = ratio(seen.palette, seen.palette_weight);
        let color_match = palette.map_or(harmony, |palette| {
            (1.0 - PALETTE) * harmony + PALETTE * palette
        });

        let clo = seen.clo + warmth::UNDERWEAR;
        let closeness = closeness(
            ratio(seen.formality, seen.formality_weight).unwrap_or(UNKNOWN),
            self.dress.target,
        );
        // A step of 0.25, such as shirt and jeans, is ordinary; from 0.75 on, blazer and swim shorts, it jars.
        let coherence =
            1.0 - ((seen.formality_high - seen.formality_low - 0.25) / 0.5).clamp(0.0, 1.0);

        let cosine_mean = ratio(seen.cosine, seen.cosine_weight);
        let style = cosine_mean.map_or(UNKNOWN, |cosine| 0.5 + 0.5 * cosine);

        let liking = ratio(seen.liking, seen.presence).unwrap_or(0.0) + seen.together;
        let values = [
            color_match,
            self.warmth(clo),
            0.7 * closeness + 0.3 * coherence,
            style,
            ratio(seen.season, seen.main).unwrap_or(UNKNOWN),
            sigmoid(liking),
            ratio(seen.fresh, seen.main).unwrap_or(UNKNOWN),
            ratio(seen.popularity, seen.offers).unwrap_or(UNKNOWN),
        ]
        .map(|value| value.clamp(0.0, 1.0));
        let mut scored = Scored {
            values,
            total: 0.0,
            learned,
            colors,
            palette,
            clo,
            closeness,
            cosine: cosine_mean.filter(|_| seen.cosine_weight >= seen.pairs),
            together: seen.together,
            in_season: seen.in_season.filter(|_| seen.main > 0.0),
        };
        scored.total = self.contributions(&scored).map(|part| part.2).sum();
        scored
    }

    /// The name, value and contribution of each feature; the contributions sum to the total.
    pub(crate) fn contributions(
        &self,
        scored: &Scored,
    ) -> impl Iterator<Item = (&'static str, f32, f32)> + use<> {
        let weights = self.weights;
        let plain = FEATURES.into_iter().zip(scored.values).zip(weights);
        let palette = scored.palette.map_or(0.0, |palette| PALETTE * palette);
        let own = scored.palette.map_or(1.0, |_| 1.0 - PALETTE);
        let split = scored.learned;
        let weight = weights[COLOR] * own + weights[STYLE];
        let learned = plain.map(move |((name, value), plain)| match (split, name) {
            (Some(split), "color_match") => {
                let part = weight * split.color + plain * palette;
                (name, sigmoid(split.parts.color), part)
            }
            (Some(split), "style_match") => {
                (name, sigmoid(split.parts.style), weight * split.style)
            }
            _ => (name, value, plain * value),
        });
        learned.chain(split.into_iter().flat_map(move |split| {
            [
                (
                    WORDS_MATCH,
                    sigmoid(split.parts.words),
                    weight * split.words,
                ),
                (COMPAT_BASE, split.base, weight * split.base),
            ]
        }))
    }

    /// The parts of the score, as they are learned from.
    pub(crate) fn parts(&self, scored: &Scored) -> Parts {
        let [.., preference, freshness, boutique] = scored.values;
        let rest: f32 = (self.weights.iter().zip(scored.values))
            .skip(COMPAT.len())
            .map(|(weight, value)| weight * value)
            .sum();
        let weight: f32 = self.weights.iter().take(COMPAT.len()).sum();
        Parts {
            compat: ((scored.total - rest) / weight).clamp(0.0, 1.0),
            preference,
            freshness,
            boutique,
        }
    }
}

fn ratio(sum: f32, weight: f32) -> Option<f32> {
    (weight > 0.0).then(|| sum / weight)
}

#[derive(Debug)]
struct Sums {
    presence: f32,
    liking: f32,
    palette: f32,
    palette_weight: f32,
    clo: f32,
    formality: f32,
    formality_weight: f32,
    formality_low: f32,
    formality_high: f32,
    /// Number of tops, bottoms, dresses and outer layers: what freshness and season are about.
    main: f32,
    fresh: f32,
    season: f32,
    in_season: Option<bool>,
    pairs: f32,
    color: f32,
    color_weight: f32,
    cosine: f32,
    cosine_weight: f32,
    together: f32,
    /// Number of pieces from boutiques.
    offers: f32,
    popularity: f32,
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            presence: 0.0,
            liking: 0.0,
            palette: 0.0,
            palette_weight: 0.0,
            clo: 0.0,
            formality: 0.0,
            formality_weight: 0.0,
            formality_low: 1.0,
            formality_high: 0.0,
            main: 0.0,
            fresh: 0.0,
            season: 0.0,
            in_season: Some(true),
            pairs: 0.0,
            color: 0.0,
            color_weight: 0.0,
            cosine: 0.0,
            cosine_weight: 0.0,
            together: 0.0,
            offers: 0.0,
            popularity: 0.0,
        }
    }
}

impl Sums {
    fn add(&mut self, unit: &Unit<'_>) {
        let presence = unit.presence();
        self.presence += presence;
        self.liking += presence * unit.liking;
        self.clo += unit.clo;
        if let Some(popularity) = unit.popularity {
            self.offers += 1.0;
            self.popularity += popularity;
        }
        if let Some(fit) = unit.palette_fit {
            self.palette += presence * fit;
            self.palette_weight += presence;
        }
        // A coat is not dressed by; it is hung up.
        if unit.category != Category::Outerwear {
            let weight = if unit.slot == Slot::Shoes {
                0.5
            } else {
                presence
            };
            self.formality += weight * unit.formality;
            self.formality_weight += weight;
        }
        if matches!(
            unit.slot,
            Slot::Top | Slot::Bottom | Slot::Dress | Slot::Outer
        ) {
            self.main += 1.0;
            self.fresh += unit.fresh;
            self.season += season_value(unit.in_season);
            self.in_season = self
                .in_season
                .zip(unit.in_season)
                .map(|(all, this)| all && this);
            if unit.category != Category::Outerwear {
                self.formality_low = self.formality_low.min(unit.formality);
                self.formality_high = self.formality_high.max(unit.formality);
            }
        }
    }

    fn add_pair(&mut self, weight: f32, pair: Pair) {
        self.pairs += weight;
        if let Some(color) = pair.color {
            self.color += weight * color;
            self.color_weight += weight;
        }
        if let Some(cosine) = pair.cosine {
            self.cosine += weight * cosine;
            self.cosine_weight += weight;
        }
        self.together += pair.together;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_sum_to_one() {
        let context = Context::at(time::OffsetDateTime::UNIX_EPOCH);
        let weights = Measure::new(&context, &Blend::default()).weights;
        assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((COMPAT.iter().map(|(_, share)| share).sum::<f32>() - 1.0).abs() < 1e-6);
    }
}
