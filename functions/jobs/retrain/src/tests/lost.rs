//! A shard that is lost on a day, and what it had to say.

use drape_taste::{Explorer, Summary};
use serde_json::json;
use time::{Date, Duration};

use super::world::{DAY, World, after, memory};

/// The shard that is lost.
const LOST: u8 = 5;

async fn world() -> World {
    let world = World::with_people(40).await;
    let next = DAY.next_day().unwrap();
    world.live(next, 0..40).await;
    world.wardrobes(0..40).await;
    world
}

/// All shards of the day but one, then the model, as a map that tolerates a failure does.
async fn lose(world: &World, day: Date) {
    for shard in (0..16).filter(|shard| *shard != LOST) {
        let event = json!({ "stage": "shard", "day": day.to_string(), "shard": shard });
        world.run(event).await;
    }
    let reduce = json!({ "stage": "reduce", "day": day.to_string() });
    let report = world.run(reduce).await;
    assert_eq!(report["missing_shards"], json!([LOST]));
}

fn alike(a: &Summary, b: &Summary) {
    assert!(a.examples().eq(b.examples()));
    assert_eq!(a.days(), b.days());
    let explored = |of: &Summary| {
        let mut explorer = Explorer::new(of.explored().iter().cloned());
        explorer.learn(of.evidence());
        explorer.coefficients()
    };
    assert!((a.evidence().n() - b.evidence().n()).abs() < 1e-4);
    for (a, b) in explored(a).iter().zip(explored(b)) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
    let (a, b) = (a.center().unwrap(), b.center().unwrap());
    assert!((a.2 - b.2).abs() < 1e-4);
}

#[tokio::test]
async fn what_a_lost_shard_had_to_say_is_in_the_next_days_model() {
    let next = DAY.next_day().unwrap();
    let undisturbed = world().await;
    undisturbed.run(json!({})).await;
    let world = world().await;
    lose(&world, DAY).await;
    let lost = memory(&world, DAY);
    assert!(lost.examples().count() < memory(&undisturbed, DAY).examples().count());
    assert!(lost.lacking().eq((0..=7).rev().filter_map(|ago| {
        let day = DAY - Duration::days(ago);
        (day >= DAY - Duration::days(7)).then_some((day, LOST))
    })));
    after(next);
    undisturbed.run(json!({})).await;
    let report = world.run(json!({})).await;
    assert_eq!(report["missing_shards"], json!([]));
    let memory_of = |world: &World| memory(world, next);
    alike(&memory_of(&world), &memory_of(&undisturbed));
    assert_eq!(memory_of(&world).lacking().count(), 0);
    let left = world.left();
    world.run(json!({})).await;
    assert_eq!(world.left(), left);
}

#[tokio::test]
async fn a_shard_that_stays_lost_is_given_up_and_stops_nothing() {
    let world = world().await;
    for later in 0..9 {
        let day = DAY + Duration::days(later);
        after(day);
        lose(&world, day).await;
    }
    let memory = memory(&world, DAY + Duration::days(8));
    let oldest = memory.lacking().next();
    assert_eq!(oldest, Some((DAY + Duration::days(1), LOST)));
}
