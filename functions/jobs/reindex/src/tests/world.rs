//! A catalogue in memory, and a clock that a test sets.

use std::cell::Cell;

use drape_common::{
    live::{IndexNote, catalog, standing},
    store::{
        Get, Put, Remove, change,
        memory::{Fuse, MemoryBucket, MemoryTable},
        tables::{Embedding, Gone, catalog_shard, item_key},
    },
    testing::ready_item,
};
use drape_domain::{Item, ItemId, Money, Timestamp, UserId};
use drape_index::{Catalog, Traits};
use serde_json::{Value, json};
use time::{Duration, macros::datetime};

use super::super::*;

thread_local! {
    static NOW: Cell<Timestamp> = const { Cell::new(datetime!(2026-11-23 12:00 UTC)) };
}

/// The time by a test's own clock.
pub(super) fn now() -> Timestamp {
    NOW.get()
}

pub(super) fn wait(time: Duration) {
    NOW.set(now() + time);
}

pub(super) type App = Reindex<MemoryTable<Item>, MemoryTable<Embedding>, MemoryBucket>;

pub(super) fn app(fuse: &Fuse) -> App {
    Reindex {
        items: MemoryTable::new(fuse),
        embeddings: MemoryTable::new(fuse),
        learned: MemoryBucket::new(fuse),
        clock: now,
    }
}

/// A shirt for sale, not stored yet.
pub(super) fn shirt() -> Item {
    let mut item = ready_item(UserId::new());
    item.catalog = Some(catalog_shard(item.item_id));
    item.updated_at = now();
    item
}

/// The vector of an item, not stored yet.
pub(super) fn vector(item: &Item, vector: &[f32]) -> Embedding {
    let model = item.embedding.as_ref().map_or("", |own| own.model.as_str());
    Embedding::new(item.owner_id, item.item_id, model, vector, now())
}

pub(super) async fn store(app: &App, item: &Item) {
    app.items.put(item).await.unwrap();
    app.embeddings
        .put(&vector(item, &[0.6, 0.8]))
        .await
        .unwrap();
}

/// A new shirt is for sale.
pub(super) async fn offer(app: &App) -> ItemId {
    let item = shirt();
    store(app, &item).await;
    item.item_id
}

pub(super) async fn offer_many(app: &App, count: usize) {
    for _ in 0..count {
        offer(app).await;
    }
}

/// Somebody changes an item, which is dated by it.
pub(super) async fn edit(app: &App, id: ItemId, how: impl Fn(&mut Item) + Sync) {
    let owner = owner(app, id);
    change(&app.items, &item_key(owner, id), |item| {
        how(item);
        item.updated_at = now();
        true
    })
    .await
    .unwrap();
}

/// Somebody deletes it, as the endpoint does.
pub(super) async fn delete(app: &App, id: ItemId) {
    let owner = owner(app, id);
    let key = item_key(owner, id);
    let item = app.items.get(&key).await.unwrap().unwrap();
    app.embeddings
        .remove(&Embedding::key_of(owner, id))
        .await
        .unwrap();
    let mark = Gone::of(&item, now()).unwrap();
    app.items.share().put(&mark).await.unwrap();
    app.items.remove(&key).await.unwrap();
}

fn owner(app: &App, id: ItemId) -> UserId {
    let rows = app.items.dump();
    let row = rows.iter().find(|row| row["item_id"] == json!(id)).unwrap();
    serde_json::from_value(row["owner_id"].clone()).unwrap()
}

/// The scheduled run, two minutes after whatever was before.
pub(super) async fn run(app: &App) -> Done {
    wait(Duration::minutes(2));
    app.handle(json!({})).await.unwrap()
}

pub(super) async fn ask(app: &App, event: Value) -> Done {
    app.handle(event).await.unwrap()
}

pub(super) fn price(naira: i64) -> Option<Money> {
    serde_json::from_value(json!({"amount": naira * 100, "currency": "NGN"})).unwrap()
}

/// The index as a reader has it.
pub(super) async fn index(app: &App) -> Option<Catalog> {
    let live = catalog(app.learned.clone(), None);
    live.start().await;
    live.current().map(|loaded| loaded.value.clone())
}

/// The items in it, in order.
pub(super) async fn ids(app: &App) -> Vec<ItemId> {
    let Some(index) = index(app).await else {
        return Vec::new();
    };
    let mut ids: Vec<_> = index
        .rows()
        .filter_map(|row| Some(index.entry(row)?.item()))
        .collect();
    ids.sort();
    ids
}

pub(super) async fn traits(app: &App, id: ItemId) -> Option<Traits> {
    let index = index(app).await?;
    let row = index.find(id)?;
    Some(index.entry(row)?.traits())
}

pub(super) async fn note(app: &App) -> IndexNote {
    let pointer = standing(&app.learned, INDEX).await.unwrap().pointer;
    IndexNote::of(&pointer.unwrap()).unwrap()
}
