//! Publishing beside readers: what they see, whatever happens to the one or the other.

// Clippy lets tests unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod prune;
mod publish;
mod read;
mod world;
