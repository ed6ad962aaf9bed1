//! `POST /auth/logout`: ends the sign-in of the access token. The access token itself works until it runs
//! out, at most fifteen minutes later; its refresh tokens stop at once.

use drape_common::{
    http::{Endpoint, Outcome, Request, body, caller, empty},
    sessions,
    store::{Get, Save, tables::Session},
};
use serde::Deserialize;

/// What ends sign-ins.
#[derive(Debug)]
pub struct AuthLogout<S> {
    /// Sign-ins.
    pub sessions: S,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Of another sign-in of the same user, to end that one too.
    #[serde(default)]
    refresh_token: Option<String>,
}

impl<S: Get<Session> + Save<Session> + 'static> Endpoint for AuthLogout<S> {
    async fn handle(&self, request: Request) -> Outcome {
        let caller = caller(&request)?;
        let Input { refresh_token } = body(&request)?;
        sessions::revoke(&self.sessions, caller.user_id, caller.session_id).await?;
        let other = refresh_token.as_deref().and_then(sessions::session_of);
        if let Some(other) = other.filter(|other| *other != caller.session_id) {
            sessions::revoke(&self.sessions, caller.user_id, other).await?;
        }
        empty()
    }
}

#[cfg(test)]
mod tests {
    use drape_common::{
        store::{Create, Key, memory::MemoryTable},
        testing::request,
    };
    use drape_domain::{SessionId, UserId};
    use serde_json::json;

    use super::*;

    async fn app(user: UserId, id: SessionId) -> AuthLogout<MemoryTable<Session>> {
        let sessions = MemoryTable::default();
        let session = Session {
            id,
            user_id: user,
            token_hash: "h".into(),
            revoked: false,
            expires_at: i64::MAX,
            revision: 1,
        };
        sessions.create(&session).await.unwrap();
        AuthLogout { sessions }
    }

    async fn revoked(app: &AuthLogout<MemoryTable<Session>>, id: SessionId) -> bool {
        app.sessions
            .get(&Key::simple(id))
            .await
            .unwrap()
            .unwrap()
            .revoked
    }

    #[tokio::test]
    async fn logging_out_ends_the_sign_in_and_may_be_repeated() {
        let (user, session) = (UserId::new(), SessionId::new());
        let app = app(user, session).await;
        for _ in 0..2 {
            assert_eq!(
                request().by_session(user, session).send(&app).await.status,
                204
            );
        }
        assert!(revoked(&app, session).await);
    }

    #[tokio::test]
    async fn nobody_ends_another_users_sign_in() {
        let session = SessionId::new();
        let app = app(UserId::new(), session).await;
        assert_eq!(
            request()
                .by_session(UserId::new(), session)
                .send(&app)
                .await
                .status,
            204
        );
        assert!(!revoked(&app, session).await);
    }

    #[tokio::test]
    async fn without_a_token_nothing_happens() {
        let session = SessionId::new();
        let app = app(UserId::new(), session).await;
        assert_eq!(request().send(&app).await.status, 401);
        let odd = request()
            .by_session(UserId::new(), session)
            .json(&json!({"everywhere": true}));
        assert_eq!(odd.send(&app).await.status, 422);
    }
}
