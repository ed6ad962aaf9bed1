//! Image files made in code, sound and broken.

// Each test binary uses some of these; clippy takes only functions marked as tests for tests.
#![allow(dead_code, clippy::unwrap_used)]

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, RgbaImage};

/// Quarters of red, green, blue and yellow (top left, top right, bottom left, bottom right).
pub(crate) fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        match (x < width / 2, y < height / 2) {
            (true, true) => Rgb([220, 20, 20]),
            (false, true) => Rgb([20, 200, 20]),
            (true, false) => Rgb([20, 20, 220]),
            (false, false) => Rgb([230, 220, 20]),
        }
    })
}

/// A T-shirt of one colour laid on something of another.
pub(crate) fn shirt(size: u32, cloth: [u8; 3], behind: [u8; 3]) -> RgbImage {
    RgbImage::from_fn(size, size, |x, y| {
        let (x, y) = (x as f32 / size as f32 - 0.5, y as f32 / size as f32);
        let body = x.abs() < 0.17 && (0.2..0.8).contains(&y);
        let sleeve = (0.17..0.33).contains(&x.abs())
            && (0.2 + (x.abs() - 0.17) * 0.5..0.36 + (x.abs() - 0.17) * 0.6).contains(&y);
        let neck = x.hypot(y - 0.2) < 0.07;
        // A little weave and light, as on a real thing.
        let light = 1.0 + 0.06 * ((x * 90.0).sin() * (y * 80.0).cos()) - 0.1 * (y - 0.5);
        let color = if (body || sleeve) && !neck {
            cloth
        } else {
            behind
        };
        Rgb(color.map(|value| (f32::from(value) * light).clamp(0.0, 255.0) as u8))
    })
}

pub(crate) fn jpeg(image: &RgbImage) -> Vec<u8> {
    encoded(&DynamicImage::ImageRgb8(image.clone()), ImageFormat::Jpeg)
}

pub(crate) fn png(image: &RgbImage) -> Vec<u8> {
    encoded(&DynamicImage::ImageRgb8(image.clone()), ImageFormat::Png)
}

pub(crate) fn transparent_png(image: &RgbaImage) -> Vec<u8> {
    encoded(&DynamicImage::ImageRgba8(image.clone()), ImageFormat::Png)
}

pub(crate) fn webp(image: &RgbImage) -> Vec<u8> {
    encoded(&DynamicImage::ImageRgb8(image.clone()), ImageFormat::WebP)
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The JPEG with an EXIF segment: an orientation, a description, and a place (GPS latitude 9° N).
pub(crate) fn with_exif(jpeg: &[u8], orientation: u16, description: &str) -> Vec<u8> {
    // TIFF: header, one directory of three entries, then what does not fit into an entry.
    let text_at = 8 + 2 + 3 * 12 + 4;
    let gps_at = text_at + description.len() as u32 + 1;
    let mut tiff = b"II*\0".to_vec();
    tiff.extend(8_u32.to_le_bytes());
    tiff.extend(3_u16.to_le_bytes());
    let entry = |tiff: &mut Vec<u8>, tag: u16, kind: u16, count: u32, value: u32| {
        tiff.extend(tag.to_le_bytes());
        tiff.extend(kind.to_le_bytes());
        tiff.extend(count.to_le_bytes());
        tiff.extend(value.to_le_bytes());
    };
    entry(&mut tiff, 0x010e, 2, description.len() as u32 + 1, text_at);
    entry(&mut tiff, 0x0112, 3, 1, u32::from(orientation));
    entry(&mut tiff, 0x8825, 4, 1, gps_at);
    tiff.extend(0_u32.to_le_bytes());
    tiff.extend(description.as_bytes());
    tiff.push(0);
    tiff.extend(2_u16.to_le_bytes());
    entry(&mut tiff, 1, 2, 2, u32::from(b'N'));
    entry(&mut tiff, 2, 5, 3, gps_at + 2 + 2 * 12 + 4);
    tiff.extend(0_u32.to_le_bytes());
    for number in [9_u32, 1, 0, 1, 0, 1] {
        tiff.extend(number.to_le_bytes());
    }
    let body = [b"Exif\0\0".as_slice(), &tiff].concat();
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &body, &jpeg[2..]].concat()
}

/// A JPEG of one CMYK colour (inks 0–255); with Adobe's segment unless that is taken out.
pub(crate) fn cmyk_jpeg(inks: [u8; 4], adobe: bool) -> Vec<u8> {
    let (width, height) = (64_u16, 64_u16);
    let pixels: Vec<u8> = inks.repeat(usize::from(width) * usize::from(height));
    let mut bytes = Vec::new();
    jpeg_encoder::Encoder::new(&mut bytes, 95)
        .encode(&pixels, width, height, jpeg_encoder::ColorType::Cmyk)
        .unwrap();
    if !adobe {
        let at = bytes
            .windows(2)
            .position(|two| two == [0xff, 0xee])
            .unwrap();
        let length = usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
        bytes.drain(at..at + 2 + length);
    }
    bytes
}

/// A PNG of two frames.
pub(crate) fn animated_png() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 64, 64);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[10; 64 * 64]).unwrap();
    writer.write_image_data(&[200; 64 * 64]).unwrap();
    writer.finish().unwrap();
    bytes
}

/// A WebP of two frames.
pub(crate) fn animated_webp() -> Vec<u8> {
    let still = webp(&quarters(64, 64));
    let bitstream = &still[12..];
    let mut frame = Vec::new();
    frame.extend([0; 6]); // at 0, 0, in units of two pixels
    frame.extend([63, 0, 0, 63, 0, 0]); // width and height less one
    frame.extend([100, 0, 0, 0]); // 100 ms
    frame.extend(bitstream);
    let anim = chunk(b"ANIM", &[0, 0, 0, 0, 0, 0]);
    riff(
        &[
            extended_header(64, 64, 0x02),
            anim,
            chunk(b"ANMF", &frame),
            chunk(b"ANMF", &frame),
        ]
        .concat(),
    )
}

/// A WebP whose header speaks of a canvas of this size, with the picture of a small one.
pub(crate) fn webp_claiming(width: u32, height: u32) -> Vec<u8> {
    let still = webp(&quarters(64, 64));
    riff(&[extended_header(width, height, 0), still[12..].to_vec()].concat())
}

fn extended_header(width: u32, height: u32, flags: u8) -> Vec<u8> {
    let mut body = vec![flags, 0, 0, 0];
    body.extend(&(width - 1).to_le_bytes()[..3]);
    body.extend(&(height - 1).to_le_bytes()[..3]);
    chunk(b"VP8X", &body)
}

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    let padding: &[u8] = if body.len() % 2 == 1 { &[0] } else { &[] };
    [name.as_slice(), &length, body, padding].concat()
}

fn riff(chunks: &[u8]) -> Vec<u8> {
    let length = u32::try_from(chunks.len() + 4).unwrap().to_le_bytes();
    [b"RIFF".as_slice(), &length, b"WEBP", chunks].concat()
}

/// A sound black PNG of any size: a bomb if it is large.
pub(crate) fn black_png(width: u32, height: u32) -> Vec<u8> {
    use std::io::Write;

    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().unwrap();
    let mut rows = writer.stream_writer().unwrap();
    let row = vec![0; width.div_ceil(8) as usize];
    for _ in 0..height {
        rows.write_all(&row).unwrap();
    }
    rows.finish().unwrap();
    writer.finish().unwrap();
    bytes
}

/// A small JPEG whose frame header claims another size.
pub(crate) fn jpeg_claiming(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = jpeg(&quarters(64, 64));
    let at = bytes
        .windows(2)
        .position(|two| two == [0xff, 0xc0])
        .unwrap();
    bytes[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
    bytes[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}
