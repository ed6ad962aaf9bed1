//! Trousers, shorts and skirts.

use super::{Edge, Hem, SIGN, axis, extent, rows};
use crate::tryon::{
    cloth::Cloth,
    geom::{P, mix, p},
    plane::{Mask, dents},
};

/// Trousers, shorts or a skirt.
#[derive(Debug, Clone)]
pub(crate) struct Bottom {
    /// The waist's row.
    pub(crate) waist: f32,
    /// Lowest row.
    pub(crate) hem: f32,
    /// The hem, as a skirt's.
    pub(crate) skirt_hem: Hem,
    /// Outer edges.
    pub(crate) outer: [Edge; 2],
    /// Inner edges of the legs below the crotch, and the line between them above it.
    pub(crate) inner: [Edge; 2],
    /// Where the legs part.
    pub(crate) crotch: P,
    /// Outer and inner corner of each leg's hem. Legs of flat shorts point outwards, so that their hems slant.
    pub(crate) cuff: [[P; 2]; 2],
    /// Whether the fork between the legs can be seen.
    pub(crate) forked: bool,
}

impl Bottom {
    /// Reads the shape of trousers, shorts or a skirt.
    pub(crate) fn read(cloth: &Cloth, legs: bool) -> Self {
        let mask = &cloth.mask;
        let (first, last) = rows(mask);
        let height = (last + 1 - first) as f32;
        let middle = axis(mask);
        let waist = first as f32 + 0.01 * height;
        let outer = [0, 1].map(|side| {
            let xs = (first..=last)
                .map(|y| extent(mask, y).map_or(middle, |edges| edges[side]))
                .collect();
            // A waistband that sags or leans is evened out: the edges begin where it is whole.
            let mut xs: Vec<f32> = xs;
            let whole = ((0.07 * height) as usize).min(xs.len() - 1);
            let begin = xs[whole];
            xs[..whole].fill(begin);
            // Rounded corners of the hem must not pull the edges inwards.
            let corner = ((0.95 * height) as usize).min(xs.len() - 1);
            let end = xs[corner];
            xs[corner..].fill(end);
            Edge { first, xs }.smoothed(2 + mask.height / 100)
        });
        let outline = mask.outline();
        let found = if legs {
            crotch(&outline, mask, middle, first as f32, height)
        } else {
            None
        };
        // Legs that lie on each other show no fork: it is taken to be where it is on most garments.
        let broad = extent(mask, first + (0.3 * height) as usize)
            .map_or(1.0, |[left, right]| (right - left).max(1.0));
        let usual = if height < 1.4 * broad { 0.66 } else { 0.34 };
        let crotch = found.unwrap_or(p(
            0.5 * (outer[0].at(first as f32 + 0.3 * height).x
                + outer[1].at(first as f32 + 0.3 * height).x),
            first as f32 + height * if legs { usual } else { 1.0 },
        ));
        let inner = split(mask, crotch, &outer, first, last);
        let cuff = [0, 1].map(|side| cuff(&outline, side, crotch, first as f32, height));
        Self {
            waist,
            hem: last as f32 + 1.0,
            skirt_hem: Hem::read(mask, &outline, middle, first as f32 + 0.4 * height),
            outer,
            inner,
            crotch,
            cuff,
            forked: found.is_some(),
        }
    }

    /// How broad the waist is.
    pub(crate) fn breadth(&self) -> f32 {
        let y = mix(self.waist, self.hem, 0.03);
        (self.outer[1].at(y).x - self.outer[0].at(y).x).max(1.0)
    }

    /// How broad the garment is at its broadest above the crotch.
    pub(crate) fn hips(&self) -> f32 {
        let end = self.crotch.y.min(mix(self.waist, self.hem, 0.5));
        (0..=10)
            .map(|step| mix(self.waist, end, step as f32 / 10.0))
            .map(|y| self.outer[1].at(y).x - self.outer[0].at(y).x)
            .fold(self.breadth(), f32::max)
    }
}

/// The dent between the legs: it opens downwards.
fn crotch(outline: &[P], mask: &Mask, middle: f32, top: f32, height: f32) -> Option<P> {
    dents(outline, 0.025 * height)
        .into_iter()
        .filter(|dent| {
            dent.opening().y > 0.6
                && (dent.deepest.x - middle).abs() < 0.25 * mask.width as f32
                && dent.deepest.y > top + 0.15 * height
                && dent.deepest.y < top + 0.97 * height
        })
        .max_by(|a, b| a.depth.total_cmp(&b.depth))
        .map(|dent| dent.deepest)
}

/// The outer and the inner corner of a leg's hem: the outline's points furthest down and out, and furthest down
/// towards the middle.
fn cuff(outline: &[P], side: usize, crotch: P, top: f32, height: f32) -> [P; 2] {
    let sign = SIGN[side];
    let own = || {
        outline
            .iter()
            .copied()
            .filter(|point| (point.x - crotch.x) * sign >= 0.0 && point.y > top + 0.35 * height)
    };
    let most = |value: &dyn Fn(P) -> f32| own().max_by(|&a, &b| value(a).total_cmp(&value(b)));
    let outer = most(&|point| point.y + 0.9 * sign * (point.x - crotch.x));
    let inner = most(&|point| point.y - 0.75 * sign * (point.x - crotch.x));
    let (Some(outer), Some(inner)) = (outer, inner) else {
        return [p(crotch.x, top + height); 2];
    };
    [outer, p(inner.x, inner.y.max(crotch.y + 0.02 * height))]
}

/// The legs' inner edges below the crotch: both sides of the gap, or of a line where there is none.
fn split(mask: &Mask, crotch: P, outer: &[Edge; 2], first: usize, last: usize) -> [Edge; 2] {
    let mut x = crotch.x;
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for y in first..=last {
        if (y as f32) < crotch.y {
            let share = (y - first) as f32 / (crotch.y - first as f32).max(1.0);
            let waist =
                0.5 * (outer[0].at(first as f32 + 2.0).x + outer[1].at(first as f32 + 2.0).x);
            let centre = mix(waist, crotch.x, share);
            left.push(centre);
            right.push(centre);
            continue;
        }
        let (low, high) = (outer[0].at(y as f32).x, outer[1].at(y as f32).x);
        let row = |x: f32| mask.get(x as i32, y as i32);
        let reach = ((high - low) * 0.15) as i32;
        let gap = (0..=reach).find_map(|offset| {
            [x - offset as f32, x + offset as f32]
                .into_iter()
                .find(|&x| !row(x))
        });
        if let Some(gap) = gap {
            let mut edges = [gap, gap + 1.0];
            while edges[0] > low && !row(edges[0] - 1.0) {
                edges[0] -= 1.0;
            }
            while edges[1] < high && !row(edges[1]) {
                edges[1] += 1.0;
            }
            x = 0.5 * (edges[0] + edges[1]);
            left.push(edges[0]);
            right.push(edges[1]);
        } else {
            left.push(x);
            right.push(x);
        }
    }
    let reach = 2 + mask.height / 100;
    [
        Edge { first, xs: left }.smoothed(reach),
        Edge { first, xs: right }.smoothed(reach),
    ]
}
