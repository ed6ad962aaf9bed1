//! What happens to a result on its way to memory.

use pulp::Simd;

use super::lanes::{Lanes, activate, add, load, save};
use crate::{block::Block, program::Activation};

/// A picture that is added to a result, pixel by pixel.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Addend<'a> {
    None,
    /// Another picture of the output's shape.
    Other(&'a [Block]),
    /// What is in the output's place.
    InPlace,
}

/// How results are finished: `activation(x + addend)`, or `activation(x) + addend` if it comes last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finish<'a> {
    pub(crate) activation: Activation,
    pub(crate) addend: Addend<'a>,
    pub(crate) last: bool,
}

impl Finish<'_> {
    pub(crate) const NOTHING: Self = Self {
        activation: Activation::None,
        addend: Addend::None,
        last: false,
    };

    /// Finishes `x` and saves it as block `at` of `output`.
    #[inline(always)]
    pub(crate) fn save<S: Simd, const R: usize>(
        &self,
        simd: S,
        x: Lanes<S, R>,
        output: &mut [Block],
        at: usize,
    ) {
        let target = &mut output[at];
        let addend = match self.addend {
            Addend::None => None,
            Addend::Other(blocks) => Some(load::<S, R>(&blocks[at])),
            Addend::InPlace => Some(load::<S, R>(target)),
        };
        let done = match addend {
            None => activate(simd, self.activation, x),
            Some(other) if self.last => add(simd, activate(simd, self.activation, x), other),
            Some(other) => activate(simd, self.activation, add(simd, x, other)),
        };
        save::<S, R>(done, target);
    }
}
