//! What all clothes have in common in their vectors, which says nothing of style.

use drape_taste::Model;

use crate::garment::Garment;

/// With fewer pieces of a model their own mean says more of them than of clothes.
const ENOUGH: usize = 8;
/// So many are enough to know it well.
const MOST: usize = 200;

/// The mean unit vector of clothes by one embedding model.
#[derive(Debug)]
pub(crate) struct Center<'a> {
    embedding: Option<&'a str>,
    values: Vec<f32>,
}

impl<'a> Center<'a> {
    /// As the served model knows it for the first vector's embedding, else that of the pieces with such vectors; none
    /// if they are few.
    pub(crate) fn of(pieces: &[Garment<'a>], model: Option<&Model>) -> Option<Self> {
        let first = pieces.iter().find(|piece| piece.vector().is_some())?;
        let embedding = first.model;
        let known = embedding.and_then(|name| model?.center(name));
        if let Some(known) = known {
            return Some(Self {
                embedding,
                values: known.to_vec(),
            });
        }
        let mut sum = Vec::new();
        let mut count = 0;
        let same = pieces.iter().filter(|piece| piece.model == embedding);
        for vector in same.filter_map(Garment::vector).take(MOST) {
            if sum.is_empty() || vector.len() == sum.len() {
                vector.add_to(&mut sum, 1.0);
                count += 1;
            }
        }
        if count < ENOUGH {
            return None;
        }
        sum.iter_mut().for_each(|value| *value /= count as f32);
        Some(Self {
            embedding,
            values: sum,
        })
    }

    /// The centre of this embedding model's vectors; none of others.
    pub(crate) fn by(&self, embedding: Option<&str>) -> Option<&[f32]> {
        (self.embedding == embedding).then_some(self.values.as_slice())
    }
}
