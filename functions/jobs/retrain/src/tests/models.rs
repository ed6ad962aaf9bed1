//! Models: trained, compared, served, gone back to.

use drape_common::{
    live::{self, Draft, MODELS},
    store::blob::keys,
};
use drape_taste::{Model, Pace, drift::Fall};
use serde_json::json;
use time::Duration;

use super::world::{DAY, World, after, clock};
use crate::Report;

const VERSION: &str = "20261122T235959Z";

async fn served(world: &World) -> Option<String> {
    let standing = live::standing(&world.app.learned, MODELS).await.unwrap();
    standing.pointer.map(|pointer| pointer.version)
}

fn stored(world: &World, key: &str) -> Report {
    serde_json::from_slice(&world.app.learned.bytes(key).unwrap()).unwrap()
}

#[tokio::test]
async fn a_model_that_knows_what_people_go_by_is_served() {
    let world = World::with_people(400).await;
    let report = world.run(json!({})).await;
    assert_eq!(
        report["evaluation"]["decision"]["promoted"], true,
        "{report:#}"
    );
    assert!(report["weights"]["preference"]["after"].as_f64() > Some(0.25));
    assert!(report["evaluation"]["challenger"]["auc"]["low"].is_number());
    assert_eq!(report["counts"]["showings"], 400);
    assert_eq!(served(&world).await.as_deref(), Some(VERSION));
    let bytes = world
        .app
        .learned
        .bytes(&format!("models/{VERSION}/model.bin"));
    assert_eq!(Model::from_bytes(&bytes.unwrap()).unwrap().id, VERSION);
    let described = world.json(&format!("models/{VERSION}/version.json"));
    let noted = described["note"].as_str().unwrap().as_bytes().to_vec();
    let of_day = format!("learning/{DAY}/report.json");
    assert_eq!(world.app.learned.bytes(&of_day), Some(noted));
}

#[tokio::test]
async fn too_little_to_learn_from_is_said_and_changes_nothing() {
    let world = World::with_people(5).await;
    let report = world.run(json!({})).await;
    let decision = &report["evaluation"]["decision"];
    assert_eq!(decision["promoted"], false);
    assert!(decision["why"].as_str().unwrap().contains("held-out"));
    assert_eq!(served(&world).await, None);
    let answered: Report = serde_json::from_value(report).unwrap();
    assert_eq!(
        stored(&world, &format!("learning/{DAY}/report.json")),
        answered
    );
}

#[tokio::test]
async fn a_crash_around_publishing_ends_in_the_same_model_and_report() {
    let world = async || {
        let world = World::with_people(400).await;
        for shard in 0..16 {
            let event = json!({ "stage": "shard", "day": DAY.to_string(), "shard": shard });
            world.run(event).await;
        }
        world
    };
    let reduce = json!({ "stage": "reduce", "day": DAY.to_string() });
    let undisturbed = world().await;
    undisturbed.run(reduce.clone()).await;
    let expected = undisturbed.left();
    // Memory; model, description and pointer; the day's report.
    for crash in 1..=5 {
        let world = world().await;
        world.fuse.blow_after(crash);
        let first = world
            .app
            .handle(reduce.clone(), super::world::plenty())
            .await;
        assert!(first.is_err(), "after {crash} writes");
        world.fuse.mend();
        world.run(reduce.clone()).await;
        assert_eq!(world.left(), expected, "after {crash} writes");
    }
}

#[tokio::test]
async fn the_next_days_model_takes_the_place_of_this_ones_and_one_can_go_back() {
    let world = World::with_people(400).await;
    world.run(json!({})).await;
    let next = DAY.next_day().unwrap();
    world.live(next, 0..400).await;
    after(next);
    let report = world.run(json!({})).await;
    assert_eq!(report["champion"], VERSION);
    assert_eq!(served(&world).await.as_deref(), Some("20261123T235959Z"));

    let back = world.run(json!({ "rollback_to": VERSION })).await;
    assert_eq!(back, json!({ "rolled_back_to": VERSION }));
    assert_eq!(served(&world).await.as_deref(), Some(VERSION));
    // And it stays so until somebody says otherwise.
    let third = DAY + Duration::days(2);
    after(third);
    let report = world.run(json!({})).await;
    let decision = &report["evaluation"]["decision"];
    assert_eq!(decision["promoted"], false);
    assert!(decision["why"].as_str().unwrap().contains("gone back"));
    let resumed = world.run(json!({ "resume": true })).await;
    assert_eq!(resumed, json!({ "resumed": true }));
    let fourth = DAY + Duration::days(3);
    after(fourth);
    let report = world.run(json!({})).await;
    assert_eq!(
        report["evaluation"]["decision"]["promoted"], true,
        "{report:#}"
    );
}

#[tokio::test]
async fn fast_learning_out_of_turn_makes_a_model_of_its_own() {
    let world = World::with_people(400).await;
    world.run(json!({})).await;
    let report = world.run(json!({ "pace": "fast" })).await;
    assert_eq!(report["model"], format!("{VERSION}-fast"));
    assert_eq!(report["champion"], VERSION);
    let half_life = report["pace"]["half_life_days"].as_f64();
    assert!(half_life < Some(45.0));
    let left = world.left();
    world.run(json!({ "pace": "fast" })).await;
    assert_eq!(world.left(), left);
}

#[tokio::test]
async fn while_a_fall_of_engagement_lasts_the_daily_training_is_fast() {
    let world = World::with_people(40).await;
    let fall = Fall {
        since: DAY - Duration::days(3),
        last_seen: DAY - Duration::days(1),
    };
    let note = serde_json::to_vec(&fall).unwrap();
    world.app.learned.upload(keys::FALL, "", &note);
    for (later, pace) in [(0, Pace::FAST), (5, Pace::FAST), (7, Pace::STEADY)] {
        let day = DAY + Duration::days(later);
        after(day);
        let report: Report = serde_json::from_value(world.run(json!({})).await).unwrap();
        assert_eq!(report.training.pace, pace, "{later} days later");
        let shards = world.run(json!({ "stage": "list" })).await;
        let report = world.run(shards["reduce"].clone()).await;
        let report: Report = serde_json::from_value(report).unwrap();
        assert_eq!(report.training.pace, pace, "{later} days later, by shards");
    }
}

#[tokio::test]
async fn a_model_of_an_earlier_day_does_not_take_the_place_of_a_later_one() {
    let world = World::with_people(400).await;
    let next = DAY.next_day().unwrap();
    world.live(next, 0..400).await;
    after(next);
    world.run(json!({})).await;
    let late = world.run(json!({ "day": DAY.to_string() })).await;
    assert_eq!(late["evaluation"]["decision"]["promoted"], false);
    assert_eq!(served(&world).await.as_deref(), Some("20261123T235959Z"));
}

#[tokio::test]
async fn a_damaged_checkpoint_is_named_in_the_report_and_stops_nothing() {
    let world = World::with_people(40).await;
    for shard in 0..16 {
        let event = json!({ "stage": "shard", "day": DAY.to_string(), "shard": shard });
        world.run(event).await;
    }
    let key = format!("learning/{DAY}/shard-05.bin");
    world
        .app
        .learned
        .upload(&key, "", b"DRAPESUM and then nothing");
    let report = world
        .run(json!({ "stage": "reduce", "day": DAY.to_string() }))
        .await;
    assert_eq!(report["missing_shards"], json!([5]));
    assert_eq!(report["counts"]["showings"], 40 - 3);
}

#[tokio::test]
async fn a_day_of_which_no_shard_is_done_cannot_be_reduced() {
    let world = World::with_people(4).await;
    let event = json!({ "stage": "reduce", "day": DAY.to_string() });
    let refused = world.app.handle(event, super::world::plenty()).await;
    assert!(refused.unwrap_err().to_string().contains("no shard"));
}

#[tokio::test]
async fn a_served_model_that_cannot_be_read_is_learned_past() {
    let world = World::with_people(400).await;
    world.run(json!({})).await;
    let key = format!("models/{VERSION}/model.bin");
    world.app.learned.upload(&key, "", b"nonsense");
    let next = DAY.next_day().unwrap();
    world.live(next, 0..400).await;
    after(next);
    let report = world.run(json!({})).await;
    assert_eq!(report["champion"], "builtin-1");
    assert_eq!(served(&world).await.as_deref(), Some("20261123T235959Z"));
}

#[tokio::test]
async fn old_models_go_and_those_that_one_may_go_back_to_stay() {
    let world = World::with_people(400).await;
    let learned = &world.app.learned;
    for day in 1..=20 {
        let draft = Draft {
            version: format!("202610{day:02}T235959Z"),
            kept: Vec::new(),
            made: vec![("model.bin".to_owned(), Model::builtin().to_bytes().unwrap())],
            made_at: clock(),
            note: serde_json::Value::Null,
        };
        let standing = live::standing(learned, MODELS).await.unwrap();
        live::publish(learned, MODELS, &standing, draft)
            .await
            .unwrap();
    }
    let report = world.run(json!({})).await;
    assert_eq!(report["evaluation"]["decision"]["promoted"], true);
    let mut kept: Vec<String> = (8..=20)
        .map(|day| format!("202610{day:02}T235959Z"))
        .collect();
    kept.push(VERSION.to_owned());
    let models = learned.keys().into_iter();
    let mut left: Vec<String> = models
        .filter_map(|key| Some(key.strip_prefix("models/")?.split_once('/')?.0.to_owned()))
        .collect();
    left.dedup();
    assert_eq!(left, kept);
    let back = world.run(json!({ "rollback_to": kept[0] })).await;
    assert_eq!(back, json!({ "rolled_back_to": kept[0] }));
}

#[tokio::test]
async fn going_back_to_what_never_was_fails() {
    let world = World::empty();
    let event = json!({ "rollback_to": "20200101T235959Z" });
    let refused = world.app.handle(event, super::world::plenty()).await;
    assert!(refused.is_err());
}
