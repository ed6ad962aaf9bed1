//! A small client of Drape as the app is one: plain HTTP, presigned uploads, patience. And beside it, for
//! tests, the deployed stack from the operator's side.

mod answer;
mod call;
mod person;
pub mod pictures;
mod stack;

pub use answer::Answer;
pub use call::Call;
pub use person::{Person, Uploaded};
pub use pictures::Photo;
pub use stack::{Stack, real_photos};
