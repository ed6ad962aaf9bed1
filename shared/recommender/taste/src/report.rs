//! What a training left behind to be read: what it learned from, how good it is, what was decided and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::{
    Challenge, Evaluation, Model, Pace, Parts, Scorer, Summary,
    drift::{Drift, drift},
    examples::Counts,
};

time::serde::format_description!(pub(crate) iso_date, Date, "[year]-[month]-[day]");

/// A number before and after.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The champion's.
    pub before: f32,
    /// The challenger's.
    pub after: f32,
}

/// How much there was to learn from, over all days.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Material {
    /// Examples in the sample.
    pub examples: usize,
    /// Liked outfits in the sample.
    pub liked: usize,
    /// Boutiques' items with rewards.
    pub items: usize,
    /// Observations for exploration, as far as they have not faded.
    pub evidence: f64,
}

/// One training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The challenger.
    pub model: String,
    /// What it was compared with.
    pub champion: String,
    /// The last day that it knows.
    #[serde(with = "iso_date")]
    pub day: Date,
    /// How fast it learned.
    pub pace: Pace,
    /// What was read of the last day.
    pub counts: Counts,
    /// What it learned from.
    pub material: Material,
    /// How good it is, and what follows.
    pub evaluation: Evaluation,
    /// What tells it what goes with what, and why.
    pub scorer: Scorer,
    /// The weights of the score, by part.
    pub weights: BTreeMap<String, Change>,
    /// What exploration makes of each feature: reward per unit.
    pub explored: BTreeMap<String, Change>,
    /// How the last day differs from those before it.
    pub drift: Option<Drift>,
}

impl Report {
    /// Of a training and what came of it.
    #[must_use]
    pub fn new(champion: &Model, challenge: &Challenge, summary: &Summary, pace: Pace) -> Self {
        let challenger = &challenge.model;
        let changes = Parts::NAMES
            .iter()
            .zip(champion.blend.weights())
            .zip(challenger.blend.weights());
        let before = coefficients(champion);
        Self {
            model: challenger.id.clone(),
            champion: champion.id.clone(),
            day: summary.through(),
            pace,
            counts: summary
                .days()
                .last()
                .map(|day| day.counts)
                .unwrap_or_default(),
            material: Material {
                examples: summary.examples().count(),
                liked: summary.liked().count(),
                items: summary.items().count(),
                evidence: summary.evidence().n(),
            },
            evaluation: challenge.evaluation.clone(),
            scorer: challenge.scorer.clone(),
            weights: changes
                .map(|((name, before), after)| ((*name).to_owned(), Change { before, after }))
                .collect(),
            explored: coefficients(challenger)
                .into_iter()
                .map(|(name, after)| {
                    let before = before.get(&name).copied().unwrap_or_default();
                    (name, Change { before, after })
                })
                .collect(),
            drift: drift(summary.days()),
        }
    }
}

fn coefficients(model: &Model) -> BTreeMap<String, f32> {
    let names =
        std::iter::once("constant").chain(model.explorer.names().iter().map(String::as_str));
    names
        .zip(model.explorer.coefficients())
        .map(|(name, value)| (name.to_owned(), value as f32))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{challenge, outfits::Pieces, testing::NOW};

    #[test]
    fn a_report_is_readable_json_and_reads_back() {
        let champion = Model::builtin();
        let summary = Summary::new(NOW.date(), champion.explorer.names());
        let (pieces, name) = (Pieces::default(), ("2026-11-23", NOW));
        let challenge = challenge(&champion, &summary, &pieces, Pace::STEADY, name);
        let report = Report::new(&champion, &challenge, &summary, Pace::STEADY);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["day"], "2026-11-23");
        assert_eq!(json["evaluation"]["decision"]["promoted"], false);
        assert_eq!(json["scorer"]["serves"], "rules");
        assert!(json["weights"]["preference"]["after"].is_number());
        assert!(json["explored"]["constant"]["after"].is_number());
        assert_eq!(serde_json::from_value::<Report>(json).unwrap(), report);
    }
}
