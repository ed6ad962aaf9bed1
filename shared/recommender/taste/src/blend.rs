//! The score of an outfit from its parts.

use serde::{Deserialize, Serialize};

/// The parts of an outfit's score, each 0–1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// How well the pieces suit each other and the day.
    pub compat: f32,
    /// How well they suit the person.
    pub preference: f32,
    /// How long they were not worn.
    pub freshness: f32,
    /// What the pieces from boutiques add: 0.5 if there are none, more if they are popular.
    pub boutique: f32,
}

impl Parts {
    /// The names under which the parts are logged with what is shown.
    pub const NAMES: [&'static str; 4] = ["compat", "preference", "freshness", "boutique"];

    /// In the order of [`Parts::NAMES`].
    #[must_use]
    pub const fn values(&self) -> [f32; 4] {
        [self.compat, self.preference, self.freshness, self.boutique]
    }

    /// From values in the order of [`Parts::NAMES`].
    #[must_use]
    pub const fn from_values([compat, preference, freshness, boutique]: [f32; 4]) -> Self {
        Self {
            compat,
            preference,
            freshness,
            boutique,
        }
    }
}

/// What `compat` is made of by rules, with how much each counts; they sum to 1. Our own setting: what clashes,
/// freezes or embarrasses weighs most; what only nudges weighs least.
pub const COMPAT_WEIGHTS: [(&str, f32); 5] = [
    ("color_match", 0.30),
    ("warmth_fit", 0.25),
    ("formality_match", 0.22),
    ("style_match", 0.17),
    ("season", 0.06),
];

/// Between what each weight stays whatever is learned, in the order of [`Parts::NAMES`]: nothing takes over,
/// and nothing is switched off that a person was promised (looks that go together, taste, variety).
pub const WEIGHT_BOUNDS: [(f32, f32); 4] = [(0.40, 0.85), (0.08, 0.50), (0.02, 0.20), (0.00, 0.10)];

/// The most that the acceptance's log-odds grow with the score, or are off.
const MAX_ODDS: f32 = 50.0;

/// score = w₁·compat + w₂·preference + w₃·freshness + w₄·boutique; the weights sum to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Blend {
    weights: [f32; 4],
    /// Log-odds of acceptance = scale · (score − 0.5) + bias.
    scale: f32,
    bias: f32,
}

impl Default for Blend {
    /// Our own setting, until there is enough to learn from: 0.70, 0.20, 0.07, 0.03.
    fn default() -> Self {
        Self {
            weights: [0.70, 0.20, 0.07, 0.03],
            scale: 4.0,
            bias: 0.0,
        }
    }
}

impl Blend {
    /// The weights in the order of [`Parts::NAMES`]; they sum to 1.
    #[must_use]
    pub const fn weights(&self) -> [f32; 4] {
        self.weights
    }

    /// 0–1; what is not a number counts a half.
    #[must_use]
    pub fn score(&self, parts: &Parts) -> f32 {
        self.weights
            .iter()
            .zip(parts.values())
            .map(|(weight, value)| weight * unit(value))
            .sum()
    }

    /// The probability that an outfit with this score is accepted.
    #[must_use]
    pub fn acceptance(&self, score: f32) -> f32 {
        let odds = self.scale * (unit(score) - 0.5) + self.bias;
        1.0 / (1.0 + (-odds).exp())
    }

    /// How log-odds of acceptance grow with the score.
    pub(crate) const fn scale(&self) -> f32 {
        self.scale
    }

    pub(crate) fn with_odds(self, scale: f32, bias: f32) -> Self {
        Self {
            scale: scale.clamp(0.0, MAX_ODDS),
            bias: bias.clamp(-MAX_ODDS, MAX_ODDS),
            ..self
        }
    }

    /// With these weights as far as the bounds allow: the nearest that are within them and sum to 1, after they
    /// are made to sum to 1. Weights that are all 0 change nothing.
    #[must_use]
    pub fn with_weights(self, wanted: [f32; 4]) -> Self {
        let sum: f32 = wanted.iter().sum();
        // Also false for NaN.
        if !(sum > 1e-6 && sum.is_finite()) {
            return self;
        }
        let wanted = wanted.map(|weight| weight / sum);
        let at = |shift: f32| {
            let mut weights = wanted;
            for (weight, (low, high)) in weights.iter_mut().zip(WEIGHT_BOUNDS) {
                *weight = (*weight + shift).clamp(low, high);
            }
            weights
        };
        // The sum grows with the shift; 40 halvings find where it is 1.
        let (mut low, mut high) = (-1.0, 1.0);
        for _ in 0..40 {
            let middle = (low + high) / 2.0;
            if at(middle).iter().sum::<f32>() < 1.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        Self {
            weights: at((low + high) / 2.0),
            ..self
        }
    }

    pub(crate) fn is_usable(&self) -> bool {
        let sum: f32 = self.weights.iter().sum();
        self.weights
            .iter()
            .zip(WEIGHT_BOUNDS)
            .all(|(weight, (low, high))| (low - 1e-4..=high + 1e-4).contains(weight))
            && (sum - 1.0).abs() < 1e-3
            && (0.0..=MAX_ODDS).contains(&self.scale)
            && (-MAX_ODDS..=MAX_ODDS).contains(&self.bias)
    }
}

fn unit(value: f32) -> f32 {
    if value.is_nan() {
        0.5
    } else {
        value.clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_defaults_are_within_their_bounds_and_sum_to_1() {
        assert!(Blend::default().is_usable());
    }

    proptest! {
        #[test]
        fn a_score_is_between_its_least_and_its_largest_part(values in prop::array::uniform4(0f32..=1.0)) {
            let score = Blend::default().score(&Parts::from_values(values));
            let (least, most) = values.iter().fold((1f32, 0f32), |(a, b), v| (a.min(*v), b.max(*v)));
            prop_assert!(score >= least - 1e-5 && score <= most + 1e-5);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_learned_the_weights_are_within_their_bounds_and_sum_to_1(
            wanted in prop::array::uniform4(0f32..1e6),
        ) {
            prop_assert!(Blend::default().with_weights(wanted).is_usable());
        }
    }

    #[test]
    fn weights_within_the_bounds_are_taken_as_they_are() {
        let blend = Blend::default().with_weights([1.2, 0.6, 0.14, 0.06]);
        for (got, wanted) in blend.weights().iter().zip([0.6, 0.3, 0.07, 0.03]) {
            assert!((got - wanted).abs() < 1e-5);
        }
        assert_eq!(Blend::default().with_weights([0.0; 4]), Blend::default());
    }

    #[test]
    fn a_part_that_is_no_number_says_nothing() {
        let none = Parts::from_values([f32::NAN; 4]);
        assert!((Blend::default().score(&none) - 0.5).abs() < 1e-6);
    }
}
