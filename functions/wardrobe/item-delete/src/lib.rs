//! `DELETE /items/{id}`: removes an item with its photos, its masks and its vector.
//!
//! The row goes last, so that a deletion that was cut off can be seen and repeated. A cleaning job may be at
//! work meanwhile: what it writes before the row goes is removed by a second sweep, and afterwards it finds
//! the row gone and removes its work itself. A repetition sweeps too, although it answers 404.
//!
//! A boutique's item leaves a mark, which takes it out of the catalogue. The mark is made before the row goes, for
//! afterwards nobody would know that one is wanted.

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, caller, empty, path_id},
    store::{
        Get, Put, Remove, StoreError,
        blob::{DeleteObject, ListKeys, delete_all, keys},
        tables::{Embedding, Gone, item_key},
    },
};
use drape_domain::{Item, ItemId, Timestamp, UserId};
use futures::future::try_join4;

/// What removes items.
#[derive(Debug)]
pub struct ItemDelete<I, G, E, U, M> {
    /// Items.
    pub items: I,
    /// What boutiques' items leave, in the same table.
    pub gone: G,
    /// Vectors.
    pub embeddings: E,
    /// Photos as sent.
    pub uploads: U,
    /// Images.
    pub media: M,
}

impl<I, G, E, U, M> ItemDelete<I, G, E, U, M>
where
    E: Remove<Embedding>,
    U: DeleteObject + ListKeys,
    M: DeleteObject + ListKeys,
{
    async fn sweep(&self, owner: UserId, item: ItemId) -> Result<(), StoreError> {
        let (upload, vector) = (
            keys::item_upload(owner, item),
            Embedding::key_of(owner, item),
        );
        let (masks, images) = (
            keys::item_masks(owner, item),
            keys::item_images(owner, item),
        );
        try_join4(
            self.uploads.delete_object(&upload),
            delete_all(&self.uploads, &masks),
            self.embeddings.remove(&vector),
            delete_all(&self.media, &images),
        )
        .await
        .map(drop)
    }
}

impl<I, G, E, U, M> Endpoint for ItemDelete<I, G, E, U, M>
where
    I: Get<Item> + Remove<Item> + 'static,
    G: Put<Gone> + 'static,
    E: Remove<Embedding> + 'static,
    U: DeleteObject + ListKeys + 'static,
    M: DeleteObject + ListKeys + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let caller = caller(&request)?;
        let id = path_id(&request, Problem::item_not_found)?;
        let key = item_key(caller.user_id, id);
        let known = self.items.get(&key).await?;
        self.sweep(caller.user_id, id).await?;
        let known = known.ok_or_else(Problem::item_not_found)?;
        if let Some(mark) = Gone::of(&known, Timestamp::now_utc()) {
            self.gone.put(&mark).await?;
        }
        self.items.remove(&key).await?;
        self.sweep(caller.user_id, id).await?;
        empty()
    }
}

#[cfg(test)]
mod tests {
    use drape_common::{
        store::{
            Create, Put,
            memory::{Fuse, MemoryBucket, MemoryTable},
            queries::CatalogItems,
        },
        testing::{ready_item, request},
    };
    use drape_domain::{Timestamp, UploadId};

    use super::*;

    type App = ItemDelete<
        MemoryTable<Item>,
        MemoryTable<Gone>,
        MemoryTable<Embedding>,
        MemoryBucket,
        MemoryBucket,
    >;

    fn app(fuse: &Fuse) -> App {
        let items = MemoryTable::new(fuse);
        ItemDelete {
            gone: items.share(),
            items,
            embeddings: MemoryTable::new(fuse),
            uploads: MemoryBucket::new(fuse),
            media: MemoryBucket::new(fuse),
        }
    }

    async fn store(app: &App, item: &Item) {
        let (owner, id) = (item.owner_id, item.item_id);
        app.items.create(item).await.unwrap();
        app.embeddings
            .put(&Embedding::new(
                owner,
                id,
                "m",
                &[1.0],
                Timestamp::UNIX_EPOCH,
            ))
            .await
            .unwrap();
        app.uploads
            .upload(&keys::item_upload(owner, id), "image/jpeg", b"photo");
        let mask = keys::item_mask(owner, id, UploadId::new());
        app.uploads.upload(&mask, "image/png", b"mask");
        // Of its first photo, and of what it was made into later.
        for file in [
            "1-0/clean.png",
            "1-0/original.jpg",
            "2-0/original.jpg",
            "2-1/clean_thumb.jpg",
        ] {
            let key = keys::item_image(owner, id, file);
            app.media.upload(&key, "image/png", b"image");
        }
    }

    fn is_empty(app: &App) -> bool {
        app.items.is_empty()
            && app.embeddings.is_empty()
            && app.uploads.keys().is_empty()
            && app.media.keys().is_empty()
    }

    #[tokio::test]
    async fn everything_of_the_item_goes_and_nothing_else() {
        let (app, item) = (app(&Fuse::default()), ready_item(UserId::new()));
        let other = ready_item(item.owner_id);
        store(&app, &item).await;
        let left = {
            let only_other = super::tests::app(&Fuse::default());
            store(&only_other, &other).await;
            (
                only_other.items.dump(),
                only_other.embeddings.dump(),
                only_other.media.keys(),
            )
        };
        store(&app, &other).await;

        assert_eq!(
            request()
                .by(item.owner_id)
                .id(item.item_id)
                .send(&app)
                .await
                .status,
            204
        );

        assert_eq!(
            (app.items.dump(), app.embeddings.dump(), app.media.keys()),
            left
        );
        assert_eq!(
            request()
                .by(item.owner_id)
                .id(item.item_id)
                .send(&app)
                .await
                .code(),
            "item_not_found"
        );
    }

    #[tokio::test]
    async fn a_deletion_cut_off_anywhere_is_finished_by_the_next() {
        for writes in 1.. {
            let fuse = Fuse::default();
            let (app, item) = (app(&fuse), ready_item(UserId::new()));
            store(&app, &item).await;
            fuse.blow_after(writes);
            let first = request()
                .by(item.owner_id)
                .id(item.item_id)
                .send(&app)
                .await;
            let crashed = fuse.is_blown();
            fuse.mend();
            if !crashed {
                assert_eq!((first.status, is_empty(&app)), (204, true));
                break;
            }
            assert_eq!(first.status, 500);
            let second = request()
                .by(item.owner_id)
                .id(item.item_id)
                .send(&app)
                .await;
            assert!(matches!(second.status, 204 | 404), "after {writes} writes");
            assert!(is_empty(&app), "after {writes} writes");
        }
    }

    #[tokio::test]
    async fn another_s_item_is_not_found_and_stays() {
        let (app, item) = (app(&Fuse::default()), ready_item(UserId::new()));
        store(&app, &item).await;
        let answer = request()
            .by(UserId::new())
            .id(item.item_id)
            .send(&app)
            .await;
        assert_eq!((answer.status, answer.code()), (404, "item_not_found"));
        assert_eq!(
            (
                app.items.len(),
                app.embeddings.len(),
                app.media.keys().len()
            ),
            (1, 1, 4)
        );
        assert_eq!(request().id(item.item_id).send(&app).await.status, 401);
    }

    /// Whether the catalogue's index tells that the item has gone.
    async fn is_told(app: &App, item: &Item) -> bool {
        let shard = item.catalog.as_deref().unwrap();
        let page = app.items.changed_since(shard, None, None, 10).await;
        let changed = page.unwrap().items;
        app.items
            .get(&item_key(item.owner_id, item.item_id))
            .await
            .unwrap()
            .is_none()
            && changed.contains(&(item.owner_id, item.item_id))
    }

    #[tokio::test]
    async fn a_boutique_s_item_leaves_word_in_the_catalogue_wherever_its_deletion_is_cut_off() {
        for writes in 1.. {
            let fuse = Fuse::default();
            let (app, mut item) = (app(&fuse), ready_item(UserId::new()));
            item.catalog = Some("07".to_owned());
            store(&app, &item).await;
            fuse.blow_after(writes);
            let delete = async || {
                let request = request().by(item.owner_id).id(item.item_id);
                request.send(&app).await.status
            };
            let first = delete().await;
            fuse.mend();
            if first != 204 {
                delete().await;
            }
            assert!(is_told(&app, &item).await, "after {writes} writes");
            if first == 204 {
                assert_eq!(app.items.len(), 1, "the mark alone");
                break;
            }
        }
    }
}
