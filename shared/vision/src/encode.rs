//! Pictures to bytes. Nothing but pixels goes in, so no metadata comes out.

use image::{
    ExtendedColorType, ImageEncoder, ImageResult, RgbImage, RgbaImage,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
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

/// JPEG of the best quality, up to `quality`, that fits into so many bytes; the smallest one if none fits.
pub(crate) fn jpeg_within(image: &RgbImage, quality: u8, max_bytes: usize) -> ImageResult<Vec<u8>> {
    let mut quality = quality;
    loop {
        let bytes = jpeg(image, quality)?;
        if bytes.len() <= max_bytes || quality <= 30 {
            return Ok(bytes);
        }
        quality -= 10;
    }
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
