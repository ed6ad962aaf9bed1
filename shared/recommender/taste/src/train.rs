//! From what was summed up to a challenger.

use drape_domain::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    Blend, Explorer, HALF_LIFE_DAYS, Model, Popularity, Summary, examples::Example, reservoir,
};

/// One person in so many is never trained on, so that models can be compared by them.
const HELD_OUT: u64 = 5;
/// A mean vector of fewer pieces is not used.
const MIN_CENTER: f64 = 200.0;
/// How fast is learned.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// Examples count half after so many days.
    pub half_life_days: f32,
    /// How strongly weights are held to the defaults: about so many likes weigh as much as they do.
    pub prior_likes: f32,
    /// How much of what exploration has seen it keeps, 0–1: with less, it tries more again.
    pub kept_evidence: f32,
}

impl Pace {
    /// From day to day.
    pub const STEADY: Self = Self {
        half_life_days: HALF_LIFE_DAYS,
        prior_likes: 2_000.0,
        kept_evidence: 1.0,
    };
    /// When people have turned away: a week is most of what counts.
    pub const FAST: Self = Self {
        half_life_days: 7.0,
        prior_likes: 500.0,
        kept_evidence: 0.25,
    };
}

/// A model from all that is known. It starts from the champion's settings; the same summary and pace give the
/// same model.
#[must_use]
pub fn train(
    champion: &Model,
    summary: &Summary,
    pace: Pace,
    id: &str,
    made_at: Timestamp,
) -> Model {
    let today = summary.through();
    let examples: Vec<&Example> = summary
        .examples()
        .filter(|example| !is_held_out(example.user))
        .collect();
    let mut evidence = summary.evidence().clone();
    evidence.fade(f64::from(pace.kept_evidence));
    let mut explorer = Explorer::new(summary.explored().iter().cloned());
    explorer.learn(&evidence);
    let (embedding, center) = match summary.center() {
        Some((model, center, n)) if n >= MIN_CENTER => (Some(model.to_owned()), center),
        _ => (champion.embedding.clone(), champion.center.clone()),
    };
    // What goes with what was learned by the champion's vectors; of others it knows nothing.
    let compat = champion
        .compat
        .clone()
        .filter(|_| champion.embedding == embedding);
    Model {
        id: id.to_owned(),
        made_at,
        compat,
        embedding,
        center,
        blend: Blend::learn(&examples, today, pace),
        explorer,
        popularity: Popularity::learn(summary.items()),
    }
}

/// Whether models are compared by this person, and never trained on them.
pub(crate) fn is_held_out(user: UserId) -> bool {
    reservoir::hash(user.uuid()).is_multiple_of(HELD_OUT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, TASTE_COUNTS_MOST, challenger, people, summary};

    #[test]
    fn with_few_examples_the_weights_stay_near_the_defaults_and_nothing_is_promoted() {
        let (challenger, told) = challenger(people(5, 4, TASTE_COUNTS_MOST, 0, 1), Pace::STEADY);
        for (learned, default) in challenger
            .blend
            .weights()
            .iter()
            .zip(Blend::default().weights())
        {
            assert!((learned - default).abs() < 0.03);
        }
        assert!(!told.decision.promoted && told.champion.is_none());
    }

    #[test]
    fn learning_fast_follows_a_change_that_learning_steadily_does_not_yet() {
        let changed = || {
            let mut examples = people(300, 8, [8.0, 1.0, 0.5, 0.0], 30, 1);
            examples.extend(people(100, 8, [2.0, 8.0, 0.5, 0.0], 1, 2));
            examples
        };
        let (steady, _) = challenger(changed(), Pace::STEADY);
        let (fast, _) = challenger(changed(), Pace::FAST);
        assert!(fast.blend.weights()[1] > steady.blend.weights()[1] + 0.03);
        assert!(fast.explorer.evidence().n() < steady.explorer.evidence().n() / 3.0);
    }

    #[test]
    fn the_same_summary_gives_the_same_model() {
        let summary = summary(people(50, 6, TASTE_COUNTS_MOST, 0, 1));
        let make = || train(&Model::builtin(), &summary, Pace::STEADY, "c", NOW);
        assert_eq!(make(), make());
        let bytes = make().to_bytes().unwrap();
        assert_eq!(Model::from_bytes(&bytes), Ok(make()));
    }

    #[test]
    fn held_out_people_are_not_trained_on() {
        let examples = people(200, 6, TASTE_COUNTS_MOST, 0, 1);
        let trained: Vec<Example> = examples
            .iter()
            .filter(|example| !is_held_out(example.user))
            .cloned()
            .collect();
        let held_out = examples.len() - trained.len();
        assert!(
            (120..360).contains(&held_out),
            "{held_out} of {}",
            examples.len()
        );
        let (all, told) = challenger(examples, Pace::STEADY);
        let (without, _) = challenger(trained, Pace::STEADY);
        assert_eq!(all.blend, without.blend);
        assert_eq!(told.held_out, held_out);
    }
}
