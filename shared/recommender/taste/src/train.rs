//! From what was summed up to a challenger, and whether it takes the champion's place.

use drape_domain::{Timestamp, UserId};
use drape_learn::{logistic, metrics};
use serde::{Deserialize, Serialize};
use time::Date;

use crate::{
    Blend, Explorer, HALF_LIFE_DAYS, Model, Popularity, Summary,
    examples::Example,
    outfits::{Judge, Pieces},
    reservoir, reward,
};

/// One person in so many is never trained on, so that models can be compared by them.
const HELD_OUT: u64 = 5;
/// Models are compared by what those people did in so many days.
const HELD_OUT_DAYS: i64 = 14;
/// Fewer held-out examples than this tell nothing.
pub(crate) const MIN_HELD_OUT: usize = 60;
/// A mean vector of fewer pieces is not used.
const MIN_CENTER: f64 = 200.0;
/// By how much a challenger's held-out AUC may be below the champion's.
pub const AUC_EPSILON: f64 = 0.005;
/// By how much its calibration error may be above the champion's.
pub const ECE_TOLERANCE: f64 = 0.01;

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

/// How good a model is on what it was not trained on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// How often an accepted outfit scores above a rejected one; with its 95 % interval.
    pub auc: Range,
    /// Expected calibration error of the acceptance.
    pub ece: f64,
    /// In nats.
    pub log_loss: f64,
}

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// The figure.
    pub value: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

impl From<metrics::Interval> for Range {
    fn from(interval: metrics::Interval) -> Self {
        Self {
            value: interval.value,
            low: interval.low,
            high: interval.high,
        }
    }
}

/// Whether the challenger is served from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// If not, the champion stays.
    pub promoted: bool,
    /// In words.
    pub why: String,
}

/// Champion and challenger side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// How many held-out examples.
    pub held_out: usize,
    /// None if there are too few.
    pub champion: Option<Measured>,
    /// None if there are too few.
    pub challenger: Option<Measured>,
    /// By how much the challenger's AUC is above the champion's.
    pub auc_gain: Option<Range>,
    /// What follows.
    pub decision: Decision,
}

/// Compares the two on people neither was trained on, on their last fourteen days. The challenger is promoted if
/// its AUC is at most 0.005 below the champion's and its calibration error at most 0.01 above. Each judges outfits by
/// its own scorer of what goes with what, as far as their pieces are known; else they count as they were shown.
#[must_use]
pub fn evaluate(
    champion: &Model,
    challenger: &Model,
    summary: &Summary,
    pieces: &Pieces,
) -> Evaluation {
    let oldest = summary.through() - time::Duration::days(HELD_OUT_DAYS);
    let held_out: Vec<&Example> = summary
        .examples()
        .filter(|example| is_held_out(example.user) && example.day > oldest)
        .collect();
    let labels: Vec<bool> = held_out.iter().map(|example| example.accepted()).collect();
    let told = |model: &Model| -> Vec<f32> {
        let examples = held_out.iter().copied();
        let judge = Judge::new(model, pieces, summary, examples);
        let parts = |example: &Example| {
            let judged = judge.as_ref().and_then(|judge| judge.parts(example));
            judged.unwrap_or(example.parts)
        };
        held_out
            .iter()
            .map(|example| model.blend.acceptance(model.blend.score(&parts(example))))
            .collect()
    };
    let (old, new) = (told(champion), told(challenger));
    let compared = if held_out.len() < MIN_HELD_OUT {
        None
    } else {
        measure(&old, &labels)
            .zip(measure(&new, &labels))
            .zip(metrics::auc_gain(&new, &old, &labels))
    };
    let Some(((champion, challenger), gain)) = compared else {
        return Evaluation {
            held_out: held_out.len(),
            champion: None,
            challenger: None,
            auc_gain: None,
            decision: Decision {
                promoted: false,
                why: format!(
                    "{} held-out examples tell nothing: {MIN_HELD_OUT} of both kinds are needed",
                    held_out.len()
                ),
            },
        };
    };
    Evaluation {
        held_out: held_out.len(),
        champion: Some(champion),
        challenger: Some(challenger),
        auc_gain: Some(gain.into()),
        decision: decide(&champion, &challenger, gain.value),
    }
}

fn measure(told: &[f32], labels: &[bool]) -> Option<Measured> {
    Some(Measured {
        auc: metrics::auc_interval(told, labels)?.into(),
        ece: metrics::ece(told, labels)?,
        log_loss: metrics::log_loss(told, labels)?,
    })
}

fn decide(champion: &Measured, challenger: &Measured, gain: f64) -> Decision {
    let ranked = format!(
        "held-out AUC {:.4} beside the champion's {:.4}",
        challenger.auc.value, champion.auc.value
    );
    let calibrated = format!(
        "calibration error {:.4} beside {:.4}",
        challenger.ece, champion.ece
    );
    let (worse, uncalibrated) = (
        gain < -AUC_EPSILON,
        challenger.ece > champion.ece + ECE_TOLERANCE,
    );
    Decision {
        promoted: !worse && !uncalibrated,
        why: match (worse, uncalibrated) {
            (true, _) => format!("{ranked}: more than {AUC_EPSILON} below"),
            (_, true) => format!("{calibrated}: more than {ECE_TOLERANCE} above"),
            _ => format!("{ranked}, {calibrated}"),
        },
    }
}

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
    use drape_domain::{RecommendationId, UserId};
    use uuid::Uuid;

    use super::*;
    use crate::{
        Parts,
        drift::Day,
        examples::{Counts, Joined},
        testing::NOW,
    };

    /// People who accept with these log-odds of the parts (each less a half), so many examples each.
    fn people(count: u128, each: u128, wants: [f32; 4], age: i64, seed: u64) -> Vec<Example> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut examples = Vec::new();
        for person in 0..count {
            for n in 0..each {
                let values = [(); 4].map(|()| (0.2 + 0.6 * rng.f32()).clamp(0.0, 1.0));
                let odds: f32 = values.iter().zip(wants).map(|(v, w)| (v - 0.5) * w).sum();
                let yes = rng.f32() < 1.0 / (1.0 + (-odds).exp());
                let id = u128::from(seed) << 64 | person << 16 | n;
                examples.push(Example {
                    recommendation: RecommendationId::from_uuid(Uuid::from_u128(id)),
                    user: UserId::from_uuid(Uuid::from_u128(person)),
                    day: NOW.date() - time::Duration::days(age),
                    position: (n % 3) as u8,
                    propensity: 1.0,
                    score: 0.5,
                    parts: Parts::from_values(values),
                    reward: if yes { 2.0 } else { -3.0 },
                    pieces: Vec::new(),
                    explored: vec![values[0]],
                });
            }
        }
        examples
    }

    fn summary(examples: Vec<Example>) -> Summary {
        let mut summary = Summary::new(NOW.date(), &["compat".to_owned()]);
        summary.add(&Joined {
            examples,
            day: Day {
                counts: Counts::default(),
                ..Day::new(NOW.date())
            },
        });
        summary
    }

    fn challenger(examples: Vec<Example>, pace: Pace) -> (Model, Evaluation) {
        let (champion, summary) = (Model::builtin(), summary(examples));
        let challenger = train(&champion, &summary, pace, "c", NOW);
        let evaluation = evaluate(&champion, &challenger, &summary, &Pieces::default());
        (challenger, evaluation)
    }

    const TASTE_COUNTS_MOST: [f32; 4] = [2.0, 6.0, 0.5, 0.0];

    #[test]
    fn what_people_go_by_is_learned_and_the_better_model_promoted() {
        let (challenger, told) = challenger(people(400, 12, TASTE_COUNTS_MOST, 0, 1), Pace::STEADY);
        let [compat, preference, ..] = challenger.blend.weights();
        assert!(preference > 0.45 && compat < 0.52, "{:?}", challenger.blend);
        assert!(told.decision.promoted, "{told:?}");
        assert!(told.auc_gain.unwrap().low > 0.0, "{told:?}");
    }

    #[test]
    fn a_worse_model_is_not_promoted() {
        let (champion, told) = challenger(people(400, 12, TASTE_COUNTS_MOST, 0, 1), Pace::STEADY);
        assert!(told.decision.promoted);
        let summary = summary(people(400, 12, TASTE_COUNTS_MOST, 0, 2));
        let told = evaluate(&champion, &Model::builtin(), &summary, &Pieces::default());
        assert!(!told.decision.promoted);
        assert!(told.decision.why.contains("AUC"), "{}", told.decision.why);
    }

    #[test]
    fn a_model_that_ranks_as_well_but_promises_wrongly_is_not_promoted() {
        let summary = summary(people(400, 12, [6.0, 2.0, 0.5, 0.2], 0, 1));
        let champion = train(&Model::builtin(), &summary, Pace::STEADY, "c", NOW);
        let mut boastful = champion.clone();
        boastful.blend = boastful.blend.with_odds(champion.blend.scale(), 3.0);
        let told = evaluate(&champion, &boastful, &summary, &Pieces::default());
        assert!(!told.decision.promoted);
        assert!(
            told.decision.why.contains("calibration"),
            "{}",
            told.decision.why
        );
    }

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
        assert!(!told.decision.promoted && told.auc_gain.is_none());
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
