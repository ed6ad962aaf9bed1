//! How far a stroke reaches: distances over a picture that grow slowly within one colour and fast across edges.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::oklab::Lab;

/// Of one step to a neighbour within one colour, in parts of the picture's longer side.
const SPACE: f32 = 0.45;
/// How much a difference in colour adds, and below which it is only noise.
const EDGE: f32 = 14.0;
const NOISE: f32 = 0.012;
/// Colours' hues count for more than their lightness, which folds and shadows change.
const HUE: f32 = 2.0;
/// Distances are counted in whole numbers of this fineness.
const UNIT: f32 = 10_000.0;

/// The difference that the eye makes between two colours, folds and shadows taken lightly.
pub(crate) fn difference(one: Lab, two: Lab) -> f32 {
    let (l, a, b) = (one.l - two.l, one.a - two.a, one.b - two.b);
    (l * l + HUE * HUE * (a * a + b * b)).sqrt()
}

/// The distance (1 and more is far) of each pixel from the nearest covered one.
pub(crate) fn distances(colors: &[Lab], width: usize, covered: &[bool]) -> Vec<f32> {
    let height = colors.len() / width.max(1);
    let step = SPACE / width.max(height).max(1) as f32;
    let far = UNIT as u32;
    let mut least = vec![far; colors.len()];
    let mut queue = BinaryHeap::new();
    for (at, covered) in covered.iter().enumerate() {
        if *covered {
            least[at] = 0;
            queue.push(Reverse((0, at)));
        }
    }
    while let Some(Reverse((distance, at))) = queue.pop() {
        if distance > least[at] {
            continue;
        }
        let (x, y) = (at % width, at / width);
        for (dx, dy) in [
            (-1, 0),
            (1, 0),
            (0, -1),
            (0, 1),
            (-1, -1),
            (1, -1),
            (-1, 1),
            (1, 1_isize),
        ] {
            let (Some(nx), Some(ny)) = (x.checked_add_signed(dx), y.checked_add_signed(dy)) else {
                continue;
            };
            if nx >= width || ny >= height {
                continue;
            }
            let next = ny * width + nx;
            let length = if dx != 0 && dy != 0 { 1.414 } else { 1.0 };
            let edge = (difference(colors[at], colors[next]) - NOISE).max(0.0);
            let cost = length * step + EDGE * edge * edge.min(0.2) / 0.2;
            let there = distance.saturating_add((cost * UNIT) as u32 + 1);
            if there < least[next] {
                least[next] = there;
                queue.push(Reverse((there, next)));
            }
        }
    }
    least.iter().map(|value| *value as f32 / UNIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stroke_reaches_over_its_own_colour_and_not_over_an_edge() {
        let (width, height) = (40, 20);
        let colors: Vec<Lab> = (0..width * height)
            .map(|at| {
                Lab::from_srgb(if at % width < 20 {
                    [30, 40, 90]
                } else {
                    [200, 200, 190]
                })
            })
            .collect();
        let mut covered = vec![false; width * height];
        covered[10 * width + 2] = true;

        let distance = distances(&colors, width, &covered);

        assert!(distance[width + 18] < 0.5, "{}", distance[width + 18]);
        assert!(distance[width + 22] > 0.9, "{}", distance[width + 22]);
    }
}
