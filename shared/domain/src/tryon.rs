//! One rendering of garments on a person's photo.

use serde::{Deserialize, Serialize};

use crate::{
    ItemId, Money, RecommendationId, Signal, SignalId, SignalKind, Text, Timestamp, TryOnId,
    UserId, item::Failure,
};

/// The most garments that one try-on may have.
pub const MAX_TRYON_ITEMS: usize = 6;
/// The most turned pictures that one try-on may have.
pub const MAX_TRYON_TURNS: usize = 2;

/// How far a rendering has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TryOnStatus {
    /// Recorded; no job has taken it up.
    Queued,
    /// A job works on it.
    Rendering,
    /// The picture is there.
    Done,
    /// There will be no picture; `error` says why.
    Failed,
}

impl TryOnStatus {
    /// Whether nothing more will happen.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }
}

/// A garment as it was when the try-on was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TryOnItem {
    /// Which.
    pub item_id: ItemId,
    /// Shown name.
    pub title: String,
    /// The seller, for a boutique's item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boutique: Option<String>,
    /// For a boutique's item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// Why the picture does not show it, if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Failure>,
}

/// The light that garments are shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lighting {
    /// As in the photo.
    #[default]
    Neutral,
    /// Lamps.
    Warm,
    /// An overcast sky.
    Cool,
}

/// What the person wants to be able to do with the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ViewOptions {
    /// Two pictures turned slightly.
    pub rotate: bool,
    /// Accepted from clients that send it. It changes nothing: a picture keeps the perspective of its photo.
    pub perspective: bool,
    /// The picture's light; its layers are neutral whatever is wanted.
    pub lighting: Lighting,
}

/// What red, green and blue of a garment's layer are multiplied by to show it in a light.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lights {
    /// In warm light.
    pub warm: [f32; 3],
    /// In the photo's own.
    pub neutral: [f32; 3],
    /// In cool light.
    pub cool: [f32; 3],
}

/// A garment's layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GarmentLayer {
    /// Which.
    pub item_id: ItemId,
    /// Object key in the media bucket.
    pub key: String,
}

/// The object keys, in the media bucket, of what a picture is composed of. All have its size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layers {
    /// The person below the garments.
    pub person: String,
    /// The garments, the lowest first.
    pub garments: Vec<GarmentLayer>,
    /// The shadows that garments cast, over all else.
    pub shadow: String,
    /// How to show the garments in another light.
    pub lighting: Lights,
}

/// What a job has made and stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// Object key of the picture in the media bucket.
    pub render_key: String,
    /// What it is composed of.
    pub layers: Option<Layers>,
    /// Object keys of the turned pictures, to the left and to the right.
    pub turn_keys: Vec<String>,
    /// How far the picture can be trusted, 0–1.
    pub confidence: f32,
    /// What made it.
    pub renderer: String,
}

impl Rendered {
    /// A picture alone.
    #[must_use]
    pub fn picture(render_key: String, confidence: f32, renderer: &str) -> Self {
        Self {
            render_key,
            layers: None,
            turn_keys: Vec::new(),
            confidence,
            renderer: renderer.to_owned(),
        }
    }
}

/// The accuracy from which a picture counts as right.
const KEPT_FROM: u8 = 4;

/// What the person thought of the picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// 1 (wrong) to 5 (just like me).
    pub accuracy: u8,
    /// In their words.
    #[serde(default)]
    pub notes: Option<Text<1000>>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: Timestamp,
}

/// One rendering of garments on a person's photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TryOn {
    /// Whose.
    pub user_id: UserId,
    /// Identity.
    pub id: TryOnId,
    /// Object key of the body photo in the uploads bucket.
    pub body_key: String,
    /// The garments.
    pub items: Vec<TryOnItem>,
    /// Use cutouts where there are any.
    pub prefer_clean_item_images: bool,
    /// What the person wants to be able to do with the picture.
    pub view_options: ViewOptions,
    /// The shown outfit that the garments are of, if they are of one.
    #[serde(default)]
    pub recommendation_id: Option<RecommendationId>,
    /// How far it has come.
    pub status: TryOnStatus,
    /// Object key of the picture in the media bucket, once `done`.
    #[serde(default)]
    pub render_key: Option<String>,
    /// What the picture is composed of, once `done`.
    #[serde(default)]
    pub layers: Option<Layers>,
    /// Object keys of the turned pictures, if those were asked for, once `done`.
    #[serde(default)]
    pub turn_keys: Vec<String>,
    /// How far the picture can be trusted, 0–1, once `done`.
    #[serde(default)]
    pub confidence: Option<f32>,
    /// What made the picture, once `done`.
    #[serde(default)]
    pub renderer: Option<String>,
    /// Set exactly when `failed`.
    #[serde(default)]
    pub error: Option<Failure>,
    /// What the person thought of it; the latest word counts.
    #[serde(default)]
    pub feedback: Option<Feedback>,
    /// When they first said something about it: the day under which learning finds what they think now.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub feedback_since: Option<Timestamp>,
    /// When the job's message was last sent: a status call sends it again when it seems lost.
    #[serde(with = "time::serde::rfc3339")]
    pub enqueued_at: Timestamp,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: Timestamp,
    /// Grows by one with every write.
    pub revision: u64,
}

impl TryOn {
    /// A queued try-on of these garments on this photo, with default options.
    #[must_use]
    pub fn new(user_id: UserId, body_key: String, items: Vec<TryOnItem>, now: Timestamp) -> Self {
        Self {
            user_id,
            id: TryOnId::new(),
            body_key,
            items,
            prefer_clean_item_images: true,
            view_options: ViewOptions::default(),
            recommendation_id: None,
            status: TryOnStatus::Queued,
            render_key: None,
            layers: None,
            turn_keys: Vec::new(),
            confidence: None,
            renderer: None,
            error: None,
            feedback: None,
            feedback_since: None,
            enqueued_at: now,
            created_at: now,
            updated_at: now,
            revision: 1,
        }
    }

    /// The person says what they think of the picture. False, and nothing changed, if there is none.
    pub fn comment(&mut self, feedback: &Feedback) -> bool {
        let has_picture = self.status == TryOnStatus::Done;
        if has_picture {
            self.feedback_since.get_or_insert(feedback.created_at);
            self.feedback = Some(feedback.clone());
        }
        has_picture
    }

    /// What learning is told of the feedback, and whether that stands: a picture that is right is as good as a
    /// garment kept, one that is wrong says nothing about the garments. None before there is any feedback.
    /// However often the feedback is replaced, it is the same signal.
    #[must_use]
    pub fn signal(&self) -> Option<(Signal, bool)> {
        let feedback = self.feedback.as_ref()?;
        let worn = self.items.iter().filter(|item| item.skipped.is_none());
        let signal = Signal {
            id: SignalId::from_uuid(self.id.uuid()),
            user_id: self.user_id,
            kind: SignalKind::TryonKept,
            recommendation_id: self.recommendation_id,
            items: worn.map(|item| item.item_id).collect(),
            created_at: self.feedback_since.unwrap_or(feedback.created_at),
        };
        let is_kept = feedback.accuracy >= KEPT_FROM && !signal.items.is_empty();
        Some((signal, is_kept))
    }

    /// A job takes it up. False if nothing is left to do.
    pub fn start(&mut self, now: Timestamp) -> bool {
        if self.status.is_final() {
            return false;
        }
        self.status = TryOnStatus::Rendering;
        self.updated_at = now;
        true
    }

    /// The picture is there. A final state never changes again.
    pub fn finish(&mut self, rendered: Rendered, now: Timestamp) -> bool {
        if self.status.is_final() {
            return false;
        }
        self.status = TryOnStatus::Done;
        self.render_key = Some(rendered.render_key);
        self.layers = rendered.layers;
        self.turn_keys = rendered.turn_keys;
        self.confidence = Some(rendered.confidence);
        self.renderer = Some(rendered.renderer);
        self.updated_at = now;
        true
    }

    /// The picture leaves this garment out.
    pub fn skip(&mut self, item_id: ItemId, reason: Failure) {
        if let Some(item) = self.items.iter_mut().find(|item| item.item_id == item_id) {
            item.skipped = Some(reason);
        }
    }

    /// There will be no picture. A final state never changes again.
    pub fn fail(&mut self, failure: Failure, now: Timestamp) -> bool {
        if self.status.is_final() {
            return false;
        }
        self.status = TryOnStatus::Failed;
        self.error = Some(failure);
        self.updated_at = now;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tryon() -> TryOn {
        TryOn::new(
            UserId::new(),
            "uploads/body/x".into(),
            vec![],
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn a_final_state_never_changes_again() {
        let mut tryon = tryon();
        assert!(tryon.start(Timestamp::UNIX_EPOCH));
        let rendered = Rendered::picture("k".into(), 0.8, "r");
        assert!(tryon.finish(rendered, Timestamp::UNIX_EPOCH));
        let finished = tryon.clone();
        assert!(!tryon.start(Timestamp::UNIX_EPOCH));
        assert!(!tryon.fail(
            Failure {
                code: "c".into(),
                message: "m".into()
            },
            Timestamp::UNIX_EPOCH
        ));
        assert_eq!(tryon, finished);
    }

    #[test]
    fn a_job_that_died_half_way_can_start_again() {
        let mut tryon = tryon();
        assert!(tryon.start(Timestamp::UNIX_EPOCH));
        assert!(tryon.start(Timestamp::UNIX_EPOCH));
    }
}
