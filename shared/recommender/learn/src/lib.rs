//! How outfits are learned: features of pieces and pairs, training, calibration, measures. No I/O.

mod bytes;
mod compat;
mod curves;
mod encoder;
mod examples;
mod features;
mod garment;
mod head;
mod hues;
pub mod logistic;
pub mod metrics;
mod net;
mod parts;
mod served;
mod space;
mod subspace;
mod train;
mod vectors;
mod vocabulary;
pub mod words;

pub use bytes::Broken;
pub use compat::Compat;
pub use features::Prepared;
pub use garment::Garment;
pub use parts::{Group, Judged, Parts};
pub use train::{Error, Held, LEAST_OUTFITS, Learner, MOST_OUTFITS, MOST_PIECES, Options, Trained};
