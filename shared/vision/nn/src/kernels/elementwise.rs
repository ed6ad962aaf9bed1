//! Sums, products and activations, number by number.

use pulp::Simd;

use super::lanes::{Lanes, activate, add, load, mul, save};
use crate::{block::Block, isa::Kernel, program::Activation};

/// What is computed; operands have the output's shape but for [`Element::MultiplyPlanes`].
#[derive(Debug, Clone, Copy)]
pub(crate) enum Element<'a> {
    Activate(&'a [Block]),
    Add(&'a [Block], &'a [Block]),
    Multiply(&'a [Block], &'a [Block]),
    /// One block of factors for each plane, which has this many pixels.
    MultiplyPlanes(&'a [Block], &'a [Block], usize),
}

/// An operation and its output. Where an operand lies in the output's place, `in_place` tells that the output is
/// to be taken for the first one.
pub(crate) struct Elementwise<'a> {
    pub(crate) element: Element<'a>,
    pub(crate) in_place: bool,
    pub(crate) activation: Activation,
    pub(crate) output: &'a mut [Block],
}

impl Kernel for Elementwise<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let Self {
            element,
            in_place,
            activation,
            output,
        } = self;
        let first = match element {
            Element::Activate(a)
            | Element::Add(a, _)
            | Element::Multiply(a, _)
            | Element::MultiplyPlanes(a, ..) => a,
        };
        for (index, target) in output.iter_mut().enumerate() {
            let a: Lanes<S, R> = if in_place {
                load::<S, R>(target)
            } else {
                load::<S, R>(&first[index])
            };
            let x = match element {
                Element::Activate(_) => a,
                Element::Add(_, b) => add(simd, a, load::<S, R>(&b[index])),
                Element::Multiply(_, b) => mul(simd, a, load::<S, R>(&b[index])),
                Element::MultiplyPlanes(_, b, pixels) => {
                    mul(simd, a, load::<S, R>(&b[index / pixels]))
                }
            };
            save::<S, R>(activate(simd, activation, x), target);
        }
    }
}
