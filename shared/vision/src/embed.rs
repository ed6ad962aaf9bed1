//! The vector by which similar garments are found.

use crate::{features::FEATURES, weights};

/// How many components a vector has.
pub const DIMENSIONS: usize = 512;

/// How vectors are made: the model, the projection, and the projection's fingerprint. Vectors with different
/// ids must not be compared.
pub const MODEL_ID: &str = include_str!("../weights/model_id.txt");

/// Two photos at least this alike are taken for the same garment, photographed twice.
pub const DUPLICATE_LIKENESS: f32 = 0.9;

/// Projects features onto the directions in which photographed clothes differ most.
#[derive(Debug)]
pub struct Projection {
    mean: Vec<f32>,
    /// [`DIMENSIONS`] rows of [`FEATURES`].
    directions: Vec<f32>,
}

impl Projection {
    /// Reads the committed weights.
    #[must_use]
    pub fn load() -> Self {
        Self {
            mean: weights::f32s(include_bytes!("../weights/pca_mean.f32")),
            directions: weights::f16s(include_bytes!("../weights/pca.f16")),
        }
    }

    /// The vector of some [`FEATURES`], of [`DIMENSIONS`] components and unit length.
    #[must_use]
    pub fn embed(&self, features: &[f32]) -> Vec<f32> {
        let mut centred = unit(features);
        for (value, mean) in centred.iter_mut().zip(&self.mean) {
            *value -= mean;
        }
        let projected: Vec<f32> = self
            .directions
            .chunks_exact(FEATURES)
            .map(|direction| dot(direction, &centred))
            .collect();
        unit(&projected)
    }
}

/// How alike two vectors of unit length are: their cosine, 1 for the same.
#[must_use]
pub fn likeness(one: &[f32], two: &[f32]) -> f32 {
    dot(one, two)
}

/// The same direction with length 1; a vector without length stays as it is.
pub(crate) fn unit(vector: &[f32]) -> Vec<f32> {
    let length = dot(vector, vector).sqrt();
    let scale = if length > 0.0 { 1.0 / length } else { 1.0 };
    vector.iter().map(|value| value * scale).collect()
}

pub(crate) fn dot(one: &[f32], two: &[f32]) -> f32 {
    one.iter().zip(two).map(|(one, two)| one * two).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_has_512_components_and_unit_length() {
        let projection = Projection::load();
        let features: Vec<f32> = (0..FEATURES)
            .map(|at| ((at * 37) % 101) as f32 / 101.0)
            .collect();
        let vector = projection.embed(&features);
        assert_eq!(vector.len(), DIMENSIONS);
        assert!((dot(&vector, &vector) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn brightness_of_the_features_does_not_matter() {
        let projection = Projection::load();
        let features: Vec<f32> = (0..FEATURES).map(|at| ((at * 37) % 101) as f32).collect();
        let louder: Vec<f32> = features.iter().map(|value| value * 3.0).collect();
        let likeness = dot(&projection.embed(&features), &projection.embed(&louder));
        assert!(likeness > 0.9999, "{likeness}");
    }

    #[test]
    fn the_model_id_is_one_word() {
        assert!(MODEL_ID.starts_with("efficientnet-lite0/pca512/"));
        assert!(!MODEL_ID.contains(char::is_whitespace));
    }
}
