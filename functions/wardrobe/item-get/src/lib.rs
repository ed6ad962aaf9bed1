//! `GET /items/{id}`: one of the caller's items, with links to its images.

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, caller, json, path_id, with_etag},
    store::{Get, blob::PresignGet, tables::item_key},
    views::ItemView,
};
use drape_domain::Item;

/// What shows items.
#[derive(Debug)]
pub struct ItemGet<I, M> {
    /// Items.
    pub items: I,
    /// Images.
    pub media: M,
}

impl<I, M> Endpoint for ItemGet<I, M>
where
    I: Get<Item> + 'static,
    M: PresignGet + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let caller = caller(&request)?;
        let id = path_id(&request, Problem::item_not_found)?;
        let item = self.items.get(&item_key(caller.user_id, id)).await?;
        let item = item.ok_or_else(Problem::item_not_found)?;
        let revision = item.revision;
        let item = ItemView::new(item, &self.items, &self.media).await?;
        with_etag(revision, json(200, &serde_json::json!({ "item": item })))
    }
}

#[cfg(test)]
mod tests {
    use drape_common::{
        store::{
            Create, Record, Remove,
            memory::{MemoryBucket, MemoryTable},
        },
        testing::{new_item, ready_item, request},
    };
    use drape_domain::{ItemId, UserId};

    use super::*;

    fn app() -> ItemGet<MemoryTable<Item>, MemoryBucket> {
        ItemGet {
            items: MemoryTable::default(),
            media: MemoryBucket::default(),
        }
    }

    #[tokio::test]
    async fn a_duplicate_is_told_while_the_other_item_is_there() {
        let (app, user) = (app(), UserId::new());
        let older = ready_item(user);
        let mut item = ready_item(user);
        item.duplicate_of = Some(older.item_id);
        app.items.create(&older).await.unwrap();
        app.items.create(&item).await.unwrap();
        let get = async || {
            let answer = request().by(user).id(item.item_id).send(&app).await;
            answer.body["item"]["duplicate_of"].clone()
        };
        assert_eq!(get().await, older.item_id.to_string());
        app.items.remove(&older.key()).await.unwrap();
        assert!(get().await.is_null());
    }

    #[tokio::test]
    async fn a_ready_item_is_shown_with_what_was_seen_and_links() {
        let (app, user) = (app(), UserId::new());
        let item = ready_item(user);
        app.items.create(&item).await.unwrap();

        let answer = request().by(user).id(item.item_id).send(&app).await;

        let shown = &answer.body["item"];
        assert_eq!(
            (answer.status, &shown["status"], &shown["title"]),
            (200, &"ready".into(), &"navy shirt".into())
        );
        assert_eq!(
            (&shown["slot"], &shown["tags_source"]["category"]),
            (&"top".into(), &"vision".into())
        );
        assert_eq!(shown["background_cleaned"], true);
        assert_eq!(answer.headers["etag"], shown["etag"].as_str().unwrap());
        for image in ["original", "clean", "thumb"] {
            assert!(
                shown["images"][image]
                    .as_str()
                    .unwrap()
                    .starts_with("https://"),
                "{image}"
            );
        }
    }

    #[tokio::test]
    async fn nothing_is_claimed_of_a_photo_that_was_not_seen() {
        let (app, user) = (app(), UserId::new());
        let item = new_item(user);
        app.items.create(&item).await.unwrap();
        let shown = &request().by(user).id(item.item_id).send(&app).await.body["item"];
        assert_eq!(shown["status"], "awaiting_upload");
        assert!(shown["category"].is_null() && shown["images"]["original"].is_null());
    }

    #[tokio::test]
    async fn what_is_another_s_or_nothing_is_not_found() {
        let (app, owner) = (app(), UserId::new());
        let item = ready_item(owner);
        app.items.create(&item).await.unwrap();
        for (user, id) in [
            (UserId::new(), item.item_id.to_string()),
            (owner, ItemId::new().to_string()),
            (owner, "../secrets".to_owned()),
        ] {
            let answer = request().by(user).id(id).send(&app).await;
            assert_eq!((answer.status, answer.code()), (404, "item_not_found"));
        }
        assert_eq!(request().id(item.item_id).send(&app).await.status, 401);
    }
}
