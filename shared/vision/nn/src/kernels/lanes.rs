//! A block in registers: one of AVX-512, two of AVX2, four of NEON or SSE2.

use std::any::TypeId;

use pulp::Simd;

use crate::{block::Block, program::Activation};

/// A block as `R` registers of the instruction set `S`: `16 / S::F32_LANES` of them.
pub(crate) type Lanes<S, const R: usize> = [<S as Simd>::f32s; R];

#[inline(always)]
pub(crate) fn load<S: Simd, const R: usize>(block: &Block) -> Lanes<S, R> {
    let (lanes, _) = S::as_simd_f32s(&block.0);
    std::array::from_fn(|r| lanes[r])
}

#[inline(always)]
pub(crate) fn save<S: Simd, const R: usize>(lanes: Lanes<S, R>, block: &mut Block) {
    let (target, _) = S::as_mut_simd_f32s(&mut block.0);
    target[..R].copy_from_slice(&lanes);
}

#[inline(always)]
pub(crate) fn splat<S: Simd, const R: usize>(simd: S, value: f32) -> Lanes<S, R> {
    [simd.splat_f32s(value); R]
}

#[inline(always)]
pub(crate) fn add<S: Simd, const R: usize>(simd: S, a: Lanes<S, R>, b: Lanes<S, R>) -> Lanes<S, R> {
    std::array::from_fn(|r| simd.add_f32s(a[r], b[r]))
}

#[inline(always)]
pub(crate) fn sub<S: Simd, const R: usize>(simd: S, a: Lanes<S, R>, b: Lanes<S, R>) -> Lanes<S, R> {
    std::array::from_fn(|r| simd.sub_f32s(a[r], b[r]))
}

#[inline(always)]
pub(crate) fn mul<S: Simd, const R: usize>(simd: S, a: Lanes<S, R>, b: Lanes<S, R>) -> Lanes<S, R> {
    std::array::from_fn(|r| simd.mul_f32s(a[r], b[r]))
}

#[inline(always)]
pub(crate) fn max<S: Simd, const R: usize>(simd: S, a: Lanes<S, R>, b: Lanes<S, R>) -> Lanes<S, R> {
    std::array::from_fn(|r| simd.max_f32s(a[r], b[r]))
}

/// `a · b + c`, in one rounding where the instruction set has it. The portable set would call a function for it.
#[inline(always)]
pub(crate) fn mul_add<S: Simd, const R: usize>(
    simd: S,
    a: Lanes<S, R>,
    b: Lanes<S, R>,
    c: Lanes<S, R>,
) -> Lanes<S, R> {
    std::array::from_fn(|r| mul_add_one(simd, a[r], b[r], c[r]))
}

/// [`mul_add`] of one register.
#[inline(always)]
pub(crate) fn mul_add_one<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    if TypeId::of::<S>() == TypeId::of::<pulp::Scalar128b>() {
        simd.add_f32s(simd.mul_f32s(a, b), c)
    } else {
        simd.mul_add_e_f32s(a, b, c)
    }
}

#[inline(always)]
fn clip<S: Simd, const R: usize>(simd: S, x: Lanes<S, R>, low: f32, high: f32) -> Lanes<S, R> {
    let (low, high) = (simd.splat_f32s(low), simd.splat_f32s(high));
    std::array::from_fn(|r| simd.min_f32s(simd.max_f32s(x[r], low), high))
}

#[inline(always)]
pub(crate) fn activate<S: Simd, const R: usize>(
    simd: S,
    activation: Activation,
    x: Lanes<S, R>,
) -> Lanes<S, R> {
    match activation {
        Activation::None => x,
        Activation::Relu => max(simd, x, splat(simd, 0.0)),
        Activation::Clip { low, high } => clip(simd, x, low, high),
        Activation::HardSwish => {
            let gate = clip(simd, add(simd, x, splat(simd, 3.0)), 0.0, 6.0);
            mul(simd, mul(simd, x, gate), splat(simd, 1.0 / 6.0))
        }
        Activation::Sigmoid => sigmoid::<S, R>(x),
    }
}

/// Rare and over few pixels, so one number after the other.
#[inline(never)]
fn sigmoid<S: Simd, const R: usize>(x: Lanes<S, R>) -> Lanes<S, R> {
    let mut block = Block::ZERO;
    save::<S, R>(x, &mut block);
    for value in &mut block.0 {
        *value = 1.0 / (1.0 + (-*value).exp());
    }
    load::<S, R>(&block)
}
