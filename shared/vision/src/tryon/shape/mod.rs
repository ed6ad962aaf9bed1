//! Where a garment's shoulders, sleeves, hem, waist and legs are, read from its outline.

mod bottom;
mod sleeve;
mod top;

pub(crate) use self::{
    bottom::Bottom,
    sleeve::{Across, Sleeve},
    top::Top,
};
use super::{
    geom::{P, mix, p},
    plane::Mask,
};

/// One edge of a garment by row: from `first` on, one x for each row.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    first: usize,
    xs: Vec<f32>,
}

impl Edge {
    /// The edge at a row; its ends go on straight down.
    pub(crate) fn at(&self, y: f32) -> P {
        let last = self.xs.len().saturating_sub(1);
        let row = (y - self.first as f32).clamp(0.0, last as f32);
        let index = row as usize;
        let (a, b) = (self.xs[index], self.xs[(index + 1).min(last)]);
        p(mix(a, b, row - index as f32), y)
    }

    /// Evened out over this many rows to each side.
    pub(super) fn smoothed(mut self, reach: usize) -> Self {
        let before = self.xs.clone();
        for (index, x) in self.xs.iter_mut().enumerate() {
            let reach = reach.min(index).min(before.len() - 1 - index);
            let near = &before[index - reach..=index + reach];
            *x = near.iter().sum::<f32>() / near.len() as f32;
        }
        self
    }
}

const SIGN: [f32; 2] = [-1.0, 1.0];

/// The hem of a skirt or a dress as it lies flat: its two corners, and how far it sags between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hem {
    /// The outline's points furthest down and out.
    pub(crate) corner: [P; 2],
    /// How far its middle lies below the line between the corners; cloth cut in a circle sags, worn it does not.
    pub(crate) sag: f32,
}

impl Hem {
    /// Reads it from the part of an outline below a row.
    pub(super) fn read(mask: &Mask, outline: &[P], middle: f32, from: f32) -> Self {
        let lowest = outline.iter().map(|point| point.y).fold(from, f32::max) + 1.0;
        let corner = SIGN.map(|sign| {
            let out = |at: &P| at.y + 0.9 * sign * (at.x - middle);
            outline
                .iter()
                .copied()
                .filter(|at| (at.x - middle) * sign >= 0.0 && at.y > from)
                .max_by(|a, b| out(a).total_cmp(&out(b)))
                .unwrap_or(p(middle, lowest))
        });
        let (centre, breadth) = (
            0.5 * (corner[0].x + corner[1].x),
            (corner[1].x - corner[0].x).max(1.0),
        );
        let mut ends: Vec<f32> = (-4..=4)
            .filter_map(|step| column_bottom(mask, centre + breadth * 0.025 * step as f32))
            .collect();
        ends.sort_by(f32::total_cmp);
        let end = ends.get(ends.len() / 2).copied().unwrap_or(lowest);
        let level = 0.5 * (corner[0].y + corner[1].y);
        Self {
            corner,
            sag: (end - level).clamp(0.0, 0.35 * (lowest - from)),
        }
    }
}

/// The first and the last set row.
fn rows(mask: &Mask) -> (usize, usize) {
    let row = |y: usize| {
        mask.data[y * mask.width..(y + 1) * mask.width]
            .iter()
            .any(|&set| set)
    };
    let first = (0..mask.height).find(|&y| row(y)).unwrap_or(0);
    let last = (0..mask.height).rev().find(|&y| row(y)).unwrap_or(0);
    (first, last)
}

/// The outermost set pixels of a row.
fn extent(mask: &Mask, y: usize) -> Option<[f32; 2]> {
    let row = &mask.data[y * mask.width..(y + 1) * mask.width];
    let first = row.iter().position(|&set| set)?;
    let last = row.iter().rposition(|&set| set)?;
    Some([first as f32, last as f32 + 1.0])
}

/// The topmost set pixel of a column.
fn column_top(mask: &Mask, x: f32) -> Option<f32> {
    let x = (x.max(0.0) as usize).min(mask.width - 1);
    (0..mask.height)
        .find(|&y| mask.data[y * mask.width + x])
        .map(|y| y as f32)
}

/// The lowest set pixel of a column.
fn column_bottom(mask: &Mask, x: f32) -> Option<f32> {
    let x = (x.max(0.0) as usize).min(mask.width - 1);
    (0..mask.height)
        .rev()
        .find(|&y| mask.data[y * mask.width + x])
        .map(|y| y as f32)
}

/// The garment's vertical axis: the middle between its edges, weighted towards the rows where only the body
/// of it can be (sleeves and legs spread evenly to both sides).
fn axis(mask: &Mask) -> f32 {
    let (first, last) = rows(mask);
    let mut middles: Vec<f32> = (first..=last)
        .filter_map(|y| extent(mask, y))
        .map(|[left, right]| 0.5 * (left + right))
        .collect();
    middles.sort_by(f32::total_cmp);
    middles
        .get(middles.len() / 2)
        .copied()
        .unwrap_or(mask.width as f32 / 2.0)
}
