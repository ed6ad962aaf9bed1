//! Decides for API Gateway whether an access token is good, and whose it is. API Gateway keeps an answer
//! for a minute, keyed by the `Authorization` header, and hands its context to the endpoint: the only
//! source of identity there is.

use aws_lambda_events::apigw::{
    ApiGatewayV2CustomAuthorizerSimpleResponse, ApiGatewayV2CustomAuthorizerV2Request,
};
use drape_common::{
    keyring::{KeyRing, LoadKeys},
    tokens::Refused,
};
use serde_json::{Value, json};

/// What decides.
#[derive(Debug)]
pub struct Authorizer<K> {
    /// Verifies access tokens.
    pub keys: KeyRing<K>,
}

impl<K: LoadKeys> Authorizer<K> {
    /// The answer to API Gateway. A refusal says nothing about why.
    pub async fn decide(
        &self,
        request: &ApiGatewayV2CustomAuthorizerV2Request,
    ) -> ApiGatewayV2CustomAuthorizerSimpleResponse<Value> {
        let outcome = match bearer(request) {
            Some(token) => self.keys.verify(token).await,
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
    use drape_common::{testing::TestKeys, tokens::TokenKeys};
    use drape_domain::{Role, SessionId, UserId};
    use time::OffsetDateTime;

    use super::*;

    async fn authorizer() -> Authorizer<TestKeys> {
        Authorizer {
            keys: KeyRing::new(TestKeys).await.unwrap(),
        }
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
        let (user, token) = token('k', "test");
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
        let (_, good) = token('k', "test");
        let (_, wrong_key) = token('b', "test");
        let (_, wrong_audience) = token('k', "prod");
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
}
