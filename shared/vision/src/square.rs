//! A picture laid out in a square.

use image::{Rgb, RgbImage, imageops};

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
