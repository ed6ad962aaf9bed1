//! How a photo becomes a cutout, tags, an embedding and a try-on picture. Bytes in, values out: no I/O and
//! no AWS.
//!
//! [`GarmentVision`] does everything that is done with a photo of a garment. The steps are there on their
//! own: [`decode()`] for any uploaded photo, [`Cutter`], [`features`], [`embed`], [`tags`] and [`colors`].

mod clusters;
pub mod colors;
mod confidence;
pub mod cutout;
pub mod decode;
pub mod edit;
pub mod embed;
mod encode;
pub mod error;
pub mod features;
pub mod garment;
mod geodesic;
mod grow;
mod hanger;
mod head;
mod holes;
mod icc;
mod jpeg;
pub mod light;
mod lining;
mod lost;
mod matte;
mod maxflow;
mod mirror;
mod naming;
mod oklab;
mod palette;
mod plane;
mod prints;
mod region;
pub mod runner;
mod saliency;
mod shades;
mod sniff;
mod specks;
mod square;
pub mod tags;
pub mod tryon;
mod views;
mod weights;

pub use cutout::{Cutout, Cutter};
pub use decode::{Photo, decode};
pub use edit::Edit;
pub use embed::MODEL_ID;
pub use error::{PhotoError, VisionError};
pub use garment::{Flat, GarmentPhoto, GarmentVision, Options};
pub use runner::{ModelError, Output, Runner};
