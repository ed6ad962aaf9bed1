//! `POST /auth/refresh`: trades a refresh token for new tokens.

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, body, json},
    keyring::{KeyRing, LoadKeys},
    sessions,
    store::{Get, Save, tables::Session},
};
use drape_domain::{Timestamp, User};
use serde::Deserialize;

/// What refreshes sign-ins.
#[derive(Debug)]
pub struct AuthRefresh<U, S, K> {
    /// Accounts.
    pub users: U,
    /// Sign-ins.
    pub sessions: S,
    /// Signs access tokens.
    pub keys: KeyRing<K>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    refresh_token: String,
}

impl<U, S, K> Endpoint for AuthRefresh<U, S, K>
where
    U: Get<User> + 'static,
    S: Get<Session> + Save<Session> + 'static,
    K: LoadKeys + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let Input { refresh_token } = body(&request)?;
        let now = Timestamp::now_utc();
        let keys = self.keys.keys().await;
        let tokens =
            sessions::refresh(&self.sessions, &self.users, &keys, &refresh_token, now).await?;
        let tokens = tokens.ok_or_else(|| {
            Problem::unauthorized(
                "invalid_refresh_token",
                "The refresh token does not work (any more). Sign in again.",
            )
        })?;
        json(200, &tokens)
    }
}

#[cfg(test)]
mod tests {
    use drape_common::{
        store::{Create, memory::MemoryTable},
        testing::{TestAnswer, TestKeys, new_user, request},
    };

    use serde_json::json;

    use super::*;

    type App = AuthRefresh<MemoryTable<User>, MemoryTable<Session>, TestKeys>;

    async fn signed_in() -> (App, String) {
        let now = Timestamp::now_utc();
        let user = new_user();
        let keys = KeyRing::new(TestKeys).await.unwrap();
        let app = AuthRefresh {
            users: MemoryTable::default(),
            sessions: MemoryTable::default(),
            keys,
        };
        app.users.create(&user).await.unwrap();
        let keys = app.keys.keys().await;
        let tokens = sessions::open(&app.sessions, &keys, &user, now)
            .await
            .unwrap();
        (app, tokens.refresh_token)
    }

    async fn post(app: &App, token: &str) -> TestAnswer {
        request()
            .json(&json!({"refresh_token": token}))
            .send(app)
            .await
    }

    #[tokio::test]
    async fn a_refresh_token_gives_new_tokens_once() {
        let (app, first) = signed_in().await;
        let answer = post(&app, &first).await;
        assert_eq!(answer.status, 200);
        let token = answer.body["access_token"].as_str().unwrap();
        assert!(app.keys.verify(token).await.is_ok());
        let second = answer.body["refresh_token"].as_str().unwrap().to_owned();

        let reused = post(&app, &first).await;
        assert_eq!(
            (reused.status, reused.code()),
            (401, "invalid_refresh_token")
        );
        assert_eq!(
            post(&app, &second).await.status,
            401,
            "the family is revoked"
        );
    }

    #[tokio::test]
    async fn of_two_uses_at_once_at_most_one_wins() {
        let (app, token) = signed_in().await;
        let (a, b) = tokio::join!(post(&app, &token), post(&app, &token));
        let wins = [a, b].iter().filter(|answer| answer.status == 200).count();
        assert!(wins <= 1);
    }

    #[tokio::test]
    async fn garbage_is_refused_alike() {
        let (app, _) = signed_in().await;
        assert_eq!(post(&app, "garbage").await.code(), "invalid_refresh_token");
        assert_eq!(
            request().json(&json!({})).send(&app).await.fields(),
            ["refresh_token"]
        );
    }
}
