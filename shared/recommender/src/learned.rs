//! The learned scorer, and exactly what it adds to a score.

use std::cell::Cell;

use drape_learn::{Compat, Garment as Known, Judged, Parts, Prepared};

use crate::{garment::Garment, score::sigmoid};

/// The learned scorer with what it needs of the shortlisted pieces. Pairs are judged when they are first asked for:
/// a beam never meets many of them.
#[derive(Debug)]
pub(crate) struct Learned<'a> {
    compat: &'a Compat,
    pieces: Vec<Prepared>,
    /// By places a < b at b · (b − 1) / 2 + a.
    pairs: Vec<Cell<Option<Parts>>>,
}

impl<'a> Learned<'a> {
    /// `embedding` made the vectors that it knows; those of others are kept from it.
    pub(crate) fn new(
        compat: &'a Compat,
        embedding: Option<&str>,
        pieces: &[&Garment<'_>],
    ) -> Self {
        let colors: Vec<Vec<_>> = (pieces.iter())
            .map(|piece| {
                let swatches = piece.palette.swatches().iter();
                swatches.map(|swatch| (swatch.lab, swatch.share)).collect()
            })
            .collect();
        let words: Vec<_> = pieces.iter().map(|piece| piece.words()).collect();
        let known: Vec<Known<'_>> = (pieces.iter().zip(&colors).zip(&words))
            .map(|((piece, colors), words)| Known {
                slot: piece.slot,
                category: Some(piece.category),
                vector: piece.values().filter(|_| piece.model == embedding),
                colors,
                words,
            })
            .collect();
        let count = pieces.len();
        Self {
            compat,
            pieces: compat.prepare_all(&known),
            pairs: vec![Cell::new(None); count * count.saturating_sub(1) / 2],
        }
    }

    /// Judges the pieces at these places.
    pub(crate) fn judge(&self, places: &[u16]) -> Judged {
        let pairs = places.iter().enumerate().flat_map(|(n, a)| {
            let later = places.iter().skip(n + 1);
            later.map(move |b| self.pair(usize::from(*a.min(b)), usize::from(*a.max(b))))
        });
        self.compat.outfit(pairs)
    }

    /// What the pieces at places a < b add.
    fn pair(&self, a: usize, b: usize) -> Parts {
        let judge = || match (self.pieces.get(a), self.pieces.get(b)) {
            (Some(a), Some(b)) => self.compat.pair(a, b),
            _ => Parts::default(),
        };
        let Some(cell) = self.pairs.get(b * b.saturating_sub(1) / 2 + a) else {
            return judge();
        };
        cell.get().unwrap_or_else(|| {
            let parts = judge();
            cell.set(Some(parts));
            parts
        })
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
