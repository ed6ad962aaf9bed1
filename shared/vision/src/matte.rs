//! From a coarse mask to clean edges: the mask is made to follow the photo's edges, and the colours along
//! them are freed of what was behind the garment.

use image::{RgbImage, Rgba, RgbaImage};

use crate::plane::Plane;

/// The guided filter's coefficients are found on pictures of this longer side.
const GUIDE_SIDE: usize = 512;
/// Its window, in pixels of that size.
const GUIDE_RADIUS: usize = 4;
/// How much luminance variance counts as an edge.
const GUIDE_EPSILON: f32 = 2e-4;
/// Alpha below the first becomes 0, above the second 1.
const LEVELS: (f32, f32) = (0.2, 0.85);
/// How much purer pixels count for more, and the least sum of such weights that says anything.
const PURITY: i32 = 6;
const LEAST: f32 = 1e-6;

/// Brings a coarse mask to the photo's size, following the photo's edges: the fast guided filter of He and
/// Sun (2015, arXiv:1505.00996), guided by luminance.
pub(crate) fn refine(mask: &Plane, photo: &RgbImage) -> Plane {
    let (width, height) = (photo.width() as usize, photo.height() as usize);
    let luma = Plane::from_fn(width, height, |x, y| {
        let [r, g, b] = photo.get_pixel(x as u32, y as u32).0;
        (0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b)) / 255.0
    });
    let longer = width.max(height);
    let reduce = |side: usize| (side * GUIDE_SIDE / longer).max(1);
    let guide = if longer > GUIDE_SIDE {
        // Blurred by the step first, so that reducing does not pick single pixels.
        luma.box_blur(longer / GUIDE_SIDE / 2)
            .resize(reduce(width), reduce(height))
    } else {
        luma.clone()
    };
    let target = mask.resize(guide.width, guide.height);

    let mean = |plane: &Plane| plane.box_blur(GUIDE_RADIUS);
    let (mean_guide, mean_target) = (mean(&guide), mean(&target));
    let covariance = mean(&guide.zip(&target, |i, p| i * p))
        .zip(&mean_guide.zip(&mean_target, |i, p| i * p), |ip, m| ip - m);
    let variance = mean(&guide.map(|i| i * i)).zip(&mean_guide, |ii, i| ii - i * i);
    let slope = covariance.zip(&variance, |covariance, variance| {
        covariance / (variance + GUIDE_EPSILON)
    });
    let offset = mean_target.zip(&slope.zip(&mean_guide, |a, i| a * i), |p, ai| p - ai);
    let (slope, offset) = (
        mean(&slope).resize(width, height),
        mean(&offset).resize(width, height),
    );

    let mut alpha = slope.zip(&luma, |a, i| a * i);
    for (value, offset) in alpha.data.iter_mut().zip(&offset.data) {
        *value = level(*value + offset);
    }
    alpha
}

fn level(value: f32) -> f32 {
    let (low, high) = LEVELS;
    let t = ((value - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// The garment's own colours with its alpha. Along soft edges a photo shows a mixture of garment and
/// background; the garment's part is estimated from its neighbourhood as in "Approximate Fast Foreground
/// Colour Estimation" by Forte (2021, arXiv:2006.14970).
pub(crate) fn cut(photo: &RgbImage, alpha: &Plane) -> RgbaImage {
    let (width, height) = (alpha.width, alpha.height);
    let radius = (width.max(height) / 60).max(6);
    // Colours are taken from pixels that are nearly all garment or nearly all background.
    let (inside, outside) = (
        alpha.map(|a| a.powi(PURITY)),
        alpha.map(|a| (1.0 - a).powi(PURITY)),
    );
    let (near, far) = (inside.box_blur(radius), outside.box_blur(radius));
    let mut cutout = RgbaImage::from_fn(width as u32, height as u32, |x, y| {
        let opacity = alpha.data[y as usize * width + x as usize];
        Rgba([0, 0, 0, (opacity * 255.0).round() as u8])
    });
    for channel in 0..3 {
        let color = Plane {
            width,
            height,
            data: photo
                .pixels()
                .map(|pixel| f32::from(pixel.0[channel]) / 255.0)
                .collect(),
        };
        let garment = color
            .zip(&inside, |c, w| c * w)
            .box_blur(radius)
            .zip(&near, |sum, weight| sum / weight.max(LEAST));
        let behind = color
            .zip(&outside, |c, w| c * w)
            .box_blur(radius)
            .zip(&far, |sum, weight| sum / weight.max(LEAST));
        for (at, pixel) in cutout.pixels_mut().enumerate() {
            // Transparent pixels beside the garment get its colour too, so that scaling draws no dark seam.
            if near.data[at] > LEAST {
                let (seen, a) = (color.data[at], alpha.data[at]);
                let (garment, behind) = (garment.data[at], behind.data[at]);
                let value = garment + a * (seen - a * garment - (1.0 - a) * behind);
                pixel.0[channel] = (value.clamp(0.0, 1.0) * 255.0).round() as u8;
            }
        }
    }
    cutout
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn a_coarse_mask_snaps_to_the_photos_edge() {
        // Given a dark garment on the left half, and a mask at a tenth of the size whose edge is 3 pixels off
        let photo = RgbImage::from_fn(200, 200, |x, _| {
            Rgb(if x < 100 {
                [30, 40, 60]
            } else {
                [230, 230, 230]
            })
        });
        let mask = Plane::from_fn(20, 20, |x, _| if x < 10 { 1.0 } else { 0.0 });

        let alpha = refine(&mask, &photo);

        let row = &alpha.data[100 * 200..101 * 200];
        assert!(
            row[..98].iter().all(|value| *value > 0.95),
            "{:?}",
            &row[90..110]
        );
        assert!(
            row[102..].iter().all(|value| *value < 0.05),
            "{:?}",
            &row[90..110]
        );
    }

    #[test]
    fn the_background_does_not_shine_through_soft_edges() {
        // Given a red garment whose edge is half mixed with a green background
        let mixed = |a: f32| Rgb([(200.0 * a) as u8, (200.0 * (1.0 - a)) as u8, 0]);
        let opacity = |x: usize| (1.0 - (x as f32 - 45.0) / 10.0).clamp(0.0, 1.0);
        let photo = RgbImage::from_fn(100, 100, |x, _| mixed(opacity(x as usize)));
        let alpha = Plane::from_fn(100, 100, |x, _| opacity(x));

        let cutout = cut(&photo, &alpha);

        let edge = cutout.get_pixel(50, 50).0;
        assert!(edge[0] > 185 && edge[1] < 15, "{edge:?}");
        assert_eq!(edge[3], 128);
    }
}
