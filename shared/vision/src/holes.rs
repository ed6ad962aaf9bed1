//! Holes in a garment: what is seen through a real one looks like what is around the garment. A hole that looks
//! like nothing there is a print or a stripe that did not stand out, and is closed.

use crate::{region::Scene, specks::Parts};

/// A colour is not of the background if it is so much rarer there than the usual ones.
const RARE: f32 = 0.12;
/// A hole with so many pixels of foreign colours is none.
const FOREIGN: f32 = 0.6;

/// Closes what is no hole, except where somebody drew (`fixed`).
pub(crate) fn close(scene: &Scene, inside: &mut [bool], fixed: impl Fn(usize) -> bool) {
    let width = scene.width;
    let parts = Parts::find(inside, width, false);
    let mut open = vec![false; parts.sizes.len()];
    for (at, part) in parts.of.iter().enumerate() {
        let (x, y) = (at % width, at / width);
        if let Some(part) = part
            && (x == 0 || y == 0 || x + 1 == width || y + 1 == scene.height || fixed(at))
        {
            open[*part as usize] = true;
        }
    }
    let outside = |at: usize| parts.of[at].is_some_and(|part| open[part as usize]);
    let behind = scene.palette(outside);
    let rare = RARE * scene.usual(&behind, outside);
    let mut foreign = vec![0_usize; parts.sizes.len()];
    for (part, color) in parts.of.iter().zip(&scene.lab) {
        if let Some(part) = part
            && behind.likelihood(*color) < rare
        {
            foreign[*part as usize] += 1;
        }
    }
    for (inside, part) in inside.iter_mut().zip(&parts.of) {
        if let Some(part) = part {
            let part = *part as usize;
            *inside = !open[part] && foreign[part] as f32 > FOREIGN * parts.sizes[part] as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    fn in_square(at: usize, left: usize, top: usize, side: usize) -> bool {
        (left..left + side).contains(&(at % 100)) && (top..top + side).contains(&(at / 100))
    }

    #[test]
    fn a_print_that_was_left_out_comes_back_and_a_hole_stays_open() {
        // Given navy cloth on beige with a white print, and a hole through which the beige is seen
        let print = |at| in_square(at, 30, 30, 12);
        let hole = |at| in_square(at, 60, 60, 10);
        let cloth = |at| in_square(at, 10, 10, 80);
        let scene = Scene::new(&RgbImage::from_fn(100, 100, |x, y| {
            let at = (y * 100 + x) as usize;
            Rgb(match (cloth(at), print(at), hole(at)) {
                (_, true, _) => [250, 250, 252],
                (true, _, false) => [34, 42, 90],
                _ => [196, 170, 132],
            })
        }));
        let mut inside: Vec<bool> = (0..100 * 100)
            .map(|at| cloth(at) && !print(at) && !hole(at))
            .collect();

        close(&scene, &mut inside, |_| false);

        let expected: Vec<bool> = (0..100 * 100).map(|at| cloth(at) && !hole(at)).collect();
        assert!(inside == expected);
    }

    #[test]
    fn a_hole_that_somebody_drew_stays_open() {
        let print = |at| in_square(at, 30, 30, 12);
        let scene = Scene::new(&RgbImage::from_fn(100, 100, |x, y| {
            let at = (y * 100 + x) as usize;
            Rgb(if print(at) {
                [250, 250, 252]
            } else {
                [120, 90, 40]
            })
        }));
        let mut inside: Vec<bool> = (0..100 * 100)
            .map(|at| in_square(at, 10, 10, 80) && !print(at))
            .collect();
        let before = inside.clone();

        close(&scene, &mut inside, print);

        assert!(inside == before);
    }
}
