//! `Idempotency-Key`: the same request sent again makes nothing new.
//!
//! The id of what a request will make is planned and stored under the key before anything is made. A
//! repetition, even at the same moment or after a crash half-way, gets the same id, and making a thing
//! whose id is taken does nothing. So no lock is needed, and no answer is stored that could go stale. What
//! has been deleted since stays so: see [`Reserved::is_fresh`].

use std::str::FromStr;

use drape_domain::{Timestamp, UserId};
use lambda_http::{Request, http::StatusCode};
use serde::Serialize;

use super::Problem;
use crate::{
    hash,
    store::{Create, Get, Key, tables::Reservation},
};

/// How long a key is remembered.
const LIFETIME: time::Duration = time::Duration::hours(24);
/// For how long a request may be cut off or under way before what it made must be there. The gateway gives
/// up after half of it.
const IN_THE_MAKING: time::Duration = time::Duration::minutes(1);

/// A client's key: 1–200 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key as the client sent it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads `Idempotency-Key`.
///
/// # Errors
/// 400 `invalid_idempotency_key` for an unusable one.
pub fn idempotency_key(request: &Request) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = request.headers().get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    if (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Some(IdempotencyKey(text.to_owned())))
    } else {
        Err(Problem::bad_request(
            "invalid_idempotency_key",
            "Idempotency-Key must have 1 to 200 visible ASCII characters.",
        ))
    }
}

/// The id of what a request makes, and since when it is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved<I> {
    /// The same for every sending of the request.
    pub id: I,
    /// When the request came first; to the second for a repetition.
    pub since: Timestamp,
    /// The request came before under the same key.
    pub repeated: bool,
}

impl<I> Reserved<I> {
    /// Whether what is missing is still being made, or was cut off half-way, and so may be made now. After
    /// that it has been deleted, and a sending that waited in some queue must not bring it back.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        !self.repeated || now - self.since <= IN_THE_MAKING
    }
}

/// The id to use for what this request makes: `planned`, or the one that an earlier sending planned.
///
/// # Errors
/// 422 `idempotency_key_reused` when the key came with another request before.
pub async fn reserve<I, S>(
    store: &S,
    user: UserId,
    operation: &str,
    key: Option<&IdempotencyKey>,
    request: &(impl Serialize + Sync),
    planned: I,
    now: Timestamp,
) -> Result<Reserved<I>, Problem>
where
    I: ToString + FromStr + Send,
    S: Create<Reservation> + Get<Reservation>,
{
    if let Some(key) = key {
        let reservation = Reservation {
            id: row_of(user, operation, key),
            fingerprint: fingerprint(request)?,
            planned: planned.to_string(),
            expires_at: (now + LIFETIME).unix_timestamp(),
        };
        // A row that is taken may have been swept away since: then the key is new again.
        if !store.create(&reservation).await?
            && let Some(earlier) = earlier(store, user, operation, Some(key), request).await?
        {
            return Ok(earlier);
        }
    }
    Ok(Reserved {
        id: planned,
        since: now,
        repeated: false,
    })
}

/// What an earlier sending of this request planned, if there was one; for handlers that have to check what
/// may have changed since, before they plan anything.
///
/// # Errors
/// As [`reserve`].
pub async fn earlier<I, S>(
    store: &S,
    user: UserId,
    operation: &str,
    key: Option<&IdempotencyKey>,
    request: &(impl Serialize + Sync),
) -> Result<Option<Reserved<I>>, Problem>
where
    I: FromStr,
    S: Get<Reservation>,
{
    let Some(key) = key else { return Ok(None) };
    let row = Key::simple(row_of(user, operation, key));
    let Some(earlier) = store.get(&row).await? else {
        return Ok(None);
    };
    if earlier.fingerprint != fingerprint(request)? {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "This Idempotency-Key was used with another request. Use a new key for a new request.",
        ));
    }
    let id = earlier
        .planned
        .parse()
        .map_err(|_| Problem::internal("a reservation holds no id"))?;
    let expires = Timestamp::from_unix_timestamp(earlier.expires_at).map_err(Problem::internal)?;
    Ok(Some(Reserved {
        id,
        since: expires - LIFETIME,
        repeated: true,
    }))
}

fn row_of(user: UserId, operation: &str, IdempotencyKey(key): &IdempotencyKey) -> String {
    hash::parts(&[
        user.to_string().as_bytes(),
        operation.as_bytes(),
        key.as_bytes(),
    ])
}

fn fingerprint(request: &impl Serialize) -> Result<String, Problem> {
    let bytes = serde_json::to_vec(request).map_err(Problem::internal)?;
    Ok(hash::hex(&bytes))
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use drape_domain::ItemId;

    use super::*;
    use crate::store::memory::MemoryTable;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    /// A person's requests under one key.
    struct Client {
        store: MemoryTable<Reservation>,
        user: UserId,
        key: IdempotencyKey,
    }

    impl Client {
        fn new() -> Self {
            Self {
                store: MemoryTable::default(),
                user: UserId::new(),
                key: IdempotencyKey("k".into()),
            }
        }

        async fn sends(&self, operation: &str, body: &str) -> Result<Reserved<ItemId>, Problem> {
            let (user, key) = (self.user, Some(&self.key));
            let id = ItemId::new();
            reserve(&self.store, user, operation, key, &body, id, START).await
        }

        async fn sent(&self, body: &str) -> Option<Reserved<ItemId>> {
            let (user, key) = (self.user, Some(&self.key));
            earlier(&self.store, user, "op", key, &body).await.unwrap()
        }
    }

    #[tokio::test]
    async fn a_repetition_gets_the_first_id_and_is_known_as_one() {
        let client = Client::new();
        assert_eq!(client.sent("body").await, None);
        let first = client.sends("op", "body").await.unwrap();
        let again = client.sends("op", "body").await.unwrap();
        assert_eq!((first.id, first.since), (again.id, again.since));
        assert_eq!((first.repeated, again.repeated), (false, true));
        assert_eq!(client.sent("body").await, Some(again));
    }

    #[tokio::test]
    async fn what_a_repetition_misses_is_made_only_for_a_while() {
        let client = Client::new();
        let first = client.sends("op", "body").await.unwrap();
        let again = client.sends("op", "body").await.unwrap();
        let day = START + LIFETIME;
        assert!(first.is_fresh(day) && again.is_fresh(START + IN_THE_MAKING));
        assert!(!again.is_fresh(START + IN_THE_MAKING + time::Duration::SECOND));
    }

    #[tokio::test]
    async fn another_body_under_the_same_key_is_refused() {
        let client = Client::new();
        client.sends("op", "body").await.unwrap();
        let problem = client.sends("op", "other").await.unwrap_err();
        assert_eq!(problem.code(), "idempotency_key_reused");
    }

    #[tokio::test]
    async fn keys_of_other_users_and_operations_do_not_meet() {
        let client = Client::new();
        let stranger = Client {
            store: client.store.clone(),
            ..Client::new()
        };
        client.sends("op", "body").await.unwrap();
        assert!(!stranger.sends("op", "body").await.unwrap().repeated);
        assert!(!client.sends("op2", "body").await.unwrap().repeated);
    }
}
