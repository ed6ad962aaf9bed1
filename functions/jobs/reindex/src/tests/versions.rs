//! Bases, deltas and going back.

use drape_common::{live::standing, store::memory::Fuse};
use serde_json::json;

use super::{super::*, world::*};

async fn files(app: &App) -> usize {
    let pointer = standing(&app.learned, INDEX).await.unwrap().pointer;
    pointer.unwrap().files.len()
}

async fn version(app: &App) -> String {
    let pointer = standing(&app.learned, INDEX).await.unwrap().pointer;
    pointer.unwrap().version
}

#[tokio::test]
async fn there_is_a_new_base_every_day() {
    let app = app(&Fuse::default());
    offer(&app).await;
    run(&app).await;
    wait(Duration::hours(5));
    offer(&app).await;
    run(&app).await;
    assert_eq!(files(&app).await, 2);
    wait(Duration::hours(19));
    run(&app).await;
    assert_eq!((files(&app).await, note(&app).await.base_rows), (1, 2));
}

#[tokio::test]
async fn a_large_delta_becomes_a_base_but_not_right_after_one() {
    let app = app(&Fuse::default());
    offer_many(&app, LARGE_DELTA + 1).await;
    run(&app).await;
    let base = note(&app).await.base_made_at;
    offer(&app).await;
    run(&app).await;
    assert_eq!(
        (note(&app).await.base_made_at, files(&app).await),
        (base, 2)
    );
    wait(Duration::hours(1));
    offer_many(&app, LARGE_DELTA).await;
    run(&app).await;
    assert_eq!(note(&app).await.base_rows, 2 * LARGE_DELTA + 2);
    assert_eq!(files(&app).await, 1);
}

#[tokio::test]
async fn a_version_that_was_gone_back_to_stays_until_somebody_says_so() {
    let app = app(&Fuse::default());
    let first = offer(&app).await;
    run(&app).await;
    let good = version(&app).await;
    wait(Duration::hours(1));
    let second = offer(&app).await;
    run(&app).await;
    let back = ask(&app, json!({"rollback_to": good})).await;
    assert!(matches!(back, Done::Published { version, .. } if version == good));
    assert_eq!(ids(&app).await, [first]);
    wait(Duration::days(2));
    assert_eq!(run(&app).await, Done::Held);
    assert_eq!(ids(&app).await, [first]);
    ask(&app, json!({"resume": true})).await;
    assert_eq!(ids(&app).await, [first, second]);
    assert_eq!(ask(&app, json!({"resume": true})).await, Done::Unchanged);
}

#[tokio::test]
async fn a_new_base_on_demand_ends_the_holding() {
    let app = app(&Fuse::default());
    offer(&app).await;
    wait(Duration::hours(1));
    run(&app).await;
    let good = version(&app).await;
    ask(&app, json!({"rollback_to": good})).await;
    ask(&app, json!({"full": true})).await;
    assert_ne!(version(&app).await, good);
    assert_eq!(run(&app).await, Done::Unchanged);
}

#[tokio::test]
async fn versions_do_not_pile_up_but_a_week_s_can_be_gone_back_to() {
    let app = app(&Fuse::default());
    for _ in 0..10 {
        wait(Duration::days(1));
        for _ in 0..6 {
            wait(Duration::minutes(15));
            offer(&app).await;
            run(&app).await;
        }
    }
    let keys = app.learned.keys();
    let described = keys.iter().filter(|key| key.ends_with("/version.json"));
    let described: Vec<_> = described.cloned().collect();
    // Five whole days are among the newest, and of two more days one version each.
    assert_eq!(described.len(), KEPT_VERSIONS + 2);
    let oldest = described[0].split('/').nth(1).unwrap().to_owned();
    let back = ask(&app, json!({"rollback_to": oldest})).await;
    assert!(matches!(back, Done::Published { .. }));
    assert!(!ids(&app).await.is_empty());
}
