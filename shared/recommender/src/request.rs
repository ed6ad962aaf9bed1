//! What is asked and what is answered.

use drape_domain::{Item, ItemId, Prefs, Signal, Slot};

use crate::{Context, Rule};

/// The most outfits in one answer.
pub const MAX_OUTFITS: usize = 10;

/// One thing in the wardrobe.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// Its record; pieces that are not `ready` are passed over.
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
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The best first. May be fewer than asked for, if the wardrobe holds no more.
    pub outfits: Vec<Outfit>,
    /// The slots without which no outfit can be made (then `outfits` is empty), or an outer layer that the
    /// weather asks for.
    pub missing: Vec<Slot>,
    /// The rules that some piece had to break, because nothing in the wardrobe met them all.
    pub relaxed: Vec<Rule>,
}

/// A whole outfit.
#[derive(Debug, Clone, PartialEq)]
pub struct Outfit {
    /// From the skin outwards: top and bottom (or dress), outer layer, shoes, hat, bag, accessory.
    pub items: Vec<ItemId>,
    /// The slot of each of `items`.
    pub slots: Vec<Slot>,
    /// 0–1, in steps of 0.0001.
    pub score: f64,
    /// What the score is made of; the contributions sum to it.
    pub features: Vec<Feature>,
    /// Short reasons, the weightiest first; each is true of this outfit.
    pub explain: Vec<String>,
}

/// A part of a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feature {
    /// One of [`FEATURES`](crate::FEATURES).
    pub name: &'static str,
    /// What it adds to the score: its weight times its value, in steps of 0.0001.
    pub contribution: f64,
}
