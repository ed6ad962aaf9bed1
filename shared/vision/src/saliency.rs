//! How much each part of a photo stands out, by U²-Net-P.

use image::{RgbImage, imageops};

use crate::{
    plane::Plane,
    runner::{ModelError, Runner},
};

/// Side of the model's input and output, in pixels.
pub(crate) const SIZE: u32 = 320;
/// ImageNet's mean and standard deviation of each channel, which the model was trained with.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];
/// The model must be this sure of at least one pixel, or nothing stands out.
const SURE: f32 = 0.6;
/// It must also be this much less sure of another.
const RANGE: f32 = 0.1;

/// The loaded model.
#[derive(Debug)]
pub(crate) struct Saliency {
    runner: Runner,
}

impl Saliency {
    pub(crate) fn load() -> Result<Self, ModelError> {
        // The first of the model's seven outputs fuses the other six.
        Ok(Self {
            runner: Runner::load("u2netp", drape_models::U2NETP, &["1959"])?,
        })
    }

    /// How much each part stands out (0–1), on a square of [`SIZE`] pixels; none if nothing does.
    pub(crate) fn mask(&self, photo: &RgbImage) -> Result<Option<Plane>, ModelError> {
        let side = SIZE as usize;
        let data = self.run(input(photo))?;
        let (low, high) = data
            .iter()
            .fold((f32::MAX, f32::MIN), |(low, high), value| {
                (low.min(*value), high.max(*value))
            });
        if high < SURE || high - low < RANGE || data.len() != side * side {
            return Ok(None);
        }
        Ok(Some(Plane {
            width: side,
            height: side,
            data: data
                .into_iter()
                .map(|value| (value - low) / (high - low))
                .collect(),
        }))
    }

    fn run(&self, input: Vec<f32>) -> Result<Vec<f32>, ModelError> {
        let side = SIZE as usize;
        let mut outputs = self.runner.run([1, 3, side, side], input)?;
        let data = outputs.pop().map(|output| output.data).unwrap_or_default();
        Ok(data)
    }
}

fn input(photo: &RgbImage) -> Vec<f32> {
    let small = imageops::resize(photo, SIZE, SIZE, imageops::FilterType::Triangle);
    let brightest = f32::from(small.as_raw().iter().copied().max().unwrap_or(0)).max(1.0);
    let pixels = (SIZE * SIZE) as usize;
    let mut input = vec![0.0; 3 * pixels];
    for (channel, plane) in input.chunks_exact_mut(pixels).enumerate() {
        for (value, pixel) in plane.iter_mut().zip(small.pixels()) {
            *value = (f32::from(pixel.0[channel]) / brightest - MEAN[channel]) / DEVIATION[channel];
        }
    }
    input
}
