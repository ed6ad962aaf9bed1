//! From outfits to a scorer.

use fastrand::Rng;

use crate::{
    compat::Compat,
    encoder::{Encoded, Encoder},
    examples::{Data, Example, FOLDS, Made},
    features::{CENTERED, COUNT, RISING},
    garment::Garment,
    head::Head,
    logistic, metrics, net,
    parts::Judged,
};

/// The most outfits that are learned from.
pub const MOST_OUTFITS: usize = 200_000;
/// The most pieces of an outfit.
pub const MOST_PIECES: usize = 16;
/// Outfits below which there is nothing to learn.
pub const LEAST_OUTFITS: usize = 50;

/// Which of the two models weighs the features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learner {
    /// Weights alone.
    Linear,
    /// Weights and hidden units.
    Net,
}

/// How to train.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Options {
    /// The same outfits and seed give the same scorer.
    pub seed: u64,
    /// Which model serves; the better on held-out outfits if none.
    pub learner: Option<Learner>,
}

/// Why nothing was learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Fewer than [`LEAST_OUTFITS`] outfits have two pieces or more.
    #[error("there must be at least {LEAST_OUTFITS} outfits of two pieces or more")]
    Few,
    /// More than [`MOST_OUTFITS`] outfits, or one of more than [`MOST_PIECES`] pieces.
    #[error("there may be {MOST_OUTFITS} outfits of {MOST_PIECES} pieces at most")]
    Many,
    /// The weights could not be found.
    #[error("fitting weights: {0}")]
    Weights(#[from] logistic::Error),
}

/// How good a model was on outfits that neither it nor its features had seen, against chance outfits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Held {
    /// Area under the ROC curve.
    pub auc: metrics::Interval,
    /// Expected calibration error.
    pub ece: metrics::Interval,
    /// Mean log loss; a coin has 0.693.
    pub log_loss: f64,
}

/// A scorer and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The scorer.
    pub compat: Compat,
    /// Outfits learned from.
    pub outfits: usize,
    /// Their pieces, counted as often as worn.
    pub pieces: usize,
    /// The linear model.
    pub linear: Held,
    /// The net.
    pub net: Held,
    /// Which of them serves.
    pub serves: Learner,
}

/// Weights, bias and calibration of one learner.
struct Model {
    head: Head,
    bias: f32,
}

impl Model {
    fn logit(&self, example: &Example) -> f32 {
        let pairs = example.pairs.iter().map(|pair| self.head.parts(pair));
        Judged::of(self.bias, pairs).logit
    }
}

pub(crate) fn train(outfits: &[Vec<Garment<'_>>], options: &Options) -> Result<Trained, Error> {
    let whole: Vec<&Vec<Garment<'_>>> = outfits.iter().filter(|pieces| pieces.len() > 1).collect();
    if whole.len() > MOST_OUTFITS || whole.iter().any(|pieces| pieces.len() > MOST_PIECES) {
        return Err(Error::Many);
    }
    if whole.len() < LEAST_OUTFITS {
        return Err(Error::Few);
    }
    let mut random = Rng::with_seed(options.seed);
    let garments: Vec<Garment<'_>> = whole
        .iter()
        .flat_map(|pieces| pieces.iter().copied())
        .collect();
    let encoder = Encoder::fit(&garments, random.u64(..));
    let pieces: Vec<Encoded> = garments.iter().map(|piece| encoder.encode(piece)).collect();
    let mut next = 0;
    let places = whole.iter().map(|outfit| {
        let start = next;
        next += outfit.len();
        (start..next).collect()
    });
    let data = Data::new(&encoder, pieces, places.collect(), &mut random);
    let (spaces, examples) = data.learn(&mut random);
    let blank = blank(&examples);

    let mut seen: [Vec<f32>; 2] = [vec![0.0; examples.len()], vec![0.0; examples.len()]];
    for fold in 0..FOLDS {
        let others: Vec<&Example> = examples.iter().filter(|one| one.fold != fold).collect();
        let models = fit(&others, &blank, &mut random)?;
        for (model, seen) in models.iter().zip(&mut seen) {
            let held = examples.iter().zip(seen.iter_mut());
            for (example, logit) in held.filter(|(example, _)| example.fold == fold) {
                *logit = model.logit(example);
            }
        }
    }
    let [linear, net] = seen.map(|logits| calibrate(&examples, &logits));
    let (linear, net) = (linear?, net?);
    let better =
        net.held.auc.value > linear.held.auc.value && net.held.log_loss < linear.held.log_loss;
    let serves = options.learner.unwrap_or(if better {
        Learner::Net
    } else {
        Learner::Linear
    });
    let all: Vec<&Example> = examples.iter().collect();
    let [straight, bent] = fit(&all, &blank, &mut random)?;
    let (model, calibration) = match serves {
        Learner::Linear => (straight, &linear),
        Learner::Net => (bent, &net),
    };
    let bias = calibration.gain * model.bias + calibration.bias;
    let compat = Compat::new(encoder, spaces, model.head, calibration.gain, bias);
    Ok(Trained {
        compat,
        outfits: data.outfits.len(),
        pieces: data.pieces.len(),
        linear: linear.held,
        net: net.held,
        serves,
    })
}

/// A head of no weights, with the means and sizes that features have where they are known.
fn blank(examples: &[Example]) -> Head {
    let pairs = || examples.iter().flat_map(|example| &example.pairs);
    let (mut means, mut scales) = (vec![0.0; COUNT], vec![0.0; COUNT]);
    for (at, (mean, scale)) in means.iter_mut().zip(&mut scales).enumerate() {
        let known = || {
            let values = pairs().filter_map(|pair| pair.get(at));
            values.filter(|x| **x != 0.0).map(|x| f64::from(*x))
        };
        let count = (known().count() as f64).max(1.0);
        let middle = if CENTERED.iter().any(|range| range.contains(&at)) {
            known().sum::<f64>() / count
        } else {
            0.0
        };
        let size = (known().map(|x| (x - middle).powi(2)).sum::<f64>() / count).sqrt();
        *mean = middle as f32;
        // What is the same for all says nothing.
        *scale = if size > 1e-9 && size > 1e-5 * middle.abs() {
            (1.0 / size) as f32
        } else {
            0.0
        };
    }
    Head {
        means,
        scales,
        linear: vec![0.0; COUNT],
        net: None,
    }
}

/// The linear model, and the net that starts from it.
fn fit(examples: &[&Example], blank: &Head, random: &mut Rng) -> Result<[Model; 2], Error> {
    /// Held-out results are flat about it.
    const L2: f64 = 10.0;
    let mut head = blank.clone();
    let rows: Vec<Vec<f32>> = examples
        .iter()
        .map(|example| {
            let part = 1.0 / (example.pairs.len().max(1) as f32).sqrt();
            let mut row = vec![0.0; COUNT];
            for pair in &example.pairs {
                for (sum, x) in row.iter_mut().zip(head.standardise(pair)) {
                    *sum += part * x;
                }
            }
            row
        })
        .collect();
    let labels: Vec<f32> = examples.iter().map(|example| example.label()).collect();
    let weights: Vec<f32> = examples.iter().map(|example| example.weight()).collect();
    let mut bounds = vec![(f64::NEG_INFINITY, f64::INFINITY); COUNT];
    for place in RISING {
        if let Some(bound) = bounds.get_mut(place) {
            bound.0 = 0.0;
        }
    }
    let options = logistic::Options {
        l2: L2,
        bounds,
        ..logistic::Options::default()
    };
    let linear = logistic::fit(&rows, &labels, &weights, &options)?;
    head.linear = linear.weights.iter().map(|weight| *weight as f32).collect();
    let bias = linear.intercept as f32;
    let (bent, bent_bias) = net::fit(examples, &head, bias, random);
    Ok([
        Model { head, bias },
        Model {
            head: bent,
            bias: bent_bias,
        },
    ])
}

struct Calibration {
    gain: f32,
    bias: f32,
    held: Held,
}

/// Makes held-out log-odds honest (J. Platt, 1999): real outfits against those wholly by chance, at even odds.
fn calibrate(examples: &[Example], logits: &[f32]) -> Result<Calibration, Error> {
    let (mut rows, mut labels, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    // As many chance outfits as real ones are measured, so that probabilities mean the same.
    let mut fresh = false;
    for (example, logit) in examples.iter().zip(logits) {
        match example.made {
            Made::Worn => fresh = true,
            Made::Chance if fresh => fresh = false,
            _ => continue,
        }
        rows.push([*logit]);
        labels.push(example.label());
        weights.push(1.0);
    }
    let options = logistic::Options {
        l2: 1e-3,
        bounds: vec![(0.0, 10.0)],
        ..logistic::Options::default()
    };
    let line = logistic::fit(&rows, &labels, &weights, &options)?;
    let logits: Vec<f32> = rows.iter().map(|[logit]| *logit).collect();
    let probabilities: Vec<f32> = rows
        .iter()
        .map(|row| line.probability(row) as f32)
        .collect();
    let truth: Vec<bool> = labels.iter().map(|label| *label > 0.5).collect();
    let held = || {
        Some(Held {
            auc: metrics::auc_interval(&logits, &truth)?,
            ece: metrics::ece_interval(&probabilities, &truth)?,
            log_loss: metrics::log_loss(&probabilities, &truth)?,
        })
    };
    Ok(Calibration {
        gain: line.weights.first().copied().unwrap_or_default() as f32,
        bias: line.intercept as f32,
        held: held().ok_or(Error::Few)?,
    })
}
