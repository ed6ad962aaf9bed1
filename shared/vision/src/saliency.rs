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

/// No view is surer than this, so that no single one decides for both.
const SUREST: f32 = 0.998;
/// The share of the view in which something stands out more: parts are lost more often than foreign things
/// are found.
const MORE: f32 = 0.65;

/// What stands out in a photo and in its mirror image.
#[derive(Debug)]
pub(crate) struct Views {
    /// How much each part stands out (0–1), on a square of [`SIZE`] pixels: a mean of both views' log-odds.
    pub(crate) plane: Plane,
    /// How far both find the same: intersection over union of where each says more than one half.
    pub(crate) agreement: f32,
}

impl Views {
    fn of(one: &Plane, other: &Plane) -> Self {
        let odds = |p: f32| {
            let p = p.clamp(1.0 - SUREST, SUREST);
            (p / (1.0 - p)).ln()
        };
        let (mut both, mut either) = (0_u32, 0_u32);
        for (one, other) in one.data.iter().zip(&other.data) {
            both += u32::from(*one > 0.5 && *other > 0.5);
            either += u32::from(*one > 0.5 || *other > 0.5);
        }
        Self {
            plane: one.zip(other, |one, other| {
                let (more, less) = (odds(one.max(other)), odds(one.min(other)));
                1.0 / (1.0 + (-(MORE * more + (1.0 - MORE) * less)).exp())
            }),
            agreement: both as f32 / either.max(1) as f32,
        }
    }
}

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

    /// How much each part stands out, seen as it is and in a mirror: the network loses a sleeve on one side
    /// that it finds on the other. None if nothing stands out either way.
    ///
    /// # Errors
    /// [`ModelError`] if the model cannot be run.
    pub(crate) fn views(&self, photo: &RgbImage) -> Result<Option<Views>, ModelError> {
        let mut input = input(photo);
        let plain = self.look(&input)?;
        mirror(&mut input);
        let mirrored = self.look(&input)?.map(|mut plane| {
            mirror(&mut plane.data);
            plane
        });
        Ok(match (plain, mirrored) {
            (Some(plain), Some(mirrored)) => Some(Views::of(&plain, &mirrored)),
            (Some(only), None) | (None, Some(only)) => Some(Views {
                plane: only,
                agreement: 0.0,
            }),
            (None, None) => None,
        })
    }

    /// How much each part stands out (0–1), on a square of [`SIZE`] pixels; none if nothing does.
    fn look(&self, input: &[f32]) -> Result<Option<Plane>, ModelError> {
        let side = SIZE as usize;
        let data = self.run(input)?;
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

    /// What the network says of the photo as it is, for comparison.
    #[cfg(test)]
    pub(crate) fn mask(&self, photo: &RgbImage) -> Result<Option<Plane>, ModelError> {
        self.look(&input(photo))
    }

    fn run(&self, input: &[f32]) -> Result<Vec<f32>, ModelError> {
        let side = SIZE as usize;
        let mut outputs = self.runner.run([1, 3, side, side], input)?;
        let data = outputs.pop().map(|output| output.data).unwrap_or_default();
        Ok(data)
    }
}

/// Turns each row of [`SIZE`] numbers around.
fn mirror(rows: &mut [f32]) {
    rows.chunks_exact_mut(SIZE as usize)
        .for_each(<[f32]>::reverse);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn view(of_left: f32, of_right: f32) -> Plane {
        Plane::from_fn(4, 2, |x, _| if x < 2 { of_left } else { of_right })
    }

    #[test]
    fn what_one_view_loses_is_in_doubt_and_the_views_agree_less() {
        let seen = Views::of(&view(0.9, 0.9), &view(0.9, 0.1));
        for (at, p) in seen.plane.data.iter().enumerate() {
            let right = if at % 4 < 2 { 0.89..0.91 } else { 0.4..0.7 };
            assert!(right.contains(p), "{at}: {p}");
        }
        assert!((seen.agreement - 0.5).abs() < 1e-6);
        assert!((Views::of(&view(0.9, 0.1), &view(0.8, 0.2)).agreement - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_mirrored_photo_stands_out_as_the_mirror_image_does() {
        let photo = RgbImage::from_fn(320, 320, |x, y| {
            let garment = (60..150).contains(&x) && (80..260).contains(&y)
                || (150..230).contains(&x) && (80..120).contains(&y);
            image::Rgb(if garment {
                [30, 40, 90]
            } else {
                [222, 205, 180]
            })
        });
        let saliency = Saliency::load().unwrap();
        let seen = saliency.views(&photo).unwrap().unwrap();
        let mut turned = saliency
            .views(&imageops::flip_horizontal(&photo))
            .unwrap()
            .unwrap();
        mirror(&mut turned.plane.data);
        for (one, other) in seen.plane.data.iter().zip(&turned.plane.data) {
            assert!((one - other).abs() < 1e-3, "{one} {other}");
        }
    }
}
