//! Joins what was shown with what people did about it within a day or two.

use std::collections::BTreeMap;

use drape_domain::{
    RecommendationId, Showing, ShowingId, Signal, SignalKind, UserId, showing::ShownOutfit,
};
use time::Date;

use crate::{
    Deed,
    drift::Day,
    examples::Example,
    shown::{MAX_FEATURES, Shown, Told},
};

/// So many days after the showings' own are waited for signals about them. What comes later changes what was learned:
/// see [`Amendment`](crate::examples::Amendment).
pub const SETTLE_DAYS: u8 = 1;

/// Joins signals to showings: first all showings of a day and a shard of users, then their signals of that day
/// and of [`SETTLE_DAYS`] after it, one by one, in any order, any number of times. It holds the showings, not
/// the signals, so its size is that of a shard's day.
#[derive(Debug)]
pub struct Joiner {
    explored: Vec<String>,
    day: Day,
    /// By their ids, from which those of their outfits follow.
    showings: BTreeMap<ShowingId, Shown>,
}

/// What came of a shard's day.
#[derive(Debug, Clone, PartialEq)]
pub struct Joined {
    /// To learn from, by showing and position.
    pub examples: Vec<Example>,
    /// What the day was like.
    pub day: Day,
}

impl Joiner {
    /// For a day, and an explorer that looks at these features.
    #[must_use]
    pub fn new(date: Date, explored: &[String]) -> Self {
        Self {
            explored: explored.to_vec(),
            day: Day::new(date),
            showings: BTreeMap::new(),
        }
    }

    /// Takes in a showing; one that comes twice counts once, one of another day not at all.
    pub fn show(&mut self, showing: &Showing) {
        let is_new = !self.showings.contains_key(&showing.id);
        if showing.shown_at.date() != self.day.date || !is_new {
            return;
        }
        let shown = Shown::new(showing, &self.explored);
        for (outfit, kept) in showing.outfits.iter().zip(&shown.outfits) {
            self.see(outfit);
            self.day.counts.outfits += 1;
            self.day.counts.without_parts += u64::from(!kept.has_parts);
        }
        self.day.counts.showings += 1;
        self.showings.insert(showing.id, shown);
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
        let counts = &mut self.day.counts;
        counts.signals += 1;
        let Some(about) = about else {
            counts.unattributed += 1;
            return;
        };
        let shown = self.showings.get_mut(&about.showing());
        match shown.map_or(Told::Foreign, |shown| shown.tell(about, user, deed)) {
            Told::New => counts.joined += 1,
            Told::Known => counts.repeated += 1,
            Told::Foreign => counts.unknown += 1,
        }
    }

    /// Counts a signal about an outfit of a day long past.
    pub fn late(&mut self) {
        self.day.counts.signals += 1;
        self.day.counts.late += 1;
    }

    /// The examples, and what the day was like.
    #[must_use]
    pub fn finish(mut self) -> Joined {
        let mut examples = Vec::new();
        let counts = &mut self.day.counts;
        for shown in self.showings.values() {
            counts.engaged += u64::from(shown.chosen().is_some());
            for outfit in &shown.outfits {
                let (yes, no) = (
                    outfit.was(SignalKind::Like),
                    outfit.was(SignalKind::Dislike),
                );
                counts.likes += u64::from(yes && !no);
                counts.judged += u64::from(yes || no);
            }
            examples.extend(shown.examples());
        }
        counts.examples = examples.len() as u64;
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

#[cfg(test)]
mod tests {
    use drape_domain::{SignalId, Timestamp};
    use proptest::prelude::*;
    use time::Duration;
    use uuid::Uuid;

    use super::*;
    use crate::{examples::Counts, testing};

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
