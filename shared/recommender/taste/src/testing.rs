//! What tests are made of.

use drape_domain::{
    ItemId, RecommendationId, Showing, ShowingId, Slot, Timestamp, UserId,
    showing::{ShownFeature, ShownOutfit, ShownPiece},
};
use time::macros::datetime;
use uuid::Uuid;

use crate::{
    Evaluation, Model, Pace, Parts, Summary,
    drift::Day,
    evaluate,
    examples::{Counts, Example, Joined},
    outfits::Pieces,
    train,
};

pub(crate) const NOW: Timestamp = datetime!(2026-11-23 08:00 UTC);

/// A showing of so many outfits to this person, with all parts of the score logged.
pub(crate) fn showing(n: u128, person: u128, outfits: u128) -> Showing {
    let id = |k: u128| Uuid::from_u128(n << 32 | k);
    let user_id = UserId::from_uuid(Uuid::from_u128(person));
    Showing {
        id: ShowingId::from_uuid(id(0)),
        user_id,
        shown_at: NOW,
        model: "m".to_owned(),
        index: None,
        occasion: None,
        temp_c: Some(28.0),
        outfits: (0..outfits)
            .map(|k| ShownOutfit {
                id: RecommendationId::from_uuid(id(k + 1)),
                pieces: [(Slot::Top, 1), (Slot::Bottom, 2)]
                    .map(|(slot, at)| ShownPiece {
                        item_id: ItemId::from_uuid(id(100 * at + k)),
                        owner_id: user_id,
                        slot,
                    })
                    .to_vec(),
                score: 0.7,
                propensity: 1.0,
                features: Parts::NAMES
                    .iter()
                    .chain(&["warmth_fit"])
                    .map(|name| ShownFeature {
                        name: (*name).to_owned(),
                        value: 0.6,
                        contribution: 0.1,
                    })
                    .collect(),
                explain: Vec::new(),
            })
            .collect(),
    }
}

/// People who accept with these log-odds of the parts (each less a half), so many examples each.
pub(crate) fn people(
    count: u128,
    each: u128,
    wants: [f32; 4],
    age: i64,
    seed: u64,
) -> Vec<Example> {
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

/// What is known after a day with these examples.
pub(crate) fn summary(examples: Vec<Example>) -> Summary {
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

/// A model trained on these, beside the built-in one.
pub(crate) fn challenger(examples: Vec<Example>, pace: Pace) -> (Model, Evaluation) {
    let (champion, summary) = (Model::builtin(), summary(examples));
    let challenger = train(&champion, &summary, pace, "c", NOW);
    let evaluation = evaluate(&champion, &challenger, &summary, &Pieces::default());
    (challenger, evaluation)
}

/// Log-odds by part of people who go by their taste most of all.
pub(crate) const TASTE_COUNTS_MOST: [f32; 4] = [2.0, 6.0, 0.5, 0.0];
