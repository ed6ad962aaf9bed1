//! What is asked and what is answered.

use drape_domain::{Item, ItemId, Money, Prefs, Signal, Slot, UserId};

use crate::{Context, Rule};

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
}

/// A question.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Everything the person owns. If an item comes twice, the later revision counts.
    pub wardrobe: &'a [Piece<'a>],
    /// The person's tastes. `sizes` plays no part: what is owned is taken to fit.
    pub prefs: &'a Prefs,
    /// What they did, as far back as is known, in any order.
    pub history: &'a [Signal],
    /// When and for what.
    pub context: &'a Context,
    /// How many outfits; read as the nearest of 1 to [`MAX_OUTFITS`].
    pub limit: usize,
    /// A piece that every outfit must hold, even where it breaks a rule. If it cannot be worn (not owned, not
    /// ready, in the wash, excluded) there is no outfit.
    pub pair_with: Option<ItemId>,
    /// Pieces that no outfit may hold.
    pub exclude: &'a [ItemId],
    /// For so many days after top and bottom, or a dress, were worn together they do not come again.
    pub avoid_repeat_days: u16,
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
        }
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The best first. May be fewer than asked for, if the wardrobe holds no more.
    pub outfits: Vec<Outfit>,
    /// The slots without which no outfit can be made (then `outfits` is empty), or an outer layer or closed
    /// shoes that the weather asks for.
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
    /// Source the skin outwards: top and bottom (or dress), outer layer, shoes, hat, bag, accessory.
    pub pieces: Vec<Placed>,
    /// 0–1, in steps of 0.0001.
    pub score: f64,
    /// What the score is made of; the contributions sum to it.
    pub features: Vec<Feature>,
    /// Short reasons, the weightiest first; each is true of this outfit.
    pub explain: Vec<String>,
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
    /// One of [`FEATURES`](crate::FEATURES).
    pub name: &'static str,
    /// 0–1, before weighting.
    pub value: f32,
    /// What it adds to the score: its weight times its value, in steps of 0.0001.
    pub contribution: f64,
}
