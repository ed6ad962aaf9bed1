//! How well real outfits are told from random ones, after learning from others.

mod files;
mod protocol;

use std::hint::black_box;

use anyhow::{Context, Result, ensure};
use comfy_table::Table;
use cpu_time::ProcessTime;
use drape_learn::{Compat, Garment, Held, Learner, Options, Prepared, Trained};
use serde::Serialize;

use self::{
    files::{Outfits, Piece},
    protocol::Run,
};
use crate::{
    progress::Progress,
    report::{Report, percent, table},
    stats::peak_memory,
};

/// Each measure is taken with so many seeds.
const SEEDS: u64 = 5;

/// The mean of measures with their standard deviation.
#[derive(Debug, Clone, Copy, Serialize)]
struct Spread {
    mean: f64,
    deviation: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self {
            mean,
            deviation: (squares / (count - 1.0).max(1.0)).sqrt(),
        }
    }

    fn percent(self) -> String {
        format!("{:.1} ± {:.1}", self.mean * 100.0, self.deviation * 100.0)
    }
}

/// How good one scorer is.
#[derive(Debug, Serialize)]
struct Score {
    name: &'static str,
    auc: Spread,
    fill: Spread,
    /// None of what gives no probabilities.
    calibration_error: Option<Spread>,
    log_loss: Option<Spread>,
}

impl Score {
    fn of(name: &'static str, runs: &[Run], honest: bool) -> Self {
        let spread =
            |measure: fn(&Run) -> f64| Spread::of(&runs.iter().map(measure).collect::<Vec<_>>());
        Self {
            name,
            auc: spread(|run| run.auc),
            fill: spread(|run| run.fill),
            calibration_error: honest.then(|| spread(|run| run.calibration_error)),
            log_loss: honest.then(|| spread(|run| run.log_loss)),
        }
    }
}

/// How good a learner was within training, on outfits held out there.
#[derive(Debug, Serialize)]
struct Within {
    learner: &'static str,
    auc: f64,
    auc_interval: [f64; 2],
    calibration_error: f64,
    log_loss: f64,
}

impl Within {
    fn of(learner: &'static str, held: &Held) -> Self {
        Self {
            learner,
            auc: held.auc.value,
            auc_interval: [held.auc.low, held.auc.high],
            calibration_error: held.ece.value,
            log_loss: held.log_loss,
        }
    }
}

/// How often a piece's true partner is near among all pieces of its slot.
#[derive(Debug, Serialize)]
struct Partners {
    query: &'static str,
    /// The mean of one over the partner's place.
    mean_reciprocal_rank: f64,
    /// Among the nearest ten.
    in_ten: f64,
    pairs: usize,
}

/// In time of the processor, not of the clock.
#[derive(Debug, Default, Serialize)]
struct Cost {
    train_s: f64,
    prepare_us: f64,
    pair_ns: f64,
    bytes: usize,
    peak_memory: Option<u64>,
}

/// The result of `evals outfits`.
#[derive(Debug, Serialize)]
pub(crate) struct Compatibility {
    trained_on: usize,
    tested_on: usize,
    /// Held-out parts, if there is no test set of its own.
    folds: Option<usize>,
    serves: Vec<&'static str>,
    scores: Vec<Score>,
    within: Vec<Within>,
    partners: Vec<Partners>,
    cost: Cost,
}

/// All runs of one kind, from every fold.
#[derive(Default)]
struct Runs {
    served: Vec<Run>,
    linear: Vec<Run>,
    net: Vec<Run>,
    cosine: Vec<Run>,
}

/// Learns from one set of outfits and measures on another; or, without another, on each of some parts what was learned
/// from the rest.
///
/// # Errors
/// When files cannot be read, or there is too little to learn from.
pub(crate) fn run(
    train: &str,
    test: Option<&str>,
    folds: usize,
    limit: Option<usize>,
) -> Result<Compatibility> {
    let train = Outfits::read(train)?;
    let test = test.map(Outfits::read).transpose()?;
    let mut runs = Runs::default();
    let mut report = Compatibility {
        trained_on: 0,
        tested_on: 0,
        folds: test.is_none().then_some(folds),
        serves: Vec::new(),
        scores: Vec::new(),
        within: Vec::new(),
        partners: Vec::new(),
        cost: Cost::default(),
    };
    if let Some(test) = &test {
        let known = &train.outfits[..limit.unwrap_or(usize::MAX).min(train.outfits.len())];
        one(&train, known, test, &test.outfits, &mut runs, &mut report)?;
    } else {
        ensure!(folds > 1, "there must be two folds or more");
        let mut shuffled = train.outfits.clone();
        fastrand::Rng::with_seed(0).shuffle(&mut shuffled);
        let progress = Progress::new("outfits", folds);
        for fold in 0..folds {
            let part = |own: bool| {
                let places = shuffled.iter().enumerate();
                let outfits = places.filter(move |(at, _)| (at % folds == fold) == own);
                outfits.map(|(_, outfit)| outfit.clone())
            };
            let held: Vec<_> = part(true).collect();
            let known: Vec<_> = part(false).take(limit.unwrap_or(usize::MAX)).collect();
            one(&train, &known, &train, &held, &mut runs, &mut report)?;
            progress.advance();
        }
    }
    report.scores = vec![
        Score::of("served", &runs.served, true),
        Score::of("linear", &runs.linear, true),
        Score::of("net", &runs.net, true),
        Score::of("cosine, nothing learned", &runs.cosine, false),
    ];
    Ok(report)
}

/// Learns from `known` and measures on `held`.
fn one(
    train: &Outfits,
    known: &[Vec<Piece>],
    test: &Outfits,
    held: &[Vec<Piece>],
    runs: &mut Runs,
    report: &mut Compatibility,
) -> Result<()> {
    let outfits: Vec<Vec<Garment<'_>>> = known
        .iter()
        .map(|outfit| outfit.iter().map(|piece| train.garment(*piece)).collect())
        .collect();
    let began = ProcessTime::now();
    let served = learn(&outfits, None)?;
    let train_s = began.elapsed().as_secs_f64();
    let other = match served.serves {
        Learner::Linear => Learner::Net,
        Learner::Net => Learner::Linear,
    };
    let other = learn(&outfits, Some(other))?;
    let (linear, net) = match served.serves {
        Learner::Linear => (&served, &other),
        Learner::Net => (&other, &served),
    };
    runs.linear.extend(measure(&linear.compat, test, held)?);
    runs.net.extend(measure(&net.compat, test, held)?);
    runs.served.extend(measure(&served.compat, test, held)?);
    for seed in 0..SEEDS {
        let cosine = |outfit: &[Piece]| mean_cosine(test, outfit);
        runs.cosine.push(protocol::run(held, seed, cosine)?);
    }
    report.serves.push(match served.serves {
        Learner::Linear => "linear",
        Learner::Net => "net",
    });
    report.trained_on = known.len();
    report.tested_on += held.len();
    report.within = vec![
        Within::of("linear", &served.linear),
        Within::of("net", &served.net),
    ];
    report.partners = partners(&served.compat, test, held);
    report.cost = Cost {
        train_s,
        ..cost(&served.compat, test, held)?
    };
    Ok(())
}

fn learn(outfits: &[Vec<Garment<'_>>], learner: Option<Learner>) -> Result<Trained> {
    Compat::train(outfits, &Options { seed: 1, learner }).context("learning")
}

fn measure(compat: &Compat, data: &Outfits, held: &[Vec<Piece>]) -> Result<Vec<Run>> {
    let rows = held.iter().flatten().map(|(_, row)| row + 1).max();
    let mut prepared: Vec<Option<Prepared>> = vec![None; rows.unwrap_or_default()];
    for piece in held.iter().flatten() {
        if let Some(place) = prepared.get_mut(piece.1) {
            *place = Some(compat.prepare(&data.garment(*piece)));
        }
    }
    let score = |outfit: &[Piece]| {
        let pieces: Vec<&Prepared> = outfit
            .iter()
            .filter_map(|(_, row)| prepared.get(*row)?.as_ref())
            .collect();
        compat.judge(&pieces).logit
    };
    (0..SEEDS)
        .map(|seed| protocol::run(held, seed, score))
        .collect()
}

fn vector(data: &Outfits, row: usize) -> &[f32] {
    data.vectors.get(row).map_or(&[], Vec::as_slice)
}

fn dot(x: &[f32], y: &[f32]) -> f32 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

fn mean_cosine(data: &Outfits, outfit: &[Piece]) -> f32 {
    let (mut sum, mut count) = (0.0, 0.0_f32);
    for (at, (_, x)) in outfit.iter().enumerate() {
        for (_, y) in outfit.iter().take(at) {
            let (x, y) = (vector(data, *x), vector(data, *y));
            sum += dot(x, y) / (dot(x, x) * dot(y, y)).sqrt().max(1e-6);
            count += 1.0;
        }
    }
    sum / count.max(1.0)
}

/// Where true partners rank, for every two pieces of an outfit both ways.
fn partners(compat: &Compat, data: &Outfits, held: &[Vec<Piece>]) -> Vec<Partners> {
    let pieces: std::collections::BTreeSet<Piece> = held.iter().flatten().copied().collect();
    let mut places: [Vec<usize>; 2] = [Vec::new(), Vec::new()];
    for outfit in held {
        for from in outfit {
            for to in outfit.iter().filter(|to| to != &from) {
                let own = vector(data, from.1);
                let projected = compat.project(from.0, to.0, own);
                for (query, places) in [own, &projected].into_iter().zip(&mut places) {
                    let wanted = dot(query, vector(data, to.1));
                    let others = pieces.iter().filter(|(slot, _)| *slot == to.0);
                    let better = others.filter(|(_, row)| dot(query, vector(data, *row)) > wanted);
                    places.push(better.count() + 1);
                }
            }
        }
    }
    ["the piece's own vector", "its projection"]
        .into_iter()
        .zip(places)
        .map(|(query, places)| {
            let count = places.len().max(1) as f64;
            Partners {
                query,
                mean_reciprocal_rank: places.iter().map(|at| 1.0 / *at as f64).sum::<f64>() / count,
                in_ten: places.iter().filter(|at| **at <= 10).count() as f64 / count,
                pairs: places.len(),
            }
        })
        .collect()
}

fn cost(compat: &Compat, data: &Outfits, held: &[Vec<Piece>]) -> Result<Cost> {
    /// Enough to take their mean, few enough to stay in the cache.
    const PIECES: usize = 200;
    const ROUNDS: usize = 20;
    let pieces: Vec<Garment<'_>> = held
        .iter()
        .flatten()
        .take(PIECES)
        .map(|piece| data.garment(*piece))
        .collect();
    ensure!(!pieces.is_empty(), "no pieces");
    let began = ProcessTime::now();
    let prepared: Vec<Prepared> = pieces.iter().map(|piece| compat.prepare(piece)).collect();
    let prepare_us = began.elapsed().as_secs_f64() * 1e6 / pieces.len() as f64;
    let began = ProcessTime::now();
    for _ in 0..ROUNDS {
        for x in &prepared {
            for y in &prepared {
                black_box(compat.pair(x, y));
            }
        }
    }
    let pairs = ROUNDS * prepared.len() * prepared.len();
    Ok(Cost {
        train_s: 0.0,
        prepare_us,
        pair_ns: began.elapsed().as_secs_f64() * 1e9 / pairs as f64,
        bytes: compat.to_bytes().len(),
        peak_memory: peak_memory(),
    })
}

impl Report for Compatibility {
    fn tables(&self) -> Vec<Table> {
        let mut scores = table(&["scorer", "AUC", "FITB", "calibration error", "log loss"]);
        let or_dash = |spread: Option<Spread>| {
            spread.map_or_else(|| "–".to_owned(), |spread| format!("{:.3}", spread.mean))
        };
        for score in &self.scores {
            scores.add_row([
                score.name.to_owned(),
                score.auc.percent(),
                score.fill.percent(),
                or_dash(score.calibration_error),
                or_dash(score.log_loss),
            ]);
        }
        let mut within = table(&[
            "held out in training",
            "AUC",
            "calibration error",
            "log loss",
        ]);
        for learner in &self.within {
            let [low, high] = learner.auc_interval;
            within.add_row([
                learner.learner.to_owned(),
                format!(
                    "{:.1} ({:.1}–{:.1})",
                    learner.auc * 100.0,
                    low * 100.0,
                    high * 100.0
                ),
                format!("{:.3}", learner.calibration_error),
                format!("{:.3}", learner.log_loss),
            ]);
        }
        let mut partners = table(&["neighbours of", "mean 1/rank of the partner", "in ten"]);
        for query in &self.partners {
            partners.add_row([
                query.query.to_owned(),
                format!("{:.4}", query.mean_reciprocal_rank),
                percent(query.in_ten),
            ]);
        }
        let mut cost = table(&["outfits", "serves", "train", "prepare", "pair", "bytes"]);
        cost.add_row([
            format!("{} / {}", self.trained_on, self.tested_on),
            self.serves.join(", "),
            format!("{:.1} s", self.cost.train_s),
            format!("{:.1} µs", self.cost.prepare_us),
            format!("{:.0} ns", self.cost.pair_ns),
            self.cost.bytes.to_string(),
        ]);
        vec![scores, within, partners, cost]
    }
}
