//! What people do about outfits days after they were shown.

use drape_common::store::{Remove, tables::DayShowing};
use drape_domain::SignalKind;
use drape_taste::{Explorer, Summary};
use serde_json::json;
use time::Duration;

use super::world::{DAY, World, after, memory, outfit, person, showing_id};

/// The last day of the world.
const LAST: i64 = 6;

/// The world of a few people in which one tried on and kept the second outfit of theirs so many days late.
async fn world(days: i64) -> World {
    let world = World::with_people(12).await;
    world.wardrobes(0..12).await;
    let (user, kept) = (person(3), outfit(person(3), 10, DAY));
    let day = DAY + Duration::days(days);
    world
        .says(user, SignalKind::TryonKept, Some(&kept), day)
        .await;
    world
}

async fn live_on(world: &World) {
    for later in 0..=LAST {
        after(DAY + Duration::days(later));
        world.run(json!({})).await;
    }
}

fn evidence(of: &Summary) -> Vec<f64> {
    let mut explorer = Explorer::new(of.explored().iter().cloned());
    explorer.learn(of.evidence());
    explorer.coefficients()
}

#[tokio::test]
async fn a_deed_that_comes_late_leaves_what_it_would_have_left_in_time() {
    let (in_time, late) = (world(0).await, world(4).await);
    live_on(&in_time).await;
    live_on(&late).await;
    let last = DAY + Duration::days(LAST);
    let (a, b) = (memory(&in_time, last), memory(&late, last));
    assert!(a.examples().eq(b.examples()));
    assert!((a.evidence().n() - b.evidence().n()).abs() < 1e-5);
    for (a, b) in evidence(&a).iter().zip(evidence(&b)) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
    // Told of once, on the day on which it came.
    let counts: Vec<u64> = b.days().iter().map(|day| day.counts.late).collect();
    assert_eq!(counts.iter().sum::<u64>(), 1);
    assert!(b.days().iter().all(|day| day.counts.unknown == 0));
    // Also by days that are made good at once, and by running them again.
    let missed = world(4).await;
    after(last);
    missed.run(json!({})).await;
    assert!(memory(&missed, last).examples().eq(a.examples()));
    let left = missed.left();
    missed.run(json!({})).await;
    assert_eq!(missed.left(), left);
}

#[tokio::test]
async fn what_is_said_again_weeks_later_changes_nothing() {
    let (once, again) = (world(4).await, world(4).await);
    let kept = outfit(person(3), 10, DAY);
    let day = DAY + Duration::days(5);
    again
        .says(person(3), SignalKind::TryonKept, Some(&kept), day)
        .await;
    live_on(&once).await;
    live_on(&again).await;
    let last = DAY + Duration::days(LAST);
    let (a, b) = (memory(&once, last), memory(&again, last));
    assert!(a.examples().eq(b.examples()));
    assert_eq!(a.evidence(), b.evidence());
}

#[tokio::test]
async fn what_is_said_late_about_what_is_known_no_more_or_was_shown_to_another_changes_nothing() {
    let last = DAY + Duration::days(LAST);
    let without = World::with_people(12).await;
    without.wardrobes(0..12).await;
    live_on(&without).await;
    let without = memory(&without, last);

    let foreign = World::with_people(12).await;
    foreign.wardrobes(0..12).await;
    let kept = outfit(person(3), 10, DAY);
    let day = DAY + Duration::days(4);
    foreign
        .says(person(19), SignalKind::TryonKept, Some(&kept), day)
        .await;
    live_on(&foreign).await;
    assert_eq!(memory(&foreign, last).evidence(), without.evidence());

    let gone = world(4).await;
    after(DAY);
    gone.run(json!({})).await;
    let id = showing_id(DAY, 3);
    let key = DayShowing::key_of(id, person(3));
    gone.app.showings.remove(&key).await.unwrap();
    live_on(&gone).await;
    assert_eq!(memory(&gone, last).evidence(), without.evidence());
}
