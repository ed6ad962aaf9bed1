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
        let outfit = DayShowing::outfit(&self.showings, user, id).await?;
        let pieces = outfit.map(|outfit| outfit.pieces).unwrap_or_default();
        Ok(pieces
            .into_iter()
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
mod tests;
