//! Bilinear resizing with pixels at the centres of their squares.

use pulp::Simd;

use super::lanes::{load, mul_add, save, splat, sub};
use crate::{
    block::{Block, Shape},
    isa::Kernel,
};

/// A picture and its resized copy.
pub(crate) struct Resize<'a> {
    pub(crate) input: &'a [Block],
    pub(crate) from: Shape,
    pub(crate) output: &'a mut [Block],
    pub(crate) to: Shape,
    /// For one row of the input.
    pub(crate) scratch: &'a mut Vec<Block>,
}

/// A place between two neighbours.
#[derive(Debug, Clone, Copy)]
struct Between {
    first: usize,
    second: usize,
    /// How much of the second.
    share: f32,
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)] // small, not negative
fn places(from: usize, to: usize) -> Vec<Between> {
    let scale = from as f32 / to as f32;
    (0..to)
        .map(|index| {
            let place = ((index as f32 + 0.5) * scale - 0.5).clamp(0.0, (from - 1) as f32);
            let first = place as usize;
            Between {
                first,
                second: (first + 1).min(from - 1),
                share: place - first as f32,
            }
        })
        .collect()
}

impl Kernel for Resize<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let (down, across) = (
            places(self.from.rows, self.to.rows),
            places(self.from.columns, self.to.columns),
        );
        let columns = self.from.columns;
        self.scratch.clear();
        self.scratch.resize(columns, Block::ZERO);
        let planes = self.input.chunks_exact(self.from.pixels());
        for (source, target) in planes.zip(self.output.chunks_exact_mut(self.to.pixels())) {
            for (row, y) in target.chunks_exact_mut(self.to.columns).zip(&down) {
                let rows = (
                    &source[y.first * columns..][..columns],
                    &source[y.second * columns..][..columns],
                );
                let share = splat::<S, R>(simd, y.share);
                for ((mixed, upper), lower) in self.scratch.iter_mut().zip(rows.0).zip(rows.1) {
                    let upper = load::<S, R>(upper);
                    let step = sub(simd, load::<S, R>(lower), upper);
                    save::<S, R>(mul_add(simd, step, share, upper), mixed);
                }
                for (block, x) in row.iter_mut().zip(&across) {
                    let left = load::<S, R>(&self.scratch[x.first]);
                    let step = sub(simd, load::<S, R>(&self.scratch[x.second]), left);
                    let share = splat::<S, R>(simd, x.share);
                    save::<S, R>(mul_add(simd, step, share, left), block);
                }
            }
        }
    }
}
