//! What our network sees in a photo: numbers from which both the tags and the embedding are made.
//!
//! The network is EfficientNet-Lite0 (Tan and Le, 2019), taught clothes by `train/train.py`.

use image::RgbImage;

use crate::{
    runner::{ModelError, Runner},
    views::View,
};

/// How many numbers say what a garment is.
pub const FEATURES: usize = 1280;
/// How many numbers say what it looks like.
pub const TEXTURE: usize = 1152;
const SIDE: usize = 224;
/// The squares that are looked at: their sides relative to the photo's longer side, and whether they are mirrored.
/// The whole photo, and its mirror image nearer, tell as much as both of both would in twice the time. As in
/// `train/views.py`.
const VIEWS: [(f64, bool); 2] = [(1.0, false), (0.8, true)];
static GARMENT: &[u8] = include_bytes!("../weights/garment.nn");

/// What is seen in a photo, none of it negative.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// What the garment is: the last layer's [`FEATURES`] channels, which were fitted to tell categories apart.
    pub kind: Vec<f32>,
    /// What it looks like, colour and pattern for instance: an earlier layer's [`TEXTURE`] channels.
    pub texture: Vec<f32>,
}

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
        let runner = Runner::load("garment", GARMENT, &["features", "texture"])?;
        Ok(Self { runner })
    }

    /// The features of a photo: the mean of what is seen in each view.
    ///
    /// # Errors
    /// [`ModelError`] if the network cannot be run.
    pub fn features(&self, photo: &RgbImage) -> Result<Features, ModelError> {
        let mut features = Features {
            kind: vec![0.0; FEATURES],
            texture: vec![0.0; TEXTURE],
        };
        for (zoom, mirrored) in VIEWS {
            let straight = View::of(photo, zoom, SIDE);
            let view = if mirrored {
                straight.mirrored()
            } else {
                straight
            };
            let outputs = self.runner.run([1, 3, SIDE, SIDE], view.into_planes())?;
            let means = [&mut features.kind, &mut features.texture];
            for (mean, output) in means.into_iter().zip(outputs) {
                for (sum, value) in mean.iter_mut().zip(output.data) {
                    *sum += value / VIEWS.len() as f32;
                }
            }
        }
        Ok(features)
    }
}
