//! How a person's taste is learned: rewards, style vectors, exploration, daily learning, drift. No I/O.
//!
//! `README.md` beside this crate tells how it works, with the formulas and their sources.

mod blend;
mod codec;
mod explore;
mod gauss;
mod model;
pub mod reward;
mod style;

pub use blend::{Blend, Parts, WEIGHT_BOUNDS};
pub use codec::LoadError;
pub use explore::{Choice, Evidence, Explorer, MAX_FEATURES};
pub use model::{Model, Popularity};
pub use reward::{Deed, HALF_LIFE_DAYS, reward};
pub use style::{Lens, Preference, Style, StyleError, trust};
