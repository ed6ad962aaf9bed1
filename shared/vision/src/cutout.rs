//! Finding the garment in a photo and cutting it out.

use image::{Rgb, RgbImage, RgbaImage, imageops};

use crate::{
    decode::{Photo, over},
    error::{PhotoError, VisionError},
    matte,
    plane::Plane,
    runner::{ModelError, Runner},
    specks,
};

const SIZE: u32 = 320;
/// ImageNet's mean and standard deviation of each channel, which the model was trained with.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];
/// The model must be this sure of at least one pixel, or nothing stands out.
const SURE: f32 = 0.6;
/// A garment covers at least this part of its photo.
const MIN_COVER: f32 = 0.01;
/// Space around the garment, as a part of its longer side.
const MARGIN: f32 = 0.02;

/// Where the garment is in its photo.
#[derive(Debug, Clone, PartialEq)]
pub struct Cutout {
    /// The garment with transparency, cropped to it with a small margin.
    pub image: RgbaImage,
    /// The crop's left and top edge in the photo, in pixels.
    pub offset: (u32, u32),
    /// The part of the photo that the garment covers, 0–1.
    pub cover: f32,
}

/// The loaded model.
#[derive(Debug)]
pub struct Cutter {
    runner: Runner,
}

impl Cutter {
    /// Loads the model.
    ///
    /// # Errors
    /// [`ModelError`] if it cannot be loaded.
    pub fn load() -> Result<Self, ModelError> {
        // The first of the model's seven outputs fuses the other six.
        Ok(Self {
            runner: Runner::load("u2netp", drape_models::U2NETP, &["1959"])?,
        })
    }

    /// Cuts the garment out of a photo. A photo that is transparent already keeps its own transparency.
    ///
    /// # Errors
    /// [`PhotoError::NoGarmentFound`] if nothing stands out; [`ModelError`] if the model cannot be run.
    pub fn cut(&self, photo: &Photo) -> Result<Cutout, VisionError> {
        if let Some(alpha) = own_transparency(photo) {
            return Ok(crop(&photo.rgb, &alpha).ok_or(PhotoError::NoGarmentFound)?);
        }
        let mask = self.mask(&photo.rgb)?.ok_or(PhotoError::NoGarmentFound)?;
        let alpha = matte::refine(&mask, &photo.rgb);
        Ok(crop(&photo.rgb, &alpha).ok_or(PhotoError::NoGarmentFound)?)
    }

    /// How much each part of the photo stands out (0–1), on a square of 320 pixels; none if nothing does.
    fn mask(&self, photo: &RgbImage) -> Result<Option<Plane>, ModelError> {
        let mut outputs = self
            .runner
            .run([1, 3, SIZE as usize, SIZE as usize], input(photo))?;
        let data = outputs.pop().map(|output| output.data).unwrap_or_default();
        let (low, high) = data
            .iter()
            .fold((f32::MAX, f32::MIN), |(low, high), value| {
                (low.min(*value), high.max(*value))
            });
        if high < SURE || high - low < 0.1 {
            return Ok(None);
        }
        let side = SIZE as usize;
        let data = data
            .into_iter()
            .map(|value| (value - low) / (high - low))
            .collect();
        let mut mask = Plane {
            width: side,
            height: side,
            data,
        };
        Ok((specks::clear(&mut mask) >= MIN_COVER).then_some(mask))
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

/// The file's own alpha, if a good part of it is transparent and a good part is not: somebody has cut the
/// garment out already.
fn own_transparency(photo: &Photo) -> Option<Plane> {
    let alpha = photo.alpha.as_ref()?;
    let count =
        |wanted: fn(u8) -> bool| alpha.pixels().filter(|pixel| wanted(pixel.0[0])).count() as f32;
    let total = (alpha.width() * alpha.height()) as f32;
    if count(|a| a < 16) / total < 0.05 || count(|a| a > 239) / total < MIN_COVER {
        return None;
    }
    Some(Plane {
        width: alpha.width() as usize,
        height: alpha.height() as usize,
        data: alpha
            .pixels()
            .map(|pixel| f32::from(pixel.0[0]) / 255.0)
            .collect(),
    })
}

fn crop(photo: &RgbImage, alpha: &Plane) -> Option<Cutout> {
    let (mut left, mut top, mut right, mut bottom) = (usize::MAX, usize::MAX, 0, 0);
    let mut sum = 0.0_f64;
    for (at, value) in alpha.data.iter().enumerate() {
        sum += f64::from(*value);
        if *value > 0.1 {
            let (x, y) = (at % alpha.width, at / alpha.width);
            (left, right) = (left.min(x), right.max(x + 1));
            (top, bottom) = (top.min(y), bottom.max(y + 1));
        }
    }
    let cover = (sum / alpha.data.len() as f64) as f32;
    if left >= right || cover < MIN_COVER {
        return None;
    }
    let margin = ((right - left).max(bottom - top) as f32 * MARGIN).ceil() as usize;
    let (left, top) = (left.saturating_sub(margin), top.saturating_sub(margin));
    let (right, bottom) = (
        (right + margin).min(alpha.width),
        (bottom + margin).min(alpha.height),
    );
    let (width, height) = (right - left, bottom - top);
    let part =
        imageops::crop_imm(photo, left as u32, top as u32, width as u32, height as u32).to_image();
    let alpha = Plane::from_fn(width, height, |x, y| {
        alpha.data[(y + top) * alpha.width + x + left]
    });
    Some(Cutout {
        image: matte::cut(&part, &alpha),
        offset: (left as u32, top as u32),
        cover,
    })
}

impl Cutout {
    /// The garment on a plain colour.
    #[must_use]
    pub fn on(&self, background: Rgb<u8>) -> RgbImage {
        over(&self.image, background.0)
    }
}
