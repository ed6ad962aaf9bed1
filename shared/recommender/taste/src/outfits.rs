//! What goes with what, learned from liked outfits: which pieces that takes, and what answers are worth by it.

use std::collections::{BTreeSet, HashMap};

use drape_domain::{Category, ItemId, Oklab, UserId};
use drape_learn::{Compat, Garment, Options, Prepared, Trained};

use crate::{
    Model, Parts, Summary,
    blend::COMPAT_WEIGHTS,
    examples::{Example, ExamplePiece},
    train::is_held_out,
};

/// The answers that are judged anew by a scorer, the latest; about as many pieces again as liked outfits have.
const MAX_ANSWERS: usize = 8_000;
/// The features in whose place a learned scorer is served.
const REPLACED: [&str; 2] = ["color_match", "style_match"];

/// What is known of a piece that is still there.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// What kind it is; the slot follows from it.
    pub category: Category,
    /// Its vector by the embedding model that is in use.
    pub vector: Option<Vec<f32>>,
    /// Its colours with the shares of it that they cover.
    pub colors: Vec<(Oklab, f32)>,
    /// Words of its title and tags, as [`drape_learn::words::of_title`] gives them.
    pub words: Vec<u32>,
}

impl Known {
    fn garment(&self) -> Garment<'_> {
        Garment {
            slot: self.category.slot(),
            category: Some(self.category),
            vector: self.vector.as_deref(),
            colors: &self.colors,
            words: &self.words,
        }
    }
}

/// What is known of pieces.
#[derive(Debug, Clone, Default)]
pub struct Pieces {
    /// The embedding model that made their vectors.
    pub embedding: String,
    /// By their ids; one that is gone is missing.
    pub known: HashMap<ItemId, Known>,
}

impl Pieces {
    fn garment(&self, item: ItemId) -> Option<Garment<'_>> {
        self.known.get(&item).map(Known::garment)
    }
}

/// The pieces that learning what goes with what looks at, with their owners: those of liked outfits, and those of
/// the latest answers by which it is weighed and compared.
#[must_use]
pub fn wanted(summary: &Summary) -> BTreeSet<(UserId, ItemId)> {
    let liked = summary.liked().flat_map(|liked| &liked.pieces);
    let answers = latest(summary).into_iter().flat_map(|one| &one.pieces);
    let key = |piece: &ExamplePiece| (piece.owner, piece.item);
    liked.chain(answers).map(key).collect()
}

/// The latest answers, in an order that is always the same.
pub(crate) fn latest(summary: &Summary) -> Vec<&Example> {
    let mut answers: Vec<&Example> = summary.examples().collect();
    answers.sort_by_key(|example| (std::cmp::Reverse(example.day), example.recommendation));
    answers.truncate(MAX_ANSWERS);
    answers
}

/// What learning from liked outfits came to.
#[derive(Debug)]
pub(crate) struct Learned {
    /// Outfits of at least two pieces that are still there.
    pub(crate) outfits: usize,
    /// The scorer and its figures, or why there is none.
    pub(crate) trained: Result<Trained, drape_learn::Error>,
}

/// Learns from the liked outfits of those by whom models are not compared.
pub(crate) fn learn(summary: &Summary, pieces: &Pieces) -> Learned {
    let outfits: Vec<Vec<Garment<'_>>> = summary
        .liked()
        .filter(|liked| !is_held_out(liked.user))
        .map(|liked| {
            let still = liked.pieces.iter();
            still
                .filter_map(|piece| pieces.garment(piece.item))
                .take(drape_learn::MOST_PIECES)
                .collect()
        })
        .filter(|outfit: &Vec<_>| outfit.len() > 1)
        .collect();
    Learned {
        outfits: outfits.len(),
        trained: Compat::train(&outfits, &Options::default()),
    }
}

/// Judges answers as a scorer would have judged them.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    compat: &'a Compat,
    pieces: HashMap<ItemId, Prepared>,
    /// Where the features that the scorer does not replace stand among those that were logged, with their weights.
    kept: Vec<(usize, f32)>,
}

impl<'a> Judge<'a> {
    /// None if the model has no scorer for these vectors, or what else makes up `compat` was not logged.
    pub(crate) fn new<'e>(
        model: &'a Model,
        pieces: &Pieces,
        summary: &Summary,
        examples: impl IntoIterator<Item = &'e Example>,
    ) -> Option<Self> {
        let compat = model.compat.as_ref()?;
        if model.embedding.as_deref() != Some(&pieces.embedding) {
            return None;
        }
        let place = |name: &str| summary.explored().iter().position(|own| own == name);
        let kept = COMPAT_WEIGHTS
            .iter()
            .filter(|(name, _)| !REPLACED.contains(name))
            .map(|(name, weight)| Some((place(name)?, *weight)))
            .collect::<Option<Vec<_>>>()?;
        let items: BTreeSet<ItemId> = examples
            .into_iter()
            .flat_map(|example| example.pieces.iter().map(|piece| piece.item))
            .collect();
        let prepare = |item: ItemId| {
            let garment = pieces.garment(item)?;
            Some((item, compat.prepare(&garment)))
        };
        Some(Self {
            compat,
            pieces: items.into_iter().filter_map(prepare).collect(),
            kept,
        })
    }

    /// The parts of the score with this scorer; none if a piece is gone or there is only one.
    pub(crate) fn parts(&self, example: &Example) -> Option<Parts> {
        let pieces: Vec<&Prepared> = example
            .pieces
            .iter()
            .map(|piece| self.pieces.get(&piece.item))
            .collect::<Option<_>>()?;
        if pieces.len() < 2 {
            return None;
        }
        let mut left = 1.0;
        let mut compat = 0.0;
        for (place, weight) in &self.kept {
            compat += weight * example.explored.get(*place)?;
            left -= weight;
        }
        compat += left * self.compat.judge(&pieces).probability;
        Some(Parts {
            compat: compat.clamp(0.0, 1.0),
            ..example.parts
        })
    }
}
