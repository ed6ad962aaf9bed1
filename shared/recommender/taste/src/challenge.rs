//! A day's challenger: first with the scorer of what goes with what that is served, then with a newly learned one
//! if that is better.

use drape_domain::Timestamp;
use drape_learn::{Held, Learner};
use serde::{Deserialize, Serialize};

use crate::{
    Blend, Evaluation, Measured, Model, Pace, Summary, evaluate,
    evaluate::MIN_HELD_OUT,
    examples::Example,
    outfits::{self, Judge, Pieces},
    train,
    train::is_held_out,
};

/// What tells a challenger what goes with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Serves {
    /// The linear model, newly learned.
    Linear,
    /// The net, newly learned.
    Net,
    /// What the champion has learned.
    Champions,
    /// Rules; nothing is learned.
    Rules,
}

/// How learning what goes with what went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scorer {
    /// What the challenger goes by.
    pub serves: Serves,
    /// In words, with the figures that decided.
    pub why: String,
    /// Liked outfits that were learned from: of two pieces or more that are still there.
    pub outfits: usize,
    /// Pieces that were looked for.
    pub pieces: usize,
    /// Those of them that are gone.
    pub gone: usize,
    /// The linear model on outfits that it had not seen, against outfits by chance.
    pub linear: Option<Measured>,
    /// The net on the same.
    pub net: Option<Measured>,
    /// The challenger with the new scorer beside the champion, on held-out people's answers.
    pub with: Option<Evaluation>,
    /// The challenger without it on the same.
    pub without: Option<Evaluation>,
}

/// A challenger and how it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Challenge {
    /// The challenger.
    pub model: Model,
    /// It beside the champion.
    pub evaluation: Evaluation,
    /// What tells it what goes with what, and why.
    pub scorer: Scorer,
}

/// Trains a challenger and compares it. `pieces` are those of [`outfits::wanted`] that are still there. A
/// newly learned scorer comes along if it tells liked outfits from chance ones and, on held-out people's answers, the
/// challenger ranks no worse with it than without, and is still promoted. The same input gives the same challenger.
#[must_use]
pub fn challenge(
    champion: &Model,
    summary: &Summary,
    pieces: &Pieces,
    pace: Pace,
    (id, made_at): (&str, Timestamp),
) -> Challenge {
    let plain = train(champion, summary, pace, id, made_at);
    let without = evaluate(champion, &plain, summary, pieces);
    let learned = outfits::learn(summary, pieces);
    let wanted = outfits::wanted(summary);
    let gone = wanted
        .iter()
        .filter(|(_, item)| !pieces.known.contains_key(item));
    let mut scorer = Scorer {
        serves: if plain.compat.is_some() {
            Serves::Champions
        } else {
            Serves::Rules
        },
        why: String::new(),
        outfits: learned.outfits,
        pieces: wanted.len(),
        gone: gone.count(),
        linear: None,
        net: None,
        with: None,
        without: None,
    };
    let trained = match learned.trained {
        Ok(trained) => trained,
        Err(error) => {
            scorer.why = format!("{} outfits: {error}", learned.outfits);
            return Challenge {
                model: plain,
                evaluation: without,
                scorer,
            };
        }
    };
    let (serves, held) = match trained.serves {
        Learner::Linear => (Serves::Linear, trained.linear),
        Learner::Net => (Serves::Net, trained.net),
    };
    scorer.linear = Some(trained.linear.into());
    scorer.net = Some(trained.net.into());

    let mut model = plain.clone();
    if model.embedding.as_deref() != Some(&pieces.embedding) {
        model.embedding = Some(pieces.embedding.clone());
        // Of vectors that are not in use any more.
        model.center = Vec::new();
    }
    model.compat = Some(trained.compat);
    if let Some(blend) = blend(&model, summary, pieces, pace) {
        model.blend = blend;
    }
    let with = evaluate(champion, &model, summary, pieces);
    let (comes_along, why) = decide(&held, &with, &without);
    scorer.why = why;
    scorer.with = Some(with.clone());
    scorer.without = Some(without.clone());
    if !comes_along {
        return Challenge {
            model: plain,
            evaluation: without,
            scorer,
        };
    }
    scorer.serves = serves;
    Challenge {
        model,
        evaluation: with,
        scorer,
    }
}

/// The weights for a model's own scorer, from answers judged by it; none if there are too few.
fn blend(model: &Model, summary: &Summary, pieces: &Pieces, pace: Pace) -> Option<Blend> {
    let mut examples = outfits::latest(summary);
    examples.retain(|example| !is_held_out(example.user));
    let judge = Judge::new(model, pieces, summary, examples.iter().copied())?;
    let judged: Vec<Example> = examples
        .into_iter()
        .filter_map(|example| {
            let parts = judge.parts(example)?;
            Some(Example {
                parts,
                ..example.clone()
            })
        })
        .collect();
    let judged: Vec<&Example> = judged.iter().collect();
    (judged.len() >= MIN_HELD_OUT).then(|| Blend::learn(&judged, summary.through(), pace))
}

/// Whether a scorer is worth having, and why.
fn decide(held: &Held, with: &Evaluation, without: &Evaluation) -> (bool, String) {
    let own = format!(
        "liked outfits against chance ones: held-out AUC {:.4} ({:.4}–{:.4}), calibration error {:.4}",
        held.auc.value, held.auc.low, held.auc.high, held.ece.value
    );
    // A coin's log loss is ln 2.
    if held.auc.low <= 0.5 || held.log_loss >= std::f64::consts::LN_2 {
        return (false, format!("{own}: no better than chance"));
    }
    let (Some(new), Some(old)) = (&with.challenger, &without.challenger) else {
        return (true, own);
    };
    let answers = format!(
        "{own}; held-out people's answers: AUC {:.4} with it, {:.4} without",
        new.auc.value, old.auc.value
    );
    if new.auc.value < old.auc.value {
        return (false, format!("{answers}: worse"));
    }
    if without.decision.promoted && !with.decision.promoted {
        return (false, format!("{answers}, but {}", with.decision.why));
    }
    (true, answers)
}

impl From<Held> for Measured {
    fn from(held: Held) -> Self {
        Self {
            auc: held.auc.into(),
            ece: held.ece.into(),
            log_loss: held.log_loss,
        }
    }
}

#[cfg(test)]
mod tests {
    use drape_domain::{Category, ItemId, RecommendationId, UserId};
    use uuid::Uuid;

    use super::*;
    use crate::{
        Parts,
        drift::Day,
        examples::{ExamplePiece, Joined},
        outfits::Known,
        testing::NOW,
    };

    fn piece(side: u128, kind: u128) -> ItemId {
        ItemId::from_uuid(Uuid::from_u128(side << 8 | kind))
    }

    fn pieces() -> Pieces {
        let sides = [(0, Category::Shirt), (1, Category::Pants)];
        let known = sides.into_iter().flat_map(|(side, category)| {
            (0..4).map(move |kind| {
                let known = Known {
                    category,
                    vector: None,
                    colors: Vec::new(),
                    words: vec![kind as u32 + 1],
                };
                (piece(side, kind), known)
            })
        });
        Pieces {
            embedding: "m".to_owned(),
            known: known.collect(),
        }
    }

    /// People who like pieces of one kind together, and nothing else; unless `contrary` says that those who are held
    /// out like the opposite, as rules told.
    fn summary(contrary: bool) -> Summary {
        let names = Model::builtin().explorer.names().to_vec();
        let mut examples = Vec::new();
        for person in 0..300u128 {
            let user = UserId::from_uuid(Uuid::from_u128(person));
            let turned = contrary && is_held_out(user);
            for place in 0..2 {
                let kinds = [person % 4, (person + place) % 4];
                let liked = (kinds[0] == kinds[1]) != turned;
                let chance = (person * 7_919 + place * 104_729) % 101;
                let compat = match (turned, liked) {
                    (false, _) => 0.2 + 0.6 * chance as f32 / 101.0,
                    (true, true) => 0.8,
                    (true, false) => 0.2,
                };
                let sides = [0u128, 1].into_iter().zip(kinds);
                examples.push(Example {
                    recommendation: RecommendationId::from_uuid(Uuid::from_u128(
                        person << 8 | place,
                    )),
                    user,
                    day: NOW.date(),
                    position: 0,
                    propensity: 1.0,
                    score: 0.5,
                    parts: Parts::from_values([compat, 0.5, 0.5, 0.5]),
                    reward: if liked { 2.0 } else { -3.0 },
                    pieces: sides
                        .map(|(side, kind)| ExamplePiece {
                            item: piece(side, kind),
                            owner: user,
                        })
                        .collect(),
                    explored: vec![0.5; names.len()],
                });
            }
        }
        let mut summary = Summary::new(NOW.date(), &names);
        summary.add(&Joined {
            examples,
            day: Day::new(NOW.date()),
        });
        summary
    }

    fn challenger(contrary: bool) -> Challenge {
        let (champion, summary) = (Model::builtin(), summary(contrary));
        challenge(&champion, &summary, &pieces(), Pace::STEADY, ("c", NOW))
    }

    #[test]
    fn a_scorer_that_ranks_answers_better_comes_along() {
        let told = challenger(false);
        assert!(told.model.compat.is_some(), "{:?}", told.scorer);
        assert_eq!(told.model.embedding.as_deref(), Some("m"));
        assert!(told.evaluation.decision.promoted);
        assert!(matches!(told.scorer.serves, Serves::Linear | Serves::Net));
    }

    #[test]
    fn a_scorer_that_ranks_answers_worse_stays_behind() {
        let told = challenger(true);
        assert!(told.scorer.linear.is_some(), "{:?}", told.scorer);
        assert_eq!(told.scorer.serves, Serves::Rules);
        assert!(told.scorer.why.ends_with("worse"), "{}", told.scorer.why);
        assert_eq!(told.model.compat, None);
        assert_eq!(Some(told.evaluation), told.scorer.without);
    }
}
