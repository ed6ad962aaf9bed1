//! Signs that a part of the garment was lost: the same cloth is seen where its mirror image has some, or beside
//! it, where all else around has other colours.

use crate::{mirror::Mirror, palette::Palette, plane::Plane, region::Scene, specks::Parts};

/// A colour is common to the cloth if it is at least this part as likely as its usual ones.
const COMMON: f32 = 0.25;
/// Seams between the garment and its mirror image are not missing parts: what is missing is broader than about
/// twice this, beside the picture's longer side.
const SEAM: f32 = 0.012;
/// Below this likeness the garment has no axis.
const UPRIGHT: f32 = 0.6;
/// A part beside the garment is between these parts of it,
const LEAST: f32 = 0.01;
const MOST: f32 = 0.6;
/// so much of its outline is next to the garment's,
const JOINED: std::ops::Range<f32> = 0.03..0.35;
/// at most so much of it lies on the photo's rim,
const CUT_OFF: f32 = 0.105;
/// and its colours are less usual around it than this part of what is.
const STRANGE: f32 = 0.5;
/// So many parts are looked at, the largest first.
const LOOKED_AT: usize = 6;

/// How much of the garment seems to have been lost, as a part of what was found.
pub(crate) fn share(scene: &Scene, inside: &[bool]) -> f32 {
    let garment = scene.palette(|at| inside[at]);
    let common = COMMON * scene.usual(&garment, |at| inside[at]);
    let longer = scene.width.max(scene.height) as f32;
    let seam = ((SEAM * longer).round() as usize).max(2);
    // Next to the garment its own blur has its colours.
    let away = |at: usize| {
        let (x, y) = (at % scene.width, at / scene.width);
        !near(inside, (scene.width, scene.height), (x, y), 2)
    };
    let like: Vec<bool> = (0..inside.len())
        .map(|at| garment.likelihood(scene.lab[at]) > common && away(at))
        .collect();
    let area = inside.iter().filter(|inside| **inside).count().max(1) as f32;
    mirrored(scene, inside, &like, (&garment, seam), area).max(beside(scene, inside, &like, area))
}

/// The cloth that is missing where the garment's mirror image has some.
fn mirrored(
    scene: &Scene,
    inside: &[bool],
    like: &[bool],
    (garment, seam): (&Palette, usize),
    area: f32,
) -> f32 {
    let Some(mirror) = Mirror::of(inside, scene.width).filter(|mirror| mirror.likeness > UPRIGHT)
    else {
        return 0.0;
    };
    let behind = scene.palette(|at| !inside[at]);
    let missing: Vec<bool> = (0..inside.len())
        .map(|at| {
            like[at]
                && mirror.counterpart(at).is_some_and(|other| inside[other])
                && garment.likelihood(scene.lab[at]) > behind.likelihood(scene.lab[at])
        })
        .collect();
    let broad = thick(&missing, scene.width, seam);
    (0..missing.len())
        .filter(|at| missing[*at] && broad[*at])
        .count() as f32
        / area
}

/// The largest part of the same cloth beside the garment, counted less if its colours are not that strange.
fn beside(scene: &Scene, inside: &[bool], like: &[bool], area: f32) -> f32 {
    let (width, height) = (scene.width, scene.height);
    let parts = Parts::find(like, width, true);
    let mut most = 0.0_f32;
    for (size, label) in parts.of_size(LEAST * area..MOST * area, LOOKED_AT) {
        let own = |at: usize| parts.of[at] == Some(label);
        let (mut outline, mut joined, mut cut_off) = (0.0_f32, 0.0, 0.0);
        for at in (0..inside.len()).filter(|at| own(*at)) {
            let (x, y) = (at % width, at / width);
            let steps = [
                (x > 0).then(|| at - 1),
                (x + 1 < width).then(|| at + 1),
                (y > 0).then(|| at - width),
                (y + 1 < height).then(|| at + width),
            ];
            let edge = steps.iter().flatten().any(|next| !own(*next));
            let rim = steps.contains(&None);
            if edge || rim {
                outline += 1.0;
                cut_off += f32::from(u8::from(rim));
                joined += f32::from(u8::from(near(inside, (width, height), (x, y), 4)));
            }
        }
        if !JOINED.contains(&(joined / outline.max(1.0))) || cut_off > CUT_OFF * outline {
            continue;
        }
        let rest = |at: usize| !inside[at] && !own(at);
        let behind = scene.palette(rest);
        let usual = scene.usual(&behind, own) / scene.usual(&behind, rest).max(f32::MIN_POSITIVE);
        most = most.max(size as f32 / area * (1.0 - usual / STRANGE).max(0.0));
    }
    most
}

/// Whether the garment is within some pixels of a place.
fn near(
    inside: &[bool],
    (width, height): (usize, usize),
    (x, y): (usize, usize),
    reach: usize,
) -> bool {
    (y.saturating_sub(reach)..(y + reach + 1).min(height)).any(|y| {
        (x.saturating_sub(reach)..(x + reach + 1).min(width)).any(|x| inside[y * width + x])
    })
}

/// What a square of `2 × radius + 1` fits into.
pub(crate) fn thick(inside: &[bool], width: usize, radius: usize) -> Vec<bool> {
    let blurred = |of: &dyn Fn(usize) -> bool| {
        Plane::from_fn(width, inside.len() / width.max(1), |x, y| {
            f32::from(u8::from(of(y * width + x)))
        })
        .box_blur(radius)
        .data
    };
    let eroded = blurred(&|at| inside[at]);
    let opened = blurred(&|at| eroded[at] > 0.999);
    opened.into_iter().map(|value| value > 1e-4).collect()
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    const CLOTH: [u8; 3] = [40, 52, 110];
    const FLOOR: [u8; 3] = [206, 196, 178];

    fn body(x: usize, y: usize) -> bool {
        (60..140).contains(&x) && (30..170).contains(&y)
    }

    fn sleeve(x: usize, y: usize) -> bool {
        (20..180).contains(&x) && (30..70).contains(&y) && !body(x, y)
    }

    /// How much seems to be lost if only what is `found` of what is `shown` as cloth was found.
    fn lost(
        shown: impl Fn(usize, usize) -> bool,
        found: impl Fn(usize, usize) -> bool,
        floor: [u8; 3],
    ) -> f32 {
        let scene = Scene::new(&RgbImage::from_fn(200, 200, |x, y| {
            Rgb(if shown(x as usize, y as usize) {
                CLOTH
            } else {
                floor
            })
        }));
        let inside: Vec<bool> = (0..200 * 200).map(|at| found(at % 200, at / 200)).collect();
        share(&scene, &inside)
    }

    fn whole(x: usize, y: usize) -> bool {
        body(x, y) || sleeve(x, y)
    }

    #[test]
    fn a_garment_that_was_found_whole_lost_nothing() {
        assert!(lost(whole, whole, FLOOR) < 0.001);
        assert!(lost(whole, whole, CLOTH) < 0.001);
    }

    #[test]
    fn one_sleeve_or_both_are_missed() {
        assert!(lost(whole, |x, y| whole(x, y) && x < 150, FLOOR) > 0.05);
        assert!(lost(whole, body, FLOOR) > 0.05);
    }

    #[test]
    fn a_garment_with_one_sleeve_only_lost_nothing() {
        let one = |x, y| whole(x, y) && x < 140;
        assert!(lost(one, one, FLOOR) < 0.001);
    }

    #[test]
    fn things_of_the_same_colour_elsewhere_are_no_part_of_it() {
        let with = |x, y| whole(x, y) || (60..140).contains(&x) && y > 185;
        assert!(lost(with, whole, FLOOR) < 0.001);
    }
}
