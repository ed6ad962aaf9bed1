//! Pieces of outfits as they are now.

use std::{collections::HashMap, hash::Hash};

use drape_common::store::{
    GetMany, Key, Record, StoreError,
    tables::{Embedding, item_key},
};
use drape_domain::{Item, ItemId, Oklab, Text, UserId};
use drape_learn::words;
use drape_taste::outfits::{Known, Pieces};
use futures::{StreamExt, TryStreamExt, stream};

/// The most keys that a table is asked for at once.
const KEYS: usize = 100;
/// Questions to a table that are under way at once.
const AT_ONCE: usize = 8;

/// Reads what there is of distinct keys, and keeps what `take` makes of it.
pub(crate) async fn gather<R: Record, K: Eq + Hash, V>(
    table: &impl GetMany<R>,
    keys: &[Key<R>],
    take: impl Fn(R) -> Option<(K, V)>,
) -> Result<HashMap<K, V>, StoreError> {
    let reads: Vec<_> = keys.chunks(KEYS).map(|keys| table.get_many(keys)).collect();
    let mut reads = stream::iter(reads).buffer_unordered(AT_ONCE);
    let mut found = HashMap::new();
    // One answer after another, so that rows do not pile up beside what is made of them.
    while let Some(rows) = reads.try_next().await? {
        found.extend(rows.into_iter().filter_map(&take));
    }
    Ok(found)
}

/// What is known of these pieces, each once with its owner: by their items, and vectors of this embedding model. What
/// is gone is missing.
pub(crate) async fn pieces(
    items: &impl GetMany<Item>,
    embeddings: &impl GetMany<Embedding>,
    embedding: &str,
    wanted: impl IntoIterator<Item = (UserId, ItemId)>,
) -> Result<Pieces, StoreError> {
    let wanted: Vec<(UserId, ItemId)> = wanted.into_iter().collect();
    let keys: Vec<Key<Item>> = wanted
        .iter()
        .map(|(owner, item)| item_key(*owner, *item))
        .collect();
    let mut known = gather(items, &keys, |item: Item| Some((item.item_id, of(&item)))).await?;
    let keys: Vec<Key<Embedding>> = wanted
        .iter()
        .filter(|(_, item)| known.contains_key(item))
        .map(|(owner, item)| Embedding::key_of(*owner, *item))
        .collect();
    let of_model = |row: Embedding| (row.model == embedding).then(|| (row.item_id, row.floats()));
    for (item, vector) in gather(embeddings, &keys, of_model).await? {
        if let Some(known) = known.get_mut(&item) {
            known.vector = Some(vector);
        }
    }
    Ok(Pieces {
        embedding: embedding.to_owned(),
        known,
    })
}

/// What an item says of itself, as the recommender reads it.
fn of(item: &Item) -> Known {
    let tags = item.typed.tags.as_deref().unwrap_or_default();
    let texts: Vec<&str> = item
        .typed
        .title
        .iter()
        .map(Text::as_str)
        .chain(tags.iter().map(Text::as_str))
        .collect();
    let colors = item.colors().iter().map(|color| {
        // A typed colour often has no share; then all count alike.
        let share = if (0.0..=1.0).contains(&color.share) {
            color.share
        } else {
            1.0
        };
        (Oklab::of(color.hex), share)
    });
    Known {
        category: item.category(),
        vector: None,
        colors: colors.collect(),
        words: words::of_title(&texts.join(" ")),
    }
}
