//! Dense convolutions of any window, computed as they are written.

use pulp::Simd;

use super::{
    stage::{Part, Plane, stage},
    store::Finish,
    tile::{Strip, strip, strips},
};
use crate::{
    block::{Block, LANES, Shape},
    isa::Kernel,
    program::Convolution,
};

/// Blocks of input that are worked on at a time: a quarter of a megabyte, which second-level caches hold.
const BAND: usize = 4096;

/// A convolution and the memory that it works on.
pub(crate) struct Dense<'a> {
    pub(crate) convolution: &'a Convolution,
    /// The input's planes, of as many pixels as `input` has.
    pub(crate) planes: &'a [Plane<'a>],
    /// With the channels of all planes.
    pub(crate) input: Shape,
    pub(crate) shape: Shape,
    pub(crate) output: &'a mut [Block],
    pub(crate) finish: Finish<'a>,
    /// For staged rows.
    pub(crate) scratch: &'a mut Vec<Block>,
}

impl Kernel for Dense<'_> {
    fn run<S: Simd, const R: usize>(mut self, simd: S) {
        if !self.pointwise::<S, R>(simd) {
            self.windowed::<S, R>(simd);
        }
    }
}

impl Dense<'_> {
    /// 1×1 convolutions, for which all pixels are one row. Answers whether this is one.
    fn pointwise<S: Simd, const R: usize>(&mut self, simd: S) -> bool {
        let window = self.convolution.window;
        let plain = window.size == (1, 1)
            && window.stride == (1, 1)
            && window.padding == (0, 0)
            && (self.input.rows, self.input.columns) == (self.shape.rows, self.shape.columns);
        let planes: Option<Vec<&[Block]>> = self
            .planes
            .iter()
            .map(|plane| match plane {
                Plane::Blocked(blocks) => Some(*blocks),
                Plane::Planar(_) => None,
            })
            .collect();
        let Some(planes) = planes.filter(|_| plain) else {
            return false;
        };
        let chunk = (BAND / planes.len().max(1)).max(LANES);
        let pixels = self.shape.pixels();
        for start in (0..pixels).step_by(chunk) {
            let row = Row {
                planes: &planes,
                first: start,
                taps: &[0],
                at: start,
                width: chunk.min(pixels - start),
            };
            for group in self.groups::<S>() {
                self.row::<S, R, 1>(simd, &row, group);
            }
        }
        true
    }

    /// All others: a band of rows is staged, with zeros around it, and then computed row by row.
    fn windowed<S: Simd, const R: usize>(&mut self, simd: S) {
        let window = self.convolution.window;
        let ((high, wide), (down, right)) = (window.size, window.stride);
        let (above, beside) = window.dilation;
        let reach = (high - 1) * above + 1;
        let columns = (self.shape.columns - 1) * right + (wide - 1) * beside + 1;
        let count = self.planes.len();
        let fit = BAND / (count * columns).max(1);
        let band = (fit.saturating_sub(reach) / down + 1).min(self.shape.rows);
        let rows = (band - 1) * down + reach;
        let taps: Vec<usize> = (0..high)
            .flat_map(|y| (0..wide).map(move |x| y * above * columns + x * beside))
            .collect();
        let plane = rows * columns;
        let mut staged = std::mem::take(self.scratch);
        staged.clear();
        staged.resize(count * plane, Block::ZERO);
        for start in (0..self.shape.rows).step_by(band) {
            let part = Part {
                top: (start * down).cast_signed() - window.padding.0.cast_signed(),
                rows,
                left: -window.padding.1.cast_signed(),
                columns,
            };
            for (source, target) in self.planes.iter().zip(staged.chunks_exact_mut(plane)) {
                stage(*source, self.input.rows, self.input.columns, part, target);
            }
            let planes: Vec<&[Block]> = staged.chunks_exact(plane).collect();
            for group in self.groups::<S>() {
                for y in start..(start + band).min(self.shape.rows) {
                    let row = Row {
                        planes: &planes,
                        first: (y - start) * down * columns,
                        taps: &taps,
                        at: y * self.shape.columns,
                        width: self.shape.columns,
                    };
                    if right == 1 {
                        self.row::<S, R, 1>(simd, &row, group);
                    } else {
                        self.row::<S, R, 2>(simd, &row, group);
                    }
                }
            }
        }
        *self.scratch = staged;
    }

    /// Blocks of output channels that are computed together: (first, number).
    fn groups<S: Simd>(&self) -> impl Iterator<Item = (usize, usize)> + use<S> {
        let size = if S::F32_LANES == LANES { 2 } else { 1 };
        let planes = self.shape.planes();
        (0..planes)
            .step_by(size)
            .map(move |first| (first, size.min(planes - first)))
    }

    fn row<S: Simd, const R: usize, const STEP: usize>(
        &mut self,
        simd: S,
        row: &Row<'_>,
        group: (usize, usize),
    ) {
        if group.1 == 2 {
            self.strips::<S, R, 2, STEP>(simd, row, group.0);
        } else {
            self.strips::<S, R, 1, STEP>(simd, row, group.0);
        }
    }

    fn strips<S: Simd, const R: usize, const V: usize, const STEP: usize>(
        &mut self,
        simd: S,
        row: &Row<'_>,
        group: usize,
    ) {
        let size = self.input.channels * row.taps.len();
        let weights =
            std::array::from_fn(|v| &self.convolution.weights[(group + v) * size..][..size]);
        let bias = std::array::from_fn(|v| self.convolution.bias[group + v]);
        for (start, width) in strips::<S>(row.width) {
            strip::<S, R, V, STEP>(
                simd,
                width,
                Strip {
                    planes: row.planes,
                    channels: self.input.channels,
                    first: row.first + start * STEP,
                    taps: row.taps,
                    weights,
                    bias,
                    output: self.output,
                    at: std::array::from_fn(|v| (group + v) * self.shape.pixels() + row.at + start),
                    finish: self.finish,
                },
            );
        }
    }
}

/// Neighbouring output pixels and what they are computed from.
struct Row<'a> {
    planes: &'a [&'a [Block]],
    first: usize,
    taps: &'a [usize],
    at: usize,
    width: usize,
}
