use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use drape_common::{
    store::{
        Put,
        memory::{MemoryBucket, MemoryTable},
        tables::DaySignal,
    },
    testing::{TestAnswer, TestRequest, new_user, read, request},
};
use drape_domain::{
    Background, Category, Color, ItemStatus, Pattern, Rgb, SignalId, SignalKind,
    item::{EmbeddingRef, ImageKeys, ImageType, Inferred, Typed, Upload},
};
use drape_providers::{LatLon, Observation, WeatherError, When};
use serde_json::{Value, json};
use time::macros::{date, datetime};

use super::*;

const NOW: Timestamp = datetime!(2026-11-23 09:00 UTC);

/// Weather that is always the same, or never to be had.
#[derive(Debug, Clone, Default)]
struct Sky {
    seen: Option<Observation>,
    asked: Arc<AtomicUsize>,
}

impl Weather for Sky {
    async fn at(&self, _: LatLon, when: When) -> Result<Observation, WeatherError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        assert!(matches!(when, When::Now) || when == When::Day(date!(2026 - 12 - 31)));
        self.seen.ok_or(WeatherError::Unreachable("no connection"))
    }
}

type Memory = Recommendations<
    MemoryTable<User>,
    MemoryTable<Item>,
    MemoryTable<Embedding>,
    MemoryTable<DaySignal>,
    MemoryBucket,
    Sky,
>;

struct World {
    endpoint: Memory,
    user: UserId,
}

impl World {
    fn empty() -> Self {
        Self {
            endpoint: Recommendations {
                users: MemoryTable::default(),
                items: MemoryTable::default(),
                embeddings: MemoryTable::default(),
                wardrobes: Wardrobes::default(),
                signals: MemoryTable::default(),
                media: MemoryBucket::default(),
                weather: Sky::default(),
                now: || NOW,
            },
            user: UserId::new(),
        }
    }

    /// Somebody with three tops, three bottoms, shoes and a coat.
    async fn dressed() -> Self {
        let world = Self::empty();
        for (category, color) in [
            (Category::TShirt, ("white", [245, 245, 243])),
            (Category::Shirt, ("light blue", [164, 198, 230])),
            (Category::Polo, ("red", [196, 30, 42])),
            (Category::Pants, ("navy", [28, 36, 72])),
            (Category::Shorts, ("beige", [214, 194, 162])),
            (Category::Skirt, ("black", [24, 24, 26])),
            (Category::Shoes, ("brown", [106, 70, 45])),
            (Category::Outerwear, ("charcoal", [62, 64, 68])),
        ] {
            world.own(category, color).await;
        }
        world
    }

    async fn own(&self, category: Category, (name, rgb): (&str, [u8; 3])) -> Item {
        let upload = Upload {
            content_type: ImageType::Jpeg,
            content_length: 10,
        };
        let typed = Typed::default();
        let mut item = Item::new(self.user, typed, Background::Clean, upload, NOW);
        item.status = ItemStatus::Ready;
        item.inferred = Some(Inferred {
            category,
            confidence: 0.9,
            candidates: Vec::new(),
            cutout_confidence: None,
            colors: vec![Color {
                name: name.into(),
                hex: Rgb(rgb),
                share: 1.0,
            }],
            pattern: Pattern::Solid,
        });
        item.images = ImageKeys {
            thumb: Some(format!("items/{}/thumb.jpg", item.item_id)),
            ..ImageKeys::default()
        };
        item.embedding = Some(EmbeddingRef {
            model: "m1".into(),
            dim: 2,
            updated_at: NOW,
        });
        self.endpoint.items.put(&item).await.unwrap();
        let vector = [0.6, if rgb[0] > 128 { 0.8 } else { -0.8 }];
        self.embed(&item, "m1", &vector).await;
        item
    }

    async fn embed(&self, item: &Item, model: &str, vector: &[f32]) {
        let row = Embedding::new(self.user, item.item_id, model, vector, NOW);
        self.endpoint.embeddings.put(&row).await.unwrap();
    }

    fn ask(&self) -> TestRequest {
        request().by(self.user)
    }

    async fn send(&self, request: TestRequest) -> TestAnswer {
        request.send(&self.endpoint).await
    }
}

fn outfits(answer: &TestAnswer) -> &Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["recommendations"].as_array().unwrap()
}

/// What is the same each time: everything but the outfits' own ids.
fn without_ids(answer: &TestAnswer) -> Value {
    let mut body = answer.body.clone();
    for outfit in body["recommendations"].as_array_mut().unwrap() {
        outfit.as_object_mut().unwrap().remove("id");
    }
    body
}

#[tokio::test]
async fn three_outfits_come_with_pieces_and_reasons_that_add_up() {
    let world = World::dressed().await;
    let ask = world.ask().query("temp_c", 28).query("condition", "sunny");
    let answer = world.send(ask).await;
    let outfits = outfits(&answer);
    assert_eq!(outfits.len(), 3);
    for outfit in outfits {
        let items = outfit["items"].as_array().unwrap();
        let pieces = outfit["pieces"].as_array().unwrap();
        assert_eq!(items.len(), pieces.len());
        for (item, piece) in items.iter().zip(pieces) {
            assert_eq!(&piece["item_id"], item);
            assert!(
                piece["thumb"]
                    .as_str()
                    .unwrap()
                    .contains("thumb.jpg?expires=")
            );
            assert!(!piece["title"].as_str().unwrap().is_empty());
        }
        let slots: Vec<_> = pieces
            .iter()
            .map(|piece| piece["slot"].as_str().unwrap())
            .collect();
        assert!(slots.starts_with(&["top", "bottom"]), "{slots:?}");
        assert!(!slots.contains(&"outer"), "no coat at 28 °C");
        assert!(!outfit["explain"].as_array().unwrap().is_empty());

        let features = outfit["features"].as_array().unwrap();
        let sum: f64 = features
            .iter()
            .map(|f| f["contribution"].as_f64().unwrap())
            .sum();
        let score = outfit["score"].as_f64().unwrap();
        assert!((sum - score).abs() < 1e-9, "{sum} {score}");
        assert!((0.0..=1.0).contains(&score));
    }
    let context = json!({ "temp_c": 28.0, "condition": "sunny", "source": "client" });
    assert_eq!(answer.body["context"], context);
    assert_eq!(answer.body["missing"], json!([]));
    assert_eq!(answer.body["model"], drape_recommender::MODEL_ID);
}

#[tokio::test]
async fn the_same_question_has_the_same_outfits_until_the_wardrobe_changes() {
    let world = World::dressed().await;
    let first = world.send(world.ask()).await;
    let again = world.send(world.ask()).await;
    assert_eq!(without_ids(&first), without_ids(&again));
    assert_ne!(outfits(&first)[0]["id"], outfits(&again)[0]["id"]);

    world.own(Category::Hat, ("black", [24, 24, 26])).await;
    let changed = world.send(world.ask()).await;
    assert_ne!(first.body["index"], changed.body["index"]);
}

#[tokio::test]
async fn a_wardrobe_without_an_outfit_says_what_is_missing() {
    let world = World::empty();
    let answer = world.send(world.ask()).await;
    assert!(outfits(&answer).is_empty());
    assert_eq!(answer.body["index"], "empty");
    let missing = answer.body["missing"].as_array().unwrap();
    assert!(missing.contains(&json!("top")) && missing.contains(&json!("bottom")));

    world.own(Category::Shirt, ("white", [245, 245, 243])).await;
    let answer = world.send(world.ask()).await;
    assert!(outfits(&answer).is_empty());
    let missing = answer.body["missing"].as_array().unwrap();
    assert!(missing.contains(&json!("bottom")) && !missing.contains(&json!("top")));
}

#[tokio::test]
async fn what_is_not_ready_or_somebody_elses_is_never_shown() {
    let world = World::dressed().await;
    let mut waiting = world.own(Category::Dress, ("red", [196, 30, 42])).await;
    waiting.status = ItemStatus::Processing;
    world.endpoint.items.put(&waiting).await.unwrap();
    let answer = world.send(world.ask().query("limit", 10)).await;
    assert!(outfits(&answer).len() > 3);
    assert!(
        !answer
            .body
            .to_string()
            .contains(&waiting.item_id.to_string())
    );

    let stranger = request().by(UserId::new()).send(&world.endpoint).await;
    assert!(outfits(&stranger).is_empty());
    assert_eq!(request().send(&world.endpoint).await.status, 401);
}

#[tokio::test]
async fn tastes_count() {
    let world = World::dressed().await;
    let user = User {
        id: world.user,
        prefs: Prefs {
            disliked_categories: vec![Category::Skirt, Category::Polo],
            ..Prefs::default()
        },
        ..new_user()
    };
    world.endpoint.users.put(&user).await.unwrap();
    let answer = world.send(world.ask().query("limit", 10)).await;
    assert!(!outfits(&answer).is_empty());
    for outfit in outfits(&answer) {
        let text = outfit["pieces"].to_string();
        assert!(!text.contains("skirt") && !text.contains("polo"), "{text}");
    }
}

#[tokio::test]
async fn what_was_said_before_counts() {
    let world = World::dressed().await;
    let before = world.send(world.ask().query("limit", 1)).await;
    let best = &outfits(&before)[0];
    let signal = Signal {
        id: SignalId::from_uuid(UserId::new().uuid()),
        user_id: world.user,
        kind: SignalKind::Dislike,
        recommendation_id: None,
        items: serde_json::from_value(best["items"].clone()).unwrap(),
        created_at: NOW,
    };
    world
        .endpoint
        .signals
        .put(&DaySignal::new(signal))
        .await
        .unwrap();
    let after = world.send(world.ask().query("limit", 1)).await;
    assert_ne!(outfits(&after)[0]["items"], best["items"]);
}

#[tokio::test]
async fn vectors_of_another_model_are_passed_over() {
    let with = World::dressed().await;
    let same = with.send(with.ask()).await;
    // Given one of these was made by a newer model, and so could be anything
    let record = with.endpoint.items.dump().remove(0);
    let item: Item = serde_json::from_value(record).unwrap();
    with.embed(&item, "m2", &[1.0, 0.0]).await;
    let newer = without_ids(&with.send(with.ask()).await);
    with.endpoint
        .embeddings
        .put(&Embedding::new(with.user, item.item_id, "m2", &[], NOW))
        .await
        .unwrap();
    let none = without_ids(&with.send(with.ask()).await);
    // Then it is as if it had none
    assert_eq!(newer, none);
    assert_eq!(outfits(&same).len(), 3);
}

#[tokio::test]
async fn the_weather_is_looked_up_where_the_client_does_not_know_it() {
    let mut world = World::dressed().await;
    world.endpoint.weather.seen = Some(Observation {
        temp_c: 7.26,
        humidity: None,
        condition: "rain",
    });
    let there = || world.ask().query("lat", 51.5).query("lon", -0.1);
    let answer = world.send(there()).await;
    let context = &answer.body["context"];
    assert_eq!(
        (&context["condition"], &context["source"]),
        (&json!("rain"), &json!("open-meteo"))
    );
    assert!((context["temp_c"].as_f64().unwrap() - 7.3).abs() < 1e-5);
    let slots = outfits(&answer)[0]["pieces"].to_string();
    assert!(slots.contains("outer"), "a coat in cold rain: {slots}");

    let later = world.send(there().query("date", "2026-12-31")).await;
    assert_eq!(later.body["context"]["source"], "open-meteo");

    let asked = world.endpoint.weather.asked.load(Ordering::SeqCst);
    let known = world.send(there().query("temp_c", -3)).await;
    let context = json!({ "temp_c": -3.0, "condition": null, "source": "client" });
    assert_eq!(known.body["context"], context);
    assert_eq!(
        world.endpoint.weather.asked.load(Ordering::SeqCst),
        asked,
        "nobody was asked"
    );
}

#[tokio::test]
async fn without_the_weather_outfits_come_all_the_same() {
    let world = World::dressed().await;
    let there = || world.ask().query("lat", 6.45).query("lon", 3.39);
    let answer = world.send(there()).await;
    assert_eq!(outfits(&answer).len(), 3);
    let context = json!({ "temp_c": null, "condition": null, "source": "none" });
    assert_eq!(answer.body["context"], context);

    let answer = world.send(there().query("condition", "rain")).await;
    let context = json!({ "temp_c": null, "condition": "rain", "source": "client" });
    assert_eq!(answer.body["context"], context);
}

#[tokio::test]
async fn own_words_tell_the_occasion_unless_it_is_said() {
    let world = World::dressed().await;
    let ask = |name: &str, value: &str| world.ask().query(name, value);
    let said = without_ids(&world.send(ask("occasion", "wedding")).await);
    let meant = ask("context", "my sister's wedding in Lagos");
    assert_eq!(without_ids(&world.send(meant).await), said);
    let both = ask("context", "after the gym").query("occasion", "wedding");
    assert_eq!(without_ids(&world.send(both).await), said);
    let idle = world.send(ask("context", "surprise me")).await;
    assert_eq!(
        without_ids(&idle),
        without_ids(&world.send(world.ask()).await)
    );
}

#[tokio::test]
async fn parameters_that_make_no_sense_are_named() {
    let world = World::empty();
    let long = "x".repeat(501);
    for (name, value) in [
        ("limit", "0"),
        ("limit", "11"),
        ("limit", "many"),
        ("temp_c", "61"),
        ("temp_c", "-60.5"),
        ("temp_c", "NaN"),
        ("condition", "purple"),
        ("occasion", ""),
        ("time_of_day", "teatime"),
        ("date", "tomorrow"),
        ("date", "2026-02-30"),
        ("include_boutiques", "maybe"),
        ("context", &long),
        ("user_id", "me"),
        ("weather", "good"),
    ] {
        let answer = world.send(world.ask().query(name, value)).await;
        assert_eq!(
            (answer.status, answer.fields()),
            (422, vec![name]),
            "{name}={value}"
        );
    }
    for (lat, lon, field) in [
        (Some("91"), Some("0"), "lat"),
        (Some("0"), Some("181"), "lon"),
        (Some("NaN"), Some("0"), "lat"),
        (Some("0"), None, "lon"),
        (None, Some("0"), "lat"),
    ] {
        let mut ask = world.ask();
        for (name, value) in [("lat", lat), ("lon", lon)] {
            if let Some(value) = value {
                ask = ask.query(name, value);
            }
        }
        let answer = world.send(ask).await;
        assert_eq!((answer.status, answer.fields()), (422, vec![field]));
    }
}

#[tokio::test]
async fn only_ones_own_user_id_is_taken() {
    let world = World::empty();
    let answer = world
        .send(world.ask().query("user_id", UserId::new()))
        .await;
    assert_eq!((answer.status, answer.code()), (403, "user_mismatch"));
    let answer = world.send(world.ask().query("user_id", world.user)).await;
    assert_eq!(answer.status, 200);
    let answer = world
        .send(world.ask().query("include_boutiques", true))
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn the_example_event_is_understood() {
    let world = World::empty();
    let event = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../events/recommendations.json"
    ));
    let request = lambda_http::request::from_str(event).unwrap();
    let answer = read(world.endpoint.handle(request).await);
    assert_eq!(
        (answer.status, &answer.body["context"]["temp_c"]),
        (200, &json!(28.0))
    );
}
