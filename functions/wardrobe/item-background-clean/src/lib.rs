//! `POST /items/{id}/background-clean`: asks for a new cutout, on a colour if one is named.

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, body, caller, json, path_id},
    store::{
        Changed, Get, Save,
        blob::PresignGet,
        change,
        queue::{CleanItem, Enqueue},
        tables::item_key,
    },
    typed::ColorWord,
    views::ItemView,
};
use drape_domain::{Background, Item, ItemStatus, ReturnFormat, Rgb, Timestamp};
use serde::Deserialize;

/// How the clean image should look. The body may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackgroundClean {
    /// Colour behind the garment, as `#RRGGBB` or a word; white if absent.
    pub preferred_bg_color: Option<ColorWord>,
    /// Also flatten the clean image into this format.
    pub return_format: Option<ReturnFormat>,
}

/// Writes the request into the item; false if it is there already and still being worked on.
fn ask(item: &mut Item, color: Option<Rgb>, format: Option<ReturnFormat>) -> bool {
    let pending = item.status == ItemStatus::Processing && item.background == Background::Clean;
    if pending && item.clean.bg_color == color && item.clean.return_format == format {
        return false;
    }
    item.request_clean(color, format, Timestamp::now_utc())
}

/// What asks for cutouts.
#[derive(Debug)]
pub struct ItemBackgroundClean<I, M, Q> {
    /// Items.
    pub items: I,
    /// Images.
    pub media: M,
    /// Items to clean.
    pub queue: Q,
}

impl<I, M, Q> Endpoint for ItemBackgroundClean<I, M, Q>
where
    I: Get<Item> + Save<Item> + 'static,
    M: PresignGet + 'static,
    Q: Enqueue<CleanItem> + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let owner_id = caller(&request)?.user_id;
        let item_id = path_id(&request, Problem::item_not_found)?;
        let input: BackgroundClean = body(&request)?;
        let color = input.preferred_bg_color.map(|color| color.rgb);

        let key = item_key(owner_id, item_id);
        let item = match change(&self.items, &key, |item| {
            ask(item, color, input.return_format)
        })
        .await?
        {
            Changed::Missing => return Err(Problem::item_not_found()),
            Changed::Kept(item) | Changed::Written(item) => item,
        };
        if item.status == ItemStatus::AwaitingUpload {
            return Err(Problem::conflict(
                "upload_missing",
                "The photo has not arrived. Send it to the upload's URL first.",
            ));
        }
        // Also for a request that was there already: its message may never have been sent.
        self.queue.enqueue(&CleanItem { owner_id, item_id }).await?;
        json(
            202,
            &serde_json::json!({ "item": ItemView::new(item, &self.media).await? }),
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
    use drape_domain::UserId;
    use serde_json::{Value, json};

    use super::*;

    type App = ItemBackgroundClean<MemoryTable<Item>, MemoryBucket, MemoryQueue<CleanItem>>;

    async fn given(item: &Item, fuse: &Fuse) -> App {
        let app = ItemBackgroundClean {
            items: MemoryTable::new(fuse),
            media: MemoryBucket::new(fuse),
            queue: MemoryQueue::new(fuse),
        };
        app.items.create(item).await.unwrap();
        app
    }

    async fn post(app: &App, item: &Item, body: &Value) -> TestAnswer {
        request()
            .by(item.owner_id)
            .id(item.item_id)
            .json(body)
            .send(app)
            .await
    }

    async fn stored(app: &App, item: &Item) -> Item {
        app.items
            .get(&item_key(item.owner_id, item.item_id))
            .await
            .unwrap()
            .unwrap()
    }

    #[tokio::test]
    async fn a_request_is_recorded_and_its_message_sent() {
        let mut item = ready_item(UserId::new());
        item.background = Background::Original;
        let app = given(&item, &Fuse::default()).await;
        let answer = post(
            &app,
            &item,
            &json!({"preferred_bg_color": "#1C2448", "return_format": "jpeg"}),
        )
        .await;
        assert_eq!(
            (answer.status, &answer.body["item"]["status"]),
            (202, &"processing".into())
        );
        let after = stored(&app, &item).await;
        assert_eq!(
            (after.clean.seq, after.clean.bg_color),
            (1, Some(Rgb([28, 36, 72])))
        );
        assert_eq!(
            (after.clean.return_format, after.background),
            (Some(ReturnFormat::Jpeg), Background::Clean)
        );
        assert_eq!(app.queue.sent().len(), 1);
        // The images of before stay until there are new ones.
        assert!(answer.body["item"]["images"]["clean"].is_string());
    }

    #[tokio::test]
    async fn the_body_may_be_left_out_and_a_colour_may_be_a_word() {
        let item = ready_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        assert_eq!(
            request()
                .by(item.owner_id)
                .id(item.item_id)
                .send(&app)
                .await
                .status,
            202
        );
        assert_eq!(
            post(&app, &item, &json!({"preferred_bg_color": "navy"}))
                .await
                .status,
            202
        );
        assert_eq!(stored(&app, &item).await.clean.seq, 2);
    }

    #[tokio::test]
    async fn the_same_request_while_it_is_worked_on_is_one_request() {
        let item = ready_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        for _ in 0..3 {
            assert_eq!(
                post(&app, &item, &json!({"return_format": "png"}))
                    .await
                    .status,
                202
            );
        }
        assert_eq!(stored(&app, &item).await.clean.seq, 1);
    }

    #[tokio::test]
    async fn a_lost_message_is_sent_by_the_next_call() {
        let (item, fuse) = (ready_item(UserId::new()), Fuse::default());
        let app = given(&item, &fuse).await;
        fuse.blow_after(1);
        assert_eq!(post(&app, &item, &json!({})).await.status, 500);
        assert!(app.queue.sent().is_empty());
        fuse.mend();
        assert_eq!(post(&app, &item, &json!({})).await.status, 202);
        assert_eq!(
            (app.queue.sent().len(), stored(&app, &item).await.clean.seq),
            (1, 1)
        );
    }

    #[tokio::test]
    async fn without_a_photo_there_is_nothing_to_cut_out() {
        let item = new_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        let answer = post(&app, &item, &json!({})).await;
        assert_eq!((answer.status, answer.code()), (409, "upload_missing"));
        assert!(app.queue.sent().is_empty());
    }

    #[tokio::test]
    async fn bad_input_and_another_s_item_are_refused() {
        let item = ready_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        for (body, field) in [
            (json!({"preferred_bg_color": "#12"}), "preferred_bg_color"),
            (
                json!({"preferred_bg_color": "blurple"}),
                "preferred_bg_color",
            ),
            (json!({"return_format": "gif"}), "return_format"),
            (json!({"colour": "red"}), "colour"),
        ] {
            let answer = post(&app, &item, &body).await;
            assert_eq!(
                (answer.status, answer.fields()),
                (422, vec![field]),
                "{body}"
            );
        }
        let stranger = request()
            .by(UserId::new())
            .id(item.item_id)
            .send(&app)
            .await;
        assert_eq!((stranger.status, stranger.code()), (404, "item_not_found"));
        assert_eq!(request().id(item.item_id).send(&app).await.status, 401);
        assert_eq!(
            (app.queue.sent().len(), stored(&app, &item).await),
            (0, item)
        );
    }
}
