//! What the owner asks of the cleaning job.

use serde::{Deserialize, Serialize};

use super::{
    Item, ItemStatus,
    edit::{Edit, Mask},
};
use crate::{Background, ReturnFormat, Rgb, Timestamp, UploadId};

/// How a cutout should look, and what its owner drew for it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CleanWish {
    /// Colour behind the garment in the thumb and in a flattened image; white if none.
    pub bg_color: Option<Rgb>,
    /// Also flatten the clean image into this format.
    pub return_format: Option<ReturnFormat>,
    /// What the owner drew on the photo.
    pub edit: Edit,
}

/// What the cleaning job is asked for. Each request raises `seq`, so that work is keyed by
/// (photo, request) and doing it twice changes nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CleanRequest {
    /// Number of the request; 0 is the one that the upload itself makes.
    pub seq: u32,
    /// Colour behind the garment in the thumb and in a flattened image; white if none.
    pub bg_color: Option<Rgb>,
    /// Also flatten the clean image into this format.
    pub return_format: Option<ReturnFormat>,
    /// What the owner drew on the photo.
    pub edit: Edit,
    /// The eTag of the photo that it was drawn on, if that was known.
    pub drawn_on: Option<String>,
    /// The photo as taken is wanted back.
    pub restore: bool,
}

impl CleanRequest {
    /// Whether it asks for just this.
    #[must_use]
    pub fn is_for(&self, wish: &CleanWish) -> bool {
        (self.bg_color, self.return_format, &self.edit)
            == (wish.bg_color, wish.return_format, &wish.edit)
    }

    /// What was drawn on another photo says nothing of this one.
    pub(super) fn turn_to(&mut self, source_etag: &str) {
        let drawn_on = self.drawn_on.take_if(|photo| photo != source_etag);
        if drawn_on.is_some() {
            self.edit = Edit::default();
        }
    }
}

/// A request that counts once the mask which belongs to it has been sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AwaitedMask {
    /// Names the mask's place, for this request alone.
    pub upload: UploadId,
    /// Declared and signed, in bytes.
    pub content_length: u64,
    /// What is asked for.
    pub wish: CleanWish,
    /// The eTag of the photo that it is drawn on, if that is known.
    #[serde(default)]
    pub drawn_on: Option<String>,
}

impl Item {
    /// The owner asks for a new cutout. Refused (false) while no photo has arrived.
    pub fn request_clean(&mut self, wish: CleanWish, now: Timestamp) -> bool {
        if self.status == ItemStatus::AwaitingUpload {
            return false;
        }
        let photo = self.newest_photo().cloned();
        self.request(wish, photo, Background::Clean, now);
        true
    }

    /// The owner asks for a new cutout and is about to send a mask of this length for it. Until that arrives the
    /// item is as it was. Refused (false) while no photo has arrived.
    pub fn await_mask(&mut self, wish: CleanWish, content_length: u64, now: Timestamp) -> bool {
        if self.status == ItemStatus::AwaitingUpload {
            return false;
        }
        self.awaited_mask = Some(AwaitedMask {
            upload: UploadId::new(),
            content_length,
            wish,
            drawn_on: self.newest_photo().cloned(),
        });
        self.updated_at = now;
        true
    }

    /// The mask of this upload has arrived, so its request counts from now on. False if none waits for it.
    pub fn mask_arrived(&mut self, upload: UploadId, mask: Mask, now: Timestamp) -> bool {
        let awaited = self
            .awaited_mask
            .take_if(|awaited| awaited.upload == upload);
        let Some(awaited) = awaited else {
            return false;
        };
        let edit = awaited.wish.edit.with_mask(mask);
        let wish = CleanWish {
            edit,
            ..awaited.wish
        };
        self.request(wish, awaited.drawn_on, Background::Clean, now);
        true
    }

    /// The owner wants the photo as taken back: what was cut out and drawn no longer counts, and is not shown
    /// from now on. False if there is nothing to undo, or no photo has arrived.
    pub fn restore_original(&mut self, now: Timestamp) -> bool {
        if self.status == ItemStatus::AwaitingUpload {
            return false;
        }
        let was_waiting = self.awaited_mask.take().is_some();
        if self.is_as_taken() {
            return was_waiting;
        }
        self.request(CleanWish::default(), None, Background::Original, now);
        self.images.clean = None;
        self.images.flat = None;
        // Stands in for its thumb until there is one.
        self.images.thumb.clone_from(&self.images.original);
        true
    }

    /// Whether the photo as taken is all that is shown, or is about to be.
    fn is_as_taken(&self) -> bool {
        let nothing_drawn = self.images.clean.is_none() && self.clean.edit.is_empty();
        self.background == Background::Original
            && nothing_drawn
            && match self.status {
                ItemStatus::Ready => true,
                // What is being worked on may have begun as a cutout.
                ItemStatus::Processing => self.clean.restore,
                ItemStatus::AwaitingUpload | ItemStatus::Failed => false,
            }
    }

    /// The eTag of the photo that the owner sent last, as far as that is known.
    fn newest_photo(&self) -> Option<&String> {
        let at_work = self.work.as_ref().map(|work| &work.source_etag);
        at_work.or(self.processed.as_ref().map(|done| &done.source_etag))
    }

    fn request(
        &mut self,
        wish: CleanWish,
        drawn_on: Option<String>,
        background: Background,
        now: Timestamp,
    ) {
        self.clean = CleanRequest {
            seq: self.clean.seq + 1,
            bg_color: wish.bg_color,
            return_format: wish.return_format,
            drawn_on: drawn_on.filter(|_| !wish.edit.is_empty()),
            edit: wish.edit,
            restore: background == Background::Original,
        };
        self.background = background;
        self.status = ItemStatus::Processing;
        self.awaited_mask = None;
        self.error = None;
        self.work = None;
        self.updated_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        UserId,
        item::{
            Failure, ImageKeys, ImageType, Processed, Typed, Upload,
            edit::{DEFAULT_RADIUS, Stroke, UnitPoint},
        },
    };

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn item() -> Item {
        Item::new(
            UserId::new(),
            Typed::default(),
            Background::Original,
            Upload {
                content_type: ImageType::Jpeg,
                content_length: 10,
            },
            NOW,
        )
    }

    fn settled() -> Item {
        let mut item = item();
        item.photo_arrived("e", NOW);
        let done = Processed {
            source_etag: "e".into(),
            seq: 0,
        };
        let failure = Failure {
            code: "no_garment_found".into(),
            message: "…".into(),
        };
        item.fail_clean(done, failure, NOW);
        item
    }

    fn drawn() -> CleanWish {
        let tap = vec![UnitPoint::new(0.5, 0.5).unwrap()];
        let tap = Stroke::new(tap, DEFAULT_RADIUS).unwrap();
        CleanWish {
            edit: Edit::new(None, vec![tap], vec![]).unwrap(),
            ..CleanWish::default()
        }
    }

    fn mask() -> Mask {
        Mask {
            key: "uploads/masks/x".into(),
            etag: "m".into(),
        }
    }

    #[test]
    fn nothing_can_be_cleaned_before_the_photo_is_there() {
        assert!(!item().request_clean(CleanWish::default(), NOW));
        assert!(!item().await_mask(drawn(), 5, NOW));
    }

    #[test]
    fn what_was_drawn_on_one_photo_is_dropped_with_the_next() {
        let mut item = settled();
        assert!(item.request_clean(drawn(), NOW));
        assert_eq!(item.clean.drawn_on.as_deref(), Some("e"));
        assert!(item.take_up("e", NOW));
        assert!(item.clean.is_for(&drawn()));
        assert!(item.take_up("another", NOW));
        assert!(item.clean.is_for(&CleanWish::default()));
        // Drawn while the other photo is worked on, so on that one.
        assert!(item.request_clean(drawn(), NOW));
        assert!(item.take_up("another", NOW));
        assert!(item.clean.is_for(&drawn()));
    }

    #[test]
    fn a_request_counts_once_its_mask_is_there() {
        let mut item = settled();
        let before = item.clone();
        assert!(item.await_mask(drawn(), 5, NOW));
        let awaited = item.awaited_mask.clone().unwrap();
        assert_eq!(
            Item {
                awaited_mask: None,
                ..item.clone()
            },
            before
        );
        assert!(!item.mask_arrived(UploadId::new(), mask(), NOW));
        assert!(item.mask_arrived(awaited.upload, mask(), NOW));
        assert_eq!(
            (item.status, item.background, item.clean.seq),
            (ItemStatus::Processing, Background::Clean, 1)
        );
        assert_eq!(item.clean.edit, drawn().edit.with_mask(mask()));
        assert!(!item.mask_arrived(awaited.upload, mask(), NOW), "twice");
    }

    #[test]
    fn a_mask_belongs_to_the_photo_that_it_was_asked_for() {
        let mut item = settled();
        item.await_mask(CleanWish::default(), 5, NOW);
        let upload = item.awaited_mask.clone().unwrap().upload;
        assert!(item.take_up("another", NOW));
        assert!(item.mask_arrived(upload, mask(), NOW));
        assert!(item.clean.edit.mask().is_some());
        assert!(item.take_up("another", NOW));
        assert!(item.clean.edit.is_empty());
    }

    #[test]
    fn the_photo_as_taken_comes_back_once_and_at_once() {
        let mut item = settled();
        let key = |file: &str| Some(file.to_owned());
        item.request_clean(drawn(), NOW);
        item.status = ItemStatus::Ready;
        item.images = ImageKeys {
            original: key("original.jpg"),
            clean: key("clean.png"),
            flat: key("clean_flat.png"),
            thumb: key("clean_thumb.jpg"),
        };
        assert!(item.restore_original(NOW));
        let photo = key("original.jpg");
        let shown = ImageKeys {
            original: photo.clone(),
            thumb: photo,
            ..ImageKeys::default()
        };
        assert_eq!((&item.images, item.clean.seq), (&shown, 2));
        assert!(item.clean.is_for(&CleanWish::default()));
        assert_eq!(
            (item.status, item.background),
            (ItemStatus::Processing, Background::Original)
        );
        assert!(!item.restore_original(NOW), "it is under way");
        item.status = ItemStatus::Ready;
        assert!(!item.restore_original(NOW), "it is done");
        item.status = ItemStatus::Failed;
        assert!(item.restore_original(NOW), "it is tried again");
    }

    #[test]
    fn a_cutout_that_is_still_being_made_is_undone_too() {
        let mut item = settled();
        item.request_clean(CleanWish::default(), NOW);
        item.background = Background::Original;
        assert!(item.restore_original(NOW));
        assert_eq!(item.clean.seq, 2);
    }

    #[test]
    fn nothing_is_to_be_undone_before_the_photo_is_there() {
        assert!(!item().restore_original(NOW));
    }

    #[test]
    fn a_mask_that_is_still_to_come_is_not_waited_for_after_an_undoing() {
        let mut item = settled();
        item.status = ItemStatus::Ready;
        item.await_mask(drawn(), 5, NOW);
        let upload = item.awaited_mask.clone().unwrap().upload;
        assert!(item.restore_original(NOW));
        assert_eq!(item.clean.seq, 0, "it was as taken");
        assert!(!item.mask_arrived(upload, mask(), NOW));
    }

    #[test]
    fn a_later_request_does_not_wait_for_the_mask_of_an_earlier_one() {
        let mut item = settled();
        item.await_mask(drawn(), 5, NOW);
        let awaited = item.awaited_mask.clone().unwrap();
        item.request_clean(CleanWish::default(), NOW);
        assert!(!item.mask_arrived(awaited.upload, mask(), NOW));
        assert_eq!(item.clean.seq, 1);
    }
}
