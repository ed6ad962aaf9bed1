//! Embeddings, with all that can be wrong with them.

use std::sync::LazyLock;

use drape_index::InstructionSet;

/// A usable vector and the inverse of its length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vector<'a> {
    values: &'a [f32],
    scale: f32,
    /// The inner products of the unit vector with a centre, and of the centre with itself; 0 without one.
    along: f32,
    center: f32,
}

impl<'a> Vector<'a> {
    /// None if it is empty, zero or not finite.
    pub(crate) fn new(values: &'a [f32]) -> Option<Self> {
        let norm = dot(values, values).sqrt();
        // Also false for NaN and infinity.
        (norm > 1e-12 && norm < 1e12).then(|| Self {
            values,
            scale: 1.0 / norm,
            along: 0.0,
            center: 0.0,
        })
    }

    /// The same, to be compared without what all have in common.
    pub(crate) fn without(self, center: &[f32]) -> Self {
        if center.len() != self.values.len() {
            return self;
        }
        Self {
            along: dot(self.values, center) * self.scale,
            center: dot(center, center),
            ..self
        }
    }

    /// −1 to 1, of the unit vectors without their centre; none if the lengths differ.
    pub(crate) fn cosine(self, other: Self) -> Option<f32> {
        if self.values.len() != other.values.len() || self.center != other.center {
            return None;
        }
        let product = dot(self.values, other.values) * self.scale * other.scale;
        let product = product - self.along - other.along + self.center;
        let length = |of: Self| (1.0 - 2.0 * of.along + of.center).max(0.0).sqrt();
        let lengths = length(self) * length(other);
        Some(if lengths > 1e-6 {
            (product / lengths).clamp(-1.0, 1.0)
        } else {
            0.0
        })
    }

    /// How many numbers it has.
    pub(crate) const fn len(self) -> usize {
        self.values.len()
    }

    /// Adds the unit vector, times `weight`, to `sum`, which takes its length if it is empty.
    pub(crate) fn add_to(self, sum: &mut Vec<f32>, weight: f32) {
        if sum.is_empty() {
            sum.resize(self.values.len(), 0.0);
        }
        for (total, value) in sum.iter_mut().zip(self.values) {
            *total += value * self.scale * weight;
        }
    }
}

/// The processor is asked once what it can do.
static FASTEST: LazyLock<InstructionSet> = LazyLock::new(InstructionSet::best);

fn dot(a: &[f32], b: &[f32]) -> f32 {
    FASTEST.inner_product(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_vectors_are_none() {
        for bad in [
            &[][..],
            &[0.0; 4],
            &[f32::NAN, 1.0],
            &[f32::INFINITY, 1.0],
            &[f32::MAX, f32::MAX],
        ] {
            assert!(Vector::new(bad).is_none());
        }
    }

    #[test]
    fn without_a_centre_only_what_differs_is_compared() {
        let center = [3.0, 0.0, 0.0];
        let [a, b, c] = [[3.0, 1.0, 0.0], [3.0, -1.0, 0.0], [3.0, 0.0, 1.0]];
        // Unit vectors need a centre of their own kind.
        let center = center.map(|x| x / 10f32.sqrt());
        let cosine = |a: &[f32], b: &[f32]| {
            let [a, b] = [a, b].map(|x| Vector::new(x).unwrap().without(&center));
            a.cosine(b).unwrap()
        };
        assert!((cosine(&a, &a) - 1.0).abs() < 1e-4);
        assert!((cosine(&a, &b) + 1.0).abs() < 1e-4);
        assert!(cosine(&a, &c).abs() < 1e-4);
        let raw = Vector::new(&a).unwrap().cosine(Vector::new(&b).unwrap());
        assert!(raw.unwrap() > 0.7);
    }

    #[test]
    fn length_does_not_matter_but_dimension_does() {
        let (a, b) = (vec![1.0f32; 37], vec![250.0f32; 37]);
        let cosine = Vector::new(&a)
            .unwrap()
            .cosine(Vector::new(&b).unwrap())
            .unwrap();
        assert!((cosine - 1.0).abs() < 1e-5);
        assert!(
            Vector::new(&a)
                .unwrap()
                .cosine(Vector::new(&b[..36]).unwrap())
                .is_none()
        );
    }
}
