//! Embeddings, with all that can be wrong with them.

use std::sync::LazyLock;

use drape_index::InstructionSet;

/// A usable vector and the inverse of its length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vector<'a> {
    values: &'a [f32],
    scale: f32,
}

impl<'a> Vector<'a> {
    /// None if it is empty, zero or not finite.
    pub(crate) fn new(values: &'a [f32]) -> Option<Self> {
        let norm = dot(values, values).sqrt();
        // Also false for NaN and infinity.
        (norm > 1e-12 && norm < 1e12).then(|| Self {
            values,
            scale: 1.0 / norm,
        })
    }

    /// −1 to 1; none if the lengths differ.
    pub(crate) fn cosine(self, other: Self) -> Option<f32> {
        (self.values.len() == other.values.len())
            .then(|| (dot(self.values, other.values) * self.scale * other.scale).clamp(-1.0, 1.0))
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
