//! A person's garments and their vectors, kept in the instance for as long as they are as they were.
//!
//! What is kept is never trusted: each request asks the table for every item's revision (a read of keys alone,
//! as of every write that was answered before), and anything else than what is kept is read anew. So there is no
//! counter or notice that a writer could forget.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    mem::size_of,
    sync::{Arc, Mutex, PoisonError},
};

use drape_common::{
    hash,
    store::{List, Page, Record, StoreError, queries::Revisions, tables::Embedding},
};
use drape_domain::{
    Item, ItemId, ItemStatus, Text, UserId,
    item::{CleanRequest, EmbeddingRef},
};
use drape_recommender::{Piece, Reading};
use futures::{
    StreamExt, TryStreamExt,
    future::{try_join, try_join3},
    stream,
};
use lru::LruCache;

/// The largest wardrobe that is searched; of a larger one, the newest.
pub(crate) const MAX_ITEMS: usize = 10_000;
/// A wardrobe of 200 garments takes some 0.7 MB, so this holds nearly two hundred of them.
const MAX_BYTES: usize = 128 << 20;

/// So many rows are read by one query: of vectors, half of what DynamoDB answers at once.
const PAGE: usize = 250;

/// An item and its revision.
type Revision = (ItemId, u64);

/// What a person owns, as it was at one time.
#[derive(Debug)]
pub(crate) struct Wardrobe {
    /// Which time that was: all items, the newest first.
    state: Vec<Revision>,
    items: Vec<Item>,
    /// Of each of `items`.
    readings: Vec<Reading>,
    vectors: HashMap<ItemId, Vec<f32>>,
    name: String,
    bytes: usize,
}

impl Wardrobe {
    /// What the recommender looks at: the items with a photo that could be used.
    pub(crate) fn pieces(&self) -> Vec<Piece<'_>> {
        self.items
            .iter()
            .zip(&self.readings)
            .map(|(item, reading)| Piece {
                item,
                vector: self.vectors.get(&item.item_id).map(Vec::as_slice),
                reading: Some(reading),
            })
            .collect()
    }

    /// An item with a photo that could be used.
    pub(crate) fn item(&self, id: ItemId) -> Option<&Item> {
        // The items are sorted like the state.
        let at = self
            .items
            .binary_search_by_key(&Reverse(id), |item| Reverse(item.item_id));
        self.items.get(at.ok()?)
    }

    /// Whether there is such an item, in whatever status.
    pub(crate) fn holds(&self, id: ItemId) -> bool {
        self.state
            .binary_search_by_key(&Reverse(id), |(item, _)| Reverse(*item))
            .is_ok()
    }

    /// Names the state: two equal names mean two equal wardrobes. `empty` if there is nothing in it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn new(items: Vec<Item>, embeddings: &[Embedding]) -> Self {
        let state = state(items.iter().map(|item| (item.item_id, item.revision)));
        let mut items = ready(items);
        items.sort_unstable_by_key(|item| Reverse(item.item_id));
        for item in &mut items {
            forget_what_is_not_asked(item);
        }
        let models: HashMap<_, _> = references(&items)
            .map(|(id, reference)| (id, reference.model.as_str()))
            .collect();
        // A row of another model belongs to a newer photo than the item, which will name it when it is done.
        let vectors: HashMap<_, _> = embeddings
            .iter()
            .filter(|row| models.get(&row.item_id) == Some(&row.model.as_str()))
            .map(|row| (row.item_id, row.floats()))
            .collect();
        let bytes = state.len() * size_of::<Revision>()
            + items.iter().map(footprint).sum::<usize>()
            + vectors
                .values()
                .map(|vector| 64 + 4 * vector.len())
                .sum::<usize>();
        Self {
            name: name(&state),
            state,
            readings: items.iter().map(Reading::of).collect(),
            items,
            vectors,
            bytes,
        }
    }
}

fn ready(mut items: Vec<Item>) -> Vec<Item> {
    items.retain(|item| item.status == ItemStatus::Ready);
    items
}

fn references(items: &[Item]) -> impl Iterator<Item = (ItemId, &EmbeddingRef)> {
    items
        .iter()
        .filter_map(|item| Some((item.item_id, item.embedding.as_ref()?)))
}

/// The newest items with their revisions, the newest first.
fn state(revisions: impl IntoIterator<Item = Revision>) -> Vec<Revision> {
    let mut state: Vec<_> = revisions.into_iter().collect();
    state.sort_unstable_by_key(|(id, _)| Reverse(*id));
    state.truncate(MAX_ITEMS);
    state
}

fn name(state: &[Revision]) -> String {
    if state.is_empty() {
        return "empty".to_owned();
    }
    let mut bytes = Vec::with_capacity(state.len() * 24);
    for (id, revision) in state {
        bytes.extend_from_slice(id.uuid().as_bytes());
        bytes.extend_from_slice(&revision.to_be_bytes());
    }
    let mut name = hash::hex(&bytes);
    name.truncate(16);
    name
}

/// What was drawn on a photo can be larger than all the rest, and says nothing about the garment.
fn forget_what_is_not_asked(item: &mut Item) {
    item.clean = CleanRequest::default();
    item.awaited_mask = None;
    item.typed.description = None;
}

/// Bytes of memory, roughly.
fn footprint(item: &Item) -> usize {
    fn words<'a, const MAX: usize>(texts: impl IntoIterator<Item = &'a Text<MAX>>) -> usize {
        texts.into_iter().map(|text| 24 + text.as_str().len()).sum()
    }
    size_of::<Item>()
        + size_of::<Reading>()
        + words(&item.typed.title)
        + words(item.typed.tags.iter().flatten())
        + words(item.typed.sizes.iter().flatten())
        + 48 * item.colors().len()
        // Keys of images, eTags and the embedding's model.
        + 600
}

/// The wardrobes of the people who asked last.
#[derive(Debug)]
pub struct Wardrobes {
    kept: Mutex<Kept>,
    limit: usize,
    /// So many rows are read by one query.
    page: usize,
}

#[derive(Debug)]
struct Kept {
    wardrobes: LruCache<UserId, Arc<Wardrobe>>,
    bytes: usize,
}

impl Default for Wardrobes {
    fn default() -> Self {
        Self::new(MAX_BYTES, PAGE)
    }
}

impl Wardrobes {
    fn new(limit: usize, page: usize) -> Self {
        Self {
            kept: Mutex::new(Kept {
                wardrobes: LruCache::unbounded(),
                bytes: 0,
            }),
            limit,
            page,
        }
    }

    fn kept(&self, owner: UserId) -> Option<Arc<Wardrobe>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.wardrobes.get(&owner).cloned()
    }

    /// Those that were not asked for the longest make room.
    fn keep(&self, owner: UserId, wardrobe: &Arc<Wardrobe>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += wardrobe.bytes;
        if let Some(before) = kept.wardrobes.put(owner, wardrobe.clone()) {
            kept.bytes -= before.bytes;
        }
        while kept.bytes > self.limit
            && let Some((_, oldest)) = kept.wardrobes.pop_lru()
        {
            kept.bytes -= oldest.bytes;
        }
    }

    /// What a person owns, as of every write that was answered before.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn of<I, E>(
        &self,
        owner: UserId,
        items: &I,
        embeddings: &E,
    ) -> Result<Arc<Wardrobe>, StoreError>
    where
        I: List<Item> + Revisions,
        E: List<Embedding>,
    {
        let mut known = None;
        if let Some(kept) = self.kept(owner) {
            let now = state(items.revisions(owner).await?);
            if now == kept.state {
                return Ok(kept);
            }
            known = Some(now);
        }
        let wardrobe = Arc::new(read(owner, items, embeddings, known, self.page).await?);
        self.keep(owner, &wardrobe);
        Ok(wardrobe)
    }
}

/// Reads items and vectors side by side. `known` is the state of a moment ago, if it was asked for already.
///
/// A vector is written before the item that names it. So of an item that was read after it was written, the
/// vector that was read beside it may be an older one; if so, all are read again, which then are as new as the
/// items at least.
async fn read<I, E>(
    owner: UserId,
    items: &I,
    embeddings: &E,
    known: Option<Vec<Revision>>,
    page: usize,
) -> Result<Wardrobe, StoreError>
where
    I: List<Item> + Revisions,
    E: List<Embedding>,
{
    let partition = owner.to_string();
    // A usual wardrobe fits on the first pages. Beside them it is asked where a larger one is to be cut.
    let known = async {
        match known {
            Some(known) => Ok(known),
            None => items.revisions(owner).await.map(state),
        }
    };
    let (known, first_items, first_rows) = try_join3(
        known,
        items.list(&partition, None, page),
        embeddings.list(&partition, None, page),
    )
    .await?;
    let cuts = cuts(&known, page);
    let (mut found, mut rows) = try_join(
        rest(items, &partition, &cuts, page, first_items),
        rest(embeddings, &partition, &cuts, page, first_rows),
    )
    .await?;
    // What was written or deleted meanwhile moves rows over the cuts: some come twice, some not at all.
    found.sort_unstable_by_key(|item| Reverse((item.item_id, item.revision)));
    found.dedup_by_key(|item| item.item_id);
    found.truncate(MAX_ITEMS);
    let ids: HashSet<ItemId> = found.iter().map(|item| item.item_id).collect();
    if !known.iter().all(|(id, _)| ids.contains(id)) {
        found = items.list(&partition, None, MAX_ITEMS).await?.records;
    }
    rows.sort_unstable_by_key(|row| (row.item_id, Reverse(row.updated_at)));
    rows.dedup_by_key(|row| row.item_id);
    if !are_named(&rows, &found) {
        rows = embeddings.list(&partition, None, MAX_ITEMS).await?.records;
    }
    Ok(Wardrobe::new(found, &rows))
}

/// Queries of one table under way.
const PARALLEL: usize = 16;

/// The item before each page but the first.
fn cuts(known: &[Revision], page: usize) -> Vec<String> {
    let before = (known.iter().enumerate()).filter(|(at, _)| {
        let is_last_of_page = (at + 1) % page == 0;
        is_last_of_page && at + 1 < known.len()
    });
    before.map(|(_, (id, _))| id.to_string()).collect()
}

/// The first page's rows, and those of all others, which are read side by side.
async fn rest<R: Record>(
    table: &impl List<R>,
    partition: &str,
    cuts: &[String],
    page: usize,
    first: Page<R>,
) -> Result<Vec<R>, StoreError> {
    if first.next.is_none() {
        return Ok(first.records);
    }
    let pages = cuts
        .iter()
        .map(|cut| table.list(partition, Some(cut), page));
    let pages = stream::iter(pages.collect::<Vec<_>>()).buffer_unordered(PARALLEL);
    let rest: Vec<Page<R>> = pages.try_collect().await?;
    let rest = rest.into_iter().flat_map(|page| page.records);
    Ok(first.records.into_iter().chain(rest).collect())
}

/// Whether each item that is ready has the very vector that it names.
fn are_named(rows: &[Embedding], items: &[Item]) -> bool {
    let made: HashMap<_, _> = rows
        .iter()
        .map(|row| (row.item_id, (row.model.as_str(), row.updated_at)))
        .collect();
    let ready = items.iter().filter(|item| item.status == ItemStatus::Ready);
    let mut named = ready.filter_map(|item| Some((item.item_id, item.embedding.as_ref()?)));
    named.all(|(id, reference)| {
        made.get(&id) == Some(&(reference.model.as_str(), reference.updated_at))
    })
}

#[cfg(test)]
mod tests;
