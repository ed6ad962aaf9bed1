//! Answers, as far as they are shown. Words stay words: a client must bear new ones.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Of signing up and of refreshing.
#[derive(Debug, Deserialize)]
pub(crate) struct Session {
    pub(crate) access_token: String,
    /// Seconds.
    pub(crate) expires_in: u64,
    pub(crate) refresh_token: String,
}

/// A request that may be sent without a token.
#[derive(Debug, Deserialize)]
pub(crate) struct Upload {
    pub(crate) url: String,
    pub(crate) headers: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CreatedItem {
    pub(crate) item: Item,
    pub(crate) upload: Upload,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CreatedUpload {
    pub(crate) upload: Upload,
    pub(crate) s3: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Wardrobe {
    pub(crate) items: Vec<Item>,
    pub(crate) next_cursor: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ItemStatus {
    AwaitingUpload,
    Processing,
    Ready,
    Failed,
    #[serde(other)]
    Unknown,
}

impl ItemStatus {
    /// Whether the photo has been worked on, well or badly.
    pub(crate) fn is_settled(self) -> bool {
        matches!(self, Self::Ready | Self::Failed)
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Failure {
    pub(crate) message: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Color {
    pub(crate) name: String,
    pub(crate) hex: String,
    /// 0–1.
    pub(crate) share: f64,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Images {
    pub(crate) original: Option<String>,
    pub(crate) clean: Option<String>,
    pub(crate) thumb: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) category: Option<String>,
    pub(crate) slot: Option<String>,
    pub(crate) colors: Vec<Color>,
    pub(crate) pattern: Option<String>,
    /// 0–1.
    pub(crate) formality: Option<f64>,
    pub(crate) season: Vec<String>,
    pub(crate) status: ItemStatus,
    pub(crate) images: Images,
    /// What it may be, where the engine is not sure.
    #[serde(default)]
    pub(crate) category_candidates: Vec<Candidate>,
    /// How good the cutout is, 0–1.
    pub(crate) cutout_confidence: Option<f64>,
    /// The id of an item that shows the same garment.
    pub(crate) duplicate_of: Option<String>,
    pub(crate) error: Option<Failure>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Candidate {
    pub(crate) category: String,
    /// 0–1.
    pub(crate) probability: f64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ItemAnswer {
    pub(crate) item: Item,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Advice {
    pub(crate) recommendations: Vec<Outfit>,
    pub(crate) context: AdviceContext,
    pub(crate) model: String,
    #[serde(default)]
    pub(crate) missing: Vec<String>,
    #[serde(default)]
    pub(crate) relaxed: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AdviceContext {
    pub(crate) temp_c: Option<f64>,
    pub(crate) condition: Option<String>,
    pub(crate) source: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Outfit {
    pub(crate) items: Vec<String>,
    /// 0–1.
    pub(crate) score: f64,
    pub(crate) explain: Vec<String>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) features: Vec<Feature>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Piece {
    pub(crate) item_id: String,
    pub(crate) slot: String,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) thumb: Option<String>,
    /// Who sells it, if it is not the person's own.
    #[serde(default)]
    pub(crate) boutique: Option<Boutique>,
    #[serde(default)]
    pub(crate) price: Option<Price>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Boutique {
    pub(crate) name: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Price {
    /// Such as "₦12,500".
    pub(crate) display: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Feature {
    pub(crate) name: String,
    pub(crate) contribution: f64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TryOnAnswer {
    pub(crate) tryon: TryOn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TryOnStatus {
    Done,
    Failed,
    #[serde(other)]
    UnderWay,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TryOn {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) items: Vec<TryOnItem>,
    pub(crate) status: TryOnStatus,
    pub(crate) render_url: Option<String>,
    /// 0–1.
    pub(crate) confidence: Option<f64>,
    pub(crate) renderer: Option<String>,
    /// What the picture is composed of.
    pub(crate) layers: Option<Layers>,
    /// The person turned a little to either side.
    #[serde(default)]
    pub(crate) turns: Vec<String>,
    pub(crate) error: Option<Failure>,
}

/// Links to pictures that lie one over the other.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Layers {
    pub(crate) person: String,
    pub(crate) garments: Vec<GarmentLayer>,
    pub(crate) shadow: String,
    pub(crate) lighting: Lighting,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct GarmentLayer {
    pub(crate) url: String,
}

/// What red, green and blue of the garments' layers are multiplied by in each light.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(crate) struct Lighting {
    pub(crate) warm: [f64; 3],
    pub(crate) cool: [f64; 3],
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TryOnItem {
    pub(crate) title: String,
    /// Why the picture does not show it.
    pub(crate) skipped: Option<Failure>,
}
