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
