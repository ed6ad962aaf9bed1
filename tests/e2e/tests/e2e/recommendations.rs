//! Outfits from a person's own wardrobe, and what they think of them.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use drape_common::store::{
    Get,
    dynamo::Table,
    queries::RecentSignals,
    tables::{DayShowing, DaySignal, tryon_key},
};
use drape_domain::{Category, RecommendationId, SignalKind, TryOn};
use drape_e2e::{
    Person, Stack,
    pictures::{self, Shape, garment},
};
use serde_json::{Value, json};

use crate::{Outcome, catalog, seed};

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
        ("humidity=101", "humidity"),
        ("pair_with=shirt", "pair_with"),
        ("exclude=shirt,hat", "exclude"),
        ("avoid_repeat_days=61", "avoid_repeat_days"),
        ("context=%7B%22event%22%3A%7B%7D%7D", "context.event.title"),
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

#[tokio::test]
async fn what_was_shown_can_be_tried_on_as_such_by_whom_it_was_shown_to() -> Outcome {
    let stack = Stack::from_env()?;
    let (ada, ben) = (stack.sign_up().await?, stack.sign_up().await?);
    wardrobe(&stack, &ada).await?;
    let answer = ada.get("/recommendations?temp_c=24").expect(200).await?;
    let (first, second) = (&answer["recommendations"][0], &answer["recommendations"][1]);
    let ask = async |person: &Person, recommendation: &Value, items: &Value| -> Result<_> {
        let photo = person.upload_body(&pictures::wall()?).await?;
        let body = json!({
            "target_image_s3": photo,
            "items": items,
            "recommendation_id": recommendation,
        });
        let call = person.post("/tryon", &body);
        Ok(call.header("prefer", "respond-async"))
    };
    let made = ask(&ada, &first["id"], &first["items"]).await?;
    let made = made.expect(202).await?;
    let key = tryon_key(
        seed::user_id(&ada),
        made["tryon"]["id"].as_str().unwrap().parse()?,
    );
    let tryons = Table::<TryOn>::new(
        &stack.aws()?.dynamodb(),
        stack.output("TryonsTable")?.to_owned(),
    );
    let tryon = tryons.get(&key).await?.unwrap();
    let recommendation = tryon.recommendation_id.map(|id| json!(id));
    assert_eq!(recommendation.as_ref(), Some(&first["id"]));

    let own = seed::ready_item(&stack, &ben, Category::Shirt, NAVY).await?;
    let of_others = ask(&ben, &first["id"], &json!([own])).await?;
    of_others.problem(404, "recommendation_not_found").await?;
    let other = pieces(second);
    let other = other.iter().find(|id| !pieces(first).contains(id)).unwrap();
    let not_of_it = ask(&ada, &first["id"], &json!([other])).await?;
    assert_eq!(not_of_it.invalid_fields().await?, ["recommendation_id"]);
    Ok(())
}

/// Whether an item is in any of ten outfits.
async fn shown(person: &Person, id: &str) -> Result<bool> {
    let answer = person.get("/recommendations?temp_c=24&limit=10");
    Ok(answer.expect(200).await?["recommendations"]
        .to_string()
        .contains(id))
}

#[tokio::test]
async fn what_a_person_changes_is_so_in_the_very_next_answer() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let own = wardrobe(&stack, &ada).await?;
    let shoes: Vec<_> = own
        .iter()
        .filter(|(_, category)| **category == Category::Shoes)
        .map(|(id, _)| format!("/items/{id}"))
        .collect();
    // With one pair left, that pair is in every outfit.
    assert_eq!(ada.delete(&shoes[0]).send().await?.status, 204);
    let id = shoes[1].trim_start_matches("/items/");
    for _ in 0..3 {
        assert!(shown(&ada, id).await?);
        let washed = ada.patch(&shoes[1], &json!({ "status": "in_wash" }));
        assert_eq!(washed.expect(200).await?["item"]["status"], "in_wash");
        assert!(!shown(&ada, id).await?, "it is in the wash");
        let listed = ada.get("/wardrobe?status=in_wash").expect(200).await?;
        assert_eq!(listed["items"][0]["id"], id);
        let out = ada.patch(&shoes[1], &json!({ "status": "ready" }));
        assert_eq!(out.expect(200).await?["item"]["status"], "ready");
    }
    assert!(shown(&ada, id).await?);
    assert_eq!(ada.delete(&shoes[1]).send().await?.status, 204);
    assert!(!shown(&ada, id).await?, "it is gone");

    let new = seed::ready_item(&stack, &ada, Category::Shoes, BLACK).await?;
    assert!(shown(&ada, &new.to_string()).await?, "it is new");
    Ok(())
}

#[tokio::test]
async fn outfits_are_built_around_a_piece_and_without_others() -> Outcome {
    let stack = Stack::from_env()?;
    let (ada, ben) = (stack.sign_up().await?, stack.sign_up().await?);
    let own = wardrobe(&stack, &ada).await?;
    let of = |wanted: Category| {
        let mut ids = own.iter().filter(|(_, category)| **category == wanted);
        ids.next().map(|(id, _)| id.as_str()).unwrap_or_default()
    };
    let (polo, shorts) = (of(Category::Polo), of(Category::Shorts));
    let query = [("pair_with", polo), ("exclude", shorts), ("temp_c", "27")];
    let answer = ada
        .get("/recommendations")
        .query(&query)
        .expect(200)
        .await?;
    let around = outfits(&answer, &own);
    assert!(!around.is_empty());
    for outfit in around {
        let ids = pieces(&outfit);
        assert!(ids.iter().any(|id| id == polo) && ids.iter().all(|id| id != shorts));
    }
    let path = format!("/recommendations?pair_with={polo}");
    ben.get(&path).problem(404, "item_not_found").await?;
    let washed = json!({ "status": "in_wash" });
    ada.patch(&format!("/items/{polo}"), &washed)
        .expect(200)
        .await?;
    assert_eq!(ada.get(&path).invalid_fields().await?, ["pair_with"]);
    Ok(())
}

#[tokio::test]
async fn what_is_shown_is_kept_for_learning() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    wardrobe(&stack, &ada).await?;
    let event = r#"{"event":{"title":"Wedding","start":"2030-01-05T14:00:00+01:00"}}"#;
    let asked = ada
        .get("/recommendations")
        .query(&[("context", event), ("temp_c", "25")]);
    let answer = asked.expect(200).await?;
    let shown = &answer["recommendations"][1];
    let id: RecommendationId = serde_json::from_value(shown["id"].clone())?;
    let name = stack.output("ShowingsTable")?.to_owned();
    let showings = Table::<DayShowing>::new(&stack.aws()?.dynamodb(), name);
    let key = DayShowing::key_of(id.showing(), seed::user_id(&ada));
    let Some(row) = showings.get(&key).await? else {
        bail!("it was not kept");
    };
    assert_eq!(row.showing.occasion.as_deref(), Some("wedding"));
    let kept = row.showing.outfits.iter().find(|outfit| outfit.id == id);
    let Some(kept) = kept else {
        bail!("the outfit was not kept");
    };
    assert_eq!(json!(kept.explain), shown["explain"]);
    assert_eq!(json!(kept.score), shown["score"]);
    Ok(())
}

/// How long it may take until every instance has a new index: it is looked for every half minute.
const PATIENCE: Duration = Duration::from_secs(180);

#[tokio::test]
async fn a_boutique_completes_the_look_with_what_it_still_sells() -> Outcome {
    let stack = Stack::from_env()?;
    let (boutique, ada) = (stack.sign_up_boutique().await?, stack.sign_up().await?);
    let ben = stack.sign_up().await?;
    // Given somebody without anything to wear below
    for category in [Category::TShirt, Category::Shoes] {
        seed::ready_item(&stack, &ada, category, WHITE).await?;
    }
    let fields = json!({
        "title": "Tailored trousers",
        "category": "pants",
        "price": { "amount": 1_250_000, "currency": "NGN" },
    });
    let photo = garment(Shape::Trousers, [30, 40, 80])?;
    let sold = boutique.add_item(&photo, &fields).await?;
    let id = sold["id"].as_str().unwrap_or_default();

    // When the index has it
    let started = Instant::now();
    let with = "/recommendations?temp_c=24&include_boutiques=true";
    let outfit = loop {
        catalog::reindex(&stack, &json!({})).await?;
        let answer = ada.get(with).expect(200).await?;
        let outfits = answer["recommendations"].as_array().unwrap().clone();
        let found = outfits
            .into_iter()
            .find(|outfit| outfit.to_string().contains(id));
        if let Some(outfit) = found {
            break outfit;
        }
        if started.elapsed() > PATIENCE {
            bail!("it was never shown: {answer}");
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    };

    // Then it is shown with who sells it for what
    let pieces = outfit["pieces"].as_array().unwrap();
    let piece = pieces.iter().find(|piece| piece["item_id"] == id).unwrap();
    assert_eq!(
        (&piece["owned"], &piece["slot"]),
        (&json!(false), &json!("bottom"))
    );
    assert_eq!(piece["boutique"]["id"], boutique.id.as_str());
    assert_eq!(piece["price"]["display"], "₦12,500");
    assert_eq!(stack.follow(&piece["thumb"]).await?.0, 200);
    let without = ada.get("/recommendations?temp_c=24").expect(200).await?;
    assert_eq!(without["recommendations"], json!([]));

    // And those who were shown it may say what they think of it
    let liked = json!({ "kind": "like", "recommendation_id": outfit["id"], "items": [id] });
    ada.post("/signals", &liked).expect(202).await?;
    ben.post("/signals", &liked)
        .problem(404, "item_not_found")
        .await?;

    // And what is sold out is gone at once, whatever the index says
    let path = format!("/items/{id}");
    assert_eq!(boutique.delete(&path).send().await?.status, 204);
    let after = ada.get(with).expect(200).await?;
    assert!(!after["recommendations"].to_string().contains(id));
    Ok(())
}
