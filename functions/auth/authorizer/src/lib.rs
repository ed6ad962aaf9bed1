//! Decides for API Gateway whether an access token is good, and whose it is. API Gateway keeps an answer
//! for a minute, keyed by the `Authorization` header, and hands its context to the endpoint: the only
//! source of identity there is.

use std::{future::Future, time::Instant};

use aws_lambda_events::apigw::{
    ApiGatewayV2CustomAuthorizerSimpleResponse, ApiGatewayV2CustomAuthorizerV2Request,
};
use drape_common::{
    store::StoreError,
    tokens::{Claims, Refused, TokenKeys},
};
use serde_json::{Value, json};
use tokio::sync::RwLock;

/// Where the signing keys come from.
pub trait LoadKeys: Send + Sync {
    /// The keys as they are now.
    fn load_keys(&self) -> impl Future<Output = Result<TokenKeys, StoreError>> + Send;
}

/// The least time between two loads: unknown keys are also what forged tokens name.
const LOAD_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// What decides.
#[derive(Debug)]
pub struct Authorizer<K> {
    source: K,
    keys: RwLock<(TokenKeys, Instant)>,
}

impl<K: LoadKeys> Authorizer<K> {
    /// With the keys as they are now.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn new(source: K) -> Result<Self, StoreError> {
        let keys = source.load_keys().await?;
        Ok(Self {
            source,
            keys: RwLock::new((keys, Instant::now())),
        })
    }

    async fn verify(&self, token: &str) -> Result<Claims, Refused> {
        let loaded = {
            let keys = self.keys.read().await;
            match keys.0.verify(token) {
                Err(Refused::UnknownKey) => keys.1,
                answer => return answer,
            }
        };
        // A key that we do not know yet: the secret may have been rotated since this instance started.
        if loaded.elapsed() < LOAD_EVERY {
            return Err(Refused::UnknownKey);
        }
        let mut keys = self.keys.write().await;
        keys.1 = Instant::now();
        match self.source.load_keys().await {
            Ok(fresh) => keys.0 = fresh,
            Err(error) => tracing::error!(cause = %error, "reload keys"),
        }
        keys.0.verify(token)
    }

    /// The answer to API Gateway. A refusal says nothing about why.
    pub async fn decide(
        &self,
        request: &ApiGatewayV2CustomAuthorizerV2Request,
    ) -> ApiGatewayV2CustomAuthorizerSimpleResponse<Value> {
        let outcome = match bearer(request) {
            Some(token) => self.verify(token).await,
            None => Err(Refused::Invalid),
        };
        let request_id = request
            .request_context
            .request_id
            .as_deref()
            .unwrap_or_default();
        let mut response = ApiGatewayV2CustomAuthorizerSimpleResponse::default();
        match outcome {
            Ok(claims) => {
                tracing::info!(request_id, authorized = true, "authorize");
                response.is_authorized = true;
                response.context = json!({ "user_id": claims.sub, "session_id": claims.sid, "role": claims.role.as_str() });
            }
            Err(reason) => {
                tracing::info!(request_id, authorized = false, %reason, "authorize");
                response.context = json!({});
            }
        }
        response
    }
}

/// The token of an `Authorization: Bearer …` header.
fn bearer(request: &ApiGatewayV2CustomAuthorizerV2Request) -> Option<&str> {
    let header = request.headers.get("authorization")?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use drape_domain::{Role, SessionId, UserId};
    use time::OffsetDateTime;

    use super::*;

    struct Secrets(Mutex<Vec<String>>);

    impl LoadKeys for Secrets {
        async fn load_keys(&self) -> Result<TokenKeys, StoreError> {
            let secrets = self.0.lock().unwrap().clone();
            if secrets.is_empty() {
                Err(StoreError::new("test", "down"))
            } else {
                Ok(TokenKeys::new(&secrets, "test"))
            }
        }
    }

    async fn authorizer() -> Authorizer<Secrets> {
        Authorizer::new(Secrets(Mutex::new(vec!["a".repeat(32)])))
            .await
            .unwrap()
    }

    fn token(secret: char, stage: &str) -> (UserId, String) {
        let user = UserId::new();
        let keys = TokenKeys::new(&[secret.to_string().repeat(32)], stage);
        (
            user,
            keys.issue(
                user,
                SessionId::new(),
                Role::User,
                OffsetDateTime::now_utc(),
            )
            .unwrap(),
        )
    }

    fn request(header: &str) -> ApiGatewayV2CustomAuthorizerV2Request {
        let mut request = ApiGatewayV2CustomAuthorizerV2Request::default();
        request
            .headers
            .insert("authorization", header.parse().unwrap());
        request
    }

    #[tokio::test]
    async fn a_good_token_is_let_through_as_its_user() {
        let (user, token) = token('a', "test");
        let answer = authorizer()
            .await
            .decide(&request(&format!("Bearer {token}")))
            .await;
        assert!(answer.is_authorized);
        assert_eq!(answer.context["user_id"], json!(user));
        assert_eq!(answer.context["role"], "user");
    }

    #[tokio::test]
    async fn anything_else_is_refused_without_a_reason() {
        let authorizer = authorizer().await;
        let (_, good) = token('a', "test");
        let (_, wrong_key) = token('b', "test");
        let (_, wrong_audience) = token('a', "prod");
        for header in [
            String::new(),
            "Bearer".to_owned(),
            "Bearer ".to_owned(),
            format!("Basic {good}"),
            good.clone(),
            format!("Bearer {wrong_key}"),
            format!("Bearer {wrong_audience}"),
            format!("Bearer {good}x"),
        ] {
            let answer = authorizer.decide(&request(&header)).await;
            assert!(!answer.is_authorized, "{header}");
            assert_eq!(answer.context, json!({}));
        }
        let none = ApiGatewayV2CustomAuthorizerV2Request::default();
        assert!(!authorizer.decide(&none).await.is_authorized);
    }

    #[tokio::test]
    async fn a_rotated_secret_is_noticed_but_not_at_every_forged_token() {
        let authorizer = authorizer().await;
        let (_, new) = token('b', "test");
        *authorizer.source.0.lock().unwrap() = vec!["b".repeat(32), "a".repeat(32)];
        let header = format!("Bearer {new}");
        assert!(
            !authorizer.decide(&request(&header)).await.is_authorized,
            "loaded a moment ago"
        );

        let long_ago = Instant::now().checked_sub(LOAD_EVERY).unwrap();
        authorizer.keys.write().await.1 = long_ago;
        assert!(authorizer.decide(&request(&header)).await.is_authorized);
    }

    #[tokio::test]
    async fn known_keys_go_on_working_while_the_secret_cannot_be_read() {
        let authorizer = authorizer().await;
        authorizer.source.0.lock().unwrap().clear();
        authorizer.keys.write().await.1 = Instant::now().checked_sub(LOAD_EVERY).unwrap();
        let (_, unknown) = token('b', "test");
        let (_, known) = token('a', "test");
        assert!(
            !authorizer
                .decide(&request(&format!("Bearer {unknown}")))
                .await
                .is_authorized
        );
        assert!(
            authorizer
                .decide(&request(&format!("Bearer {known}")))
                .await
                .is_authorized
        );
    }
}
