//! `POST /auth/login`: signs in with email and password.

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, body, json, source_ip},
    keyring::{KeyRing, LoadKeys},
    limits::Limit,
    password,
    sessions::{self, Tokens},
    store::{
        Create, Get, Key,
        queries::CountAttempts,
        tables::{Login, Session},
    },
    views::UserView,
};
use drape_domain::{Timestamp, User};
use serde::{Deserialize, Serialize};

/// What signs in.
#[derive(Debug)]
pub struct AuthLogin<U, L, S, C, K> {
    /// Accounts.
    pub users: U,
    /// Their credentials.
    pub logins: L,
    /// Sign-ins.
    pub sessions: S,
    /// Counted attempts.
    pub attempts: C,
    /// Signs access tokens.
    pub keys: KeyRing<K>,
}

/// Failed attempts on one account: few, since a person knows their password or resets it.
const PER_ACCOUNT: Limit = Limit {
    name: "login-account",
    most: 10,
    seconds: 15 * 60,
};
/// Failed attempts from one address: more, since many people can share one.
const PER_ADDRESS: Limit = Limit {
    name: "login-address",
    most: 100,
    seconds: 15 * 60,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    email: String,
    password: String,
}

#[derive(Serialize)]
struct Output {
    user: UserView,
    #[serde(flatten)]
    tokens: Tokens,
}

impl<U, L, S, C, K> AuthLogin<U, L, S, C, K>
where
    U: Get<User>,
    L: Get<Login>,
{
    /// The account with these credentials. Unknown email and wrong password take the same time: the password
    /// is hashed in any case.
    async fn account(&self, input: &Input) -> Result<Option<User>, Problem> {
        let login = self.logins.get(&Login::key_of(&input.email)).await?;
        // Over-long passwords cannot have been set, and hashing them is work for an attacker to give us.
        let fits = input.password.len() <= 1000;
        let typed = if fits { input.password.as_str() } else { "" };
        if !password::verify(
            typed,
            login.as_ref().map(|login| login.password_hash.as_str()),
        ) {
            return Ok(None);
        }
        let Some(login) = login else { return Ok(None) };
        Ok(self.users.get(&Key::simple(login.user_id)).await?)
    }
}

impl<U, L, S, C, K> Endpoint for AuthLogin<U, L, S, C, K>
where
    U: Get<User> + 'static,
    L: Get<Login> + 'static,
    S: Create<Session> + 'static,
    C: CountAttempts + 'static,
    K: LoadKeys + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let input: Input = body(&request)?;
        let now = Timestamp::now_utc();
        let by_address = PER_ADDRESS
            .count(&self.attempts, source_ip(&request), now)
            .await?;
        let by_account = PER_ACCOUNT
            .count(&self.attempts, &Login::key_of(&input.email).partition, now)
            .await?;
        let Some(user) = self.account(&input).await? else {
            return Err(Problem::unauthorized(
                "invalid_credentials",
                "Email or password is wrong.",
            ));
        };
        // Only failures count.
        by_address.take_back(&self.attempts).await?;
        by_account.take_back(&self.attempts).await?;
        let keys = self.keys.keys().await;
        let tokens = sessions::open(&self.sessions, &keys, &user, now).await?;
        json(
            200,
            &Output {
                user: user.into(),
                tokens,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use drape_common::{
        store::{
            memory::{MemoryCounters, MemoryTable},
            queries::CreateAccount,
        },
        testing::{TestAnswer, TestKeys, new_user, request},
    };

    use serde_json::json;

    use super::*;

    type App = AuthLogin<
        MemoryTable<User>,
        MemoryTable<Login>,
        MemoryTable<Session>,
        MemoryCounters,
        TestKeys,
    >;

    async fn app() -> App {
        let user = new_user();
        let login = Login {
            id: Login::key_of(&user.email).partition,
            user_id: user.id,
            password_hash: password::hash("long enough").unwrap(),
        };
        let users = MemoryTable::<User>::default();
        users.create_account(&user, &login).await.unwrap();
        AuthLogin {
            logins: users.share(),
            users,
            sessions: MemoryTable::default(),
            attempts: MemoryCounters::default(),
            keys: KeyRing::new(TestKeys).await.unwrap(),
        }
    }

    async fn post(app: &App, email: &str, password: &str) -> TestAnswer {
        request()
            .json(&json!({"email": email, "password": password}))
            .send(app)
            .await
    }

    #[tokio::test]
    async fn the_right_password_signs_in_whatever_the_case_of_the_email() {
        let app = app().await;
        let answer = post(&app, "SHOPPER@example.com", "long enough").await;
        assert_eq!(answer.status, 200);
        let token = answer.body["access_token"].as_str().unwrap();
        assert!(app.keys.verify(token).await.is_ok());
        assert_eq!(app.sessions.len(), 1);
    }

    #[tokio::test]
    async fn an_unknown_email_and_a_wrong_password_are_answered_alike() {
        let app = app().await;
        let wrong = post(&app, "shopper@example.com", "not the one").await;
        let unknown = post(&app, "nobody@example.com", "not the one").await;
        assert_eq!((wrong.status, wrong.code()), (401, "invalid_credentials"));
        assert_eq!(wrong.body, unknown.body);
    }

    #[tokio::test]
    async fn an_account_is_closed_to_guessing_for_a_while() {
        let app = app().await;
        for _ in 0..10 {
            assert_eq!(
                post(&app, "shopper@example.com", "a wrong one")
                    .await
                    .status,
                401
            );
        }
        let answer = post(&app, "shopper@example.com", "long enough").await;
        assert_eq!(answer.status, 429);
        let wait: u64 = answer.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..=900).contains(&wait));
    }

    #[tokio::test]
    async fn an_address_is_closed_to_guessing_across_accounts() {
        let app = app().await;
        let from = |number: u32, ip: &'static str| {
            let input = json!({"email": format!("nobody{number}@example.com"), "password": "x"});
            request().json(&input).from_ip(ip)
        };
        for _ in 0..100 {
            // The counter alone: hashing a hundred passwords would only take time.
            PER_ADDRESS
                .count(&app.attempts, "198.51.100.7", Timestamp::now_utc())
                .await
                .unwrap();
        }
        assert_eq!(from(1, "198.51.100.7").send(&app).await.status, 429);
        assert_eq!(from(2, "198.51.100.8").send(&app).await.status, 401);
    }

    #[tokio::test]
    async fn signing_in_often_is_no_offence() {
        let app = app().await;
        for _ in 0..12 {
            assert_eq!(
                post(&app, "shopper@example.com", "long enough")
                    .await
                    .status,
                200
            );
        }
    }

    #[tokio::test]
    async fn an_endless_password_is_just_wrong() {
        let app = app().await;
        assert_eq!(
            post(&app, "shopper@example.com", &"x".repeat(5000))
                .await
                .status,
            401
        );
    }
}
