//! Joins what was shown with what people did about it.

use std::collections::HashMap;

use drape_domain::{
    ItemId, RecommendationId, Showing, ShowingId, Signal, SignalKind, UserId, showing::ShownOutfit,
};
use serde::{Deserialize, Serialize};
use time::Date;

use crate::{
    Deed, Parts,
    drift::Day,
    reward::{self, MAX_REWARD},
};

/// The most outfits of a showing, pieces of an outfit and features of an outfit that are looked at.
const MAX_OUTFITS: usize = 10;
const MAX_PIECES: usize = 12;
const MAX_FEATURES: usize = 64;
/// An outfit that was chosen with a small chance counts for those that were not, up to so many.
const MAX_INVERSE_PROPENSITY: f32 = 10.0;
/// For an outfit about which nothing was done though one after it was chosen: half of passing over it.
const PASSED: f32 = -0.25;

/// A piece of a shown outfit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExamplePiece {
    /// Which.
    pub item: ItemId,
    /// Whose.
    pub owner: UserId,
}

/// A shown outfit and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Which outfit.
    pub recommendation: RecommendationId,
    /// To whom it was shown.
    pub user: UserId,
    /// When.
    pub day: Date,
    /// Its place, from 0.
    pub position: u8,
    /// The probability with which it was put there.
    pub propensity: f32,
    /// Its score as it was shown.
    pub score: f32,
    /// The parts of its score.
    pub parts: Parts,
    /// The sum of the rewards of the different deeds about it, −5 to 5, not 0.
    pub reward: f32,
    /// Its pieces.
    pub pieces: Vec<ExamplePiece>,
    /// The values of the features that exploration looks at.
    pub explored: Vec<f32>,
}

impl Example {
    /// Whether it was liked on the whole.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.reward > 0.0
    }

    /// How much it counts in training, without its age: the reward's size, in likes, over the propensity, the
    /// latter taken as at least a tenth.
    #[must_use]
    pub fn weight(&self) -> f32 {
        self.reward.abs() / 2.0 * (1.0 / self.propensity).clamp(1.0, MAX_INVERSE_PROPENSITY)
    }
}

/// What was read and what came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Answers shown.
    pub showings: u64,
    /// Answers about which something good was done.
    pub engaged: u64,
    /// Outfits in them.
    pub outfits: u64,
    /// Outfits without all parts of their score: nothing can be learned from them.
    pub without_parts: u64,
    /// Signals.
    pub signals: u64,
    /// Signals about an outfit that was shown to the same person.
    pub joined: u64,
    /// Signals that repeat what was already known.
    pub repeated: u64,
    /// Signals about no shown outfit.
    pub unattributed: u64,
    /// Signals about an outfit that is not among the showings, or not this person's.
    pub unknown: u64,
    /// Outfits said yes to.
    pub likes: u64,
    /// Outfits said yes or no to.
    pub judged: u64,
    /// Examples made.
    pub examples: u64,
}

impl Counts {
    /// Adds another's.
    pub fn merge(&mut self, other: &Self) {
        let all: [(&mut u64, u64); 12] = [
            (&mut self.showings, other.showings),
            (&mut self.engaged, other.engaged),
            (&mut self.outfits, other.outfits),
            (&mut self.without_parts, other.without_parts),
            (&mut self.signals, other.signals),
            (&mut self.joined, other.joined),
            (&mut self.repeated, other.repeated),
            (&mut self.unattributed, other.unattributed),
            (&mut self.unknown, other.unknown),
            (&mut self.likes, other.likes),
            (&mut self.judged, other.judged),
            (&mut self.examples, other.examples),
        ];
        for (sum, more) in all {
            *sum = sum.saturating_add(more);
        }
    }
}

/// So many days after the showings' own are waited for signals about them.
pub const SETTLE_DAYS: u8 = 1;

/// Joins signals to showings: first all showings of a day and a shard of users, then their signals of that day
/// and of [`SETTLE_DAYS`] after it, one by one, in any order, any number of times. It holds the showings, not
/// the signals, so its size is that of a shard's day.
#[derive(Debug)]
pub struct Joiner {
    explored: Vec<String>,
    day: Day,
    outfits: Vec<Outfit>,
    showings: HashMap<ShowingId, std::ops::Range<u32>>,
    by_id: HashMap<RecommendationId, u32>,
}

/// What came of a shard's day.
#[derive(Debug, Clone, PartialEq)]
pub struct Joined {
    /// To learn from, by showing and position.
    pub examples: Vec<Example>,
    /// What the day was like.
    pub day: Day,
}

/// As little of a shown outfit as will do.
#[derive(Debug)]
struct Outfit {
    example: Example,
    has_parts: bool,
    /// A bit for each kind of deed.
    deeds: u8,
}

impl Joiner {
    /// For a day, and an explorer that looks at these features.
    #[must_use]
    pub fn new(date: Date, explored: &[String]) -> Self {
        Self {
            explored: explored.to_vec(),
            day: Day::new(date),
            outfits: Vec::new(),
            showings: HashMap::new(),
            by_id: HashMap::new(),
        }
    }

    /// Takes in a showing; one that comes twice counts once, one of another day not at all.
    pub fn show(&mut self, showing: &Showing) {
        let date = self.day.date;
        if showing.shown_at.date() != date || self.showings.contains_key(&showing.id) {
            return;
        }
        let start = self.outfits.len() as u32;
        for (position, outfit) in showing.outfits.iter().take(MAX_OUTFITS).enumerate() {
            let (parts, has_parts) = parts(outfit);
            let index = self.outfits.len() as u32;
            self.by_id.entry(outfit.id).or_insert(index);
            self.see(outfit);
            self.day.counts.outfits += 1;
            self.day.counts.without_parts += u64::from(!has_parts);
            self.outfits.push(Outfit {
                example: Example {
                    recommendation: outfit.id,
                    user: showing.user_id,
                    day: date,
                    position: position as u8,
                    propensity: if outfit.propensity.is_finite() {
                        outfit.propensity.clamp(1e-3, 1.0)
                    } else {
                        1.0
                    },
                    score: if outfit.score.is_finite() {
                        outfit.score.clamp(0.0, 1.0) as f32
                    } else {
                        0.5
                    },
                    parts,
                    reward: 0.0,
                    pieces: outfit
                        .pieces
                        .iter()
                        .take(MAX_PIECES)
                        .map(|piece| ExamplePiece {
                            item: piece.item_id,
                            owner: piece.owner_id,
                        })
                        .collect(),
                    explored: self
                        .explored
                        .iter()
                        .map(|name| feature(outfit, name).unwrap_or(0.0))
                        .collect(),
                },
                has_parts,
                deeds: 0,
            });
        }
        self.day.counts.showings += 1;
        self.showings
            .insert(showing.id, start..self.outfits.len() as u32);
    }

    /// Takes in a signal.
    pub fn signal(&mut self, signal: &Signal) {
        self.deed(
            signal.recommendation_id,
            signal.user_id,
            Deed::Signal(signal.kind),
        );
    }

    /// Takes in any deed of a person about a shown outfit.
    pub fn deed(&mut self, about: Option<RecommendationId>, user: UserId, deed: Deed) {
        self.day.counts.signals += 1;
        let Some(about) = about else {
            self.day.counts.unattributed += 1;
            return;
        };
        let outfit = self
            .by_id
            .get(&about)
            .and_then(|index| self.outfits.get_mut(*index as usize))
            .filter(|outfit| outfit.example.user == user);
        let Some(outfit) = outfit else {
            self.day.counts.unknown += 1;
            return;
        };
        if outfit.deeds & bit(deed) == 0 {
            outfit.deeds |= bit(deed);
            self.day.counts.joined += 1;
        } else {
            self.day.counts.repeated += 1;
        }
    }

    /// The examples, and what the day was like.
    ///
    /// Of an outfit about which nothing was done there is an example only if one after it in the same answer
    /// was chosen: then it was seen and passed over. If opposite deeds cancel out there is none.
    #[must_use]
    pub fn finish(mut self) -> Joined {
        let mut examples = Vec::new();
        let mut showings: Vec<_> = self.showings.into_iter().collect();
        showings.sort_unstable_by_key(|(id, _)| *id);
        for (_, range) in showings {
            let shown = &self.outfits[range.start as usize..range.end as usize];
            let chosen = shown.iter().rposition(|outfit| outfit.reward() > 0.0);
            self.day.counts.engaged += u64::from(chosen.is_some());
            for (position, outfit) in shown.iter().enumerate() {
                let (yes, no) = (
                    outfit.deeds & bit(Deed::Signal(SignalKind::Like)) != 0,
                    outfit.deeds & bit(Deed::Signal(SignalKind::Dislike)) != 0,
                );
                self.day.counts.likes += u64::from(yes && !no);
                self.day.counts.judged += u64::from(yes || no);
                let reward = if outfit.deeds == 0 && chosen.is_some_and(|last| position < last) {
                    PASSED
                } else {
                    outfit.reward()
                };
                if outfit.has_parts && reward != 0.0 {
                    examples.push(Example {
                        reward,
                        ..outfit.example.clone()
                    });
                }
            }
        }
        self.day.counts.examples = examples.len() as u64;
        Joined {
            examples,
            day: self.day,
        }
    }

    /// For the day's histograms: the score and all features.
    fn see(&mut self, outfit: &ShownOutfit) {
        self.day.see("score", outfit.score as f32);
        for feature in outfit.features.iter().take(MAX_FEATURES) {
            self.day.see(&feature.name, feature.value);
        }
    }
}

impl Outfit {
    fn reward(&self) -> f32 {
        DEEDS
            .iter()
            .filter(|deed| self.deeds & bit(**deed) != 0)
            .map(|deed| reward::reward(*deed))
            .sum::<f32>()
            .clamp(-MAX_REWARD, MAX_REWARD)
    }
}

const DEEDS: [Deed; 8] = [
    Deed::Purchase,
    Deed::Signal(SignalKind::TryonKept),
    Deed::Signal(SignalKind::Like),
    Deed::Signal(SignalKind::Worn),
    Deed::Signal(SignalKind::Saved),
    Deed::Signal(SignalKind::Clicked),
    Deed::Signal(SignalKind::Skipped),
    Deed::Signal(SignalKind::Dislike),
];

const fn bit(deed: Deed) -> u8 {
    match deed {
        Deed::Purchase => 1,
        Deed::Signal(SignalKind::TryonKept) => 1 << 1,
        Deed::Signal(SignalKind::Like) => 1 << 2,
        Deed::Signal(SignalKind::Worn) => 1 << 3,
        Deed::Signal(SignalKind::Saved) => 1 << 4,
        Deed::Signal(SignalKind::Clicked) => 1 << 5,
        Deed::Signal(SignalKind::Skipped) => 1 << 6,
        Deed::Signal(SignalKind::Dislike) => 1 << 7,
    }
}

fn feature(outfit: &ShownOutfit, name: &str) -> Option<f32> {
    outfit
        .features
        .iter()
        .take(MAX_FEATURES)
        .find(|feature| feature.name == name)
        .map(|feature| feature.value)
        .filter(|value| value.is_finite())
}

fn parts(outfit: &ShownOutfit) -> (Parts, bool) {
    let values = Parts::NAMES.map(|name| feature(outfit, name));
    // Answers without pieces from boutiques may leave that part out.
    let known = values.iter().take(3).all(Option::is_some);
    (
        Parts::from_values(values.map(|value| value.unwrap_or(0.5).clamp(0.0, 1.0))),
        known,
    )
}

#[cfg(test)]
mod tests {
    use drape_domain::{SignalId, Timestamp};
    use proptest::prelude::*;
    use time::Duration;
    use uuid::Uuid;

    use super::*;
    use crate::testing;

    const PERSON: u128 = 7;

    fn signal(n: u128, kind: SignalKind, about: Option<RecommendationId>) -> Signal {
        Signal {
            id: SignalId::from_uuid(Uuid::from_u128(n)),
            user_id: UserId::from_uuid(Uuid::from_u128(PERSON)),
            kind,
            recommendation_id: about,
            items: Vec::new(),
            created_at: Timestamp::UNIX_EPOCH + Duration::days(9),
        }
    }

    fn join(showings: &[Showing], signals: &[Signal]) -> (Vec<Example>, Counts) {
        let mut joiner = Joiner::new(testing::NOW.date(), &["warmth_fit".to_owned()]);
        showings.iter().for_each(|showing| joiner.show(showing));
        signals.iter().for_each(|signal| joiner.signal(signal));
        let joined = joiner.finish();
        (joined.examples, joined.day.counts)
    }

    #[test]
    fn a_like_makes_its_outfit_an_accepted_example_with_what_was_logged() {
        let mut showing = testing::showing(1, PERSON, 3);
        showing.outfits[2].propensity = 0.25;
        let about = showing.outfits[2].id;
        let (examples, counts) = join(
            std::slice::from_ref(&showing),
            &[signal(1, SignalKind::Like, Some(about))],
        );
        let liked = examples
            .iter()
            .find(|example| example.recommendation == about)
            .unwrap();
        assert!(liked.accepted());
        assert_eq!((liked.position, liked.propensity), (2, 0.25));
        assert_eq!(liked.weight(), 4.0);
        assert_eq!(liked.explored.len(), 1);
        assert_eq!((counts.joined, counts.engaged, counts.likes), (1, 1, 1));
    }

    #[test]
    fn what_stood_before_the_chosen_was_passed_over_and_what_stood_after_it_was_perhaps_not_seen() {
        let showing = testing::showing(1, PERSON, 3);
        let about = showing.outfits[1].id;
        let (examples, _) = join(
            std::slice::from_ref(&showing),
            &[signal(1, SignalKind::Worn, Some(about))],
        );
        let positions: Vec<(u8, bool)> = examples
            .iter()
            .map(|example| (example.position, example.accepted()))
            .collect();
        assert_eq!(positions, [(0, false), (1, true)]);
        assert!(examples[0].weight() < examples[1].weight());
    }

    #[test]
    fn an_answer_about_which_nothing_was_done_teaches_nothing() {
        let (examples, counts) = join(&[testing::showing(1, PERSON, 3)], &[]);
        assert!(examples.is_empty());
        assert_eq!((counts.showings, counts.outfits, counts.engaged), (1, 3, 0));
    }

    #[test]
    fn a_signal_about_what_was_shown_to_another_is_unknown() {
        let showing = testing::showing(1, PERSON + 1, 3);
        let foreign = signal(1, SignalKind::Like, Some(showing.outfits[0].id));
        let nowhere = signal(2, SignalKind::Like, Some(RecommendationId::new()));
        let loose = signal(3, SignalKind::Worn, None);
        let (examples, counts) = join(&[showing], &[foreign, nowhere, loose]);
        assert!(examples.is_empty());
        assert_eq!(
            (counts.unknown, counts.unattributed, counts.joined),
            (2, 1, 0)
        );
    }

    #[test]
    fn yes_and_no_about_the_same_outfit_add_up() {
        let showing = testing::showing(1, PERSON, 1);
        let about = Some(showing.outfits[0].id);
        let (examples, counts) = join(
            &[showing],
            &[
                signal(1, SignalKind::Like, about),
                signal(2, SignalKind::Dislike, about),
            ],
        );
        assert_eq!(examples[0].reward, -1.0);
        assert_eq!((counts.likes, counts.judged), (0, 1));
    }

    #[test]
    fn an_outfit_without_parts_is_counted_and_left_out() {
        let mut showing = testing::showing(1, PERSON, 1);
        showing.outfits[0].features.clear();
        let about = Some(showing.outfits[0].id);
        let (examples, counts) = join(&[showing], &[signal(1, SignalKind::Like, about)]);
        assert!(examples.is_empty());
        assert_eq!((counts.without_parts, counts.engaged), (1, 1));
    }

    #[test]
    fn a_showing_of_another_day_is_passed_over() {
        let mut showing = testing::showing(1, PERSON, 3);
        showing.shown_at += Duration::days(1);
        assert_eq!(join(&[showing], &[]).1, Counts::default());
    }

    #[test]
    fn unusable_numbers_are_replaced() {
        let mut showing = testing::showing(1, PERSON, 1);
        showing.outfits[0].propensity = f32::NAN;
        showing.outfits[0].score = f64::INFINITY;
        let about = Some(showing.outfits[0].id);
        let (examples, _) = join(&[showing], &[signal(1, SignalKind::Like, about)]);
        assert_eq!((examples[0].propensity, examples[0].score), (1.0, 0.5));
    }

    const KINDS: [SignalKind; 6] = [
        SignalKind::Like,
        SignalKind::Dislike,
        SignalKind::Worn,
        SignalKind::Saved,
        SignalKind::Clicked,
        SignalKind::Skipped,
    ];

    proptest! {
        #[test]
        fn the_order_and_the_repetition_of_signals_and_showings_do_not_matter(
            said in prop::collection::vec((0usize..4, 0usize..3, 0usize..6), 0..12)
                .prop_flat_map(|said| (Just(said.clone()), Just([said.clone(), said].concat()).prop_shuffle())),
        ) {
            let showings: Vec<_> = (1..5).map(|n| testing::showing(n, PERSON, 3)).collect();
            let signals = |said: &[(usize, usize, usize)]| -> Vec<Signal> {
                said.iter().enumerate().map(|(n, (showing, place, kind))| {
                    signal(n as u128, KINDS[*kind], Some(showings[*showing].outfits[*place].id))
                }).collect()
            };
            let (once, twice) = (signals(&said.0), signals(&said.1));
            let mut backwards = showings.clone();
            backwards.reverse();
            backwards.extend(showings.clone());
            let (a, counts_a) = join(&showings, &once);
            let (b, counts_b) = join(&backwards, &twice);
            prop_assert_eq!(a, b);
            prop_assert_eq!(counts_a.joined, counts_b.joined);
            prop_assert_eq!(counts_a.likes, counts_b.likes);
        }
    }
}
