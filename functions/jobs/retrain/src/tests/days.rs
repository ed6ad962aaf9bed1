//! Days that come late, twice, or not at all; and words that are not understood.

use drape_common::store::{Put, tables::DaySignal};
use serde_json::{Value, json};
use time::{Duration, macros::date};

use super::world::{DAY, World, after, person, plenty};

#[tokio::test]
async fn missed_days_are_made_good_in_their_order() {
    let next = DAY.next_day().unwrap();
    let of = async |days: &[time::Date]| {
        let world = World::with_people(8).await;
        world.wardrobes(0..8).await;
        world.live(next, 0..8).await;
        for day in days {
            after(*day);
            world.run(json!({})).await;
        }
        world
    };
    let (daily, late) = (of(&[DAY, next]).await, of(&[next]).await);
    for n in 0..8 {
        let style = daily.style(person(n)).await.unwrap();
        assert_eq!(style.through(), Some(next));
        assert_eq!(late.style(person(n)).await.unwrap(), style);
    }
    let of_next = |world: &World| {
        let mut report = world.json(&format!("learning/{next}/report.json"));
        // That of the day before, which was not trained on its own in the late world.
        report["made_at"] = Value::Null;
        report
    };
    assert_eq!(of_next(&late), of_next(&daily));
}

#[tokio::test]
async fn a_day_before_the_last_one_changes_no_style() {
    let world = World::with_people(4).await;
    world.wardrobes(0..4).await;
    world.run(json!({})).await;
    let before = world.app.styles.dump();
    let past = (DAY - Duration::days(12)).to_string();
    world.live(DAY - Duration::days(12), 0..4).await;
    world.run(json!({ "day": past })).await;
    assert_eq!(world.app.styles.dump(), before);
}

#[tokio::test]
async fn a_day_that_is_not_over_is_refused() {
    let world = World::empty();
    let today = DAY.next_day().unwrap().to_string();
    let refused = world.app.handle(json!({ "day": today }), plenty()).await;
    assert!(refused.unwrap_err().to_string().contains("not over"));
}

#[tokio::test]
async fn a_years_turn_is_a_day_like_others() {
    let (old, new) = (date!(2026 - 12 - 31), date!(2027 - 01 - 01));
    let world = World::empty();
    world.live(old, 0..4).await;
    world.live(new, 0..4).await;
    world.wardrobes(0..4).await;
    after(old);
    world.run(json!({})).await;
    after(new);
    let report = world.run(json!({})).await;
    assert_eq!(report["through"], "2027-01-01");
    assert_eq!(report["model"], "20270101T235959Z");
    assert_eq!(report["counts"]["showings"], 4);
    let style = world.style(person(1)).await.unwrap();
    assert_eq!(style.through(), Some(new));
}

#[tokio::test]
async fn a_world_in_which_nothing_happens_is_learned_from_without_harm() {
    let world = World::empty();
    let report = world.run(json!({})).await;
    assert_eq!(report["evaluation"]["decision"]["promoted"], false);
    assert_eq!(report["material"]["examples"], 0);
    assert!(world.app.styles.is_empty());
}

#[tokio::test]
async fn a_signal_without_pieces_or_from_nowhere_does_no_harm() {
    let world = World::with_people(2).await;
    let kind = drape_domain::SignalKind::Clicked;
    world.says(person(40), kind, None, DAY).await;
    let mut row: DaySignal = serde_json::from_value(world.app.signals.dump().remove(0)).unwrap();
    row.signal.recommendation_id = Some(super::world::showing_id(DAY, 99).outfit(1));
    row.signal.id = drape_domain::SignalId::new();
    world.app.signals.put(&row).await.unwrap();
    // Each once: what is about nothing with its own day, when that is settled.
    let next = DAY.next_day().unwrap();
    for (day, unattributed, unknown) in [(DAY, 0, 1), (next, 1, 0), (DAY + Duration::days(2), 0, 0)]
    {
        after(day);
        let report = world.run(json!({})).await;
        assert_eq!(report["counts"]["unattributed"], unattributed);
        assert_eq!(report["counts"]["unknown"], unknown);
    }
}

#[tokio::test]
async fn the_example_events_are_understood() {
    let world = World::empty();
    let read = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let whole = read(include_str!("../../../../../events/retrain.json"));
    let report = world.run(whole).await;
    assert_eq!(report["through"], DAY.to_string());
    let asked = read(include_str!("../../../../../events/retrain-sqs.json"));
    let answer = world.run(asked).await;
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
}

#[tokio::test]
async fn a_failed_run_that_is_moved_to_the_queue_is_run_again() {
    let world = World::empty();
    let body = json!({ "version": "1.0", "requestPayload": {}, "responsePayload": { "errorMessage": "x" } });
    let event = json!({ "Records": [{
        "eventSource": "aws:sqs", "messageId": "m", "receiptHandle": "r", "body": body.to_string(),
    }] });
    assert_eq!(world.run(event).await, json!({ "batchItemFailures": [] }));
    let report = world.json(&format!("learning/{DAY}/report.json"));
    assert_eq!(report["through"], DAY.to_string());
}
