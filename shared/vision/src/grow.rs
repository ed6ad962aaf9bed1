//! Parts of the garment that did not stand out, such as a sleeve: they touch what did, have its colours, and
//! have colours that are strange to everything else around.

use crate::{mirror::Mirror, plane::Plane, region::Scene, specks::Parts};

/// A colour is common to a palette if it is at least this part as likely as its usual ones, and strange if it
/// is less.
const COMMON: f32 = 0.25;
const STRANGE: f32 = 0.08;
/// A part is at least and at most this part of what stood out.
const LEAST: f32 = 0.015;
const MOST: f32 = 0.4;
/// So much of a part's outline lies on the garment's: what lies along it is its shadow.
const JOINED: std::ops::Range<f32> = 0.04..0.3;
/// At most so much of it lies on the photo's rim.
const CUT_OFF: f32 = 0.1;
/// So much of a part has a counterpart on the garment's other side, found or lost as well.
const MIRRORED: f32 = 0.3;
/// So many parts are looked at, the largest first.
const LOOKED_AT: usize = 6;
/// How much such a part stands out then.
const LIKELY: f32 = 0.85;

/// Raises what stands out where a part of the garment was lost; answers whether there was one.
pub(crate) fn add(scene: &Scene, prior: &mut Plane, inside: &[bool]) -> bool {
    let (width, height) = (scene.width, scene.height);
    let area = inside.iter().filter(|inside| **inside).count() as f32;
    let garment = scene.palette(|at| inside[at]);
    let common = COMMON * scene.usual(&garment, |at| inside[at]);
    let like: Vec<bool> = (inside.iter().zip(&scene.lab))
        .map(|(inside, color)| !inside && garment.likelihood(*color) > common)
        .collect();
    let parts = Parts::find(&like, width, true);
    let mirror = Mirror::of(inside, width);
    let mut grown = false;
    for (_, label) in parts.of_size(LEAST * area..MOST * area, LOOKED_AT) {
        let own = |at: usize| parts.of[at] == Some(label);
        let (mut outline, mut joined, mut cut_off) = (0.0_f32, 0.0, 0.0);
        for at in (0..inside.len()).filter(|at| own(*at)) {
            let (x, y) = (at % width, at / width);
            let beside = [
                (x > 0).then(|| at - 1),
                (x + 1 < width).then(|| at + 1),
                (y > 0).then(|| at - width),
                (y + 1 < height).then(|| at + width),
            ];
            for next in beside {
                match next {
                    None => cut_off += 1.0,
                    Some(next) if own(next) => continue,
                    Some(next) if inside[next] => joined += 1.0,
                    Some(_) => {}
                }
                outline += 1.0;
            }
        }
        if !JOINED.contains(&(joined / outline.max(1.0))) || cut_off > CUT_OFF * outline {
            continue;
        }
        let (mut mirrored, mut size) = (0.0_f32, 0.0_f32);
        for at in (0..inside.len()).filter(|at| own(*at)) {
            let other = mirror.and_then(|mirror| mirror.counterpart(at));
            let found = other.is_some_and(|other| inside[other] || like[other]);
            mirrored += f32::from(u8::from(found));
            size += 1.0;
        }
        if mirrored < MIRRORED * size {
            continue;
        }
        let elsewhere = |at: usize| !inside[at] && !own(at);
        let behind = scene.palette(elsewhere);
        if scene.usual(&behind, own) > STRANGE * scene.usual(&behind, elsewhere) {
            continue;
        }
        grown = true;
        for (p, of) in prior.data.iter_mut().zip(&parts.of) {
            if *of == Some(label) {
                *p = p.max(LIKELY);
            }
        }
    }
    grown
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    const CLOTH: [u8; 3] = [40, 52, 110];
    const FLOOR: [u8; 3] = [206, 196, 178];

    /// A body with one sleeve on the left.
    fn body(x: usize, y: usize) -> bool {
        (30..70).contains(&x) && (20..80).contains(&y)
            || (8..30).contains(&x) && (20..40).contains(&y)
    }

    fn beside(x: usize, y: usize) -> bool {
        (70..92).contains(&x) && (20..40).contains(&y)
    }

    /// Along the body's whole side.
    fn along(x: usize, y: usize) -> bool {
        (70..74).contains(&x) && (20..80).contains(&y)
    }

    /// Whether something of a colour at a place is taken in, if there is more of it `elsewhere`.
    fn taken_in(
        color: [u8; 3],
        place: fn(usize, usize) -> bool,
        elsewhere: fn(usize, usize) -> bool,
    ) -> bool {
        let scene = Scene::new(&RgbImage::from_fn(100, 100, |x, y| {
            let (x, y) = (x as usize, y as usize);
            Rgb(match (body(x, y), place(x, y) || elsewhere(x, y)) {
                (true, _) => CLOTH,
                (_, true) => color,
                _ => FLOOR,
            })
        }));
        let inside: Vec<bool> = (0..100 * 100).map(|at| body(at % 100, at / 100)).collect();
        let mut prior = Plane::from_fn(100, 100, |x, y| f32::from(u8::from(body(x, y))));
        let grown = add(&scene, &mut prior, &inside);
        let pixels = (0..100 * 100)
            .filter(|at| place(at % 100, at / 100))
            .count();
        let raised = (0..100 * 100)
            .filter(|at| prior.data[*at] > 0.5 && !inside[*at])
            .count();
        assert_eq!(raised, if grown { pixels } else { 0 });
        grown
    }

    #[test]
    fn a_lost_sleeve_of_the_same_cloth_is_taken_in() {
        assert!(taken_in(CLOTH, beside, |_, _| false));
    }

    #[test]
    fn what_has_another_colour_stays_out() {
        assert!(!taken_in([150, 40, 40], beside, |_, _| false));
        assert!(!taken_in(FLOOR, beside, |_, _| false));
    }

    #[test]
    fn what_has_no_counterpart_on_the_other_side_stays_out() {
        let low = |x: usize, y: usize| (70..92).contains(&x) && (58..78).contains(&y);
        assert!(!taken_in(CLOTH, low, |_, _| false));
    }

    #[test]
    fn a_shadow_along_the_garment_stays_out() {
        assert!(!taken_in(CLOTH, along, |_, _| false));
    }

    #[test]
    fn what_is_common_in_the_background_stays_out() {
        assert!(!taken_in(CLOTH, beside, |_, y| y >= 85));
    }
}
