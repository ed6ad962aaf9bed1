//! Accounts, sign-ins and tokens.

use anyhow::Result;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use drape_common::{
    hash,
    store::{
        Key, Remove,
        dynamo::Table,
        tables::{Login, Reservation},
    },
    tokens::TokenKeys,
};
use drape_domain::{Role, SessionId, Timestamp, UserId};
use drape_e2e::{Answer, Stack};
use futures::future::{join_all, try_join_all};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Outcome;

fn email() -> String {
    format!("{}@Example.com", Uuid::now_v7())
}

fn account(email: &str) -> Value {
    json!({ "email": email, "password": "ten characters", "name": "Adaeze", "role": "boutique" })
}

#[tokio::test]
async fn signing_up_makes_an_account_and_signs_it_in() -> Outcome {
    let stack = Stack::from_env()?;
    let email = email();
    let answer = stack.post("/auth/signup", &account(&email)).send().await?;
    assert!(answer.header("location").is_some());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.expect(201)?;
    assert_eq!(body["user"]["email"], email);
    assert_eq!(body["user"]["name"], "Adaeze");
    assert_eq!(body["user"]["role"], "boutique");
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 900);
    assert!(!body.to_string().contains("password"), "{body}");

    let me = stack
        .call(Method::GET, "/me")
        .header(
            "authorization",
            &format!("Bearer {}", body["access_token"].as_str().unwrap()),
        )
        .expect(200)
        .await?;
    assert_eq!(me["user"], body["user"]);
    Ok(())
}

#[tokio::test]
async fn an_email_is_taken_whatever_its_case() -> Outcome {
    let stack = Stack::from_env()?;
    let email = email();
    stack
        .post("/auth/signup", &account(&email))
        .expect(201)
        .await?;
    for spelling in [email.to_uppercase(), email.to_lowercase(), email] {
        let call = stack.post("/auth/signup", &account(&spelling));
        call.problem(409, "email_taken").await?;
    }
    Ok(())
}

#[tokio::test]
async fn of_many_who_sign_up_with_an_email_at_once_one_gets_it() -> Outcome {
    let stack = Stack::from_env()?;
    let body = account(&email());
    let calls = (0..4).map(|_| stack.post("/auth/signup", &body).send());
    let mut statuses: Vec<_> = try_join_all(calls)
        .await?
        .iter()
        .map(|answer| answer.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    Ok(())
}

#[tokio::test]
async fn signing_up_names_what_it_cannot_accept() -> Outcome {
    let stack = Stack::from_env()?;
    for (field, value) in [
        ("email", json!("not an address")),
        ("email", json!("")),
        ("password", json!("too short")),
        ("password", json!(12_345_678_901_i64)),
        ("name", json!("")),
        ("name", json!("n".repeat(10_000))),
        ("role", json!("admin")),
        ("is_admin", json!(true)),
    ] {
        let mut body = account(&email());
        body[field] = value.clone();
        let fields = stack.post("/auth/signup", &body).invalid_fields().await?;
        assert_eq!(fields, [field], "for {value}");
    }
    let empty = stack.call(Method::POST, "/auth/signup");
    assert!(!empty.invalid_fields().await?.is_empty());
    for text in ["{", "nonsense", "\"open"] {
        let call = stack.call(Method::POST, "/auth/signup").text(text);
        call.problem(400, "invalid_json").await?;
    }
    let long = stack
        .call(Method::POST, "/auth/signup")
        .text(format!("{{\"name\":\"{}\"}}", "n".repeat(70_000)));
    long.problem(413, "body_too_large").await?;
    Ok(())
}

#[tokio::test]
async fn signing_in_answers_as_signing_up_does() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let body = json!({ "email": ada.email.to_uppercase(), "password": ada.password });
    let answer = stack.post("/auth/login", &body).expect(200).await?;
    assert_eq!(answer["user"]["id"], ada.id);
    assert_eq!(answer["token_type"], "Bearer");
    for token in ["access_token", "refresh_token"] {
        assert!(answer[token].as_str().is_some_and(|token| token.len() > 40));
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_email_and_a_wrong_password_get_the_same_answer() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let refused = async |email: &str, password: &str| -> Result<Value> {
        let body = json!({ "email": email, "password": password });
        let call = stack.post("/auth/login", &body);
        let mut problem = call.problem(401, "invalid_credentials").await?;
        problem["request_id"] = Value::Null;
        Ok(problem)
    };
    let wrong = refused(&ada.email, "wrong horse battery").await?;
    let unknown = refused(&email(), &ada.password).await?;
    assert_eq!(wrong, unknown);
    let extra = json!({ "email": ada.email, "password": ada.password, "remember": true });
    let call = stack.post("/auth/login", &extra);
    assert_eq!(call.invalid_fields().await?, ["remember"]);
    Ok(())
}

#[tokio::test]
async fn an_account_withstands_guessing() -> Outcome {
    let stack = Stack::from_env()?;
    let (ada, ben) = (stack.sign_up().await?, stack.sign_up().await?);
    let attempt = async |password: &str| -> Result<Answer> {
        let body = json!({ "email": ada.email, "password": password });
        stack.post("/auth/login", &body).send().await
    };
    let limited = async || -> Outcome {
        let mut refused = None;
        for _ in 0..12 {
            let answer = attempt("wrong horse battery").await?;
            if answer.status == 429 {
                refused = Some(answer);
                break;
            }
            answer.problem(401, "invalid_credentials")?;
        }
        let refused = refused.expect("guessing was never stopped");
        let wait: u64 = refused.header("retry-after").unwrap().parse()?;
        assert!((1..=15 * 60).contains(&wait));
        refused.problem(429, "too_many_requests")?;

        // Not even the right password gets in now, from any device; others are not concerned.
        attempt(&ada.password)
            .await?
            .problem(429, "too_many_requests")?;
        stack.sign_in(&ben.email, &ben.password).await?;
        Ok(())
    };
    let outcome = limited().await;
    forgive_this_address(&stack).await?;
    outcome
}

/// The emulator gives every caller the same address, so that these failures would count for other tests too.
async fn forgive_this_address(stack: &Stack) -> Outcome {
    let name = stack.output("LimitsTable")?.to_owned();
    // Counters, like reservations, have `id` for their only key.
    let counters = Table::<Reservation>::new(&stack.aws()?.dynamodb(), name);
    let window = Timestamp::now_utc().unix_timestamp().div_euclid(15 * 60);
    for window in [window - 1, window] {
        let id = hash::parts(&[b"login-address", b"127.0.0.1", &window.to_le_bytes()]);
        counters.remove(&Key::simple(id)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn no_password_is_stored_or_told() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let rows = stack.aws()?.dynamodb();
    let row = rows
        .get_item()
        .table_name(stack.output("UsersTable")?)
        .key(
            "id",
            aws_sdk_dynamodb::types::AttributeValue::S(Login::key_of(&ada.email).partition),
        )
        .send()
        .await?;
    let row = row.item.expect("the row of the email");
    let hash = row["password_hash"].as_s().unwrap();
    assert!(hash.starts_with("$argon2id$"));
    assert!(!format!("{row:?}").contains(&ada.password));
    Ok(())
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_second_use_ends_the_sign_in() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let phone = stack.sign_in(&ada.email, &ada.password).await?;
    let refresh = async |token: &str| -> Result<Answer> {
        let body = json!({ "refresh_token": token });
        stack.post("/auth/refresh", &body).send().await
    };
    let second = refresh(&ada.refresh_token).await?.expect(200)?;
    let third = refresh(second["refresh_token"].as_str().unwrap()).await?;
    let third = third.expect(200)?;
    assert_ne!(second["refresh_token"], third["refresh_token"]);

    refresh(&ada.refresh_token)
        .await?
        .problem(401, "invalid_refresh_token")?;
    refresh(third["refresh_token"].as_str().unwrap())
        .await?
        .problem(401, "invalid_refresh_token")?;
    // Another device is another family.
    refresh(&phone.refresh_token).await?.expect(200)?;
    for garbage in ["", "x", &"A".repeat(64), &ada.access_token] {
        refresh(garbage)
            .await?
            .problem(401, "invalid_refresh_token")?;
    }
    Ok(())
}

#[tokio::test]
async fn of_two_uses_at_once_at_most_one_works_and_the_sign_in_ends() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let body = json!({ "refresh_token": ada.refresh_token });
    let answers = join_all((0..2).map(|_| stack.post("/auth/refresh", &body).send())).await;
    let mut fresh = Vec::new();
    for answer in answers {
        let answer = answer?;
        if answer.status == 200 {
            fresh.push(answer.body["refresh_token"].clone());
        } else {
            answer.problem(401, "invalid_refresh_token")?;
        }
    }
    assert!(fresh.len() <= 1, "both worked");
    for token in fresh {
        let body = json!({ "refresh_token": token });
        let call = stack.post("/auth/refresh", &body);
        call.problem(401, "invalid_refresh_token").await?;
    }
    Ok(())
}

#[tokio::test]
async fn logging_out_ends_the_sign_in() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let other = stack.sign_in(&ada.email, &ada.password).await?;
    let answer = ada.call(Method::POST, "/auth/logout").send().await?;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    let refresh = |token: &str| stack.post("/auth/refresh", &json!({ "refresh_token": token }));
    refresh(&ada.refresh_token)
        .problem(401, "invalid_refresh_token")
        .await?;
    refresh(&other.refresh_token).expect(200).await?;
    Ok(())
}

/// Every route that needs a token.
const GUARDED: [(Method, &str); 20] = [
    (Method::POST, "/auth/logout"),
    (Method::GET, "/me"),
    (Method::PATCH, "/me"),
    (Method::POST, "/items"),
    (Method::GET, "/items/x"),
    (Method::PATCH, "/items/x"),
    (Method::DELETE, "/items/x"),
    (Method::PUT, "/items/x/image-uploaded"),
    (Method::POST, "/items/x/background-clean"),
    (Method::POST, "/items/x/restore-original"),
    (Method::GET, "/wardrobe"),
    (Method::POST, "/uploads"),
    (Method::GET, "/recommendations"),
    (Method::POST, "/signals"),
    (Method::POST, "/tryon"),
    (Method::GET, "/tryon"),
    (Method::GET, "/tryon/x/status"),
    (Method::DELETE, "/tryon/x"),
    (Method::POST, "/feedback/tryon/x"),
    (Method::GET, "/wardrobe?limit=1"),
];

#[tokio::test]
async fn every_guarded_route_wants_a_token() -> Outcome {
    let stack = Stack::from_env()?;
    for (method, path) in GUARDED {
        let answer = stack.call(method.clone(), path).send().await?;
        answer.by_gateway(&[401])?;
        let answer = stack
            .call(method, path)
            .header("authorization", "Bearer wrong")
            .send()
            .await?;
        answer.by_gateway(&[401, 403])?;
    }
    Ok(())
}

/// The secret that signs access tokens.
async fn secret(stack: &Stack) -> Result<String> {
    let secrets = stack.aws()?.secrets();
    let answer = secrets
        .get_secret_value()
        .secret_id(stack.output("TokenSecretId")?)
        .send()
        .await?;
    let value: Value = serde_json::from_str(answer.secret_string().unwrap())?;
    Ok(value["secret"].as_str().unwrap().to_owned())
}

/// The deployment's stage, as tokens name it.
fn stage(access_token: &str) -> String {
    let claims = access_token.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    claims["aud"]
        .as_str()
        .unwrap()
        .trim_start_matches("drape-")
        .to_owned()
}

#[tokio::test]
async fn only_tokens_of_ours_that_still_live_are_accepted() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let (secret, stage) = (secret(&stack).await?, stage(&ada.access_token));
    let (user, now) = (ada.id.parse::<UserId>().unwrap(), Timestamp::now_utc());
    let token = |secret: &str, stage: &str, at: Timestamp| {
        let keys = TokenKeys::new(&[secret.to_owned()], stage);
        keys.issue(user, SessionId::new(), Role::User, at).unwrap()
    };
    let old = now - time::Duration::minutes(16);

    let (head, rest) = ada.access_token.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let edit = |part: &str, from: &str, to: &str| {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        assert!(text.contains(from), "{text}");
        URL_SAFE_NO_PAD.encode(text.replace(from, to))
    };
    let none = edit(head, "HS256", "none");
    let richer = edit(claims, "\"user\"", "\"boutique\"");

    let refused = [
        ("alg none", format!("{none}.{claims}.")),
        ("alg none, signed", format!("{none}.{claims}.{signature}")),
        ("no signature", format!("{head}.{claims}.")),
        ("other claims", format!("{head}.{richer}.{signature}")),
        ("wrong key", token(&"k".repeat(64), &stage, now)),
        ("run out", token(&secret, &stage, old)),
        ("wrong audience", token(&secret, "elsewhere", now)),
        ("a refresh token", ada.refresh_token.clone()),
        ("nothing", String::new()),
    ];
    for (what, token) in refused {
        let call = stack
            .call(Method::GET, "/me")
            .header("authorization", &format!("Bearer {token}"));
        let answer = call.send().await?;
        assert!(
            [401, 403].contains(&answer.status),
            "{what}: {}",
            answer.text
        );
        answer.by_gateway(&[401, 403])?;
    }
    let bare = stack
        .call(Method::GET, "/me")
        .header("authorization", &ada.access_token);
    bare.send().await?.by_gateway(&[401, 403])?;

    // The same keys with the right words do get in, so that it is the words that were refused.
    let good = format!("Bearer {}", token(&secret, &stage, now));
    let call = stack
        .call(Method::GET, "/me")
        .header("authorization", &good);
    call.expect(200).await?;
    Ok(())
}

#[tokio::test]
async fn an_unknown_route_is_not_found() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    ada.get("/nothing/here").send().await?.by_gateway(&[404])
}

#[tokio::test]
async fn a_web_app_may_ask_before_it_calls() -> Outcome {
    let stack = Stack::from_env()?;
    let answer = stack
        .preflight(
            "/items",
            "POST",
            "authorization,content-type,idempotency-key",
        )
        .await?;
    assert!([200, 204].contains(&answer.status), "{}", answer.status);
    let allowed = |name| answer.header(name).unwrap_or_default().to_lowercase();
    assert!(!allowed("access-control-allow-origin").is_empty());
    assert!(allowed("access-control-allow-methods").contains("post"));
    let headers = allowed("access-control-allow-headers");
    for name in [
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
    ] {
        assert!(headers.contains(name), "{name} is not in {headers}");
    }
    Ok(())
}
