//! A sleeve: lines across it, from where it is sewn on to the cuff.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::Top;
use crate::tryon::{
    geom::{P, p},
    plane::Mask,
};

/// A line across a sleeve: from its outer edge (the shoulder's side) to its inner one (the armpit's side).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Across {
    pub(crate) outer: P,
    pub(crate) inner: P,
}

/// One sleeve.
#[derive(Debug, Clone)]
pub(crate) struct Sleeve {
    /// Lines across it at even steps, from where it is sewn on to the cuff.
    lines: Vec<Across>,
    /// From the seam over the middle to the cuff, in the cutout's pixels.
    pub(crate) length: f32,
    /// The share of it that is cloth rather than gaps, 0–1.
    pub(crate) whole: f32,
    /// Its pixels, as a share of the garment's.
    pub(crate) share: f32,
}

/// Steps in which a sleeve is measured.
const SLEEVE_STEPS: usize = 16;

impl Sleeve {
    /// The line across at a share of the sleeve's length; beyond its ends it goes on straight.
    pub(crate) fn at(&self, share: f32) -> Across {
        let at = share * SLEEVE_STEPS as f32;
        let index = (at.max(0.0) as usize).min(self.lines.len().saturating_sub(2));
        let (a, b) = (self.lines[index], self.lines[index + 1]);
        let rest = at - index as f32;
        Across {
            outer: a.outer.mix(b.outer, rest),
            inner: a.inner.mix(b.inner, rest),
        }
    }
}

impl Top {
    pub(super) fn find_sleeve(&self, mask: &Mask, side: usize) -> Option<Sleeve> {
        let seam = self.shoulder[side].mix(self.armpit[side], 0.5);
        let margin = 0.01 * mask.width as f32;
        let inside = |x: usize, y: usize| {
            mask.data[y * mask.width + x]
                && self.beyond_seam(side, p(x as f32 + 0.5, y as f32 + 0.5))
                    > if y as f32 > self.armpit[side].y {
                        margin
                    } else {
                        0.0
                    }
        };
        let reached = walk(
            mask,
            seam,
            (self.armpit[side].y - self.shoulder[side].y).abs() * 0.6 + 3.0,
            inside,
        );
        if (reached.len() as f32) < 0.02 * mask.count() as f32 {
            return None;
        }
        let mut distances: Vec<f32> = reached.iter().map(|point| point.1).collect();
        distances.sort_by(f32::total_cmp);
        let far = distances[(distances.len() - 1) * 98 / 100].max(1.0);
        let between = |low: f32, high: f32| -> Vec<P> {
            reached
                .iter()
                .filter(|point| point.1 >= low * far && point.1 <= high * far)
                .map(|point| point.0)
                .collect()
        };
        let mean = |points: &[P]| {
            points.iter().fold(P::default(), |sum, &point| sum + point)
                * (1.0 / points.len().max(1) as f32)
        };
        let (centre, end) = (between(0.45, 0.55), between(0.9, 1.1));
        if centre.len() < 3 || end.len() < 3 {
            return None;
        }
        let (middle, cuff) = (mean(&centre), mean(&end));
        let first = (middle - seam).unit();
        let second = (cuff - middle).unit();
        let outer = |direction: P| {
            let normal = direction.turned();
            if normal.dot(self.shoulder[side] - self.armpit[side]) >= 0.0 {
                normal
            } else {
                normal * -1.0
            }
        };
        let across = |points: &[P], at: P, direction: P| {
            let normal = outer(direction);
            let mut heights: Vec<f32> = points
                .iter()
                .map(|&point| (point - at).dot(normal))
                .collect();
            heights.sort_by(f32::total_cmp);
            let pick = |share: usize| heights[(heights.len() - 1) * share / 100];
            Across {
                outer: at + normal * pick(97),
                inner: at + normal * pick(3),
            }
        };
        let reach = end
            .iter()
            .map(|&point| (point - cuff).dot(second))
            .fold(0.0, f32::max);
        let tip = cuff + second * reach;
        let start = Across {
            outer: self.shoulder[side],
            inner: self.armpit[side],
        };
        let centre = across(&centre, middle, (first + second).unit());
        let cuff = across(&end, tip, second);
        let mut region = Mask {
            data: vec![false; mask.data.len()],
            ..*mask
        };
        for (point, _) in &reached {
            region.data[point.y as usize * mask.width + point.x as usize] = true;
        }
        let lines = sleeve_lines(&region, start, centre, cuff);
        Some(Sleeve {
            whole: wholeness(&region, &lines),
            share: reached.len() as f32 / mask.count().max(1) as f32,
            lines,
            length: seam.distance(middle) + middle.distance(tip),
        })
    }
}

/// A line across a sleeve at a share of its length, along a curve through its middle.
fn bent(start: Across, middle: Across, end: Across, at: f32) -> Across {
    let curve = |a: P, b: P, c: P| {
        // The parabola through the three at 0, one half and 1.
        a * ((1.0 - at) * (1.0 - 2.0 * at))
            + b * (4.0 * at * (1.0 - at))
            + c * (at * (2.0 * at - 1.0))
    };
    Across {
        outer: curve(start.outer, middle.outer, end.outer),
        inner: curve(start.inner, middle.inner, end.inner),
    }
}

/// Lines across a sleeve, each from edge to edge.
fn sleeve_lines(region: &Mask, start: Across, middle: Across, cuff: Across) -> Vec<Across> {
    let mut lines: Vec<Across> = (0..=SLEEVE_STEPS)
        .map(|step| {
            let share = step as f32 / SLEEVE_STEPS as f32;
            let guess = bent(start, middle, cuff, share);
            let centre = guess.outer.mix(guess.inner, 0.5);
            let half = 0.5 * guess.outer.distance(guess.inner);
            let reach = |direction: P| {
                // The outermost pixel of the sleeve, not the first gap.
                let steps = (half * 1.5) as i32;
                (0..=steps)
                    .rev()
                    .map(|step| step as f32)
                    .find(|&step| {
                        let at = centre + direction * step;
                        region.get(at.x as i32, at.y as i32)
                    })
                    .unwrap_or(half)
                    .clamp(0.35 * half, 1.5 * half)
            };
            let outward = (guess.outer - guess.inner).unit();
            // The seam itself is no edge, and near the armpit the body's edge is near.
            let trust = |from: f32, over: f32| ((share - from) / over).clamp(0.0, 1.0);
            Across {
                outer: guess
                    .outer
                    .mix(centre + outward * reach(outward), trust(0.0, 0.12)),
                inner: guess
                    .inner
                    .mix(centre - outward * reach(outward * -1.0), trust(0.12, 0.25)),
            }
        })
        .collect();
    for _ in 0..2 {
        let before = lines.clone();
        for index in 1..lines.len() - 1 {
            let even = |get: fn(&Across) -> P| {
                get(&before[index]) * 0.5
                    + (get(&before[index - 1]) + get(&before[index + 1])) * 0.25
            };
            lines[index] = Across {
                outer: even(|line| line.outer),
                inner: even(|line| line.inner),
            };
        }
    }
    lines
}

/// The share of the points between the sleeve's edges that are cloth, apart from those at the seam.
fn wholeness(region: &Mask, lines: &[Across]) -> f32 {
    let (mut cloth, mut all) = (0.0_f32, 0.0_f32);
    for line in lines.iter().skip(3) {
        for step in 1..10 {
            let at = line.outer.mix(line.inner, step as f32 / 10.0);
            cloth += f32::from(u8::from(region.get(at.x as i32, at.y as i32)));
            all += 1.0;
        }
    }
    cloth / all.max(1.0)
}

/// The pixels that can be walked to from the neighbourhood of a point, with the length of the way.
fn walk(mask: &Mask, from: P, start: f32, inside: impl Fn(usize, usize) -> bool) -> Vec<(P, f32)> {
    let (width, height) = (mask.width, mask.height);
    let mut best = vec![u32::MAX; width * height];
    let mut queue = BinaryHeap::new();
    for y in 0..height {
        for x in 0..width {
            let distance = p(x as f32 + 0.5, y as f32 + 0.5).distance(from);
            if distance <= start && inside(x, y) {
                let cost = (distance * 10.0) as u32;
                best[y * width + x] = cost;
                queue.push(Reverse((cost, y * width + x)));
            }
        }
    }
    let mut reached = Vec::new();
    while let Some(Reverse((cost, index))) = queue.pop() {
        if best[index] < cost {
            continue;
        }
        let (x, y) = (index % width, index / width);
        reached.push((p(x as f32 + 0.5, y as f32 + 0.5), cost as f32 / 10.0));
        for (dx, dy, step) in [
            (-1, 0, 10),
            (1, 0, 10),
            (0, -1, 10),
            (0, 1, 10),
            (-1, -1, 14),
            (1, -1, 14),
            (-1, 1, 14),
            (1, 1, 14),
        ] {
            let (nx, ny) = (x as i32 + dx, y as i32 + dy);
            if nx < 0 || ny < 0 || nx as usize >= width || ny as usize >= height {
                continue;
            }
            let next = ny as usize * width + nx as usize;
            if cost + step < best[next] && inside(nx as usize, ny as usize) {
                best[next] = cost + step;
                queue.push(Reverse((cost + step, next)));
            }
        }
    }
    reached
}
