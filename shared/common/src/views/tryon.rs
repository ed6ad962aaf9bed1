use drape_domain::{
    ItemId, Timestamp, TryOn, TryOnId, TryOnStatus, UserId,
    item::Failure,
    tryon::{Feedback, Layers, Lights, TryOnItem},
};
use futures::future::{try_join, try_join_all};
use serde::Serialize;

use super::IMAGE_LIFETIME;
use crate::store::{StoreError, blob::PresignGet};

#[derive(Debug, Serialize)]
struct GarmentLayerView {
    item_id: ItemId,
    url: String,
}

/// Links to what a picture is composed of, the lowest first: person, garments in their order, shadow.
#[derive(Debug, Serialize)]
struct LayersView {
    person: String,
    garments: Vec<GarmentLayerView>,
    shadow: String,
    lighting: Lights,
}

impl LayersView {
    async fn new(layers: &Layers, media: &impl PresignGet) -> Result<Self, StoreError> {
        let garments = layers.garments.iter().map(async |layer| {
            Ok(GarmentLayerView {
                item_id: layer.item_id,
                url: media.presign_get(&layer.key, IMAGE_LIFETIME).await?,
            })
        });
        Ok(Self {
            person: media.presign_get(&layers.person, IMAGE_LIFETIME).await?,
            garments: try_join_all(garments).await?,
            shadow: media.presign_get(&layers.shadow, IMAGE_LIFETIME).await?,
            lighting: layers.lighting,
        })
    }
}

/// A try-on as its owner sees it.
#[derive(Debug, Serialize)]
pub struct TryOnView {
    id: TryOnId,
    user_id: UserId,
    items: Vec<TryOnItem>,
    status: TryOnStatus,
    render_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layers: Option<LayersView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    turns: Vec<String>,
    confidence: Option<f32>,
    renderer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback: Option<Feedback>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: Timestamp,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: Timestamp,
}

impl TryOnView {
    /// The try-on without links to its pictures.
    #[must_use]
    pub fn without_link(tryon: TryOn) -> Self {
        Self {
            id: tryon.id,
            user_id: tryon.user_id,
            items: tryon.items,
            status: tryon.status,
            render_url: None,
            layers: None,
            turns: Vec::new(),
            confidence: tryon.confidence,
            renderer: tryon.renderer,
            error: tryon.error,
            feedback: tryon.feedback,
            created_at: tryon.created_at,
            updated_at: tryon.updated_at,
        }
    }

    /// The try-on with a link to its picture alone, signed by `media`.
    ///
    /// # Errors
    /// When signing fails.
    async fn with_picture(tryon: TryOn, media: &impl PresignGet) -> Result<Self, StoreError> {
        let render_url = match &tryon.render_key {
            Some(key) => Some(media.presign_get(key, IMAGE_LIFETIME).await?),
            None => None,
        };
        Ok(Self {
            render_url,
            ..Self::without_link(tryon)
        })
    }

    /// The try-on with links to its picture, its layers and its turns, signed by `media`.
    ///
    /// # Errors
    /// When signing fails.
    pub async fn new(tryon: TryOn, media: &impl PresignGet) -> Result<Self, StoreError> {
        let layers = async {
            match &tryon.layers {
                Some(layers) => LayersView::new(layers, media).await.map(Some),
                None => Ok(None),
            }
        };
        let turns = tryon.turn_keys.iter();
        let turns = try_join_all(turns.map(|key| media.presign_get(key, IMAGE_LIFETIME)));
        let (layers, turns) = try_join(layers, turns).await?;
        Ok(Self {
            layers,
            turns,
            ..Self::with_picture(tryon, media).await?
        })
    }

    /// Several try-ons, in the same order, with links to their pictures alone: a list of a hundred would
    /// otherwise hold a thousand links.
    ///
    /// # Errors
    /// When signing fails.
    pub async fn many(
        tryons: Vec<TryOn>,
        media: &impl PresignGet,
    ) -> Result<Vec<Self>, StoreError> {
        let tryons = tryons.into_iter();
        try_join_all(tryons.map(|tryon| Self::with_picture(tryon, media))).await
    }
}
