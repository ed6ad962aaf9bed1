//! Which bottom a person would choose for a top, from what they and others chose before: nothing is known of
//! the things but their names.
//!
//! What others chose is put into features, each line's own without that line, so that they are worth in training
//! what they will be worth afterwards; logistic regression on the differences of the features of the chosen and
//! the other one says how much each counts.

mod counts;
mod factors;
mod features;
mod graph;
mod ids;

use std::collections::HashMap;

use drape_learn::logistic;

use counts::{Counts, Numbered, Orders, Place};
use factors::{Comparison, Factors};
use features::{FEATURES, OF_CHOICES, Question, Trained};
use graph::{Graph, Sizes};
use ids::Names;

/// The most lines that are learned from.
pub const MAX_COMPARISONS: usize = 1_000_000;
/// Parts into which the lines are cut, so that factors are judged on lines they were not trained on.
const FOLDS: u32 = 5;
/// How strongly the weights of features may be held to 0; which is best is tried out.
const PENALTIES: [f64; 3] = [320.0, 80.0, 20.0];
/// With fewer lines nothing is tried out.
const FEW: usize = 100;
/// What a choice less simple must gain, in nats per line.
const WORTHWHILE: f64 = 0.000_3;

/// A person chose one bottom for a top rather than another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Who.
    pub user: &'a str,
    /// For which top.
    pub top: &'a str,
    /// The chosen bottom.
    pub positive: &'a str,
    /// The other one.
    pub negative: &'a str,
}

/// Why nothing was learned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollaborativeError {
    /// None, or more than [`MAX_COMPARISONS`].
    #[error("{0} lines: there must be 1 to {MAX_COMPARISONS}")]
    Lines(usize),
    /// The weights could not be fitted.
    #[error("weights could not be learned: {0}")]
    Fit(#[from] logistic::Error),
}

/// What was chosen before, and how much each view of it counts.
#[derive(Debug, Clone)]
pub struct Collaborative {
    base: Base,
    counts: Counts,
    trained: Trained,
    weights: [f32; FEATURES],
}

/// The names, and the lines by number.
#[derive(Debug, Clone)]
struct Base {
    users: Names,
    tops: Names,
    bottoms: Names,
    orders: Orders,
    lines: Vec<Numbered>,
}

impl Base {
    fn new(lines: &[Line<'_>]) -> Result<Self, CollaborativeError> {
        if lines.is_empty() || lines.len() > MAX_COMPARISONS {
            return Err(CollaborativeError::Lines(lines.len()));
        }
        let (mut users, mut tops, mut bottoms) =
            (Names::default(), Names::default(), Names::default());
        let mut choices = HashMap::new();
        let numbered = lines
            .iter()
            .map(|line| {
                let (user, top) = (users.number(line.user), tops.number(line.top));
                let positive = bottoms.number(line.positive);
                let next = choices.len() as u32;
                Numbered {
                    user,
                    top,
                    positive,
                    negative: bottoms.number(line.negative),
                    choice: *choices.entry((user, top, positive)).or_insert(next),
                }
            })
            .collect();
        Ok(Self {
            orders: Orders::new(&tops, &bottoms),
            users,
            tops,
            bottoms,
            lines: numbered,
        })
    }

    fn places(names: &Names, place: impl Fn(&str) -> Place) -> Vec<Place> {
        let mut places = vec![Place::default(); names.len()];
        for (name, number) in names.iter() {
            if let Some(to) = places.get_mut(number as usize) {
                *to = place(name);
            }
        }
        places
    }

    /// From the lines that pass.
    fn trained(&self, passes: impl Fn(&Numbered) -> bool) -> Trained {
        let passed: Vec<Numbered> = self
            .lines
            .iter()
            .filter(|line| passes(line))
            .copied()
            .collect();
        let sizes = Sizes {
            users: self.users.len(),
            tops: self.tops.len(),
            bottoms: self.bottoms.len(),
        };
        let graph = Graph::new(&passed, sizes);
        let train = |rows: usize, row: fn(&Numbered) -> u32| {
            let comparisons: Vec<Comparison> = passed
                .iter()
                .map(|line| Comparison {
                    row: row(line),
                    better: line.positive,
                    worse: line.negative,
                })
                .collect();
            Factors::train(&comparisons, rows, self.bottoms.len())
        };
        Trained {
            graph,
            users: train(self.users.len(), |line| line.user),
            tops: train(self.tops.len(), |line| line.top),
        }
    }
}

impl Collaborative {
    /// Learns from lines; the same lines give the same model.
    ///
    /// # Errors
    /// If there are no lines, or too many.
    pub fn train(lines: &[Line<'_>]) -> Result<Self, CollaborativeError> {
        let base = Base::new(lines)?;
        let tops = Base::places(&base.tops, |name| base.orders.top(name));
        let bottoms = Base::places(&base.bottoms, |name| base.orders.bottom(name));
        let counts = Counts::new(base.lines.clone(), base.users.len(), tops, bottoms);

        let mut rows = Vec::with_capacity(lines.len());
        for fold in 0..FOLDS {
            let trained = base.trained(|line| line.choice % FOLDS != fold);
            for line in base.lines.iter().filter(|line| line.choice % FOLDS == fold) {
                let ask = |bottom: u32| {
                    let asked = Question {
                        user: Some(line.user),
                        top: Some(line.top),
                        top_place: counts.tops[line.top as usize],
                        bottom: Some(bottom),
                        bottom_place: counts.bottoms[bottom as usize],
                        without: Some(line.choice),
                    };
                    counts.features(&asked, &trained)
                };
                let (yes, no) = (ask(line.positive), ask(line.negative));
                let mut difference = [0.0; FEATURES];
                for ((to, a), b) in difference.iter_mut().zip(yes).zip(no) {
                    *to = a - b;
                }
                rows.push(difference);
            }
        }
        let fitted = fit(&rows)?;
        let mut weights = [0.0; FEATURES];
        for (to, from) in weights.iter_mut().zip(&fitted.weights) {
            *to = *from as f32;
        }
        Ok(Self {
            trained: base.trained(|_| true),
            base,
            counts,
            weights,
        })
    }

    /// How likely this bottom is chosen, in log-odds, comparable for the same user and top.
    #[must_use]
    pub fn score(&self, user: &str, top: &str, bottom: &str) -> f32 {
        let asked = Question {
            user: self.base.users.get(user),
            top: self.base.tops.get(top),
            top_place: self.base.orders.top(top),
            bottom: self.base.bottoms.get(bottom),
            bottom_place: self.base.orders.bottom(bottom),
            without: None,
        };
        let features = self.counts.features(&asked, &self.trained);
        features
            .iter()
            .zip(&self.weights)
            .map(|(value, weight)| value * weight)
            .sum()
    }

    /// How often this bottom was chosen: plain popularity, to compare with.
    #[must_use]
    pub fn popularity(&self, bottom: &str) -> f32 {
        let chosen = self.base.bottoms.get(bottom);
        chosen
            .and_then(|bottom| self.counts.chosen.get(bottom as usize))
            .map_or(0.0, |lines| lines.len() as f32)
    }

    /// Plain matrix factorisation of users and bottoms (BPR-MF), to compare with.
    #[must_use]
    pub fn factorised(&self, user: &str, bottom: &str) -> f32 {
        self.trained
            .users
            .score(self.base.users.get(user), self.base.bottoms.get(bottom))
    }

    /// How much each feature counts, in the fixed order in which they are made.
    #[must_use]
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }
}

/// Weights that make the differences positive. How strongly they are held to 0, and whether the order of ids is
/// looked at, is what does best on thirds that are left out in turn; of what does about as well, the simpler.
fn fit(differences: &[[f32; FEATURES]]) -> Result<logistic::Linear, logistic::Error> {
    if differences.len() < FEW {
        return fit_with(differences, OF_CHOICES, PENALTIES[0]);
    }
    let third = differences.len().div_ceil(3);
    let mut best = (f64::INFINITY, OF_CHOICES, PENALTIES[0]);
    for columns in [OF_CHOICES, FEATURES] {
        for penalty in PENALTIES {
            let mut loss = 0.0;
            for left_out in differences.chunks(third) {
                let kept = differences
                    .chunks(third)
                    .filter(|kept| !std::ptr::eq(*kept, left_out))
                    .flatten();
                let fitted = fit_with(kept, columns, penalty)?;
                loss += left_out
                    .iter()
                    .map(|row| (-fitted.logit(row)).exp().ln_1p())
                    .sum::<f64>();
            }
            loss /= differences.len() as f64;
            if loss < best.0 - WORTHWHILE {
                best = (loss, columns, penalty);
            }
        }
    }
    fit_with(differences, best.1, best.2)
}

fn fit_with<'d>(
    differences: impl IntoIterator<Item = &'d [f32; FEATURES]>,
    columns: usize,
    l2: f64,
) -> Result<logistic::Linear, logistic::Error> {
    let rows: Vec<&[f32]> = differences
        .into_iter()
        .map(|row| row.get(..columns).unwrap_or(row))
        .collect();
    let options = logistic::Options {
        l2,
        intercept: false,
        ..logistic::Options::default()
    };
    logistic::fit(&rows, &vec![1.0; rows.len()], &[], &options)
}
