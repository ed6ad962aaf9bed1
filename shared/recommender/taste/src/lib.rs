//! How a person's taste is learned: rewards, style vectors, exploration, daily learning, drift. No I/O.
//!
//! `README.md` beside this crate tells how it works, with the formulas and their sources.

mod blend;
mod center;
mod challenge;
mod codec;
pub mod collaborative;
mod counts;
pub mod drift;
mod evaluate;
pub mod examples;
mod explore;
mod fit;
mod joiner;
mod late;
mod model;
pub mod outfits;
pub mod report;
mod reservoir;
pub mod reward;
mod shown;
mod style;
mod summary;
#[cfg(test)]
mod testing;
mod train;

pub use blend::{Blend, COMPAT_WEIGHTS, Parts, WEIGHT_BOUNDS};
pub use challenge::{Challenge, Scorer, Serves, challenge};
pub use codec::LoadError;
pub use collaborative::Collaborative;
pub use evaluate::{
    AUC_EPSILON, Decision, ECE_EPSILON, Evaluation, Measured, Other, Range, evaluate,
};
pub use explore::{Choice, Evidence, Explorer, MAX_FEATURES};
pub use model::{Model, Popularity};
pub use report::Report;
pub use reward::{Deed, HALF_LIFE_DAYS, reward};
pub use style::{Lens, Preference, Style, StyleError, trust};
pub use summary::{Liked, Summary};
pub use train::{Pace, train};
