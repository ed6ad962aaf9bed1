//! What two pieces have to do with each other, in numbers.

use std::ops::Range;

use crate::{
    encoder::Encoded,
    garment::SLOTS,
    hues::{self, Swatch},
    space::{RANK, Space, dot},
    vocabulary::{Bag, overlap},
};

/// Main directions of the vectors that enter one by one.
const FRONT: usize = 16;
/// Where each group's features stand: style, words, colour, and what neither piece has to do with the other.
pub(crate) const STYLE: Range<usize> = 0..2 + 2 * FRONT;
pub(crate) const WORDS: Range<usize> = STYLE.end..STYLE.end + 2;
pub(crate) const COLOR: Range<usize> = WORDS.end..WORDS.end + 1 + hues::COUNT;
pub(crate) const BIAS: Range<usize> = COLOR.end..COLOR.end + 1;
/// How many features a pair has.
pub(crate) const COUNT: usize = BIAS.end;
/// Features of which more is never worse: what was worn together, and what is alike, before either is weighed.
pub(crate) const RISING: [usize; 5] = [
    STYLE.start,
    STYLE.start + 1,
    WORDS.start,
    WORDS.start + 1,
    COLOR.start,
];

/// Features that are never negative, and of which none is good or bad by itself: only more or less than usual.
pub(crate) const CENTERED: [Range<usize>; 3] = [
    STYLE.start + 2 + FRONT..STYLE.end,
    COLOR.start + 1..COLOR.end,
    BIAS,
];

/// A pair's features; zero where one of the two is not known.
pub(crate) type Features = [f32; COUNT];

/// What goes with what, by vectors, words and colours.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spaces {
    pub(crate) style: Space,
    pub(crate) words: Space,
    pub(crate) color: Space,
}

/// A piece with all that pairs need, computed once.
#[derive(Debug, Clone)]
pub struct Prepared {
    slot: usize,
    /// In the meeting spaces with every slot.
    style: Vec<f32>,
    words: Vec<f32>,
    color: Vec<f32>,
    /// At unit length, or zeros.
    unit: Vec<f32>,
    front: [f32; FRONT],
    /// How far it is from its slot's mean.
    distance: f32,
    bag: Bag,
    swatches: Vec<Swatch>,
}

impl Prepared {
    pub(crate) fn new(piece: &Encoded, spaces: &Spaces) -> Self {
        let length = dot(&piece.style, &piece.style).sqrt();
        let mut front = [0.0; FRONT];
        for (to, x) in front.iter_mut().zip(&piece.style) {
            *to = *x;
        }
        let scale = 1.0 / length.max(1e-6);
        Self {
            slot: piece.slot,
            style: spaces.style.project(piece.slot, &piece.style),
            words: spaces.words.project(piece.slot, &piece.words),
            color: spaces.color.project(piece.slot, &piece.color),
            unit: piece.style.iter().map(|x| x * scale).collect(),
            front,
            distance: length,
            bag: piece.bag.clone(),
            swatches: piece.swatches.clone(),
        }
    }
}

/// The features of a pair; its order does not matter.
pub(crate) fn features(x: &Prepared, y: &Prepared) -> Features {
    /// No single number may decide alone.
    const LIMIT: f32 = 1e4;
    let mut all = [0.0; COUNT];
    let meet = |of: fn(&Prepared) -> &[f32]| {
        let side = |piece, other: &Prepared| {
            let start = other.slot.min(SLOTS - 1) * RANK;
            of(piece).get(start..start + RANK).unwrap_or_default()
        };
        dot(side(x, y), side(y, x))
    };
    let known = x.distance > 0.0 && y.distance > 0.0;
    let fronts = x.front.iter().zip(&y.front);
    let style = [meet(|piece| &piece.style), dot(&x.unit, &y.unit)]
        .into_iter()
        .chain(fronts.clone().map(|(a, b)| a * b))
        .chain(fronts.map(|(a, b)| if known { (a - b).abs() } else { 0.0 }));
    let words = [meet(|piece| &piece.words), overlap(&x.bag, &y.bag)];
    let color = [meet(|piece| &piece.color)]
        .into_iter()
        .chain(hues::features(&x.swatches, &y.swatches));
    let bias = [x.distance + y.distance];
    let values = style.chain(words).chain(color).chain(bias);
    for (to, value) in all.iter_mut().zip(values) {
        *to = if value.is_finite() {
            value.clamp(-LIMIT, LIMIT)
        } else {
            0.0
        };
    }
    all
}
