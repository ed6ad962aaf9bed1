//! Drape's API as a client sees it.

mod client;
mod error;
mod model;

pub(crate) use client::{Api, Role};
pub(crate) use error::Trouble;
pub(crate) use model::*;
