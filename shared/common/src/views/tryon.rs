use drape_domain::{
    Timestamp, TryOn, TryOnId, TryOnStatus, UserId,
    item::Failure,
    tryon::{Feedback, TryOnItem},
};
use futures::future::try_join_all;
use serde::Serialize;

use super::IMAGE_LIFETIME;
use crate::store::{StoreError, blob::PresignGet};

/// A try-on as its owner sees it.
#[derive(Debug, Serialize)]
pub struct TryOnView {
    id: TryOnId,
    user_id: UserId,
    items: Vec<TryOnItem>,
    status: TryOnStatus,
    render_url: Option<String>,
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
    /// The try-on without a link to its picture.
    #[must_use]
    pub fn without_link(tryon: TryOn) -> Self {
        Self {
            id: tryon.id,
            user_id: tryon.user_id,
            items: tryon.items,
            status: tryon.status,
            render_url: None,
            confidence: tryon.confidence,
            renderer: tryon.renderer,
            error: tryon.error,
            feedback: tryon.feedback,
            created_at: tryon.created_at,
            updated_at: tryon.updated_at,
        }
    }

    /// The try-on with its picture's link signed by `media`.
    ///
    /// # Errors
    /// When signing fails.
    pub async fn new(tryon: TryOn, media: &impl PresignGet) -> Result<Self, StoreError> {
        let render_url = match &tryon.render_key {
            Some(key) => Some(media.presign_get(key, IMAGE_LIFETIME).await?),
            None => None,
        };
        Ok(Self {
            render_url,
            ..Self::without_link(tryon)
        })
    }

    /// Several try-ons, in the same order.
    ///
    /// # Errors
    /// When signing fails.
    pub async fn many(
        tryons: Vec<TryOn>,
        media: &impl PresignGet,
    ) -> Result<Vec<Self>, StoreError> {
        try_join_all(tryons.into_iter().map(|tryon| Self::new(tryon, media))).await
    }
}
