//! Whether a challenger takes the champion's place.

use drape_learn::metrics;
use serde::{Deserialize, Serialize};

use crate::{
    Model, Summary,
    examples::Example,
    outfits::{Judge, Pieces},
    train::is_held_out,
};

/// Models are compared by what held-out people did in so many days.
const HELD_OUT_DAYS: i64 = 14;
/// Fewer held-out examples than this tell nothing.
pub(crate) const MIN_HELD_OUT: usize = 60;
/// By how much a challenger's held-out AUC may be below another model's.
pub const AUC_EPSILON: f64 = 0.005;
/// By how much its calibration error may be above, however sure that is: of two models that are nearly the same the
/// difference is sure and means nothing.
pub const ECE_EPSILON: f64 = 0.005;

/// How good a model is on what it was not trained on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// How often an accepted outfit scores above a rejected one; with its 95 % interval.
    pub auc: Range,
    /// Expected calibration error of the acceptance; with its 95 % interval.
    pub ece: Range,
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

/// A model that the challenger is compared with, on the same examples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Other {
    /// How good it is.
    #[serde(flatten)]
    pub measured: Measured,
    /// By how much the challenger's AUC is above its own.
    pub auc_gain: Range,
    /// By how much the challenger's calibration error is above its own.
    pub ece_rise: Range,
}

/// Whether the challenger is served from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// If not, the champion stays.
    pub promoted: bool,
    /// In words.
    pub why: String,
}

/// The challenger beside the champion and the built-in model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// How many held-out examples.
    pub held_out: usize,
    /// None if there are too few.
    pub challenger: Option<Measured>,
    /// None if there are too few.
    pub champion: Option<Other>,
    /// None if there are too few.
    pub builtin: Option<Other>,
    /// What follows.
    pub decision: Decision,
}

/// Compares on people whom no model was trained on, on their last fourteen days. The challenger is promoted if beside
/// the champion, and beside the built-in model too, its AUC is at most 0.005 below, and its calibration error is not
/// surely above: by at most 0.005, or the 95 % interval of the difference reaches down to 0. The built-in model never changes, so a chain of
/// champions, each a little worse than the one before, ends where it would fall below that. Each model judges
/// outfits by its own scorer of what goes with what, as far as their pieces are known; else they count as they were
/// shown.
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
    let new = told(challenger);
    let beside = |model: &Model| {
        let old = told(model);
        Some(Other {
            measured: measure(&old, &labels)?,
            auc_gain: metrics::auc_gain(&new, &old, &labels)?.into(),
            ece_rise: metrics::ece_rise(&new, &old, &labels)?.into(),
        })
    };
    let compared = if held_out.len() < MIN_HELD_OUT {
        None
    } else {
        measure(&new, &labels)
            .zip(beside(champion))
            .zip(beside(&Model::builtin()))
    };
    let Some(((measured, champion), builtin)) = compared else {
        return Evaluation {
            held_out: held_out.len(),
            challenger: None,
            champion: None,
            builtin: None,
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
        challenger: Some(measured),
        champion: Some(champion),
        builtin: Some(builtin),
        decision: decide(&measured, &champion, &builtin),
    }
}

fn measure(told: &[f32], labels: &[bool]) -> Option<Measured> {
    Some(Measured {
        auc: metrics::auc_interval(told, labels)?.into(),
        ece: metrics::ece_interval(told, labels)?.into(),
        log_loss: metrics::log_loss(told, labels)?,
    })
}

fn decide(challenger: &Measured, champion: &Other, builtin: &Other) -> Decision {
    let others = [("the champion", champion), ("the built-in model", builtin)];
    let against = others.into_iter().find_map(|(name, other)| {
        Some(format!("beside {name}: {}", objection(challenger, other)?))
    });
    Decision {
        promoted: against.is_none(),
        why: against.unwrap_or_else(|| {
            format!(
                "held-out AUC {:.4} beside the champion's {:.4}, calibration error {:.4} beside {:.4}",
                challenger.auc.value,
                champion.measured.auc.value,
                challenger.ece.value,
                champion.measured.ece.value
            )
        }),
    }
}

/// What stands against the challenger, if it would take the other's place.
fn objection(challenger: &Measured, other: &Other) -> Option<String> {
    if other.auc_gain.value < -AUC_EPSILON {
        return Some(format!(
            "held-out AUC {:.4} is more than {AUC_EPSILON} below {:.4}",
            challenger.auc.value, other.measured.auc.value
        ));
    }
    (other.ece_rise.low > 0.0 && other.ece_rise.value > ECE_EPSILON).then(|| {
        format!(
            "calibration error {:.4} is surely above {:.4}, by {:.4} to {:.4}",
            challenger.ece.value, other.measured.ece.value, other.ece_rise.low, other.ece_rise.high
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Pace,
        testing::{NOW, TASTE_COUNTS_MOST, challenger, people, summary},
        train,
    };

    #[test]
    fn what_people_go_by_is_learned_and_the_better_model_promoted() {
        let (challenger, told) = challenger(people(400, 12, TASTE_COUNTS_MOST, 0, 1), Pace::STEADY);
        let [compat, preference, ..] = challenger.blend.weights();
        assert!(preference > 0.45 && compat < 0.52, "{:?}", challenger.blend);
        assert!(told.decision.promoted, "{told:?}");
        assert!(told.champion.unwrap().auc_gain.low > 0.0, "{told:?}");
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
    fn a_model_as_good_as_a_bad_champion_is_not_promoted_below_the_builtin_one() {
        let summary = summary(people(400, 12, [2.0, 6.0, 0.5, 0.0], 0, 1));
        let mut bad = Model::builtin();
        bad.blend = bad.blend.with_weights([0.85, 0.08, 0.07, 0.0]);
        let told = evaluate(&bad, &bad, &summary, &Pieces::default());
        assert!(told.champion.unwrap().auc_gain.value.abs() < 1e-9);
        assert!(!told.decision.promoted, "{told:?}");
        assert!(told.decision.why.contains("built-in"), "{told:?}");
    }

    #[test]
    fn a_calibration_error_that_only_chance_may_have_raised_is_no_hindrance() {
        let summary = summary(people(100, 8, [3.0, 3.0, 0.5, 0.0], 0, 4));
        let trained = train(&Model::builtin(), &summary, Pace::FAST, "c", NOW);
        let told = |bias: u8| {
            let mut model = trained.clone();
            let bias = 0.3 + f32::from(bias) * 0.05;
            model.blend = trained.blend.with_odds(trained.blend.scale(), bias);
            model
        };
        let beside = |bias: u8| evaluate(&told(0), &told(bias), &summary, &Pieces::default());
        let unsure = (1..20).map(beside).find(|told| {
            let rise = told.champion.unwrap().ece_rise;
            rise.value > 0.01 && rise.low < 0.0
        });
        let unsure = unsure.unwrap();
        assert!(unsure.decision.promoted, "{unsure:?}");
        let ece = unsure.challenger.unwrap().ece;
        assert!(ece.low < ece.value, "{ece:?}");
        assert!(!beside(30).decision.promoted);
    }
}
