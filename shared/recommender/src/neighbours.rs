//! Where among the vectors a piece's partners lie, and what lies there.

use std::cmp::Ordering;

use drape_domain::Slot;
use drape_taste::Model;

use crate::{garment::Garment, vector::Vector};

/// A direction among the vectors of one embedding model.
#[derive(Debug)]
pub(crate) struct Direction<'a> {
    /// Of unit length.
    pub(crate) values: Vec<f32>,
    embedding: Option<&'a str>,
}

impl<'a> Direction<'a> {
    /// Where pieces of `slot` lie that go with this one: as the model has learned it, if it knows such vectors, else
    /// where the piece itself lies. None without a usable vector.
    pub(crate) fn of_partners(piece: &'a Garment<'_>, slot: Slot, model: &Model) -> Option<Self> {
        let mut own = Vec::new();
        piece.vector()?.add_to(&mut own, 1.0);
        let learned = model.compat.as_ref();
        let learned = learned.filter(|_| piece.model == model.embedding.as_deref());
        Some(Self {
            values: match learned {
                Some(compat) => compat.project(piece.slot, slot, &own),
                None => own,
            },
            embedding: piece.model,
        })
    }
}

/// The places of the `most` pieces that lie nearest to each direction, nearest first.
pub(crate) fn nearest<'p>(
    directions: &[Direction<'_>],
    pieces: impl Iterator<Item = (usize, &'p Garment<'p>)>,
    most: usize,
) -> Vec<Vec<usize>> {
    let directions = directions.iter();
    let directions: Vec<_> = directions
        .filter_map(|one| Some((one.embedding, Vector::new(&one.values)?)))
        .collect();
    let mut found: Vec<Vec<(f32, usize)>> = vec![Vec::new(); directions.len()];
    // Each piece is compared with all directions while it is in the cache.
    for (place, piece) in pieces {
        let Some(vector) = piece.vector() else {
            continue;
        };
        for ((embedding, direction), near) in directions.iter().zip(&mut found) {
            let same = (piece.model == *embedding).then_some(vector);
            let Some(cosine) = same.and_then(|vector| direction.cosine(vector)) else {
                continue;
            };
            let hit = (cosine, place);
            let at = near.partition_point(|other| nearer(other, &hit).is_lt());
            near.insert(at, hit);
            near.truncate(most);
        }
    }
    let places = |near: Vec<(f32, usize)>| near.into_iter().map(|(_, place)| place).collect();
    found.into_iter().map(places).collect()
}

/// Nearest first; of equals the first.
fn nearer(a: &(f32, usize), b: &(f32, usize)) -> Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}
