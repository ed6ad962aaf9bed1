//! The photo's light on the body.

use image::RgbImage;

use super::{body::Body, geom::P, plane::Plane};

/// The photo's broad light on the body, as a factor around 1: brightness far and wide against the body's
/// own, so that neither folds nor prints of the old clothes are carried over.
pub(crate) fn light(photo: &RgbImage, body: &Body) -> Plane {
    // Broad light has no fine detail: a quarter of the size tells as much.
    const STEP: usize = 4;
    let (width, height) = (photo.width() as usize, photo.height() as usize);
    let (wide, high) = (width.div_ceil(STEP), height.div_ceil(STEP));
    let mut bright = Plane::new(wide, high);
    let mut weight = Plane::new(wide, high);
    for (x, y, pixel) in photo.enumerate_pixels() {
        let (x, y) = (x as usize, y as usize);
        if body.mask.data[y * width + x] >= 0.6 {
            let [r, g, b] = pixel.0.map(f32::from);
            let index = y / STEP * wide + x / STEP;
            bright.data[index] += (0.299 * r + 0.587 * g + 0.114 * b) / 255.0;
            weight.data[index] += 1.0;
        }
    }
    let mean = |share: f32| {
        let radius = (share * body.torso) as usize / STEP + 1;
        let (mut mean, count) = (bright.blurred(radius), weight.blurred(radius));
        for (value, count) in mean.data.iter_mut().zip(&count.data) {
            *value = if *count > 0.3 { *value / count } else { -1.0 };
        }
        mean
    };
    let (near, far) = (mean(0.05), mean(0.3));
    let mut gain = Plane::new(wide, high);
    for (gain, (&near, &far)) in gain.data.iter_mut().zip(near.data.iter().zip(&far.data)) {
        *gain = if near <= 0.0 || far <= 0.0 {
            1.0
        } else {
            ((near + 0.05) / (far + 0.05)).powf(0.6).clamp(0.84, 1.1)
        };
    }
    Plane::from_fn(width, height, |x, y| {
        gain.sample(P {
            x: (x as f32 + 0.5) / STEP as f32,
            y: (y as f32 + 0.5) / STEP as f32,
        })
    })
}
