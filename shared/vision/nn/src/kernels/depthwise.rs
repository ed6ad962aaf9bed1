//! Depthwise convolutions: each channel with a window of its own.

use pulp::{Simd, WithSimd};

use super::{
    lanes::{Lanes, load, mul_add},
    stage::{Part, Plane, stage},
    store::Finish,
};
use crate::{
    block::{Block, LANES, Shape},
    isa::Kernel,
    program::Convolution,
};

/// Blocks that are staged at a time: an eighth of a megabyte.
const BAND: usize = 2048;

/// A depthwise convolution and the memory that it works on.
pub(crate) struct Depthwise<'a> {
    pub(crate) convolution: &'a Convolution,
    pub(crate) planes: &'a [Plane<'a>],
    pub(crate) input: Shape,
    pub(crate) shape: Shape,
    pub(crate) output: &'a mut [Block],
    pub(crate) finish: Finish<'a>,
    /// For staged rows.
    pub(crate) scratch: &'a mut Vec<Block>,
}

impl Kernel for Depthwise<'_> {
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let window = self.convolution.window;
        let ((high, wide), (down, right)) = (window.size, window.stride);
        let (above, beside) = window.dilation;
        let reach = (high - 1) * above + 1;
        let columns = (self.shape.columns - 1) * right + (wide - 1) * beside + 1;
        let band = ((BAND / columns).saturating_sub(reach) / down + 1).min(self.shape.rows);
        let rows = (band - 1) * down + reach;
        let taps: Vec<usize> = (0..high)
            .flat_map(|y| (0..wide).map(move |x| y * above * columns + x * beside))
            .collect();
        self.scratch.clear();
        self.scratch.resize(rows * columns, Block::ZERO);
        for (plane, source) in self.planes.iter().enumerate() {
            let weights = &self.convolution.weights[plane * taps.len()..][..taps.len()];
            for start in (0..self.shape.rows).step_by(band) {
                let part = Part {
                    top: (start * down).cast_signed() - window.padding.0.cast_signed(),
                    rows,
                    left: -window.padding.1.cast_signed(),
                    columns,
                };
                stage(
                    *source,
                    self.input.rows,
                    self.input.columns,
                    part,
                    self.scratch,
                );
                for y in start..(start + band).min(self.shape.rows) {
                    let row = Row::<R> {
                        pixels: &self.scratch[(y - start) * down * columns..],
                        taps: &taps,
                        step: right,
                        weights,
                        bias: self.convolution.bias[plane],
                        output: self.output,
                        at: plane * self.shape.pixels() + y * self.shape.columns,
                        width: self.shape.columns,
                        finish: self.finish,
                    };
                    simd.vectorize(row);
                }
            }
        }
    }
}

/// One row of 16 channels.
struct Row<'a, const R: usize> {
    pixels: &'a [Block],
    taps: &'a [usize],
    step: usize,
    weights: &'a [Block],
    bias: Block,
    output: &'a mut [Block],
    at: usize,
    width: usize,
    finish: Finish<'a>,
}

impl<const R: usize> WithSimd for Row<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let mut x = 0;
        let wide = if S::F32_LANES == LANES { 8 } else { 4 };
        while x + wide <= self.width {
            match (S::F32_LANES == LANES, self.step) {
                (true, 1) => self.pixels::<S, 8, 1>(simd, x),
                (true, _) => self.pixels::<S, 8, 2>(simd, x),
                (false, 1) => self.pixels::<S, 4, 1>(simd, x),
                (false, _) => self.pixels::<S, 4, 2>(simd, x),
            }
            x += wide;
        }
        for x in x..self.width {
            match self.step {
                1 => self.pixels::<S, 1, 1>(simd, x),
                _ => self.pixels::<S, 1, 2>(simd, x),
            }
        }
    }
}

impl<const R: usize> Row<'_, R> {
    #[inline(always)]
    fn pixels<S: Simd, const P: usize, const STEP: usize>(&mut self, simd: S, x: usize) {
        let mut sums: [Lanes<S, R>; P] = [load::<S, R>(&self.bias); P];
        for (tap, weight) in self.taps.iter().zip(self.weights) {
            let pixels = &self.pixels[x * STEP + tap..][..(P - 1) * STEP + 1];
            let weight = load::<S, R>(weight);
            for p in 0..P {
                sums[p] = mul_add(simd, load::<S, R>(&pixels[p * STEP]), weight, sums[p]);
            }
        }
        for (p, sum) in sums.into_iter().enumerate() {
            let at = self.at + x + p;
            self.finish.save::<S, R>(simd, sum, self.output, at);
        }
    }
}
