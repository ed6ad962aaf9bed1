//! `POST /items/{id}/background-clean`: asks for a new cutout, on a colour if one is named, mended by what the
//! owner drew ("Fix Image").
//!
//! `crop`, `keep` and `remove` are in parts of the whole upright photo, whatever part of it an earlier cutout
//! showed: every request starts from the photo as sent, so each one says all that is to be done.
//!
//! A mask is too large for a request. With `mask_upload` the answer brings a presigned upload for a PNG, white
//! or opaque where the garment is, of any size with the photo's shape. The request waits in the item, which
//! stays as it was, until the mask has come: the bucket's event starts the work, and
//! `PUT /items/{id}/image-uploaded` does if that was lost. If no mask comes, nothing happens. Each such request
//! has a place of its own for its mask, and a later request of any kind takes the place of one that waits.

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, body_within, caller, json, path_id},
    store::{
        Changed, Get, Save,
        blob::{PresignGet, PresignPut, PresignedUpload, keys},
        change,
        queue::{CleanItem, Enqueue},
        tables::item_key,
    },
    typed::{ColorWord, List, MaskLength},
    views::{ItemView, UPLOAD_LIFETIME},
};
use drape_domain::{
    Background, Item, ItemStatus, ReturnFormat, Timestamp,
    item::{
        CleanWish, Edit, ImageType, Upload,
        edit::{MAX_STROKES, Stroke, UnitRect},
    },
};
use serde::Deserialize;

/// Room for the most points that an edit may have, written with all their digits.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// The mask that will be sent: a PNG.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskUpload {
    /// Its exact length in bytes.
    pub content_length: MaskLength,
}

/// How the clean image should look. The body may be left out.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackgroundClean {
    /// Colour behind the garment, as `#RRGGBB` or a word; white if absent.
    pub preferred_bg_color: Option<ColorWord>,
    /// Also flatten the clean image into this format.
    pub return_format: Option<ReturnFormat>,
    /// The part of the photo to look at; all of it if absent.
    pub crop: Option<UnitRect>,
    /// What is garment.
    #[serde(default)]
    pub keep: List<Stroke, MAX_STROKES>,
    /// What is not.
    #[serde(default)]
    pub remove: List<Stroke, MAX_STROKES>,
    /// A mask of the garment will be sent, and is waited for.
    pub mask_upload: Option<MaskUpload>,
}

impl BackgroundClean {
    fn wish(self) -> Result<CleanWish, Problem> {
        let (keep, remove) = (self.keep.into_vec(), self.remove.into_vec());
        // What is said of both is at fault in the one that has more.
        let field = if keep.len() < remove.len() {
            "remove"
        } else {
            "keep"
        };
        let edit = Edit::new(self.crop, keep, remove)
            .map_err(|error| Problem::invalid_field(field, error.to_string()))?;
        Ok(CleanWish {
            bg_color: self.preferred_bg_color.map(|color| color.rgb),
            return_format: self.return_format,
            edit,
        })
    }
}

/// Writes the request into the item; false if it is there already and still being worked on.
fn ask(item: &mut Item, wish: &CleanWish) -> bool {
    let pending = item.status == ItemStatus::Processing && item.background == Background::Clean;
    if pending && item.clean.is_for(wish) {
        return item.awaited_mask.take().is_some();
    }
    item.request_clean(wish.clone(), Timestamp::now_utc())
}

/// Has the item wait for the mask; false if it does already.
fn wait(item: &mut Item, wish: &CleanWish, content_length: u64) -> bool {
    let waits = item
        .awaited_mask
        .as_ref()
        .is_some_and(|awaited| awaited.wish == *wish && awaited.content_length == content_length);
    !waits && item.await_mask(wish.clone(), content_length, Timestamp::now_utc())
}

/// What asks for cutouts.
#[derive(Debug)]
pub struct ItemBackgroundClean<I, U, M, Q> {
    /// Items.
    pub items: I,
    /// Masks as sent.
    pub uploads: U,
    /// Images.
    pub media: M,
    /// Items to clean.
    pub queue: Q,
}

impl<I, U, M, Q> ItemBackgroundClean<I, U, M, Q>
where
    U: PresignPut,
{
    /// The upload of the mask that the item waits for.
    async fn mask_upload(&self, item: &Item) -> Result<Option<PresignedUpload>, Problem> {
        let Some(awaited) = &item.awaited_mask else {
            return Ok(None);
        };
        let place = keys::item_mask(item.owner_id, item.item_id, awaited.upload);
        let mask = Upload {
            content_type: ImageType::Png,
            content_length: awaited.content_length,
        };
        let upload = self.uploads.presign_put(&place, mask, UPLOAD_LIFETIME);
        Ok(Some(upload.await?))
    }
}

impl<I, U, M, Q> Endpoint for ItemBackgroundClean<I, U, M, Q>
where
    I: Get<Item> + Save<Item> + 'static,
    U: PresignPut + 'static,
    M: PresignGet + 'static,
    Q: Enqueue<CleanItem> + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let owner_id = caller(&request)?.user_id;
        let item_id = path_id(&request, Problem::item_not_found)?;
        let input: BackgroundClean = body_within(&request, MAX_BODY_BYTES)?;
        let mask = input.mask_upload;
        let wish = input.wish()?;

        let key = item_key(owner_id, item_id);
        let item = match change(&self.items, &key, |item| match mask {
            Some(mask) => wait(item, &wish, mask.content_length.get()),
            None => ask(item, &wish),
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
        let mask_upload = self.mask_upload(&item).await?;
        if mask_upload.is_none() {
            // Also for a request that was there already: its message may never have been sent.
            self.queue.enqueue(&CleanItem { owner_id, item_id }).await?;
        }
        let mut answer =
            serde_json::json!({ "item": ItemView::new(item, &self.items, &self.media).await? });
        if let Some(upload) = mask_upload {
            answer["mask_upload"] = serde_json::json!(upload);
        }
        json(202, &answer)
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
    use drape_domain::{Rgb, UserId, item::edit::DEFAULT_RADIUS};
    use serde_json::{Value, json};

    use super::*;

    type App =
        ItemBackgroundClean<MemoryTable<Item>, MemoryBucket, MemoryBucket, MemoryQueue<CleanItem>>;

    async fn given(item: &Item, fuse: &Fuse) -> App {
        let app = ItemBackgroundClean {
            items: MemoryTable::new(fuse),
            uploads: MemoryBucket::new(fuse),
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

    fn points(count: usize) -> Value {
        json!(vec![json!({"x": 0.25, "y": 0.75}); count])
    }

    #[tokio::test]
    async fn what_was_drawn_is_recorded_as_it_was_drawn() {
        let item = ready_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        let body = json!({
            "crop": {"left": 0.1, "top": 0.2, "right": 0.9, "bottom": 1},
            "keep": [{"points": points(2), "radius": 0.05}],
            "remove": [{"points": points(1)}, {"points": points(3)}],
        });
        for _ in 0..2 {
            assert_eq!(post(&app, &item, &body).await.status, 202);
        }
        let clean = stored(&app, &item).await.clean;
        assert_eq!((clean.seq, clean.drawn_on.as_deref()), (1, Some("photo")));
        let crop = clean.edit.crop().unwrap();
        assert_eq!((crop.left(), crop.bottom()), (0.1, 1.0));
        let [keep] = clean.edit.keep() else {
            panic!("one stroke");
        };
        assert_eq!((keep.points().len(), keep.radius()), (2, 0.05));
        assert_eq!(clean.edit.remove()[0].radius(), DEFAULT_RADIUS);
        // The next one starts from the photo again.
        assert_eq!(post(&app, &item, &json!({})).await.status, 202);
        assert!(stored(&app, &item).await.clean.edit.is_empty());
    }

    #[tokio::test]
    async fn a_drawing_as_large_as_it_may_be_has_room_in_a_request() {
        let item = ready_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        let point = json!({"x": 0.482_352_941_176_470_6, "y": 0.482_352_941_176_470_6});
        let stroke = json!({"points": vec![point; 256], "radius": 0.015_625});
        let answer = post(&app, &item, &json!({"keep": vec![stroke; 16]})).await;
        assert_eq!(answer.status, 202, "{:?}", answer.body);
    }

    #[tokio::test]
    async fn a_request_with_a_mask_waits_for_it_in_a_place_of_its_own() {
        let item = ready_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        let body = json!({"mask_upload": {"content_length": 5}, "preferred_bg_color": "navy"});
        let answer = post(&app, &item, &body).await;
        assert_eq!(
            (answer.status, &answer.body["item"]["status"]),
            (202, &"ready".into())
        );
        let upload = &answer.body["mask_upload"];
        assert_eq!(
            (&upload["method"], &upload["headers"]["content-type"]),
            (&"PUT".into(), &"image/png".into())
        );
        assert_eq!(upload["headers"]["content-length"], "5");
        let after = stored(&app, &item).await;
        let awaited = after.awaited_mask.clone().unwrap();
        let place = keys::item_mask(item.owner_id, item.item_id, awaited.upload);
        assert!(upload["url"].as_str().unwrap().ends_with(&place));
        assert_eq!(awaited.wish.bg_color, Some(Rgb([28, 36, 72])));
        assert_eq!(
            (after.clean, after.background, after.status),
            (item.clean.clone(), item.background, item.status)
        );
        assert!(app.queue.sent().is_empty());

        // The same again is the same place, another request another one.
        let again = post(&app, &item, &body).await;
        assert_eq!(again.body["mask_upload"]["url"], upload["url"]);
        let other = json!({"mask_upload": {"content_length": 6}});
        let other = post(&app, &item, &other).await;
        assert_ne!(other.body["mask_upload"]["url"], upload["url"]);
    }

    #[tokio::test]
    async fn a_request_without_a_mask_takes_the_place_of_one_that_waits() {
        let item = ready_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        let mask = json!({"mask_upload": {"content_length": 5}});
        post(&app, &item, &mask).await;
        let answer = post(&app, &item, &json!({})).await;
        assert_eq!((answer.status, answer.body.get("mask_upload")), (202, None));
        let asked = stored(&app, &item).await;
        assert_eq!((asked.awaited_mask, asked.clean.seq), (None, 1));
        // Also where that request is being worked on already.
        post(&app, &item, &mask).await;
        assert_eq!(post(&app, &item, &json!({})).await.status, 202);
        let asked = stored(&app, &item).await;
        assert_eq!((asked.awaited_mask, asked.clean.seq), (None, 1));
        assert_eq!(app.queue.sent().len(), 2);
    }

    #[tokio::test]
    async fn without_a_photo_there_is_nothing_to_cut_out() {
        let item = new_item(UserId::new());
        let app = given(&item, &Fuse::default()).await;
        for body in [json!({}), json!({"mask_upload": {"content_length": 5}})] {
            let answer = post(&app, &item, &body).await;
            assert_eq!((answer.status, answer.code()), (409, "upload_missing"));
        }
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
            (
                json!({"crop": {"left": 0, "top": 0, "right": 1.5, "bottom": 1}}),
                "crop.right",
            ),
            (
                json!({"crop": {"left": 0.5, "top": 0, "right": 0.5, "bottom": 1}}),
                "crop",
            ),
            (
                json!({"crop": {"left": 0, "top": 0, "right": 1}}),
                "crop.bottom",
            ),
            (
                json!({"keep": [{"points": [{"x": 0, "y": 0}, {"x": 1.1, "y": 0}]}]}),
                "keep[0].points[1].x",
            ),
            (
                json!({"remove": [{"points": [{"x": 0, "y": "low"}]}]}),
                "remove[0].points[0].y",
            ),
            (json!({"keep": [{"points": []}]}), "keep[0].points"),
            (json!({"keep": [{"points": points(257)}]}), "keep[0].points"),
            (
                json!({"keep": [{"points": points(1), "radius": 0.5}]}),
                "keep[0].radius",
            ),
            (
                json!({"keep": [{"points": points(1), "x": 1}]}),
                "keep[0].x",
            ),
            (
                json!({"keep": vec![json!({"points": points(1)}); 65]}),
                "keep",
            ),
            (
                json!({"keep": [{"points": points(1)}], "remove": vec![json!({"points": points(1)}); 64]}),
                "remove",
            ),
            (
                json!({"keep": vec![json!({"points": points(256)}); 17]}),
                "keep",
            ),
            (json!({"mask_upload": {}}), "mask_upload.content_length"),
            (
                json!({"mask_upload": {"content_length": 2 * 1024 * 1024 + 1}}),
                "mask_upload.content_length",
            ),
            (
                json!({"mask_upload": {"content_length": 5, "content_type": "image/jpeg"}}),
                "mask_upload.content_type",
            ),
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
