//! What is done about an outfit after its day was learned from.

use drape_domain::{Showing, Signal};
use time::Date;

use crate::{Deed, examples::Example, shown::Shown};

/// So many days after it was shown a deed about an outfit is still learned from as such; by then it counts half.
pub const LATE_DAYS: u16 = 45;

/// What an answer was learned as before a day, and what it is after it. Taken into a summary, it leaves what there would
/// be if all had been known in time, but for how engaged the days seemed: that is compared from day to day as
/// it was after a day each.
#[derive(Debug, Clone, PartialEq)]
pub struct Amendment {
    /// From what was done before the day.
    pub before: Vec<Example>,
    /// From what was done until its end.
    pub after: Vec<Example>,
}

impl Amendment {
    /// By all signals of the person, which may come in any order and any number of times, and be about anything; those
    /// after the day do not count. None if the day brought nothing new.
    #[must_use]
    pub fn of(
        showing: &Showing,
        explored: &[String],
        signals: &[Signal],
        day: Date,
    ) -> Option<Self> {
        let known = |until: Option<Date>| -> Vec<Example> {
            let mut shown = Shown::new(showing, explored);
            for signal in signals {
                let in_time = until.is_some_and(|until| signal.created_at.date() <= until);
                if let Some(about) = signal.recommendation_id.filter(|_| in_time) {
                    shown.tell(about, signal.user_id, Deed::Signal(signal.kind));
                }
            }
            shown.examples().collect()
        };
        let (before, after) = (known(day.previous_day()), known(Some(day)));
        (before != after).then_some(Self { before, after })
    }
}

#[cfg(test)]
mod tests {
    use drape_domain::{RecommendationId, SignalId, SignalKind, UserId};
    use proptest::prelude::*;
    use time::Duration;
    use uuid::Uuid;

    use super::*;
    use crate::{Explorer, Summary, examples::Joiner, testing};

    const PERSON: u128 = 7;
    const KINDS: [SignalKind; 5] = [
        SignalKind::Like,
        SignalKind::Dislike,
        SignalKind::Worn,
        SignalKind::TryonKept,
        SignalKind::Skipped,
    ];

    fn signal(kind: SignalKind, about: RecommendationId, days: i64) -> Signal {
        Signal {
            id: SignalId::new(),
            user_id: UserId::from_uuid(Uuid::from_u128(PERSON)),
            kind,
            recommendation_id: Some(about),
            items: Vec::new(),
            created_at: testing::NOW + Duration::days(days),
        }
    }

    fn explored() -> Vec<String> {
        vec!["compat".to_owned(), "warmth_fit".to_owned()]
    }

    /// Some of the pieces are sold by others.
    fn showings() -> Vec<Showing> {
        let mut showings: Vec<Showing> = (1..4).map(|n| testing::showing(n, PERSON, 3)).collect();
        for outfit in showings.iter_mut().flat_map(|showing| &mut showing.outfits) {
            outfit.pieces[1].owner_id = UserId::from_uuid(Uuid::from_u128(99));
        }
        showings
    }

    /// What is known after eight days on which these signals came.
    fn memory(showings: &[Showing], signals: &[Signal]) -> Summary {
        let today = testing::NOW.date();
        let mut joiner = Joiner::new(today, &explored());
        showings.iter().for_each(|showing| joiner.show(showing));
        for signal in signals {
            if signal.created_at.date() <= today {
                joiner.signal(signal);
            }
        }
        let mut first = Summary::new(today, &explored());
        first.add(&joiner.finish());
        let mut memory = first.into_memory();
        for later in 1..=8 {
            let day = today + Duration::days(later);
            let mut next = Summary::new(day, &explored());
            for showing in showings {
                if let Some(amendment) = Amendment::of(showing, &explored(), signals, day) {
                    next.amend(&amendment);
                }
            }
            assert!(memory.advance(&next));
        }
        memory
    }

    fn alike(a: &Summary, b: &Summary) -> Result<(), TestCaseError> {
        prop_assert!(a.examples().eq(b.examples()));
        prop_assert!(a.liked().eq(b.liked()));
        prop_assert!((a.evidence().n() - b.evidence().n()).abs() < 1e-5);
        let coefficients = |of: &Summary| {
            let mut explorer = Explorer::new(of.explored().iter().cloned());
            explorer.learn(of.evidence());
            explorer.coefficients()
        };
        for (a, b) in coefficients(a).iter().zip(coefficients(b)) {
            prop_assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
        // What is nothing but rounding is nothing.
        let items =
            |of: &Summary| -> Vec<_> { of.items().filter(|(_, _, all)| *all > 1e-4).collect() };
        let (a, b) = (items(a), items(b));
        prop_assert_eq!(a.len(), b.len());
        for (a, b) in a.iter().zip(&b) {
            prop_assert_eq!(a.0, b.0);
            prop_assert!((a.1 - b.1).abs() < 1e-4 && (a.2 - b.2).abs() < 1e-4);
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn late_twice_and_in_any_order_comes_to_the_same_as_in_time(
            said in prop::collection::vec((0usize..3, 0usize..3, 0usize..5, 0i64..9), 0..10)
                .prop_flat_map(|said| (Just(said.clone()), Just([said.clone(), said].concat()).prop_shuffle())),
        ) {
            let showings = showings();
            let signals = |said: &[(usize, usize, usize, i64)], late: bool| -> Vec<Signal> {
                said.iter().map(|(showing, place, kind, days)| {
                    let about = showings[*showing].outfits[*place].id;
                    signal(KINDS[*kind], about, if late { *days } else { 0 })
                }).collect()
            };
            let in_time = memory(&showings, &signals(&said.0, false));
            let late = memory(&showings, &signals(&said.1, true));
            alike(&in_time, &late)?;
        }
    }

    #[test]
    fn a_day_that_brings_nothing_new_amends_nothing() {
        let showing = testing::showing(1, PERSON, 3);
        let about = showing.outfits[1].id;
        let mut said = vec![
            signal(SignalKind::Like, about, 0),
            signal(SignalKind::Like, about, 5),
            signal(SignalKind::Worn, about, 7),
            signal(SignalKind::Worn, RecommendationId::new(), 5),
        ];
        said[3].recommendation_id = None;
        let on = |said: &[Signal], days: i64| {
            let day = (testing::NOW + Duration::days(days)).date();
            Amendment::of(&showing, &explored(), said, day)
        };
        assert_eq!(on(&said, 5), None);
        let worn = on(&said, 7).unwrap();
        assert_eq!((worn.before[1].reward, worn.after[1].reward), (2.0, 3.0));
        said[2].user_id = UserId::from_uuid(Uuid::from_u128(PERSON + 1));
        assert_eq!(on(&said, 7), None);
    }

    #[test]
    fn what_cancels_out_is_forgotten() {
        let showings = [testing::showing(1, PERSON, 1)];
        let about = showings[0].outfits[0].id;
        let kept = signal(SignalKind::TryonKept, about, 0);
        let kept_only = memory(&showings, std::slice::from_ref(&kept));
        assert_eq!(
            (kept_only.examples().count(), kept_only.liked().count()),
            (1, 1)
        );
        let taken_back = memory(&showings, &[kept, signal(SignalKind::Dislike, about, 4)]);
        assert_eq!(
            (taken_back.examples().count(), taken_back.liked().count()),
            (0, 0)
        );
        assert!(taken_back.evidence().n().abs() < 1e-6);
    }
}
