//! A garment's cutout made ready: cropped, upright, at the size it will be drawn in, with a clean edge.

use image::RgbaImage;

use super::{
    geom::{P, p, smooth_step},
    mesh::Layer,
    plane::{Mask, Plane},
};

/// A garment ready for measuring and drawing.
#[derive(Debug, Clone)]
pub(crate) struct Cloth {
    /// Its picture.
    pub(crate) picture: Layer,
    /// Its pixels.
    pub(crate) mask: Mask,
    /// How much its outline is like its mirror image, 0–1: clothes seen from the front are.
    pub(crate) symmetry: f32,
    /// How cleanly it was cut out, 0–1: the share of its pixels that are surely garment or surely not, and
    /// whether the photo cuts it off.
    pub(crate) quality: f32,
}

/// The smallest share of its cutout that a garment may cover.
const LEAST_COVER: f32 = 0.004;
/// Sides of cutouts beyond this are refused: work stays bounded.
const MOST_SIDE: u32 = 8192;

impl Cloth {
    /// Prepares a cutout so that its longer side has about `size` pixels. With `pieces` more than one, as
    /// many separate parts of similar size are kept. `None` if there is no garment to see.
    pub(crate) fn prepare(
        cutout: &RgbaImage,
        size: usize,
        pieces: usize,
        upright: bool,
    ) -> Option<Self> {
        let bounds = bounds(cutout)?;
        let size = size.clamp(64, 1200);
        let mut picture = shrink(cutout, bounds, size);
        let mut quality = quality(cutout, bounds);
        let mut mask = main_parts(&alpha(&picture), pieces)?;
        if upright {
            let angle = lean(&mask);
            if angle.abs() > 0.03 {
                picture = turned(&picture, -angle);
                mask = main_parts(&alpha(&picture), pieces)?;
                quality *= 0.95;
            }
        }
        remove_hook(&mut mask);
        let symmetry = likeness(&mask)(0.0);
        clean_edge(&mut picture, &mask);
        Some(Self {
            picture,
            mask,
            symmetry,
            quality,
        })
    }

    pub(crate) fn width(&self) -> usize {
        self.mask.width
    }

    /// The same garment with only the pixels that `keep` gives a share of.
    pub(crate) fn part(&self, keep: impl Fn(P) -> f32) -> Layer {
        let mut part = self.picture.clone();
        for (index, pixel) in part.data.iter_mut().enumerate() {
            if pixel[3] > 0.0 {
                let at = p(
                    (index % part.width) as f32 + 0.5,
                    (index / part.width) as f32 + 0.5,
                );
                let share = keep(at).clamp(0.0, 1.0);
                *pixel = pixel.map(|value| value * share);
            }
        }
        part
    }
}

#[derive(Debug, Clone, Copy)]
struct Bounds {
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
}

/// Around what is more opaque than not, with a small margin.
fn bounds(cutout: &RgbaImage) -> Option<Bounds> {
    let (width, height) = cutout.dimensions();
    if width == 0 || height == 0 || width > MOST_SIDE || height > MOST_SIDE {
        return None;
    }
    let mut bounds = Bounds {
        left: width,
        top: height,
        right: 0,
        bottom: 0,
    };
    let mut count = 0_u64;
    for (x, y, pixel) in cutout.enumerate_pixels() {
        if pixel.0[3] >= 128 {
            bounds.left = bounds.left.min(x);
            bounds.right = bounds.right.max(x + 1);
            bounds.top = bounds.top.min(y);
            bounds.bottom = bounds.bottom.max(y + 1);
            count += 1;
        }
    }
    if (count as f32) < LEAST_COVER * width as f32 * height as f32 || count < 64 {
        return None;
    }
    let margin = 2 + (bounds.right - bounds.left).max(bounds.bottom - bounds.top) / 25;
    Some(Bounds {
        left: bounds.left.saturating_sub(margin),
        top: bounds.top.saturating_sub(margin),
        right: (bounds.right + margin).min(width),
        bottom: (bounds.bottom + margin).min(height),
    })
}

fn quality(cutout: &RgbaImage, bounds: Bounds) -> f32 {
    let (width, height) = cutout.dimensions();
    let (mut sure, mut unsure, mut cut, mut rim) = (0_u32, 0_u32, 0_u32, 0_u32);
    for y in (bounds.top..bounds.bottom).step_by(2) {
        for x in (bounds.left..bounds.right).step_by(2) {
            match cutout.get_pixel(x, y).0[3] {
                230.. => sure += 1,
                40..230 => unsure += 1,
                _ => {}
            }
        }
    }
    for x in 0..width {
        cut += u32::from(cutout.get_pixel(x, 0).0[3] >= 128)
            + u32::from(cutout.get_pixel(x, height - 1).0[3] >= 128);
        rim += 2;
    }
    for y in 0..height {
        cut += u32::from(cutout.get_pixel(0, y).0[3] >= 128)
            + u32::from(cutout.get_pixel(width - 1, y).0[3] >= 128);
        rim += 2;
    }
    let sure = sure as f32 / (sure + unsure).max(1) as f32;
    // A soft edge all around makes a share of about 0.85 sure in a good cutout.
    let sure = smooth_step(0.3, 0.85, sure);
    let whole = 1.0 - (cut as f32 / rim as f32 * 3.0).min(0.5);
    (0.4 + 0.6 * sure) * whole
}

/// The cut-out part in the wanted size, each pixel the mean of those it covers.
fn shrink(cutout: &RgbaImage, bounds: Bounds, size: usize) -> Layer {
    let (wide, high) = (bounds.right - bounds.left, bounds.bottom - bounds.top);
    let scale = size as f32 / wide.max(high) as f32;
    // Room around it, so that edges can be bent and sampled.
    let margin = 4;
    let width = ((wide as f32 * scale).round() as usize).max(8) + 2 * margin;
    let height = ((high as f32 * scale).round() as usize).max(8) + 2 * margin;
    let mut layer = Layer::new(width, height);
    let taps = (1.0 / scale).ceil().clamp(1.0, 16.0) as usize;
    for y in 0..height - 2 * margin {
        for x in 0..width - 2 * margin {
            let mut sum = [0.0_f32; 4];
            for tap in 0..taps * taps {
                let at = |base: usize, tap: usize, from: u32, end: u32| {
                    let offset = (base as f32 + (tap as f32 + 0.5) / taps as f32) / scale;
                    (from + offset as u32).min(end - 1)
                };
                let pixel = cutout.get_pixel(
                    at(x, tap % taps, bounds.left, bounds.right),
                    at(y, tap / taps, bounds.top, bounds.bottom),
                );
                let alpha = f32::from(pixel.0[3]) / 255.0;
                for (total, value) in sum
                    .iter_mut()
                    .zip([pixel.0[0], pixel.0[1], pixel.0[2], 255])
                {
                    *total += f32::from(value) / 255.0 * alpha;
                }
            }
            layer.data[(y + margin) * width + x + margin] =
                sum.map(|value| value / (taps * taps) as f32);
        }
    }
    layer
}

fn alpha(layer: &Layer) -> Plane {
    Plane {
        width: layer.width,
        height: layer.height,
        data: layer.data.iter().map(|pixel| pixel[3]).collect(),
    }
}

/// The garment's pixels: its largest parts, with small holes filled. Large holes are real (between straps,
/// between sleeve and body).
fn main_parts(alpha: &Plane, count: usize) -> Option<Mask> {
    let rough = Mask::of(alpha, 0.5);
    let pieces = rough.pieces(true);
    let largest = pieces.first()?.pixels.len();
    if largest < 50 {
        return None;
    }
    let mut mask = Mask {
        data: vec![false; rough.data.len()],
        ..rough
    };
    for piece in pieces
        .iter()
        .take(count)
        .filter(|piece| piece.pixels.len() * 3 > largest)
    {
        for &index in &piece.pixels {
            mask.data[index] = true;
        }
    }
    let small = largest / 150;
    for hole in mask.pieces(false) {
        if !hole.touches_edge && hole.pixels.len() <= small {
            for index in hole.pixels {
                mask.data[index] = true;
            }
        }
    }
    Some(mask)
}

/// How much a garment is like its mirror image about an axis through its middle that is turned by an angle in
/// radians: the share of it that lies on itself.
fn likeness(mask: &Mask) -> impl Fn(f32) -> f32 {
    let step = (mask.width.max(mask.height) / 80).max(1);
    let mut points = Vec::new();
    for y in (0..mask.height).step_by(step) {
        for x in (0..mask.width).step_by(step) {
            if mask.data[y * mask.width + x] {
                points.push(p(x as f32, y as f32));
            }
        }
    }
    let count = points.len().max(1) as f32;
    let centre = points.iter().fold(P::default(), |sum, &point| sum + point) * (1.0 / count);
    move |angle: f32| {
        let axis = p(angle.sin(), -angle.cos());
        let across = p(angle.cos(), angle.sin());
        let mut best = 0.0_f32;
        for shift in -4..=4 {
            let centre = centre + across * (shift as f32 * 0.012 * mask.width as f32);
            let hits = points
                .iter()
                .filter(|&&point| {
                    let offset = point - centre;
                    let mirrored = centre + axis * offset.dot(axis) - across * offset.dot(across);
                    mask.get(mirrored.x as i32, mirrored.y as i32)
                })
                .count();
            best = best.max(hits as f32 / count);
        }
        best
    }
}

/// How far a garment leans to the right, in radians: the turn about which it is most like its mirror image.
fn lean(mask: &Mask) -> f32 {
    let likeness = likeness(mask);
    let straight = likeness(0.0);
    let (mut angle, mut score) = (0.0, straight);
    for step in -8_i32..=8 {
        let turn = step as f32 * 3.5_f32.to_radians();
        // Upright is the likeliest: leaning must be clearly better.
        let likeness = likeness(turn) - 0.1 * turn.abs();
        if likeness > score {
            (angle, score) = (turn, likeness);
        }
    }
    if score > straight + 0.015 { angle } else { 0.0 }
}

/// Turned clockwise about its middle, on a canvas with room for it.
fn turned(layer: &Layer, angle: f32) -> Layer {
    let (sin, cos) = angle.sin_cos();
    let (width, height) = (layer.width as f32, layer.height as f32);
    let mut turned = Layer::new(
        (width * cos.abs() + height * sin.abs()).ceil() as usize,
        (width * sin.abs() + height * cos.abs()).ceil() as usize,
    );
    let (old, new) = (
        p(width / 2.0, height / 2.0),
        p(turned.width as f32 / 2.0, turned.height as f32 / 2.0),
    );
    for y in 0..turned.height {
        for x in 0..turned.width {
            let offset = p(x as f32 + 0.5, y as f32 + 0.5) - new;
            let from = old
                + p(
                    cos * offset.x + sin * offset.y,
                    cos * offset.y - sin * offset.x,
                );
            turned.data[y * turned.width + x] = layer.sample(from);
        }
    }
    turned
}

/// Takes away a clothes hanger's hook: something thin that sticks out of the top near the middle.
fn remove_hook(mask: &mut Mask) {
    let thin = mask.width.max(mask.height) as f32 * 0.02;
    let outside = Mask {
        data: mask.data.iter().map(|set| !set).collect(),
        ..*mask
    };
    let core = Mask {
        data: outside
            .distance_to()
            .iter()
            .map(|&depth| depth > thin)
            .collect(),
        ..*mask
    };
    if core.count() == 0 {
        return;
    }
    let solid = core.grown(thin * 1.6);
    let total: usize = mask.count();
    let middle = (0..mask.data.len())
        .filter(|&i| mask.data[i])
        .map(|i| i % mask.width)
        .sum::<usize>()
        / total.max(1);
    let top = (0..core.data.len())
        .find(|&i| core.data[i])
        .map_or(0, |i| i / mask.width);
    for y in 0..(top + mask.height / 8).min(mask.height) {
        for x in 0..mask.width {
            let index = y * mask.width + x;
            if !solid.data[index] && x.abs_diff(middle) < mask.width / 8 {
                mask.data[index] = false;
            }
        }
    }
}

/// Gives the garment a crisp edge without the old background's colour: its outermost pixels take the colour
/// of their neighbours further inside.
fn clean_edge(picture: &mut Layer, mask: &Mask) {
    let (width, height) = (picture.width, picture.height);
    let before = alpha(picture);
    let inside = Mask {
        data: mask.data.iter().map(|set| !set).collect(),
        ..*mask
    };
    let depth = inside.distance_to();
    let rim = (width.max(height) as f32 / 200.0).clamp(1.0, 4.0);
    // Colour of the sure pixels, carried outwards ring by ring.
    let mut colour: Vec<Option<[f32; 3]>> = picture
        .data
        .iter()
        .enumerate()
        .map(|(index, pixel)| {
            let sure = mask.data[index]
                && (depth[index] > rim + 0.5 || (depth[index] > rim * 3.0 && pixel[3] > 0.2));
            (sure && pixel[3] > 0.3).then(|| {
                [
                    pixel[0] / pixel[3],
                    pixel[1] / pixel[3],
                    pixel[2] / pixel[3],
                ]
            })
        })
        .collect();
    let mut missing: Vec<usize> = (0..colour.len())
        .filter(|&index| colour[index].is_none() && (mask.data[index] || before.data[index] > 0.02))
        .collect();
    for _ in 0..24 {
        if missing.is_empty() {
            break;
        }
        let mut found = Vec::new();
        for &index in &missing {
            let (x, y) = (index % width, index / width);
            let mut sum = [0.0; 3];
            let mut count = 0.0_f32;
            for ny in y.saturating_sub(1)..=(y + 1).min(height - 1) {
                for nx in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                    if let Some(near) = colour[ny * width + nx] {
                        for channel in 0..3 {
                            sum[channel] += near[channel];
                        }
                        count += 1.0;
                    }
                }
            }
            if count > 0.0 {
                found.push((index, sum.map(|value| value / count)));
            }
        }
        if found.is_empty() {
            break;
        }
        for (index, value) in found {
            colour[index] = Some(value);
        }
        missing.retain(|&index| colour[index].is_none());
    }
    // A solid inside and an edge one to two pixels wide, a little within the old one.
    let solid = Plane {
        width,
        height,
        data: mask
            .data
            .iter()
            .map(|&set| f32::from(u8::from(set)))
            .collect(),
    }
    .blurred(1);
    for (index, pixel) in picture.data.iter_mut().enumerate() {
        let alpha = smooth_step(0.35, 0.95, solid.data[index]);
        *pixel = match colour[index] {
            Some([r, g, b]) if alpha > 0.0 => [r * alpha, g * alpha, b * alpha, alpha],
            _ => [0.0; 4],
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgba;

    fn cutout(width: u32, height: u32, set: impl Fn(f32, f32) -> bool) -> RgbaImage {
        RgbaImage::from_fn(width, height, |x, y| {
            let alpha = if set(x as f32, y as f32) { 255 } else { 0 };
            Rgba([200, 30, 30, alpha])
        })
    }

    #[test]
    fn an_empty_cutout_is_no_garment() {
        assert!(Cloth::prepare(&cutout(100, 100, |_, _| false), 100, 1, true).is_none());
        assert!(Cloth::prepare(&cutout(0, 0, |_, _| true), 100, 1, true).is_none());
    }

    #[test]
    fn a_leaning_garment_is_set_upright() {
        let angle = 14.0_f32.to_radians();
        let leaning = cutout(400, 400, |x, y| {
            let (x, y) = (x - 200.0, y - 200.0);
            let (u, v) = (
                angle.cos() * x + angle.sin() * y,
                angle.cos() * y - angle.sin() * x,
            );
            v.abs() < 150.0 && u.abs() < 50.0 + 0.2 * (v + 150.0)
        });
        let cloth = Cloth::prepare(&leaning, 200, 1, true).unwrap();
        assert!(lean(&cloth.mask).abs() < 4.0_f32.to_radians());
    }

    #[test]
    fn the_old_background_does_not_shine_through_the_edge() {
        // Red cloth whose outermost pixels have taken on the white of the wall.
        let halo = RgbaImage::from_fn(200, 200, |x, y| {
            let inset = x.min(y).min(199 - x).min(199 - y);
            match inset {
                0..30 => Rgba([255, 255, 255, 0]),
                30..32 => Rgba([250, 220, 220, 200]),
                _ => Rgba([200, 0, 0, 255]),
            }
        });
        let cloth = Cloth::prepare(&halo, 140, 1, true).unwrap();
        for pixel in cloth.picture.data.iter().filter(|pixel| pixel[3] > 0.05) {
            assert!(pixel[1] / pixel[3] < 0.1, "{pixel:?}");
        }
    }

    #[test]
    fn a_hanger_hook_goes_and_straps_stay() {
        let hung = cutout(300, 400, |x, y| {
            let dress = y > 120.0 && y < 380.0 && (x - 150.0).abs() < 100.0;
            let hook = (40.0..=120.0).contains(&y) && (x - 150.0).abs() < 2.0;
            let strap =
                (60.0..=120.0).contains(&y) && ((x - 90.0).abs() < 3.0 || (x - 210.0).abs() < 3.0);
            dress || hook || strap
        });
        let cloth = Cloth::prepare(&hung, 400, 1, false).unwrap();
        let columns: Vec<usize> = (0..cloth.width())
            .filter(|&x| {
                (0..cloth.mask.height / 8).any(|y| cloth.mask.data[(y + 4) * cloth.width() + x])
            })
            .collect();
        let middle = cloth.width() / 2;
        assert!(
            columns.iter().all(|x| x.abs_diff(middle) > 10),
            "{columns:?}"
        );
        assert!(!columns.is_empty());
    }
}
