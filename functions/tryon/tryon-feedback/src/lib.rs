//! `POST /feedback/tryon/{id}` — what a person thinks of a try-on's picture. The latest word counts, for learning
//! too: a picture that they find right becomes a signal about its garments.

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, body, caller, json, path_id},
    store::{
        Changed, Get, Key, Put, Record, Remove, Save, StoreError, change,
        tables::{DaySignal, tryon_key},
    },
};
use drape_domain::{Text, Timestamp, TryOn, TryOnId, tryon::Feedback};
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
pub struct TryOnFeedback<T, S> {
    /// Reads and writes try-ons.
    pub tryons: T,
    /// Writes signals.
    pub signals: S,
    /// Tells the time.
    pub now: fn() -> Timestamp,
}

impl<T, S> Endpoint for TryOnFeedback<T, S>
where
    T: Get<TryOn> + Save<TryOn> + 'static,
    S: Put<DaySignal> + Remove<DaySignal> + 'static,
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
        let changed = change(&self.tryons, &key, |tryon| tryon.comment(&feedback)).await?;
        match changed {
            Changed::Missing => Err(Problem::tryon_not_found()),
            Changed::Kept(_) => Err(Problem::conflict(
                "tryon_not_finished",
                "There is no picture to have an opinion on: the try-on is not done.",
            )),
            Changed::Written(tryon) => {
                self.tell_learning(tryon, &key).await?;
                json(
                    201,
                    &Answer {
                        feedback: View {
                            tryon_id: id,
                            feedback,
                        },
                    },
                )
            }
        }
    }
}

/// Writers that meet on one try-on are few; past this many something else is wrong.
const ATTEMPTS: usize = 8;

impl<T, S> TryOnFeedback<T, S>
where
    T: Get<TryOn>,
    S: Put<DaySignal> + Remove<DaySignal>,
{
    /// Writes the signal that the feedback stands for, or takes it back. Another call may have replaced the
    /// feedback meanwhile, with its signal written before this one: so it is made sure that what was written is
    /// what is thought by then.
    async fn tell_learning(&self, tryon: TryOn, key: &Key<TryOn>) -> Result<(), StoreError> {
        let mut told = tryon;
        for _ in 0..ATTEMPTS {
            let Some((signal, is_kept)) = told.signal() else {
                return Ok(());
            };
            let row = DaySignal::new(signal);
            if is_kept {
                self.signals.put(&row).await?;
            } else {
                self.signals.remove(&row.key()).await?;
            }
            match self.tryons.get(key).await? {
                Some(now) if now.feedback != told.feedback => told = now,
                _ => return Ok(()),
            }
        }
        Err(StoreError::new("tell learning", "too many writers at once"))
    }
}

#[cfg(test)]
mod tests {
    use drape_common::{
        store::memory::{Fuse, MemoryTable},
        testing::{TestAnswer, read, request},
    };
    use drape_domain::{
        ItemId, RecommendationId, Signal, SignalKind, TryOnStatus, UserId, item::Failure,
        tryon::TryOnItem,
    };
    use serde_json::{Value, json};

    use super::*;

    type Memory = TryOnFeedback<MemoryTable<TryOn>, MemoryTable<DaySignal>>;

    fn worn(skipped: Option<&str>) -> TryOnItem {
        TryOnItem {
            item_id: ItemId::new(),
            title: "navy shirt".into(),
            boutique: None,
            price: None,
            skipped: skipped.map(|code| Failure {
                code: code.into(),
                message: String::new(),
            }),
        }
    }

    async fn given(status: TryOnStatus) -> (Memory, TryOn) {
        let tryon = TryOn {
            status,
            recommendation_id: Some(RecommendationId::new()),
            ..TryOn::new(
                UserId::new(),
                "uploads/body/x".into(),
                vec![worn(None), worn(Some("not_ready"))],
                Timestamp::UNIX_EPOCH,
            )
        };
        let endpoint = TryOnFeedback {
            tryons: MemoryTable::default(),
            signals: MemoryTable::default(),
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

    fn learned(endpoint: &Memory) -> Vec<Signal> {
        let rows = endpoint.signals.dump().into_iter();
        let row = |row| serde_json::from_value::<DaySignal>(row).unwrap();
        rows.map(|json| row(json).signal).collect()
    }

    #[tokio::test]
    async fn a_picture_that_is_right_is_a_signal_about_what_it_shows() {
        let (endpoint, tryon) = given(TryOnStatus::Done).await;
        for accuracy in [4, 5, 5] {
            say(&endpoint, &tryon, json!({ "accuracy": accuracy })).await;
            let signals = learned(&endpoint);
            assert_eq!(signals.len(), 1);
            assert_eq!(signals[0].kind, SignalKind::TryonKept);
            assert_eq!(signals[0].user_id, tryon.user_id);
            assert_eq!(signals[0].items, [tryon.items[0].item_id]);
            assert_eq!(signals[0].recommendation_id, tryon.recommendation_id);
        }
    }

    #[tokio::test]
    async fn the_signal_goes_when_the_feedback_is_taken_back_even_on_a_later_day() {
        let (mut endpoint, tryon) = given(TryOnStatus::Done).await;
        say(&endpoint, &tryon, json!({ "accuracy": 3 })).await;
        assert_eq!(learned(&endpoint), []);
        say(&endpoint, &tryon, json!({ "accuracy": 5 })).await;
        assert_eq!(learned(&endpoint).len(), 1);
        endpoint.now = || Timestamp::UNIX_EPOCH + time::Duration::days(3);
        say(&endpoint, &tryon, json!({ "accuracy": 5 })).await;
        assert_eq!(learned(&endpoint).len(), 1);
        say(&endpoint, &tryon, json!({ "accuracy": 2 })).await;
        assert_eq!(learned(&endpoint), []);
    }

    #[tokio::test]
    async fn a_crash_after_any_write_is_made_good_by_saying_it_again() {
        for writes in 1..=2 {
            let (mut endpoint, tryon) = given(TryOnStatus::Done).await;
            let fuse = Fuse::default();
            let (tryons, signals) = (MemoryTable::new(&fuse), MemoryTable::new(&fuse));
            tryons.put(&tryon).await.unwrap();
            (endpoint.tryons, endpoint.signals) = (tryons, signals);
            fuse.blow_after(writes);
            let answer = say(&endpoint, &tryon, json!({ "accuracy": 5 })).await;
            assert_eq!(answer.status, 500);
            fuse.mend();
            say(&endpoint, &tryon, json!({ "accuracy": 5 })).await;
            assert_eq!(learned(&endpoint).len(), 1);
        }
    }

    /// Somebody else's feedback comes between the feedback and its signal.
    #[derive(Debug, Clone)]
    struct Overtaken {
        signals: MemoryTable<DaySignal>,
        tryons: MemoryTable<TryOn>,
        key: Key<TryOn>,
        accuracy: Option<u8>,
    }

    impl Overtaken {
        async fn overtake(&self) {
            let mut tryon = self.tryons.get(&self.key).await.unwrap().unwrap();
            let said = tryon.feedback.as_ref().map(|feedback| feedback.accuracy);
            let Some(accuracy) = self.accuracy.filter(|new| Some(*new) != said) else {
                return;
            };
            let feedback = Feedback {
                accuracy,
                notes: None,
                created_at: Timestamp::UNIX_EPOCH,
            };
            assert!(tryon.comment(&feedback));
            assert!(self.tryons.save(&mut tryon).await.unwrap());
            let (signal, is_kept) = tryon.signal().unwrap();
            let row = DaySignal::new(signal);
            if is_kept {
                self.signals.put(&row).await.unwrap();
            } else {
                self.signals.remove(&row.key()).await.unwrap();
            }
        }
    }

    impl Put<DaySignal> for Overtaken {
        async fn put(&self, row: &DaySignal) -> Result<(), StoreError> {
            self.overtake().await;
            self.signals.put(row).await
        }
    }

    impl Remove<DaySignal> for Overtaken {
        async fn remove(&self, key: &Key<DaySignal>) -> Result<(), StoreError> {
            self.overtake().await;
            self.signals.remove(key).await
        }
    }

    #[tokio::test]
    async fn of_two_at_once_learning_hears_the_one_that_stays() {
        for (mine, theirs) in [(5, 1), (1, 5)] {
            let (endpoint, tryon) = given(TryOnStatus::Done).await;
            let overtaken = TryOnFeedback {
                signals: Overtaken {
                    signals: endpoint.signals.clone(),
                    tryons: endpoint.tryons.clone(),
                    key: tryon.key(),
                    accuracy: Some(theirs),
                },
                tryons: endpoint.tryons.clone(),
                now: endpoint.now,
            };
            let body = json!({ "accuracy": mine });
            let request = request().by(tryon.user_id).id(tryon.id).json(&body);
            assert_eq!(request.send(&overtaken).await.status, 201);
            let stored = endpoint.tryons.get(&tryon.key()).await.unwrap().unwrap();
            assert_eq!(stored.feedback.unwrap().accuracy, theirs);
            assert_eq!(learned(&endpoint).len(), usize::from(theirs == 5));
        }
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
