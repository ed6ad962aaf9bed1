//! What our network sees in a photo: 1,280 numbers from which both the tags and the embedding are made.
//!
//! The network is EfficientNet-Lite0 (Tan and Le, 2019), taught clothes by `train/train.py`.

use image::RgbImage;

use crate::{
    runner::{ModelError, Runner},
    views::View,
};

/// How many numbers there are.
pub const FEATURES: usize = 1280;
const SIDE: usize = 224;
/// The whole photo, and nearer: sides of the squares that are looked at, relative to the photo's longer side. As in
/// `train/views.py`.
const ZOOMS: [f64; 2] = [1.0, 0.8];
static GARMENT: &[u8] = include_bytes!("../weights/garment.nn");

/// The loaded network.
#[derive(Debug)]
pub struct FeatureExtractor {
    runner: Runner,
}

impl FeatureExtractor {
    /// Loads the network.
    ///
    /// # Errors
    /// [`ModelError`] if it cannot be loaded.
    pub fn load() -> Result<Self, ModelError> {
        let runner = Runner::load("garment", GARMENT, &["features"])?;
        Ok(Self { runner })
    }

    /// The features of a photo, [`FEATURES`] of them: the mean of what is seen in each view and in its mirror image,
    /// so that a photo and its mirror image have the same.
    ///
    /// # Errors
    /// [`ModelError`] if the network cannot be run.
    pub fn features(&self, photo: &RgbImage) -> Result<Vec<f32>, ModelError> {
        let mut mean = vec![0.0; FEATURES];
        for zoom in ZOOMS {
            let view = View::of(photo, zoom, SIDE);
            for view in [view.mirrored(), view] {
                let outputs = self.runner.run([1, 3, SIDE, SIDE], view.into_planes())?;
                for output in outputs {
                    for (sum, value) in mean.iter_mut().zip(output.data) {
                        *sum += value / (2 * ZOOMS.len()) as f32;
                    }
                }
            }
        }
        Ok(mean)
    }
}
