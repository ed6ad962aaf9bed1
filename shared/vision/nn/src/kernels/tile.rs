//! The innermost loop of dense convolutions: a strip of neighbouring pixels times one or two blocks of output
//! channels, all of which stay in registers while the input's channels pass by.

use pulp::{Simd, WithSimd};

use super::{
    lanes::{Lanes, load, mul_add, splat},
    store::Finish,
};
use crate::block::{Block, LANES};

/// What a strip is computed from and where it goes.
pub(crate) struct Strip<'a, const V: usize> {
    /// Planes of the input.
    pub(crate) planes: &'a [&'a [Block]],
    pub(crate) channels: usize,
    /// Of the first pixel under the window, in a plane.
    pub(crate) first: usize,
    /// Of the window's places, relative to the first.
    pub(crate) taps: &'a [usize],
    /// For each of the `V` blocks of output channels.
    pub(crate) weights: [&'a [Block]; V],
    pub(crate) bias: [Block; V],
    pub(crate) output: &'a mut [Block],
    /// Of the first pixel, for each of the `V` blocks.
    pub(crate) at: [usize; V],
    pub(crate) finish: Finish<'a>,
}

/// The most pixels of a strip, so that its sums fit into the registers.
pub(crate) const fn widest<S: Simd>() -> usize {
    if S::F32_LANES == LANES { 14 } else { 6 }
}

/// Divides `count` pixels into strips of nearly the same width, none wider than [`widest`]: (first, width).
pub(crate) fn strips<S: Simd>(count: usize) -> impl Iterator<Item = (usize, usize)> {
    let number = count.div_ceil(widest::<S>());
    (0..number).map(move |index| {
        let (start, end) = (index * count / number, (index + 1) * count / number);
        (start, end - start)
    })
}

/// Computes a strip of this width, over input pixels that are `STEP` apart. Never inlined: many widths in one
/// function are more than the compiler keeps in registers.
#[inline(never)]
pub(crate) fn strip<S: Simd, const R: usize, const V: usize, const STEP: usize>(
    simd: S,
    width: usize,
    strip: Strip<'_, V>,
) {
    macro_rules! widths {
        ($($width:literal)*) => {
            match width {
                $($width => simd.vectorize(Tile::<'_, R, V, $width, STEP>(strip)),)*
                _ => {}
            }
        };
    }
    if S::F32_LANES == LANES {
        widths!(1 2 3 4 5 6 7 8 9 10 11 12 13 14)
    } else {
        widths!(1 2 3 4 5 6)
    }
}

struct Tile<'a, const R: usize, const V: usize, const P: usize, const STEP: usize>(Strip<'a, V>);

impl<const R: usize, const V: usize, const P: usize, const STEP: usize> WithSimd
    for Tile<'_, R, V, P, STEP>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(strip) = self;
        let mut sums: [[Lanes<S, R>; P]; V] =
            std::array::from_fn(|v| [load::<S, R>(&strip.bias[v]); P]);
        let mut weight = 0;
        for (plane, pixels) in strip.planes.iter().enumerate() {
            let channels = (strip.channels - plane * LANES).min(LANES);
            for tap in strip.taps {
                let pixels = &pixels[strip.first + tap..][..(P - 1) * STEP + 1];
                let weights: [&[Block]; V] =
                    std::array::from_fn(|v| &strip.weights[v][weight..][..channels]);
                weight += channels;
                if channels == LANES {
                    // The same with a length that is known.
                    let weights: [&[Block]; V] = std::array::from_fn(|v| &weights[v][..LANES]);
                    for channel in 0..LANES {
                        accumulate::<S, R, V, P, STEP>(simd, &mut sums, pixels, weights, channel);
                    }
                } else {
                    for channel in 0..channels {
                        accumulate::<S, R, V, P, STEP>(simd, &mut sums, pixels, weights, channel);
                    }
                }
            }
        }
        for (sums, at) in sums.into_iter().zip(strip.at) {
            for (p, sum) in sums.into_iter().enumerate() {
                strip.finish.save::<S, R>(simd, sum, strip.output, at + p);
            }
        }
    }
}

#[inline(always)]
fn accumulate<S: Simd, const R: usize, const V: usize, const P: usize, const STEP: usize>(
    simd: S,
    sums: &mut [[Lanes<S, R>; P]; V],
    pixels: &[Block],
    weights: [&[Block]; V],
    channel: usize,
) {
    let weights: [Lanes<S, R>; V] = std::array::from_fn(|v| load::<S, R>(&weights[v][channel]));
    for p in 0..P {
        let number = splat::<S, R>(simd, pixels[p * STEP].0[channel]);
        for v in 0..V {
            sums[v][p] = mul_add(simd, number, weights[v], sums[v][p]);
        }
    }
}
