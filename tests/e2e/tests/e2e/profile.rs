//! `GET /me` and `PATCH /me`.

use drape_e2e::Stack;
use futures::future::try_join_all;
use reqwest::Method;
use serde_json::json;

use crate::Outcome;

#[tokio::test]
async fn a_profile_is_read_and_changed_field_by_field() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let before = ada.get("/me").expect(200).await?["user"].clone();
    assert_eq!(before["email"], ada.email);
    assert_eq!(before["role"], "user");

    let change = json!({ "prefs": {
        "background_preference": "original",
        "favorite_styles": ["minimal"],
        "preferred_colors": ["navy"],
        "disliked_colors": ["orange"],
        "disliked_categories": ["hat"],
        "sizes": ["M", "EU 42"],
        "modesty": "modest",
        "budget": null,
    }});
    let after = ada.patch("/me", &change).expect(200).await?["user"].clone();
    assert_eq!(after["name"], before["name"], "what is not sent stays");
    assert_eq!(after["prefs"], change["prefs"]);
    assert_ne!(after["etag"], before["etag"]);

    let change =
        json!({ "name": "Adaeze", "prefs": { "background_preference": null, "sizes": [] } });
    let last = ada.patch("/me", &change).expect(200).await?["user"].clone();
    assert_eq!(last["name"], "Adaeze");
    assert!(last["prefs"]["background_preference"].is_null());
    assert_eq!(last["prefs"]["sizes"], json!([]));
    assert_eq!(last["prefs"]["favorite_styles"], json!(["minimal"]));
    assert_eq!(ada.get("/me").expect(200).await?["user"], last);
    Ok(())
}

#[tokio::test]
async fn what_a_profile_cannot_hold_is_named() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    for (body, field) in [
        (json!({}), "body"),
        (json!({ "name": "" }), "name"),
        (json!({ "name": "n".repeat(10_000) }), "name"),
        (json!({ "email": "other@example.com" }), "email"),
        (json!({ "role": "boutique" }), "role"),
        (
            json!({ "prefs": { "background_preference": "blurred" } }),
            "prefs.background_preference",
        ),
        (
            json!({ "prefs": { "disliked_categories": ["socks"] } }),
            "prefs.disliked_categories[0]",
        ),
        (json!({ "prefs": { "colour": [] } }), "prefs.colour"),
    ] {
        let fields = ada.patch("/me", &body).invalid_fields().await?;
        assert_eq!(fields, [field], "for {body}");
    }
    let text = ada.call(Method::PATCH, "/me").text("{");
    text.problem(400, "invalid_json").await?;
    Ok(())
}

#[tokio::test]
async fn of_two_changes_to_what_was_read_one_is_refused() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let me = ada.get("/me").expect(200).await?;
    let etag = me["user"]["etag"].as_str().unwrap();
    let names = ["First", "Second"];
    let calls = names.map(|name| {
        let call = ada.patch("/me", &json!({ "name": name }));
        call.header("if-match", etag).send()
    });
    let mut answers = try_join_all(calls).await?;
    answers.sort_by_key(|answer| answer.status);
    assert_eq!(answers[0].status, 200, "{}", answers[0].text);
    let won = answers[0].body["user"].clone();
    answers.remove(1).problem(412, "etag_mismatch")?;
    assert_eq!(ada.get("/me").expect(200).await?["user"], won);

    let stale = ada.patch("/me", &json!({ "name": "Third" }));
    let stale = stale.header("if-match", etag);
    stale.problem(412, "etag_mismatch").await?;
    Ok(())
}
