//! `POST /signals` — records what a person did with what they were shown. The same signal twice is one.

use std::collections::HashSet;

use drape_common::{
    hash,
    http::{
        Endpoint, IdempotencyKey, Outcome, Problem, Request, Reserved, body, caller, earlier,
        idempotency_key, json, reserve,
    },
    store::{
        Create, Get, GetMany,
        tables::{DaySignal, Reservation, item_key},
    },
};
use drape_domain::{
    Item, ItemId, RecommendationId, Signal, SignalId, SignalKind, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

/// The most items that one signal may be about.
const MAX_ITEMS: usize = 20;
/// Names the request to idempotency keys.
const OPERATION: &str = "signal";

/// One to twenty different items.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Vec<ItemId>", into = "Vec<ItemId>")]
struct Items(Vec<ItemId>);

impl TryFrom<Vec<ItemId>> for Items {
    type Error = String;
    fn try_from(items: Vec<ItemId>) -> Result<Self, String> {
        if !(1..=MAX_ITEMS).contains(&items.len()) {
            return Err(format!("must hold 1 to {MAX_ITEMS} items"));
        }
        if items.iter().collect::<HashSet<_>>().len() < items.len() {
            return Err("must not hold an item twice".to_owned());
        }
        Ok(Self(items))
    }
}

impl From<Items> for Vec<ItemId> {
    fn from(items: Items) -> Self {
        items.0
    }
}

/// The body.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSignal {
    kind: SignalKind,
    #[serde(default)]
    recommendation_id: Option<RecommendationId>,
    items: Items,
}

/// The endpoint and what it needs.
#[derive(Debug, Clone)]
pub struct SignalsRecord<I, R, S> {
    /// Knows whose items they are.
    pub items: I,
    /// Remembers idempotency keys.
    pub reservations: R,
    /// Writes signals.
    pub signals: S,
    /// Tells the time.
    pub now: fn() -> Timestamp,
}

impl<I, R, S> Endpoint for SignalsRecord<I, R, S>
where
    I: GetMany<Item> + 'static,
    R: Create<Reservation> + Get<Reservation> + 'static,
    S: Create<DaySignal> + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        #[derive(Serialize)]
        struct Answer {
            signal: View,
        }
        #[derive(Serialize)]
        struct View {
            id: SignalId,
        }
        let caller = caller(&request)?;
        let key = idempotency_key(&request)?;
        let new: NewSignal = body(&request)?;
        let user = caller.user_id;
        let Reserved { id, since, .. } = self.identify(user, &new, key.as_ref()).await?;
        let signal = Signal {
            id,
            user_id: user,
            kind: new.kind,
            recommendation_id: new.recommendation_id,
            items: new.items.0,
            // The day is part of the signal's place, so a repetition after midnight needs the first one's.
            created_at: since,
        };
        // That it is there already is as good as writing it.
        self.signals.create(&DaySignal::new(signal)).await?;
        json(
            202,
            &Answer {
                signal: View { id },
            },
        )
    }
}

impl<I, R, S> SignalsRecord<I, R, S>
where
    I: GetMany<Item>,
    R: Create<Reservation> + Get<Reservation>,
{
    /// The signal's id and time, once it is known to be about the person's own items.
    async fn identify(
        &self,
        user: UserId,
        new: &NewSignal,
        key: Option<&IdempotencyKey>,
    ) -> Result<Reserved<SignalId>, Problem> {
        // The first sending's items were checked before it planned anything; they may be gone by now.
        if let Some(earlier) = earlier(&self.reservations, user, OPERATION, key, new).await? {
            return Ok(earlier);
        }
        let keys: Vec<_> = new.items.0.iter().map(|id| item_key(user, *id)).collect();
        if self.items.get_many(&keys).await?.len() < keys.len() {
            return Err(Problem::item_not_found());
        }
        let now = (self.now)();
        let planned = match key {
            Some(_) => SignalId::new(),
            None => signal_id(user, new, now)?,
        };
        reserve(&self.reservations, user, OPERATION, key, new, planned, now).await
    }
}

/// Follows from what was done, so that a repetition without an `Idempotency-Key` gets the same id within a
/// UTC day. Somebody may wear the same outfit on another day, and that is another signal.
fn signal_id(user: UserId, new: &NewSignal, now: Timestamp) -> Result<SignalId, Problem> {
    let mut items = new.items.0.clone();
    items.sort_unstable();
    let mut parts = vec![
        user.to_string(),
        new.kind.as_str().to_owned(),
        new.recommendation_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        format!("day {}", now.date()),
    ];
    parts.extend(items.iter().map(ToString::to_string));
    let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
    let digest = hash::parts(&parts);
    let bits = digest.get(..32).unwrap_or_default();
    let bits = u128::from_str_radix(bits, 16).map_err(Problem::internal)?;
    // Version 8 of RFC 9562: the bits are ours but for version and variant.
    let uuid: Uuid = Builder::from_custom_bytes(bits.to_be_bytes()).into_uuid();
    Ok(SignalId::from_uuid(uuid))
}

#[cfg(test)]
mod tests {
    use drape_common::{
        store::{
            Put, Remove,
            memory::{Fuse, MemoryTable},
        },
        testing::{TestAnswer, TestRequest, read, request},
    };
    use drape_domain::{
        Background,
        item::{ImageType, Typed, Upload},
    };
    use serde_json::{Value, json};

    use super::*;

    type Memory =
        SignalsRecord<MemoryTable<Item>, MemoryTable<Reservation>, MemoryTable<DaySignal>>;

    async fn given(count: usize) -> (Memory, UserId, Vec<ItemId>, Fuse) {
        let fuse = Fuse::default();
        let endpoint = SignalsRecord {
            items: MemoryTable::new(&fuse),
            reservations: MemoryTable::new(&fuse),
            signals: MemoryTable::new(&fuse),
            now: || Timestamp::UNIX_EPOCH,
        };
        let user = UserId::new();
        let mut ids = Vec::new();
        for _ in 0..count {
            let upload = Upload {
                content_type: ImageType::Jpeg,
                content_length: 10,
            };
            let now = Timestamp::UNIX_EPOCH;
            let item = Item::new(user, Typed::default(), Background::Clean, upload, now);
            endpoint.items.put(&item).await.unwrap();
            ids.push(item.item_id);
        }
        (endpoint, user, ids, fuse)
    }

    fn signal(user: UserId, body: &Value) -> TestRequest {
        request().by(user).json(body)
    }

    fn id(answer: &TestAnswer) -> SignalId {
        assert_eq!(answer.status, 202);
        answer.body["signal"]["id"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    #[tokio::test]
    async fn a_signal_is_kept_as_it_was_sent() {
        let (endpoint, user, items, _) = given(2).await;
        let recommendation = RecommendationId::new();
        let body = json!({ "kind": "like", "recommendation_id": recommendation, "items": items });
        let answer = signal(user, &body).send(&endpoint).await;
        let row: DaySignal = serde_json::from_value(endpoint.signals.dump().remove(0)).unwrap();
        assert!(row.day.starts_with("1970-01-01#"));
        assert_eq!(row.signal.id, id(&answer));
        assert_eq!(row.signal.id.uuid().get_version_num(), 8);
        assert_eq!((row.signal.user_id, row.signal.items), (user, items));
        assert_eq!(row.signal.kind, SignalKind::Like);
        assert_eq!(row.signal.recommendation_id, Some(recommendation));
    }

    #[tokio::test]
    async fn the_same_signal_twice_is_one_in_whatever_order_its_items_come() {
        let (endpoint, user, mut items, _) = given(3).await;
        let first = signal(user, &json!({ "kind": "worn", "items": items }));
        let first = id(&first.send(&endpoint).await);
        items.reverse();
        let again = signal(user, &json!({ "kind": "worn", "items": items }));
        assert_eq!(id(&again.send(&endpoint).await), first);
        assert_eq!(endpoint.signals.len(), 1);
    }

    #[tokio::test]
    async fn another_deed_day_key_or_set_of_items_is_another_signal() {
        let (mut endpoint, user, items, _) = given(2).await;
        let body = json!({ "kind": "worn", "items": items });
        let mut ids = HashSet::new();
        ids.insert(id(&signal(user, &body).send(&endpoint).await));
        for other in [
            json!({ "kind": "like", "items": items }),
            json!({ "kind": "worn", "items": [items[0]] }),
            json!({ "kind": "worn", "items": items, "recommendation_id": RecommendationId::new() }),
        ] {
            ids.insert(id(&signal(user, &other).send(&endpoint).await));
        }
        for key in ["a", "b", "a"] {
            let keyed = signal(user, &body).header("idempotency-key", key);
            ids.insert(id(&keyed.send(&endpoint).await));
        }
        endpoint.now = || Timestamp::UNIX_EPOCH + time::Duration::days(1);
        ids.insert(id(&signal(user, &body).send(&endpoint).await));
        assert_eq!((ids.len(), endpoint.signals.len()), (7, 7));
    }

    /// The body under a key.
    async fn keyed(endpoint: &Memory, user: UserId, body: &Value) -> TestAnswer {
        let request = signal(user, body).header("idempotency-key", "k");
        request.send(endpoint).await
    }

    #[tokio::test]
    async fn a_repetition_under_a_key_is_the_same_signal_on_the_next_day_too() {
        let (mut endpoint, user, items, _) = given(1).await;
        let body = json!({ "kind": "worn", "items": items });
        endpoint.now = || Timestamp::UNIX_EPOCH + time::Duration::seconds(86_399);
        let first = id(&keyed(&endpoint, user, &body).await);
        endpoint.now = || Timestamp::UNIX_EPOCH + time::Duration::seconds(86_401);
        assert_eq!(id(&keyed(&endpoint, user, &body).await), first);
        assert_eq!(endpoint.signals.len(), 1);
    }

    #[tokio::test]
    async fn another_signal_under_the_same_key_is_refused() {
        let (endpoint, user, items, _) = given(1).await;
        id(&keyed(&endpoint, user, &json!({ "kind": "like", "items": items })).await);
        let other = keyed(&endpoint, user, &json!({ "kind": "worn", "items": items })).await;
        assert_eq!(
            (other.status, other.code()),
            (422, "idempotency_key_reused")
        );
        assert_eq!(endpoint.signals.len(), 1);
    }

    #[tokio::test]
    async fn a_repetition_under_a_key_is_answered_though_its_items_are_gone() {
        let (endpoint, user, items, _) = given(1).await;
        let body = json!({ "kind": "worn", "items": items });
        let first = id(&keyed(&endpoint, user, &body).await);
        let key = item_key(user, items[0]);
        endpoint.items.remove(&key).await.unwrap();
        assert_eq!(id(&keyed(&endpoint, user, &body).await), first);
        assert_eq!(endpoint.signals.len(), 1);
    }

    #[tokio::test]
    async fn a_crash_after_any_write_is_made_good_by_sending_again() {
        for writes in 1..=2 {
            let (endpoint, user, items, fuse) = given(1).await;
            let body = json!({ "kind": "worn", "items": items });
            fuse.blow_after(writes);
            assert_eq!(keyed(&endpoint, user, &body).await.status, 500);
            fuse.mend();
            let made = id(&keyed(&endpoint, user, &body).await);
            let row: DaySignal = serde_json::from_value(endpoint.signals.dump().remove(0)).unwrap();
            assert_eq!((row.signal.id, endpoint.signals.len()), (made, 1));
        }
    }

    #[tokio::test]
    async fn items_must_be_in_ones_wardrobe() {
        let (endpoint, user, items, _) = given(1).await;
        let body = json!({ "kind": "like", "items": [items[0], ItemId::new()] });
        let unknown = signal(user, &body).send(&endpoint).await;
        let body = json!({ "kind": "like", "items": items });
        let theirs = signal(UserId::new(), &body).send(&endpoint).await;
        for answer in [unknown, theirs] {
            assert_eq!((answer.status, answer.code()), (404, "item_not_found"));
        }
        assert!(endpoint.signals.is_empty());
        assert_eq!(request().json(&body).send(&endpoint).await.status, 401);
    }

    #[tokio::test]
    async fn what_makes_no_sense_is_named() {
        let (endpoint, user, items, _) = given(1).await;
        let many: Vec<_> = (0..21).map(|_| ItemId::new()).collect();
        for (body, field) in [
            (json!({ "items": items }), "kind"),
            (json!({ "kind": "loved", "items": items }), "kind"),
            (json!({ "kind": "like" }), "items"),
            (json!({ "kind": "like", "items": [] }), "items"),
            (json!({ "kind": "like", "items": many }), "items"),
            (
                json!({ "kind": "like", "items": [items[0], items[0]] }),
                "items",
            ),
            (
                json!({ "kind": "like", "items": items, "weight": 9 }),
                "weight",
            ),
        ] {
            let answer = signal(user, &body).send(&endpoint).await;
            assert_eq!(
                (answer.status, answer.fields()),
                (422, vec![field]),
                "{body}"
            );
        }
    }

    #[tokio::test]
    async fn a_signal_whose_answer_was_lost_can_be_sent_again() {
        let (endpoint, user, items, fuse) = given(1).await;
        let body = json!({ "kind": "saved", "items": items });
        fuse.blow_after(1);
        assert_eq!(signal(user, &body).send(&endpoint).await.status, 500);
        fuse.mend();
        id(&signal(user, &body).send(&endpoint).await);
        assert_eq!(endpoint.signals.len(), 1);
    }

    #[tokio::test]
    async fn the_example_event_is_understood() {
        let (endpoint, ..) = given(2).await;
        let records = endpoint.items.dump();
        for (record, id) in records.into_iter().zip([
            "01a20786-bb40-7e93-a5d2-7c4e8f1a6b30",
            "01a20787-a5a0-7a17-b8e4-1f9d3c5a7e61",
        ]) {
            let mut item: Item = serde_json::from_value(record).unwrap();
            item.owner_id = "01a20297-4dc0-7c21-9f60-3a1d7e5b0c11".parse().unwrap();
            item.item_id = id.parse().unwrap();
            endpoint.items.put(&item).await.unwrap();
        }
        let event = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../events/signals-record.json"
        ));
        let request = lambda_http::request::from_str(event).unwrap();
        id(&read(endpoint.handle(request).await));
    }
}
