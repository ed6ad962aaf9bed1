//! Drape through its deployed template: every route, every status, bad input and faults, as seen from
//! outside. Each test makes its own people, so that all of them run side by side.

// Clippy lets tests unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod auth;
mod catalog;
mod faults;
mod fix_image;
mod iam;
mod items;
mod learning;
mod photos;
mod profile;
mod recommendations;
mod seed;
mod story;
mod tryon;

/// How a test ends: what the library could not do, a failed test says with `?`.
type Outcome = anyhow::Result<()>;
