//! The vector by which similar garments are found.

use crate::{
    features::{FEATURES, Features, TEXTURE},
    weights,
};

/// How many components a vector has.
pub const DIMENSIONS: usize = 512;

/// How vectors are made: the network and the fingerprint of its weights, the views it is shown, the projection and
/// its fingerprint. Vectors with different ids must not be compared.
pub const MODEL_ID: &str = include_str!("../weights/model_id.txt");

/// Two photos at least this alike are taken for the same garment, photographed twice. `weights/report.txt` says how
/// often that is right.
pub const DUPLICATE_LIKENESS: f32 = 0.9978;

/// How alike two photos are, by their vectors: the cosine between them, -1 to 1. Vectors of different lengths, or
/// without any, are not alike at all.
#[must_use]
pub fn likeness(one: &[f32], two: &[f32]) -> f32 {
    let lengths = (dot(one, one) * dot(two, two)).sqrt();
    if one.len() != two.len() || lengths <= 0.0 {
        return 0.0;
    }
    (dot(one, two) / lengths).clamp(-1.0, 1.0)
}

/// Projects what is seen onto the directions in which photographed clothes differ most, and files of one photo little.
#[derive(Debug)]
pub struct Projection {
    /// Rows of [`FEATURES`].
    kind: Vec<f32>,
    /// Rows of [`TEXTURE`]; with those of `kind` they are [`DIMENSIONS`].
    texture: Vec<f32>,
}

impl Projection {
    /// Reads the committed weights.
    #[must_use]
    pub fn load() -> Self {
        Self {
            kind: weights::nibbles(include_bytes!("../weights/vector_features.i4"), FEATURES),
            texture: weights::nibbles(include_bytes!("../weights/vector_texture.i4"), TEXTURE),
        }
    }

    /// The vector of what is seen in a photo, of [`DIMENSIONS`] components and unit length.
    #[must_use]
    pub fn embed(&self, features: &Features) -> Vec<f32> {
        let (kind, texture) = (unit(&features.kind), unit(&features.texture));
        let of_kind = self.kind.chunks_exact(FEATURES).map(|row| dot(row, &kind));
        let of_texture = self
            .texture
            .chunks_exact(TEXTURE)
            .map(|row| dot(row, &texture));
        unit(&of_kind.chain(of_texture).collect::<Vec<_>>())
    }
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

    fn some_features(loudness: f32) -> Features {
        let values = |count: usize| (0..count).map(|at| ((at * 37) % 101) as f32 * loudness);
        Features {
            kind: values(FEATURES).collect(),
            texture: values(TEXTURE).collect(),
        }
    }

    #[test]
    fn a_vector_has_512_components_and_unit_length() {
        let vector = Projection::load().embed(&some_features(0.01));
        assert_eq!(vector.len(), DIMENSIONS);
        assert!((dot(&vector, &vector) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn how_strongly_features_are_felt_does_not_matter() {
        let projection = Projection::load();
        let vectors = [0.01, 0.03].map(|loudness| projection.embed(&some_features(loudness)));
        let likeness = likeness(&vectors[0], &vectors[1]);
        assert!(likeness > 0.9999, "{likeness}");
    }

    #[test]
    fn where_nothing_is_seen_the_vector_has_no_length() {
        let nothing = Features {
            kind: vec![0.0; FEATURES],
            texture: vec![0.0; TEXTURE],
        };
        let vector = Projection::load().embed(&nothing);
        assert!(vector.iter().all(|value| *value == 0.0));
    }

    #[test]
    fn likeness_is_the_cosine_whatever_the_lengths() {
        assert!((likeness(&[1.0, 0.0], &[2.0, 2.0]) - 0.5_f32.sqrt()).abs() < 1e-6);
        assert_eq!(likeness(&[1.0, 2.0], &[-2.0, -4.0]), -1.0);
    }

    #[test]
    fn what_cannot_be_compared_is_not_alike() {
        assert_eq!(likeness(&[1.0, 0.0], &[1.0]), 0.0);
        assert_eq!(likeness(&[0.0, 0.0], &[1.0, 0.0]), 0.0);
        assert_eq!(likeness(&[], &[]), 0.0);
    }

    #[test]
    fn the_model_id_is_one_word() {
        assert!(MODEL_ID.starts_with("efficientnet-lite0/clothes-"));
        assert!(!MODEL_ID.contains(char::is_whitespace));
    }
}
