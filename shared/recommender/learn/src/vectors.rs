//! Embeddings in fewer dimensions.

use drape_domain::Slot;
use nalgebra::{DMatrix, DMatrixView};

use crate::{
    bytes::{Broken, Reader, Writer},
    garment::{Garment, SLOTS, place},
    subspace::main_directions,
};

/// The most dimensions of an embedding.
pub(crate) const MOST_DIMENSIONS: usize = 4096;
/// Main directions that are kept.
const KEPT: usize = 128;

/// The main directions of embeddings about each slot's mean (principal components; K. Pearson, 1901). That a piece
/// is a shoe says nothing about what goes with it, so the slots' means are taken away.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Vectors {
    /// The embeddings' dimensions; zero if there were none to learn from.
    dimensions: usize,
    kept: usize,
    /// `dimensions` × `kept`, row by row.
    basis: Vec<f32>,
    /// For each slot, `kept` values.
    means: Vec<f32>,
}

impl Vectors {
    /// From at most this many pieces; more change the directions little.
    const SAMPLE: usize = 20_000;

    pub(crate) fn fit(garments: &[Garment<'_>], seed: u64) -> Self {
        let dimensions = garments
            .iter()
            .find_map(|garment| garment.unit())
            .map_or(0, |unit| unit.len())
            .min(MOST_DIMENSIONS);
        let step = garments.len().div_ceil(Self::SAMPLE).max(1);
        let sample: Vec<(usize, Vec<f32>)> = garments
            .iter()
            .step_by(step)
            .filter_map(|garment| {
                let unit = garment.unit()?;
                (unit.len() == dimensions).then(|| (place(garment.slot), unit))
            })
            .collect();
        if dimensions == 0 || sample.is_empty() {
            return Self {
                dimensions: 0,
                kept: 0,
                basis: Vec::new(),
                means: Vec::new(),
            };
        }
        let mut means = vec![vec![0.0_f64; dimensions]; SLOTS];
        let mut counts = [0.0_f64; SLOTS];
        for (slot, unit) in &sample {
            if let (Some(mean), Some(count)) = (means.get_mut(*slot), counts.get_mut(*slot)) {
                *count += 1.0;
                for (sum, x) in mean.iter_mut().zip(unit) {
                    *sum += f64::from(*x);
                }
            }
        }
        for (mean, count) in means.iter_mut().zip(counts) {
            mean.iter_mut().for_each(|sum| *sum /= count.max(1.0));
        }
        let centered = DMatrix::from_row_iterator(
            sample.len(),
            dimensions,
            sample.iter().flat_map(|(slot, unit)| {
                let mean = means.get(*slot).map_or(&[][..], Vec::as_slice);
                unit.iter().zip(mean).map(|(x, mean)| x - *mean as f32)
            }),
        );
        let covariance = centered.transpose() * &centered;
        let directions = main_directions(dimensions, KEPT, seed, |columns| &covariance * columns);
        let kept = directions.ncols();
        let basis: Vec<f32> = directions.transpose().iter().copied().collect();
        let means = means
            .iter()
            .flat_map(|mean| {
                let mean: Vec<f32> = mean.iter().map(|x| *x as f32).collect();
                project(&basis, kept, &mean)
            })
            .collect();
        Self {
            dimensions,
            kept,
            basis,
            means,
        }
    }

    /// How many values [`Self::encode`] gives.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// The embedding about its slot's mean; zeros where it is missing or of other dimensions.
    pub(crate) fn encode(&self, garment: &Garment<'_>) -> Vec<f32> {
        let Some(unit) = self.unit(garment) else {
            return vec![0.0; self.kept];
        };
        let mut found = project(&self.basis, self.kept, &unit);
        self.center(garment.slot, &mut found);
        found
    }

    /// The same for many: as one product of matrices, which is faster.
    pub(crate) fn encode_all(&self, garments: &[Garment<'_>]) -> Vec<Vec<f32>> {
        let mut all = vec![vec![0.0; self.kept]; garments.len()];
        let (mut columns, mut places) = (Vec::new(), Vec::new());
        for (at, unit) in (garments.iter().enumerate())
            .filter_map(|(at, garment)| Some((at, self.unit(garment)?)))
        {
            columns.extend(unit);
            places.push(at);
        }
        if places.is_empty() {
            return all;
        }
        let units = DMatrix::from_vec(self.dimensions, places.len(), columns);
        let basis = DMatrixView::from_slice(&self.basis, self.kept, self.dimensions);
        let found = basis * units;
        for (column, place) in found.as_slice().chunks_exact(self.kept).zip(places) {
            if let (Some(to), Some(garment)) = (all.get_mut(place), garments.get(place)) {
                to.copy_from_slice(column);
                self.center(garment.slot, to);
            }
        }
        all
    }

    /// The embedding at unit length, if it is one of those learned from.
    fn unit(&self, garment: &Garment<'_>) -> Option<Vec<f32>> {
        let unit = garment.unit()?;
        (unit.len() == self.dimensions && self.kept > 0).then_some(unit)
    }

    fn center(&self, slot: Slot, code: &mut [f32]) {
        let mean = self.means.chunks_exact(self.kept.max(1)).nth(place(slot));
        for (x, mean) in code.iter_mut().zip(mean.unwrap_or_default()) {
            *x -= mean;
        }
    }

    /// Back to the embeddings' dimensions.
    pub(crate) fn decode(&self, kept: &[f32]) -> Vec<f32> {
        let dot = |row: &[f32]| row.iter().zip(kept).map(|(x, y)| x * y).sum();
        self.basis.chunks_exact(self.kept.max(1)).map(dot).collect()
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.count(self.dimensions);
        to.count(self.kept);
        to.floats(&self.basis);
        to.floats(&self.means);
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let dimensions = from.count(MOST_DIMENSIONS)?;
        let kept = from.count(KEPT)?;
        Ok(Self {
            dimensions,
            kept,
            basis: from.floats(dimensions * kept)?,
            means: from.floats(SLOTS * kept)?,
        })
    }
}

fn project(basis: &[f32], kept: usize, vector: &[f32]) -> Vec<f32> {
    let mut found = vec![0.0; kept];
    for (row, x) in basis.chunks_exact(kept.max(1)).zip(vector) {
        for (sum, y) in found.iter_mut().zip(row) {
            *sum += x * y;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn garment(slot: Slot, vector: &[f32]) -> Garment<'_> {
        Garment {
            slot,
            category: None,
            vector: Some(vector),
            colors: &[],
            words: &[],
        }
    }

    #[test]
    fn what_differs_within_a_slot_is_kept_and_what_the_slot_tells_is_not() {
        let rows = [
            (Slot::Top, [1.0, 0.3, 0.0]),
            (Slot::Top, [1.0, -0.3, 0.0]),
            (Slot::Shoes, [-1.0, 0.3, 0.0]),
            (Slot::Shoes, [-1.0, -0.3, 0.0]),
        ];
        let garments: Vec<_> = rows.iter().map(|(slot, row)| garment(*slot, row)).collect();
        let vectors = Vectors::fit(&garments, 1);
        let dot = |a: usize, b: usize| -> f32 {
            let (x, y) = (vectors.encode(&garments[a]), vectors.encode(&garments[b]));
            x.iter().zip(&y).map(|(x, y)| x * y).sum()
        };
        assert!(dot(0, 2) > 0.05 && dot(0, 3) < -0.05);
    }

    #[test]
    fn many_at_once_are_encoded_like_each_alone() {
        let mut random = fastrand::Rng::with_seed(2);
        let mut rows: Vec<Vec<f32>> = (0..40)
            .map(|_| (0..24).map(|_| random.f32() - 0.5).collect())
            .collect();
        rows[3] = vec![0.0; 24];
        rows[5] = vec![1.0; 3];
        let slots = [Slot::Top, Slot::Shoes, Slot::Bag];
        let garments: Vec<_> = (rows.iter().enumerate())
            .map(|(at, row)| garment(slots[at % 3], row))
            .collect();
        let vectors = Vectors::fit(&garments, 1);
        for count in [0, 1, 4, 40] {
            let all = vectors.encode_all(&garments[..count]);
            assert_eq!(all.len(), count);
            for (one, garment) in all.iter().zip(&garments) {
                for (x, y) in one.iter().zip(vectors.encode(garment)) {
                    assert!((x - y).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn unknown_and_unlike_vectors_are_zero() {
        let known = [
            garment(Slot::Top, &[1.0, 0.0]),
            garment(Slot::Top, &[0.0, 1.0]),
        ];
        let vectors = Vectors::fit(&known, 1);
        assert!(vectors.encode(&known[0]).iter().any(|x| *x != 0.0));
        for odd in [&[1.0, 0.0, 0.0][..], &[0.0, 0.0], &[f32::NAN, 0.0]] {
            let code = vectors.encode(&garment(Slot::Top, odd));
            assert!(code.iter().all(|x| *x == 0.0));
        }
        assert_eq!(Vectors::fit(&[], 1).encode(&known[0]), Vec::<f32>::new());
    }
}
