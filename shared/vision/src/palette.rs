//! Which colours belong to the garment and which to what is behind it: a smoothed histogram of each.

use crate::oklab::Lab;

/// Bins along lightness (0–1) and along each of the two hue axes (±[`CHROMA`]).
const LIGHTNESS_BINS: usize = 24;
const CHROMA_BINS: usize = 20;
const CHROMA: f32 = 0.35;
/// What is left for colours that were never seen, as a part of a flat histogram's bin.
const UNSEEN: f32 = 0.05;

/// How often colours occur.
pub(crate) struct Palette {
    bins: Vec<f32>,
    total: f32,
}

/// A colour's bins along each axis: the lower one, and how far it is to the next.
fn place(color: Lab) -> [(usize, f32); 3] {
    let along = |value: f32, bins: usize| {
        let at = (value * bins as f32 - 0.5).clamp(0.0, (bins - 1) as f32 - 1e-3);
        (at as usize, at.fract())
    };
    [
        along(color.l, LIGHTNESS_BINS),
        along((color.a + CHROMA) / (2.0 * CHROMA), CHROMA_BINS),
        along((color.b + CHROMA) / (2.0 * CHROMA), CHROMA_BINS),
    ]
}

fn corners(color: Lab) -> impl Iterator<Item = (usize, f32)> {
    let [(l, l_part), (a, a_part), (b, b_part)] = place(color);
    let part = |next: usize, part: f32| if next == 1 { part } else { 1.0 - part };
    (0..8).map(move |corner| {
        let (dl, da, db) = (corner & 1, corner >> 1 & 1, corner >> 2);
        let bin = ((l + dl) * CHROMA_BINS + a + da) * CHROMA_BINS + b + db;
        (bin, part(dl, l_part) * part(da, a_part) * part(db, b_part))
    })
}

impl Palette {
    /// From colours and how much each counts.
    pub(crate) fn of(colors: impl Iterator<Item = (Lab, f32)>) -> Self {
        let mut bins = vec![0.0_f32; LIGHTNESS_BINS * CHROMA_BINS * CHROMA_BINS];
        for (color, weight) in colors {
            for (bin, part) in corners(color) {
                bins[bin] += weight * part;
            }
        }
        // Light and noise move colours to neighbouring bins.
        for (bins_along, step) in [
            (LIGHTNESS_BINS, CHROMA_BINS * CHROMA_BINS),
            (CHROMA_BINS, CHROMA_BINS),
            (CHROMA_BINS, 1),
        ] {
            bins = smooth(&bins, bins_along, step);
        }
        let total = bins.iter().sum();
        Self { bins, total }
    }

    /// How many colours were counted, by their weights.
    pub(crate) fn total(&self) -> f32 {
        self.total
    }

    /// How likely a colour is; never 0.
    pub(crate) fn likelihood(&self, color: Lab) -> f32 {
        let flat = 1.0 / self.bins.len() as f32;
        let seen: f32 = corners(color)
            .map(|(bin, part)| self.bins[bin] * part)
            .sum();
        seen / self.total.max(1.0) + UNSEEN * flat
    }

    /// How likely some of its colours are as a rule: the median of their likelihoods.
    pub(crate) fn usual(&self, colors: impl Iterator<Item = Lab>) -> f32 {
        let mut likelihoods: Vec<f32> = colors.map(|color| self.likelihood(color)).collect();
        let middle = likelihoods.len() / 2;
        if likelihoods.is_empty() {
            return 0.0;
        }
        *likelihoods.select_nth_unstable_by(middle, f32::total_cmp).1
    }

    /// How much two palettes have in common (0–1): the Bhattacharyya coefficient.
    pub(crate) fn overlap(&self, other: &Self) -> f32 {
        let (one, two) = (self.total.max(1e-6), other.total.max(1e-6));
        self.bins
            .iter()
            .zip(&other.bins)
            .map(|(a, b)| (a / one * b / two).sqrt())
            .sum()
    }
}

/// Weights 1, 2, 1 along one axis.
fn smooth(bins: &[f32], along: usize, step: usize) -> Vec<f32> {
    (0..bins.len())
        .map(|at| {
            let place = at / step % along;
            let before = if place > 0 { bins[at - step] } else { 0.0 };
            let after = if place + 1 < along {
                bins[at + step]
            } else {
                0.0
            };
            (before + 2.0 * bins[at] + after) / 4.0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(rgb: [u8; 3]) -> Palette {
        Palette::of(std::iter::repeat_n((Lab::from_srgb(rgb), 1.0), 100))
    }

    #[test]
    fn a_colour_is_likely_where_it_was_seen() {
        let red = one([200, 30, 40]);
        let likelihood = |rgb| red.likelihood(Lab::from_srgb(rgb));
        assert!(likelihood([205, 34, 42]) > 100.0 * likelihood([30, 60, 200]));
        assert!(likelihood([30, 60, 200]) > 0.0);
    }

    #[test]
    fn different_colours_have_nothing_in_common() {
        let (red, blue) = (one([200, 30, 40]), one([30, 60, 200]));
        assert!(red.overlap(&red) > 0.99);
        assert!(red.overlap(&blue) < 0.01);
    }
}
