//! Things that are published while others read them: the index of boutiques' items, and the served model.
//!
//! A version is some files that are never written over, and a description of them beside. What is current says a
//! small pointer, which is switched by a conditional write: of two publishers at once one loses, and readers see
//! the one version or the other, never a mixture.
//!
//! ```text
//! index/current.json                    the pointer: the description of the current version
//! index/<version>/version.json          its description, for going back to it
//! index/<version>/base.idx              its files; a later version may use them too
//! ```

#[cfg(feature = "catalog")]
mod catalog;
mod pointer;
mod publish;
mod reader;

#[cfg(feature = "catalog")]
pub use catalog::{IndexNote, LiveCatalog, catalog};
pub use pointer::{File, MAX_FILES, Pointer, Standing, new_version, standing};
pub use publish::{Draft, Keep, Outcome, prune, publish, resume, roll_back};
pub use reader::{Broken, Live, Loaded};

/// Where the index of boutiques' items is in the bucket of what is learned.
pub const INDEX: &str = "index";
/// Where the served model is in the bucket of what is learned.
pub const MODELS: &str = "models";
