//! Photos for the jobs, made in code.

use std::{io::Cursor, path::Path};

use anyhow::{Context, Result};
use bytes::Bytes;
use drape_e2e::pictures::{self, Shape};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

/// Files as they lie in S3.
#[derive(Debug, Clone)]
pub(crate) struct Photos {
    /// A shirt on a wall: JPEG.
    pub(crate) garment: Bytes,
    /// The shirt alone: PNG with alpha.
    pub(crate) cutout: Bytes,
    /// A whole person: JPEG.
    pub(crate) body: Bytes,
}

impl Photos {
    /// Draws them. A JPEG of a real person may take the drawn one's place.
    ///
    /// # Errors
    /// When the file cannot be read or a picture not be encoded.
    pub(crate) fn new(body: Option<&Path>) -> Result<Self> {
        let shirt = pictures::garment_image(Shape::Shirt, [30, 45, 110]);
        let body = match body {
            Some(path) => {
                std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?
            }
            None => encode(&DynamicImage::ImageRgb8(person()), ImageFormat::Jpeg)?,
        };
        Ok(Self {
            cutout: encode(&DynamicImage::ImageRgba8(cut_out(&shirt)), ImageFormat::Png)?.into(),
            garment: encode(&DynamicImage::ImageRgb8(shirt), ImageFormat::Jpeg)?.into(),
            body: body.into(),
        })
    }
}

fn encode(picture: &DynamicImage, format: ImageFormat) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format)?;
    Ok(bytes.into_inner())
}

/// The wall is light, the shirt is not.
fn cut_out(garment: &RgbImage) -> RgbaImage {
    RgbaImage::from_fn(garment.width(), garment.height(), |x, y| {
        let Rgb([r, g, b]) = *garment.get_pixel(x, y);
        Rgba([r, g, b, if r > 160 { 0 } else { 255 }])
    })
}

/// A limb or a part of one: a line with round ends, wider or narrower towards its end, in hundredths of the
/// picture's width.
struct Part {
    from: (f32, f32),
    to: (f32, f32),
    radius: (f32, f32),
    color: [f32; 3],
}

const fn part(from: (f32, f32), to: (f32, f32), radius: (f32, f32), color: [f32; 3]) -> Part {
    Part {
        from,
        to,
        radius,
        color,
    }
}

const SKIN: [f32; 3] = [176., 124., 96.];
const LIPS: [f32; 3] = [150., 80., 74.];
const HAIR: [f32; 3] = [40., 30., 26.];
const WHITE: [f32; 3] = [236., 234., 230.];
const SHIRT: [f32; 3] = [206., 204., 198.];
const TROUSERS: [f32; 3] = [62., 74., 104.];
const SHOES: [f32; 3] = [44., 40., 40.];

/// From back to front.
const PERSON: &[Part] = &[
    part((50., 22.), (50., 24.), (10.2, 10.6), HAIR),
    part((50., 36.), (50., 42.), (4.6, 5.4), SKIN),
    part((50., 25.), (50., 30.), (8.8, 6.8), SKIN),
    // arms
    part((32., 50.), (26., 74.), (5.4, 4.2), SHIRT),
    part((68., 50.), (74., 74.), (5.4, 4.2), SHIRT),
    part((26., 76.), (22., 97.), (3.8, 2.8), SKIN),
    part((74., 76.), (78., 97.), (3.8, 2.8), SKIN),
    part((21.6, 99.), (21., 105.), (3.2, 2.6), SKIN),
    part((78.4, 99.), (79., 105.), (3.2, 2.6), SKIN),
    // legs
    part((43., 100.), (41., 140.), (8.6, 5.8), TROUSERS),
    part((57., 100.), (59., 140.), (8.6, 5.8), TROUSERS),
    part((41., 140.), (40., 178.), (5.8, 4.2), TROUSERS),
    part((59., 140.), (60., 178.), (5.8, 4.2), TROUSERS),
    part((40., 183.), (37., 187.), (3.8, 4.0), SHOES),
    part((60., 183.), (63., 187.), (3.8, 4.0), SHOES),
    // trunk
    part((38., 51.), (62., 51.), (7.0, 7.0), SHIRT),
    part((45., 55.), (46., 96.), (12.4, 10.4), SHIRT),
    part((55., 55.), (54., 96.), (12.4, 10.4), SHIRT),
    part((45., 45.), (55., 45.), (2.2, 2.2), SKIN),
    // face
    part((44., 18.), (56., 18.), (5.0, 5.0), HAIR),
    part((45., 25.4), (47.4, 25.2), (0.5, 0.5), HAIR),
    part((55., 25.4), (52.6, 25.2), (0.5, 0.5), HAIR),
    part((45.6, 27.6), (47., 27.6), (0.8, 0.8), WHITE),
    part((53., 27.6), (54.4, 27.6), (0.8, 0.8), WHITE),
    part((46.4, 27.6), (46.5, 27.6), (0.7, 0.7), HAIR),
    part((53.6, 27.6), (53.7, 27.6), (0.7, 0.7), HAIR),
    part((50., 28.), (50., 31.), (0.6, 1.2), [158., 106., 82.]),
    part((47.8, 34.), (52.2, 34.), (0.8, 0.8), LIPS),
];

/// A person who stands before a wall, seen from the front, 512 × 1,024 pixels.
fn person() -> RgbImage {
    RgbImage::from_fn(512, 1024, |px, py| {
        let (x, y) = (px as f32 / 5.12, py as f32 / 5.12);
        let floor = if y > 176. { 0.8 } else { 1.0 };
        let mut color = [216., 214., 208.].map(|value: f32| value * floor * (1.0 - 0.0008 * y));
        for part in PERSON {
            let (dx, dy) = (part.to.0 - part.from.0, part.to.1 - part.from.1);
            let along = ((x - part.from.0) * dx + (y - part.from.1) * dy) / (dx * dx + dy * dy);
            let along = along.clamp(0., 1.);
            let across = (x - part.from.0 - along * dx).hypot(y - part.from.1 - along * dy);
            let radius = part.radius.0 + along * (part.radius.1 - part.radius.0);
            if across < radius {
                // Round: darker towards the edges.
                let light = 1.0 - 0.3 * (across / radius).powi(3);
                color = part.color.map(|value| value * light);
            }
        }
        Rgb(color.map(|value| value.clamp(0., 255.) as u8))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_photos_are_what_they_are_said_to_be() {
        let photos = Photos::new(None).unwrap();
        let format = |bytes: &Bytes| image::guess_format(bytes).unwrap();
        assert_eq!(format(&photos.garment), ImageFormat::Jpeg);
        assert_eq!(format(&photos.body), ImageFormat::Jpeg);
        let cutout = image::load_from_memory_with_format(&photos.cutout, ImageFormat::Png)
            .unwrap()
            .into_rgba8();
        assert_eq!(cutout.get_pixel(0, 0).0[3], 0, "the wall is gone");
        assert_eq!(cutout.get_pixel(240, 320).0[3], 255, "the shirt is there");
    }
}
