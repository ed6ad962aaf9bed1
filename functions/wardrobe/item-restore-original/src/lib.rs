//! `POST /items/{id}/restore-original`: undoes cutting out and everything that was drawn.
//!
//! The answer shows the photo as taken already, and no cutout. Tags, colours and the small picture follow from
//! what was cut out, so the job reads them anew from the whole photo: 202 while it does, 200 where nothing is
//! left to do. Earlier cutouts stay in the bucket until the item is deleted, for a cutout that was linked to
//! before may still be on somebody's screen; `POST /items/{id}/background-clean` makes a new one.

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, body, caller, json, path_id},
    store::{
        Changed, Get, Save,
        blob::PresignGet,
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

/// What brings photos back.
#[derive(Debug)]
pub struct ItemRestoreOriginal<I, M, Q> {
    /// Items.
    pub items: I,
    /// Images.
    pub media: M,
    /// Items to work on.
    pub queue: Q,
}

impl<I, M, Q> Endpoint for ItemRestoreOriginal<I, M, Q>
where
    I: Get<Item> + Save<Item> + 'static,
    M: PresignGet + 'static,
    Q: Enqueue<CleanItem> + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let owner_id = caller(&request)?.user_id;
        let item_id = path_id(&request, Problem::item_not_found)?;
        let Nothing {} = body(&request)?;

        let now = Timestamp::now_utc();
        let key = item_key(owner_id, item_id);
        let item = match change(&self.items, &key, |item| item.restore_original(now)).await? {
            Changed::Missing => return Err(Problem::item_not_found()),
            Changed::Kept(item) | Changed::Written(item) => item,
        };
        let status = match item.status {
            ItemStatus::AwaitingUpload => {
                return Err(Problem::conflict(
                    "upload_missing",
                    "The photo has not arrived. Send it to the upload's URL first.",
                ));
            }
            ItemStatus::Processing => {
                // Also on a later call: the message of the one before may never have been sent.
                self.queue.enqueue(&CleanItem { owner_id, item_id }).await?;
                202
            }
            ItemStatus::Ready | ItemStatus::Failed => 200,
        };
        json(
            status,
            &serde_json::json!({ "item": ItemView::new(item, &self.items, &self.media).await? }),
        )
    }
}

#[cfg(test)]
mod tests {
    use drape_common::{
        store::{
            Create,
            memory::{Fuse, MemoryBucket, MemoryQueue, MemoryTable},
        },
        testing::{TestAnswer, new_item, ready_item, request},
    };
    use drape_domain::{Background, UserId};
    use serde_json::json;

    use super::*;

    type App = ItemRestoreOriginal<MemoryTable<Item>, MemoryBucket, MemoryQueue<CleanItem>>;

    async fn given(item: &Item, fuse: &Fuse) -> App {
        let app = ItemRestoreOriginal {
            items: MemoryTable::new(fuse),
            media: MemoryBucket::new(fuse),
            queue: MemoryQueue::new(fuse),
        };
        app.items.create(item).await.unwrap();
        app
    }

    async fn post(app: &App, item: &Item) -> TestAnswer {
        request().by(item.owner_id).id(item.item_id).send(app).await
    }

    async fn stored(app: &App, item: &Item) -> Item {
        app.items
            .get(&item_key(item.owner_id, item.item_id))
            .await
            .unwrap()
            .unwrap()
    }

    #[tokio::test]
    async fn the_photo_as_taken_is_shown_at_once_and_read_anew() {
        let item = ready_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        let answer = post(&app, &item).await;
        let shown = &answer.body["item"];
        assert_eq!(
            (answer.status, &shown["status"], &shown["background"]),
            (202, &"processing".into(), &"original".into())
        );
        assert!(shown["images"]["clean"].is_null());
        assert_eq!(shown["background_cleaned"], false);
        assert_eq!(shown["images"]["thumb"], shown["images"]["original"]);
        let message = CleanItem {
            owner_id: item.owner_id,
            item_id: item.item_id,
        };
        assert_eq!(app.queue.sent(), [message]);
    }

    #[tokio::test]
    async fn undoing_twice_is_undoing_once() {
        let item = ready_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        for _ in 0..3 {
            assert_eq!(post(&app, &item).await.status, 202);
        }
        assert_eq!(stored(&app, &item).await.clean.seq, 1);
    }

    #[tokio::test]
    async fn where_there_is_nothing_to_undo_nothing_is_done() {
        let mut item = ready_item(UserId::new());
        item.background = Background::Original;
        item.images.clean = None;
        let app = given(&item, &Fuse::default()).await;
        let answer = post(&app, &item).await;
        assert_eq!(
            (answer.status, &answer.body["item"]["status"]),
            (200, &"ready".into())
        );
        assert_eq!(
            (stored(&app, &item).await, app.queue.sent().len()),
            (item, 0)
        );
    }

    #[tokio::test]
    async fn a_lost_message_is_sent_by_the_next_call() {
        let (item, fuse) = (ready_item(UserId::new()), Fuse::default());
        let app = given(&item, &fuse).await;
        fuse.blow_after(1);
        assert_eq!(post(&app, &item).await.status, 500);
        fuse.mend();
        assert_eq!(post(&app, &item).await.status, 202);
        assert_eq!(
            (app.queue.sent().len(), stored(&app, &item).await.clean.seq),
            (1, 1)
        );
    }

    #[tokio::test]
    async fn without_a_photo_there_is_nothing_to_bring_back() {
        let item = new_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        let answer = post(&app, &item).await;
        assert_eq!((answer.status, answer.code()), (409, "upload_missing"));
        assert!(app.queue.sent().is_empty());
    }

    #[tokio::test]
    async fn another_s_item_and_unknown_fields_are_refused() {
        let item = ready_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        let stranger = request().by(UserId::new()).id(item.item_id);
        let stranger = stranger.send(&app).await;
        assert_eq!((stranger.status, stranger.code()), (404, "item_not_found"));
        let extra = request().by(item.owner_id).id(item.item_id);
        let extra = extra.json(&json!({"version": 1})).send(&app).await;
        assert_eq!((extra.status, extra.fields()), (422, vec!["version"]));
        assert_eq!(request().id(item.item_id).send(&app).await.status, 401);
        assert_eq!(
            (app.queue.sent().len(), stored(&app, &item).await),
            (0, item)
        );
    }
}
