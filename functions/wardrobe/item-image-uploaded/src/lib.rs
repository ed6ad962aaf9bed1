//! `PUT /items/{id}/image-uploaded`: confirms that the photo, or a mask that was asked for, has arrived, and has
//! it worked on if the bucket's own event has not done so yet.

use std::time::Duration;

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, body, caller, json, path_id},
    store::{
        Changed, Get, Save, StoreError,
        blob::{HeadObject, PresignGet, keys},
        change,
        queue::{CleanItem, Enqueue},
        tables::item_key,
    },
    views::ItemView,
};
use drape_domain::{Item, ItemStatus, Timestamp};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// How long the bucket's own event is waited for. It nearly always comes at once and the work is done by
/// then, so that a photo is not worked on twice; when it was lost, the photo is late by this much.
const HEAD_START: Duration = Duration::from_secs(10);

/// What takes note of photos.
#[derive(Debug)]
pub struct ItemImageUploaded<I, U, M, Q> {
    /// Items.
    pub items: I,
    /// Photos as sent.
    pub uploads: U,
    /// Images.
    pub media: M,
    /// Items to clean.
    pub queue: Q,
}

impl<I, U, M, Q> ItemImageUploaded<I, U, M, Q>
where
    Q: Enqueue<CleanItem>,
{
    async fn ask_for(&self, item: &Item) -> Result<(), StoreError> {
        let message = CleanItem {
            owner_id: item.owner_id,
            item_id: item.item_id,
        };
        self.queue.enqueue_after(&message, HEAD_START).await
    }

    /// The job looks whether the mask is there.
    async fn ask_for_mask(&self, item: &Item) -> Result<(), StoreError> {
        if item.awaited_mask.is_some() {
            self.ask_for(item).await?;
        }
        Ok(())
    }
}

impl<I, U, M, Q> Endpoint for ItemImageUploaded<I, U, M, Q>
where
    I: Get<Item> + Save<Item> + 'static,
    U: HeadObject + 'static,
    M: PresignGet + 'static,
    Q: Enqueue<CleanItem> + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let owner_id = caller(&request)?.user_id;
        let item_id = path_id(&request, Problem::item_not_found)?;
        let Nothing {} = body(&request)?;

        let key = item_key(owner_id, item_id);
        let item = self
            .items
            .get(&key)
            .await?
            .ok_or_else(Problem::item_not_found)?;
        let Some(photo) = self
            .uploads
            .head(&keys::item_upload(owner_id, item_id))
            .await?
        else {
            if item.status == ItemStatus::AwaitingUpload {
                return Err(Problem::conflict(
                    "upload_missing",
                    "The photo has not arrived. Send it to the upload's URL first.",
                ));
            }
            // Uploads expire; what was made of this one stays.
            self.ask_for_mask(&item).await?;
            return json(
                202,
                &serde_json::json!({ "item": ItemView::new(item, &self.items, &self.media).await? }),
            );
        };

        let now = Timestamp::now_utc();
        let arrived = change(&self.items, &key, |item| {
            item.photo_arrived(&photo.etag, now)
        });
        let item = match arrived.await? {
            Changed::Missing => return Err(Problem::item_not_found()),
            Changed::Kept(item) | Changed::Written(item) => item,
        };
        // Not only on the first call: the one before may have died between its write and its message.
        if item.is_processed(&photo.etag) {
            self.ask_for_mask(&item).await?;
        } else {
            self.ask_for(&item).await?;
        }
        json(
            202,
            &serde_json::json!({ "item": ItemView::new(item, &self.items, &self.media).await? }),
        )
    }
}

#[cfg(test)]
mod tests {
    use drape_common::{
        hash,
        store::{
            Create,
            memory::{Fuse, MemoryBucket, MemoryQueue, MemoryTable},
        },
        testing::{TestAnswer, new_item, ready_item, request},
    };
    use drape_domain::{
        UserId,
        item::{CleanWish, Failure, Processed},
    };
    use serde_json::json;

    use super::*;

    type App =
        ItemImageUploaded<MemoryTable<Item>, MemoryBucket, MemoryBucket, MemoryQueue<CleanItem>>;

    async fn given(item: &Item, fuse: &Fuse) -> App {
        let app = ItemImageUploaded {
            items: MemoryTable::new(fuse),
            uploads: MemoryBucket::new(fuse),
            media: MemoryBucket::new(fuse),
            queue: MemoryQueue::new(fuse),
        };
        app.items.create(item).await.unwrap();
        app
    }

    fn upload(app: &App, item: &Item, bytes: &[u8]) {
        app.uploads.upload(
            &keys::item_upload(item.owner_id, item.item_id),
            "image/jpeg",
            bytes,
        );
    }

    async fn put(app: &App, item: &Item) -> TestAnswer {
        request().by(item.owner_id).id(item.item_id).send(app).await
    }

    fn message(item: &Item) -> CleanItem {
        CleanItem {
            owner_id: item.owner_id,
            item_id: item.item_id,
        }
    }

    #[tokio::test]
    async fn a_photo_that_has_arrived_is_taken_up() {
        let item = new_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        upload(&app, &item, b"photo");
        let answer = put(&app, &item).await;
        assert_eq!(
            (answer.status, &answer.body["item"]["status"]),
            (202, &"processing".into())
        );
        assert_eq!(app.queue.sent(), [message(&item)]);
    }

    #[tokio::test]
    async fn before_the_photo_there_is_nothing_to_confirm() {
        let item = new_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        let answer = put(&app, &item).await;
        assert_eq!((answer.status, answer.code()), (409, "upload_missing"));
        assert!(app.queue.sent().is_empty());
    }

    #[tokio::test]
    async fn a_photo_that_was_worked_on_is_left_alone() {
        let mut item = ready_item(UserId::new());
        item.processed.as_mut().unwrap().source_etag = hash::hex(b"photo");
        let app = given(&item, &Fuse::default()).await;
        upload(&app, &item, b"photo");
        let answer = put(&app, &item).await;
        assert_eq!(
            (answer.status, &answer.body["item"]["status"]),
            (202, &"ready".into())
        );
        assert!(app.queue.sent().is_empty());
        // Another photo in its place is news.
        upload(&app, &item, b"other");
        let answer = put(&app, &item).await;
        assert_eq!(answer.body["item"]["status"], "processing");
        assert_eq!(app.queue.sent(), [message(&item)]);
    }

    #[tokio::test]
    async fn a_better_photo_in_place_of_a_failed_one_is_taken_up() {
        let mut item = new_item(UserId::new());
        let done = Processed {
            source_etag: hash::hex(b"blurry"),
            seq: 0,
        };
        let failure = Failure {
            code: "no_garment_found".into(),
            message: "We could not find a garment.".into(),
        };
        item.fail_clean(done, failure, Timestamp::UNIX_EPOCH);
        let app = given(&item, &Fuse::default()).await;
        upload(&app, &item, b"better");
        let answer = put(&app, &item).await;
        let shown = &answer.body["item"];
        assert_eq!(
            (&shown["status"], &shown["error"]),
            (&"processing".into(), &json!(null))
        );
        assert_eq!(app.queue.sent(), [message(&item)]);
    }

    #[tokio::test]
    async fn a_mask_is_looked_for_whether_or_not_the_photo_is_still_there() {
        let mut item = ready_item(UserId::new());
        item.processed.as_mut().unwrap().source_etag = hash::hex(b"photo");
        item.await_mask(CleanWish::default(), 5, Timestamp::UNIX_EPOCH);
        let app = given(&item, &Fuse::default()).await;
        for photo in [None, Some(b"photo")] {
            if let Some(bytes) = photo {
                upload(&app, &item, bytes);
            }
            let answer = put(&app, &item).await;
            assert_eq!(
                (answer.status, &answer.body["item"]["status"]),
                (202, &"ready".into())
            );
        }
        assert_eq!(app.queue.sent(), [message(&item), message(&item)]);
    }

    #[tokio::test]
    async fn an_expired_upload_takes_nothing_from_a_ready_item() {
        let item = ready_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        let answer = put(&app, &item).await;
        assert_eq!(
            (answer.status, &answer.body["item"]["status"]),
            (202, &"ready".into())
        );
    }

    #[tokio::test]
    async fn a_call_cut_off_anywhere_is_made_good_by_the_next() {
        for writes in 1..=2 {
            let (item, fuse) = (new_item(UserId::new()), Fuse::default());
            let app = given(&item, &fuse).await;
            upload(&app, &item, b"photo");
            fuse.blow_after(writes);
            assert_eq!(put(&app, &item).await.status, 500);
            fuse.mend();
            assert_eq!(put(&app, &item).await.status, 202);
            assert!(!app.queue.sent().is_empty());
        }
    }

    #[tokio::test]
    async fn another_s_item_and_unknown_fields_are_refused() {
        let item = new_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        upload(&app, &item, b"photo");
        let stranger = request()
            .by(UserId::new())
            .id(item.item_id)
            .send(&app)
            .await;
        assert_eq!((stranger.status, stranger.code()), (404, "item_not_found"));
        let extra = request()
            .by(item.owner_id)
            .id(item.item_id)
            .json(&json!({"etag": "x"}))
            .send(&app)
            .await;
        assert_eq!((extra.status, extra.fields()), (422, vec!["etag"]));
        assert_eq!(request().id(item.item_id).send(&app).await.status, 401);
        assert!(app.queue.sent().is_empty());
    }
}
