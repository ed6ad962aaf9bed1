//! What two pieces have to do with each other, in numbers.

use std::ops::Range;

use crate::{
    encoder::Encoded,
    garment::SLOTS,
    hues::{self, Palette},
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
    /// For each slot the piece in its meeting spaces with it: of style, then of words, then of colour.
    meetings: Vec<f32>,
    /// At unit length, or zeros.
    unit: Vec<f32>,
    front: [f32; FRONT],
    /// How far it is from its slot's mean.
    distance: f32,
    bag: Bag,
    /// A few bits for each word: bags of which none is common have no common word.
    glimpse: u128,
    palette: Palette,
}

/// Values of a piece in its meeting spaces with one slot.
const MEETING: usize = 3 * RANK;

impl Prepared {
    pub(crate) fn new(piece: &Encoded, spaces: &Spaces) -> Self {
        let [style, words, color] = [
            spaces.style.project(piece.slot, &piece.style),
            spaces.words.project(piece.slot, &piece.words),
            spaces.color.project(piece.slot, &piece.color),
        ];
        Self::of(piece, [&style, &words, &color])
    }

    /// The same for many, which is faster.
    pub(crate) fn all(pieces: &[Encoded], spaces: &Spaces) -> Vec<Self> {
        let codes = |code: fn(&Encoded) -> &[f32]| -> Vec<(usize, &[f32])> {
            let codes = pieces.iter().map(|piece| (piece.slot, code(piece)));
            codes.collect()
        };
        let style = spaces.style.project_all(&codes(|piece| &piece.style));
        let words = spaces.words.project_all(&codes(|piece| &piece.words));
        let color = spaces.color.project_all(&codes(|piece| &piece.color));
        let spaces = style.iter().zip(&words).zip(&color);
        (pieces.iter().zip(spaces))
            .map(|(piece, ((style, words), color))| Self::of(piece, [style, words, color]))
            .collect()
    }

    /// With its values in the three spaces.
    fn of(piece: &Encoded, spaces: [&[f32]; 3]) -> Self {
        let length = dot(&piece.style, &piece.style).sqrt();
        let mut front = [0.0; FRONT];
        for (to, x) in front.iter_mut().zip(&piece.style) {
            *to = *x;
        }
        let scale = 1.0 / length.max(1e-6);
        let mut meetings = Vec::with_capacity(SLOTS * MEETING);
        for slot in 0..SLOTS {
            let range = slot * RANK..(slot + 1) * RANK;
            for space in spaces {
                meetings.extend_from_slice(space.get(range.clone()).unwrap_or(&[0.0; RANK]));
            }
        }
        Self {
            slot: piece.slot,
            meetings,
            unit: piece.style.iter().map(|x| x * scale).collect(),
            front,
            distance: length,
            bag: piece.bag.clone(),
            glimpse: (piece.bag.iter()).fold(0, |bits, (word, _)| bits | 1 << (word % 128)),
            palette: piece.palette,
        }
    }

    /// In the meeting spaces with another piece's slot.
    fn towards(&self, other: &Self) -> &[f32] {
        let start = other.slot.min(SLOTS - 1) * MEETING;
        let meeting = self.meetings.get(start..start + MEETING);
        meeting.unwrap_or_default()
    }
}

/// The features of a pair; its order does not matter.
pub(crate) fn features(x: &Prepared, y: &Prepared) -> Features {
    let mut all = [0.0; COUNT];
    let (towards, back) = (
        x.towards(y).as_chunks::<RANK>().0,
        y.towards(x).as_chunks::<RANK>().0,
    );
    let meetings = towards.iter().zip(back);
    for ((x, y), to) in meetings.zip([STYLE.start, WORDS.start, COLOR.start]) {
        all[to] = dot(x, y);
    }
    all[STYLE.start + 1] = dot(&x.unit, &y.unit);
    let known = x.distance > 0.0 && y.distance > 0.0;
    let apart = if known { 1.0 } else { 0.0 };
    for at in 0..FRONT {
        let (a, b) = (x.front[at], y.front[at]);
        all[STYLE.start + 2 + at] = a * b;
        all[STYLE.start + 2 + FRONT + at] = (a - b).abs() * apart;
    }
    if x.glimpse & y.glimpse != 0 {
        all[WORDS.start + 1] = overlap(&x.bag, &y.bag);
    }
    let hues = hues::features(&x.palette, &y.palette);
    all[COLOR.start + 1..COLOR.end].copy_from_slice(&hues);
    all[BIAS.start] = x.distance + y.distance;
    all.map(bounded)
}

/// No single number may decide alone, and none that is not finite at all.
fn bounded(value: f32) -> f32 {
    const LIMIT: f32 = 1e4;
    let bounded = if value > LIMIT { LIMIT } else { value };
    let bounded = if bounded < -LIMIT { -LIMIT } else { bounded };
    if value.abs() <= f32::MAX {
        bounded
    } else {
        0.0
    }
}
