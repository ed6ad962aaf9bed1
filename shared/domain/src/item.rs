//! A garment or accessory: what its owner typed, what was inferred from its photo, and how far its
//! photo has come.

pub mod edit;
mod request;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Attributes, Background, Category, Color, ItemId, Money, Pattern, Season, Slot, Text, Timestamp,
    UserId, attributes::attributes,
};

pub use edit::Edit;
pub use request::{AwaitedMask, CleanRequest, CleanWish};

/// The largest photo that is accepted, in bytes.
pub const MAX_UPLOAD_BYTES: u64 = 15 * 1024 * 1024;

/// How far an item's photo has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    /// The record exists; the photo has not arrived.
    AwaitingUpload,
    /// The photo is there and is being worked on.
    Processing,
    /// Images, tags and embedding are there.
    Ready,
    /// The photo cannot be used; `error` says why.
    Failed,
}

impl ItemStatus {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingUpload => "awaiting_upload",
            Self::Processing => "processing",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }
}

/// What an item's owner is told of it: how far its photo has come and, once that is ready, whether the garment
/// can be worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShownStatus {
    /// [`ItemStatus::AwaitingUpload`].
    AwaitingUpload,
    /// [`ItemStatus::Processing`].
    Processing,
    /// [`ItemStatus::Ready`], and to be worn.
    Ready,
    /// [`ItemStatus::Ready`], but its owner has put it in the wash.
    InWash,
    /// [`ItemStatus::Failed`].
    Failed,
}

/// The image types that may be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ImageType {
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// WebP.
    #[serde(rename = "image/webp")]
    Webp,
}

impl ImageType {
    /// The media type.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// The object that a presigned upload was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Declared and signed.
    pub content_type: ImageType,
    /// Declared and signed, in bytes.
    pub content_length: u64,
}

/// What the owner typed. A value here always wins over an inferred one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// Short name.
    pub title: Option<Text<120>>,
    /// Longer words.
    pub description: Option<Text<2000>>,
    /// Kind of garment.
    pub category: Option<Category>,
    /// Colours.
    pub colors: Option<Vec<Color>>,
    /// Surface design.
    pub pattern: Option<Pattern>,
    /// Sizes such as "M" or "EU 42".
    pub sizes: Option<Vec<Text<40>>>,
    /// Free words.
    pub tags: Option<Vec<Text<40>>>,
    /// 0 (gym) to 1 (black tie).
    pub formality: Option<f32>,
    /// When it is worn.
    pub season: Option<Vec<Season>>,
    /// What it cost or costs.
    pub price: Option<Money>,
}

/// A kind of garment that a photo may show.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CategoryCandidate {
    /// The kind.
    pub category: Category,
    /// How likely it is, 0–1.
    pub probability: f32,
}

/// What was read from the photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inferred {
    /// Most likely kind of garment.
    pub category: Category,
    /// Its probability, 0–1.
    pub confidence: f32,
    /// The kinds to choose from, the likeliest first, where one photo does not tell; empty where it does.
    #[serde(default)]
    pub candidates: Vec<CategoryCandidate>,
    /// How far the cutout can be trusted, 0–1; none if nothing was cut out.
    #[serde(default)]
    pub cutout_confidence: Option<f32>,
    /// Dominant colours, largest first.
    pub colors: Vec<Color>,
    /// Surface design.
    pub pattern: Pattern,
}

/// Which model made the item's vector, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbeddingRef {
    /// Says how the vector was made; vectors of different models never mix.
    pub model: String,
    /// Number of components.
    pub dim: u32,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: Timestamp,
}

/// What the cleaning job last finished, well or badly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processed {
    /// The photo's eTag.
    pub source_etag: String,
    /// The request's number.
    pub seq: u32,
}

/// Take-ups of one photo for one request after which the job gives up: the work may be what kills it.
const MAX_TAKE_UPS: u32 = 5;

/// Take-ups this close to the first may be duplicates of one event rather than retries of failed runs.
const DUPLICATES_COME_WITHIN: time::Duration = time::Duration::seconds(20);

/// What the cleaning job works on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The photo's eTag.
    pub source_etag: String,
    /// The request's number.
    pub seq: u32,
    /// How often this was taken up.
    pub take_ups: u32,
    /// When it was taken up first.
    #[serde(with = "time::serde::rfc3339")]
    pub since: Timestamp,
}

impl Work {
    /// Whether it was tried so often that another try is no use.
    #[must_use]
    pub fn is_hopeless(&self, now: Timestamp) -> bool {
        self.take_ups >= MAX_TAKE_UPS && now - self.since >= DUPLICATES_COME_WITHIN
    }
}

/// The object keys of an item's images in the media bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageKeys {
    /// The photo, upright, without metadata (JPEG).
    pub original: Option<String>,
    /// The cutout with transparency (PNG).
    pub clean: Option<String>,
    /// The cutout on a colour, if one was asked for.
    pub flat: Option<String>,
    /// Square and small, on a flat colour (JPEG).
    pub thumb: Option<String>,
}

/// Why a photo could not be used, in words the app can show beside "Fix Image".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable, such as `no_garment_found`.
    pub code: String,
    /// For people.
    pub message: String,
}

impl Failure {
    const PROCESSING: &str = "processing_failed";

    /// The job could not finish, which may not be the photo's fault.
    #[must_use]
    pub fn of_processing() -> Self {
        Self {
            code: Self::PROCESSING.to_owned(),
            message: "We could not process this photo. Please try again or send another photo."
                .to_owned(),
        }
    }

    /// Whether the job gave up, rather than found a fault in the photo.
    #[must_use]
    pub fn is_of_processing(&self) -> bool {
        self.code == Self::PROCESSING
    }
}

/// A garment or accessory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Whose.
    pub owner_id: UserId,
    /// Identity.
    pub item_id: ItemId,
    /// What the owner typed.
    pub typed: Typed,
    /// What was read from the photo, once it is ready.
    #[serde(default)]
    pub inferred: Option<Inferred>,
    /// Cut out, or as taken.
    pub background: Background,
    /// How far the photo has come.
    pub status: ItemStatus,
    /// The declared photo.
    pub upload: Upload,
    /// The latest request to the cleaning job.
    #[serde(default)]
    pub clean: CleanRequest,
    /// A later request that still waits for its mask.
    #[serde(default)]
    pub awaited_mask: Option<AwaitedMask>,
    /// The latest request that was finished.
    #[serde(default)]
    pub processed: Option<Processed>,
    /// What the job has taken up and not finished yet.
    #[serde(default)]
    pub work: Option<Work>,
    /// Where the images are.
    #[serde(default)]
    pub images: ImageKeys,
    /// Which vector the item has.
    #[serde(default)]
    pub embedding: Option<EmbeddingRef>,
    /// An older item of the same owner that shows the same garment, as far as the vectors tell. It may have
    /// been deleted since.
    #[serde(default)]
    pub duplicate_of: Option<ItemId>,
    /// The owner has said that it is no duplicate, and is not told so again.
    #[serde(default)]
    pub is_no_duplicate: bool,
    /// The owner has put it in the wash: it is not recommended until they take it out again. New photos and
    /// cutouts do not change that.
    #[serde(default)]
    pub in_wash: bool,
    /// The shard of the catalogue that it is in, such as `07`; none for what is not a boutique's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<String>,
    /// Set exactly when `status` is `failed`.
    #[serde(default)]
    pub error: Option<Failure>,
    /// When the record was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: Timestamp,
    /// Grows by one with every write; the `etag` shown to clients.
    pub revision: u64,
}

/// What the cleaning job made of a photo that could be used.
#[derive(Debug, Clone, PartialEq)]
pub struct Cleaned {
    /// Where the images are.
    pub images: ImageKeys,
    /// What was read from the photo.
    pub inferred: Inferred,
    /// Which vector was stored.
    pub embedding: EmbeddingRef,
    /// The older item that shows the same garment.
    pub duplicate_of: Option<ItemId>,
}

impl Item {
    /// A record that waits for its photo.
    #[must_use]
    pub fn new(
        owner_id: UserId,
        typed: Typed,
        background: Background,
        upload: Upload,
        now: Timestamp,
    ) -> Self {
        Self {
            owner_id,
            item_id: ItemId::new(),
            typed,
            inferred: None,
            background,
            status: ItemStatus::AwaitingUpload,
            upload,
            clean: CleanRequest::default(),
            awaited_mask: None,
            processed: None,
            work: None,
            images: ImageKeys::default(),
            embedding: None,
            duplicate_of: None,
            is_no_duplicate: false,
            in_wash: false,
            catalog: None,
            error: None,
            created_at: now,
            updated_at: now,
            revision: 1,
        }
    }

    /// What its owner is told.
    #[must_use]
    pub const fn shown_status(&self) -> ShownStatus {
        match self.status {
            ItemStatus::AwaitingUpload => ShownStatus::AwaitingUpload,
            ItemStatus::Processing => ShownStatus::Processing,
            ItemStatus::Ready if self.in_wash => ShownStatus::InWash,
            ItemStatus::Ready => ShownStatus::Ready,
            ItemStatus::Failed => ShownStatus::Failed,
        }
    }

    /// Typed, else inferred, else [`Category::Other`].
    #[must_use]
    pub fn category(&self) -> Category {
        self.typed
            .category
            .or(self.inferred.as_ref().map(|inferred| inferred.category))
            .unwrap_or(Category::Other)
    }

    /// The kinds to choose from while neither photo nor owner has said which one it is.
    #[must_use]
    pub fn category_candidates(&self) -> &[CategoryCandidate] {
        match &self.inferred {
            Some(inferred) if self.typed.category.is_none() => &inferred.candidates,
            _ => &[],
        }
    }

    /// How far the cutout that is shown can be trusted, 0–1; none if there is none.
    #[must_use]
    pub fn cutout_confidence(&self) -> Option<f32> {
        let inferred = self.inferred.as_ref()?;
        inferred
            .cutout_confidence
            .filter(|_| self.images.clean.is_some())
    }

    /// Follows from the category.
    #[must_use]
    pub fn slot(&self) -> Slot {
        self.category().slot()
    }

    /// Typed, else inferred, else none.
    #[must_use]
    pub fn colors(&self) -> &[Color] {
        self.typed
            .colors
            .as_deref()
            .or(self
                .inferred
                .as_ref()
                .map(|inferred| inferred.colors.as_slice()))
            .unwrap_or_default()
    }

    /// Typed, else inferred.
    #[must_use]
    pub fn pattern(&self) -> Option<Pattern> {
        self.typed
            .pattern
            .or(self.inferred.as_ref().map(|inferred| inferred.pattern))
    }

    /// What category, design, colours and the words of title and tags say of how it is worn.
    #[must_use]
    pub fn attributes(&self) -> Attributes {
        let title = self.typed.title.iter().map(Text::as_str);
        let tags = self.typed.tags.iter().flatten().map(Text::as_str);
        let words: Vec<&str> = title.chain(tags).collect();
        let words = words.join("; ");
        attributes(self.category(), self.pattern(), self.colors(), &words)
    }

    /// Typed, else by its [attributes](Self::attributes) (0–1).
    #[must_use]
    pub fn formality(&self) -> f32 {
        self.typed
            .formality
            .unwrap_or_else(|| self.attributes().formality)
    }

    /// Typed, else by its [attributes](Self::attributes).
    #[must_use]
    pub fn seasons(&self) -> Vec<Season> {
        let typed = self.typed.season.clone();
        typed.unwrap_or_else(|| self.attributes().seasons)
    }

    /// Thermal insulation in clo, by its [attributes](Self::attributes).
    #[must_use]
    pub fn clo(&self) -> f32 {
        self.attributes().warmth_clo
    }

    /// Typed, else made from colour and category: "navy shirt".
    #[must_use]
    pub fn title(&self) -> String {
        if let Some(title) = &self.typed.title {
            return title.to_string();
        }
        if self.typed.category.is_none() && self.inferred.is_none() {
            return String::new();
        }
        let noun = self.category().as_str().replace('_', "-");
        match self.colors().first() {
            Some(color) => format!("{} {noun}", color.name),
            None => noun,
        }
    }

    /// For each tag that can be typed or inferred, which of the two it is: `user`, `vision` or `default`.
    #[must_use]
    pub fn tags_source(&self) -> BTreeMap<&'static str, &'static str> {
        let seen = if self.inferred.is_some() {
            "vision"
        } else {
            "default"
        };
        let source = |typed: bool, otherwise| if typed { "user" } else { otherwise };
        BTreeMap::from([
            ("title", source(self.typed.title.is_some(), seen)),
            ("category", source(self.typed.category.is_some(), seen)),
            ("colors", source(self.typed.colors.is_some(), seen)),
            ("pattern", source(self.typed.pattern.is_some(), seen)),
            (
                "formality",
                source(self.typed.formality.is_some(), "default"),
            ),
            ("season", source(self.typed.season.is_some(), "default")),
        ])
    }

    /// Whether the latest request has been finished for the photo with this eTag.
    #[must_use]
    pub fn is_processed(&self, source_etag: &str) -> bool {
        matches!(self.status, ItemStatus::Ready | ItemStatus::Failed)
            && self
                .processed
                .as_ref()
                .is_some_and(|done| done.seq == self.clean.seq && done.source_etag == source_etag)
    }

    /// A photo has arrived. Does nothing to an item for which this one was finished, or that is being
    /// worked on.
    pub fn photo_arrived(&mut self, source_etag: &str, now: Timestamp) -> bool {
        let is_news = self.status != ItemStatus::Processing && !self.is_processed(source_etag);
        if is_news {
            self.status = ItemStatus::Processing;
            self.error = None;
            self.updated_at = now;
        }
        is_news
    }

    /// The job takes up this photo for the latest request. Refused (false) if that was finished already.
    pub fn take_up(&mut self, source_etag: &str, now: Timestamp) -> bool {
        if self.is_processed(source_etag) {
            return false;
        }
        self.photo_arrived(source_etag, now);
        self.clean.turn_to(source_etag);
        let is_retry = self.is_at_work(source_etag);
        let before = self.work.take().filter(|_| is_retry);
        if !is_retry {
            // From now on only what is found by this work, or by another's meanwhile, counts.
            self.duplicate_of = None;
        }
        let (take_ups, since) = before.map_or((0, now), |work| (work.take_ups, work.since));
        self.work = Some(Work {
            source_etag: source_etag.to_owned(),
            seq: self.clean.seq,
            take_ups: take_ups + 1,
            since,
        });
        true
    }

    /// Whether this photo, for the latest request, is what the job took up last.
    #[must_use]
    pub fn is_at_work(&self, source_etag: &str) -> bool {
        self.work
            .as_ref()
            .is_some_and(|work| work.seq == self.clean.seq && work.source_etag == source_etag)
    }

    /// Another item has turned out to show the same garment. False if there is nothing to tell: it is marked
    /// already, or its owner knows better.
    pub fn mark_duplicate(&mut self, of: ItemId, now: Timestamp) -> bool {
        if self.is_no_duplicate || self.duplicate_of.is_some() {
            return false;
        }
        self.duplicate_of = Some(of);
        self.updated_at = now;
        true
    }

    /// The owner says that it is no duplicate. False if nobody has said that it is.
    pub fn dismiss_duplicate(&mut self) -> bool {
        let was_marked = self.duplicate_of.take().is_some();
        self.is_no_duplicate |= was_marked;
        was_marked
    }

    /// The owner is content with the photo as taken: an item that was usable before its last request or
    /// photo failed becomes usable again. False if there is nothing to return to.
    pub fn settle_for_original(&mut self) -> bool {
        let usable = self.status == ItemStatus::Failed
            && self.images.original.is_some()
            && self.inferred.is_some();
        if usable {
            self.status = ItemStatus::Ready;
            self.error = None;
        }
        usable
    }

    /// The job made images, tags and a vector for request `done`. An answer to an older request keeps the
    /// item `processing`, since the newer one is still to be worked on.
    pub fn finish_clean(&mut self, done: Processed, cleaned: Cleaned, now: Timestamp) {
        self.status = if done.seq == self.clean.seq {
            ItemStatus::Ready
        } else {
            ItemStatus::Processing
        };
        self.processed = Some(done);
        self.work = None;
        self.images = cleaned.images;
        self.inferred = Some(cleaned.inferred);
        self.embedding = Some(cleaned.embedding);
        if !self.is_no_duplicate {
            self.duplicate_of = cleaned.duplicate_of.or(self.duplicate_of);
        }
        self.error = None;
        self.updated_at = now;
    }

    /// The photo of request `done` cannot be used. Images of an earlier success stay.
    pub fn fail_clean(&mut self, done: Processed, failure: Failure, now: Timestamp) {
        if done.seq == self.clean.seq {
            self.status = ItemStatus::Failed;
            self.error = Some(failure);
        }
        self.processed = Some(done);
        self.work = None;
        self.updated_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rgb;

    fn item() -> Item {
        Item::new(
            UserId::new(),
            Typed::default(),
            Background::Clean,
            Upload {
                content_type: ImageType::Jpeg,
                content_length: 10,
            },
            Timestamp::UNIX_EPOCH,
        )
    }

    fn cleaned() -> Cleaned {
        Cleaned {
            images: ImageKeys::default(),
            inferred: Inferred {
                category: Category::Shirt,
                confidence: 0.9,
                candidates: Vec::new(),
                cutout_confidence: None,
                colors: vec![Color {
                    name: "navy".into(),
                    hex: Rgb([28, 36, 72]),
                    share: 1.0,
                }],
                pattern: Pattern::Solid,
            },
            embedding: EmbeddingRef {
                model: "m".into(),
                dim: 512,
                updated_at: Timestamp::UNIX_EPOCH,
            },
            duplicate_of: None,
        }
    }

    fn done(seq: u32) -> Processed {
        Processed {
            source_etag: "e".into(),
            seq,
        }
    }

    #[test]
    fn what_was_typed_wins_over_what_was_seen() {
        let mut item = item();
        item.finish_clean(done(0), cleaned(), Timestamp::UNIX_EPOCH);
        assert_eq!(
            (item.category(), item.title().as_str()),
            (Category::Shirt, "navy shirt")
        );
        assert_eq!(item.tags_source()["category"], "vision");

        item.typed.category = Some(Category::Blouse);
        assert_eq!(
            (item.category(), item.title().as_str()),
            (Category::Blouse, "navy blouse")
        );
        assert_eq!(item.tags_source()["category"], "user");
    }

    #[test]
    fn an_answer_to_an_older_request_leaves_the_item_processing() {
        let mut item = item();
        item.photo_arrived("e", Timestamp::UNIX_EPOCH);
        assert!(item.request_clean(CleanWish::default(), Timestamp::UNIX_EPOCH));
        item.finish_clean(done(0), cleaned(), Timestamp::UNIX_EPOCH);
        assert_eq!(item.status, ItemStatus::Processing);
        assert!(!item.is_processed("e"));
        item.finish_clean(done(1), cleaned(), Timestamp::UNIX_EPOCH);
        assert_eq!(item.status, ItemStatus::Ready);
        assert!(item.is_processed("e"));
        assert!(!item.is_processed("another photo"));
    }

    #[test]
    fn a_duplicate_is_told_until_its_owner_knows_better() {
        let (older, later) = (ItemId::new(), Timestamp::UNIX_EPOCH);
        let found = Cleaned {
            duplicate_of: Some(older),
            ..cleaned()
        };
        let mut item = item();
        item.take_up("e", later);
        item.finish_clean(done(0), found.clone(), later);
        assert_eq!(item.duplicate_of, Some(older));
        assert!(!item.mark_duplicate(ItemId::new(), later), "it is marked");
        assert!(item.dismiss_duplicate());
        assert!(!item.dismiss_duplicate());
        assert!(!item.mark_duplicate(older, later));
        item.take_up("another", later);
        item.finish_clean(done(0), found, later);
        assert_eq!(item.duplicate_of, None);
    }

    #[test]
    fn a_duplicate_is_looked_for_anew_with_each_piece_of_work() {
        let (older, now) = (ItemId::new(), Timestamp::UNIX_EPOCH);
        let mut item = item();
        item.take_up("e", now);
        item.finish_clean(done(0), cleaned(), now);
        assert!(item.mark_duplicate(older, now));
        item.take_up("another", now);
        assert_eq!(item.duplicate_of, None);
        // Found by another item's work while this one's is still under way.
        assert!(item.mark_duplicate(older, now));
        item.take_up("another", now);
        item.finish_clean(done(0), cleaned(), now);
        assert_eq!(item.duplicate_of, Some(older));
    }

    #[test]
    fn a_photo_arrives_once() {
        let mut item = item();
        assert!(item.photo_arrived("e", Timestamp::UNIX_EPOCH));
        assert!(!item.photo_arrived("e", Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn another_photo_is_news_to_a_settled_item() {
        let mut item = item();
        let failure = Failure {
            code: "no_garment_found".into(),
            message: "…".into(),
        };
        item.photo_arrived("e", Timestamp::UNIX_EPOCH);
        item.fail_clean(done(0), failure, Timestamp::UNIX_EPOCH);
        assert!(!item.photo_arrived("e", Timestamp::UNIX_EPOCH));
        assert!(item.photo_arrived("better", Timestamp::UNIX_EPOCH));
        assert_eq!((item.status, &item.error), (ItemStatus::Processing, &None));
    }

    #[test]
    fn take_ups_are_counted_by_photo_and_request() {
        let (start, later) = (Timestamp::UNIX_EPOCH, time::Duration::MINUTE);
        let mut item = item();
        let work = |item: &mut Item, etag| {
            assert!(item.take_up(etag, start));
            item.work.clone().unwrap()
        };
        for take_up in 1..5 {
            assert!(
                !work(&mut item, "e").is_hopeless(start + later),
                "{take_up}"
            );
        }
        let fifth = work(&mut item, "e");
        assert!(fifth.is_hopeless(start + later));
        assert!(!fifth.is_hopeless(start), "all at once: duplicates");
        item.request_clean(CleanWish::default(), start);
        assert_eq!(work(&mut item, "e").take_ups, 1);
        assert_eq!(work(&mut item, "e").take_ups, 2);
        assert_eq!(work(&mut item, "other").take_ups, 1);
        item.finish_clean(done(1), cleaned(), start);
        assert!(!item.take_up("e", start));
        assert_eq!(item.work, None);
    }

    #[test]
    fn a_late_failure_does_not_hide_a_newer_request() {
        let mut item = item();
        item.photo_arrived("e", Timestamp::UNIX_EPOCH);
        item.request_clean(CleanWish::default(), Timestamp::UNIX_EPOCH);
        let failure = Failure {
            code: "no_garment_found".into(),
            message: "…".into(),
        };
        item.fail_clean(done(0), failure.clone(), Timestamp::UNIX_EPOCH);
        assert_eq!((item.status, &item.error), (ItemStatus::Processing, &None));
        item.fail_clean(done(1), failure, Timestamp::UNIX_EPOCH);
        assert_eq!(item.status, ItemStatus::Failed);
        assert!(item.error.is_some());
    }
}
