//! What has changed, read as it is by now.

use std::collections::{BTreeMap, BTreeSet};

use drape_common::store::{
    GetMany, StoreError,
    queries::CatalogItems,
    tables::{Embedding, catalog_shards, item_key},
};
use drape_domain::{Item, ItemId, ItemStatus, Text, Timestamp, UserId};
use drape_index::{Entry, Traits};
use drape_learn::words;
use drape_taste::Popularity;

use futures::{StreamExt, TryStreamExt, future::try_join, stream};

/// Rows of the catalogue's index that are read at a time.
const PAGE: usize = 5_000;
/// Items that are read at a time, the most that DynamoDB takes.
const BATCH: usize = 100;
/// Batches under way. Of each, its items and its vectors are read side by side.
const PARALLEL: usize = 16;

/// An item as it is by now.
pub(crate) struct Found {
    pub(crate) item: ItemId,
    /// What goes into the index, and which model made its vector; none of what is deleted, or cannot be shown.
    pub(crate) entry: Option<(String, Entry)>,
}

/// The items that changed since then, or all.
pub(crate) async fn changed(
    items: &impl CatalogItems,
    since: Option<Timestamp>,
) -> Result<BTreeSet<(UserId, ItemId)>, StoreError> {
    stream::iter(catalog_shards())
        .map(|shard| async move { changed_in(items, &shard, since).await })
        .buffer_unordered(PARALLEL)
        .try_concat()
        .await
}

async fn changed_in(
    items: &impl CatalogItems,
    shard: &str,
    since: Option<Timestamp>,
) -> Result<BTreeSet<(UserId, ItemId)>, StoreError> {
    let (mut changed, mut after) = (BTreeSet::new(), None);
    loop {
        let page = items
            .changed_since(shard, since, after.as_ref(), PAGE)
            .await?;
        changed.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok(changed);
        }
    }
}

/// Reads these items and hands on each. Those that do not exist are handed on too.
pub(crate) async fn read(
    items: &impl GetMany<Item>,
    embeddings: &impl GetMany<Embedding>,
    liked: &Popularity,
    changed: BTreeSet<(UserId, ItemId)>,
    mut each: impl FnMut(Found),
) -> Result<(), StoreError> {
    let changed: Vec<_> = changed.into_iter().collect();
    let batches = changed.chunks(BATCH).map(|batch| async move {
        let item_keys: Vec<_> = batch
            .iter()
            .map(|(owner, id)| item_key(*owner, *id))
            .collect();
        let vector_keys: Vec<_> = batch
            .iter()
            .map(|(owner, id)| Embedding::key_of(*owner, *id))
            .collect();
        let rows = try_join(
            items.get_many(&item_keys),
            embeddings.get_many(&vector_keys),
        );
        let (items, vectors) = rows.await?;
        let mut items: BTreeMap<_, _> =
            items.into_iter().map(|item| (item.item_id, item)).collect();
        let mut vectors: BTreeMap<_, _> = vectors
            .into_iter()
            .map(|vector| (vector.item_id, vector))
            .collect();
        let found = batch.iter().map(|(_, id)| Found {
            item: *id,
            entry: (items.remove(id).zip(vectors.remove(id)))
                .and_then(|(item, vector)| entry(&item, &vector, liked)),
        });
        Ok::<Vec<_>, StoreError>(found.collect())
    });
    let mut batches = stream::iter(batches).buffer_unordered(PARALLEL);
    while let Some(batch) = batches.try_next().await? {
        batch.into_iter().for_each(&mut each);
    }
    Ok(())
}

/// The entry of an item that is for sale, with the model that made its vector.
fn entry(item: &Item, vector: &Embedding, liked: &Popularity) -> Option<(String, Entry)> {
    // The cleaning job writes the vector before the item. Until the item names it too, it belongs to a newer
    // photo or model than the rest of what is known of the item.
    let is_its_own = item
        .embedding
        .as_ref()
        .is_some_and(|own| own.model == vector.model);
    let is_for_sale = item.catalog.is_some() && item.status == ItemStatus::Ready && !item.in_wash;
    if !is_for_sale || !is_its_own {
        return None;
    }
    let entry = Entry {
        item: item.item_id,
        owner: item.owner_id,
        traits: Traits::of(item, words_of(item), liked.of(item.item_id)),
        vector: vector.floats(),
    };
    Some((vector.model.clone(), entry))
}

/// The words of its title and tags, as the learned scorer knows them.
fn words_of(item: &Item) -> Vec<u32> {
    let title = item.typed.title.iter().map(Text::as_str);
    let tags = item.typed.tags.iter().flatten().map(Text::as_str);
    let all: Vec<&str> = title.chain(tags).collect();
    words::of_title(&all.join(" "))
}
