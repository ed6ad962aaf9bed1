use std::cell::RefCell;

use drape_common::store::{
    blob::keys,
    memory::{Fuse, MemoryBucket, MemoryQueue},
    queue::{Pace, Retrain},
};
use drape_domain::Timestamp;
use drape_taste::{
    Summary,
    drift::Day,
    examples::{Counts, Joined},
};
use serde_json::{Value, json};
use time::{Date, Duration, Time, macros::date};

use super::Drift;

const TODAY: Date = date!(2026 - 11 - 23);

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn now() -> Timestamp {
    TODAY.with_time(Time::MIDNIGHT).assume_utc() + Duration::hours(6)
}

struct World {
    fuse: Fuse,
    job: Drift<MemoryBucket, MemoryQueue<Retrain>>,
}

impl World {
    fn new() -> Self {
        LINES.with_borrow_mut(Vec::clear);
        let fuse = Fuse::default();
        let job = Drift {
            learned: MemoryBucket::new(&fuse),
            queue: MemoryQueue::new(&fuse),
            stage: "test".to_owned(),
            emit: |line| LINES.with_borrow_mut(|lines| lines.push(line.to_owned())),
            clock: now,
        };
        Self { fuse, job }
    }

    /// What learning has left after a day before which engagement was as `engaged` says of days ago.
    fn learned(&self, through: Date, engaged: impl Fn(i64) -> u64) {
        let mut memory: Option<Summary> = None;
        for ago in (1..=40).rev() {
            let date = through - Duration::days(ago);
            let mut day = Day::new(date);
            day.counts = Counts {
                showings: 1_000,
                engaged: engaged(ago),
                judged: 400,
                likes: 240,
                ..Counts::default()
            };
            for n in 0..1_200_u16 {
                day.see("score", f32::from(n) / 1_200.0);
            }
            let mut summary = Summary::new(date, &[]);
            summary.add(&Joined {
                examples: Vec::new(),
                day,
            });
            match &mut memory {
                Some(memory) => assert!(memory.advance(&summary)),
                None => memory = Some(summary),
            }
        }
        let bytes = memory.unwrap().to_bytes().unwrap();
        let key = keys::learning(through, keys::MEMORY);
        self.job.learned.upload(&key, "", &bytes);
    }

    async fn run(&self, day: Date) -> Value {
        let event = json!({ "day": day.to_string() });
        self.job.handle(event).await.unwrap()
    }
}

fn steady(ago: i64) -> u64 {
    300 + ago.unsigned_abs() % 7
}

/// A week's fall that began so many days ago.
fn fallen(ago: i64) -> u64 {
    if ago <= 7 { 200 } else { 300 }
}

#[tokio::test]
async fn a_steady_world_is_told_in_metrics_and_a_report_and_asks_for_nothing() {
    let world = World::new();
    let day = TODAY - Duration::days(1);
    world.learned(day, steady);
    let report = world.job.handle(json!({})).await.unwrap();
    assert_eq!(report["through"], day.to_string());
    assert_eq!(report["fallen_since"], Value::Null);
    assert_eq!(report["drift"]["psi"]["score"], 0.0);
    let stored = world.job.learned.bytes(&keys::learning(day, keys::DRIFT));
    assert_eq!(
        serde_json::from_slice::<Value>(&stored.unwrap()).unwrap(),
        report
    );
    let lines = LINES.with_borrow(Clone::clone);
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((lines.len(), &line["Stage"]), (1, &json!("test")));
    assert_eq!(
        (&line["DriftAlarms"], &line["SustainedFall"]),
        (&json!(0.0), &json!(0.0))
    );
    assert_eq!(
        (&line["LikeRate"], &line["Psi score"]),
        (&json!(0.6), &json!(0.0))
    );
    assert!(world.job.queue.sent().is_empty());
}

#[tokio::test]
async fn a_fall_asks_for_faster_learning_once_however_long_it_lasts() {
    let world = World::new();
    let first = TODAY - Duration::days(3);
    let asked = Retrain {
        day: first,
        pace: Pace::Fast,
        runs: 0,
    };
    for later in [0, 0, 1, 2, 1] {
        let day = first + Duration::days(later);
        world.learned(day, fallen);
        let report = world.run(day).await;
        assert_eq!(report["fallen_since"], first.to_string());
        assert_eq!(world.job.queue.sent(), [asked]);
    }
    let lines = LINES.with_borrow(Clone::clone);
    assert!(lines[0].contains("\"SustainedFall\":1.0"));
}

#[tokio::test]
async fn the_next_fall_is_another() {
    let world = World::new();
    let (first, next) = (TODAY - Duration::days(30), TODAY - Duration::days(1));
    for day in [first, next] {
        world.learned(day, fallen);
        world.run(day).await;
    }
    let days: Vec<Date> = world.job.queue.sent().iter().map(|ask| ask.day).collect();
    assert_eq!(days, [first, next]);
}

#[tokio::test]
async fn a_crash_after_any_write_is_made_good_by_running_again() {
    // The message, the note of the fall, the report.
    for writes in 1..=3 {
        let world = World::new();
        world.learned(TODAY, fallen);
        world.fuse.blow_after(writes);
        let event = json!({ "day": TODAY.to_string() });
        assert!(world.job.handle(event).await.is_err());
        world.fuse.mend();
        let report = world.run(TODAY).await;
        assert_eq!(report["fallen_since"], TODAY.to_string());
        // Cut off between message and note it asks again, for the same training.
        let sent = world.job.queue.sent();
        assert_eq!(sent.len(), if writes == 1 { 2 } else { 1 });
        assert!(sent.iter().all(|ask| *ask == sent[0]));
    }
}

#[tokio::test]
async fn a_day_that_was_not_learned_from_is_a_failure_and_so_is_a_damaged_memory() {
    let world = World::new();
    let none = world.job.handle(json!({})).await.unwrap_err();
    assert!(none.to_string().contains("not been learned from"));
    let yesterday = TODAY - Duration::days(1);
    let key = keys::learning(yesterday, keys::MEMORY);
    world.job.learned.upload(&key, "", b"nonsense");
    assert!(world.job.handle(json!({})).await.is_err());
}

#[tokio::test]
async fn the_example_event_is_understood_and_nonsense_refused() {
    let world = World::new();
    world.learned(TODAY - Duration::days(1), steady);
    let event = include_str!("../../../../events/drift.json");
    let event: Value = serde_json::from_str(event).unwrap();
    assert!(world.job.handle(event).await.is_ok());
    for event in [json!({ "day": "never" }), json!({ "hour": 1 }), json!([])] {
        assert!(world.job.handle(event).await.is_err());
    }
}

#[test]
fn the_templates_alarms_watch_what_is_told() {
    let template = include_str!("../../../../template.yaml");
    for metric in ["DriftAlarms", "SustainedFall"] {
        assert!(template.contains(&format!("Namespace: {}", drape_common::metrics::NAMESPACE)));
        assert!(template.contains(&format!("MetricName: {metric}")));
        let seen = super::values(&drape_taste::drift::drift(&[Day::new(TODAY)]).unwrap());
        assert!(seen.iter().any(|(name, _)| name == metric));
    }
}
