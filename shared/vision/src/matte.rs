//! From a division of the reduced picture to soft edges in the photo. Along the garment's rim a photo shows a
//! mixture of the garment's colour and of what is behind; how much of each is read from where a pixel's colour
//! lies between the two, and only the garment's part is kept.

use image::{Rgb, RgbImage, Rgba, RgbaImage};

use crate::{plane::Plane, region::Scene};

/// Colours of the garment and of what is behind it are taken from pixels up to so far away, in the scene's
/// pixels; from further away where none are that near.
const NEAR: usize = 3;
const FAR: usize = 14;
/// How little the far ones count.
const FAR_WEIGHT: f32 = 0.01;
/// Pixels count fully for their side's colour from so far inside it.
const PURE: f32 = 2.0;
/// The rim's half width, in the scene's pixels: nothing is soft outside it.
const RIM: f32 = 1.6;
/// Half the width over which an edge fades if colours say nothing.
const FADE: f32 = 0.7;
/// The difference in colour below which two colours cannot be told apart in a photo (0–1).
const NOISE: f32 = 0.07;
/// How far from the line between the two colours a mixture may lie (0–1).
const OFF_LINE: f32 = 0.12;
/// Shares below the first become 0, above the second 1: noise on plain cloth.
const LEVELS: (f32, f32) = (0.08, 0.9);

/// What is known along the rim, each plane of the scene's size.
struct Rim {
    /// How far inside the garment (positive) or outside (negative), in pixels.
    depth: Plane,
    garment: [Plane; 3],
    behind: [Plane; 3],
    /// How well the two colours can be told apart, 0–1.
    telling: Plane,
}

/// The garment's own colours with its alpha, of the photo's size. `inside` says which of the scene's pixels
/// are garment.
pub(crate) fn cut(photo: &RgbImage, scene: &Scene, inside: &[bool]) -> RgbaImage {
    let (width, height) = photo.dimensions();
    let rim = Rim::new(scene, inside);
    let columns = taps(scene.width, width);
    let rows = taps(scene.height, height);
    let mut cutout = RgbaImage::new(width, height);
    for ((pixels, seen), row) in cutout
        .as_mut()
        .chunks_exact_mut(4 * width as usize)
        .zip(photo.as_raw().chunks_exact(3 * width as usize))
        .zip(&rows)
    {
        let (pixels, _) = pixels.as_chunks_mut::<4>();
        let (seen, _) = seen.as_chunks::<3>();
        for ((pixel, seen), column) in pixels.iter_mut().zip(seen).zip(&columns) {
            let depth = sample(&rim.depth, *column, *row);
            if depth >= RIM {
                *pixel = [seen[0], seen[1], seen[2], u8::MAX];
            } else if depth > -2.0 * RIM {
                *pixel = rim.pixel(*seen, depth, *column, *row);
            }
        }
    }
    cutout
}

/// A photo that was flattened over white, with its own alpha again.
pub(crate) fn unflatten(photo: &RgbImage, alpha: &image::GrayImage) -> RgbaImage {
    RgbaImage::from_fn(photo.width(), photo.height(), |x, y| {
        let (Rgb(seen), opacity) = (*photo.get_pixel(x, y), alpha.get_pixel(x, y).0[0]);
        let share = f32::from(opacity) / 255.0;
        let [r, g, b] = seen.map(|value| {
            let own = (f32::from(value) - 255.0 * (1.0 - share)) / share.max(1e-3);
            own.round().clamp(0.0, 255.0) as u8
        });
        Rgba([r, g, b, opacity])
    })
}

/// A pixel's place between two of a smaller row: both, and how far it is to the second.
type Tap = (usize, usize, f32);

fn taps(from: usize, to: u32) -> Vec<Tap> {
    let scale = from as f32 / to as f32;
    (0..to)
        .map(|at| {
            let position = ((at as f32 + 0.5) * scale - 0.5).clamp(0.0, (from - 1) as f32);
            let before = position as usize;
            (before, (before + 1).min(from - 1), position - before as f32)
        })
        .collect()
}

fn sample(plane: &Plane, (left, right, along): Tap, (above, below, down): Tap) -> f32 {
    let at = |x: usize, y: usize| plane.data[y * plane.width + x];
    let upper = at(left, above) + (at(right, above) - at(left, above)) * along;
    let lower = at(left, below) + (at(right, below) - at(left, below)) * along;
    upper + (lower - upper) * down
}

fn smoothstep(value: f32) -> f32 {
    let t = value.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

impl Rim {
    fn new(scene: &Scene, inside: &[bool]) -> Self {
        let (width, height) = (scene.width, scene.height);
        let depth = depth(inside, width, height);
        let purity =
            |sign: f32| depth.map(|depth| ((sign * depth).clamp(0.0, PURE) / PURE).powi(4));
        let (garment, garment_spread) = colors(scene, &purity(1.0));
        let (behind, behind_spread) = colors(scene, &purity(-1.0));
        let telling = Plane::from_fn(width, height, |x, y| {
            let at = y * width + x;
            let apart: f32 = (0..3)
                .map(|c| (garment[c].data[at] - behind[c].data[at]).powi(2))
                .sum();
            let spread = garment_spread.data[at] + behind_spread.data[at];
            apart / (apart + spread + NOISE * NOISE)
        });
        Self {
            // Steps of single pixels would show as steps in the photo.
            depth: depth.box_blur(1),
            garment,
            behind,
            telling,
        }
    }

    fn pixel(&self, seen: [u8; 3], depth: f32, column: Tap, row: Tap) -> [u8; 4] {
        let seen = seen.map(|value| f32::from(value) / 255.0);
        let garment = [0, 1, 2].map(|c| sample(&self.garment[c], column, row));
        let behind = [0, 1, 2].map(|c| sample(&self.behind[c], column, row));
        let along = [0, 1, 2].map(|c| garment[c] - behind[c]);
        let squared: f32 = along.iter().map(|value| value * value).sum();
        let share = (0..3)
            .map(|c| (seen[c] - behind[c]) * along[c])
            .sum::<f32>()
            / squared.max(1e-6);
        let share = share.clamp(0.0, 1.0);
        let off: f32 = (0..3)
            .map(|c| (seen[c] - behind[c] - share * along[c]).powi(2))
            .sum();
        let trust = sample(&self.telling, column, row) * (-off / (2.0 * OFF_LINE * OFF_LINE)).exp();
        let by_place = smoothstep(0.5 + depth / (2.0 * FADE));
        let by_color = smoothstep((share - LEVELS.0) / (LEVELS.1 - LEVELS.0));
        let mixed = by_place + (by_color - by_place) * trust;
        // Towards the rim's ends the place decides.
        let least = smoothstep(2.0 * depth / RIM - 1.0);
        let most = 1.0 - smoothstep(-2.0 * depth / RIM - 1.0);
        let alpha = mixed.clamp(least, most.max(least));
        let opacity = (alpha * 255.0).round() as u8;
        // Transparent pixels beside the garment get its colour, so that scaling draws no seam.
        // What is mixed in is taken out by the share that was seen, which alpha rounds to all or nothing.
        let share = alpha + (share - alpha) * trust;
        let pull = share / (share * share + (1.0 - share) * (1.0 - share));
        let own = [0, 1, 2].map(|c| {
            let mixture = share * garment[c] + (1.0 - share) * behind[c];
            let own = garment[c] + pull * (seen[c] - mixture);
            (own.clamp(0.0, 1.0) * 255.0).round() as u8
        });
        [own[0], own[1], own[2], opacity]
    }
}

/// Mean colours (0–1) around each pixel of those that count, and how much they vary.
fn colors(scene: &Scene, weight: &Plane) -> ([Plane; 3], Plane) {
    let around = |plane: &Plane| {
        plane
            .box_blur(NEAR)
            .zip(&plane.box_blur(FAR), |near, far| near + FAR_WEIGHT * far)
    };
    let total = around(weight).map(|weight| weight.max(1e-7));
    let mut spread = weight.map(|_| 0.0);
    let means = [0, 1, 2].map(|channel| {
        let color = Plane {
            width: scene.width,
            height: scene.height,
            data: scene
                .rgb
                .pixels()
                .map(|pixel| f32::from(pixel.0[channel]) / 255.0)
                .collect(),
        };
        let weighted = color.zip(weight, |c, w| c * w);
        let mean = around(&weighted).zip(&total, |sum, total| sum / total);
        let square =
            around(&weighted.zip(&color, |cw, c| cw * c)).zip(&total, |sum, total| sum / total);
        spread = spread.zip(&square.zip(&mean, |s, m| (s - m * m).max(0.0)), |a, b| {
            a + b
        });
        mean
    });
    (means, spread)
}

/// How deep each pixel is inside the garment (positive) or outside (negative): the distance to the nearest
/// pixel of the other side, less half a pixel, by the chamfer of steps 1 and √2.
fn depth(inside: &[bool], width: usize, height: usize) -> Plane {
    let to = |side: bool| {
        let mut distance = Plane::from_fn(width, height, |x, y| {
            if inside[y * width + x] == side {
                0.0
            } else {
                f32::MAX
            }
        });
        chamfer(&mut distance);
        distance
    };
    let (to_inside, to_outside) = (to(true), to(false));
    to_outside.zip(&to_inside, |out, into| {
        let depth = if out > 0.0 { out - 0.5 } else { 0.5 - into };
        depth.clamp(-1e4, 1e4)
    })
}

fn chamfer(distance: &mut Plane) {
    let (width, height) = (distance.width, distance.height);
    let diagonal = std::f32::consts::SQRT_2;
    for y in 0..height {
        for x in 0..width {
            let at = y * width + x;
            let mut least = distance.data[at];
            let mut over = |place: usize, step: f32| least = least.min(distance.data[place] + step);
            if x > 0 {
                over(at - 1, 1.0);
            }
            if y > 0 {
                over(at - width, 1.0);
                if x > 0 {
                    over(at - width - 1, diagonal);
                }
                if x + 1 < width {
                    over(at - width + 1, diagonal);
                }
            }
            distance.data[at] = least;
        }
    }
    for y in (0..height).rev() {
        for x in (0..width).rev() {
            let at = y * width + x;
            let mut least = distance.data[at];
            let mut over = |place: usize, step: f32| least = least.min(distance.data[place] + step);
            if x + 1 < width {
                over(at + 1, 1.0);
            }
            if y + 1 < height {
                over(at + width, 1.0);
                if x > 0 {
                    over(at + width - 1, diagonal);
                }
                if x + 1 < width {
                    over(at + width + 1, diagonal);
                }
            }
            distance.data[at] = least;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dark disc on white whose edge is soft, as lenses make it, and the division of its scene.
    fn disc() -> (RgbImage, Scene, Vec<bool>) {
        let photo = RgbImage::from_fn(400, 400, |x, y| {
            let away = (x as f32 - 200.0).hypot(y as f32 - 200.0);
            let share = ((121.5 - away) / 3.0).clamp(0.0, 1.0);
            Rgb([60.0, 20.0, 30.0_f32].map(|own| (own * share + 245.0 * (1.0 - share)) as u8))
        });
        let scene = Scene::new(&photo);
        let inside = (0..400 * 400)
            .map(|at| ((at % 400) as f32 - 200.0).hypot((at / 400) as f32 - 200.0) < 120.0)
            .collect();
        (photo, scene, inside)
    }

    #[test]
    fn on_black_there_is_no_light_rim() {
        let (photo, scene, inside) = disc();
        let cutout = cut(&photo, &scene, &inside);
        for pixel in cutout.pixels() {
            let share = f32::from(pixel.0[3]) / 255.0;
            let shown = pixel.0.map(|value| f32::from(value) * share);
            // Nothing is more than a little lighter than the disc itself.
            assert!(shown[0] < 75.0 && shown[1] < 35.0, "{pixel:?}");
        }
    }

    #[test]
    fn a_soft_edge_stays_soft_and_the_rest_is_all_or_nothing() {
        let (photo, scene, inside) = disc();
        let cutout = cut(&photo, &scene, &inside);
        let alpha = |x: u32| cutout.get_pixel(x, 200).0[3];
        assert!((200..318).all(|x| alpha(x) == u8::MAX));
        assert!((324..400).all(|x| alpha(x) == 0));
        let half = (318..324)
            .filter(|x| (30..225).contains(&alpha(*x)))
            .count();
        assert!((1..=4).contains(&half), "{half}");
    }

    #[test]
    fn what_was_laid_on_white_gets_its_own_colour_back() {
        let alpha = image::GrayImage::from_pixel(4, 4, image::Luma([128]));
        let own = [200, 40, 90_u8];
        let share = 128.0 / 255.0;
        let seen = own.map(|own| (f32::from(own) * share + 255.0 * (1.0 - share)).round() as u8);
        let Rgba([r, g, b, a]) =
            *unflatten(&RgbImage::from_pixel(4, 4, Rgb(seen)), &alpha).get_pixel(1, 1);
        assert_eq!(a, 128);
        assert!(
            [r, g, b]
                .iter()
                .zip(own)
                .all(|(one, two)| one.abs_diff(two) <= 2),
            "{r} {g} {b}"
        );
    }
}
