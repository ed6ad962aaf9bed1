//! `DELETE /tryon/{id}` — removes a try-on and its pictures.
//!
//! The objects go first and the row last, so that a crash in between leaves something to delete again and
//! never a picture that nobody knows of.

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, caller, json, path_id},
    store::{
        Get, Remove,
        blob::{DeleteObject, delete_each, keys},
        tables::tryon_key,
    },
    views::TryOnView,
};
use drape_domain::{TryOn, TryOnId};
use serde::Serialize;

/// The endpoint and what it needs.
#[derive(Debug, Clone)]
pub struct TryOnDelete<T, M> {
    /// Reads and removes try-ons.
    pub tryons: T,
    /// Holds the pictures.
    pub media: M,
}

impl<T, M> Endpoint for TryOnDelete<T, M>
where
    T: Get<TryOn> + Remove<TryOn> + 'static,
    M: DeleteObject + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        #[derive(Serialize)]
        struct Answer {
            tryon: TryOnView,
        }
        let caller = caller(&request)?;
        let id: TryOnId = path_id(&request, Problem::tryon_not_found)?;
        let key = tryon_key(caller.user_id, id);
        let tryon = self
            .tryons
            .get(&key)
            .await?
            .ok_or_else(Problem::tryon_not_found)?;

        let pictures = keys::tryon_files(caller.user_id, id);
        delete_each(&self.media, pictures.clone()).await?;
        self.tryons.remove(&key).await?;
        if !tryon.status.is_final() {
            // A job may have written the pictures and finished between the two removals. From now on it finds
            // no record and removes the pictures itself.
            delete_each(&self.media, pictures).await?;
        }

        // As it was, but for the links: there is nothing behind them any more.
        let tryon = TryOnView::without_link(tryon);
        json(200, &Answer { tryon })
    }
}

#[cfg(test)]
mod tests {
    use drape_common::{
        store::{
            Key, Put, Record, StoreError,
            memory::{Fuse, MemoryBucket, MemoryTable},
        },
        testing::{TestAnswer, read, request},
    };
    use drape_domain::{Timestamp, TryOnStatus, UserId};

    use super::*;

    type Memory = TryOnDelete<MemoryTable<TryOn>, MemoryBucket>;

    async fn given(status: TryOnStatus) -> (Memory, TryOn, Fuse) {
        let fuse = Fuse::default();
        let (user_id, id) = (UserId::new(), TryOnId::new());
        let picture = keys::render(user_id, id);
        let endpoint = TryOnDelete {
            tryons: MemoryTable::new(&fuse),
            media: MemoryBucket::new(&fuse),
        };
        let tryon = TryOn {
            id,
            status,
            render_key: (status == TryOnStatus::Done).then(|| picture.clone()),
            ..TryOn::new(
                user_id,
                "uploads/body/x".into(),
                vec![],
                Timestamp::UNIX_EPOCH,
            )
        };
        endpoint.tryons.put(&tryon).await.unwrap();
        for file in keys::tryon_files(user_id, id) {
            endpoint.media.upload(&file, "image/png", b"a picture");
        }
        (endpoint, tryon, fuse)
    }

    async fn delete(endpoint: &Memory, tryon: &TryOn) -> TestAnswer {
        request()
            .by(tryon.user_id)
            .id(tryon.id)
            .send(endpoint)
            .await
    }

    #[tokio::test]
    async fn it_is_answered_as_it_was_and_is_gone() {
        for status in [
            TryOnStatus::Queued,
            TryOnStatus::Rendering,
            TryOnStatus::Done,
        ] {
            let (endpoint, tryon, _) = given(status).await;
            let answer = delete(&endpoint, &tryon).await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.body["tryon"]["id"], tryon.id.to_string());
            assert_eq!(answer.body["tryon"]["status"], serde_json::json!(status));
            assert!(answer.body["tryon"]["render_url"].is_null());
            assert!(endpoint.tryons.is_empty() && endpoint.media.keys().is_empty());

            let again = delete(&endpoint, &tryon).await;
            assert_eq!((again.status, again.code()), (404, "tryon_not_found"));
        }
    }

    #[tokio::test]
    async fn another_persons_try_on_stays() {
        let (endpoint, tryon, _) = given(TryOnStatus::Done).await;
        let answer = request()
            .by(UserId::new())
            .id(tryon.id)
            .send(&endpoint)
            .await;
        assert_eq!((answer.status, answer.code()), (404, "tryon_not_found"));
        assert!(endpoint.tryons.get(&tryon.key()).await.unwrap().is_some());
        assert_eq!(endpoint.media.keys().len(), 11);
        assert_eq!(request().id(tryon.id).send(&endpoint).await.status, 401);
    }

    /// Try-ons whose job writes the picture, and is done, in the moment before the row goes.
    struct Racing {
        tryons: MemoryTable<TryOn>,
        media: MemoryBucket,
    }

    impl Get<TryOn> for Racing {
        async fn get(&self, key: &Key<TryOn>) -> Result<Option<TryOn>, StoreError> {
            self.tryons.get(key).await
        }
    }

    impl Remove<TryOn> for Racing {
        async fn remove(&self, key: &Key<TryOn>) -> Result<(), StoreError> {
            if let Some(tryon) = self.tryons.get(key).await? {
                for file in keys::tryon_files(tryon.user_id, tryon.id) {
                    self.media.upload(&file, "image/png", b"a picture");
                }
            }
            self.tryons.remove(key).await
        }
    }

    #[tokio::test]
    async fn a_picture_made_in_the_last_moment_goes_too() {
        let (TryOnDelete { tryons, media }, tryon, _) = given(TryOnStatus::Rendering).await;
        let racing = Racing {
            tryons,
            media: media.clone(),
        };
        let endpoint = TryOnDelete {
            tryons: racing,
            media,
        };
        let request = request().by(tryon.user_id).id(tryon.id);
        assert_eq!(request.send(&endpoint).await.status, 200);
        assert!(endpoint.media.keys().is_empty());
    }

    #[tokio::test]
    async fn a_crash_never_leaves_a_picture_without_a_record() {
        for status in [TryOnStatus::Rendering, TryOnStatus::Done] {
            for writes in 1..=13 {
                let (endpoint, tryon, fuse) = given(status).await;
                fuse.blow_after(writes);
                delete(&endpoint, &tryon).await;
                fuse.mend();
                assert!(endpoint.media.keys().is_empty() || !endpoint.tryons.is_empty());
                delete(&endpoint, &tryon).await;
                assert!(endpoint.tryons.is_empty() && endpoint.media.keys().is_empty());
            }
        }
    }

    #[tokio::test]
    async fn the_example_event_is_understood() {
        let (endpoint, mut tryon, _) = given(TryOnStatus::Done).await;
        tryon.user_id = "01a20297-4dc0-7c21-9f60-3a1d7e5b0c11".parse().unwrap();
        tryon.id = "01a207bd-9a20-7b6f-9e21-6d8a2c4f0b73".parse().unwrap();
        endpoint.tryons.put(&tryon).await.unwrap();
        let event = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../events/tryon-delete.json"
        ));
        let request = lambda_http::request::from_str(event).unwrap();
        assert_eq!(read(endpoint.handle(request).await).status, 200);
    }
}
