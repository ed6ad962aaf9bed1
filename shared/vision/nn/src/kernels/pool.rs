//! The largest of each window, and the mean of each channel.

use pulp::Simd;

use super::lanes::{add, load, max, mul, save, splat};
use crate::{
    block::{Block, Shape},
    isa::Kernel,
    program::Window,
};

/// The largest numbers under a window; what lies outside the picture is left out.
pub(crate) struct MaxPool<'a> {
    pub(crate) window: Window,
    pub(crate) input: &'a [Block],
    pub(crate) from: Shape,
    pub(crate) output: &'a mut [Block],
    pub(crate) to: Shape,
}

impl Kernel for MaxPool<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let Window {
            size,
            stride,
            padding,
            ..
        } = self.window;
        let planes = self.input.chunks_exact(self.from.pixels());
        for (source, target) in planes.zip(self.output.chunks_exact_mut(self.to.pixels())) {
            for (y, row) in target.chunks_exact_mut(self.to.columns).enumerate() {
                let ys = under(y, size.0, stride.0, padding.0, self.from.rows);
                for (x, block) in row.iter_mut().enumerate() {
                    let xs = under(x, size.1, stride.1, padding.1, self.from.columns);
                    let mut largest = splat::<S, R>(simd, f32::NEG_INFINITY);
                    for y in ys.clone() {
                        for pixel in &source[y * self.from.columns..][xs.clone()] {
                            largest = max(simd, largest, load::<S, R>(pixel));
                        }
                    }
                    save::<S, R>(largest, block);
                }
            }
        }
    }
}

/// The rows or columns of a picture that lie under the window.
fn under(
    index: usize,
    size: usize,
    stride: usize,
    padding: usize,
    limit: usize,
) -> std::ops::Range<usize> {
    let end = (index * stride + size).saturating_sub(padding).min(limit);
    (index * stride).saturating_sub(padding).min(end)..end
}

/// The mean of each channel.
pub(crate) struct Average<'a> {
    pub(crate) input: &'a [Block],
    pub(crate) pixels: usize,
    pub(crate) output: &'a mut [Block],
}

impl Kernel for Average<'_> {
    #[inline(always)]
    #[allow(clippy::cast_precision_loss)] // pictures have far fewer than 2²⁴ pixels
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let share = splat::<S, R>(simd, 1.0 / self.pixels as f32);
        for (plane, target) in self.input.chunks_exact(self.pixels).zip(self.output) {
            // Four sums: a single one would wait for itself, and be less exact.
            let mut sums = [splat::<S, R>(simd, 0.0); 4];
            for pixels in plane.chunks(4) {
                for (sum, pixel) in sums.iter_mut().zip(pixels) {
                    *sum = add(simd, *sum, load::<S, R>(pixel));
                }
            }
            let [a, b, c, d] = sums;
            let total = add(simd, add(simd, a, b), add(simd, c, d));
            save::<S, R>(mul(simd, total, share), target);
        }
    }
}
