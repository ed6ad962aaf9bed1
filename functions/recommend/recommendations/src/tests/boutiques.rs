//! What boutiques sell, and what was learned: in the answer if they can be had, and never in its way.

use drape_common::live::{Draft, INDEX, IndexNote, MODELS, publish, standing};
use drape_domain::{Currency, Money, Role, Slot, Text};
use drape_index::{Builder, Entry, Traits};
use drape_learn::{Compat, Garment, Options};

use super::*;

const NAVY: (&str, [u8; 3]) = ("navy", [28, 36, 72]);
const WHITE: (&str, [u8; 3]) = ("white", [245, 245, 243]);

/// Somebody who owns tops and shoes, and a boutique that sells what they lack.
struct Street {
    world: World,
    boutique: User,
    sold: Vec<Item>,
}

fn naira(amount: i64) -> Money {
    Money::new(amount * 100, Currency::Ngn).unwrap()
}

impl Street {
    async fn open() -> Self {
        let world = World::empty();
        for (category, color) in [
            (Category::TShirt, WHITE),
            (Category::Shirt, NAVY),
            (Category::Shoes, WHITE),
        ] {
            world.own(category, color).await;
        }
        let name = Text::try_from("Balogun Street").unwrap();
        let boutique = User::new("shop@example.com".into(), name, Role::Boutique, NOW);
        world.endpoint.users.put(&boutique).await.unwrap();
        let mut street = Self {
            world,
            boutique,
            sold: Vec::new(),
        };
        for (category, color, price) in [
            (Category::Pants, NAVY, 12_500),
            (Category::Pants, WHITE, 15_000),
            (Category::Skirt, NAVY, 9_000),
            (Category::Shorts, WHITE, 7_000),
        ] {
            let mut item = garment(street.boutique.id, category, color);
            item.typed.price = Some(naira(price));
            item.catalog = Some("07".into());
            street.world.endpoint.items.put(&item).await.unwrap();
            street.sold.push(item);
        }
        street.index("v1", "m1").await;
        street
    }

    /// Publishes an index of what is sold, and has it loaded.
    async fn index(&self, version: &str, model: &str) {
        let mut builder = Builder::new(model, 2, version).unwrap();
        for item in &self.sold {
            let hex = item.colors()[0].hex;
            let entry = Entry {
                item: item.item_id,
                owner: item.owner_id,
                traits: Traits::of(item, Vec::new(), 0.5),
                vector: vector(hex.0).to_vec(),
            };
            builder.push(entry).unwrap();
        }
        let mut bytes = Vec::new();
        builder.write(&mut bytes).unwrap();
        self.publish_index(version, model, bytes).await;
    }

    async fn publish_index(&self, version: &str, model: &str, bytes: Vec<u8>) {
        let note = IndexNote {
            model: model.into(),
            dim: 2,
            base_rows: self.sold.len(),
            base_made_at: NOW,
            delta_rows: 0,
            delta_gone: 0,
        };
        let note = serde_json::to_value(note).unwrap();
        release(&self.world, INDEX, version, "base.idx", bytes, note).await;
        self.world.endpoint.catalog.start().await;
    }

    fn ask(&self) -> TestRequest {
        self.world.ask().query("include_boutiques", true)
    }

    async fn answer(&self) -> TestAnswer {
        self.world.send(self.ask().query("limit", 10)).await
    }

    async fn save(&self, item: &Item) {
        self.world.endpoint.items.put(item).await.unwrap();
    }
}

async fn release(
    world: &World,
    prefix: &str,
    version: &str,
    name: &str,
    bytes: Vec<u8>,
    note: Value,
) {
    let standing = standing(&world.learned, prefix).await.unwrap();
    let draft = Draft {
        version: version.into(),
        kept: Vec::new(),
        made: vec![(name.into(), bytes)],
        made_at: NOW,
        note,
    };
    publish(&world.learned, prefix, &standing, draft)
        .await
        .unwrap();
}

fn pieces(answer: &TestAnswer) -> Vec<&Value> {
    let outfits = outfits(answer).iter();
    outfits
        .flat_map(|outfit| outfit["pieces"].as_array().unwrap())
        .collect()
}

fn shows(answer: &TestAnswer, item: &Item) -> bool {
    let id = json!(item.item_id);
    pieces(answer).iter().any(|piece| piece["item_id"] == id)
}

#[tokio::test]
async fn what_is_missing_comes_from_a_boutique_with_its_name_and_price() {
    let street = Street::open().await;
    let answer = street.answer().await;
    assert!(outfits(&answer).len() >= 3);
    for outfit in outfits(&answer) {
        let pieces = outfit["pieces"].as_array().unwrap();
        let (own, sold): (Vec<_>, Vec<_>) = pieces.iter().partition(|piece| piece["owned"] == true);
        assert!(own.iter().all(|piece| piece.get("boutique").is_none()));
        assert!(own.iter().all(|piece| piece.get("price").is_none()));
        let bottom = sold.iter().find(|piece| piece["slot"] == "bottom").unwrap();
        let id = &bottom["item_id"];
        let item = street.sold.iter().find(|item| json!(item.item_id) == *id);
        let item = item.unwrap();
        assert_eq!(bottom["price"], json!(item.typed.price));
        assert_eq!(
            bottom["boutique"],
            json!({ "id": street.boutique.id, "name": "Balogun Street" })
        );
        assert_eq!(bottom["title"], item.title());
        assert!(bottom["thumb"].as_str().unwrap().contains("thumb.jpg?"));
        assert!(outfit["items"].as_array().unwrap().contains(id));
    }
    assert!(answer.body["index"].as_str().unwrap().ends_with("+v1"));

    // And it is kept whose each piece is.
    let row = kept(&street.world, &outfits(&answer)[0]).await.unwrap();
    assert_eq!(row.showing.index.as_deref(), Some("v1"));
    let owners: Vec<_> = row.showing.outfits[0]
        .pieces
        .iter()
        .map(|piece| piece.owner_id)
        .collect();
    assert!(owners.contains(&street.boutique.id) && owners.contains(&street.world.user));
}

#[tokio::test]
async fn without_the_wish_nothing_of_boutiques_is_shown() {
    let street = Street::open().await;
    let answer = street.world.send(street.world.ask()).await;
    assert!(outfits(&answer).is_empty());
    assert_eq!(answer.body["missing"], json!(["bottom"]));
    assert!(!answer.body["index"].as_str().unwrap().contains('+'));
}

#[tokio::test]
async fn what_is_no_longer_to_be_had_is_replaced_though_the_index_still_has_it() {
    let street = Street::open().await;
    let mut failed = street.sold[0].clone();
    failed.status = ItemStatus::Failed;
    let mut withdrawn = street.sold[0].clone();
    withdrawn.catalog = None;
    let mut dearer = street.sold[0].clone();
    dearer.typed.price = Some(naira(99_000));
    let user = User {
        id: street.world.user,
        prefs: Prefs {
            budget: Some(naira(50_000)),
            ..Prefs::default()
        },
        ..new_user()
    };
    street.world.endpoint.users.put(&user).await.unwrap();
    assert!(shows(&street.answer().await, &street.sold[0]));
    for changed in [failed, withdrawn, dearer] {
        street.save(&changed).await;
        let answer = street.answer().await;
        assert!(!shows(&answer, &changed), "{changed:?}");
        assert!(!outfits(&answer).is_empty());
    }
    street.save(&street.sold[0]).await;
    assert!(shows(&street.answer().await, &street.sold[0]));
    let key = drape_common::store::tables::item_key(street.boutique.id, street.sold[0].item_id);
    drape_common::store::Remove::remove(&street.world.endpoint.items, &key)
        .await
        .unwrap();
    let answer = street.answer().await;
    assert!(!shows(&answer, &street.sold[0]) && !outfits(&answer).is_empty());
}

#[tokio::test]
async fn what_no_longer_comes_in_ones_size_is_replaced() {
    let mut street = Street::open().await;
    for item in &mut street.sold {
        item.typed.sizes = Some(vec!["M".try_into().unwrap()]);
    }
    street.index("v2", "m1").await;
    let user = User {
        id: street.world.user,
        prefs: Prefs {
            sizes: vec!["M".try_into().unwrap()],
            ..Prefs::default()
        },
        ..new_user()
    };
    street.world.endpoint.users.put(&user).await.unwrap();
    for item in &street.sold {
        street.save(item).await;
    }
    assert!(shows(&street.answer().await, &street.sold[0]));
    let mut sold_out = street.sold[0].clone();
    sold_out.typed.sizes = Some(vec!["XL".try_into().unwrap()]);
    street.save(&sold_out).await;
    let answer = street.answer().await;
    assert!(!shows(&answer, &sold_out) && !outfits(&answer).is_empty());
}

#[tokio::test]
async fn what_is_gone_moves_neither_what_is_tried_nor_the_share_of_boutiques() {
    // Given somebody with much of their own, and pieces of which the best are gone since the index was made
    let street = Street::open().await;
    for color in [NAVY, WHITE] {
        for category in [
            Category::Pants,
            Category::Shorts,
            Category::Skirt,
            Category::Dress,
        ] {
            street.world.own(category, color).await;
        }
    }
    for (at, item) in street.sold.iter().enumerate() {
        if at < 3 {
            let mut gone = item.clone();
            gone.status = ItemStatus::Failed;
            street.save(&gone).await;
        }
    }
    for _ in 0..20 {
        // When they ask
        let answer = street.world.send(street.ask()).await;
        // Then three outfits come, one of them with a boutique's piece at most
        assert_eq!(outfits(&answer).len(), 3);
        let with_sold = outfits(&answer).iter().filter(|outfit| {
            let pieces = outfit["pieces"].as_array().unwrap();
            pieces.iter().any(|piece| piece["owned"] == false)
        });
        assert!(with_sold.count() <= 1);
        // And only in the third place something is tried
        let row = kept(&street.world, &outfits(&answer)[0]).await.unwrap();
        for outfit in &row.showing.outfits[..2] {
            assert_eq!(outfit.propensity, 1.0);
        }
    }
}

#[tokio::test]
async fn a_price_that_changed_since_is_shown_as_it_is_now() {
    let street = Street::open().await;
    let mut cheaper = street.sold[0].clone();
    cheaper.typed.price = Some(naira(8_000));
    street.save(&cheaper).await;
    let answer = street.answer().await;
    let id = json!(cheaper.item_id);
    let pieces = pieces(&answer);
    let piece = pieces.iter().find(|piece| piece["item_id"] == id).unwrap();
    assert_eq!(piece["price"]["display"], "₦8,000");
}

#[tokio::test]
async fn what_a_boutique_that_is_gone_sold_is_not_shown() {
    let street = Street::open().await;
    let key = Key::simple(street.boutique.id);
    drape_common::store::Remove::<User>::remove(&street.world.endpoint.users, &key)
        .await
        .unwrap();
    assert!(outfits(&street.answer().await).is_empty());
}

#[tokio::test]
async fn a_boutiques_piece_can_be_built_around() {
    let street = Street::open().await;
    let skirt = &street.sold[2];
    for ask in [street.ask(), street.world.ask()] {
        let answer = street
            .world
            .send(ask.query("pair_with", skirt.item_id))
            .await;
        assert!(!outfits(&answer).is_empty());
        for outfit in outfits(&answer) {
            let items = outfit["items"].as_array().unwrap();
            assert!(items.contains(&json!(skirt.item_id)));
        }
    }
    let unknown = street.ask().query("pair_with", ItemId::new());
    let unknown = street.world.send(unknown).await;
    assert_eq!((unknown.status, unknown.code()), (404, "item_not_found"));
    let excluded = street.ask().query("pair_with", skirt.item_id);
    let excluded = excluded.query("exclude", skirt.item_id);
    let excluded = street.world.send(excluded).await;
    assert_eq!(
        (excluded.status, excluded.fields()),
        (422, vec!["pair_with"])
    );
}

#[tokio::test]
async fn a_piece_that_was_asked_for_may_cost_more_than_the_budget_but_must_be_sold() {
    let street = Street::open().await;
    let user = User {
        id: street.world.user,
        prefs: Prefs {
            budget: Some(naira(100)),
            ..Prefs::default()
        },
        ..new_user()
    };
    street.world.endpoint.users.put(&user).await.unwrap();
    let skirt = &street.sold[2];
    let ask = || street.ask().query("pair_with", skirt.item_id);
    let answer = street.world.send(ask()).await;
    assert!(!outfits(&answer).is_empty() && shows(&answer, skirt));
    let mut withdrawn = skirt.clone();
    withdrawn.catalog = None;
    street.save(&withdrawn).await;
    let answer = street.world.send(ask()).await;
    assert_eq!((answer.status, answer.code()), (404, "item_not_found"));
}

#[tokio::test]
async fn an_index_that_is_missing_or_broken_is_done_without() {
    // Given there was never one
    let world = World::dressed().await;
    world.endpoint.catalog.start().await;
    let answer = world
        .send(world.ask().query("include_boutiques", true))
        .await;
    assert_eq!(outfits(&answer).len(), 3);
    assert!(!answer.body["index"].as_str().unwrap().contains('+'));

    // Or one that is damaged, cut off, or of vectors that nobody here has
    for broken in ["damaged", "cut off", "foreign"] {
        let street = Street::open().await;
        for (category, color) in [(Category::Pants, NAVY), (Category::Shorts, WHITE)] {
            street.world.own(category, color).await;
        }
        let key = format!("{INDEX}/v1/base.idx");
        let mut bytes = street.world.learned.bytes(&key).unwrap();
        match broken {
            "damaged" => bytes
                .iter_mut()
                .skip(64)
                .step_by(7)
                .for_each(|byte| *byte ^= 0x55),
            "cut off" => bytes.truncate(bytes.len() / 2),
            _ => {}
        }
        let fresh = Recommendations {
            catalog: live::catalog(street.world.learned.clone(), None),
            ..street.world.endpoint
        };
        let street = Street {
            world: World {
                endpoint: fresh,
                ..street.world
            },
            ..street
        };
        if broken == "foreign" {
            street.index("v2", "another").await;
        } else {
            street.publish_index("v2", "m1", bytes).await;
        }
        // Then outfits come all the same, with what the version before it sells
        let answer = street.answer().await;
        assert!(outfits(&answer).len() >= 3, "{broken}");
        let served = answer.body["index"].as_str().unwrap();
        // Nobody here has vectors of that model, but pieces are sold all the same.
        let expected = if broken == "foreign" { "+v2" } else { "+v1" };
        assert!(served.ends_with(expected), "{broken}: {served}");
    }
}

#[tokio::test]
async fn the_served_model_is_named_and_one_that_is_broken_is_done_without() {
    let world = World::dressed().await;
    let rules = world.send(world.ask()).await;
    assert_eq!(rules.body["model"], drape_recommender::MODEL_ID);

    release(
        &world,
        MODELS,
        "v1",
        "model.bin",
        b"no model".to_vec(),
        Value::Null,
    )
    .await;
    world.endpoint.model.start().await;
    let broken = world.send(world.ask()).await;
    assert_eq!(broken.body["model"], drape_recommender::MODEL_ID);
    assert_eq!(outfits(&broken).len(), 3);

    let learned = Model {
        id: "2026-11-22".into(),
        ..Model::builtin()
    };
    let bytes = learned.to_bytes().unwrap();
    release(&world, MODELS, "v2", "model.bin", bytes, Value::Null).await;
    world.endpoint.model.start().await;
    let answer = world.send(world.ask()).await;
    assert_eq!(answer.body["model"], "2026-11-22");
    let row = kept(&world, &outfits(&answer)[0]).await.unwrap();
    assert_eq!(row.showing.model, "2026-11-22");
}

#[tokio::test]
async fn what_was_learned_of_what_goes_with_what_serves() {
    // Given a scorer that learned from outfits that are told by one word each
    let words: Vec<_> = (0..60u32)
        .map(|n| [drape_learn::words::hash(&format!("word{n}"))])
        .collect();
    let outfits_seen: Vec<Vec<Garment<'_>>> = words
        .iter()
        .map(|word| {
            let piece = |slot| Garment {
                slot,
                category: None,
                vector: None,
                colors: &[],
                words: word,
            };
            vec![piece(Slot::Top), piece(Slot::Bottom)]
        })
        .collect();
    let trained = Compat::train(&outfits_seen, &Options::default()).unwrap();
    let learned = Model {
        id: "2026-11-23".into(),
        embedding: Some("m1".into()),
        compat: Some(trained.compat),
        ..Model::builtin()
    };

    // When it is published
    let world = World::dressed().await;
    let bytes = learned.to_bytes().unwrap();
    release(&world, MODELS, "v1", "model.bin", bytes, Value::Null).await;
    world.endpoint.model.start().await;
    let answer = world.send(world.ask()).await;

    // Then it has its part in each score, which is still the sum of its parts
    for outfit in outfits(&answer) {
        let features = outfit["features"].as_array().unwrap();
        assert!(
            features.iter().any(|one| one["name"] == "words_match"),
            "{features:?}"
        );
        let sum: f64 = features
            .iter()
            .map(|one| one["contribution"].as_f64().unwrap())
            .sum();
        assert!((sum - outfit["score"].as_f64().unwrap()).abs() < 1e-6);
    }
}

#[tokio::test]
async fn a_style_that_cannot_be_read_is_done_without() {
    let world = World::dressed().await;
    let row = StyleRow {
        user_id: world.user,
        model: "m1".into(),
        style: vec![1, 2, 3],
        weight: 1.0,
        through: date!(2026 - 11 - 22),
        updated_at: NOW,
        revision: 1,
    };
    world.endpoint.styles.put(&row).await.unwrap();
    assert_eq!(outfits(&world.send(world.ask()).await).len(), 3);
}
