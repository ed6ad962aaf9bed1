//! Runs that are cut off, meet, or find something strange.

use drape_common::store::{
    GetMany, Key, StoreError,
    memory::{Fuse, MemoryTable},
    queries::{CatalogPage, CatalogPlace},
};
use futures::future::join;
use serde_json::json;

use super::{super::*, world::*};

#[tokio::test]
async fn a_run_cut_off_after_any_write_is_made_good_by_the_next() {
    // The first base, a delta, and a base over a delta; each of them also removes what is too old.
    for stage in 0..3 {
        for writes in 1.. {
            let fuse = Fuse::default();
            let app = app(&fuse);
            let mut expected = vec![offer(&app).await];
            for _ in 0..stage {
                run(&app).await;
                wait(Duration::hours(14));
                expected.push(offer(&app).await);
            }
            app.learned.upload(
                "index/20250101T000000Z-lost/base.idx",
                "text/plain",
                b"left over",
            );
            let before = ids(&app).await;
            fuse.blow_after(writes);
            wait(Duration::minutes(2));
            let first = app.handle(json!({})).await;
            fuse.mend();
            let meanwhile = ids(&app).await;
            assert!(meanwhile == before || meanwhile == expected, "a mixture");
            run(&app).await;
            assert_eq!(
                ids(&app).await,
                expected,
                "stage {stage} after {writes} writes"
            );
            if first.is_ok() {
                break;
            }
        }
    }
}

/// A table whose readers take turns.
struct Turns<R>(MemoryTable<R>);

impl CatalogItems for Turns<Item> {
    async fn changed_since(
        &self,
        shard: &str,
        since: Option<Timestamp>,
        after: Option<&CatalogPlace>,
        limit: usize,
    ) -> Result<CatalogPage, StoreError> {
        tokio::task::yield_now().await;
        self.0.changed_since(shard, since, after, limit).await
    }
}

impl GetMany<Item> for Turns<Item> {
    async fn get_many(&self, keys: &[Key<Item>]) -> Result<Vec<Item>, StoreError> {
        tokio::task::yield_now().await;
        self.0.get_many(keys).await
    }
}

#[tokio::test]
async fn of_two_runs_at_once_one_loses_and_does_no_harm() {
    let app = app(&Fuse::default());
    let mut expected = Vec::new();
    for _ in 0..3 {
        wait(Duration::hours(1));
        expected.push(offer(&app).await);
        let runner = || Reindex {
            items: Turns(app.items.clone()),
            embeddings: app.embeddings.clone(),
            learned: app.learned.clone(),
            clock: now,
        };
        let (one, other) = (runner(), runner());
        let (one, other) = join(one.handle(json!({})), other.handle(json!({}))).await;
        let done = [one.unwrap(), other.unwrap()];
        assert!(done.contains(&Done::Lost), "{done:?}");
        assert!(
            done.iter()
                .any(|done| matches!(done, Done::Published { .. }))
        );
        assert_eq!(ids(&app).await, expected);
    }
}

#[tokio::test]
async fn a_pointer_or_note_that_cannot_be_read_is_replaced() {
    let app = app(&Fuse::default());
    let id = offer(&app).await;
    run(&app).await;
    let pointer = app.learned.bytes("index/current.json").unwrap();
    let mut noteless: Value = serde_json::from_slice(&pointer).unwrap();
    noteless["note"] = json!({"model": 7});
    for strange in [b"{".to_vec(), noteless.to_string().into_bytes()] {
        app.learned
            .upload("index/current.json", "application/json", &strange);
        assert_eq!(ids(&app).await, []);
        run(&app).await;
        assert_eq!(ids(&app).await, [id]);
    }
}

#[tokio::test]
async fn there_is_no_going_back_to_a_version_that_is_not_there() {
    let app = app(&Fuse::default());
    let id = offer(&app).await;
    run(&app).await;
    assert!(
        app.handle(json!({"rollback_to": "20250101T000000Z-a"}))
            .await
            .is_err()
    );
    assert!(app.handle(json!({"rollback": "v1"})).await.is_err());
    assert_eq!(ids(&app).await, [id]);
}
