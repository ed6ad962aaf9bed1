//! `POST /feedback/tryon/{id}` — what a person thinks of a try-on's picture. The latest word counts.

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, body, caller, json, path_id},
    store::{Changed, Get, Save, change, tables::tryon_key},
};
use drape_domain::{Text, Timestamp, TryOn, TryOnId, TryOnStatus, tryon::Feedback};
use serde::{Deserialize, Serialize};

/// From 1 (wrong) to 5 (just like me).
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "i64")]
struct Accuracy(u8);

impl TryFrom<i64> for Accuracy {
    type Error = &'static str;
    fn try_from(value: i64) -> Result<Self, &'static str> {
        u8::try_from(value)
            .ok()
            .filter(|value| (1..=5).contains(value))
            .map(Self)
            .ok_or("must be from 1 to 5")
    }
}

/// The body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFeedback {
    accuracy: Accuracy,
    #[serde(default)]
    notes: Option<Text<1000>>,
}

/// The endpoint and what it needs.
#[derive(Debug, Clone)]
pub struct TryOnFeedback<T> {
    /// Reads and writes try-ons.
    pub tryons: T,
    /// Tells the time.
    pub now: fn() -> Timestamp,
}

impl<T> Endpoint for TryOnFeedback<T>
where
    T: Get<TryOn> + Save<TryOn> + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        #[derive(Serialize)]
        struct Answer {
            feedback: View,
        }
        #[derive(Serialize)]
        struct View {
            tryon_id: TryOnId,
            #[serde(flatten)]
            feedback: Feedback,
        }
        let caller = caller(&request)?;
        let id: TryOnId = path_id(&request, Problem::tryon_not_found)?;
        let new: NewFeedback = body(&request)?;
        let feedback = Feedback {
            accuracy: new.accuracy.0,
            notes: new.notes,
            created_at: (self.now)(),
        };
        let key = tryon_key(caller.user_id, id);
        let changed = change(&self.tryons, &key, |tryon| {
            let seen = tryon.status == TryOnStatus::Done;
            if seen {
                tryon.feedback = Some(feedback.clone());
            }
            seen
        })
        .await?;
        match changed {
            Changed::Missing => Err(Problem::tryon_not_found()),
            Changed::Kept(_) => Err(Problem::conflict(
                "tryon_not_finished",
                "There is no picture to have an opinion on: the try-on is not done.",
            )),
            Changed::Written(_) => json(
                201,
                &Answer {
                    feedback: View {
                        tryon_id: id,
                        feedback,
                    },
                },
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use drape_common::{
        store::{Put, Record, memory::MemoryTable},
        testing::{TestAnswer, read, request},
    };
    use drape_domain::UserId;
    use serde_json::{Value, json};

    use super::*;

    type Memory = TryOnFeedback<MemoryTable<TryOn>>;

    async fn given(status: TryOnStatus) -> (Memory, TryOn) {
        let tryon = TryOn {
            status,
            ..TryOn::new(
                UserId::new(),
                "uploads/body/x".into(),
                vec![],
                Timestamp::UNIX_EPOCH,
            )
        };
        let endpoint = TryOnFeedback {
            tryons: MemoryTable::default(),
            now: || Timestamp::UNIX_EPOCH,
        };
        endpoint.tryons.put(&tryon).await.unwrap();
        (endpoint, tryon)
    }

    async fn say(endpoint: &Memory, tryon: &TryOn, body: Value) -> TestAnswer {
        let request = request().by(tryon.user_id).id(tryon.id).json(&body);
        request.send(endpoint).await
    }

    #[tokio::test]
    async fn the_latest_word_counts() {
        let (endpoint, tryon) = given(TryOnStatus::Done).await;
        let first = say(
            &endpoint,
            &tryon,
            json!({ "accuracy": 2, "notes": "Too wide" }),
        )
        .await;
        assert_eq!(first.status, 201);
        assert_eq!(
            first.body["feedback"],
            json!({
                "tryon_id": tryon.id,
                "accuracy": 2,
                "notes": "Too wide",
                "created_at": "1970-01-01T00:00:00Z",
            })
        );
        let second = say(&endpoint, &tryon, json!({ "accuracy": 5 })).await;
        assert_eq!(second.status, 201);
        let stored = endpoint.tryons.get(&tryon.key()).await.unwrap().unwrap();
        let feedback = stored.feedback.unwrap();
        assert_eq!((feedback.accuracy, feedback.notes), (5, None));
        assert_eq!(
            stored.updated_at, tryon.updated_at,
            "the try-on itself has not changed"
        );
    }

    #[tokio::test]
    async fn there_is_nothing_to_say_without_a_picture() {
        for status in [
            TryOnStatus::Queued,
            TryOnStatus::Rendering,
            TryOnStatus::Failed,
        ] {
            let (endpoint, tryon) = given(status).await;
            let answer = say(&endpoint, &tryon, json!({ "accuracy": 3 })).await;
            assert_eq!((answer.status, answer.code()), (409, "tryon_not_finished"));
            let stored = endpoint.tryons.get(&tryon.key()).await.unwrap().unwrap();
            assert_eq!(stored, tryon);
        }
    }

    #[tokio::test]
    async fn what_makes_no_sense_is_named() {
        let (endpoint, tryon) = given(TryOnStatus::Done).await;
        let long = "x".repeat(1001);
        for (body, field) in [
            (json!({}), "accuracy"),
            (json!({ "accuracy": 0 }), "accuracy"),
            (json!({ "accuracy": 6 }), "accuracy"),
            (json!({ "accuracy": 2.5 }), "accuracy"),
            (json!({ "accuracy": "5" }), "accuracy"),
            (json!({ "accuracy": 5, "notes": long }), "notes"),
            (json!({ "accuracy": 5, "stars": 5 }), "stars"),
        ] {
            let answer = say(&endpoint, &tryon, body.clone()).await;
            assert_eq!(
                (answer.status, answer.fields()),
                (422, vec![field]),
                "{body}"
            );
        }
    }

    #[tokio::test]
    async fn another_persons_try_on_is_not_there() {
        let (endpoint, tryon) = given(TryOnStatus::Done).await;
        let body = json!({ "accuracy": 1 });
        let request_by = |user| request().by(user).id(tryon.id).json(&body);
        let answer = request_by(UserId::new()).send(&endpoint).await;
        assert_eq!((answer.status, answer.code()), (404, "tryon_not_found"));
        let answer = request().id(tryon.id).json(&body).send(&endpoint).await;
        assert_eq!(answer.status, 401);
    }

    #[tokio::test]
    async fn the_example_event_is_understood() {
        let (endpoint, mut tryon) = given(TryOnStatus::Done).await;
        tryon.user_id = "01a20297-4dc0-7c21-9f60-3a1d7e5b0c11".parse().unwrap();
        tryon.id = "01a207bd-9a20-7b6f-9e21-6d8a2c4f0b73".parse().unwrap();
        endpoint.tryons.put(&tryon).await.unwrap();
        let event = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../events/tryon-feedback.json"
        ));
        let request = lambda_http::request::from_str(event).unwrap();
        assert_eq!(read(endpoint.handle(request).await).status, 201);
    }
}
