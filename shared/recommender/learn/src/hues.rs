//! What the colours of two pieces have to do with each other.

use std::sync::LazyLock;

use drape_domain::{Oklab, color::NAMED};

use crate::{curves::decay, garment::MOST_COLORS};

/// How many features two palettes have.
pub(crate) const COUNT: usize = 11;

/// The colours of a piece with what pairs need of them, side by side; places without a colour have no share.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Palette {
    count: usize,
    l: Lanes,
    a: Lanes,
    b: Lanes,
    share: Lanes,
    chroma: Lanes,
}

/// A value for each colour.
type Lanes = [f32; LANES];
/// As many as the machine compares at once.
const LANES: usize = 4;
const _: () = assert!(LANES >= MOST_COLORS);

impl Palette {
    pub(crate) fn of(colors: &[(Oklab, f32)]) -> Self {
        let mut all = Self {
            count: colors.len().min(LANES),
            ..Self::default()
        };
        for (at, (color, share)) in colors.iter().take(LANES).enumerate() {
            all.l[at] = color.l;
            all.a[at] = color.a;
            all.b[at] = color.b;
            all.share[at] = *share;
            all.chroma[at] = color.chroma();
        }
        all
    }
}

/// Statistics of pairs in the manner of P. O'Donovan, A. Agarwala and A. Hertzmann, "Color compatibility from large
/// datasets" (2011), in Oklab: differences and sums of lightness and chroma, and the difference of hues by the smaller
/// chroma, since greys have none. Means over both palettes by share; zeros if either is empty.
pub(crate) fn features(x: &Palette, y: &Palette) -> [f32; COUNT] {
    let mut sums = [[0.0; LANES]; COUNT];
    for at in 0..x.count.min(LANES) {
        compare(x, at, y, &mut sums);
    }
    sums.map(|[a, b, c, d]| (a + b) + (c + d))
}

/// Adds what one colour has to do with each of a palette, lane by lane.
#[inline]
fn compare(x: &Palette, at: usize, y: &Palette, sums: &mut [Lanes; COUNT]) {
    let (l, a, b, share, chroma) = (x.l[at], x.a[at], x.b[at], x.share[at], x.chroma[at]);
    let mut all = [[0.0; LANES]; COUNT];
    for lane in 0..LANES {
        let (other_l, other_chroma) = (y.l[lane], y.chroma[lane]);
        let off = [l - other_l, a - y.a[lane], b - y.b[lane]];
        let product = chroma * other_chroma;
        let cos = (a * y.a[lane] + b * y.b[lane]) / if product > 1e-6 { product } else { 1.0 };
        let cos = if cos > 1.0 { 1.0 } else { cos };
        let cos = if cos < -1.0 { -1.0 } else { cos };
        let cos = if product > 1e-6 { cos } else { 1.0 };
        let least = if chroma < other_chroma {
            chroma
        } else {
            other_chroma
        };
        // exp(−(d / 0.3)²); its ninth power is exp(−(d / 0.1)²).
        let near = decay(-(off[0] * off[0] + off[1] * off[1] + off[2] * off[2]) / 0.09);
        let eighth = near * near;
        let eighth = eighth * eighth;
        let eighth = eighth * eighth;
        let lightness = off[0].abs();
        let values = [
            1.0,
            lightness,
            lightness * lightness,
            (chroma - other_chroma).abs(),
            l + other_l - 1.0,
            chroma + other_chroma,
            least,
            least * cos,
            // cos 2h: complements as alike as equals.
            least * (2.0 * cos * cos - 1.0),
            eighth * near,
            near,
        ];
        for (to, value) in all.iter_mut().zip(values) {
            to[lane] = value;
        }
    }
    for (sums, values) in sums.iter_mut().zip(&all) {
        for lane in 0..LANES {
            sums[lane] += share * y.share[lane] * values[lane];
        }
    }
}

/// How many values [`histogram`] gives.
pub(crate) const ANCHORS: usize = NAMED.len();

static NAMES: LazyLock<Vec<Oklab>> =
    LazyLock::new(|| NAMED.iter().map(|(_, rgb)| Oklab::of(*rgb)).collect());

/// How near a palette is to each colour that has a name, together one: for what goes with what among colours. Zeros
/// if it is empty.
pub(crate) fn histogram(palette: &[(Oklab, f32)]) -> Vec<f32> {
    let mut all = vec![0.0; ANCHORS];
    let mut near = [0.0; ANCHORS];
    for (color, share) in palette {
        for (near, anchor) in near.iter_mut().zip(NAMES.iter()) {
            let off = [anchor.l - color.l, anchor.a - color.a, anchor.b - color.b];
            *near = decay(-(off[0] * off[0] + off[1] * off[1] + off[2] * off[2]) / 0.01);
        }
        let total = near.iter().sum::<f32>() + 1e-3;
        for (sum, part) in all.iter_mut().zip(near) {
            *sum += share * part / total;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use drape_domain::{Rgb, color::named};

    use super::*;

    fn palette(name: &str) -> Vec<(Oklab, f32)> {
        vec![(Oklab::of(named(name).unwrap_or(Rgb([0; 3]))), 1.0)]
    }

    #[test]
    fn order_does_not_matter_and_nothing_is_zero() {
        for x in ["red", "navy", "grey"] {
            for y in ["mint", "black", "red"] {
                let (x, y) = (Palette::of(&palette(x)), Palette::of(&palette(y)));
                for (a, b) in features(&x, &y).iter().zip(features(&y, &x)) {
                    assert!((a - b).abs() < 1e-6);
                }
                assert_eq!(features(&x, &Palette::default()), [0.0; COUNT]);
            }
        }
    }

    #[test]
    fn hues_count_only_as_far_as_there_are_any() {
        let of =
            |x: &str, y: &str| features(&Palette::of(&palette(x)), &Palette::of(&palette(y)))[7];
        assert!(of("red", "red") > 0.1 && of("red", "teal") < -0.03);
        assert!(of("red", "grey").abs() < 0.01);
    }

    #[test]
    fn a_named_colour_is_nearest_to_its_own_anchor() {
        for (at, (name, _)) in NAMED.iter().enumerate() {
            let all = histogram(&palette(name));
            let best = all.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            assert_eq!(best.map(|(best, _)| best), Some(at), "{name}");
        }
        assert!(histogram(&[]).iter().all(|x| *x == 0.0));
    }
}
