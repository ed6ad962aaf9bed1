//! What a client is answered.

use drape_common::{
    store::{StoreError, blob::PresignGet},
    views::IMAGE_LIFETIME,
};
use drape_domain::{Item, ItemId, Money, RecommendationId, ShowingId, Slot, UserId};
use drape_recommender::{Answer, Condition, Outfit, Placed, Source as From};
use futures::future::try_join_all;
use serde::Serialize;

use crate::{
    offers::Offers,
    published::Served,
    wardrobe::Wardrobe,
    weather::{Sky, Source},
};

/// The answer of `GET /recommendations`.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    recommendations: Vec<Recommendation>,
    context: ContextView,
    /// Says how outfits were found and scored.
    model: String,
    /// Names the state of the wardrobe that was searched, and after a `+` that of the catalogue: while it stays,
    /// the same question has the same outfits, but for the third, which is there to learn from. `empty` when there
    /// is nothing in the wardrobe.
    index: String,
    /// Slots without which there is no outfit, or that the weather asks for.
    missing: Vec<Slot>,
    /// Rules that some piece had to break, because nothing in the wardrobe meets them all.
    relaxed: Vec<&'static str>,
    /// Whether all there is was worn too lately to come again.
    only_repeats: bool,
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
    /// Whether it is the person's own.
    owned: bool,
    /// Who sells it, if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    boutique: Option<BoutiqueView>,
    /// What it costs, if it is sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Money>,
}

#[derive(Debug, Serialize)]
struct BoutiqueView {
    id: UserId,
    name: String,
}

/// Where pieces are looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pieces<'a> {
    pub(crate) wardrobe: &'a Wardrobe,
    pub(crate) offers: &'a Offers,
}

#[derive(Debug, Serialize)]
struct FeatureView {
    name: &'static str,
    contribution: f64,
}

#[derive(Debug, Serialize)]
struct ContextView {
    temp_c: Option<f32>,
    humidity: Option<f32>,
    condition: Option<&'static str>,
    source: Source,
}

impl View {
    /// The answer that is stored as `showing`, with links to thumbs signed by `media`.
    ///
    /// # Errors
    /// When signing fails.
    pub(crate) async fn new(
        showing: ShowingId,
        answer: Answer,
        pieces: Pieces<'_>,
        served: Served,
        sky: Sky,
        media: &impl PresignGet,
    ) -> Result<Self, StoreError> {
        let outfits = (1..=u8::MAX).zip(answer.outfits);
        let recommendations = outfits.map(|(place, outfit)| {
            Recommendation::new(showing.outfit(place), outfit, pieces, media)
        });
        Ok(Self {
            recommendations: try_join_all(recommendations).await?,
            context: ContextView {
                // Tenths: more digits than any thermometer means.
                temp_c: sky.temp_c.map(|temp| (temp * 10.0).round() / 10.0),
                humidity: sky.humidity.map(f32::round),
                condition: sky.condition.map(Condition::as_str),
                source: sky.source,
            },
            index: match served.index {
                Some(catalog) => format!("{}+{catalog}", pieces.wardrobe.name()),
                None => pieces.wardrobe.name().to_owned(),
            },
            model: served.model,
            missing: answer.missing,
            relaxed: answer.relaxed.iter().map(|rule| rule.as_str()).collect(),
            only_repeats: answer.only_repeats,
        })
    }
}

impl Recommendation {
    async fn new(
        id: RecommendationId,
        outfit: Outfit,
        pieces: Pieces<'_>,
        media: &impl PresignGet,
    ) -> Result<Self, StoreError> {
        let shown = outfit.pieces.iter();
        let shown = shown.map(|piece| PieceView::new(piece, pieces, media));
        let feature = |feature: drape_recommender::Feature| FeatureView {
            name: feature.name,
            contribution: feature.contribution,
        };
        Ok(Self {
            id,
            pieces: try_join_all(shown).await?,
            items: outfit.pieces.iter().map(|piece| piece.item).collect(),
            score: outfit.score,
            explain: outfit.explain,
            features: outfit.features.into_iter().map(feature).collect(),
        })
    }
}

impl PieceView {
    async fn new(
        piece: &Placed,
        pieces: Pieces<'_>,
        media: &impl PresignGet,
    ) -> Result<Self, StoreError> {
        let (item, boutique) = match piece.from {
            From::Own => (pieces.wardrobe.item(piece.item), None),
            From::Boutique { .. } => pieces.offers.get(piece.item).unzip(),
        };
        let thumb = match item.and_then(|item| item.images.thumb.as_deref()) {
            Some(key) => Some(media.presign_get(key, IMAGE_LIFETIME).await?),
            None => None,
        };
        Ok(Self {
            item_id: piece.item,
            slot: piece.slot,
            title: item.map(Item::title).unwrap_or_default(),
            thumb,
            owned: piece.from == From::Own,
            price: boutique.and(item).and_then(|item| item.typed.price),
            boutique: boutique.map(|account| BoutiqueView {
                id: account.id,
                name: account.name.to_string(),
            }),
        })
    }
}
