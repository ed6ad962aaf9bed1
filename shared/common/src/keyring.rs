//! The signing keys as they are now: read from Secrets Manager, and again every few minutes, so that an
//! instance that lives for hours follows a rotation.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_sdk_secretsmanager::Client;
use futures::FutureExt;
use serde::Deserialize;
use tokio::sync::RwLock;

use crate::{
    store::StoreError,
    tokens::{Claims, Refused, TokenKeys},
};

/// Where the signing keys come from.
pub trait LoadKeys: Send + Sync {
    /// The keys as they are now.
    fn load_keys(&self) -> impl Future<Output = Result<TokenKeys, StoreError>> + Send;
}

/// Keys older than this are read again before they are used.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// The least time between two loads: unknown keys are also what forged tokens name.
const LOAD_EVERY: Duration = Duration::from_secs(60);

/// Keys that follow their source.
#[derive(Debug)]
pub struct KeyRing<K> {
    source: K,
    loaded: RwLock<(Arc<TokenKeys>, Instant)>,
}

impl<K: LoadKeys> KeyRing<K> {
    /// With the keys as they are now.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn new(source: K) -> Result<Self, StoreError> {
        // Boxed: the calls' state is large, and it is part of init's.
        let keys = Arc::new(source.load_keys().boxed().await?);
        Ok(Self {
            source,
            loaded: RwLock::new((keys, Instant::now())),
        })
    }

    /// The keys, at most a few minutes old; older only while the source does not answer.
    pub async fn keys(&self) -> Arc<TokenKeys> {
        self.keys_within(FRESH).await
    }

    /// What a token says. A key that is not known yet may have come since the last load.
    ///
    /// # Errors
    /// [`Refused`] when the token is not good.
    pub async fn verify(&self, token: &str) -> Result<Claims, Refused> {
        match self.keys().await.verify(token) {
            Err(Refused::UnknownKey) => self.keys_within(LOAD_EVERY).await.verify(token),
            answer => answer,
        }
    }

    async fn keys_within(&self, age: Duration) -> Arc<TokenKeys> {
        {
            let loaded = self.loaded.read().await;
            if loaded.1.elapsed() < age {
                return loaded.0.clone();
            }
        }
        let mut loaded = self.loaded.write().await;
        // Another request may have loaded them while this one waited.
        if loaded.1.elapsed() >= age {
            loaded.1 = Instant::now();
            match self.source.load_keys().await {
                Ok(keys) => loaded.0 = Arc::new(keys),
                Err(error) => tracing::error!(cause = %error, "load keys"),
            }
        }
        loaded.0.clone()
    }
}

/// The secret in Secrets Manager.
#[derive(Debug)]
pub struct SecretKeys {
    client: Client,
    secret_id: String,
    stage: String,
}

impl SecretKeys {
    /// The secret with this name or ARN, for the deployment `stage`.
    #[must_use]
    pub fn new(client: Client, secret_id: String, stage: String) -> Self {
        Self {
            client,
            secret_id,
            stage,
        }
    }

    /// One version of the secret; none if there is no such version.
    async fn read(&self, version: &str) -> Result<Option<String>, StoreError> {
        const DOING: &str = "read token secret";
        let call = self.client.get_secret_value().secret_id(&self.secret_id);
        let answer = match call.version_stage(version).send().await {
            Ok(answer) => answer,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_resource_not_found_exception()) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(StoreError::new(DOING, error)),
        };
        let Secret { secret } =
            serde_json::from_str(answer.secret_string.as_deref().unwrap_or_default())
                .map_err(|_| StoreError::new(DOING, "the value is not {\"secret\": …}"))?;
        // HS256 asks for at least as many bits as its hash (RFC 7518, section 3.2).
        if secret.len() < 32 {
            return Err(StoreError::new(DOING, "the secret is too short"));
        }
        Ok(Some(secret))
    }
}

#[derive(Deserialize)]
struct Secret {
    secret: String,
}

impl LoadKeys for SecretKeys {
    async fn load_keys(&self) -> Result<TokenKeys, StoreError> {
        // Boxed: calls of the SDK are large, and the compiler's patience with nested ones is not.
        let (current, previous) = futures::future::try_join(
            Box::pin(self.read("AWSCURRENT")),
            Box::pin(self.read("AWSPREVIOUS")),
        )
        .await?;
        let current =
            current.ok_or_else(|| StoreError::new("read token secret", "there is none"))?;
        let secrets: Vec<_> = [Some(current), previous].into_iter().flatten().collect();
        Ok(TokenKeys::new(&secrets, &self.stage))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use drape_domain::{Role, SessionId, Timestamp, UserId};

    use super::*;

    struct Secrets(Mutex<Vec<String>>);

    impl LoadKeys for Secrets {
        async fn load_keys(&self) -> Result<TokenKeys, StoreError> {
            let secrets = self.0.lock().unwrap().clone();
            if secrets.is_empty() {
                return Err(StoreError::new("test", "down"));
            }
            Ok(TokenKeys::new(&secrets, "test"))
        }
    }

    async fn ring() -> KeyRing<Secrets> {
        KeyRing::new(Secrets(Mutex::new(vec!["a".repeat(32)])))
            .await
            .unwrap()
    }

    fn token(secret: char) -> String {
        let keys = TokenKeys::new(&[secret.to_string().repeat(32)], "test");
        let now = Timestamp::now_utc();
        keys.issue(UserId::new(), SessionId::new(), Role::User, now)
            .unwrap()
    }

    impl KeyRing<Secrets> {
        fn rotate(&self) {
            *self.source.0.lock().unwrap() = vec!["b".repeat(32), "a".repeat(32)];
        }

        async fn age(&self, age: Duration) {
            self.loaded.write().await.1 = Instant::now().checked_sub(age).unwrap();
        }
    }

    #[tokio::test]
    async fn a_rotated_secret_is_noticed_but_not_at_every_forged_token() {
        let ring = ring().await;
        ring.rotate();
        assert!(
            ring.verify(&token('b')).await.is_err(),
            "loaded a moment ago"
        );
        ring.age(LOAD_EVERY).await;
        assert!(ring.verify(&token('b')).await.is_ok());
    }

    #[tokio::test]
    async fn an_issuer_follows_a_rotation_and_old_tokens_go_on_working() {
        let ring = ring().await;
        let old = token('a');
        ring.rotate();
        ring.age(FRESH).await;
        let now = Timestamp::now_utc();
        let new = ring
            .keys()
            .await
            .issue(UserId::new(), SessionId::new(), Role::User, now)
            .unwrap();
        let only_new = TokenKeys::new(&["b".repeat(32)], "test");
        assert!(only_new.verify(&new).is_ok());
        assert!(ring.verify(&old).await.is_ok());
    }

    #[tokio::test]
    async fn known_keys_go_on_working_while_the_secret_cannot_be_read() {
        let ring = ring().await;
        ring.source.0.lock().unwrap().clear();
        ring.age(FRESH).await;
        assert!(ring.verify(&token('b')).await.is_err());
        assert!(ring.verify(&token('a')).await.is_ok());
    }
}
