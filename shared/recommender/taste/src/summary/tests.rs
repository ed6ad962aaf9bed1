use drape_domain::{SignalId, SignalKind};
use proptest::prelude::*;
use time::Duration;
use uuid::Uuid;

use super::*;
use crate::{examples::Joiner, testing};

fn explored() -> Vec<String> {
    vec!["compat".to_owned()]
}

/// Showings to so many people, each of whom liked what `likes` says.
fn joined(people: &[(u128, u8)]) -> Joined {
    let mut joiner = Joiner::new(testing::NOW.date(), &explored());
    for (person, likes) in people {
        let showing = testing::showing(*person, *person, 3);
        joiner.show(&showing);
        for (outfit, kind) in [
            (0, SignalKind::Like),
            (1, SignalKind::Dislike),
            (2, SignalKind::Worn),
        ] {
            if likes >> outfit & 1 == 1 {
                joiner.deed(
                    Some(showing.outfits[outfit].id),
                    showing.user_id,
                    kind.into(),
                );
            }
        }
    }
    joiner.finish()
}

fn summary(people: &[(u128, u8)]) -> Summary {
    let mut summary = Summary::new(testing::NOW.date(), &explored());
    summary.add(&joined(people));
    for (person, _) in people {
        summary.see("m", &[1.0, *person as f32]);
    }
    summary
}

#[test]
fn a_day_fades_into_the_next_and_counts_once() {
    let mut memory = summary(&[(1, 1), (2, 5)]);
    let n = memory.evidence().n();
    let mut next = Summary::new(testing::NOW.date() + Duration::days(45), &explored());
    next.see("m", &[1.0, 0.0]);
    assert!(memory.advance(&next));
    assert!((memory.evidence().n() - n / 2.0).abs() < 1e-9);
    assert_eq!(memory.examples().count(), n as usize);
    let before = memory.clone();
    assert!(!memory.advance(&next));
    assert_eq!(memory, before);
}

#[test]
fn a_part_that_comes_late_leaves_what_it_would_have_left_in_time() {
    let next = |days: i64| {
        let mut next = Summary::new(testing::NOW.date() + Duration::days(days), &explored());
        next.see("m", &[1.0, 0.0]);
        next
    };
    let (here, late) = (summary(&[(1, 1), (2, 5)]), summary(&[(3, 7), (4, 1)]));
    let mut in_time = here.clone();
    in_time.merge(&late);
    let part = (testing::NOW.date(), 5);
    let mut memory = here;
    memory.lack(part.0, [part.1]);
    for days in [1, 4] {
        assert!(in_time.advance(&next(days)) && memory.advance(&next(days)));
    }
    let stored = memory.to_bytes().unwrap();
    let mut memory = Summary::from_bytes(&stored).unwrap();
    assert_eq!(memory.lacking().collect::<Vec<_>>(), [part]);
    assert!(memory.complete(part, late.clone()));
    assert!(memory.examples().eq(in_time.examples()));
    assert!(memory.liked().eq(in_time.liked()));
    assert_eq!(memory.days(), in_time.days());
    assert!((memory.evidence().n() - in_time.evidence().n()).abs() < 1e-6);
    let (a, b) = (memory.center().unwrap(), in_time.center().unwrap());
    assert!((a.2 - b.2).abs() < 1e-6 && (a.1[1] - b.1[1]).abs() < 1e-5);
    // Once.
    let before = memory.clone();
    assert!(!memory.complete(part, late));
    assert_eq!(memory, before);
}

#[test]
fn pieces_that_a_person_wore_together_are_an_outfit_to_learn_from() {
    let mut signal = Signal {
        id: SignalId::from_uuid(Uuid::from_u128(1)),
        user_id: UserId::from_uuid(Uuid::from_u128(1)),
        kind: SignalKind::Worn,
        recommendation_id: None,
        items: [3, 1, 3]
            .map(|n| ItemId::from_uuid(Uuid::from_u128(n)))
            .to_vec(),
        created_at: testing::NOW,
    };
    let mut summary = Summary::new(testing::NOW.date(), &explored());
    summary.compose(&signal);
    summary.compose(&signal);
    assert_eq!(summary.liked().count(), 1);
    assert_eq!(summary.liked().next().unwrap().pieces.len(), 2);
    signal.kind = SignalKind::Skipped;
    signal.id = SignalId::from_uuid(Uuid::from_u128(2));
    summary.compose(&signal);
    assert_eq!(summary.liked().count(), 1);
}

#[test]
fn popularity_is_of_what_is_sold_not_of_what_is_owned() {
    let mut joined = joined(&[(1, 1)]);
    let mut summary = Summary::new(testing::NOW.date(), &explored());
    summary.add(&joined);
    assert_eq!(summary.items().count(), 0);
    joined.examples[0].pieces[0].owner = UserId::from_uuid(Uuid::from_u128(99));
    summary.add(&joined);
    assert_eq!(summary.items().count(), 1);
}

#[test]
fn vectors_of_two_models_never_mix() {
    let mut summary = summary(&[(1, 0), (1, 0)]);
    summary.see("other", &[9.0, 9.0]);
    let (model, mean, n) = summary.center().unwrap();
    assert_eq!((model, n), ("m", 2.0));
    assert!((mean[0] - mean[1]).abs() < 1e-6);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn shards_add_up_to_the_whole_in_any_order(
        people in prop::collection::btree_map(1u128..1000, 0u8..8, 0..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let people: Vec<(u128, u8)> = people.into_iter().collect();
        let (a, b) = people.split_at(cut.index(people.len() + 1));
        let whole = summary(&people);
        let mut left = summary(a);
        left.merge(&summary(b));
        let mut right = summary(b);
        right.merge(&summary(a));
        for merged in [left, right] {
            prop_assert_eq!(&merged.days, &whole.days);
            prop_assert_eq!(&merged.examples, &whole.examples);
            prop_assert_eq!(&merged.liked, &whole.liked);
            prop_assert_eq!(&merged.items, &whole.items);
            prop_assert!((merged.evidence.n() - whole.evidence.n()).abs() < 1e-9);
        }
    }

    #[test]
    fn a_summary_survives_storage_and_nothing_else_passes_for_one(
        at in any::<prop::sample::Index>(),
        flip in 1u8..,
    ) {
        let summary = summary(&[(1, 1), (2, 7)]);
        let mut bytes = summary.to_bytes().unwrap();
        prop_assert_eq!(Summary::from_bytes(&bytes), Ok(summary));
        let at = at.index(bytes.len());
        prop_assert!(Summary::from_bytes(&bytes[..at]).is_err());
        bytes[at] ^= flip;
        prop_assert!(Summary::from_bytes(&bytes).is_err());
    }
}
