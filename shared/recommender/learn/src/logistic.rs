//! Logistic regression: weighted examples, a penalty towards given values, bounds on coefficients.
//!
//! The loss is convex and small (at most [`MOST_COLUMNS`] columns), so Newton's method meets its one minimum in a
//! few passes over the rows. Bounds are kept by projection (D. P. Bertsekas, "Projected Newton methods for
//! optimization problems with simple constraints", 1982).

use nalgebra::{Cholesky, DMatrix, DVector};

/// The most coefficients that can be fitted.
pub const MOST_COLUMNS: usize = 1024;

/// How to fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The penalty's strength: each coefficient adds `l2 / 2` times its squared distance from its centre to the
    /// summed (not the mean) loss. Above zero, so that there is one minimum. The intercept is free.
    pub l2: f64,
    /// What coefficients are drawn to; zero if empty.
    pub centers: Vec<f64>,
    /// The least and greatest value of each coefficient; unbounded if empty.
    pub bounds: Vec<(f64, f64)>,
    /// Whether a constant is fitted beside the coefficients.
    pub intercept: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            l2: 1.0,
            centers: Vec::new(),
            bounds: Vec::new(),
            intercept: true,
        }
    }
}

/// Why nothing was fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There are no rows, no columns, or too many columns.
    #[error("there must be rows, and 1 to {MOST_COLUMNS} columns")]
    Size,
    /// Rows, labels, weights, centres or bounds do not go together.
    #[error("the lengths of rows, labels, weights, centres and bounds must agree")]
    Lengths,
    /// Something is not finite, a label is not within 0–1, a weight is negative, or a lower bound exceeds the upper.
    #[error(
        "values must be finite, labels within 0 to 1, weights not negative, bounds in order and l2 above zero"
    )]
    Value,
    /// The rows' values are too large to compute with.
    #[error("the rows' values are too far apart in size")]
    Scale,
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// One coefficient for each column.
    pub weights: Vec<f64>,
    /// The constant; zero if none was asked for.
    pub intercept: f64,
}

impl Linear {
    /// The log-odds of a row; columns beyond the shorter of the two count as zero.
    #[must_use]
    pub fn logit(&self, row: &[f32]) -> f64 {
        let products = self.weights.iter().zip(row);
        self.intercept
            + products
                .map(|(weight, x)| weight * f64::from(*x))
                .sum::<f64>()
    }

    /// The probability of a row, 0–1.
    #[must_use]
    pub fn probability(&self, row: &[f32]) -> f64 {
        sigmoid(self.logit(row))
    }
}

/// The probability of these log-odds.
#[must_use]
pub fn sigmoid(logit: f64) -> f64 {
    if logit >= 0.0 {
        1.0 / (1.0 + (-logit).exp())
    } else {
        let odds = logit.exp();
        odds / (1.0 + odds)
    }
}

/// Fits the model that makes the labels likeliest, less the penalty. A label within 0–1 is a part that came true;
/// an empty `weights` weighs all rows alike. The result depends on nothing but the arguments.
///
/// # Errors
/// When the arguments cannot be fitted; see [`Error`].
pub fn fit<R: AsRef<[f32]>>(
    rows: &[R],
    labels: &[f32],
    weights: &[f32],
    options: &Options,
) -> Result<Linear, Error> {
    Problem::new(rows, labels, weights, options)?.solve()
}

struct Problem<'a, R> {
    rows: &'a [R],
    labels: &'a [f32],
    weights: &'a [f32],
    columns: usize,
    l2: f64,
    centers: Vec<f64>,
    bounds: Vec<(f64, f64)>,
    intercept: bool,
}

impl<'a, R: AsRef<[f32]>> Problem<'a, R> {
    fn new(
        rows: &'a [R],
        labels: &'a [f32],
        weights: &'a [f32],
        options: &Options,
    ) -> Result<Self, Error> {
        let columns = rows.first().map_or(0, |row| row.as_ref().len());
        if columns == 0 || columns > MOST_COLUMNS {
            return Err(Error::Size);
        }
        let fits = |length: usize, wanted: usize| length == 0 || length == wanted;
        if labels.len() != rows.len()
            || !fits(weights.len(), rows.len())
            || !fits(options.centers.len(), columns)
            || !fits(options.bounds.len(), columns)
            || rows.iter().any(|row| row.as_ref().len() != columns)
        {
            return Err(Error::Lengths);
        }
        let sound = options.l2 > 0.0
            && options.l2.is_finite()
            && options.centers.iter().all(|center| center.is_finite())
            && options.bounds.iter().all(|(low, high)| low <= high)
            && labels.iter().all(|label| (0.0..=1.0).contains(label))
            && weights
                .iter()
                .all(|weight| *weight >= 0.0 && weight.is_finite())
            && rows
                .iter()
                .all(|row| row.as_ref().iter().all(|x| x.is_finite()));
        if !sound {
            return Err(Error::Value);
        }
        let or = |given: &[f64]| {
            if given.is_empty() {
                vec![0.0; columns]
            } else {
                given.to_vec()
            }
        };
        let mut bounds = options.bounds.clone();
        bounds.resize(columns, (f64::NEG_INFINITY, f64::INFINITY));
        Ok(Self {
            rows,
            labels,
            weights,
            columns,
            l2: options.l2,
            centers: or(&options.centers),
            bounds,
            intercept: options.intercept,
        })
    }

    fn solve(&self) -> Result<Linear, Error> {
        const MOST_STEPS: usize = 100;
        // The intercept, if any, is the last coefficient.
        let mut at: Vec<f64> = self.centers.clone();
        if self.intercept {
            at.push(0.0);
        }
        self.project(&mut at);
        let mut loss = self.loss(&at);
        for _ in 0..MOST_STEPS {
            let (gradient, hessian) = self.slope(&at);
            let Some(step) = self.step(&at, &gradient, hessian) else {
                return Err(Error::Scale);
            };
            match self.descend(&at, &step, &gradient, loss) {
                Some((next, lower)) => {
                    let done = loss - lower <= 1e-10 * (1.0 + loss.abs());
                    (at, loss) = (next, lower);
                    if done {
                        break;
                    }
                }
                None => break,
            }
        }
        if !loss.is_finite() || at.iter().any(|value| !value.is_finite()) {
            return Err(Error::Scale);
        }
        let intercept = if self.intercept {
            at.pop().unwrap_or_default()
        } else {
            0.0
        };
        Ok(Linear {
            weights: at,
            intercept,
        })
    }

    /// The values and the label of each row, and how much it counts.
    fn examples(&self) -> impl Iterator<Item = (&[f32], f64, f64)> {
        self.rows.iter().enumerate().map(|(at, row)| {
            let label = self.labels.get(at).copied().unwrap_or_default();
            let weight = self.weights.get(at).copied().unwrap_or(1.0);
            (row.as_ref(), f64::from(label), f64::from(weight))
        })
    }

    fn logit(&self, at: &[f64], row: &[f32]) -> f64 {
        let products = at.iter().zip(row).map(|(weight, x)| weight * f64::from(*x));
        let constant = at.get(self.columns).copied().unwrap_or_default();
        constant + products.sum::<f64>()
    }

    fn loss(&self, at: &[f64]) -> f64 {
        let mut loss = 0.0;
        for (row, label, weight) in self.examples() {
            let logit = self.logit(at, row);
            // ln(1 + e^z) − y z, without overflow.
            loss += weight * (logit.max(0.0) + (-logit.abs()).exp().ln_1p() - label * logit);
        }
        let distances = at.iter().zip(&self.centers);
        loss + self.l2 / 2.0
            * distances
                .map(|(w, center)| (w - center).powi(2))
                .sum::<f64>()
    }

    /// The gradient, and the Hessian's lower triangle, row by row.
    fn slope(&self, at: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let size = at.len();
        let (mut gradient, mut hessian) = (vec![0.0; size], vec![0.0; size * size]);
        let mut full = vec![1.0; size];
        for (row, label, weight) in self.examples() {
            if weight == 0.0 {
                continue;
            }
            for (to, from) in full.iter_mut().zip(row) {
                *to = f64::from(*from);
            }
            let probability = sigmoid(self.logit(at, row));
            let (off, bend) = (
                weight * (probability - label),
                weight * probability * (1.0 - probability),
            );
            for (i, ((x, slope), line)) in full
                .iter()
                .zip(&mut gradient)
                .zip(hessian.chunks_exact_mut(size))
                .enumerate()
            {
                *slope += off * x;
                let factor = bend * x;
                // Rows of words and one-hot slots are mostly zero.
                if factor != 0.0 {
                    for (h, y) in line.iter_mut().zip(full.iter().take(i + 1)) {
                        *h += factor * y;
                    }
                }
            }
        }
        for (i, center) in self.centers.iter().enumerate() {
            if let (Some(slope), Some(w)) = (gradient.get_mut(i), at.get(i)) {
                *slope += self.l2 * (w - center);
            }
            if let Some(h) = hessian.get_mut(i * size + i) {
                *h += self.l2;
            }
        }
        // The intercept's own bend may vanish when all probabilities are sure.
        if let Some(h) = hessian.last_mut().filter(|_| self.intercept) {
            *h += 1e-9;
        }
        (gradient, hessian)
    }

    /// Newton's step, in which coefficients that a bound holds stay where they are.
    fn step(&self, at: &[f64], gradient: &[f64], mut hessian: Vec<f64>) -> Option<Vec<f64>> {
        let size = at.len();
        let held: Vec<bool> = at
            .iter()
            .zip(gradient)
            .enumerate()
            .map(|(i, (value, slope))| {
                self.bounds.get(i).is_some_and(|(low, high)| {
                    (value <= low && *slope > 0.0) || (value >= high && *slope < 0.0)
                })
            })
            .collect();
        for (i, line) in hessian.chunks_exact_mut(size).enumerate() {
            let own_held = held.get(i).copied().unwrap_or_default();
            for (j, (h, other)) in line.iter_mut().zip(&held).enumerate() {
                if own_held || *other {
                    *h = if i == j { 1.0 } else { 0.0 };
                }
            }
        }
        let slopes = gradient.iter().zip(&held);
        let downhill = slopes.map(|(slope, held)| if *held { 0.0 } else { -slope });
        // Only the lower triangle is filled, and only it is read.
        let root = Cholesky::new(DMatrix::from_row_slice(size, size, &hessian))?;
        let step = root.solve(&DVector::from_iterator(size, downhill));
        let step: Vec<f64> = step.iter().copied().collect();
        step.iter().all(|value| value.is_finite()).then_some(step)
    }

    /// The first point along the step, halved as often as need be, that is lower by a fair part of what the slope
    /// promises; none at the minimum.
    fn descend(
        &self,
        at: &[f64],
        step: &[f64],
        gradient: &[f64],
        loss: f64,
    ) -> Option<(Vec<f64>, f64)> {
        const HALVINGS: i32 = 40;
        (0..HALVINGS).find_map(|halving| {
            let part = 0.5_f64.powi(halving);
            let mut next: Vec<f64> = at.iter().zip(step).map(|(x, d)| x + part * d).collect();
            self.project(&mut next);
            let promised: f64 = next
                .iter()
                .zip(at)
                .zip(gradient)
                .map(|((to, from), slope)| (from - to) * slope)
                .sum();
            let lower = self.loss(&next);
            (promised > 0.0 && lower <= loss - 1e-4 * promised).then_some((next, lower))
        })
    }

    fn project(&self, at: &mut [f64]) {
        for (value, (low, high)) in at.iter_mut().zip(&self.bounds) {
            *value = value.clamp(*low, *high);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of two columns whose labels follow log-odds of 1.5 x − 1 y + 0.5.
    fn planted(count: usize) -> (Vec<[f32; 2]>, Vec<f32>) {
        let mut random = fastrand::Rng::with_seed(3);
        (0..count)
            .map(|_| {
                let row = [random.f32() * 4.0 - 2.0, random.f32() * 4.0 - 2.0];
                let logit = 1.5 * f64::from(row[0]) - f64::from(row[1]) + 0.5;
                let label = if random.f64() < sigmoid(logit) {
                    1.0
                } else {
                    0.0
                };
                (row, label)
            })
            .unzip()
    }

    fn weak() -> Options {
        Options {
            l2: 1e-3,
            ..Options::default()
        }
    }

    #[test]
    fn planted_coefficients_are_found() {
        let (rows, labels) = planted(20_000);
        let found = fit(&rows, &labels, &[], &weak()).unwrap();
        assert!((found.weights[0] - 1.5).abs() < 0.08, "{found:?}");
        assert!((found.weights[1] + 1.0).abs() < 0.08, "{found:?}");
        assert!((found.intercept - 0.5).abs() < 0.08, "{found:?}");
    }

    #[test]
    fn at_the_minimum_the_penalised_slope_vanishes() {
        let (rows, labels) = planted(500);
        let options = Options {
            l2: 5.0,
            centers: vec![0.3, 0.3],
            ..Options::default()
        };
        let found = fit(&rows, &labels, &[], &options).unwrap();
        let mut slope = [
            5.0 * (found.weights[0] - 0.3),
            5.0 * (found.weights[1] - 0.3),
            0.0,
        ];
        for (row, label) in rows.iter().zip(&labels) {
            let off = found.probability(row) - f64::from(*label);
            slope[0] += off * f64::from(row[0]);
            slope[1] += off * f64::from(row[1]);
            slope[2] += off;
        }
        assert!(slope.iter().all(|part| part.abs() < 1e-3), "{slope:?}");
    }

    #[test]
    fn bounds_hold_and_the_rest_makes_the_best_of_it() {
        let (rows, labels) = planted(5_000);
        let bounded = Options {
            bounds: vec![(0.0, 0.7), (0.0, 1.0)],
            ..weak()
        };
        let found = fit(&rows, &labels, &[], &bounded).unwrap();
        assert!((found.weights[0] - 0.7).abs() < 1e-12, "{found:?}");
        assert!(found.weights[1].abs() < 1e-12, "{found:?}");
        // With both coefficients given, only the constant is left to fit.
        let given = Options {
            bounds: vec![(0.7, 0.7), (0.0, 0.0)],
            ..weak()
        };
        let constant = fit(&rows, &labels, &[], &given).unwrap();
        assert!((found.intercept - constant.intercept).abs() < 1e-5);
    }

    #[test]
    fn a_weight_counts_as_so_many_equal_rows() {
        let rows = [[1.0], [1.0], [0.0], [0.5]];
        let weighted = fit(&rows, &[1.0, 0.0, 0.0, 1.0], &[3.0, 1.0, 2.0, 0.0], &weak()).unwrap();
        let repeated = [[1.0], [1.0], [1.0], [1.0], [0.0], [0.0]];
        let same = fit(&repeated, &[1.0, 1.0, 1.0, 0.0, 0.0, 0.0], &[], &weak()).unwrap();
        assert!((weighted.weights[0] - same.weights[0]).abs() < 1e-6);
        assert!((weighted.intercept - same.intercept).abs() < 1e-6);
        // As does a label that is a part.
        let parts = fit(&[[1.0], [0.0]], &[0.75, 0.0], &[4.0, 2.0], &weak()).unwrap();
        assert!((parts.weights[0] - same.weights[0]).abs() < 1e-6);
    }

    #[test]
    fn a_strong_penalty_leaves_only_the_centres() {
        let (rows, labels) = planted(200);
        let options = Options {
            l2: 1e9,
            centers: vec![0.25, -2.0],
            bounds: Vec::new(),
            intercept: false,
        };
        let found = fit(&rows, &labels, &[], &options).unwrap();
        assert!((found.weights[0] - 0.25).abs() < 1e-5 && (found.weights[1] + 2.0).abs() < 1e-5);
        assert!(found.intercept.abs() < 1e-12);
    }

    #[test]
    fn separable_and_degenerate_rows_still_have_a_finite_answer() {
        let separable = fit(&[[-1.0], [1.0]], &[0.0, 1.0], &[], &weak()).unwrap();
        assert!(separable.weights[0] > 1.0 && separable.weights[0].is_finite());
        let one_sided = fit(&[[1.0], [2.0]], &[1.0, 1.0], &[], &weak()).unwrap();
        assert!(one_sided.logit(&[1.5]).is_finite() && one_sided.probability(&[1.5]) > 0.9);
        let twins = fit(&[[1.0, 1.0], [0.0, 0.0]], &[1.0, 0.0], &[], &weak()).unwrap();
        assert!((twins.weights[0] - twins.weights[1]).abs() < 1e-6);
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let none: [[f32; 1]; 0] = [];
        assert_eq!(fit(&none, &[], &[], &weak()), Err(Error::Size));
        let wide = [vec![0.0; MOST_COLUMNS + 1]];
        assert_eq!(fit(&wide, &[1.0], &[], &weak()), Err(Error::Size));
        assert_eq!(fit(&[[1.0]], &[], &[], &weak()), Err(Error::Lengths));
        let ragged = [vec![1.0], vec![1.0, 2.0]];
        assert_eq!(fit(&ragged, &[1.0, 0.0], &[], &weak()), Err(Error::Lengths));
        assert_eq!(fit(&[[f32::NAN]], &[1.0], &[], &weak()), Err(Error::Value));
        assert_eq!(fit(&[[1.0]], &[2.0], &[], &weak()), Err(Error::Value));
        assert_eq!(fit(&[[1.0]], &[1.0], &[-1.0], &weak()), Err(Error::Value));
        let crossed = Options {
            bounds: vec![(1.0, 0.0)],
            ..weak()
        };
        assert_eq!(fit(&[[1.0]], &[1.0], &[], &crossed), Err(Error::Value));
    }

    #[test]
    fn huge_values_give_an_answer_or_an_error_but_no_panic() {
        let rows = [[f32::MAX, 1.0], [f32::MIN, 0.5], [1e-30, 2.0]];
        if let Ok(found) = fit(&rows, &[1.0, 0.0, 1.0], &[], &weak()) {
            assert!(found.weights.iter().all(|weight| weight.is_finite()));
        }
    }
}
