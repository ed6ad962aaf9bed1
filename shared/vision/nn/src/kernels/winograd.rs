//! 3×3 convolutions by Winograd's minimal filtering F(4×4, 3×3): 36 products for 16 pixels instead of 144.
//!
//! A tile of 6×6 input pixels becomes 36 numbers for each channel; these are multiplied like 36 separate 1×1
//! convolutions; and the 36 sums become 4×4 output pixels. Matrices as in Lavin and Gray, "Fast Algorithms for
//! Convolutional Neural Networks" (2015).

use pulp::{Simd, WithSimd};

use super::{
    lanes::{Lanes, add, load, mul_add_one},
    stage::{Part, Plane, stage},
    store::Finish,
    tile::{Strip, strip, strips, widest},
};
use crate::{
    block::{Block, LANES, Shape},
    isa::Kernel,
    program::Convolution,
};

/// Output pixels a side of a tile.
const TILE: usize = 4;
/// Input pixels a side of a tile.
const PATCH: usize = 6;
const POSITIONS: usize = PATCH * PATCH;
/// Blocks of transformed input and output that are worked on at a time: five eighths of a megabyte.
const BAND: usize = 10_240;
/// The fewest tiles at a time, in strips: the weights pass by once for each group.
const STRIPS: usize = 2;

/// Whether a convolution is computed here: only where the products outweigh the transforms.
pub(crate) fn suits(convolution: &Convolution, channels: usize, shape: Shape) -> bool {
    let window = convolution.window;
    let plain = window.size == (3, 3) && window.stride == (1, 1) && window.dilation == (1, 1);
    plain && !convolution.depthwise && channels >= LANES && shape.pixels() >= TILE * TILE
}

/// Turns weights of the file's order (output block, input block, 3×3, input channel) into (position, output block,
/// input channel): `G · g · Gᵀ` for each pair of channels.
pub(crate) fn transform_weights(weights: &[Block], channels: usize, planes: usize) -> Vec<Block> {
    let mut transformed = vec![Block::ZERO; POSITIONS * planes * channels];
    for plane in 0..planes {
        for channel in 0..channels {
            let first = channel / LANES * LANES;
            let together = LANES.min(channels - first);
            let start = (plane * channels + first) * 9 + channel - first;
            let taps: [Block; 9] = std::array::from_fn(|tap| weights[start + tap * together]);
            for (position, sum) in weight_positions(&taps).into_iter().enumerate() {
                transformed[(position * planes + plane) * channels + channel] = sum;
            }
        }
    }
    transformed
}

/// `G · g · Gᵀ`, for 16 output channels at once.
fn weight_positions(taps: &[Block; 9]) -> [Block; POSITIONS] {
    let mut half = [[Block::ZERO; 3]; PATCH];
    for x in 0..3 {
        let column = weight_line([&taps[x], &taps[3 + x], &taps[6 + x]]);
        for (row, block) in half.iter_mut().zip(column) {
            row[x] = block;
        }
    }
    let mut positions = [Block::ZERO; POSITIONS];
    for (target, [left, middle, right]) in positions.chunks_exact_mut(PATCH).zip(&half) {
        target.copy_from_slice(&weight_line([left, middle, right]));
    }
    positions
}

/// `G · g` for one line.
fn weight_line([a, b, c]: [&Block; 3]) -> [Block; PATCH] {
    let mut line = [Block::ZERO; PATCH];
    for lane in 0..LANES {
        let (a, b, c) = (a.0[lane], b.0[lane], c.0[lane]);
        let (outer, wide) = (-(a + c) * (1.0 / 6.0), a * (1.0 / 24.0) + c * (1.0 / 6.0));
        line[0].0[lane] = a * 0.25;
        line[1].0[lane] = outer - b * (1.0 / 6.0);
        line[2].0[lane] = outer + b * (1.0 / 6.0);
        line[3].0[lane] = wide + b * (1.0 / 12.0);
        line[4].0[lane] = wide - b * (1.0 / 12.0);
        line[5].0[lane] = c;
    }
    line
}

/// A convolution with transformed weights and the memory that it works on.
pub(crate) struct Winograd<'a> {
    pub(crate) convolution: &'a Convolution,
    pub(crate) planes: &'a [Plane<'a>],
    /// With the channels of all planes.
    pub(crate) input: Shape,
    pub(crate) shape: Shape,
    pub(crate) output: &'a mut [Block],
    pub(crate) finish: Finish<'a>,
    /// For transformed tiles.
    pub(crate) scratch: &'a mut Vec<Block>,
}

impl Kernel for Winograd<'_> {
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let across = self.shape.columns.div_ceil(TILE);
        let tiles = across * self.shape.rows.div_ceil(TILE);
        let (inputs, outputs) = (self.planes.len(), self.shape.planes());
        let fit = BAND / (POSITIONS * (inputs + outputs)) / widest::<S>();
        let group = (fit.max(STRIPS) * widest::<S>()).min(tiles);
        let mut memory = std::mem::take(self.scratch);
        memory.clear();
        memory.resize(POSITIONS * (inputs + outputs) * group, Block::ZERO);
        let (patches, sums) = memory.split_at_mut(POSITIONS * inputs * group);
        for first in (0..tiles).step_by(group) {
            let count = group.min(tiles - first);
            for (plane, source) in self.planes.iter().enumerate() {
                simd.vectorize(Forward::<R> {
                    source: *source,
                    shape: self.input,
                    padding: self.convolution.window.padding,
                    across,
                    first,
                    count,
                    target: &mut patches[plane * group..],
                    step: inputs * group,
                });
            }
            self.multiply::<S, R>(simd, patches, sums, group, count);
            for plane in 0..outputs {
                let pixels = self.shape.pixels();
                simd.vectorize(Backward::<R> {
                    sums: &sums[plane * group..],
                    step: outputs * group,
                    across,
                    first,
                    count,
                    bias: self.convolution.bias[plane],
                    shape: self.shape,
                    output: self.output,
                    at: plane * pixels,
                    finish: self.finish,
                });
            }
        }
        *self.scratch = memory;
    }
}

impl Winograd<'_> {
    /// For each position, all input channels of the tiles by all output channels.
    fn multiply<S: Simd, const R: usize>(
        &self,
        simd: S,
        patches: &[Block],
        sums: &mut [Block],
        group: usize,
        count: usize,
    ) {
        let (inputs, outputs) = (self.planes.len(), self.shape.planes());
        let channels = self.input.channels;
        let planes: Vec<&[Block]> = patches.chunks_exact(group).collect();
        for position in 0..POSITIONS {
            let planes = &planes[position * inputs..][..inputs];
            let weights =
                &self.convolution.weights[position * outputs * channels..][..outputs * channels];
            let sums = &mut sums[position * outputs * group..][..outputs * group];
            let mut plane = 0;
            while plane < outputs {
                if S::F32_LANES == LANES && plane + 2 <= outputs {
                    product::<S, R, 2>(
                        simd,
                        planes,
                        channels,
                        weights,
                        sums,
                        (plane, group, count),
                    );
                    plane += 2;
                } else {
                    product::<S, R, 1>(
                        simd,
                        planes,
                        channels,
                        weights,
                        sums,
                        (plane, group, count),
                    );
                    plane += 1;
                }
            }
        }
    }
}

/// The products for `V` blocks of output channels from `plane` on, of `count` tiles that are kept in groups.
fn product<S: Simd, const R: usize, const V: usize>(
    simd: S,
    planes: &[&[Block]],
    channels: usize,
    weights: &[Block],
    sums: &mut [Block],
    (plane, group, count): (usize, usize, usize),
) {
    for (start, width) in strips::<S>(count) {
        strip::<S, R, V, 1>(
            simd,
            width,
            Strip {
                planes,
                channels,
                first: start,
                taps: &[0],
                weights: std::array::from_fn(|v| &weights[(plane + v) * channels..][..channels]),
                bias: [Block::ZERO; V],
                output: sums,
                at: std::array::from_fn(|v| (plane + v) * group + start),
                finish: Finish::NOTHING,
            },
        );
    }
}

/// Transforms the tiles of 16 input channels.
struct Forward<'a, const R: usize> {
    source: Plane<'a>,
    shape: Shape,
    padding: (usize, usize),
    /// Tiles in a row.
    across: usize,
    first: usize,
    count: usize,
    target: &'a mut [Block],
    /// From one position to the next in the target.
    step: usize,
}

impl<const R: usize> WithSimd for Forward<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for index in 0..self.count {
            let tile = self.first + index;
            let part = Part {
                top: (tile / self.across * TILE).cast_signed() - self.padding.0.cast_signed(),
                rows: PATCH,
                left: (tile % self.across * TILE).cast_signed() - self.padding.1.cast_signed(),
                columns: PATCH,
            };
            if let Some(rows) = inside(self.source, self.shape, part) {
                forward::<S, R>(simd, rows, self.target, index, self.step);
            } else {
                let mut patch = [Block::ZERO; POSITIONS];
                stage(
                    self.source,
                    self.shape.rows,
                    self.shape.columns,
                    part,
                    &mut patch,
                );
                let rows = std::array::from_fn(|y| &patch[y * PATCH..][..PATCH]);
                forward::<S, R>(simd, rows, self.target, index, self.step);
            }
        }
    }
}

/// The part's rows where they lie, if all of it is within the picture.
#[inline(always)]
fn inside<'a>(source: Plane<'a>, shape: Shape, part: Part) -> Option<[&'a [Block]; PATCH]> {
    let Plane::Blocked(blocks) = source else {
        return None;
    };
    let (top, left) = (
        usize::try_from(part.top).ok()?,
        usize::try_from(part.left).ok()?,
    );
    let within = top + PATCH <= shape.rows && left + PATCH <= shape.columns;
    within.then(|| std::array::from_fn(|y| &blocks[(top + y) * shape.columns + left..][..PATCH]))
}

#[inline(always)]
fn forward<S: Simd, const R: usize>(
    simd: S,
    rows: [&[Block]; PATCH],
    target: &mut [Block],
    index: usize,
    step: usize,
) {
    for r in 0..R {
        let mut half = [[simd.splat_f32s(0.0); PATCH]; PATCH];
        for x in 0..PATCH {
            let column = forward_line(
                simd,
                std::array::from_fn(|y| S::as_simd_f32s(&rows[y][x].0).0[r]),
            );
            for y in 0..PATCH {
                half[y][x] = column[y];
            }
        }
        for (y, row) in half.into_iter().enumerate() {
            let numbers = forward_line(simd, row);
            for x in 0..PATCH {
                let block = &mut target[(y * PATCH + x) * step + index];
                S::as_mut_simd_f32s(&mut block.0).0[r] = numbers[x];
            }
        }
    }
}

/// `Bᵀ · d` for one line.
#[inline(always)]
fn forward_line<S: Simd>(simd: S, d: [S::f32s; PATCH]) -> [S::f32s; PATCH] {
    let number = |value| simd.splat_f32s(value);
    let (four, minus_four, minus_five) = (number(4.0), number(-4.0), number(-5.0));
    let (two, minus_two) = (number(2.0), number(-2.0));
    let (even, odd) = (
        mul_add_one(simd, d[2], minus_four, d[4]),
        mul_add_one(simd, d[1], minus_four, d[3]),
    );
    let (near, far) = (simd.sub_f32s(d[4], d[2]), simd.sub_f32s(d[3], d[1]));
    [
        mul_add_one(simd, d[0], four, mul_add_one(simd, d[2], minus_five, d[4])),
        simd.add_f32s(even, odd),
        simd.sub_f32s(even, odd),
        mul_add_one(simd, far, two, near),
        mul_add_one(simd, far, minus_two, near),
        mul_add_one(simd, d[1], four, mul_add_one(simd, d[3], minus_five, d[5])),
    ]
}

/// Makes pixels of the sums of 16 output channels.
struct Backward<'a, const R: usize> {
    sums: &'a [Block],
    /// From one position to the next in the sums.
    step: usize,
    across: usize,
    first: usize,
    count: usize,
    bias: Block,
    shape: Shape,
    output: &'a mut [Block],
    /// Where the plane starts.
    at: usize,
    finish: Finish<'a>,
}

impl<const R: usize> WithSimd for Backward<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let bias: Lanes<S, R> = load::<S, R>(&self.bias);
        for index in 0..self.count {
            let tile = self.first + index;
            let (top, left) = (tile / self.across * TILE, tile % self.across * TILE);
            let mut pixels = [[Block::ZERO; TILE]; TILE];
            for r in 0..R {
                backward::<S>(simd, self.sums, index, self.step, r, &mut pixels);
            }
            let rows = TILE.min(self.shape.rows - top);
            let columns = TILE.min(self.shape.columns - left);
            for (y, row) in pixels.iter().enumerate().take(rows) {
                let at = self.at + (top + y) * self.shape.columns + left;
                for (x, pixel) in row.iter().enumerate().take(columns) {
                    let pixel = add(simd, load::<S, R>(pixel), bias);
                    self.finish.save::<S, R>(simd, pixel, self.output, at + x);
                }
            }
        }
    }
}

#[inline(always)]
fn backward<S: Simd>(
    simd: S,
    sums: &[Block],
    index: usize,
    step: usize,
    r: usize,
    pixels: &mut [[Block; TILE]; TILE],
) {
    let mut half = [[simd.splat_f32s(0.0); PATCH]; TILE];
    for x in 0..PATCH {
        let column =
            std::array::from_fn(|y| S::as_simd_f32s(&sums[(y * PATCH + x) * step + index].0).0[r]);
        let column = backward_line(simd, column);
        for y in 0..TILE {
            half[y][x] = column[y];
        }
    }
    for (row, line) in pixels.iter_mut().zip(half) {
        for (pixel, number) in row.iter_mut().zip(backward_line(simd, line)) {
            S::as_mut_simd_f32s(&mut pixel.0).0[r] = number;
        }
    }
}

/// `Aᵀ · m` for one line.
#[inline(always)]
fn backward_line<S: Simd>(simd: S, m: [S::f32s; PATCH]) -> [S::f32s; TILE] {
    let number = |value| simd.splat_f32s(value);
    let (near, near_odd) = (simd.add_f32s(m[1], m[2]), simd.sub_f32s(m[1], m[2]));
    let (far, far_odd) = (simd.add_f32s(m[3], m[4]), simd.sub_f32s(m[3], m[4]));
    [
        simd.add_f32s(m[0], simd.add_f32s(near, far)),
        mul_add_one(simd, far_odd, number(2.0), near_odd),
        mul_add_one(simd, far, number(4.0), near),
        simd.add_f32s(m[5], mul_add_one(simd, far_odd, number(8.0), near_odd)),
    ]
}
