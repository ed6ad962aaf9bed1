//! Photos made in code: garments on a plain wall, and files that are not what they say they are.

use std::io::Cursor;

use anyhow::Result;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder};

/// A file as a phone sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// The declared media type.
    pub content_type: &'static str,
    /// The content.
    pub bytes: Vec<u8>,
}

impl Photo {
    /// A JPEG.
    #[must_use]
    pub fn jpeg(bytes: Vec<u8>) -> Self {
        Self {
            content_type: "image/jpeg",
            bytes,
        }
    }

    /// A PNG.
    #[must_use]
    pub fn png(bytes: Vec<u8>) -> Self {
        Self {
            content_type: "image/png",
            bytes,
        }
    }
}

/// What is in the picture, as an outline in hundredths of its width and height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Short sleeves.
    Shirt,
    /// Two long legs.
    Trousers,
    /// Narrow above, wide below.
    Dress,
    /// Long sleeves, to the knee.
    Coat,
}

impl Shape {
    const fn outline(self) -> &'static [(f32, f32)] {
        match self {
            Self::Shirt => &[
                (40., 18.),
                (46., 22.),
                (54., 22.),
                (60., 18.),
                (74., 24.),
                (86., 42.),
                (76., 48.),
                (70., 40.),
                (70., 82.),
                (30., 82.),
                (30., 40.),
                (24., 48.),
                (14., 42.),
                (26., 24.),
            ],
            Self::Trousers => &[
                (34., 10.),
                (66., 10.),
                (72., 92.),
                (55., 92.),
                (50., 38.),
                (45., 92.),
                (28., 92.),
            ],
            Self::Dress => &[
                (40., 10.),
                (45., 18.),
                (55., 18.),
                (60., 10.),
                (66., 30.),
                (60., 46.),
                (78., 92.),
                (22., 92.),
                (40., 46.),
                (34., 30.),
            ],
            Self::Coat => &[
                (40., 8.),
                (50., 14.),
                (60., 8.),
                (74., 14.),
                (86., 62.),
                (77., 64.),
                (70., 34.),
                (73., 92.),
                (27., 92.),
                (30., 34.),
                (23., 64.),
                (14., 62.),
                (26., 14.),
            ],
        }
    }
}

fn inside(outline: &[(f32, f32)], x: f32, y: f32) -> bool {
    let mut inside = false;
    let mut last = outline.len() - 1;
    for (at, &(ax, ay)) in outline.iter().enumerate() {
        let (bx, by) = outline[last];
        if (ay > y) != (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax {
            inside = !inside;
        }
        last = at;
    }
    inside
}

/// A garment of this colour on a light wall, 480 × 640 pixels, with the folds and grain of a photo.
#[must_use]
pub fn garment_image(shape: Shape, color: [u8; 3]) -> RgbImage {
    let outline = shape.outline();
    // A small generator of its own, so that a picture is the same each time.
    let mut seed = 0x2545_f491_u32;
    let mut grain = move || {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        f32::from((seed & 7) as u8) - 3.5
    };
    RgbImage::from_fn(480, 640, |px, py| {
        let (x, y) = (px as f32 / 4.8, py as f32 / 6.4);
        let grain = grain();
        let shade =
            |value: u8, light: f32| (f32::from(value) * light + grain).clamp(0., 255.) as u8;
        if inside(outline, x, y) {
            let folds = 0.92 + 0.08 * (x * 0.55 + y * 0.12).sin() - 0.1 * (x - 50.).abs() / 50.;
            Rgb(color.map(|value| shade(value, folds)))
        } else {
            let light = 1.0 - 0.06 * y / 100.;
            Rgb([238, 236, 232].map(|value| shade(value, light)))
        }
    })
}

/// The same as a JPEG.
///
/// # Errors
/// When it cannot be encoded.
pub fn garment(shape: Shape, color: [u8; 3]) -> Result<Photo> {
    Ok(Photo::jpeg(encode(
        garment_image(shape, color),
        ImageFormat::Jpeg,
    )?))
}

/// A file of this format.
///
/// # Errors
/// When it cannot be encoded.
pub fn encode(image: RgbImage, format: ImageFormat) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image).write_to(&mut bytes, format)?;
    Ok(bytes.into_inner())
}

/// A JPEG that ends in the middle.
///
/// # Errors
/// When it cannot be encoded.
pub fn truncated() -> Result<Photo> {
    let mut photo = garment(Shape::Shirt, [30, 60, 120])?;
    photo.bytes.truncate(photo.bytes.len() / 2);
    Ok(photo)
}

/// A PNG of a few bytes that says it has 40,000 × 40,000 pixels.
#[must_use]
pub fn bomb() -> Photo {
    let mut header = Vec::new();
    header.extend_from_slice(&40_000_u32.to_be_bytes());
    header.extend_from_slice(&40_000_u32.to_be_bytes());
    header.extend_from_slice(&[8, 2, 0, 0, 0]);
    Photo::png(png(&[
        (*b"IHDR", header),
        // An empty zlib stream.
        (*b"IDAT", vec![0x78, 0x9c, 3, 0, 0, 0, 0, 1]),
        (*b"IEND", Vec::new()),
    ]))
}

/// A PNG that says, after its header, that two frames follow.
///
/// # Errors
/// When it cannot be encoded.
pub fn animated() -> Result<Photo> {
    let still = encode(garment_image(Shape::Shirt, [180, 40, 40]), ImageFormat::Png)?;
    // Signature and IHDR are 33 bytes.
    let (header, rest) = still.split_at(33);
    let control = [2_u32.to_be_bytes(), 0_u32.to_be_bytes()].concat();
    let frame = [
        0_u32.to_be_bytes().as_slice(),
        &480_u32.to_be_bytes(),
        &640_u32.to_be_bytes(),
        &[0; 8],
        &[0, 1, 0, 10, 0, 0],
    ]
    .concat();
    let chunks = [chunk(*b"acTL", &control), chunk(*b"fcTL", &frame)].concat();
    Ok(Photo::png([header, &chunks, rest].concat()))
}

/// A JPEG in print colours that does not say how its inks are written.
///
/// # Errors
/// When it cannot be encoded.
pub fn cmyk() -> Result<Photo> {
    let mut bytes = Vec::new();
    let pixels = [200, 10, 10, 0].repeat(64 * 64);
    Encoder::new(&mut bytes, 90).encode(&pixels, 64, 64, ColorType::Cmyk)?;
    Ok(Photo::jpeg(without_adobe(&bytes)))
}

/// Takes the APP14 segment out.
fn without_adobe(jpeg: &[u8]) -> Vec<u8> {
    let at = jpeg
        .windows(2)
        .position(|marker| marker == [0xff, 0xee])
        .unwrap_or(jpeg.len());
    let Some(size) = jpeg.get(at + 2..at + 4) else {
        return jpeg.to_vec();
    };
    let length = usize::from(u16::from_be_bytes([size[0], size[1]]));
    [&jpeg[..at], &jpeg[at + 2 + length..]].concat()
}

/// An iPhone's photo whose name was changed.
#[must_use]
pub fn heic() -> Photo {
    let brand = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    Photo::jpeg([brand.as_slice(), &[0; 2000]].concat())
}

/// A sound PNG that was announced as a JPEG.
///
/// # Errors
/// When it cannot be encoded.
pub fn disguised() -> Result<Photo> {
    let png = encode(garment_image(Shape::Shirt, [40, 120, 60]), ImageFormat::Png)?;
    Ok(Photo::jpeg(png))
}

/// A photo of nothing: an even wall.
///
/// # Errors
/// When it cannot be encoded.
pub fn wall() -> Result<Photo> {
    let wall = RgbImage::from_pixel(480, 640, Rgb([225, 224, 220]));
    Ok(Photo::jpeg(encode(wall, ImageFormat::Jpeg)?))
}

/// Bytes that are no picture at all.
#[must_use]
pub fn noise() -> Photo {
    Photo::jpeg((0..4000_u32).map(|n| (n * 31 % 251) as u8).collect())
}

fn png(chunks: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in chunks {
        bytes.extend(chunk(*kind, data));
    }
    bytes
}

/// Length, kind, data, and the CRC-32 of kind and data (W3C PNG, section 5.3).
fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [kind.as_slice(), data].concat();
    let crc = !body.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1))
        })
    });
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    [length.to_be_bytes().as_slice(), &body, &crc.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_carry_the_known_checksum() {
        // The IEND chunk of every PNG.
        assert_eq!(
            chunk(*b"IEND", &[]),
            [0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130]
        );
    }

    #[test]
    fn the_bomb_is_small_and_says_that_it_is_large() {
        let bomb = bomb();
        assert!(bomb.bytes.len() < 100);
        let reader = image::ImageReader::new(Cursor::new(bomb.bytes));
        let size = reader.with_guessed_format().unwrap().into_dimensions();
        assert_eq!(size.unwrap(), (40_000, 40_000));
    }

    #[test]
    fn the_animated_picture_is_one() {
        let reader = image::codecs::png::PngDecoder::new(Cursor::new(animated().unwrap().bytes));
        assert!(reader.unwrap().is_apng().unwrap());
    }

    #[test]
    fn the_print_colours_are_unmarked() {
        let bytes = cmyk().unwrap().bytes;
        assert!(!bytes.windows(5).any(|word| word == b"Adobe"));
        let read = image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg);
        assert_eq!(read.unwrap().width(), 64);
    }
}
