//! How a photo becomes a cutout, tags, an embedding and a try-on picture. Bytes in, values out: no I/O and
//! no AWS.

pub mod decode;
mod encode;
pub mod error;
pub mod features;
mod icc;
mod jpeg;
pub mod runner;
mod sniff;

pub use decode::{Photo, decode};
pub use error::{PhotoError, VisionError};
pub use runner::{ModelError, Output, Runner};
