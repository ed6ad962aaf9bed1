//! Pictures to bytes. Nothing but pixels goes in, so no metadata comes out.

use image::{
    ExtendedColorType, ImageEncoder, ImageResult, RgbImage, RgbaImage,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
    imageops,
};

/// Quality of photos kept for looking at.
pub(crate) const PHOTO_QUALITY: u8 = 88;

/// JPEG of the given quality (1–100).
pub(crate) fn jpeg(image: &RgbImage, quality: u8) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).write_image(
        image,
        image.width(),
        image.height(),
        ExtendedColorType::Rgb8,
    )?;
    Ok(bytes)
}

/// JPEG that fits into so many bytes: of the best quality, up to `quality`, that does. Noise may not fit at any;
/// then its finest detail goes too.
pub(crate) fn jpeg_within(image: &RgbImage, quality: u8, max_bytes: usize) -> ImageResult<Vec<u8>> {
    let (width, height) = image.dimensions();
    let mut quality = quality;
    let mut bytes = jpeg(image, quality)?;
    while bytes.len() > max_bytes && quality > 30 {
        quality -= 10;
        bytes = jpeg(image, quality)?;
    }
    let mut grain = 2;
    while bytes.len() > max_bytes && grain <= width.min(height) {
        let coarse = imageops::thumbnail(image, width / grain, height / grain);
        let soft = imageops::resize(&coarse, width, height, imageops::FilterType::Triangle);
        bytes = jpeg(&soft, quality)?;
        grain *= 2;
    }
    Ok(bytes)
}

/// PNG with transparency.
pub(crate) fn png_rgba(image: &RgbaImage) -> ImageResult<Vec<u8>> {
    png(
        image,
        image.width(),
        image.height(),
        ExtendedColorType::Rgba8,
    )
}

/// PNG without transparency.
pub(crate) fn png_rgb(image: &RgbImage) -> ImageResult<Vec<u8>> {
    png(
        image,
        image.width(),
        image.height(),
        ExtendedColorType::Rgb8,
    )
}

fn png(pixels: &[u8], width: u32, height: u32, color: ExtendedColorType) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive)
        .write_image(pixels, width, height, color)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pixel unlike its neighbours, which no JPEG makes small.
    fn noise(side: u32) -> RgbImage {
        let mut state = 1_u32;
        RgbImage::from_fn(side, side, |_, _| {
            image::Rgb([0; 3].map(|_: u8| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            }))
        })
    }

    #[test]
    fn even_noise_fits() {
        let picture = noise(512);
        assert!(jpeg(&picture, 25).unwrap().len() > 60_000);
        let bytes = jpeg_within(&picture, 85, 60_000).unwrap();
        assert!(bytes.len() <= 60_000, "{}", bytes.len());
        let read = image::load_from_memory(&bytes).unwrap();
        assert_eq!((read.width(), read.height()), (512, 512));
    }

    #[test]
    fn what_fits_keeps_its_quality() {
        let plain = RgbImage::from_pixel(64, 64, image::Rgb([90, 20, 20]));
        assert_eq!(
            jpeg_within(&plain, 85, 60_000).unwrap(),
            jpeg(&plain, 85).unwrap()
        );
    }
}
