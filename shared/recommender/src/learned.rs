//! The learned scorer, and exactly what it adds to a score.

use drape_learn::{Compat, Garment as Known, Judged, Parts, Prepared};

use crate::{garment::Garment, score::sigmoid};

/// The learned scorer with what it needs of the shortlisted pieces.
#[derive(Debug)]
pub(crate) struct Learned<'a> {
    compat: &'a Compat,
    pieces: Vec<Prepared>,
}

impl<'a> Learned<'a> {
    /// `embedding` made the vectors that it knows; those of others are kept from it.
    pub(crate) fn new<'p>(
        compat: &'a Compat,
        embedding: Option<&str>,
        pieces: impl Iterator<Item = &'p Garment<'p>>,
    ) -> Self {
        let prepare = |piece: &Garment<'_>| {
            let colors: Vec<_> = piece
                .palette
                .swatches()
                .iter()
                .map(|swatch| (swatch.lab, swatch.share))
                .collect();
            compat.prepare(&Known {
                slot: piece.slot,
                category: Some(piece.category),
                vector: piece.values().filter(|_| piece.model == embedding),
                colors: &colors,
                words: &piece.words,
            })
        };
        Self {
            compat,
            pieces: pieces.map(prepare).collect(),
        }
    }

    /// What two of the pieces add, by their places.
    pub(crate) fn pair(&self, a: usize, b: usize) -> Parts {
        match (self.pieces.get(a), self.pieces.get(b)) {
            (Some(a), Some(b)) => self.compat.pair(a, b),
            _ => Parts::default(),
        }
    }
}

/// A probability split among what its log-odds rest on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Split {
    pub(crate) probability: f32,
    /// The log-odds of each group.
    pub(crate) parts: Parts,
    /// What each group adds to the probability; with `base` they sum to it.
    pub(crate) color: f32,
    pub(crate) style: f32,
    pub(crate) words: f32,
    /// The probability without them.
    pub(crate) base: f32,
}

impl Split {
    /// On the straight way from the bias to the log-odds each group adds in proportion to its own: what the curve
    /// gains on that way is shared out without a rest.
    pub(crate) fn of(judged: &Judged) -> Self {
        let parts = judged.parts;
        let base = sigmoid(parts.bias);
        let way = judged.logit - parts.bias;
        let slope = if way.abs() > 1e-4 {
            (judged.probability - base) / way
        } else {
            base * (1.0 - base)
        };
        Self {
            probability: judged.probability,
            parts,
            color: slope * parts.color,
            style: slope * parts.style,
            words: slope * parts.words,
            base,
        }
    }
}
