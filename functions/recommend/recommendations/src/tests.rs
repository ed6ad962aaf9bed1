mod boutiques;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use drape_common::{
    live::{self, LiveCatalog},
    store::{
        Put,
        memory::{Fuse, MemoryBucket, MemoryTable},
        tables::DaySignal,
    },
    testing::{TestAnswer, TestRequest, new_user, read, request},
};
use drape_domain::{
    Background, Category, Color, ItemStatus, Pattern, RecommendationId, Rgb, SignalId, SignalKind,
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
    MemoryTable<StyleRow>,
    MemoryTable<DayShowing>,
    MemoryBucket,
    Sky,
    LiveCatalog<MemoryBucket>,
    LiveModel<MemoryBucket>,
>;

fn garment(owner: UserId, category: Category, (name, rgb): (&str, [u8; 3])) -> Item {
    let upload = Upload {
        content_type: ImageType::Jpeg,
        content_length: 10,
    };
    let mut item = Item::new(owner, Typed::default(), Background::Clean, upload, NOW);
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
    item
}

fn vector(rgb: [u8; 3]) -> [f32; 2] {
    [0.6, if rgb[0] > 128 { 0.8 } else { -0.8 }]
}

struct World {
    endpoint: Memory,
    user: UserId,
    /// What is published.
    learned: MemoryBucket,
}

impl World {
    fn empty() -> Self {
        let learned = MemoryBucket::default();
        Self {
            endpoint: Recommendations {
                users: MemoryTable::default(),
                items: MemoryTable::default(),
                embeddings: MemoryTable::default(),
                wardrobes: Wardrobes::default(),
                signals: MemoryTable::default(),
                styles: MemoryTable::default(),
                showings: MemoryTable::default(),
                media: MemoryBucket::default(),
                weather: Sky::default(),
                catalog: live::catalog(learned.clone(), None),
                model: model(learned.clone()),
                now: || NOW,
            },
            user: UserId::new(),
            learned,
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

    async fn own(&self, category: Category, color: (&str, [u8; 3])) -> Item {
        let item = garment(self.user, category, color);
        self.endpoint.items.put(&item).await.unwrap();
        self.embed(&item, "m1", &vector(color.1)).await;
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

/// What is the same each time: everything but the outfits' own ids, and the third outfit, which is there to learn
/// from.
fn without_ids(answer: &TestAnswer) -> Value {
    let mut body = answer.body.clone();
    let outfits = body["recommendations"].as_array_mut().unwrap();
    outfits.truncate(2);
    for outfit in outfits {
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
    let context =
        json!({ "temp_c": 28.0, "humidity": null, "condition": "sunny", "source": "client" });
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
        humidity: Some(83.4),
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
    assert_eq!(context["humidity"], 83.0);
    let slots = outfits(&answer)[0]["pieces"].to_string();
    assert!(slots.contains("outer"), "a coat in cold rain: {slots}");

    let later = world.send(there().query("date", "2026-12-31")).await;
    assert_eq!(later.body["context"]["source"], "open-meteo");

    let asked = world.endpoint.weather.asked.load(Ordering::SeqCst);
    let known = world.send(there().query("temp_c", -3)).await;
    let context =
        json!({ "temp_c": -3.0, "humidity": null, "condition": null, "source": "client" });
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
    let context = json!({ "temp_c": null, "humidity": null, "condition": null, "source": "none" });
    assert_eq!(answer.body["context"], context);

    let answer = world.send(there().query("condition", "rain")).await;
    let context =
        json!({ "temp_c": null, "humidity": null, "condition": "rain", "source": "client" });
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
    let long = "x".repeat(1001);
    let many = vec![ItemId::new().to_string(); 101].join(",");
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
        ("humidity", "-1"),
        ("humidity", "100.5"),
        ("humidity", "NaN"),
        ("pair_with", "shirt"),
        ("exclude", "shirt"),
        ("exclude", ""),
        ("exclude", &many),
        ("avoid_repeat_days", "-1"),
        ("avoid_repeat_days", "61"),
        ("avoid_repeat_days", "1.5"),
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
async fn the_calendar_tells_the_occasion_and_what_is_wrong_with_it_is_named() {
    let world = World::dressed().await;
    let said = without_ids(&world.send(world.ask().query("occasion", "wedding")).await);
    let ask = |event: Value| {
        let context = json!({ "event": event }).to_string();
        world.ask().query("context", context)
    };
    let meant = ask(json!({ "title": "Wedding of a friend" }));
    assert_eq!(
        without_ids(&world.send(meant).await)["recommendations"],
        said["recommendations"]
    );
    let full =
        json!({ "title": "Dinner", "start": "2026-11-24T19:00:00+01:00", "dress_code": "smart" });
    assert!(!outfits(&world.send(ask(full)).await).is_empty());
    for (event, field) in [
        (json!({}), "context.event.title"),
        (json!("party"), "context.event"),
        (json!({ "title": "" }), "context.event.title"),
        (json!({ "title": "x".repeat(201) }), "context.event.title"),
        (
            json!({ "title": "x", "start": "tomorrow" }),
            "context.event.start",
        ),
        (
            json!({ "title": "x", "dress_code": 5 }),
            "context.event.dress_code",
        ),
        (json!({ "title": "x", "end": "late" }), "context.event.end"),
    ] {
        let answer = world.send(ask(event.clone())).await;
        assert_eq!(
            (answer.status, answer.fields()),
            (422, vec![field]),
            "{event}"
        );
    }
    let broken = world
        .send(world.ask().query("context", "{\"event\":"))
        .await;
    assert_eq!(broken.fields(), ["context"]);
}

#[tokio::test]
async fn outfits_are_built_around_a_piece_and_without_others() {
    let world = World::dressed().await;
    let rows = world.endpoint.items.dump().into_iter();
    let all: Vec<Item> = rows
        .map(|row| serde_json::from_value(row).unwrap())
        .collect();
    let of = |category| all.iter().find(|item| item.category() == category).unwrap();
    let (polo, skirt) = (of(Category::Polo).item_id, of(Category::Skirt).item_id);
    let (shoes, coat) = (of(Category::Shoes).item_id, of(Category::Outerwear).item_id);
    let without = format!("{shoes},{coat}");
    let ask = world.ask().query("pair_with", polo);
    let answer = world.send(ask.query("exclude", without)).await;
    assert!(!outfits(&answer).is_empty());
    for outfit in outfits(&answer) {
        let items = outfit["items"].as_array().unwrap();
        assert!(items.contains(&json!(polo)), "{outfit}");
        assert!(!items.contains(&json!(shoes)) && !items.contains(&json!(coat)));
    }
    let answer = world.send(world.ask().query("pair_with", skirt)).await;
    assert!(outfits(&answer).iter().all(|outfit| {
        let items = outfit["items"].as_array().unwrap();
        items.contains(&json!(skirt))
    }));
}

#[tokio::test]
async fn only_a_piece_that_can_be_worn_can_be_built_around() {
    let world = World::dressed().await;
    let stranger = World::dressed().await;
    let theirs = stranger.own(Category::Hat, ("black", [24, 24, 26])).await;
    for unknown in [theirs.item_id, ItemId::new()] {
        let answer = world.send(world.ask().query("pair_with", unknown)).await;
        assert_eq!((answer.status, answer.code()), (404, "item_not_found"));
    }
    let mut hat = world.own(Category::Hat, ("black", [24, 24, 26])).await;
    let hat_asked = || world.ask().query("pair_with", hat.item_id);
    let refused = |answer: TestAnswer, why: &str| {
        assert_eq!((answer.status, answer.fields()), (422, vec!["pair_with"]));
        assert!(answer.body.to_string().contains(why), "{}", answer.body);
    };
    let excluded = hat_asked().query("exclude", hat.item_id);
    refused(world.send(excluded).await, "excluded");
    hat.in_wash = true;
    hat.revision += 1;
    world.endpoint.items.put(&hat).await.unwrap();
    let hat_asked = || world.ask().query("pair_with", hat.item_id);
    refused(world.send(hat_asked()).await, "wash");
    hat.status = ItemStatus::Failed;
    hat.revision += 1;
    world.endpoint.items.put(&hat).await.unwrap();
    let hat_asked = || world.ask().query("pair_with", hat.item_id);
    refused(world.send(hat_asked()).await, "photo");
}

#[tokio::test]
async fn what_is_in_the_wash_is_not_shown_until_it_is_out() {
    let world = World::dressed().await;
    let mut dress = world.own(Category::Dress, ("navy", [28, 36, 72])).await;
    let shown = async || {
        let answer = world.send(world.ask().query("limit", 10)).await;
        answer.body.to_string().contains(&dress.item_id.to_string())
    };
    assert!(shown().await);
    for in_wash in [true, false] {
        dress.in_wash = in_wash;
        dress.revision += 1;
        world.endpoint.items.put(&dress).await.unwrap();
        let answer = world.send(world.ask().query("limit", 10)).await;
        let is_shown = answer.body.to_string().contains(&dress.item_id.to_string());
        assert_eq!(is_shown, !in_wash);
    }
}

#[tokio::test]
async fn what_was_worn_comes_again_after_a_week_or_as_soon_as_is_wished() {
    let world = World::dressed().await;
    let best = outfits(&world.send(world.ask().query("limit", 1)).await)[0]["items"].clone();
    let pair: Vec<ItemId> = serde_json::from_value(best).unwrap();
    let signal = Signal {
        id: SignalId::from_uuid(UserId::new().uuid()),
        user_id: world.user,
        kind: SignalKind::Worn,
        recommendation_id: None,
        items: pair.clone(),
        created_at: NOW - time::Duration::days(3),
    };
    let row = DaySignal::new(signal);
    world.endpoint.signals.put(&row).await.unwrap();
    let comes = async |ask: TestRequest| {
        let answer = world.send(ask.query("limit", 10)).await;
        outfits(&answer).iter().any(|outfit| {
            let items: Vec<ItemId> = serde_json::from_value(outfit["items"].clone()).unwrap();
            pair[..2].iter().all(|piece| items.contains(piece))
        })
    };
    assert!(!comes(world.ask()).await);
    assert!(!comes(world.ask().query("avoid_repeat_days", 4)).await);
    assert!(
        comes(
            world
                .ask()
                .query("avoid_repeat_days", 2)
                .query("pair_with", pair[0])
        )
        .await
    );
}

/// What was kept of an answer, by the id of one of its outfits.
async fn kept(world: &World, outfit: &Value) -> Option<DayShowing> {
    let id: RecommendationId = serde_json::from_value(outfit["id"].clone()).unwrap();
    let key = DayShowing::key_of(id.showing(), world.user);
    world.endpoint.showings.get(&key).await.unwrap()
}

#[tokio::test]
async fn what_is_shown_is_kept_with_its_reasons_for_learning() {
    let world = World::dressed().await;
    let ask = world.ask().query("temp_c", 28).query("occasion", "work");
    let answer = world.send(ask).await;
    let outfits = outfits(&answer);
    let row = kept(&world, &outfits[2]).await.unwrap();
    let showing = row.showing;
    assert_eq!((showing.user_id, showing.shown_at), (world.user, NOW));
    assert_eq!(
        (showing.temp_c, showing.occasion.as_deref()),
        (Some(28.0), Some("work"))
    );
    assert_eq!(answer.body["model"], showing.model);
    assert_eq!(showing.outfits.len(), outfits.len());
    for (kept, shown) in showing.outfits.iter().zip(outfits) {
        assert_eq!(shown["id"], json!(kept.id));
        assert_eq!(shown["explain"], json!(kept.explain));
        assert_eq!(shown["score"], json!(kept.score));
        let pieces: Vec<_> = kept.pieces.iter().map(|piece| piece.item_id).collect();
        assert_eq!(shown["items"], json!(pieces));
        assert!(kept.pieces.iter().all(|piece| piece.owner_id == world.user));
        let sum: f64 = kept.features.iter().map(|part| part.contribution).sum();
        assert!((sum - kept.score).abs() < 1e-9);
        assert!(kept.propensity > 0.0 && kept.propensity <= 1.0);
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_kept_is_given_all_the_same() {
    let mut world = World::dressed().await;
    let fuse = Fuse::default();
    fuse.blow_after(0);
    world.endpoint.showings = MemoryTable::new(&fuse);
    assert_eq!(outfits(&world.send(world.ask()).await).len(), 3);
    // And what holds nothing is not worth keeping.
    let empty = World::empty();
    empty.send(empty.ask()).await;
    assert!(empty.endpoint.showings.is_empty());
}

#[tokio::test]
async fn answers_at_the_turn_of_the_year_are_found_again() {
    let mut world = World::dressed().await;
    for now in [
        (|| datetime!(2026-12-31 23:59:59.999_999_999 UTC)) as fn() -> Timestamp,
        || datetime!(2027-01-01 00:00 UTC),
    ] {
        world.endpoint.now = now;
        let answer = world.send(world.ask().query("date", "2027-01-01")).await;
        let row = kept(&world, &outfits(&answer)[0]).await.unwrap();
        assert_eq!(row.showing.shown_at, now());
        assert!(row.day.starts_with(&now().date().to_string()));
    }
}

#[tokio::test]
async fn vectors_that_are_none_do_no_harm() {
    let world = World::dressed().await;
    let broken: [&[f32]; 6] = [
        &[f32::NAN, 1.0],
        &[0.0, 0.0],
        &[f32::INFINITY, 0.0],
        &[],
        &[1.0; 7],
        &[f32::MAX, f32::MAX],
    ];
    for (row, vector) in world.endpoint.items.dump().into_iter().zip(broken) {
        let item: Item = serde_json::from_value(row).unwrap();
        world.embed(&item, "m1", vector).await;
    }
    for outfit in outfits(&world.send(world.ask()).await) {
        let score = outfit["score"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&score));
    }
}

#[tokio::test]
async fn a_wardrobe_of_one_slot_says_what_else_it_takes() {
    let world = World::empty();
    for color in [("black", [24, 24, 26]), ("white", [245, 245, 243])] {
        world.own(Category::Shoes, color).await;
    }
    let answer = world.send(world.ask()).await;
    assert!(outfits(&answer).is_empty());
    let missing = answer.body["missing"].as_array().unwrap();
    assert!(missing.contains(&json!("top")) && missing.contains(&json!("bottom")));
}

#[tokio::test]
async fn a_wardrobe_of_ten_thousand_is_answered() {
    let world = World::empty();
    let kinds = [
        Category::Shirt,
        Category::Pants,
        Category::Dress,
        Category::Shoes,
        Category::Outerwear,
    ];
    for n in 0..10_000_usize {
        let shade = (n % 251) as u8;
        let item = garment(world.user, kinds[n % kinds.len()], ("grey", [shade; 3]));
        world.endpoint.items.put(&item).await.unwrap();
    }
    assert_eq!(outfits(&world.send(world.ask()).await).len(), 3);
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
