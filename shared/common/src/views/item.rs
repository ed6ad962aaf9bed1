use std::collections::BTreeMap;

use drape_domain::{
    Background, Category, Color, Item, ItemId, Money, Pattern, Season, ShownStatus, Slot, Text,
    Timestamp, UserId,
    item::{CategoryCandidate, EmbeddingRef, Failure},
};
use futures::future::{join_all, try_join_all};
use serde::Serialize;

use super::IMAGE_LIFETIME;
use crate::{
    http::etag,
    store::{Get, StoreError, blob::PresignGet, tables::item_key},
};

/// Links to an item's images, null while there is none.
#[derive(Debug, Serialize)]
struct Images {
    original: Option<String>,
    clean: Option<String>,
    thumb: Option<String>,
}

#[derive(Debug, Serialize)]
struct EmbeddingView {
    id: ItemId,
    #[serde(flatten)]
    of: EmbeddingRef,
}

/// An item as its owner sees it.
#[derive(Debug, Serialize)]
pub struct ItemView {
    id: ItemId,
    owner_id: UserId,
    title: String,
    description: Option<Text<2000>>,
    category: Option<Category>,
    category_candidates: Vec<CategoryCandidate>,
    slot: Option<Slot>,
    colors: Vec<Color>,
    pattern: Option<Pattern>,
    sizes: Vec<Text<40>>,
    price: Option<Money>,
    tags: Vec<Text<40>>,
    formality: Option<f32>,
    season: Vec<Season>,
    /// Thermal insulation.
    warmth_clo: Option<f32>,
    status: ShownStatus,
    background: Background,
    images: Images,
    background_cleaned: bool,
    cutout_confidence: Option<f32>,
    embedding: Option<EmbeddingView>,
    duplicate_of: Option<ItemId>,
    tags_source: BTreeMap<&'static str, &'static str>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: Timestamp,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: Timestamp,
    etag: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

/// The older item that shows the same garment, if it is still there. It is looked up whenever it is shown, since
/// no deletion can find every mark: a job may be about to set one.
async fn duplicate_of(item: &Item, items: &impl Get<Item>) -> Result<Option<ItemId>, StoreError> {
    let Some(older) = item.duplicate_of else {
        return Ok(None);
    };
    let row = items.get(&item_key(item.owner_id, older)).await?;
    Ok(row.map(|row| row.item_id))
}

impl ItemView {
    /// The item with links signed by `media`, looked at beside the owner's other `items`.
    ///
    /// # Errors
    /// When signing or looking up fails.
    pub async fn new(
        item: Item,
        items: &impl Get<Item>,
        media: &impl PresignGet,
    ) -> Result<Self, StoreError> {
        let duplicate_of = duplicate_of(&item, items).await?;
        let sign = async |key: &Option<String>| match key {
            Some(key) => media.presign_get(key, IMAGE_LIFETIME).await.map(Some),
            None => Ok(None),
        };
        let clean = item
            .images
            .flat
            .as_ref()
            .or(item.images.clean.as_ref())
            .cloned();
        let keys = [&item.images.original, &clean, &item.images.thumb];
        let mut links = join_all(keys.map(sign)).await.into_iter();
        let mut link = || links.next().unwrap_or(Ok(None));
        let images = Images {
            original: link()?,
            clean: link()?,
            thumb: link()?,
        };

        let status = item.shown_status();
        // Until the photo has been read, nothing is claimed that the owner did not say.
        let known = item.typed.category.is_some() || item.inferred.is_some();
        Ok(Self {
            id: item.item_id,
            owner_id: item.owner_id,
            title: item.title(),
            category: known.then(|| item.category()),
            category_candidates: item.category_candidates().to_vec(),
            slot: known.then(|| item.slot()),
            colors: item.colors().to_vec(),
            pattern: item.pattern(),
            formality: (known || item.typed.formality.is_some()).then(|| item.formality()),
            season: if known || item.typed.season.is_some() {
                item.seasons()
            } else {
                Vec::new()
            },
            warmth_clo: known.then(|| item.clo()),
            tags_source: item.tags_source(),
            images,
            cutout_confidence: item.cutout_confidence(),
            duplicate_of,
            background_cleaned: item.images.clean.is_some(),
            embedding: item.embedding.map(|of| EmbeddingView {
                id: item.item_id,
                of,
            }),
            description: item.typed.description,
            sizes: item.typed.sizes.unwrap_or_default(),
            price: item.typed.price,
            tags: item.typed.tags.unwrap_or_default(),
            status,
            background: item.background,
            created_at: item.created_at,
            updated_at: item.updated_at,
            etag: etag(item.revision),
            error: item.error,
        })
    }

    /// Several items, in the same order.
    ///
    /// # Errors
    /// As [`ItemView::new`].
    pub async fn many(
        shown: Vec<Item>,
        items: &impl Get<Item>,
        media: &impl PresignGet,
    ) -> Result<Vec<Self>, StoreError> {
        let shown = shown.into_iter();
        try_join_all(shown.map(|item| Self::new(item, items, media))).await
    }
}
