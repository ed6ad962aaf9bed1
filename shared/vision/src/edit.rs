//! What the owner drew on a photo to mend its cutout: a crop, strokes over what is garment and what is not, or
//! a whole mask.

use std::io::Cursor;

use drape_domain::item::edit::{MAX_MASK_BYTES, Stroke, UnitRect};
use image::{DynamicImage, ImageDecoder, Limits, codecs::png::PngDecoder};

use crate::{error::PhotoError, plane::Plane};

/// The longest side of a drawn mask, in pixels.
pub const MAX_MASK_SIDE: u32 = 4096;
/// What decoding a mask may allocate: 16-bit RGBA of the largest one.
const MAX_ALLOC: u64 = 8 * (MAX_MASK_SIDE as u64) * (MAX_MASK_SIDE as u64);
/// Strokes and points that are looked at; more cannot come out of the domain's types.
const MAX_STROKES: usize = 64;

/// What was drawn. Coordinates are of the whole upright photo. The default changes nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Edit {
    /// Only this part of the photo is looked at.
    pub crop: Option<UnitRect>,
    /// What is garment. It spreads over what looks the same around it.
    pub keep: Vec<Stroke>,
    /// What is not. It spreads, too, and wins where both were drawn.
    pub remove: Vec<Stroke>,
    /// A PNG of the whole photo that is opaque (or, without transparency, white) where the garment is, of any
    /// size up to [`MAX_MASK_SIDE`]. It takes the place of the outline that would be found.
    pub mask: Option<Vec<u8>>,
}

impl Edit {
    /// Whether nothing is drawn.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The part of a picture to look at: left, top, width and height in pixels, inside it and at least one wide
/// and high.
pub(crate) fn pixels(crop: Option<UnitRect>, (width, height): (u32, u32)) -> [u32; 4] {
    let Some(crop) = crop else {
        return [0, 0, width, height];
    };
    let at = |part: f32, side: u32| ((part * side as f32).round() as u32).min(side);
    let (left, top) = (
        at(crop.left(), width).min(width.saturating_sub(1)),
        at(crop.top(), height).min(height.saturating_sub(1)),
    );
    [
        left,
        top,
        at(crop.right(), width).max(left + 1) - left,
        at(crop.bottom(), height).max(top + 1) - top,
    ]
}

/// Reads a drawn mask: 0 is not garment, 1 is.
pub(crate) fn decode_mask(bytes: &[u8]) -> Result<Plane, PhotoError> {
    let bad = |reason| PhotoError::BadMask { reason };
    if bytes.len() as u64 > MAX_MASK_BYTES {
        return Err(bad("is larger than 2 MB"));
    }
    let damaged = || bad("is not a PNG that can be opened");
    let decoded = std::panic::catch_unwind(|| {
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(MAX_ALLOC);
        let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(|_| damaged())?;
        let (width, height) = decoder.dimensions();
        if width.max(height) > MAX_MASK_SIDE || width.min(height) == 0 {
            return Err(bad("has more than 4,096 pixels along a side"));
        }
        DynamicImage::from_decoder(decoder).map_err(|_| damaged())
    });
    let image = decoded.unwrap_or_else(|_| Err(damaged()))?;
    let (width, height) = (image.width() as usize, image.height() as usize);
    let values: Vec<u8> = if image.color().has_alpha() {
        let picture = image.into_rgba8();
        let opaque = picture.pixels().all(|pixel| pixel.0[3] == u8::MAX);
        let value = |pixel: &image::Rgba<u8>| if opaque { pixel.0[0] } else { pixel.0[3] };
        picture.pixels().map(value).collect()
    } else {
        image.into_luma8().into_raw()
    };
    let data = values.iter().map(|value| f32::from(*value) / 255.0);
    Ok(Plane {
        width,
        height,
        data: data.collect(),
    })
}

/// A drawing of the whole photo on a grid that shows a part of it.
pub(crate) fn shown(
    drawn: &Plane,
    whole: (u32, u32),
    [left, top, part_width, part_height]: [u32; 4],
    (width, height): (usize, usize),
) -> Plane {
    let scale = |side: usize, whole: u32| side as f32 / whole.max(1) as f32;
    let (scale_x, scale_y) = (scale(drawn.width, whole.0), scale(drawn.height, whole.1));
    let edge = |at: u32, scale: f32, side: usize| ((at as f32 * scale) as usize).min(side);
    let (left, right) = (
        edge(left, scale_x, drawn.width - 1),
        edge(left + part_width, scale_x, drawn.width),
    );
    let (top, bottom) = (
        edge(top, scale_y, drawn.height - 1),
        edge(top + part_height, scale_y, drawn.height),
    );
    let part = Plane::from_fn(
        right.max(left + 1) - left,
        bottom.max(top + 1) - top,
        |x, y| drawn.data[(top + y) * drawn.width + left + x],
    );
    // Blurred by the step first, so that reducing does not pick single pixels.
    let step = (part.width / width.max(1)).min(part.height / height.max(1));
    part.box_blur(step / 2).resize(width, height)
}

/// The pixels of a grid that strokes cover. `whole` is the photo's size, `part` the left, top, width and height
/// of what the grid shows of it, all in the photo's pixels.
pub(crate) fn paint(
    strokes: &[Stroke],
    whole: (u32, u32),
    part: [u32; 4],
    (width, height): (usize, usize),
) -> Vec<bool> {
    let mut covered = vec![false; width * height];
    let [left, top, part_width, part_height] = part.map(|value| value as f32);
    let (scale_x, scale_y) = (width as f32 / part_width, height as f32 / part_height);
    let (whole_width, whole_height) = (whole.0 as f32, whole.1 as f32);
    for stroke in strokes.iter().take(MAX_STROKES) {
        let radius = stroke.radius() * whole_width.max(whole_height) * scale_x.min(scale_y);
        // Even the finest stroke covers the pixels that it crosses.
        let radius = radius.max(0.75);
        let points: Vec<(f32, f32)> = stroke
            .points()
            .iter()
            .map(|point| {
                (
                    (point.x() * whole_width - left) * scale_x,
                    (point.y() * whole_height - top) * scale_y,
                )
            })
            .collect();
        let ends = points.iter().skip(1).chain(points.last());
        for (from, to) in points.iter().zip(ends) {
            line(&mut covered, (width, height), *from, *to, radius);
        }
    }
    covered
}

/// Covers all pixels whose centres are nearer to a line than `radius`.
fn line(
    covered: &mut [bool],
    (width, height): (usize, usize),
    from: (f32, f32),
    to: (f32, f32),
    radius: f32,
) {
    let range = |one: f32, two: f32, side: usize| {
        let low = (one.min(two) - radius).floor().clamp(0.0, side as f32);
        let high = (one.max(two) + radius).ceil().clamp(0.0, side as f32);
        low as usize..high as usize
    };
    let along = (to.0 - from.0, to.1 - from.1);
    let squared = (along.0 * along.0 + along.1 * along.1).max(1e-9);
    for y in range(from.1, to.1, height) {
        for x in range(from.0, to.0, width) {
            let point = (x as f32 + 0.5 - from.0, y as f32 + 0.5 - from.1);
            let part = ((point.0 * along.0 + point.1 * along.1) / squared).clamp(0.0, 1.0);
            let (dx, dy) = (point.0 - part * along.0, point.1 - part * along.1);
            if dx * dx + dy * dy <= radius * radius {
                covered[y * width + x] = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use drape_domain::item::edit::UnitPoint;
    use image::{GrayImage, ImageFormat, Luma, Rgba, RgbaImage};

    use super::*;

    fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.into().write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    fn code(bytes: &[u8]) -> &'static str {
        decode_mask(bytes).unwrap_err().code()
    }

    #[test]
    fn a_mask_is_read_from_its_opacity_or_else_from_its_brightness() {
        let half = |x: u32| if x < 10 { 255 } else { 0 };
        let grey = png(GrayImage::from_fn(20, 10, |x, _| Luma([half(x)])));
        let clear = png(RgbaImage::from_fn(20, 10, |x, _| Rgba([9, 9, 9, half(x)])));
        for bytes in [grey, clear] {
            let mask = decode_mask(&bytes).unwrap();
            assert_eq!((mask.width, mask.height), (20, 10));
            assert_eq!((mask.data[3], mask.data[15]), (1.0, 0.0));
        }
    }

    #[test]
    fn a_mask_that_cannot_be_read_is_refused() {
        let sound = png(GrayImage::new(20, 10));
        assert_eq!(code(b""), "bad_mask");
        assert_eq!(code(&sound[..sound.len() / 2]), "bad_mask");
        assert_eq!(code(&png(GrayImage::new(4097, 2))), "bad_mask");
        assert_eq!(code(&vec![0; MAX_MASK_BYTES as usize + 1]), "bad_mask");
    }

    #[test]
    fn a_stroke_covers_its_line_wherever_the_grid_lies() {
        let at = |x, y| UnitPoint::new(x, y).unwrap();
        let stroke = Stroke::new(vec![at(0.2, 0.5), at(0.8, 0.5)], 0.05).unwrap();
        let strokes = [stroke];

        let whole = paint(&strokes, (200, 100), [0, 0, 200, 100], (100, 50));
        let part = paint(&strokes, (200, 100), [100, 0, 100, 100], (50, 50));

        let row = |grid: &[bool], width: usize| grid[25 * width..26 * width].to_vec();
        assert_eq!(
            row(&whole, 100).iter().filter(|covered| **covered).count(),
            70
        );
        assert_eq!(row(&part, 50), row(&whole, 100)[50..]);
        assert!(!whole[10 * 100 + 50]);
    }

    #[test]
    fn a_crop_is_inside_the_photo_and_never_empty() {
        let crop =
            |left, top, right, bottom| Some(UnitRect::new(left, top, right, bottom).unwrap());
        assert_eq!(pixels(None, (40, 30)), [0, 0, 40, 30]);
        assert_eq!(
            pixels(crop(0.25, 0.0, 0.75, 0.5), (40, 30)),
            [10, 0, 20, 15]
        );
        let [left, top, width, height] = pixels(crop(0.98, 0.98, 1.0, 1.0), (32, 32));
        assert!(left + width <= 32 && top + height <= 32 && width > 0 && height > 0);
    }
}
