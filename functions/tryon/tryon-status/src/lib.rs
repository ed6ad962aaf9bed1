//! `GET /tryon/{id}/status` — how far a try-on has come.
//!
//! Whoever asks also watches over the job: a message that seems lost is sent again.

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, caller, json, path_id},
    store::{
        Changed, Get, Save, StoreError,
        blob::PresignGet,
        change,
        queue::{Enqueue, RenderTryOn},
        tables::tryon_key,
    },
    views::TryOnView,
};
use drape_domain::{Timestamp, TryOn, TryOnId, TryOnStatus};
use lambda_http::http::{HeaderValue, header};
use serde::Serialize;
use time::Duration;

/// A job takes a message up within a second or two; one that waited this long has been lost.
const LOST_AFTER: Duration = Duration::seconds(30);
/// The job may run for one minute and is tried again at once when it fails; past this, it has died.
const DEAD_AFTER: Duration = Duration::minutes(3);
/// When a client should ask again, in seconds.
const RETRY_AFTER: &str = "2";

/// The endpoint and what it needs.
#[derive(Debug, Clone)]
pub struct TryOnStatusOf<T, M, Q> {
    /// Reads try-ons and notes when a message was sent.
    pub tryons: T,
    /// Signs links to pictures.
    pub media: M,
    /// Asks for renderings.
    pub queue: Q,
    /// Tells the time.
    pub now: fn() -> Timestamp,
}

impl<T, M, Q> Endpoint for TryOnStatusOf<T, M, Q>
where
    T: Get<TryOn> + Save<TryOn> + 'static,
    M: PresignGet + 'static,
    Q: Enqueue<RenderTryOn> + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        #[derive(Serialize)]
        struct Answer {
            tryon: TryOnView,
        }
        let caller = caller(&request)?;
        let id: TryOnId = path_id(&request, Problem::tryon_not_found)?;
        let key = tryon_key(caller.user_id, id);
        let mut tryon = self
            .tryons
            .get(&key)
            .await?
            .ok_or_else(Problem::tryon_not_found)?;
        if seems_lost(&tryon, (self.now)()) {
            match self.send_again(&tryon).await {
                Ok(Some(stored)) => tryon = stored,
                Ok(None) => return Err(Problem::tryon_not_found()),
                // The next call tries again; this one can still be answered.
                Err(error) => tracing::warn!(cause = %error, "send message again"),
            }
        }

        let waiting = !tryon.status.is_final();
        let tryon = TryOnView::new(tryon, &self.media).await?;
        let mut response = json(200, &Answer { tryon })?;
        if waiting {
            let retry_after = HeaderValue::from_static(RETRY_AFTER);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, retry_after);
        }
        Ok(response)
    }
}

impl<T, M, Q> TryOnStatusOf<T, M, Q>
where
    T: Get<TryOn> + Save<TryOn>,
    Q: Enqueue<RenderTryOn>,
{
    /// Notes the sending first and sends then: of many calls at once only the one whose note is written
    /// sends. The record as it is by then; none if it is gone.
    async fn send_again(&self, tryon: &TryOn) -> Result<Option<TryOn>, StoreError> {
        let now = (self.now)();
        let changed = change(&self.tryons, &tryon_key(tryon.user_id, tryon.id), |tryon| {
            let lost = seems_lost(tryon, now);
            if lost {
                tryon.enqueued_at = now;
            }
            lost
        })
        .await?;
        match changed {
            Changed::Missing => Ok(None),
            Changed::Kept(tryon) => Ok(Some(tryon)),
            Changed::Written(tryon) => {
                let message = RenderTryOn {
                    user_id: tryon.user_id,
                    tryon_id: tryon.id,
                };
                self.queue.enqueue(&message).await?;
                Ok(Some(tryon))
            }
        }
    }
}

fn seems_lost(tryon: &TryOn, now: Timestamp) -> bool {
    let waited = now - tryon.enqueued_at;
    match tryon.status {
        TryOnStatus::Queued => waited > LOST_AFTER,
        TryOnStatus::Rendering => now - tryon.updated_at > DEAD_AFTER && waited > DEAD_AFTER,
        TryOnStatus::Done | TryOnStatus::Failed => false,
    }
}

#[cfg(test)]
mod tests {
    use drape_common::{
        store::{
            Put, Record,
            memory::{Fuse, MemoryBucket, MemoryQueue, MemoryTable},
        },
        testing::{TestAnswer, read, request},
    };
    use drape_domain::{
        ItemId, UserId,
        tryon::{GarmentLayer, Layers, Lights},
    };

    use super::*;

    /// When the try-on was asked for.
    const START: Timestamp = Timestamp::UNIX_EPOCH;

    type Memory = TryOnStatusOf<MemoryTable<TryOn>, MemoryBucket, MemoryQueue<RenderTryOn>>;

    async fn given(status: TryOnStatus, now: fn() -> Timestamp) -> (Memory, TryOn, Fuse) {
        let fuse = Fuse::default();
        let tryon = TryOn {
            status,
            render_key: (status == TryOnStatus::Done).then(|| "tryons/x/render.png".into()),
            ..TryOn::new(UserId::new(), "uploads/body/x".into(), vec![], START)
        };
        let endpoint = TryOnStatusOf {
            tryons: MemoryTable::new(&fuse),
            media: MemoryBucket::new(&fuse),
            queue: MemoryQueue::new(&fuse),
            now,
        };
        endpoint.tryons.put(&tryon).await.unwrap();
        (endpoint, tryon, fuse)
    }

    async fn ask(endpoint: &Memory, tryon: &TryOn) -> TestAnswer {
        request()
            .by(tryon.user_id)
            .id(tryon.id)
            .send(endpoint)
            .await
    }

    #[tokio::test]
    async fn layers_and_turns_are_answered_with_links() {
        let (endpoint, mut tryon, _) = given(TryOnStatus::Done, || START).await;
        let item_id = ItemId::new();
        tryon.layers = Some(Layers {
            person: "tryons/x/person.png".into(),
            garments: vec![GarmentLayer {
                item_id,
                key: "tryons/x/garment-0.png".into(),
            }],
            shadow: "tryons/x/shadow.png".into(),
            lighting: Lights {
                warm: [1.25, 1.0, 0.75],
                neutral: [1.0; 3],
                cool: [0.75, 1.0, 1.25],
            },
        });
        tryon.turn_keys = vec!["tryons/x/turn-0.png".into(), "tryons/x/turn-1.png".into()];
        endpoint.tryons.put(&tryon).await.unwrap();
        let answer = ask(&endpoint, &tryon).await.body;
        let shown = &answer["tryon"];
        let is_link = |value: &serde_json::Value, file: &str| {
            let link = value.as_str().unwrap();
            assert!(
                link.starts_with("https://") && link.contains(file),
                "{link}"
            );
        };
        is_link(&shown["layers"]["person"], "person.png");
        is_link(&shown["layers"]["garments"][0]["url"], "garment-0.png");
        is_link(&shown["layers"]["shadow"], "shadow.png");
        assert_eq!(
            shown["layers"]["garments"][0]["item_id"],
            item_id.to_string()
        );
        let warm = serde_json::json!([1.25, 1.0, 0.75]);
        assert_eq!(shown["layers"]["lighting"]["warm"], warm);
        is_link(&shown["turns"][0], "turn-0.png");
        is_link(&shown["turns"][1], "turn-1.png");
    }

    #[tokio::test]
    async fn a_picture_is_answered_with_its_link() {
        let (endpoint, tryon, _) = given(TryOnStatus::Done, || START).await;
        let answer = ask(&endpoint, &tryon).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body["tryon"]["render_url"].is_string());
        assert!(!answer.headers.contains_key("retry-after"));
    }

    #[tokio::test]
    async fn one_that_is_waiting_says_when_to_ask_again() {
        let (endpoint, tryon, _) = given(TryOnStatus::Queued, || START).await;
        let answer = ask(&endpoint, &tryon).await;
        assert_eq!(answer.headers["retry-after"], "2");
        assert_eq!(answer.body["tryon"]["status"], "queued");
        assert!(endpoint.queue.sent().is_empty(), "nothing seems lost yet");
    }

    #[tokio::test]
    async fn another_persons_try_on_is_not_there() {
        let (endpoint, tryon, _) = given(TryOnStatus::Done, || START).await;
        let theirs = request()
            .by(UserId::new())
            .id(tryon.id)
            .send(&endpoint)
            .await;
        let unknown = request().by(tryon.user_id).id("x").send(&endpoint).await;
        for answer in [theirs, unknown] {
            assert_eq!((answer.status, answer.code()), (404, "tryon_not_found"));
        }
        let anyone = request().id(tryon.id).send(&endpoint).await;
        assert_eq!(anyone.status, 401);
    }

    #[tokio::test]
    async fn a_lost_message_is_sent_again_once_however_many_ask() {
        let late = || START + Duration::seconds(31);
        let (endpoint, tryon, _) = given(TryOnStatus::Queued, late).await;
        for _ in 0..5 {
            assert_eq!(ask(&endpoint, &tryon).await.status, 200);
        }
        let sent = endpoint.queue.sent();
        assert_eq!(sent.len(), 1);
        assert_eq!(
            (sent[0].user_id, sent[0].tryon_id),
            (tryon.user_id, tryon.id)
        );
    }

    #[tokio::test]
    async fn two_that_notice_at_once_send_one_message() {
        let late = || START + Duration::seconds(31);
        let (endpoint, tryon, _) = given(TryOnStatus::Queued, late).await;
        // Both have seen the same old record.
        let (first, second) =
            tokio::join!(endpoint.send_again(&tryon), endpoint.send_again(&tryon));
        assert!(first.unwrap().is_some() && second.unwrap().is_some());
        assert_eq!(endpoint.queue.sent().len(), 1);
    }

    #[tokio::test]
    async fn a_job_that_died_is_started_again() {
        let soon = || START + Duration::minutes(2);
        let (endpoint, tryon, _) = given(TryOnStatus::Rendering, soon).await;
        ask(&endpoint, &tryon).await;
        assert!(endpoint.queue.sent().is_empty());

        let late = || START + Duration::minutes(4);
        let (endpoint, tryon, _) = given(TryOnStatus::Rendering, late).await;
        ask(&endpoint, &tryon).await;
        ask(&endpoint, &tryon).await;
        assert_eq!(endpoint.queue.sent().len(), 1);
    }

    #[tokio::test]
    async fn what_is_over_is_left_alone() {
        let late = || START + Duration::days(1);
        for status in [TryOnStatus::Done, TryOnStatus::Failed] {
            let (endpoint, tryon, _) = given(status, late).await;
            ask(&endpoint, &tryon).await;
            assert!(endpoint.queue.sent().is_empty());
            let stored = endpoint.tryons.get(&tryon.key()).await.unwrap().unwrap();
            assert_eq!(stored, tryon);
        }
    }

    #[tokio::test]
    async fn a_crash_while_sending_again_is_made_good_later() {
        let late = || START + Duration::seconds(31);
        let (mut endpoint, tryon, fuse) = given(TryOnStatus::Queued, late).await;
        fuse.blow_after(1);
        ask(&endpoint, &tryon).await;
        fuse.mend();
        assert!(endpoint.queue.sent().is_empty(), "noted, but never sent");

        endpoint.now = || START + Duration::seconds(62);
        ask(&endpoint, &tryon).await;
        assert_eq!(endpoint.queue.sent().len(), 1);
    }

    #[tokio::test]
    async fn the_example_event_is_understood() {
        let (endpoint, mut tryon, _) = given(TryOnStatus::Done, || START).await;
        tryon.user_id = "01a20297-4dc0-7c21-9f60-3a1d7e5b0c11".parse().unwrap();
        tryon.id = "01a207bd-9a20-7b6f-9e21-6d8a2c4f0b73".parse().unwrap();
        endpoint.tryons.put(&tryon).await.unwrap();
        let event = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../events/tryon-status.json"
        ));
        let request = lambda_http::request::from_str(event).unwrap();
        assert_eq!(read(endpoint.handle(request).await).status, 200);
    }
}
