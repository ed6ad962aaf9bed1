//! What the network is shown of a photo: a square around its middle, made the same way for every size.
//!
//! Each output pixel is the mean of the photo under a triangle as wide as two output pixels. A photo and its
//! smaller copy therefore give nearly the same numbers, which they would not if pixels were picked (aliasing) or
//! if sides were first rounded to whole pixels. Where the square leaves the photo, it is white.

use image::RgbImage;

/// A part of a photo as planes of red, green and blue, row by row.
pub(crate) struct View {
    planes: Vec<f32>,
    side: usize,
}

impl View {
    /// The square around the middle of a photo whose side is `zoom` times the photo's longer one, in `side` pixels.
    /// Values are as EfficientNet-Lite wants them: (value - 127) / 128.
    pub(crate) fn of(photo: &RgbImage, zoom: f64, side: usize) -> Self {
        let (width, height) = photo.dimensions();
        let square = zoom * f64::from(width.max(height));
        let columns = Taps::new(width, square, side);
        let rows = Taps::new(height, square, side);

        let stride = 3 * width as usize;
        let bytes = photo.as_raw();
        let mut planes = vec![0.0; 3 * side * side];
        // Rows first: their sums are over neighbours in memory. One output row at a time keeps memory small.
        let mut row = vec![0.0_f32; stride];
        for (y, (above, weights)) in rows.iter().enumerate() {
            row.fill(0.0);
            for (line, weight) in bytes.chunks_exact(stride).skip(above).zip(weights) {
                for (sum, value) in row.iter_mut().zip(line) {
                    *sum += weight * f32::from(*value);
                }
            }
            let covered_rows: f32 = weights.iter().sum();
            for (x, (left, weights)) in columns.iter().enumerate() {
                let mut pixel = [0.0_f32; 3];
                for (of_source, weight) in row.as_chunks::<3>().0.iter().skip(left).zip(weights) {
                    for (sum, value) in pixel.iter_mut().zip(of_source) {
                        *sum += weight * value;
                    }
                }
                let covered = covered_rows * weights.iter().sum::<f32>();
                let white = f32::from(u8::MAX) * (1.0 - covered);
                for (plane, value) in planes.chunks_exact_mut(side * side).zip(pixel) {
                    if let Some(place) = plane.get_mut(y * side + x) {
                        *place = (value + white - 127.0) / 128.0;
                    }
                }
            }
        }
        Self { planes, side }
    }

    /// The same with left and right exchanged.
    pub(crate) fn mirrored(mut self) -> Self {
        for row in self.planes.chunks_exact_mut(self.side) {
            row.reverse();
        }
        self
    }

    /// The numbers for the network, 3 × side × side.
    pub(crate) fn into_planes(self) -> Vec<f32> {
        self.planes
    }
}

/// For each output pixel along one axis, where its source pixels start and what each counts.
struct Taps(Vec<(usize, Vec<f32>)>);

impl Taps {
    /// For `pixels` of a photo, of which `square` around their middle become `side` pixels. Weights of one output
    /// pixel sum to 1 less what lies outside of the photo.
    fn new(pixels: u32, square: f64, side: usize) -> Self {
        let step = square / side as f64;
        let reach = step.max(1.0);
        let origin = (f64::from(pixels) - square) / 2.0;
        let of = |index: usize| {
            let centre = origin + (index as f64 + 0.5) * step;
            let weight = |pixel: f64| (1.0 - (pixel + 0.5 - centre).abs() / reach).max(0.0);
            let first = (centre - reach).floor();
            let span = (2.0 * reach).ceil() as u32 + 1;
            let every = (0..=span).map(|at| first + f64::from(at));
            let total: f64 = every.clone().map(weight).sum();
            let inside: Vec<f64> = every
                .filter(|pixel| (0.0..f64::from(pixels)).contains(pixel))
                .collect();
            // Whole and not negative, since it lies inside.
            let start = inside.first().map_or(0, |pixel| *pixel as usize);
            let weights = inside
                .iter()
                .map(|pixel| (weight(*pixel) / total) as f32)
                .collect();
            (start, weights)
        };
        Self((0..side).map(of).collect())
    }

    fn iter(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.0
            .iter()
            .map(|(start, weights)| (*start, weights.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    const SIDE: usize = 32;

    fn unit_of(value: u8) -> f32 {
        (f32::from(value) - 127.0) / 128.0
    }

    fn pixel(view: &View, x: usize, y: usize) -> [f32; 3] {
        [0, 1, 2].map(|plane| view.planes[plane * SIDE * SIDE + y * SIDE + x])
    }

    /// A disc with a stripe, drawn from its formula at whatever size: a photo of one thing from one place.
    fn drawn(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let across = (f64::from(x) + 0.5) / f64::from(width) - 0.5;
            let down = (f64::from(y) + 0.5) / f64::from(height) - 0.5;
            let inside = across.hypot(down) < 0.35;
            let stripe = (down * 9.0).sin();
            if inside {
                Rgb([200, (120.0 + 80.0 * stripe) as u8, 40])
            } else {
                Rgb([220, 225, 230])
            }
        })
    }

    #[test]
    fn a_photo_of_one_colour_stays_so_and_what_is_beside_it_is_white() {
        let photo = RgbImage::from_pixel(60, 120, Rgb([10, 100, 200]));
        let view = View::of(&photo, 1.0, SIDE);
        let expected = [10, 100, 200].map(unit_of);
        for (value, expected) in pixel(&view, SIDE / 2, SIDE / 2).iter().zip(expected) {
            assert!((value - expected).abs() < 1e-4, "{value} {expected}");
        }
        for value in pixel(&view, 0, SIDE / 2) {
            assert!((value - 1.0).abs() < 1e-4, "{value}");
        }
    }

    #[test]
    fn a_photo_and_its_larger_copy_give_nearly_the_same() {
        let (small, large) = (
            View::of(&drawn(300, 400), 1.0, SIDE),
            View::of(&drawn(1500, 2000), 1.0, SIDE),
        );
        let furthest = small
            .planes
            .iter()
            .zip(&large.planes)
            .map(|(one, two)| (one - two).abs())
            .fold(0.0, f32::max);
        assert!(furthest < 0.02, "{furthest}");
    }

    #[test]
    fn single_bright_pixels_are_averaged_and_not_picked() {
        let checked = RgbImage::from_fn(640, 640, |x, y| {
            Rgb([if (x + y) % 2 == 0 { 255 } else { 0 }; 3])
        });
        let view = View::of(&checked, 1.0, SIDE);
        let middle = pixel(&view, SIDE / 2, SIDE / 2)[0];
        assert!((middle - (127.5 - 127.0) / 128.0).abs() < 0.02, "{middle}");
    }

    #[test]
    fn a_closer_view_leaves_the_margin_out() {
        let mut photo = RgbImage::from_pixel(100, 100, Rgb([255, 0, 0]));
        for (x, y, pixel) in photo.enumerate_pixels_mut() {
            if (25..75).contains(&x) && (25..75).contains(&y) {
                *pixel = Rgb([0, 0, 255]);
            }
        }
        let view = View::of(&photo, 0.4, SIDE);
        assert!(
            view.planes[..SIDE * SIDE]
                .iter()
                .all(|red| (red - unit_of(0)).abs() < 1e-4)
        );
    }

    #[test]
    fn a_mirrored_view_is_the_view_of_the_mirrored_photo() {
        let photo = RgbImage::from_fn(50, 80, |x, y| Rgb([(x * 5) as u8, (y * 3) as u8, 7]));
        let mirrored = View::of(&image::imageops::flip_horizontal(&photo), 0.8, SIDE);
        let view = View::of(&photo, 0.8, SIDE).mirrored();
        for (one, two) in view.planes.iter().zip(&mirrored.planes) {
            assert!((one - two).abs() < 1e-4);
        }
    }

    #[test]
    fn the_smallest_and_the_narrowest_photos_have_a_view() {
        for (width, height) in [(1, 1), (1, 2048), (2048, 1), (32, 33)] {
            let photo = RgbImage::from_pixel(width, height, Rgb([128; 3]));
            for zoom in [1.0, 0.8] {
                let view = View::of(&photo, zoom, SIDE);
                assert!(view.into_planes().iter().all(|value| value.is_finite()));
            }
        }
    }
}
