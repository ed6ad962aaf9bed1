//! Sign-ins: an access token and a refresh token that works once.
//!
//! A refresh token holds its family's id and 256 random bits; the family's row holds the SHA-256 of the one
//! token that is next. Using it puts the next one in its place. A token that is not the next one has, as good
//! as always, been used before, by the person or by a thief, and nobody can say which: the family ends.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use drape_domain::{SessionId, Timestamp, User, UserId};
use ring::rand::{SecureRandom, SystemRandom};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    hash,
    store::{Create, Get, Key, Save, StoreError, change, tables::Session},
    tokens::{LIFETIME_SECONDS, TokenKeys},
};

/// A family that is not used for this long ends.
const IDLE: time::Duration = time::Duration::days(60);

/// The tokens as a client gets them.
#[derive(Debug, Serialize)]
pub struct Tokens {
    /// For the `Authorization` header.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Seconds until the access token stops working.
    pub expires_in: u64,
    /// For the next `POST /auth/refresh`; works once.
    pub refresh_token: String,
}

struct RefreshToken {
    session: SessionId,
    text: String,
}

impl RefreshToken {
    fn new(session: SessionId) -> Result<Self, StoreError> {
        let mut bytes = [0; 48];
        let (family, secret) = bytes.split_at_mut(16);
        family.copy_from_slice(session.uuid().as_bytes());
        SystemRandom::new()
            .fill(secret)
            .map_err(|_| StoreError::new("make refresh token", "no randomness"))?;
        Ok(Self {
            session,
            text: URL_SAFE_NO_PAD.encode(bytes),
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 48] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (family, _) = bytes.split_first_chunk::<16>()?;
        Some(Self {
            session: SessionId::from_uuid(Uuid::from_bytes(*family)),
            text: text.to_owned(),
        })
    }

    fn hash(&self) -> String {
        hash::hex(self.text.as_bytes())
    }
}

fn tokens(
    keys: &TokenKeys,
    user: &User,
    refresh: RefreshToken,
    now: Timestamp,
) -> Result<Tokens, StoreError> {
    Ok(Tokens {
        access_token: keys.issue(user.id, refresh.session, user.role, now)?,
        token_type: "Bearer",
        expires_in: LIFETIME_SECONDS,
        refresh_token: refresh.text,
    })
}

/// Starts a family for this user.
///
/// # Errors
/// When the store fails.
pub async fn open(
    sessions: &impl Create<Session>,
    keys: &TokenKeys,
    user: &User,
    now: Timestamp,
) -> Result<Tokens, StoreError> {
    let refresh = RefreshToken::new(SessionId::new())?;
    let session = Session {
        id: refresh.session,
        user_id: user.id,
        token_hash: refresh.hash(),
        revoked: false,
        expires_at: (now + IDLE).unix_timestamp(),
        revision: 1,
    };
    if !sessions.create(&session).await? {
        return Err(StoreError::new("open session", "the new id is taken"));
    }
    tokens(keys, user, refresh, now)
}

/// Trades a refresh token for new tokens. None if it does not work (any more); a used one ends its family.
///
/// # Errors
/// When the store fails.
pub async fn refresh(
    sessions: &(impl Get<Session> + Save<Session>),
    users: &impl Get<User>,
    keys: &TokenKeys,
    token: &str,
    now: Timestamp,
) -> Result<Option<Tokens>, StoreError> {
    let Some(used) = RefreshToken::parse(token) else {
        return Ok(None);
    };
    let Some(mut session) = sessions.get(&Key::simple(used.session)).await? else {
        return Ok(None);
    };
    // The TTL sweep may be a day or two late.
    if session.revoked || session.expires_at <= now.unix_timestamp() {
        return Ok(None);
    }
    if session.token_hash != used.hash() {
        revoke(sessions, session.user_id, session.id).await?;
        return Ok(None);
    }
    let Some(user) = users.get(&Key::simple(session.user_id)).await? else {
        return Ok(None);
    };
    let next = RefreshToken::new(session.id)?;
    session.token_hash = next.hash();
    session.expires_at = (now + IDLE).unix_timestamp();
    if !sessions.save(&mut session).await? {
        // Somebody else used the same token in this very moment.
        revoke(sessions, session.user_id, session.id).await?;
        return Ok(None);
    }
    tokens(keys, &user, next, now).map(Some)
}

/// Ends a family, if it is this user's.
///
/// # Errors
/// When the store fails.
pub async fn revoke(
    sessions: &(impl Get<Session> + Save<Session>),
    user: UserId,
    session: SessionId,
) -> Result<(), StoreError> {
    change(sessions, &Key::simple(session), |session: &mut Session| {
        let change = session.user_id == user && !session.revoked;
        session.revoked |= change;
        change
    })
    .await
    .map(drop)
}

/// The family that a refresh token belongs to, whether it works or not.
#[must_use]
pub fn session_of(token: &str) -> Option<SessionId> {
    RefreshToken::parse(token).map(|token| token.session)
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {

    use super::*;
    use crate::{store::memory::MemoryTable, testing::new_user};

    struct World {
        sessions: MemoryTable<Session>,
        users: MemoryTable<User>,
        keys: TokenKeys,
        now: Timestamp,
    }

    impl World {
        async fn signed_in() -> (Self, Tokens) {
            let now = Timestamp::now_utc();
            let user = new_user();
            let keys = TokenKeys::new(&["k".repeat(32)], "test");
            let world = Self {
                sessions: MemoryTable::default(),
                users: MemoryTable::default(),
                keys,
                now,
            };
            world.users.create(&user).await.unwrap();
            let tokens = open(&world.sessions, &world.keys, &user, now)
                .await
                .unwrap();
            (world, tokens)
        }

        async fn refresh(&self, token: &str) -> Option<Tokens> {
            refresh(&self.sessions, &self.users, &self.keys, token, self.now)
                .await
                .unwrap()
        }
    }

    #[tokio::test]
    async fn a_refresh_token_works_once_and_its_second_use_ends_the_family() {
        let (world, first) = World::signed_in().await;
        let second = world.refresh(&first.refresh_token).await.unwrap();
        assert!(world.refresh(&first.refresh_token).await.is_none());
        assert!(
            world.refresh(&second.refresh_token).await.is_none(),
            "the family is revoked"
        );
    }

    #[tokio::test]
    async fn a_chain_of_refreshes_goes_on() {
        let (world, mut tokens) = World::signed_in().await;
        for _ in 0..5 {
            tokens = world.refresh(&tokens.refresh_token).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_family_runs_out() {
        let (mut world, tokens) = World::signed_in().await;
        world.now += IDLE;
        assert!(world.refresh(&tokens.refresh_token).await.is_none());
    }

    #[tokio::test]
    async fn garbage_is_no_token() {
        let (world, _) = World::signed_in().await;
        for token in ["", "x", &"A".repeat(64), &"é".repeat(32)] {
            assert!(world.refresh(token).await.is_none());
        }
    }

    #[tokio::test]
    async fn another_user_cannot_end_a_family() {
        let (world, tokens) = World::signed_in().await;
        let session = session_of(&tokens.refresh_token).unwrap();
        revoke(&world.sessions, UserId::new(), session)
            .await
            .unwrap();
        assert!(world.refresh(&tokens.refresh_token).await.is_some());
    }
}
