//! Training of the net: Adam (D. P. Kingma and J. Ba, 2015) from where the linear model stands.

use fastrand::Rng;

use crate::{
    examples::Example,
    features::{COUNT, Features},
    head::{GROUPS, HIDDEN, Head, Net},
    logistic::sigmoid,
};

const EPOCHS: usize = 12;
const BATCH: usize = 64;
const RATE: f32 = 2e-3;
/// Pull of the hidden weights towards zero, for each example.
const DECAY: f32 = 1e-3;

/// Where each kind of weight stands among all.
const LINEAR: usize = 0;
const INNER: usize = LINEAR + COUNT;
const OFFSET: usize = INNER + HIDDEN * COUNT;
const OUTER: usize = OFFSET + GROUPS.len() * HIDDEN;
const BIAS: usize = OUTER + GROUPS.len() * HIDDEN;
const SIZE: usize = BIAS + 1;

/// A net that starts as the linear model and is bent towards the examples.
pub(crate) fn fit(examples: &[&Example], start: &Head, bias: f32, random: &mut Rng) -> (Head, f32) {
    let mut weights = vec![0.0; SIZE];
    for (to, from) in weights.iter_mut().zip(&start.linear) {
        *to = *from;
    }
    for (group, range) in GROUPS.iter().enumerate() {
        let spread = 1.0 / (range.len() as f32).sqrt();
        for unit in 0..HIDDEN {
            let row = INNER + unit * COUNT;
            let slots = weights.get_mut(row + range.start..row + range.end);
            for weight in slots.unwrap_or_default() {
                *weight = (random.f32() * 2.0 - 1.0) * spread;
            }
            if let Some(offset) = weights.get_mut(OFFSET + group * HIDDEN + unit) {
                *offset = random.f32() * 2.0 - 1.0;
            }
        }
    }
    if let Some(last) = weights.get_mut(BIAS) {
        *last = bias;
    }
    let mut adam = Adam::new();
    let mut order: Vec<usize> = (0..examples.len()).collect();
    for epoch in 0..EPOCHS {
        random.shuffle(&mut order);
        // The last steps are small, so that the order of examples leaves no trace.
        let rate = RATE * (1.0 - epoch as f32 / EPOCHS as f32);
        for batch in order.chunks(BATCH) {
            let mut slopes = vec![0.0; SIZE];
            for example in batch.iter().filter_map(|at| examples.get(*at)) {
                learn(example, start, &weights, &mut slopes);
            }
            let bent = INNER..BIAS;
            for (at, (slope, weight)) in slopes.iter_mut().zip(&weights).enumerate() {
                *slope /= batch.len() as f32;
                if bent.contains(&at) {
                    *slope += DECAY * weight;
                }
            }
            adam.step(&mut weights, &slopes, rate);
        }
    }
    let part = |from: usize, to: usize| weights.get(from..to).unwrap_or_default().to_vec();
    let head = Head {
        means: start.means.clone(),
        scales: start.scales.clone(),
        linear: part(LINEAR, INNER),
        net: Some(Net {
            inner: part(INNER, OFFSET),
            offset: part(OFFSET, OUTER),
            outer: part(OUTER, BIAS),
        }),
    };
    (head, weights.get(BIAS).copied().unwrap_or_default())
}

/// Adds an example's slopes of the logistic loss.
fn learn(example: &Example, start: &Head, weights: &[f32], slopes: &mut [f32]) {
    let part = 1.0 / (example.pairs.len().max(1) as f32).sqrt();
    let pairs: Vec<(Features, [f32; UNITS])> = example
        .pairs
        .iter()
        .map(|pair| {
            let x = start.standardise(pair);
            let bends = hidden(&x, weights);
            (x, bends)
        })
        .collect();
    let rest = rested(weights);
    let at = |place: usize| weights.get(place).copied().unwrap_or_default();
    let mut logit = at(BIAS);
    for (x, bends) in &pairs {
        let straight: f32 = x.iter().zip(weights).map(|(x, w)| x * w).sum();
        let outer = weights.get(OUTER..BIAS).unwrap_or_default();
        let bent: f32 = (outer.iter().zip(bends).zip(&rest))
            .map(|((w, bend), rest)| w * (bend - rest))
            .sum();
        logit += part * (straight + bent);
    }
    let off = example.weight() * (sigmoid(f64::from(logit)) as f32 - example.label());
    let mut add = |place: usize, slope: f32| {
        if let Some(sum) = slopes.get_mut(place) {
            *sum += slope;
        }
    };
    add(BIAS, off);
    for (x, bends) in &pairs {
        let off = off * part;
        for (place, x) in x.iter().enumerate() {
            add(LINEAR + place, off * x);
        }
        for (unit, (bend, rest)) in bends.iter().zip(&rest).enumerate() {
            let (group, row) = (unit / HIDDEN, unit % HIDDEN);
            let outer = at(OUTER + unit);
            add(OUTER + unit, off * (bend - rest));
            let (slope, at_rest) = (1.0 - bend * bend, 1.0 - rest * rest);
            add(OFFSET + unit, off * outer * (slope - at_rest));
            let range = GROUPS.get(group).cloned().unwrap_or_default();
            for (x, place) in x.get(range.clone()).unwrap_or_default().iter().zip(range) {
                add(INNER + row * COUNT + place, off * outer * slope * x);
            }
        }
    }
}

const UNITS: usize = GROUPS.len() * HIDDEN;

/// What each hidden unit says of a pair.
fn hidden(x: &Features, weights: &[f32]) -> [f32; UNITS] {
    let mut all = rest_inputs(weights);
    for (unit, sum) in all.iter_mut().enumerate() {
        let range = GROUPS.get(unit / HIDDEN).cloned().unwrap_or_default();
        let row = INNER + unit % HIDDEN * COUNT;
        let inner = weights.get(row + range.start..row + range.end);
        let x = x.get(range).unwrap_or_default();
        let products = inner.unwrap_or_default().iter().zip(x).map(|(w, x)| w * x);
        *sum = (*sum + products.sum::<f32>()).tanh();
    }
    all
}

/// What each hidden unit says of nothing.
fn rested(weights: &[f32]) -> [f32; UNITS] {
    rest_inputs(weights).map(f32::tanh)
}

fn rest_inputs(weights: &[f32]) -> [f32; UNITS] {
    let mut all = [0.0; UNITS];
    for (to, from) in all
        .iter_mut()
        .zip(weights.get(OFFSET..OUTER).unwrap_or_default())
    {
        *to = *from;
    }
    all
}

struct Adam {
    means: Vec<f32>,
    squares: Vec<f32>,
    steps: i32,
}

impl Adam {
    fn new() -> Self {
        Self {
            means: vec![0.0; SIZE],
            squares: vec![0.0; SIZE],
            steps: 0,
        }
    }

    fn step(&mut self, weights: &mut [f32], slopes: &[f32], rate: f32) {
        const FIRST: f32 = 0.9;
        const SECOND: f32 = 0.999;
        self.steps = self.steps.saturating_add(1);
        let (first, second) = (1.0 - FIRST.powi(self.steps), 1.0 - SECOND.powi(self.steps));
        let moments = self.means.iter_mut().zip(&mut self.squares);
        for ((weight, slope), (mean, square)) in weights.iter_mut().zip(slopes).zip(moments) {
            *mean = FIRST * *mean + (1.0 - FIRST) * slope;
            *square = SECOND * *square + (1.0 - SECOND) * slope * slope;
            *weight -= rate * (*mean / first) / ((*square / second).sqrt() + 1e-8);
        }
    }
}
