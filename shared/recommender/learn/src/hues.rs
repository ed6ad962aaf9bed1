//! What the colours of two pieces have to do with each other.

use std::sync::LazyLock;

use drape_domain::{Oklab, color::NAMED};

/// How many features two palettes have.
pub(crate) const COUNT: usize = 11;

/// One of a piece's colours, with what pairs need of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Swatch {
    color: Oklab,
    share: f32,
    chroma: f32,
}

impl Swatch {
    pub(crate) fn of(palette: &[(Oklab, f32)]) -> Vec<Self> {
        let swatch = |(color, share): &(Oklab, f32)| Self {
            color: *color,
            share: *share,
            chroma: color.chroma(),
        };
        palette.iter().map(swatch).collect()
    }
}

/// Statistics of pairs in the manner of P. O'Donovan, A. Agarwala and A. Hertzmann, "Color compatibility from large
/// datasets" (2011), in Oklab: differences and sums of lightness and chroma, and the difference of hues by the smaller
/// chroma, since greys have none. Means over both palettes by share; zeros if either is empty.
pub(crate) fn features(x: &[Swatch], y: &[Swatch]) -> [f32; COUNT] {
    let mut sums = [0.0; COUNT];
    for a in x {
        for b in y {
            let share = a.share * b.share;
            for (sum, value) in sums.iter_mut().zip(pair(a, b)) {
                *sum += share * value;
            }
        }
    }
    sums
}

fn pair(x: &Swatch, y: &Swatch) -> [f32; COUNT] {
    let product = x.chroma * y.chroma;
    let (cos, sin) = if product > 1e-6 {
        let (a, b) = (x.color, y.color);
        (
            ((a.a * b.a + a.b * b.b) / product).clamp(-1.0, 1.0),
            ((a.a * b.b - a.b * b.a) / product).clamp(-1.0, 1.0),
        )
    } else {
        (1.0, 0.0)
    };
    let lightness = (x.color.l - y.color.l).abs();
    let least = x.chroma.min(y.chroma);
    let distance = x.color.distance(y.color);
    [
        1.0,
        lightness,
        lightness * lightness,
        (x.chroma - y.chroma).abs(),
        x.color.l + y.color.l - 1.0,
        x.chroma + y.chroma,
        least,
        least * cos,
        // cos 2h: complements as alike as equals.
        least * (cos * cos - sin * sin),
        (-(distance / 0.1).powi(2)).exp(),
        (-(distance / 0.3).powi(2)).exp(),
    ]
}

/// How many values [`histogram`] gives.
pub(crate) const ANCHORS: usize = NAMED.len();

static NAMES: LazyLock<Vec<Oklab>> =
    LazyLock::new(|| NAMED.iter().map(|(_, rgb)| Oklab::of(*rgb)).collect());

/// How near a palette is to each colour that has a name, together one: for what goes with what among colours. Zeros
/// if it is empty.
pub(crate) fn histogram(palette: &[(Oklab, f32)]) -> Vec<f32> {
    let mut all = vec![0.0; ANCHORS];
    for (color, share) in palette {
        let near: Vec<f32> = NAMES
            .iter()
            .map(|anchor| (-(anchor.distance(*color) / 0.1).powi(2)).exp())
            .collect();
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
                let (x, y) = (Swatch::of(&palette(x)), Swatch::of(&palette(y)));
                for (a, b) in features(&x, &y).iter().zip(features(&y, &x)) {
                    assert!((a - b).abs() < 1e-6);
                }
                assert_eq!(features(&x, &[]), [0.0; COUNT]);
            }
        }
    }

    #[test]
    fn hues_count_only_as_far_as_there_are_any() {
        let of = |x: &str, y: &str| features(&Swatch::of(&palette(x)), &Swatch::of(&palette(y)))[7];
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
