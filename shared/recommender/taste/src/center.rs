//! What all clothes share.

use serde::{Deserialize, Serialize};

/// The most numbers of a vector.
const MAX_DIM: usize = 4096;

/// The sum of unit vectors of pieces, of one embedding model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Center {
    pub(crate) model: String,
    pub(crate) n: f64,
    pub(crate) sum: Vec<f64>,
}

impl Center {
    pub(crate) fn add(&mut self, model: &str, vector: &[f32]) {
        let norm = vector
            .iter()
            .map(|x| f64::from(*x).powi(2))
            .sum::<f64>()
            .sqrt();
        // Also false for NaN and infinity.
        if !(norm > 1e-12 && norm < 1e12) || vector.len() > MAX_DIM {
            return;
        }
        if self.sum.is_empty() {
            self.model = model.to_owned();
            self.sum = vec![0.0; vector.len()];
        }
        if self.model != model || self.sum.len() != vector.len() {
            return;
        }
        for (sum, x) in self.sum.iter_mut().zip(vector) {
            *sum += f64::from(*x) / norm;
        }
        self.n += 1.0;
    }

    /// Of two models the one with more vectors stays: vectors of different models are not comparable.
    pub(crate) fn merge(&mut self, other: &Self) {
        if self.model == other.model && self.sum.len() == other.sum.len() {
            self.n += other.n;
            for (sum, more) in self.sum.iter_mut().zip(&other.sum) {
                *sum += more;
            }
        } else if (other.n, &other.model) > (self.n, &self.model) {
            *self = other.clone();
        }
    }

    pub(crate) fn fade(&mut self, kept: f64) {
        self.n *= kept;
        self.sum.iter_mut().for_each(|value| *value *= kept);
    }

    /// Whether it holds no more than is ever added.
    pub(crate) fn is_bounded(&self) -> bool {
        self.sum.len() <= MAX_DIM
    }
}
