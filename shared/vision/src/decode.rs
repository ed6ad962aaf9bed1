//! From uploaded bytes to an upright sRGB photo of bounded size, or a reason why not.
//!
//! Everything that can be refused is refused from the header, before pixels are decoded. Metadata (place,
//! camera, thumbnails) ends here: a [`Photo`] has none.

use std::io::Cursor;

use drape_domain::item::{ImageType, MAX_UPLOAD_BYTES};
use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageError, Limits, RgbImage, RgbaImage,
    codecs::{jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder},
    imageops::FilterType,
    metadata::Orientation,
};

use crate::{error::PhotoError, icc, jpeg, sniff};

/// The most pixels that are accepted, in millions.
pub const MAX_MEGAPIXELS: u32 = 50;
/// The fewest pixels that are accepted along each side.
pub const MIN_SIDE: u32 = 32;
/// The longest side of a decoded photo; larger ones are reduced.
pub const MAX_SIDE: u32 = 2048;
/// What a decoder may allocate. 50 megapixels of 16-bit RGBA are 400 MB.
const MAX_ALLOC: u64 = 512 * 1024 * 1024;

/// A photo as a person sees it: upright, sRGB, at most [`MAX_SIDE`] pixels along its longer side.
#[derive(Debug, Clone, PartialEq)]
pub struct Photo {
    /// Its colours. Where the file was transparent, over white.
    pub rgb: RgbImage,
    /// How opaque the file was, if any of it was transparent.
    pub alpha: Option<GrayImage>,
}

impl Photo {
    /// (width, height) in pixels.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        self.rgb.dimensions()
    }
}

/// Decodes an uploaded photo that was declared to be of a type.
///
/// # Errors
/// Whatever is wrong with the bytes; see [`PhotoError`].
pub fn decode(bytes: &[u8], declared: ImageType) -> Result<Photo, PhotoError> {
    if bytes.is_empty() {
        return Err(PhotoError::Empty);
    }
    if bytes.len() as u64 > MAX_UPLOAD_BYTES {
        return Err(PhotoError::FileTooLarge {
            limit: MAX_UPLOAD_BYTES,
        });
    }
    let found = sniff::image_type(bytes)?;
    if found != declared {
        return Err(PhotoError::TypeMismatch {
            declared: declared.as_str(),
            found: found.as_str(),
        });
    }
    // Should bytes made to break a decoder make it panic, they are damaged in one more way.
    std::panic::catch_unwind(|| match found {
        ImageType::Jpeg => decode_jpeg(bytes),
        ImageType::Png => decode_png(bytes),
        ImageType::Webp => decode_webp(bytes),
    })
    .unwrap_or(Err(PhotoError::Corrupt))
}

fn decode_jpeg(bytes: &[u8]) -> Result<Photo, PhotoError> {
    let markers = jpeg::markers(bytes);
    let early_end = |error| {
        if markers.complete {
            refusal(&error)
        } else {
            PhotoError::Truncated
        }
    };
    let decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(early_end)?;
    check_size(decoder.dimensions())?;
    // The decoder fills a missing end with grey and reads unmarked inks as inverted; both would be accepted.
    if !markers.complete {
        return Err(PhotoError::Truncated);
    }
    if markers.components == 4 && !markers.adobe {
        return Err(PhotoError::UnsupportedColors);
    }
    // An ICC profile of a CMYK file speaks of inks, which the decoder has already turned into RGB.
    finish(decoder, markers.components == 3)
}

fn decode_png(bytes: &[u8]) -> Result<Photo, PhotoError> {
    let decoder =
        PngDecoder::with_limits(Cursor::new(bytes), limits()).map_err(|error| refusal(&error))?;
    check_size(decoder.dimensions())?;
    if decoder.is_apng().map_err(|error| refusal(&error))? {
        return Err(PhotoError::Animated);
    }
    finish(decoder, true)
}

fn decode_webp(bytes: &[u8]) -> Result<Photo, PhotoError> {
    // The container says how long it is (RIFF: 8 bytes of header, then a little-endian length at byte 4).
    let told = bytes.get(4..8).map_or(0, |size| {
        u64::from(u32::from_le_bytes([size[0], size[1], size[2], size[3]]))
    });
    if (bytes.len() as u64) < told + 8 {
        return Err(PhotoError::Truncated);
    }
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(|error| refusal(&error))?;
    check_size(decoder.dimensions())?;
    if decoder.has_animation() {
        return Err(PhotoError::Animated);
    }
    finish(decoder, true)
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_ALLOC);
    limits
}

fn check_size((width, height): (u32, u32)) -> Result<(), PhotoError> {
    if u64::from(width) * u64::from(height) > u64::from(MAX_MEGAPIXELS) * 1_000_000 {
        return Err(PhotoError::TooManyPixels {
            width,
            height,
            limit_megapixels: MAX_MEGAPIXELS,
        });
    }
    if width.min(height) < MIN_SIDE {
        return Err(PhotoError::TooSmall {
            width,
            height,
            limit: MIN_SIDE,
        });
    }
    Ok(())
}

fn refusal(error: &ImageError) -> PhotoError {
    match error {
        ImageError::IoError(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => {
            PhotoError::Truncated
        }
        ImageError::Unsupported(_) => PhotoError::UnsupportedFormat {
            kind: "a rare variety of its format",
        },
        _ if mentions_end(error) => PhotoError::Truncated,
        _ => PhotoError::Corrupt,
    }
}

/// Decoders wrap an early end of the file in errors of their own; it can be found among the sources.
fn mentions_end(error: &ImageError) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::UnexpectedEof)
        {
            return true;
        }
        source = error.source();
    }
    false
}

fn finish(mut decoder: impl ImageDecoder, use_profile: bool) -> Result<Photo, PhotoError> {
    decoder
        .set_limits(limits())
        .map_err(|error| refusal(&error))?;
    // A damaged description of a sound picture is ignored.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = if use_profile {
        decoder.icc_profile().ok().flatten()
    } else {
        None
    };
    let image = DynamicImage::from_decoder(decoder).map_err(|error| refusal(&error))?;
    let mut image = reduce(image);
    image.apply_orientation(orientation);
    let mut photo = flatten(image);
    if let Some(profile) = profile {
        icc::to_srgb(&mut photo.rgb, &profile);
    }
    Ok(photo)
}

/// Brings the longer side down to [`MAX_SIDE`]. Strong reductions take the mean of whole pixels, which needs
/// no memory beside the result.
fn reduce(image: DynamicImage) -> DynamicImage {
    let (width, height) = (image.width(), image.height());
    let longer = width.max(height);
    if longer <= MAX_SIDE {
        return image;
    }
    let scale = |side: u32| {
        let scaled =
            (u64::from(side) * u64::from(MAX_SIDE) + u64::from(longer) / 2) / u64::from(longer);
        u32::try_from(scaled).unwrap_or(MAX_SIDE).max(1)
    };
    let (width, height) = (scale(width), scale(height));
    if longer >= 2 * MAX_SIDE {
        image.thumbnail_exact(width, height)
    } else {
        image.resize_exact(width, height, FilterType::Triangle)
    }
}

fn flatten(image: DynamicImage) -> Photo {
    if !image.color().has_alpha() {
        return Photo {
            rgb: image.into_rgb8(),
            alpha: None,
        };
    }
    let rgba = image.into_rgba8();
    if rgba.pixels().all(|pixel| pixel.0[3] == u8::MAX) {
        return Photo {
            rgb: DynamicImage::ImageRgba8(rgba).into_rgb8(),
            alpha: None,
        };
    }
    let alpha = GrayImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        image::Luma([rgba.get_pixel(x, y).0[3]])
    });
    Photo {
        rgb: over(&rgba, [u8::MAX; 3]),
        alpha: Some(alpha),
    }
}

/// A transparent picture on a plain colour.
#[must_use]
pub(crate) fn over(picture: &RgbaImage, background: [u8; 3]) -> RgbImage {
    let mut flat = RgbImage::from_pixel(picture.width(), picture.height(), image::Rgb(background));
    for (below, above) in flat.pixels_mut().zip(picture.pixels()) {
        let alpha = u32::from(above.0[3]);
        for channel in 0..3 {
            let mixed =
                u32::from(above.0[channel]) * alpha + u32::from(below.0[channel]) * (255 - alpha);
            below.0[channel] = u8::try_from((mixed + 127) / 255).unwrap_or(u8::MAX);
        }
    }
    flat
}
