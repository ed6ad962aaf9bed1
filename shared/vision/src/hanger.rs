//! Taking a clothes hanger out. What gives it away is its hook: a single narrow thing that stands on top of the
//! garment near its middle and has a colour that the garment has not. Straps come in pairs, laces and brims
//! are not in the middle, a collar is broad, and the tip of a hood has the hood's colour. From the hook the
//! hanger is followed down over its own colour.

use crate::{oklab::Lab, palette::Palette, plane::Plane, region::Scene};

/// A hook is at most so broad, beside the garment, and at least so high.
const BROAD: f32 = 0.13;
const HIGH: f32 = 0.02;
/// It stands in this middle part of the garment.
const MIDDLE: (f32, f32) = (0.25, 0.75);
/// Where something stands out more than this it may be a hook, even if it is no garment.
const SEEN: f32 = 0.3;
/// A pixel is not of the garment's colour if that is so much rarer in it than its usual ones.
const RARE: f32 = 0.12;
/// So much of a hook is not of the garment's colour.
const FOREIGN: f32 = 0.6;
/// The hanger's colour is followed where it is so much likelier than the garment's, down to this part of the
/// garment's height.
const LIKELIER: f32 = 3.0;
const DEEP: f32 = 0.3;
/// A hanger is at most this part of the garment; what seems larger is garment of the same colour.
const MOST: f32 = 0.05;

/// Clears the pixels that are a hanger's; answers whether there was one.
pub(crate) fn remove(scene: &Scene, prior: &Plane, inside: &mut [bool]) -> bool {
    let (width, height) = (scene.width, scene.height);
    let Some((left, top, right, bottom)) = bounds(inside, width) else {
        return false;
    };
    let (broad, high) = ((right - left) as f32, (bottom - top) as f32);
    let hook = hook(prior, inside, width, (left, right), (broad, high));
    let Some(&lowest) = hook.last() else {
        return false;
    };
    // The garment's colours are those below the hanger's shoulders.
    let from = (top + (DEEP * high) as usize).min(height) * width;
    let below = |at: usize| at >= from && inside[at];
    let cloth = scene.palette(below);
    if cloth.total() < 50.0 {
        return false;
    }
    let usual = scene.usual(&cloth, below);
    let foreign = |color: Lab| cloth.likelihood(color) < RARE * usual;
    let strange = hook.iter().filter(|at| foreign(scene.lab[**at])).count();
    if (strange as f32) < FOREIGN * hook.len() as f32 {
        return false;
    }
    let plastic = Palette::of(hook.iter().map(|at| (scene.lab[*at], 1.0)));
    let floor = lowest / width + (DEEP * high) as usize;
    let area = inside.iter().filter(|inside| **inside).count();
    let likely = |at: usize| {
        inside[at] && {
            let color = scene.lab[at];
            plastic.likelihood(color) > LIKELIER * cloth.likelihood(color) && foreign(color)
        }
    };
    let mut hanger = follow(&hook, width, floor.min(height), &likely);
    if hanger.len() - hook.len() > (MOST * area as f32) as usize {
        hanger = hook;
    }
    // Its edges are mixtures that have neither colour.
    let edges: Vec<usize> = hanger
        .iter()
        .flat_map(|at| around(*at, width, inside.len()))
        .filter(|at| inside[*at] && foreign(scene.lab[*at]))
        .collect();
    for at in hanger.into_iter().chain(edges) {
        inside[at] = false;
    }
    true
}

/// Left, top, right and bottom (the latter two exclusive) of what is inside.
fn bounds(inside: &[bool], width: usize) -> Option<(usize, usize, usize, usize)> {
    let (mut left, mut top, mut right, mut bottom) = (usize::MAX, usize::MAX, 0, 0);
    for at in (0..inside.len()).filter(|at| inside[*at]) {
        let (x, y) = (at % width, at / width);
        (left, right) = (left.min(x), right.max(x + 1));
        (top, bottom) = (top.min(y), bottom.max(y + 1));
    }
    (left < right).then_some((left, top, right, bottom))
}

/// The pixels of what stands narrow and alone on top of the garment, row by row; none if nothing does.
fn hook(
    prior: &Plane,
    inside: &[bool],
    width: usize,
    (left, right): (usize, usize),
    (broad, high): (f32, f32),
) -> Vec<usize> {
    let mut hook = Vec::new();
    let mut rows = 0;
    for (y, row) in inside.chunks_exact(width).enumerate() {
        let seen: Vec<usize> = (left..right)
            .filter(|x| row[*x] || prior.data[y * width + x] > SEEN)
            .collect();
        let (Some(first), Some(last)) = (seen.first(), seen.last()) else {
            if rows == 0 {
                continue;
            }
            // A gap: the hook hung free, or was a speck.
            if row.iter().any(|inside| *inside) || rows as f32 > HIGH * high {
                break;
            }
            continue;
        };
        let middle = ((first + last) as f32 / 2.0 - left as f32) / broad;
        if (last - first) as f32 > BROAD * broad || !(MIDDLE.0..=MIDDLE.1).contains(&middle) {
            break;
        }
        rows += 1;
        hook.extend(seen.into_iter().map(|x| y * width + x));
    }
    if (rows as f32) < (HIGH * high).max(3.0) {
        hook.clear();
    }
    hook
}

/// The hook and everything likely that is connected with it above `floor`.
fn follow(
    hook: &[usize],
    width: usize,
    floor: usize,
    likely: &impl Fn(usize) -> bool,
) -> Vec<usize> {
    let size = floor * width;
    let mut found = hook.to_vec();
    let mut known = vec![false; size];
    for at in hook {
        if let Some(known) = known.get_mut(*at) {
            *known = true;
        }
    }
    let mut next = 0;
    while let Some(&at) = found.get(next) {
        next += 1;
        for beside in around(at, width, size) {
            if !known[beside] && likely(beside) {
                known[beside] = true;
                found.push(beside);
            }
        }
    }
    found
}

/// The pixels up to two steps from one.
fn around(at: usize, width: usize, size: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (at % width, at / width);
    (-2..=2_isize)
        .flat_map(|dy| (-2..=2_isize).map(move |dx| (dx, dy)))
        .filter_map(move |(dx, dy)| {
            let (x, y) = (x.checked_add_signed(dx)?, y.checked_add_signed(dy)?);
            (x < width).then_some(y * width + x)
        })
        .filter(move |place| *place < size)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    const WALL: [u8; 3] = [225, 222, 214];
    const RED: [u8; 3] = [180, 30, 44];
    const BLACK: [u8; 3] = [22, 22, 24];

    fn body(x: u32, y: u32) -> bool {
        (20..80).contains(&x) && (30..95).contains(&y)
    }

    /// A red garment with something on top of it, and which pixels are either.
    fn garment(color: [u8; 3], on_top: impl Fn(u32, u32) -> bool) -> (Scene, Vec<bool>) {
        let photo = RgbImage::from_fn(100, 100, |x, y| {
            Rgb(match (on_top(x, y), body(x, y)) {
                (true, _) => color,
                (_, true) => RED,
                _ => WALL,
            })
        });
        let inside = (0..100 * 100)
            .map(|at| (at % 100, at / 100))
            .map(|(x, y)| body(x, y) || on_top(x, y))
            .collect();
        (Scene::new(&photo), inside)
    }

    fn removed(color: [u8; 3], on_top: impl Fn(u32, u32) -> bool) -> (usize, usize) {
        let (scene, mut inside) = garment(color, &on_top);
        let prior = Plane::from_fn(100, 100, |x, y| f32::from(u8::from(inside[y * 100 + x])));
        remove(&scene, &prior, &mut inside);
        let gone = |of: &dyn Fn(u32, u32) -> bool| {
            (0..100 * 100)
                .filter(|at| of((at % 100) as u32, (at / 100) as u32) && !inside[*at])
                .count()
        };
        (gone(&on_top), gone(&|x, y| body(x, y) && !on_top(x, y)))
    }

    #[test]
    fn a_hook_goes_with_the_bar_below_it_and_the_garment_stays() {
        let hanger = |x: u32, y: u32| {
            ((48..51).contains(&x) && (8..28).contains(&y))
                || ((30..70).contains(&x) && (28..32).contains(&y))
        };
        let pixels = 3 * 20 + 40 * 4;
        assert_eq!(removed(BLACK, hanger), (pixels, 0));
    }

    #[test]
    fn two_straps_stay() {
        let straps = |x: u32, y: u32| {
            ((32..35).contains(&x) || (65..68).contains(&x)) && (10..30).contains(&y)
        };
        assert_eq!(removed(BLACK, straps), (0, 0));
    }

    #[test]
    fn a_broad_collar_of_another_colour_stays() {
        let collar = |x: u32, y: u32| (40..60).contains(&x) && (22..30).contains(&y);
        assert_eq!(removed(BLACK, collar), (0, 0));
    }

    #[test]
    fn a_tip_of_the_garments_own_colour_stays() {
        let tip = |x: u32, y: u32| (48..52).contains(&x) && (10..30).contains(&y);
        assert_eq!(removed(RED, tip), (0, 0));
    }
}
