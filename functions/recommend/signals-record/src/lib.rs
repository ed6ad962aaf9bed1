//! `POST /signals` — records what a person did with what they were shown. The same signal twice is one.
//!
//! It is about the person's own items, or about what boutiques sell: of that, only what they were shown with the
//! recommendation that they name.

use std::collections::HashSet;

use drape_common::{
    hash,
    http::{
        Endpoint, IdempotencyKey, Outcome, Problem, Request, Reserved, body, caller, earlier,
        idempotency_key, json, reserve,
    },
    store::{
        Create, Get, GetMany, StoreError,
        tables::{DayShowing, DaySignal, Reservation, item_key},
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

/// What a person can say that they did.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Deed {
    Like,
    Dislike,
    Worn,
    Saved,
    Clicked,
    Skipped,
}

impl From<Deed> for SignalKind {
    fn from(deed: Deed) -> Self {
        match deed {
            Deed::Like => Self::Like,
            Deed::Dislike => Self::Dislike,
            Deed::Worn => Self::Worn,
            Deed::Saved => Self::Saved,
            Deed::Clicked => Self::Clicked,
            Deed::Skipped => Self::Skipped,
        }
    }
}

/// The body.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSignal {
    kind: Deed,
    #[serde(default)]
    recommendation_id: Option<RecommendationId>,
    items: Items,
}

/// The endpoint and what it needs.
#[derive(Debug, Clone)]
pub struct SignalsRecord<I, H, R, S> {
    /// Knows whose items they are.
    pub items: I,
    /// Knows what was shown.
    pub showings: H,
    /// Remembers idempotency keys.
    pub reservations: R,
    /// Writes signals.
    pub signals: S,
    /// Tells the time.
    pub now: fn() -> Timestamp,
}

impl<I, H, R, S> Endpoint for SignalsRecord<I, H, R, S>
where
    I: GetMany<Item> + 'static,
    H: Get<DayShowing> + 'static,
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
            kind: new.kind.into(),
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

impl<I, H, R, S> SignalsRecord<I, H, R, S>
where
    I: GetMany<Item>,
    H: Get<DayShowing>,
    R: Create<Reservation> + Get<Reservation>,
{
    /// The signal's id and time, once it is known to be about what the person owns or was shown.
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
        self.check(user, new).await?;
        let now = (self.now)();
        let planned = match key {
            Some(_) => SignalId::new(),
            None => signal_id(user, new, now)?,
        };
        reserve(&self.reservations, user, OPERATION, key, new, planned, now).await
    }
}

impl<I, H, R, S> SignalsRecord<I, H, R, S>
where
    I: GetMany<Item>,
    H: Get<DayShowing>,
{
    /// Each item is the person's own, or a boutique's that was shown to them.
    async fn check(&self, user: UserId, new: &NewSignal) -> Result<(), Problem> {
        let keys: Vec<_> = new.items.0.iter().map(|id| item_key(user, *id)).collect();
        let own = self.items.get_many(&keys).await?;
        if own.len() == keys.len() {
            return Ok(());
        }
        let shown = self.shown(user, new.recommendation_id).await?;
        let own: HashSet<_> = own.iter().map(|item| item.item_id).collect();
        if new
            .items
            .0
            .iter()
            .all(|id| own.contains(id) || shown.contains(id))
        {
            Ok(())
        } else {
            Err(Problem::item_not_found())
        }
    }

    /// What of boutiques was shown to the person in this recommendation.
    async fn shown(
        &self,
        user: UserId,
        recommendation: Option<RecommendationId>,
    ) -> Result<HashSet<ItemId>, StoreError> {
        let Some(id) = recommendation else {
            return Ok(HashSet::new());
        };
        let row = self
            .showings
            .get(&DayShowing::key_of(id.showing(), user))
            .await?;
        let showing = row
            .map(|row| row.showing)
            .filter(|showing| showing.user_id == user);
        let outfits = showing.map(|showing| showing.outfits).unwrap_or_default();
        let pieces = outfits.into_iter().filter(|outfit| outfit.id == id);
        Ok(pieces
            .flat_map(|outfit| outfit.pieces)
            .filter(|piece| piece.owner_id != user)
            .map(|piece| piece.item_id)
            .collect())
    }
}

/// Follows from what was done, so that a repetition without an `Idempotency-Key` gets the same id within a
/// UTC day. Somebody may wear the same outfit on another day, and that is another signal.
fn signal_id(user: UserId, new: &NewSignal, now: Timestamp) -> Result<SignalId, Problem> {
    let mut items = new.items.0.clone();
    items.sort_unstable();
    let mut parts = vec![
        user.to_string(),
        SignalKind::from(new.kind).as_str().to_owned(),
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
        Background, Showing, ShowingId, Slot,
        item::{ImageType, Typed, Upload},
        showing::{ShownOutfit, ShownPiece},
    };
    use serde_json::{Value, json};

    use super::*;

    type Memory = SignalsRecord<
        MemoryTable<Item>,
        MemoryTable<DayShowing>,
        MemoryTable<Reservation>,
        MemoryTable<DaySignal>,
    >;

    async fn given(count: usize) -> (Memory, UserId, Vec<ItemId>, Fuse) {
        let fuse = Fuse::default();
        let endpoint = SignalsRecord {
            items: MemoryTable::new(&fuse),
            showings: MemoryTable::new(&fuse),
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

    /// An answer with one outfit: these items of its reader's own, and one of a boutique's.
    async fn show(endpoint: &Memory, user: UserId, own: &[ItemId]) -> (RecommendationId, ItemId) {
        let (boutique, sold) = (UserId::new(), ItemId::new());
        let piece = |item_id, owner_id| ShownPiece {
            item_id,
            owner_id,
            slot: Slot::Top,
        };
        let mut pieces: Vec<_> = own.iter().map(|id| piece(*id, user)).collect();
        pieces.push(piece(sold, boutique));
        let shown_at = Timestamp::UNIX_EPOCH + time::Duration::days(20_000);
        let id = ShowingId::at(shown_at);
        let outfit = ShownOutfit {
            id: id.outfit(1),
            pieces,
            score: 0.5,
            propensity: 1.0,
            features: Vec::new(),
            explain: Vec::new(),
        };
        let row = DayShowing::new(Showing {
            id,
            user_id: user,
            shown_at,
            model: "m".into(),
            index: None,
            occasion: None,
            temp_c: None,
            outfits: vec![outfit],
        });
        endpoint.showings.put(&row).await.unwrap();
        (id.outfit(1), sold)
    }

    #[tokio::test]
    async fn what_a_boutique_sells_may_be_meant_by_those_who_were_shown_it() {
        let (endpoint, user, items, _) = given(1).await;
        let (recommendation, sold) = show(&endpoint, user, &items).await;
        let said = |items: Value, recommendation: Option<RecommendationId>| json!({ "kind": "like", "items": items, "recommendation_id": recommendation });
        let both = json!([items[0], sold]);
        id(&signal(user, &said(both.clone(), Some(recommendation)))
            .send(&endpoint)
            .await);
        id(&signal(user, &said(json!([sold]), Some(recommendation)))
            .send(&endpoint)
            .await);

        let showing = recommendation.showing();
        for (by, items, about) in [
            (user, &both, None),
            (user, &both, Some(RecommendationId::new())),
            (user, &both, Some(showing.outfit(2))),
            (user, &json!([sold, ItemId::new()]), Some(recommendation)),
            (UserId::new(), &json!([sold]), Some(recommendation)),
        ] {
            let answer = signal(by, &said(items.clone(), about))
                .send(&endpoint)
                .await;
            assert_eq!((answer.status, answer.code()), (404, "item_not_found"));
        }
        assert_eq!(endpoint.signals.len(), 2);
    }

    #[tokio::test]
    async fn what_was_shown_and_thrown_out_since_is_no_longer_ones_own() {
        let (endpoint, user, items, _) = given(1).await;
        let (recommendation, _) = show(&endpoint, user, &items).await;
        endpoint
            .items
            .remove(&item_key(user, items[0]))
            .await
            .unwrap();
        let body = json!({ "kind": "like", "items": items, "recommendation_id": recommendation });
        let answer = signal(user, &body).send(&endpoint).await;
        assert_eq!((answer.status, answer.code()), (404, "item_not_found"));
    }

    #[tokio::test]
    async fn what_makes_no_sense_is_named() {
        let (endpoint, user, items, _) = given(1).await;
        let many: Vec<_> = (0..21).map(|_| ItemId::new()).collect();
        for (body, field) in [
            (json!({ "items": items }), "kind"),
            (json!({ "kind": "loved", "items": items }), "kind"),
            (json!({ "kind": "tryon_kept", "items": items }), "kind"),
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
