//! Outfits that were worn and outfits by chance, seen by projections that were learned without them.

use fastrand::Rng;

use crate::{
    encoder::{Encoded, Encoder},
    features::{Features, Prepared, Spaces, features},
    garment::SLOTS,
    space::{Moments, Space},
};

/// Parts of the data of which each is seen by what was learned from the others.
pub(crate) const FOLDS: usize = 5;
/// Outfits from which the weights are learned at most; projections are learned from all.
const MOST_OUTFITS: usize = 20_000;
/// Chance outfits for each real one: so many with every piece replaced, and as many with one.
const CHANCES: usize = 2;
/// Pairs on which a space's scores are brought to size one.
const SCALE_PAIRS: usize = 20_000;

/// How an outfit came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    /// By a person.
    Worn,
    /// Every piece by chance.
    Chance,
    /// One piece by chance.
    Swapped,
}

/// The features of an outfit's pairs.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    pub(crate) made: Made,
    pub(crate) fold: usize,
    pub(crate) pairs: Vec<Features>,
}

impl Example {
    /// Real and chance outfits count alike in sum.
    pub(crate) fn weight(&self) -> f32 {
        if self.made == Made::Worn {
            1.0
        } else {
            1.0 / (2 * CHANCES) as f32
        }
    }

    pub(crate) fn label(&self) -> f32 {
        if self.made == Made::Worn { 1.0 } else { 0.0 }
    }
}

/// Pieces and which of them are worn together.
pub(crate) struct Data {
    pub(crate) pieces: Vec<Encoded>,
    /// Places of each outfit's pieces.
    pub(crate) outfits: Vec<Vec<usize>>,
    fold_of: Vec<usize>,
    kept: [usize; 3],
}

/// The three groups' moments.
type Three = [Moments; 3];

impl Data {
    /// Each outfit falls into one fold by chance.
    pub(crate) fn new(
        encoder: &Encoder,
        pieces: Vec<Encoded>,
        outfits: Vec<Vec<usize>>,
        random: &mut Rng,
    ) -> Self {
        let mut fold_of: Vec<usize> = (0..outfits.len()).map(|at| at % FOLDS).collect();
        random.shuffle(&mut fold_of);
        Self {
            pieces,
            outfits,
            fold_of,
            kept: encoder.kept(),
        }
    }

    fn of_fold(&self, fold: usize) -> impl Iterator<Item = &Vec<usize>> {
        let folds = self.outfits.iter().zip(&self.fold_of);
        folds
            .filter(move |(_, own)| **own == fold)
            .map(|(outfit, _)| outfit)
    }

    fn moments(&self, fold: usize) -> Three {
        let (mut places, mut pairs) = (Vec::new(), Vec::new());
        for outfit in self.of_fold(fold) {
            let start = places.len();
            places.extend_from_slice(outfit);
            for second in start..places.len() {
                pairs.extend((start..second).map(|first| (first, second)));
            }
        }
        let codes: [fn(&Encoded) -> &[f32]; 3] = [
            |piece| &piece.style,
            |piece| &piece.words,
            |piece| &piece.color,
        ];
        let mut kept = self.kept.into_iter();
        codes.map(|code| {
            let pieces: Vec<(usize, &[f32])> = places
                .iter()
                .filter_map(|place| self.pieces.get(*place))
                .map(|piece| (piece.slot, code(piece)))
                .collect();
            Moments::of(kept.next().unwrap_or_default(), &pieces, &pairs)
        })
    }

    /// Spaces of all outfits, and the features of outfits as spaces of the other folds see them.
    pub(crate) fn learn(&self, random: &mut Rng) -> (Spaces, Vec<Example>) {
        let folds: Vec<Three> = (0..FOLDS).map(|fold| self.moments(fold)).collect();
        let mut total: Option<Three> = None;
        for part in &folds {
            match &mut total {
                Some(total) => each(total, part, Moments::add),
                None => total = Some(part.clone()),
            }
        }
        let total = total.unwrap_or_else(|| self.kept.map(|kept| Moments::of(kept, &[], &[])));
        let mut examples = Vec::new();
        for (fold, part) in folds.iter().enumerate() {
            let mut others = total.clone();
            each(&mut others, part, Moments::subtract);
            let spaces = self.spaces(&others, random);
            self.examine(fold, &spaces, random, &mut examples);
        }
        (self.spaces(&total, random), examples)
    }

    fn spaces(&self, [style, words, color]: &Three, random: &mut Rng) -> Spaces {
        let seed = random.u64(..);
        let sample: Vec<[usize; 2]> = (0..SCALE_PAIRS)
            .map(|_| [(); 2].map(|()| random.usize(..self.pieces.len().max(1))))
            .collect();
        let space = |moments, code: fn(&Encoded) -> &[f32]| {
            let mut space = Space::fit(moments, seed);
            space.normalise(sample.iter().filter_map(|[x, y]| {
                let (x, y) = (self.pieces.get(*x)?, self.pieces.get(*y)?);
                (x.slot != y.slot).then(|| [(x.slot, code(x)), (y.slot, code(y))])
            }));
            space
        };
        Spaces {
            style: space(style, |piece| &piece.style),
            words: space(words, |piece| &piece.words),
            color: space(color, |piece| &piece.color),
        }
    }

    /// Adds the fold's outfits, and chance outfits of the fold's pieces.
    fn examine(&self, fold: usize, spaces: &Spaces, random: &mut Rng, to: &mut Vec<Example>) {
        let outfits: Vec<&Vec<usize>> = self.of_fold(fold).take(MOST_OUTFITS / FOLDS).collect();
        let mut by_slot: Vec<Vec<Prepared>> = vec![Vec::new(); SLOTS];
        // Where each outfit's pieces stand in `by_slot`.
        let mut placed: Vec<Vec<(usize, usize)>> = Vec::with_capacity(outfits.len());
        for outfit in outfits {
            let mut places = Vec::with_capacity(outfit.len());
            for piece in outfit.iter().filter_map(|place| self.pieces.get(*place)) {
                if let Some(of_slot) = by_slot.get_mut(piece.slot) {
                    places.push((piece.slot, of_slot.len()));
                    of_slot.push(Prepared::new(piece, spaces));
                }
            }
            placed.push(places);
        }
        let any = |slot: usize, random: &mut Rng| {
            let count = by_slot.get(slot).map_or(0, Vec::len);
            (slot, random.usize(..count.max(1)))
        };
        for outfit in &placed {
            let mut add = |made, places: &[(usize, usize)]| {
                to.push(Example {
                    made,
                    fold,
                    pairs: pairs_of(&by_slot, places),
                });
            };
            add(Made::Worn, outfit);
            for _ in 0..CHANCES {
                let all: Vec<_> = outfit.iter().map(|(slot, _)| any(*slot, random)).collect();
                add(Made::Chance, &all);
                let mut one = outfit.clone();
                let at = random.usize(..one.len().max(1));
                if let Some(piece) = one.get_mut(at) {
                    *piece = any(piece.0, random);
                }
                add(Made::Swapped, &one);
            }
        }
    }
}

fn pairs_of(by_slot: &[Vec<Prepared>], places: &[(usize, usize)]) -> Vec<Features> {
    let pieces: Vec<&Prepared> = places
        .iter()
        .filter_map(|(slot, at)| by_slot.get(*slot)?.get(*at))
        .collect();
    let mut pairs = Vec::with_capacity(pieces.len() * pieces.len() / 2);
    for (at, x) in pieces.iter().enumerate() {
        pairs.extend(pieces.iter().take(at).map(|y| features(x, y)));
    }
    pairs
}

fn each(all: &mut Three, part: &Three, change: fn(&mut Moments, &Moments)) {
    for (moments, other) in all.iter_mut().zip(part) {
        change(moments, other);
    }
}
