//! What is asked and what is answered.

use drape_domain::{Item, ItemId, Money, Prefs, Signal, Slot, Text, UserId, showing::ShownFeature};
use drape_index::{Catalog, Size};
use drape_taste::{Model, Parts, Style};

use crate::{Context, Reading, Rule};

/// The most outfits in one answer.
pub const MAX_OUTFITS: usize = 10;

/// One thing in the wardrobe.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// Its record; pieces that are not `ready`, or in the wash, are passed over.
    pub item: &'a Item,
    /// Its embedding. Any length and content: an unusable one (empty, zero, not finite) counts as none, and
    /// only vectors of one model and length are compared.
    pub vector: Option<&'a [f32]>,
    /// What its record says, if the caller has read it before; else it is read for this answer.
    pub reading: Option<&'a Reading>,
}

/// A question.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Everything the person owns. If an item comes twice, the later revision counts.
    pub wardrobe: &'a [Piece<'a>],
    /// The person's tastes. Their sizes play no part: what is owned is taken to fit.
    pub prefs: &'a Prefs,
    /// What they did, as far back as is known, in any order.
    pub history: &'a [Signal],
    /// When and for what.
    pub context: &'a Context,
    /// How many outfits; read as the nearest of 1 to [`MAX_OUTFITS`].
    pub limit: usize,
    /// A piece that every outfit must hold, even where it breaks a rule: the person's own, or one of the
    /// catalogue. If it cannot be worn (unknown, not ready, in the wash, excluded) there is no outfit.
    pub pair_with: Option<ItemId>,
    /// Pieces that no outfit may hold.
    pub exclude: &'a [ItemId],
    /// For so many days after top and bottom, or a dress, were worn together they do not come again.
    pub avoid_repeat_days: u16,
    /// What boutiques sell.
    pub catalog: Option<&'a Catalog>,
    /// If given, pieces of the catalogue may complete an outfit or lift it.
    pub boutiques: Option<Boutiques<'a>>,
    /// What was learned from everyone; without it, rules and defaults.
    pub model: Option<&'a Model>,
    /// What was learned of the person. Only vectors of its own embedding model are compared with it.
    pub style: Option<&'a Style>,
    /// If given, the third outfit is chosen by what there is to learn from it; the same seed, the same choice.
    pub explore: Option<u64>,
}

/// What of a boutique's may be shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Boutiques<'a> {
    /// The person's sizes: what is worn on the body comes in one of them. Without any, in any size.
    pub sizes: &'a [Text<40>],
    /// The most that one piece may cost; of other currencies nothing is shown then.
    pub budget: Option<Money>,
}

impl Boutiques<'_> {
    /// Whether an item comes in one of the sizes and is within the budget, as the index judges it.
    #[must_use]
    pub fn suit(&self, item: &Item) -> bool {
        let sizes = self.wanted_sizes();
        let mut comes_in = item.typed.sizes.iter().flatten().peekable();
        let fits = !has_size(item.category().slot())
            || sizes.is_empty()
            || comes_in.peek().is_none()
            || comes_in
                .any(|size| Size::new(size.as_str()).is_some_and(|size| sizes.contains(&size)));
        let is_affordable = self.budget.is_none_or(|budget| {
            item.typed.price.is_some_and(|price| {
                price.currency() == budget.currency() && price.amount() <= budget.amount()
            })
        });
        fits && is_affordable
    }

    /// The sizes that can be read; none of them: any will do.
    pub(crate) fn wanted_sizes(&self) -> Vec<Size> {
        let sizes = self.sizes.iter();
        sizes.filter_map(|size| Size::new(size.as_str())).collect()
    }
}

/// Whether its pieces come in sizes: bags, hats and jewellery fit everyone.
pub(crate) const fn has_size(slot: Slot) -> bool {
    !matches!(slot, Slot::Bag | Slot::Hat | Slot::Accessory)
}

/// The usual [`Request::avoid_repeat_days`].
pub const AVOID_REPEAT_DAYS: u16 = 7;

impl<'a> Request<'a> {
    /// Three outfits from these pieces, by these tastes, for that day.
    #[must_use]
    pub const fn new(wardrobe: &'a [Piece<'a>], prefs: &'a Prefs, context: &'a Context) -> Self {
        Self {
            wardrobe,
            prefs,
            history: &[],
            context,
            limit: 3,
            pair_with: None,
            exclude: &[],
            avoid_repeat_days: AVOID_REPEAT_DAYS,
            catalog: None,
            boutiques: None,
            model: None,
            style: None,
            explore: None,
        }
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The best first. May be fewer than asked for, if the wardrobe holds no more.
    pub outfits: Vec<Outfit>,
    /// The slots without which the wardrobe holds no outfit (then `outfits` is empty, or boutiques fill them),
    /// or an outer layer or closed shoes that the weather asks for.
    pub missing: Vec<Slot>,
    /// The rules that some piece had to break, because nothing in the wardrobe met them all or because the
    /// person asked for that piece.
    pub relaxed: Vec<Rule>,
    /// There are outfits, but all of them were worn within the days in which none comes again.
    pub only_repeats: bool,
}

/// A whole outfit.
#[derive(Debug, Clone, PartialEq)]
pub struct Outfit {
    /// From the skin outwards: top and bottom (or dress), outer layer, shoes, hat, bag, accessory.
    pub pieces: Vec<Placed>,
    /// 0–1, in steps of 0.0001.
    pub score: f64,
    /// What the score is made of; the contributions sum to it.
    pub features: Vec<Feature>,
    /// The parts of the score, as they are learned from.
    pub parts: Parts,
    /// The probability with which it was put in this place: 1 unless the place was used for exploration.
    pub propensity: f32,
    /// Short reasons, the weightiest first; each is true of this outfit.
    pub explain: Vec<String>,
}

impl Outfit {
    /// Its features and parts, each name once, as they are recorded with what is shown.
    #[must_use]
    pub fn recorded(&self) -> Vec<ShownFeature> {
        let features = self.features.iter().map(|feature| ShownFeature {
            name: feature.name.to_owned(),
            value: feature.value,
            contribution: feature.contribution,
        });
        let mut recorded: Vec<_> = features.collect();
        // What the features above sum up to adds nothing more.
        for (name, value) in Parts::NAMES.into_iter().zip(self.parts.values()) {
            if !recorded.iter().any(|feature| feature.name == name) {
                recorded.push(ShownFeature {
                    name: name.to_owned(),
                    value,
                    contribution: 0.0,
                });
            }
        }
        recorded
    }
}

/// A piece of an outfit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Which.
    pub item: ItemId,
    /// Where it is worn.
    pub slot: Slot,
    /// Whose it is.
    pub from: Source,
}

/// Whose a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The person's own.
    Own,
    /// A boutique sells it.
    Boutique {
        /// The boutique.
        owner: UserId,
        /// What it costs, if that is told.
        price: Option<Money>,
    },
}

/// A part of a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feature {
    /// One of [`FEATURES`](crate::FEATURES) or [`LEARNED_FEATURES`](crate::LEARNED_FEATURES).
    pub name: &'static str,
    /// 0–1, before weighting.
    pub value: f32,
    /// What it adds to the score, in steps of 0.0001: its weight times its value, or its share of what a learned
    /// scorer says.
    pub contribution: f64,
}
