//! A head as it is used for every pair: what rests on the weights alone is computed once, and units lie side by side.

use std::ops::Range;

use crate::{
    curves::tanh,
    features::{COUNT, Features},
    head::{GROUPS, HIDDEN, Head, LIMIT},
    parts::Parts,
    space::dot,
};

/// A value for each hidden unit of each group.
type Units = [[f32; HIDDEN]; GROUPS.len()];

/// Weights in the order of use.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Served {
    means: [f32; COUNT],
    scales: [f32; COUNT],
    /// Calibrated, as all that comes out.
    linear: [f32; COUNT],
    bend: Option<Box<Bend>>,
}

/// The net.
#[derive(Debug, Clone, PartialEq)]
struct Bend {
    /// For each feature its weight in each unit of its group.
    inner: [[f32; HIDDEN]; COUNT],
    offset: Units,
    /// What the units say of nothing.
    rest: Units,
    outer: Units,
}

impl Served {
    /// `gain` is the calibration that all log-odds are multiplied with.
    pub(crate) fn new(head: &Head, gain: f32) -> Self {
        let bend = head.net.as_ref().map(|net| {
            let mut inner = [[0.0; HIDDEN]; COUNT];
            for (unit, row) in net.inner.chunks_exact(COUNT).take(HIDDEN).enumerate() {
                for (of_feature, weight) in inner.iter_mut().zip(row) {
                    of_feature[unit] = *weight;
                }
            }
            let offset = units(&net.offset);
            Box::new(Bend {
                inner,
                offset,
                rest: offset.map(|group| group.map(tanh)),
                outer: units(&net.outer).map(|group| group.map(|weight| weight * gain)),
            })
        });
        Self {
            means: array(&head.means),
            scales: array(&head.scales),
            linear: array(&head.linear).map(|weight| weight * gain),
            bend,
        }
    }

    /// What a pair of these features contributes.
    pub(crate) fn parts(&self, features: &Features) -> Parts {
        let x = self.standardise(features);
        let straight = |range: Range<usize>| {
            let x = x.get(range.clone()).unwrap_or_default();
            dot(x, self.linear.get(range).unwrap_or_default())
        };
        let [mut style, mut words, mut color, mut bias] = GROUPS.map(straight);
        if let Some(bend) = &self.bend {
            let bent = bend.of(&x);
            style += bent[0];
            words += bent[1];
            color += bent[2];
            bias += bent[3];
        }
        Parts {
            style,
            words,
            color,
            bias,
        }
    }

    fn standardise(&self, features: &Features) -> Features {
        let mut all = *features;
        for ((x, mean), scale) in all.iter_mut().zip(&self.means).zip(&self.scales) {
            let value = (*x - mean) * scale;
            let value = if value > LIMIT { LIMIT } else { value };
            let value = if value < -LIMIT { -LIMIT } else { value };
            *x = if *x == 0.0 { 0.0 } else { value };
        }
        all
    }
}

impl Bend {
    /// Each group's bend, zero where all its features are.
    fn of(&self, x: &Features) -> [f32; GROUPS.len()] {
        let mut units = self.offset;
        for (sums, range) in units.iter_mut().zip(GROUPS) {
            let weights = self.inner.get(range.clone()).unwrap_or_default();
            let mut all = *sums;
            for (weights, x) in weights.iter().zip(x.get(range).unwrap_or_default()) {
                for (sum, weight) in all.iter_mut().zip(weights) {
                    *sum += weight * x;
                }
            }
            *sums = all;
        }
        for unit in units.as_flattened_mut() {
            *unit = tanh(*unit);
        }
        let mut bent = [0.0; GROUPS.len()];
        let rest = self.rest.iter().zip(&self.outer);
        for ((bent, said), (rest, outer)) in bent.iter_mut().zip(&units).zip(rest) {
            let off: [f32; HIDDEN] = std::array::from_fn(|unit| said[unit] - rest[unit]);
            *bent = dot(&off, outer);
        }
        bent
    }
}

/// As many values as there are, the rest zeros.
fn array<const N: usize>(from: &[f32]) -> [f32; N] {
    let mut all = [0.0; N];
    for (to, x) in all.iter_mut().zip(from) {
        *to = *x;
    }
    all
}

fn units(from: &[f32]) -> Units {
    let mut all = Units::default();
    for (to, x) in all.as_flattened_mut().iter_mut().zip(from) {
        *to = *x;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::Net;

    fn head(random: &mut fastrand::Rng, bent: bool) -> Head {
        let mut some = |count: usize| (0..count).map(|_| random.f32() * 2.0 - 1.0).collect();
        Head {
            means: some(COUNT),
            scales: some(COUNT),
            linear: some(COUNT),
            net: bent.then(|| Net {
                inner: some(HIDDEN * COUNT),
                offset: some(GROUPS.len() * HIDDEN),
                outer: some(GROUPS.len() * HIDDEN),
            }),
        }
    }

    #[test]
    fn it_says_what_the_head_says_that_was_learned() {
        let mut random = fastrand::Rng::with_seed(4);
        for bent in [false, true] {
            let head = head(&mut random, bent);
            let gain = 0.7;
            let served = Served::new(&head, gain);
            for _ in 0..1_000 {
                let features: Features = std::array::from_fn(|_| match random.u8(..4) {
                    0 => 0.0,
                    1 => random.f32() * 1e4,
                    _ => random.f32() * 2.0 - 1.0,
                });
                let (one, other) = (served.parts(&features), head.parts(&features).times(gain));
                let pairs = [
                    (one.style, other.style),
                    (one.words, other.words),
                    (one.color, other.color),
                    (one.bias, other.bias),
                ];
                for (one, other) in pairs {
                    assert!((one - other).abs() < 1e-4, "{one} {other}");
                }
            }
            assert_eq!(served.parts(&[0.0; COUNT]), Parts::default());
        }
    }
}
