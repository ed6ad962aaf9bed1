//! What a client is answered.

use drape_common::{
    store::{StoreError, blob::PresignGet},
    views::IMAGE_LIFETIME,
};
use drape_domain::{ItemId, RecommendationId, Slot};
use drape_recommender::{Answer, MODEL_ID, Outfit};
use futures::future::try_join_all;
use serde::Serialize;

use crate::{
    wardrobe::Wardrobe,
    weather::{Sky, Source},
};

/// The answer of `GET /recommendations`.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    recommendations: Vec<Recommendation>,
    context: ContextView,
    /// Says how outfits were found and scored.
    model: &'static str,
    /// Names the state of the wardrobe that was searched: while it stays, the same question has the same
    /// outfits. `empty` when there is nothing in it that could be worn.
    index: String,
    /// Slots without which there is no outfit, or that the weather asks for.
    missing: Vec<Slot>,
    /// Rules that some piece had to break, because nothing in the wardrobe meets them all.
    relaxed: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Recommendation {
    id: RecommendationId,
    items: Vec<ItemId>,
    score: f64,
    explain: Vec<String>,
    pieces: Vec<PieceView>,
    features: Vec<FeatureView>,
}

#[derive(Debug, Serialize)]
struct PieceView {
    item_id: ItemId,
    slot: Slot,
    title: String,
    thumb: Option<String>,
}

#[derive(Debug, Serialize)]
struct FeatureView {
    name: &'static str,
    contribution: f64,
}

#[derive(Debug, Serialize)]
struct ContextView {
    temp_c: Option<f32>,
    condition: Option<&'static str>,
    source: Source,
}

impl View {
    /// The answer, with links to thumbs signed by `media`.
    ///
    /// # Errors
    /// When signing fails.
    pub(crate) async fn new(
        answer: Answer,
        wardrobe: &Wardrobe,
        sky: Sky,
        media: &impl PresignGet,
    ) -> Result<Self, StoreError> {
        let outfits = answer.outfits.into_iter();
        let recommendations = outfits.map(|outfit| Recommendation::new(outfit, wardrobe, media));
        Ok(Self {
            recommendations: try_join_all(recommendations).await?,
            context: ContextView {
                // Tenths: more digits than any thermometer means.
                temp_c: sky.temp_c.map(|temp| (temp * 10.0).round() / 10.0),
                condition: sky.condition.map(drape_recommender::Condition::as_str),
                source: sky.source,
            },
            model: MODEL_ID,
            index: wardrobe.name().to_owned(),
            missing: answer.missing,
            relaxed: answer.relaxed.iter().map(|rule| rule.as_str()).collect(),
        })
    }
}

impl Recommendation {
    async fn new(
        outfit: Outfit,
        wardrobe: &Wardrobe,
        media: &impl PresignGet,
    ) -> Result<Self, StoreError> {
        let pieces = outfit.pieces.iter().map(async |piece| {
            let item = wardrobe.item(piece.item);
            let thumb = match item.and_then(|item| item.images.thumb.as_deref()) {
                Some(key) => Some(media.presign_get(key, IMAGE_LIFETIME).await?),
                None => None,
            };
            Ok::<_, StoreError>(PieceView {
                item_id: piece.item,
                slot: piece.slot,
                title: item.map(|item| item.title()).unwrap_or_default(),
                thumb,
            })
        });
        let pieces = try_join_all(pieces).await?;
        let feature = |feature: drape_recommender::Feature| FeatureView {
            name: feature.name,
            contribution: feature.contribution,
        };
        Ok(Self {
            id: RecommendationId::new(),
            pieces,
            items: outfit.pieces.iter().map(|piece| piece.item).collect(),
            score: outfit.score,
            explain: outfit.explain,
            features: outfit.features.into_iter().map(feature).collect(),
        })
    }
}
