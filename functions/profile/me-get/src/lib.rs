//! `GET /me`: the caller's account.

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, caller, json, with_etag},
    store::{Get, Key},
    views::UserView,
};
use drape_domain::User;

/// What shows accounts.
#[derive(Debug)]
pub struct MeGet<U> {
    /// Accounts.
    pub users: U,
}

impl<U: Get<User> + 'static> Endpoint for MeGet<U> {
    async fn handle(&self, request: Request) -> Outcome {
        let caller = caller(&request)?;
        let user = self.users.get(&Key::simple(caller.user_id)).await?;
        let user = user.ok_or_else(|| {
            Problem::not_found("user_not_found", "The account does not exist any more.")
        })?;
        let revision = user.revision;
        let answer = serde_json::json!({ "user": UserView::from(user) });
        with_etag(revision, json(200, &answer))
    }
}

#[cfg(test)]
mod tests {
    use drape_common::{
        store::{Create, memory::MemoryTable},
        testing::{new_user, request},
    };
    use drape_domain::UserId;

    use super::*;

    #[tokio::test]
    async fn a_person_sees_their_own_account_and_no_other() {
        let user = User {
            revision: 3,
            ..new_user()
        };
        let app = MeGet {
            users: MemoryTable::default(),
        };
        app.users.create(&user).await.unwrap();
        let answer = request().by(user.id).send(&app).await;
        assert_eq!(
            (answer.status, &answer.body["user"]["etag"]),
            (200, &"\"3\"".into())
        );
        assert_eq!(answer.headers["etag"], "\"3\"");
        assert_eq!(
            request().by(UserId::new()).send(&app).await.code(),
            "user_not_found"
        );
        assert_eq!(request().send(&app).await.status, 401);
    }
}
