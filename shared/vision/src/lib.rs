//! How a photo becomes a cutout, tags, an embedding and a try-on picture. Bytes in, values out: no I/O and
//! no AWS.

pub mod cutout;
pub mod decode;
mod encode;
pub mod error;
pub mod features;
mod icc;
mod jpeg;
mod matte;
mod plane;
pub mod runner;
mod sniff;
mod specks;

pub use cutout::{Cutout, Cutter};
pub use decode::{Photo, decode};
pub use error::{PhotoError, VisionError};
pub use runner::{ModelError, Output, Runner};
