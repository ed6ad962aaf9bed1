//! Outfits from a person's own wardrobe, and what they think of them.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use drape_common::store::{dynamo::Table, queries::RecentSignals, tables::DaySignal};
use drape_domain::{Category, SignalKind};
use drape_e2e::{Person, Stack};
use serde_json::{Value, json};

use crate::{Outcome, seed};

const NAVY: (&str, [u8; 3]) = ("navy", [28, 36, 72]);
const WHITE: (&str, [u8; 3]) = ("white", [245, 245, 243]);
const BEIGE: (&str, [u8; 3]) = ("beige", [214, 194, 162]);
const OLIVE: (&str, [u8; 3]) = ("olive", [104, 104, 54]);
const BLACK: (&str, [u8; 3]) = ("black", [24, 24, 26]);

/// A wardrobe for every weather: the category of each item by its id.
async fn wardrobe(stack: &Stack, ada: &Person) -> Result<HashMap<String, Category>> {
    let mut items = HashMap::new();
    for (category, color) in [
        (Category::TShirt, WHITE),
        (Category::Shirt, NAVY),
        (Category::Polo, OLIVE),
        (Category::Sweater, BEIGE),
        (Category::Pants, NAVY),
        (Category::Pants, BEIGE),
        (Category::Shorts, BEIGE),
        (Category::Outerwear, OLIVE),
        (Category::Outerwear, BLACK),
        (Category::Shoes, WHITE),
        (Category::Shoes, BLACK),
        (Category::Hat, BLACK),
    ] {
        let id = seed::ready_item(stack, ada, category, color).await?;
        items.insert(id.to_string(), category);
    }
    Ok(items)
}

fn pieces(outfit: &Value) -> Vec<String> {
    let ids = outfit["items"].as_array().unwrap().iter();
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn slots(outfit: &Value) -> HashSet<&str> {
    let pieces = outfit["pieces"].as_array().unwrap().iter();
    pieces
        .map(|piece| piece["slot"].as_str().unwrap())
        .collect()
}

/// Checks what is true of every answer, and hands back its outfits.
fn outfits(answer: &Value, own: &HashMap<String, Category>) -> Vec<Value> {
    let outfits = answer["recommendations"].as_array().unwrap().clone();
    let mut seen = HashSet::new();
    for outfit in &outfits {
        let ids = pieces(outfit);
        assert!(ids.iter().all(|id| own.contains_key(id)), "of their own");
        assert!(seen.insert(ids.clone()), "no outfit twice");
        let slots = slots(outfit);
        let dressed = slots.contains("dress") || slots.contains("top") && slots.contains("bottom");
        assert!(dressed, "a whole outfit: {slots:?}");
        let shown = outfit["pieces"].as_array().unwrap();
        assert_eq!(shown.len(), ids.len());
        for (piece, id) in shown.iter().zip(&ids) {
            assert_eq!(piece["item_id"], id.as_str());
            assert!(piece["thumb"].as_str().is_some());
            assert!(
                piece["title"]
                    .as_str()
                    .is_some_and(|title| !title.is_empty())
            );
        }
        let score = outfit["score"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&score), "{score}");
        let features = outfit["features"].as_array().unwrap().iter();
        let sum: f64 = features.map(|f| f["contribution"].as_f64().unwrap()).sum();
        assert!((sum - score).abs() < 0.01, "{sum} is not {score}");
        assert!(!outfit["explain"].as_array().unwrap().is_empty());
    }
    assert!(answer["model"].as_str().is_some());
    outfits
}

#[tokio::test]
async fn outfits_suit_the_weather() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let own = wardrobe(&stack, &ada).await?;

    let sun = ada.get("/recommendations?temp_c=28&condition=sunny&time_of_day=afternoon");
    let sun = sun.expect(200).await?;
    let context =
        json!({ "temp_c": 28.0, "humidity": null, "condition": "sunny", "source": "client" });
    assert_eq!(sun["context"], context);
    let sunny = outfits(&sun, &own);
    assert_eq!(sunny.len(), 3);
    for outfit in &sunny {
        for id in pieces(outfit) {
            let warm = [Category::Outerwear, Category::Sweater].contains(&own[&id]);
            assert!(!warm, "{outfit}");
        }
    }

    let rain = ada.get("/recommendations?temp_c=12&condition=rain&limit=2");
    let rain = rain.expect(200).await?;
    let rainy = outfits(&rain, &own);
    assert_eq!(rainy.len(), 2);
    for outfit in &rainy {
        assert!(slots(outfit).contains("outer"), "{outfit}");
        assert!(pieces(outfit).iter().all(|id| own[id] != Category::Shorts));
    }
    Ok(())
}

#[tokio::test]
async fn what_is_disliked_is_left_out() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let own = wardrobe(&stack, &ada).await?;
    let tastes = json!({ "prefs": { "disliked_categories": ["t_shirt", "hat"] } });
    ada.patch("/me", &tastes).expect(200).await?;
    let answer = ada.get("/recommendations?temp_c=26&condition=clear&limit=10");
    for outfit in outfits(&answer.expect(200).await?, &own) {
        for id in pieces(&outfit) {
            assert!(![Category::TShirt, Category::Hat].contains(&own[&id]));
        }
    }
    Ok(())
}

#[tokio::test]
async fn without_weather_or_wardrobe_there_is_still_an_answer() -> Outcome {
    let stack = Stack::from_env()?;
    let (ada, ben) = (stack.sign_up().await?, stack.sign_up().await?);
    let own = wardrobe(&stack, &ada).await?;
    let answer = ada.get("/recommendations").expect(200).await?;
    assert_eq!(answer["context"]["source"], "none");
    assert!(!outfits(&answer, &own).is_empty());

    // Whether the weather service can be reached or not.
    let lagos = ada.get("/recommendations").query(&[
        ("lat", "6.45"),
        ("lon", "3.39"),
        ("user_id", &ada.id),
        ("occasion", "work"),
        ("include_boutiques", "true"),
        ("context", "office"),
    ]);
    let lagos = lagos.expect(200).await?;
    let source = lagos["context"]["source"].as_str().unwrap();
    assert!(["none", "open-meteo"].contains(&source), "{source}");
    assert!(!outfits(&lagos, &own).is_empty());

    let empty = ben.get("/recommendations?temp_c=20").expect(200).await?;
    assert_eq!(empty["recommendations"], json!([]));
    assert!(!empty["missing"].as_array().unwrap().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused() -> Outcome {
    let stack = Stack::from_env()?;
    let (ada, ben) = (stack.sign_up().await?, stack.sign_up().await?);
    for (query, field) in [
        ("temp_c=warm", "temp_c"),
        ("temp_c=100", "temp_c"),
        ("temp_c=NaN", "temp_c"),
        ("condition=apocalypse", "condition"),
        ("occasion=coronation", "occasion"),
        ("time_of_day=teatime", "time_of_day"),
        ("lat=6.45", "lon"),
        ("lat=91&lon=0", "lat"),
        ("lat=0&lon=181", "lon"),
        ("date=tomorrow", "date"),
        ("limit=0", "limit"),
        ("limit=11", "limit"),
        ("user_id=me", "user_id"),
        ("weather=nice", "weather"),
    ] {
        let call = ada.get(&format!("/recommendations?{query}"));
        assert_eq!(call.invalid_fields().await?, [field], "for {query}");
    }
    let call = ada.get(&format!("/recommendations?user_id={}", ben.id));
    call.problem(403, "user_mismatch").await?;
    Ok(())
}

#[tokio::test]
async fn a_signal_is_recorded_once() -> Outcome {
    let stack = Stack::from_env()?;
    let (ada, ben) = (stack.sign_up().await?, stack.sign_up().await?);
    let own = wardrobe(&stack, &ada).await?;
    let answer = ada.get("/recommendations?temp_c=24").expect(200).await?;
    let shown = &answer["recommendations"][0];
    let signal = json!({
        "kind": "worn",
        "recommendation_id": shown["id"],
        "items": shown["items"],
    });
    let first = ada.post("/signals", &signal).expect(202).await?;
    let again = ada.post("/signals", &signal).expect(202).await?;
    assert_eq!(first["signal"]["id"], again["signal"]["id"]);

    let name = stack.output("SignalsTable")?.to_owned();
    let signals = Table::<DaySignal>::new(&stack.aws()?.dynamodb(), name);
    let recorded = signals.recent_signals(seed::user_id(&ada), 10).await?;
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0].kind, SignalKind::Worn);
    assert_eq!(recorded[0].items.len(), pieces(shown).len());

    // Under a key, too; and another signal under the same key is refused.
    let keyed = |kind: &str| {
        let body = json!({ "kind": kind, "items": shown["items"] });
        ada.post("/signals", &body).header("idempotency-key", "k")
    };
    let first = keyed("like").expect(202).await?;
    let again = keyed("like").expect(202).await?;
    assert_eq!(first["signal"]["id"], again["signal"]["id"]);
    keyed("saved")
        .problem(422, "idempotency_key_reused")
        .await?;
    let recorded = signals.recent_signals(seed::user_id(&ada), 10).await?;
    assert_eq!(recorded.len(), 2);

    // What was worn is known to the next answer.
    let next = ada.get("/recommendations?temp_c=24").expect(200).await?;
    assert!(!outfits(&next, &own).is_empty());

    let of_others = ben.post("/signals", &signal);
    of_others.problem(404, "item_not_found").await?;
    for (field, value) in [
        ("kind", json!("adored")),
        ("items", json!([])),
        ("items", json!([shown["items"][0], shown["items"][0]])),
        ("recommendation_id", json!("x")),
        ("weight", json!(2)),
    ] {
        let mut body = signal.clone();
        body[field] = value.clone();
        let fields = ada.post("/signals", &body).invalid_fields().await?;
        assert_eq!(fields, [field], "for {value}");
    }
    Ok(())
}
