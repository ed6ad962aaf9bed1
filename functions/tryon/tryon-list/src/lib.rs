//! `GET /tryon` — the caller's try-ons, newest first.

use drape_common::{
    http::{Cursor, Endpoint, Limit, Outcome, Request, caller, json, query},
    store::{List, blob::PresignGet},
    views::TryOnView,
};
use drape_domain::TryOn;
use serde::{Deserialize, Serialize};

/// The query string.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    #[serde(default)]
    limit: Limit,
    #[serde(default)]
    cursor: Option<Cursor>,
}

/// The endpoint and what it needs.
#[derive(Debug, Clone)]
pub struct TryOnList<T, M> {
    /// Reads try-ons.
    pub tryons: T,
    /// Signs links to pictures.
    pub media: M,
}

impl<T, M> Endpoint for TryOnList<T, M>
where
    T: List<TryOn> + 'static,
    M: PresignGet + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        #[derive(Serialize)]
        struct Answer {
            items: Vec<TryOnView>,
            next_cursor: Option<Cursor>,
        }
        let caller = caller(&request)?;
        let query: Query = query(&request)?;
        let partition = caller.user_id.to_string();
        let after = query.cursor.as_ref().map(Cursor::sort);
        let page = self
            .tryons
            .list(&partition, after, query.limit.get())
            .await?;
        let answer = Answer {
            items: TryOnView::many(page.records, &self.media).await?,
            next_cursor: page.next.as_deref().map(Cursor::after),
        };
        json(200, &answer)
    }
}

#[cfg(test)]
mod tests {
    use drape_common::{
        store::{
            Put,
            memory::{MemoryBucket, MemoryTable},
        },
        testing::{read, request},
    };
    use drape_domain::{Timestamp, TryOnId, UserId};

    use super::*;

    type Memory = TryOnList<MemoryTable<TryOn>, MemoryBucket>;

    async fn given(endpoint: &Memory, user: UserId, count: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for _ in 0..count {
            let id = TryOnId::new();
            let tryon = TryOn {
                id,
                ..TryOn::new(user, "uploads/body/x".into(), vec![], Timestamp::UNIX_EPOCH)
            };
            endpoint.tryons.put(&tryon).await.unwrap();
            ids.insert(0, id.to_string());
        }
        ids
    }

    fn endpoint() -> Memory {
        TryOnList {
            tryons: MemoryTable::default(),
            media: MemoryBucket::default(),
        }
    }

    #[tokio::test]
    async fn pages_follow_each_other_newest_first_to_the_end() {
        let (endpoint, user) = (endpoint(), UserId::new());
        given(&endpoint, UserId::new(), 3).await;
        let expected = given(&endpoint, user, 5).await;

        let (mut seen, mut cursor, mut pages) = (Vec::new(), None::<String>, 0);
        loop {
            let mut page = request().by(user).query("limit", 2);
            if let Some(cursor) = &cursor {
                page = page.query("cursor", cursor);
            }
            let answer = page.send(&endpoint).await;
            assert_eq!(answer.status, 200);
            let items = answer.body["items"].as_array().unwrap();
            seen.extend(
                items
                    .iter()
                    .map(|item| item["id"].as_str().unwrap().to_owned()),
            );
            pages += 1;
            cursor = answer.body["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((seen, pages), (expected, 3));
    }

    #[tokio::test]
    async fn who_has_none_gets_an_empty_list() {
        let answer = request().by(UserId::new()).send(&endpoint()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.body,
            serde_json::json!({ "items": [], "next_cursor": null })
        );
    }

    #[tokio::test]
    async fn parameters_that_make_no_sense_are_named() {
        for (name, value) in [
            ("limit", "0"),
            ("limit", "101"),
            ("cursor", "x"),
            ("status", "done"),
        ] {
            let answer = request()
                .by(UserId::new())
                .query(name, value)
                .send(&endpoint())
                .await;
            assert_eq!((answer.status, answer.fields()), (422, vec![name]));
        }
        assert_eq!(request().send(&endpoint()).await.status, 401);
    }

    #[tokio::test]
    async fn the_example_event_is_understood() {
        let endpoint = endpoint();
        given(
            &endpoint,
            "01a20297-4dc0-7c21-9f60-3a1d7e5b0c11".parse().unwrap(),
            1,
        )
        .await;
        let event = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../events/tryon-list.json"
        ));
        let request = lambda_http::request::from_str(event).unwrap();
        let answer = read(endpoint.handle(request).await);
        assert_eq!(answer.body["items"].as_array().unwrap().len(), 1);
    }
}
