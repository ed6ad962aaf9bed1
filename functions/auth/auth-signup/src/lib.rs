//! `POST /auth/signup`: makes an account and signs it in.

use drape_common::{
    http::{Endpoint, Outcome, Problem, Request, body, created},
    keyring::{KeyRing, LoadKeys},
    password,
    sessions::{self, Tokens},
    store::{
        Create,
        queries::CreateAccount,
        tables::{Login, Session},
    },
    views::UserView,
};
use drape_domain::{Role, Text, Timestamp, User};
use serde::{Deserialize, Serialize};

/// What makes an account.
#[derive(Debug)]
pub struct AuthSignup<U, S, K> {
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
    email: Email,
    password: Password,
    name: Text<100>,
    #[serde(default)]
    role: Role,
}

/// An address as typed. Only its general form is checked: whether it works, a message to it would tell.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Email(String);

impl TryFrom<String> for Email {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, &'static str> {
        let text = text.trim();
        let well_formed = text.len() <= 254
            && !text.contains(|c: char| c.is_whitespace() || c.is_control())
            && text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && !domain.contains('@')
                    && domain
                        .split_once('.')
                        .is_some_and(|(name, rest)| !name.is_empty() && !rest.is_empty())
                    && !domain.ends_with('.')
            });
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be an email address")
        }
    }
}

/// Long enough to withstand guessing, short enough to hash.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Password(String);

impl TryFrom<String> for Password {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, &'static str> {
        match text.chars().count() {
            0..10 => Err("must have at least 10 characters"),
            10..=200 => Ok(Self(text)),
            _ => Err("must have at most 200 characters"),
        }
    }
}

#[derive(Serialize)]
struct Output {
    user: UserView,
    #[serde(flatten)]
    tokens: Tokens,
}

impl<U, S, K> Endpoint for AuthSignup<U, S, K>
where
    U: CreateAccount + 'static,
    S: Create<Session> + 'static,
    K: LoadKeys + 'static,
{
    async fn handle(&self, request: Request) -> Outcome {
        let Input {
            email: Email(email),
            password: Password(password),
            name,
            role,
        } = body(&request)?;
        let now = Timestamp::now_utc();
        let user = User::new(email, name, role, now);
        let login = Login {
            id: Login::key_of(&user.email).partition,
            user_id: user.id,
            password_hash: password::hash(&password)?,
        };
        if !self.users.create_account(&user, &login).await? {
            return Err(Problem::conflict(
                "email_taken",
                "There is an account with this email. Sign in instead.",
            ));
        }
        let keys = self.keys.keys().await;
        let tokens = sessions::open(&self.sessions, &keys, &user, now).await?;
        created(
            "/me",
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
        store::memory::{Fuse, MemoryTable},
        testing::{TestAnswer, TestKeys, request},
    };
    use serde_json::{Value, json};

    use super::*;

    type App = AuthSignup<MemoryTable<User>, MemoryTable<Session>, TestKeys>;

    async fn app() -> App {
        let keys = KeyRing::new(TestKeys).await.unwrap();
        AuthSignup {
            users: MemoryTable::default(),
            sessions: MemoryTable::default(),
            keys,
        }
    }

    fn input() -> Value {
        json!({"email": "Shopper@example.com", "password": "long enough", "name": "Shopper"})
    }

    async fn post(app: &App, input: &Value) -> TestAnswer {
        request().json(input).send(app).await
    }

    #[tokio::test]
    async fn a_new_account_is_signed_in() {
        let app = app().await;
        let answer = post(&app, &input()).await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.body["user"]["email"], "Shopper@example.com");
        assert_eq!(answer.body["user"]["role"], "user");
        assert_eq!(
            (&answer.body["token_type"], &answer.body["expires_in"]),
            (&json!("Bearer"), &json!(900))
        );
        let token = answer.body["access_token"].as_str().unwrap();
        let claims = app.keys.verify(token).await.unwrap();
        assert_eq!(json!(claims.sub), answer.body["user"]["id"]);
        assert!(answer.body["refresh_token"].is_string());
    }

    #[tokio::test]
    async fn the_password_is_not_kept_and_not_shown() {
        let app = app().await;
        let answer = post(&app, &input()).await;
        let kept = format!("{:?}{}", app.users.dump(), answer.body);
        assert!(!kept.contains("long enough"));
        assert!(!answer.body.to_string().contains("argon2"));
    }

    #[tokio::test]
    async fn an_email_is_unique_without_regard_to_case() {
        let app = app().await;
        post(&app, &input()).await;
        let mut again = input();
        again["email"] = json!("sHOPPER@EXAMPLE.com");
        let answer = post(&app, &again).await;
        assert_eq!((answer.status, answer.code()), (409, "email_taken"));
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        let app = app().await;
        for (field, value) in [
            ("email", json!("nobody")),
            ("email", json!("a@b")),
            ("email", json!("a b@example.com")),
            ("email", json!("a@b@example.com")),
            ("password", json!("short")),
            ("password", json!("x".repeat(201))),
            ("name", json!("  ")),
            ("name", json!("x".repeat(101))),
            ("role", json!("admin")),
            ("is_admin", json!(true)),
        ] {
            let mut input = input();
            input[field] = value.clone();
            let answer = post(&app, &input).await;
            assert_eq!(
                (answer.status, answer.fields()),
                (422, vec![field]),
                "{value}"
            );
        }
        assert!(app.users.is_empty());
    }

    #[tokio::test]
    async fn an_account_that_was_made_before_a_crash_can_sign_in_later() {
        let fuse = Fuse::default();
        let app = AuthSignup {
            users: MemoryTable::new(&fuse),
            sessions: MemoryTable::<Session>::new(&fuse),
            keys: KeyRing::new(TestKeys).await.unwrap(),
        };
        fuse.blow_after(1);
        assert_eq!(request().json(&input()).send(&app).await.status, 500);
        fuse.mend();
        assert_eq!(app.users.len(), 2, "both rows or none");
        assert_eq!(
            request().json(&input()).send(&app).await.code(),
            "email_taken"
        );
    }
}
