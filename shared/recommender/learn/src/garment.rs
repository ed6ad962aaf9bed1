//! What is known of a piece before anything is learned.

use drape_domain::{Category, Oklab, Slot};

use crate::words;

/// The most colours of a piece that are looked at.
pub(crate) const MOST_COLORS: usize = 3;

/// What is known of a piece, from a wardrobe or a boutique. Anything but the slot may be missing.
#[derive(Debug, Clone, Copy)]
pub struct Garment<'a> {
    /// Its place on the body.
    pub slot: Slot,
    /// What kind it is.
    pub category: Option<Category>,
    /// Its embedding, of any length; every piece's must have the same dimensions.
    pub vector: Option<&'a [f32]>,
    /// Its colours with the shares of it that they cover.
    pub colors: &'a [(Oklab, f32)],
    /// Words of its title and tags, as [`words::of_title`] gives them.
    pub words: &'a [u32],
}

impl Garment<'_> {
    /// The vector at unit length; none if it is missing, zero, or not finite.
    pub(crate) fn unit(&self) -> Option<Vec<f32>> {
        let vector = self.vector?;
        let (chunks, rest) = vector.as_chunks::<4>();
        // Four sums that a processor keeps side by side.
        let mut squares = [0.0_f64; 4];
        for chunk in chunks {
            for (sum, x) in squares.iter_mut().zip(chunk) {
                *sum += f64::from(*x).powi(2);
            }
        }
        let rest = rest.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
        let square = squares.iter().sum::<f64>() + rest;
        let scale = 1.0 / square.sqrt();
        (square > 1e-12 && square.is_finite()).then(|| {
            vector
                .iter()
                .map(|x| (f64::from(*x) * scale) as f32)
                .collect()
        })
    }

    /// Its largest colours, shares summing to one; empty if none is known.
    pub(crate) fn palette(&self) -> Vec<(Oklab, f32)> {
        let sound = |(color, _): &&(Oklab, f32)| {
            [color.l, color.a, color.b]
                .iter()
                .all(|value| value.is_finite() && value.abs() <= 2.0)
        };
        let mut colors: Vec<(Oklab, f32)> = self
            .colors
            .iter()
            .filter(sound)
            .map(|(color, share)| {
                (
                    *color,
                    if share.is_finite() {
                        share.clamp(0.01, 1.0)
                    } else {
                        0.01
                    },
                )
            })
            .collect();
        colors.sort_by(|a, b| b.1.total_cmp(&a.1));
        colors.truncate(MOST_COLORS);
        let total: f32 = colors.iter().map(|(_, share)| share).sum();
        for (_, share) in &mut colors {
            *share /= total;
        }
        colors
    }

    /// Its distinct words in rising order, with its category as one more.
    pub(crate) fn all_words(&self) -> Vec<u32> {
        let category = self.category.map(|category| words::hash(category.as_str()));
        words::distinct(category.into_iter().chain(self.words.iter().copied()))
    }
}

/// Where a slot stands among all.
pub(crate) fn place(slot: Slot) -> usize {
    slot as usize
}

/// How many slots there are.
pub(crate) const SLOTS: usize = Slot::ALL.len();

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Garment<'static> = Garment {
        slot: Slot::Top,
        category: None,
        vector: None,
        colors: &[],
        words: &[],
    };

    #[test]
    fn a_vector_that_has_no_direction_is_none() {
        for vector in [
            &[0.0, 0.0][..],
            &[f32::NAN, 1.0],
            &[f32::INFINITY, 1.0],
            &[],
        ] {
            let garment = Garment {
                vector: Some(vector),
                ..NOTHING
            };
            assert_eq!(garment.unit(), None);
        }
        let garment = Garment {
            vector: Some(&[3.0, -4.0]),
            ..NOTHING
        };
        assert_eq!(garment.unit(), Some(vec![0.6, -0.8]));
    }

    #[test]
    fn broken_colours_are_left_out_and_broken_shares_count_little() {
        let red = Oklab {
            l: 0.6,
            a: 0.2,
            b: 0.1,
        };
        let broken = Oklab { l: f32::NAN, ..red };
        let colors = [(broken, 0.9), (red, 0.5), (red, f32::NAN), (red, -3.0)];
        let palette = Garment {
            colors: &colors,
            ..NOTHING
        }
        .palette();
        assert_eq!(palette.len(), 3);
        assert!((palette.iter().map(|(_, share)| share).sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(palette[0].1 > 0.9);
        assert!(NOTHING.palette().is_empty());
    }

    #[test]
    fn places_are_the_order_of_all_slots() {
        for (at, slot) in Slot::ALL.iter().enumerate() {
            assert_eq!(place(*slot), at);
        }
    }
}
