//! The weights of a score, from examples.

use drape_learn::logistic;
use time::Date;

use crate::{Blend, Pace, examples::Example, reward};

impl Blend {
    /// From examples: logistic regression of acceptance on the parts, each example weighed by its reward and the
    /// inverse of its propensity, fading with age, the place in the answer as a part of its own. The weights are
    /// held to the defaults by a penalty and stay within [`WEIGHT_BOUNDS`](crate::WEIGHT_BOUNDS).
    #[must_use]
    pub fn learn(examples: &[&Example], today: Date, pace: Pace) -> Self {
        let default = Self::default();
        let rows: Vec<[f32; 6]> = examples
            .iter()
            .map(|example| {
                let [compat, preference, freshness, boutique] =
                    example.parts.values().map(|value| value - 0.5);
                let second = f32::from(u8::from(example.position == 1));
                let later = f32::from(u8::from(example.position > 1));
                [compat, preference, freshness, boutique, second, later]
            })
            .collect();
        let labels: Vec<f32> = examples
            .iter()
            .map(|example| f32::from(u8::from(example.accepted())))
            .collect();
        let ages: Vec<f32> = examples
            .iter()
            .map(|example| {
                let days = (today - example.day).whole_days() as f32;
                reward::decay_by(days, pace.half_life_days)
            })
            .collect();
        let weights: Vec<f32> = examples
            .iter()
            .zip(&ages)
            .map(|(example, age)| example.weight() * age)
            .collect();
        let prior = f64::from(default.scale());
        let options = logistic::Options {
            l2: f64::from(pace.prior_likes) * INFORMATION,
            centers: default
                .weights()
                .map(|weight| prior * f64::from(weight))
                .into_iter()
                .chain([0.0; 2])
                .collect(),
            bounds: [(0.0, 50.0); 4]
                .into_iter()
                .chain([(-5.0, 5.0); 2])
                .collect(),
            intercept: true,
        };
        let Ok(fitted) = logistic::fit(&rows, &labels, &weights, &options) else {
            return default;
        };
        let mut learned = [0.0; 4];
        for (to, from) in learned.iter_mut().zip(&fitted.weights) {
            *to = *from as f32;
        }
        let mut blend = default.with_weights(learned);

        // Log-odds of acceptance from the score, in the mean over places: for this each example counts once.
        let scores: Vec<[f32; 1]> = examples
            .iter()
            .map(|example| [blend.score(&example.parts) - 0.5])
            .collect();
        let options = logistic::Options {
            l2: 0.5,
            centers: vec![prior],
            bounds: vec![(0.0, 50.0)],
            intercept: true,
        };
        if let Ok(fitted) = logistic::fit(&scores, &labels, &ages, &options)
            && let [scale] = fitted.weights[..]
        {
            blend = blend.with_odds(scale as f32, fitted.intercept as f32);
        }
        blend
    }
}

/// What an example tells of a coefficient: p(1 − p) at a half, times the variance of a part, of about 0.15².
const INFORMATION: f64 = 0.25 * 0.15 * 0.15;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, people};

    #[test]
    fn what_was_seldom_tried_counts_for_what_was_not() {
        // Only what suits a person well is taken for their taste; and that was tried only one time in ten.
        let mut all = people(400, 10, [6.0, 0.0, 0.0, 0.0], 0, 5);
        for example in &mut all {
            if example.parts.preference > 0.65 {
                example.reward = 2.0;
            }
        }
        let mut rng = fastrand::Rng::with_seed(1);
        let logged: Vec<Example> = all
            .iter()
            .filter_map(|example| {
                let propensity = if example.parts.preference > 0.5 {
                    0.1
                } else {
                    1.0
                };
                (rng.f32() < propensity).then(|| Example {
                    propensity,
                    ..example.clone()
                })
            })
            .collect();
        let ignored: Vec<Example> = logged
            .iter()
            .map(|example| Example {
                propensity: 1.0,
                ..example.clone()
            })
            .collect();
        let weights = |examples: &[Example]| {
            let all: Vec<&Example> = examples.iter().collect();
            Blend::learn(&all, NOW.date(), Pace::FAST).weights()[1]
        };
        let (truth, joined, naive) = (weights(&all), weights(&logged), weights(&ignored));
        assert!(
            (joined - truth).abs() < (naive - truth).abs(),
            "{truth} {joined} {naive}"
        );
    }
}
