//! From a pair's features to log-odds: a linear model, and a small net that bends it.

use std::ops::Range;

use crate::{
    bytes::{Broken, Reader, Writer},
    features::{BIAS, COLOR, COUNT, Features, STYLE, WORDS},
    parts::Parts,
};

/// Hidden units for each group.
pub(crate) const HIDDEN: usize = 8;
/// The groups in the order in which features stand.
pub(crate) const GROUPS: [Range<usize>; 4] = [STYLE, WORDS, COLOR, BIAS];
/// Standardised features beyond this count as this.
pub(crate) const LIMIT: f32 = 6.0;

/// Weights for standardised features. Every group of features has its own hidden units, and they add up (R. Agarwal
/// et al., "Neural additive models", 2021), so that what a group contributes is exact for the net too.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Head {
    /// What is taken from features that are known first; zero for those of which zero means that nothing speaks for
    /// the pair.
    pub(crate) means: Vec<f32>,
    /// What they are multiplied with then.
    pub(crate) scales: Vec<f32>,
    pub(crate) linear: Vec<f32>,
    /// None for the linear model.
    pub(crate) net: Option<Net>,
}

/// One layer of hidden units for each group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Net {
    /// `HIDDEN` rows of `COUNT` values; row h holds the weights of the h-th unit of every group.
    pub(crate) inner: Vec<f32>,
    /// For each group `HIDDEN` values.
    pub(crate) offset: Vec<f32>,
    /// For each group `HIDDEN` values.
    pub(crate) outer: Vec<f32>,
}

impl Net {
    /// A group's bend, zero where all its features are.
    fn bend(&self, group: usize, range: &Range<usize>, x: &[f32]) -> f32 {
        let units = group * HIDDEN..(group + 1) * HIDDEN;
        let offsets = self.offset.get(units.clone()).unwrap_or_default();
        let outers = self.outer.get(units).unwrap_or_default();
        let rows = self.inner.chunks_exact(COUNT);
        let mut sum = 0.0;
        for ((row, offset), outer) in rows.zip(offsets).zip(outers) {
            let weights = row.get(range.clone()).unwrap_or_default();
            let products = weights.iter().zip(x).map(|(w, x)| w * x);
            sum += outer * ((offset + products.sum::<f32>()).tanh() - offset.tanh());
        }
        sum
    }
}

impl Head {
    /// The features as the weights want them.
    pub(crate) fn standardise(&self, features: &Features) -> Features {
        let mut all = *features;
        for ((x, mean), scale) in all.iter_mut().zip(&self.means).zip(&self.scales) {
            if *x != 0.0 {
                *x = ((*x - mean) * scale).clamp(-LIMIT, LIMIT);
            }
        }
        all
    }

    pub(crate) fn parts(&self, features: &Features) -> Parts {
        let x = self.standardise(features);
        let part = |group: usize, range: Range<usize>| {
            let x = x.get(range.clone()).unwrap_or_default();
            let weights = self.linear.get(range.clone()).unwrap_or_default();
            let straight: f32 = weights.iter().zip(x).map(|(w, x)| w * x).sum();
            let bend = self.net.as_ref().map(|net| net.bend(group, &range, x));
            straight + bend.unwrap_or_default()
        };
        let [style, words, color, bias] = GROUPS;
        Parts {
            style: part(0, style),
            words: part(1, words),
            color: part(2, color),
            bias: part(3, bias),
        }
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.floats(&self.means);
        to.floats(&self.scales);
        to.floats(&self.linear);
        to.count(usize::from(self.net.is_some()));
        if let Some(net) = &self.net {
            to.floats(&net.inner);
            to.floats(&net.offset);
            to.floats(&net.outer);
        }
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let means = from.floats(COUNT)?;
        let scales = from.floats(COUNT)?;
        let linear = from.floats(COUNT)?;
        let net = if from.count(1)? == 1 {
            Some(Net {
                inner: from.floats(HIDDEN * COUNT)?,
                offset: from.floats(GROUPS.len() * HIDDEN)?,
                outer: from.floats(GROUPS.len() * HIDDEN)?,
            })
        } else {
            None
        };
        Ok(Self {
            means,
            scales,
            linear,
            net,
        })
    }
}
