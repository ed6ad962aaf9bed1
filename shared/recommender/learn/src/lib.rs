//! How outfits are learned: features of pieces and pairs, training, calibration, measures. No I/O.

mod cholesky;
pub mod logistic;
pub mod metrics;
pub mod words;
