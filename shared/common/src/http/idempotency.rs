//! `Idempotency-Key`: the same request sent again makes nothing new.
//!
//! The id of what a request will make is planned and stored under the key before anything is made. A
//! repetition, even at the same moment or after a crash half-way, gets the same id, and making a thing
//! whose id is taken does nothing. So no lock is needed, and no answer is stored that could go stale.

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
) -> Result<I, Problem>
where
    I: ToString + std::str::FromStr + Send,
    S: Create<Reservation> + Get<Reservation>,
{
    let Some(IdempotencyKey(key)) = key else {
        return Ok(planned);
    };
    let fingerprint = hash::hex(&serde_json::to_vec(request).map_err(Problem::internal)?);
    let id = hash::parts(&[
        user.to_string().as_bytes(),
        operation.as_bytes(),
        key.as_bytes(),
    ]);
    let reservation = Reservation {
        id: id.clone(),
        fingerprint,
        planned: planned.to_string(),
        expires_at: (Timestamp::now_utc() + LIFETIME).unix_timestamp(),
    };
    if store.create(&reservation).await? {
        return Ok(planned);
    }
    // The row may have been swept away since: then the key is new again.
    let Some(earlier) = store.get(&Key::simple(id)).await? else {
        return Ok(planned);
    };
    if earlier.fingerprint != reservation.fingerprint {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "This Idempotency-Key was used with another request. Use a new key for a new request.",
        ));
    }
    earlier
        .planned
        .parse()
        .map_err(|_| Problem::internal("a reservation holds no id"))
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use drape_domain::ItemId;

    use super::*;
    use crate::store::memory::MemoryTable;

    #[tokio::test]
    async fn a_repetition_gets_the_first_id() {
        let store = MemoryTable::default();
        let (user, key) = (UserId::new(), IdempotencyKey("k".into()));
        let first = reserve(&store, user, "op", Some(&key), &"body", ItemId::new())
            .await
            .unwrap();
        let again = reserve(&store, user, "op", Some(&key), &"body", ItemId::new())
            .await
            .unwrap();
        assert_eq!(first, again);
    }

    #[tokio::test]
    async fn another_body_under_the_same_key_is_refused() {
        let store = MemoryTable::default();
        let (user, key) = (UserId::new(), IdempotencyKey("k".into()));
        reserve(&store, user, "op", Some(&key), &"body", ItemId::new())
            .await
            .unwrap();
        let problem = reserve(&store, user, "op", Some(&key), &"other", ItemId::new())
            .await
            .unwrap_err();
        assert_eq!(problem.code(), "idempotency_key_reused");
    }

    #[tokio::test]
    async fn keys_of_other_users_and_operations_do_not_meet() {
        let store = MemoryTable::default();
        let (user, key) = (UserId::new(), IdempotencyKey("k".into()));
        let first = reserve(&store, user, "op", Some(&key), &"body", ItemId::new())
            .await
            .unwrap();
        let other = reserve(
            &store,
            UserId::new(),
            "op",
            Some(&key),
            &"body",
            ItemId::new(),
        )
        .await
        .unwrap();
        let operation = reserve(&store, user, "op2", Some(&key), &"body", ItemId::new())
            .await
            .unwrap();
        assert!(first != other && first != operation);
    }
}
