//! What to try in the third place: Thompson sampling over a Bayesian linear model of the reward.

use serde::{Deserialize, Serialize};

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// The most features that exploration looks at.
pub const MAX_FEATURES: usize = 32;
/// The longest name of a feature.
const MAX_NAME: usize = 64;
/// How often is drawn to tell the odds of a choice.
const DRAWS: usize = 512;
/// Standard deviation of a reward (−1 to 1) that the features do not explain.
const NOISE: f64 = 0.7;
/// Standard deviation of a coefficient before anything is known of it. Small, so that exploration without
/// evidence follows what is known to be good on the whole rather than chance alone.
const SPREAD: f64 = 0.3;
/// The most evidence that is kept, in observations: older evidence fades, so that it follows a change.
const MAX_EVIDENCE: f64 = 200_000.0;

/// A choice, and how likely it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// In the pool.
    pub index: usize,
    /// The probability of this choice, above 0 to 1: what is logged with what is shown.
    pub propensity: f32,
}

/// What was seen of rewards, as sums that add up over shards and days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Number of features, the constant one included.
    dim: usize,
    n: f64,
    /// Σ x·xᵀ, row by row.
    squares: Vec<f64>,
    /// Σ x · reward.
    rewards: Vec<f64>,
}

impl Evidence {
    /// None yet, for so many features.
    #[must_use]
    pub fn new(features: usize) -> Self {
        let dim = features.min(MAX_FEATURES) + 1;
        Self {
            dim,
            n: 0.0,
            squares: vec![0.0; dim * dim],
            rewards: vec![0.0; dim],
        }
    }

    /// How many observations, as far as they have not faded.
    #[must_use]
    pub const fn n(&self) -> f64 {
        self.n
    }

    /// Adds one: the values of the features, and the reward, −1 to 1. What is not a number is passed over.
    pub fn add(&mut self, values: &[f32], reward: f32, weight: f32) {
        if weight > 0.0 {
            self.change(values, reward, weight);
        }
    }

    /// As [`Evidence::add`]; with a weight below 0 it takes one out that was added before.
    pub(crate) fn change(&mut self, values: &[f32], reward: f32, weight: f32) {
        let (reward, weight) = (f64::from(reward), f64::from(weight));
        if !(reward.is_finite() && weight.is_finite()) {
            return;
        }
        let reward = reward.clamp(-1.0, 1.0);
        let x = row(values, self.dim);
        for (i, a) in x.iter().enumerate() {
            for (j, b) in x.iter().enumerate() {
                self.squares[i * self.dim + j] += weight * a * b;
            }
            self.rewards[i] += weight * a * reward;
        }
        self.n += weight;
    }

    /// Makes changes of what is here.
    pub(crate) fn amend(&mut self, changes: &Self) {
        self.merge(changes);
        // What was taken out was rounded otherwise than when it was added.
        self.n = self.n.max(0.0);
    }

    /// Adds another's; of another number of features it is passed over.
    pub fn merge(&mut self, other: &Self) {
        if self.dim != other.dim {
            return;
        }
        self.n += other.n;
        for (a, b) in self.squares.iter_mut().zip(&other.squares) {
            *a += b;
        }
        for (a, b) in self.rewards.iter_mut().zip(&other.rewards) {
            *a += b;
        }
    }

    /// Lets it fade to a part, 0–1.
    pub fn fade(&mut self, kept: f64) {
        let kept = if kept.is_finite() {
            kept.clamp(0.0, 1.0)
        } else {
            1.0
        };
        self.n *= kept;
        self.squares.iter_mut().for_each(|value| *value *= kept);
        self.rewards.iter_mut().for_each(|value| *value *= kept);
    }

    pub(crate) fn is_usable(&self, features: usize) -> bool {
        self.n >= 0.0 && self.is_change(features)
    }

    /// Whether these are usable as changes of others.
    pub(crate) fn is_change(&self, features: usize) -> bool {
        self.dim == features + 1
            && self.squares.len() == self.dim * self.dim
            && self.rewards.len() == self.dim
            && std::iter::once(&self.n)
                .chain(&self.squares)
                .chain(&self.rewards)
                .all(|value| value.is_finite())
    }
}

/// The features of one candidate with a constant before them; what is missing or not a number counts 0.
fn row(values: &[f32], dim: usize) -> Vec<f64> {
    let known = values.iter().map(|value| {
        if value.is_finite() {
            f64::from(value.clamp(-10.0, 10.0))
        } else {
            0.0
        }
    });
    std::iter::once(1.0)
        .chain(known)
        .chain(std::iter::repeat(0.0))
        .take(dim)
        .collect()
}

/// Bayesian linear regression of rewards on named features, from which exploration draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explorer {
    names: Vec<String>,
    evidence: Evidence,
}

impl Explorer {
    /// That knows nothing yet, for these features; those beyond [`MAX_FEATURES`] are left out.
    #[must_use]
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        let names: Vec<String> = names
            .into_iter()
            .take(MAX_FEATURES)
            .map(Into::into)
            .collect();
        Self {
            evidence: Evidence::new(names.len()),
            names,
        }
    }

    /// The features, in the order of their values.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What it has seen.
    #[must_use]
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// The values in its order, from named ones; 0 for what is not among them.
    #[must_use]
    pub fn values(&self, named: &[(&str, f32)]) -> Vec<f32> {
        self.names
            .iter()
            .map(|name| {
                named
                    .iter()
                    .find_map(|(other, value)| (other == name).then_some(*value))
                    .unwrap_or(0.0)
            })
            .collect()
    }

    /// Takes in new evidence; beyond a limit, what is there fades to make room.
    pub fn learn(&mut self, new: &Evidence) {
        self.evidence.merge(new);
        if self.evidence.n > MAX_EVIDENCE {
            self.evidence.fade(MAX_EVIDENCE / self.evidence.n);
        }
    }

    /// Forgets a part of what it has seen, so that it tries more again.
    pub fn fade(&mut self, kept: f64) {
        self.evidence.fade(kept);
    }

    /// The mean of the posterior: the constant, then one for each feature. Zeros if nothing can be said.
    #[must_use]
    pub fn coefficients(&self) -> Vec<f64> {
        self.posterior().map_or_else(
            || vec![0.0; self.evidence.dim],
            |(_, mean)| mean.as_slice().to_vec(),
        )
    }

    /// The Cholesky root of the posterior's precision, and its mean.
    fn posterior(&self) -> Option<(Cholesky<f64, Dyn>, DVector<f64>)> {
        let Evidence {
            dim,
            squares,
            rewards,
            ..
        } = &self.evidence;
        let (noise, prior) = (NOISE.powi(-2), SPREAD.powi(-2));
        let precision = DMatrix::from_row_slice(*dim, *dim, squares) * noise
            + DMatrix::from_diagonal_element(*dim, *dim, prior);
        let root = Cholesky::new(precision)?;
        let mean = root.solve(&(DVector::from_column_slice(rewards) * noise));
        Some((root, mean))
    }

    /// Chooses one of the pool, each given by the values of its features: what would be best if the truth were
    /// as a draw from the posterior says. The same seed, pool and evidence give the same choice. None if the
    /// pool is empty.
    ///
    /// The propensity is the share of 512 draws, of which the choice follows one, that choose the same.
    #[must_use]
    pub fn choose(&self, pool: &[impl AsRef<[f32]>], seed: u64) -> Option<Choice> {
        let dim = self.evidence.dim;
        let rows: Vec<Vec<f64>> = pool
            .iter()
            .map(|values| row(values.as_ref(), dim))
            .collect();
        if rows.is_empty() {
            return None;
        }
        let (root, mean) = self.posterior()?;
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut wins = vec![0u32; rows.len()];
        let mut chosen = 0;
        let mut draw = DVector::zeros(dim);
        for round in 0..DRAWS {
            draw.iter_mut().for_each(|x| *x = normal(&mut rng));
            if !root.l_dirty().tr_solve_lower_triangular_mut(&mut draw) {
                return None;
            }
            draw += &mean;
            let mut best = (0, f64::NEG_INFINITY);
            // From a random start, so that of equals each wins as often.
            let start = rng.usize(..rows.len());
            for offset in 0..rows.len() {
                let index = (start + offset) % rows.len();
                let worth: f64 = rows[index].iter().zip(&draw).map(|(x, w)| x * w).sum();
                if worth > best.1 {
                    best = (index, worth);
                }
            }
            wins[best.0] += 1;
            if round == 0 {
                chosen = best.0;
            }
        }
        Some(Choice {
            index: chosen,
            propensity: wins[chosen] as f32 / DRAWS as f32,
        })
    }

    pub(crate) fn is_usable(&self) -> bool {
        self.names.len() <= MAX_FEATURES
            && self.names.iter().all(|name| name.len() <= MAX_NAME)
            && self.evidence.is_usable(self.names.len())
    }
}

/// A standard normal number (Box–Muller; the second one is not kept, for simplicity).
fn normal(rng: &mut fastrand::Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.f64()).cos()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn explorer(evidence: &[([f32; 2], f32)]) -> Explorer {
        let mut explorer = Explorer::new(["a", "b"]);
        let mut new = Evidence::new(2);
        for (values, reward) in evidence {
            new.add(values, *reward, 1.0);
        }
        explorer.learn(&new);
        explorer
    }

    const POOL: [[f32; 2]; 4] = [[1.0, 0.0], [0.0, 1.0], [0.6, 0.6], [0.1, 0.1]];

    #[test]
    fn the_logged_propensity_is_how_often_it_is_chosen() {
        let explorer = explorer(&[([1.0, 0.0], 0.4), ([0.0, 1.0], 0.1), ([0.5, 0.5], 0.2)]);
        let rounds = 3_000;
        let (mut chosen, mut told) = ([0f64; 4], [0f64; 4]);
        for seed in 0..rounds {
            let choice = explorer.choose(&POOL, seed).unwrap();
            chosen[choice.index] += 1.0;
            told[choice.index] += f64::from(choice.propensity);
        }
        for index in 0..4 {
            if chosen[index] < 30.0 {
                continue;
            }
            let (often, said) = (chosen[index] / rounds as f64, told[index] / chosen[index]);
            let error = (often * (1.0 - often) / rounds as f64).sqrt();
            assert!(
                (often - said).abs() < 4.0 * error + 0.004,
                "{index}: chosen {often:.3}, told {said:.3}"
            );
        }
    }

    #[test]
    fn what_is_rewarded_is_chosen_ever_more_often() {
        let share = |rounds: usize| {
            let seen: Vec<_> = (0..rounds)
                .flat_map(|_| [([1.0, 0.0], 1.0), ([0.0, 1.0], -1.0)])
                .collect();
            explorer(&seen).choose(&POOL[..2], 1).map(|choice| {
                if choice.index == 0 {
                    choice.propensity
                } else {
                    1.0 - choice.propensity
                }
            })
        };
        let shares: Vec<f32> = [0, 2, 100].map(|n| share(n).unwrap()).to_vec();
        assert!(shares.is_sorted(), "{shares:?}");
        assert!((shares[0] - 0.5).abs() < 0.1 && shares[2] > 0.99);
    }

    #[test]
    fn the_same_seed_gives_the_same_choice_and_an_empty_pool_none() {
        let explorer = explorer(&[]);
        for seed in 0..20 {
            assert_eq!(explorer.choose(&POOL, seed), explorer.choose(&POOL, seed));
        }
        assert_eq!(explorer.choose(&[] as &[[f32; 2]], 1), None);
    }

    #[test]
    fn a_planted_reward_is_found() {
        let mut rng = fastrand::Rng::with_seed(3);
        let seen: Vec<_> = (0..4_000)
            .map(|_| {
                let values = [rng.f32(), rng.f32()];
                let reward = 0.1 + 0.5 * values[0] - 0.3 * values[1] + 0.2 * (rng.f32() - 0.5);
                (values, reward)
            })
            .collect();
        let found = explorer(&seen).coefficients();
        for (found, planted) in found.iter().zip([0.1, 0.5, -0.3]) {
            assert!((found - planted).abs() < 0.06, "{found} for {planted}");
        }
    }

    #[test]
    fn unusable_numbers_do_no_harm() {
        let mut explorer = explorer(&[([f32::NAN, f32::INFINITY], 1.0), ([1.0, 0.0], f32::NAN)]);
        explorer.fade(f64::NAN);
        assert!(explorer.is_usable());
        let pool = [vec![f32::NAN], vec![f32::INFINITY; 9], vec![]];
        assert!(explorer.choose(&pool, 1).is_some());
    }

    proptest! {
        #[test]
        fn shards_add_up_in_any_order(
            seen in prop::collection::vec((prop::array::uniform2(-1f32..1.0), -1f32..1.0), 0..40),
            cut in any::<prop::sample::Index>(),
        ) {
            let all = explorer(&seen);
            let cut = cut.index(seen.len() + 1);
            let mut parts = explorer(&seen[cut..]);
            parts.learn(explorer(&seen[..cut]).evidence());
            for (a, b) in all.coefficients().iter().zip(parts.coefficients()) {
                prop_assert!((a - b).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let mut rng = fastrand::Rng::with_seed(7);
        let drawn: Vec<f64> = (0..20_000).map(|_| normal(&mut rng)).collect();
        let mean = drawn.iter().sum::<f64>() / 20_000.0;
        let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05);
    }
}
