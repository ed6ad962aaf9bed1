//! What EfficientNet-Lite0 sees in a photo: 1,280 numbers from which both the tags and the embedding are made.

use image::{Rgb, RgbImage, imageops};

use crate::runner::{ModelError, Runner};

/// How many numbers there are.
pub const FEATURES: usize = 1280;
const SIZE: u32 = 224;

/// The loaded model.
#[derive(Debug)]
pub struct FeatureExtractor {
    runner: Runner,
}

impl FeatureExtractor {
    /// Loads the model.
    ///
    /// # Errors
    /// [`ModelError`] if it cannot be loaded.
    pub fn load() -> Result<Self, ModelError> {
        let runner = Runner::load(
            "efficientnet_lite0",
            drape_models::EFFICIENTNET_LITE0,
            &["features"],
        )?;
        Ok(Self { runner })
    }

    /// The features of a photo, [`FEATURES`] of them.
    ///
    /// # Errors
    /// [`ModelError`] if the model cannot be run.
    pub fn features(&self, photo: &RgbImage) -> Result<Vec<f32>, ModelError> {
        let square = fit_square(photo, SIZE, Rgb([u8::MAX; 3]));
        let side = SIZE as usize;
        let mut input = vec![0.0; 3 * side * side];
        for (channel, plane) in input.chunks_exact_mut(side * side).enumerate() {
            for (value, pixel) in plane.iter_mut().zip(square.pixels()) {
                *value = (f32::from(pixel.0[channel]) - 127.0) / 128.0;
            }
        }
        let mut outputs = self.runner.run([1, 3, side, side], input)?;
        Ok(outputs.pop().map(|output| output.data).unwrap_or_default())
    }
}

/// The whole picture in the middle of a square of `size` pixels, the rest filled with a colour.
#[must_use]
pub(crate) fn fit_square(picture: &RgbImage, size: u32, fill: Rgb<u8>) -> RgbImage {
    let (width, height) = picture.dimensions();
    let longer = f64::from(width.max(height));
    let scaled = |side: u32| {
        let pixels = (f64::from(side) / longer * f64::from(size)).round();
        // In range: it is at most `size`.
        (pixels as u32).clamp(1, size)
    };
    let (width, height) = (scaled(width), scaled(height));
    let small = imageops::resize(picture, width, height, imageops::FilterType::Triangle);
    let mut square = RgbImage::from_pixel(size, size, fill);
    imageops::replace(
        &mut square,
        &small,
        i64::from((size - width) / 2),
        i64::from((size - height) / 2),
    );
    square
}
