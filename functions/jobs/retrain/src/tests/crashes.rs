//! The process dies right after any of its writes or runs out of time, and the next one makes it good.

use drape_common::store::queue::{Pace, Retrain as Asked};
use serde_json::json;

use super::world::{DAY, World, after_looks, plenty};

async fn world() -> World {
    let world = World::with_people(24).await;
    world.wardrobes(0..24).await;
    world
}

#[tokio::test]
async fn a_crash_after_any_write_is_made_good_by_running_again() {
    let undisturbed = world().await;
    undisturbed.run(json!({})).await;
    let expected = undisturbed.left();
    // Sixteen checkpoints of eight days, 24 styles, memory and report.
    let writes = 16 * 8 + 24 + 2;
    for crash in (1..=writes)
        .step_by(7)
        .chain([writes - 1, writes, writes + 1])
    {
        let world = world().await;
        world.fuse.blow_after(crash);
        let first = world.app.handle(json!({}), plenty()).await;
        assert_eq!(first.is_err(), crash <= writes, "after {crash} writes");
        world.fuse.mend();
        world.run(json!({})).await;
        assert_eq!(world.left(), expected, "after {crash} writes");
    }
}

#[tokio::test]
async fn the_same_event_again_changes_nothing() {
    let world = world().await;
    let first = world.run(json!({})).await;
    let left = world.left();
    assert_eq!(world.run(json!({})).await, first);
    for shard in 0..16 {
        let event = json!({ "stage": "shard", "day": DAY.to_string(), "shard": shard });
        world.run(event).await;
    }
    assert_eq!(world.left(), left);
}

#[tokio::test]
async fn shards_in_any_order_leave_what_the_whole_job_leaves() {
    let whole = world().await;
    whole.run(json!({})).await;
    let parts = world().await;
    let list = parts.run(json!({ "stage": "list" })).await;
    let mut shards = list["shards"].as_array().unwrap().clone();
    assert_eq!(shards.len(), 16);
    shards.reverse();
    shards.swap(3, 11);
    for shard in shards {
        let (day, shard) = (&shard["day"], &shard["shard"]);
        let done = parts.run(json!({ "stage": "shard", "day": day, "shard": shard }));
        assert_eq!(done.await, json!({ "finished": true }));
    }
    parts.run(list["reduce"].clone()).await;
    assert_eq!(parts.left(), whole.left());
    let list = parts.run(json!({ "stage": "list" })).await;
    assert_eq!(list["shards"], json!([]));
}

#[tokio::test]
async fn a_run_out_of_time_hands_the_rest_to_the_queue_and_the_next_goes_on() {
    let whole = world().await;
    whole.run(json!({})).await;
    let world = world().await;
    let mut event = json!({});
    for runs in 1..20 {
        let answer = world.app.handle(event, after_looks(70)).await.unwrap();
        let sent = world.app.queue.sent();
        if sent.len() < runs {
            assert!(runs > 3, "{runs} runs were enough");
            assert_ne!(answer["batchItemFailures"][0], json!({}));
            assert_eq!(world.left(), whole.left());
            return;
        }
        let rest = Asked {
            day: DAY,
            pace: Pace::Steady,
            runs: u8::try_from(runs).unwrap(),
        };
        assert_eq!(sent.last(), Some(&rest));
        event = message(&rest);
    }
    panic!("it does not end");
}

#[tokio::test]
async fn a_day_that_does_not_end_is_given_up() {
    let world = world().await;
    let rest = Asked {
        day: DAY,
        pace: Pace::Steady,
        runs: 19,
    };
    let answer = world.app.handle(message(&rest), after_looks(3)).await;
    let failed = &answer.unwrap()["batchItemFailures"];
    assert_eq!(failed.as_array().unwrap().len(), 1);
    assert!(world.app.queue.sent().is_empty());
}

#[tokio::test]
async fn a_shard_out_of_time_says_so() {
    let world = world().await;
    let event = json!({ "stage": "shard", "day": DAY.to_string(), "shard": 3 });
    let cut_off = world.app.handle(event.clone(), after_looks(9)).await;
    assert_eq!(cut_off.unwrap(), json!({ "finished": false }));
    assert_eq!(world.run(event).await, json!({ "finished": true }));
}

fn message(asked: &Asked) -> serde_json::Value {
    json!({ "Records": [{
        "eventSource": "aws:sqs",
        "messageId": "m",
        "receiptHandle": "r",
        "body": serde_json::to_string(asked).unwrap(),
    }] })
}
