//! Prints that were taken for the garment: something colourful stands out, all around it is one plain cloth, and
//! that cloth ends within the photo. Sheets and walls around a garment go on to the photo's rim.

use crate::{lost::thick, oklab::Lab, plane::Plane, region::Scene, specks::Parts};

/// A print is at most this part of the photo.
const SMALL: f32 = 0.22;
/// The surroundings that are looked at: beside what stands out, from so many pixels to this part of its size.
const BLURRED: usize = 5;
const AROUND: f32 = 0.18;
/// A colour is common around it if it is at least this part as likely as the usual ones there.
const COMMON: f32 = 0.2;
/// One cloth covers at least this part of the surroundings,
const COVERED: f32 = 0.75;
/// is at least so many times as large as the print,
const LARGE: f32 = 2.5;
/// takes at most this part of the photo's rim,
const RIM: f32 = 0.3;
/// and is plainer than the print: its colours spread at most this part as far.
const PLAIN: f32 = 0.8;
/// How much the cloth stands out then.
const LIKELY: f32 = 0.9;
/// Next to it, up to this part of its size, are folds and sleeves in another light, for colours and edges to decide.
const SHADED: f32 = 0.12;
const UNDECIDED: f32 = 0.4;
/// How far two views of the photo still agree, when neither found the cloth.
const DOUBT: f32 = 0.6;

/// Raises what stands out where the cloth around a print is; answers how far it is to be trusted (0–1) if there is
/// one.
pub(crate) fn add_cloth(scene: &Scene, prior: &mut Plane, inside: &[bool]) -> Option<f32> {
    let (width, height) = (scene.width, scene.height);
    let area = inside.iter().filter(|inside| **inside).count() as f32;
    if area < 1.0 || area > SMALL * inside.len() as f32 {
        return None;
    }
    let beside = near(inside, width, BLURRED);
    let reach = ((AROUND * area.sqrt()) as usize).max(2 * BLURRED);
    let around: Vec<bool> = (near(inside, width, reach).iter().zip(&beside))
        .map(|(within, beside)| *within && !beside)
        .collect();
    let surroundings = scene.palette(|at| around[at]);
    let common = COMMON * scene.usual(&surroundings, |at| around[at]);
    let like: Vec<bool> = (scene.lab.iter().zip(inside))
        .map(|(color, inside)| !inside && surroundings.likelihood(*color) > common)
        .collect();
    let parts = Parts::find(&thick(&like, width, 2), width, true);
    let mut counts = vec![0.0_f32; parts.sizes.len()];
    let mut all = 0.0;
    for (of, _) in parts.of.iter().zip(&around).filter(|(_, around)| **around) {
        all += 1.0;
        if let Some(count) = of.and_then(|label| counts.get_mut(label as usize)) {
            *count += 1.0;
        }
    }
    let (label, covered) = (0_u32..)
        .zip(counts)
        .max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    let is_cloth = |at: usize| parts.of[at] == Some(label);
    let size = parts.sizes.get(label as usize).copied().unwrap_or(0) as f32;
    let on_rim = |at: &usize| {
        let (x, y) = (at % width, at / width);
        x == 0 || y == 0 || x + 1 == width || y + 1 == height
    };
    let rim = (0..inside.len()).filter(on_rim);
    let cut_off = rim.filter(|at| is_cloth(*at)).count() as f32;
    if covered < COVERED * all
        || size < LARGE * area
        || cut_off > RIM * 2.0 * (width + height) as f32
        || spread(scene, |at| around[at]) >= PLAIN * spread(scene, |at| inside[at])
    {
        return None;
    }
    let cloth: Vec<bool> = (0..inside.len())
        .map(|at| is_cloth(at) || beside[at])
        .collect();
    let shaded = near(&cloth, width, (SHADED * size.sqrt()) as usize);
    for (p, (cloth, shaded)) in prior.data.iter_mut().zip(cloth.into_iter().zip(shaded)) {
        *p = p.max(match (cloth, shaded) {
            (true, _) => LIKELY,
            (_, true) => UNDECIDED,
            _ => 0.0,
        });
    }
    Some(DOUBT)
}

/// The pixels within a square of `2 × reach + 1` around any inside.
fn near(inside: &[bool], width: usize, reach: usize) -> Vec<bool> {
    let height = inside.len() / width.max(1);
    Plane::from_fn(width, height, |x, y| {
        f32::from(u8::from(inside[y * width + x]))
    })
    .box_blur(reach)
    .data
    .into_iter()
    .map(|value| value > 1e-6)
    .collect()
}

/// How far the colours of some places are from their mean, as the root of the mean square.
fn spread(scene: &Scene, pick: impl Fn(usize) -> bool) -> f32 {
    let colors =
        || (scene.lab.iter().enumerate()).filter_map(|(at, color)| pick(at).then_some(*color));
    let count = colors().count().max(1) as f32;
    let mean = colors().fold(Lab::default(), Lab::plus).times(1.0 / count);
    let sum: f32 = colors().map(|color| color.distance2(mean, 1.0)).sum();
    (sum / count).sqrt()
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    const CLOTH: [u8; 3] = [226, 196, 172];
    const FLOOR: [u8; 3] = [96, 92, 120];

    fn shirt(x: usize, y: usize) -> bool {
        (50..150).contains(&x) && (30..190).contains(&y)
            || (20..180).contains(&x) && (30..80).contains(&y)
    }

    fn design(x: usize, y: usize) -> bool {
        (80..120).contains(&x) && (80..130).contains(&y)
    }

    /// What stands out after the cloth around it was looked for, at a corner of the shirt; if any was found.
    fn found(
        cloth: impl Fn(usize, usize) -> bool,
        print: impl Fn(usize) -> [u8; 3],
    ) -> Option<f32> {
        let scene = Scene::new(&RgbImage::from_fn(200, 200, |x, y| {
            let (x, y) = (x as usize, y as usize);
            Rgb(match (design(x, y), cloth(x, y)) {
                (true, _) => print(x / 4 + y / 4),
                (_, true) => CLOTH.map(|value| value + ((x * 7 + y * 13) % 5) as u8),
                _ => FLOOR,
            })
        }));
        let inside: Vec<bool> = (0..200 * 200)
            .map(|at| design(at % 200, at / 200))
            .collect();
        let mut prior = Plane::from_fn(200, 200, |x, y| if design(x, y) { 0.98 } else { 0.02 });
        add_cloth(&scene, &mut prior, &inside).map(|_| prior.data[40 * 200 + 30])
    }

    fn colourful(at: usize) -> [u8; 3] {
        [[200, 30, 40], [20, 30, 90], [240, 220, 60]][at % 3]
    }

    #[test]
    fn the_plain_shirt_around_a_print_is_found_to_its_sleeves() {
        assert!(found(shirt, colourful).is_some_and(|p| p >= LIKELY));
    }

    #[test]
    fn a_sheet_that_fills_the_photo_is_no_garment() {
        assert_eq!(found(|_, _| true, colourful), None);
    }

    #[test]
    fn a_plain_garment_on_a_towel_is_no_print() {
        assert_eq!(found(shirt, |_| [40, 60, 52]), None);
    }
}
