//! What goes with what, learned from what people liked.

use drape_common::store::{
    Put,
    tables::{DayShowing, Embedding},
};
use drape_domain::{
    Background, Category, Item, ItemId, Showing, SignalKind, Slot, Text, UserId,
    item::{ImageType, Typed, Upload},
    showing::{ShownFeature, ShownOutfit, ShownPiece},
};
use drape_learn::{Compat, Garment, words};
use drape_taste::Model;
use serde_json::json;

use super::world::{DAY, MODEL, World, clock, outfit, person, showing_id, shown_at};

/// Kinds of pieces; those of the same kind go together.
const KINDS: u128 = 4;

fn title(kind: u128) -> String {
    format!("kind{kind}")
}

fn looks(kind: u128, n: u128) -> [f32; 6] {
    let mut vector = [0.0; 6];
    vector[kind as usize] = 1.0;
    vector[4] = 0.3 + (n as f32 * 0.37).sin() * 0.2;
    vector[5] = (n as f32 * 0.73).cos() * 0.2;
    vector
}

/// A person's piece of this kind.
async fn owns(world: &World, owner: UserId, category: Category, kind: u128, n: u128) -> ItemId {
    let typed = Typed {
        title: Text::try_from(title(kind)).ok(),
        category: Some(category),
        ..Typed::default()
    };
    let upload = Upload {
        content_type: ImageType::Jpeg,
        content_length: 1,
    };
    let item_id = super::world::item(n);
    let item = Item {
        item_id,
        ..Item::new(owner, typed, Background::Clean, upload, clock())
    };
    world.app.items.put(&item).await.unwrap();
    let row = Embedding::new(owner, item_id, MODEL, &looks(kind, n), clock());
    world.app.embeddings.put(&row).await.unwrap();
    item_id
}

/// People who were shown three outfits of top and bottom: of one kind, which they liked, and of two, which they
/// did not. Rules told nothing of it.
async fn couples(people: u128, gone: impl Fn(u128) -> bool) -> World {
    let world = World::empty();
    for n in 0..people {
        let user = person(n);
        let mut outfits = Vec::new();
        for place in 0..3 {
            let (top, bottom) = (n % KINDS, (n + place) % KINDS);
            let mut pieces = Vec::new();
            for (side, slot, category, kind) in [
                (0, Slot::Top, Category::Shirt, top),
                (1, Slot::Bottom, Category::Pants, bottom),
            ] {
                let id = n * 6 + place * 2 + side;
                let item_id = if gone(n) {
                    super::world::item(id)
                } else {
                    owns(&world, user, category, kind, id).await
                };
                pieces.push(ShownPiece {
                    item_id,
                    owner_id: user,
                    slot,
                });
            }
            let rules = ["warmth_fit", "formality_match", "season"];
            let mut shown: ShownOutfit = outfit(user, n * 3 + place, DAY);
            shown.pieces = pieces;
            shown.features.extend(rules.map(|name| ShownFeature {
                name: name.to_owned(),
                value: 0.5,
                contribution: 0.0,
            }));
            let kind = if top == bottom {
                SignalKind::Like
            } else {
                SignalKind::Dislike
            };
            world.says(user, kind, Some(&shown), DAY).await;
            outfits.push(shown);
        }
        let showing = Showing {
            id: showing_id(DAY, n),
            user_id: user,
            shown_at: shown_at(DAY),
            model: "builtin-1".to_owned(),
            index: None,
            occasion: None,
            temp_c: None,
            outfits,
        };
        let row = DayShowing::new(showing);
        world.app.showings.put(&row).await.unwrap();
    }
    world
}

/// The log-odds that a top and a bottom of these kinds go together.
fn together(compat: &Compat, top: u128, bottom: u128) -> f32 {
    let (looks, words) = (
        [looks(top, 1_000), looks(bottom, 1_001)],
        [top, bottom].map(|kind| words::of_title(&title(kind))),
    );
    let pieces = [
        (Slot::Top, Category::Shirt, 0),
        (Slot::Bottom, Category::Pants, 1),
    ]
    .map(|(slot, category, at)| {
        compat.prepare(&Garment {
            slot,
            category: Some(category),
            vector: Some(&looks[at]),
            colors: &[],
            words: &words[at],
        })
    });
    compat.judge(&[&pieces[0], &pieces[1]]).logit
}

#[tokio::test]
async fn what_people_like_together_is_learned_and_served() {
    let world = couples(300, |_| false).await;
    let report = world.run(json!({})).await;
    assert_eq!(
        report["evaluation"]["decision"]["promoted"], true,
        "{report:#}"
    );
    let scorer = &report["scorer"];
    let serves = scorer["serves"].as_str().unwrap();
    assert!(["linear", "net"].contains(&serves), "{scorer:#}");
    assert_eq!(scorer["gone"], 0);
    assert!(scorer[serves]["auc"]["low"].as_f64() > Some(0.5));
    assert!(scorer[serves]["ece"]["low"].is_number());
    let auc = |of: &str| scorer[of]["challenger"]["auc"]["value"].as_f64().unwrap();
    assert!(auc("with") > auc("without") + 0.1, "{scorer:#}");

    let version = report["model"].as_str().unwrap();
    let key = format!("models/{version}/model.bin");
    let bytes = world.app.learned.bytes(&key).unwrap();
    let model = Model::for_embedding(&bytes, MODEL).unwrap();
    assert_eq!(model.embedding.as_deref(), Some(MODEL));
    let compat = model.compat.unwrap();
    for kind in 0..KINDS {
        let other = (kind + 1) % KINDS;
        assert!(together(&compat, kind, kind) > together(&compat, kind, other));
    }
}

#[tokio::test]
async fn the_same_day_learns_the_same() {
    let (one, other) = (couples(80, |_| false).await, couples(80, |_| false).await);
    one.run(json!({})).await;
    other.run(json!({})).await;
    let model = |world: &World| world.app.learned.bytes("models/20261122T235959Z/model.bin");
    assert_eq!(model(&one), model(&other));
}

#[tokio::test]
async fn too_few_liked_outfits_teach_nothing_and_the_report_says_so() {
    let world = couples(40, |_| false).await;
    let report = world.run(json!({})).await;
    let scorer = &report["scorer"];
    assert_eq!(scorer["serves"], "rules", "{scorer:#}");
    assert!(scorer["outfits"].as_u64() < Some(50));
    assert!(
        scorer["why"].as_str().unwrap().contains("at least 50"),
        "{scorer:#}"
    );
    assert!(scorer["linear"].is_null());
}

#[tokio::test]
async fn outfits_whose_pieces_are_gone_are_not_learned_from() {
    let all = couples(120, |_| false).await.run(json!({})).await;
    let world = couples(120, |n| n % 2 == 1).await;
    let report = world.run(json!({})).await;
    let (all, scorer) = (&all["scorer"], &report["scorer"]);
    assert_eq!(scorer["pieces"], all["pieces"]);
    assert_eq!(scorer["gone"], 60 * 6);
    let (of_all, left) = (all["outfits"].as_u64(), scorer["outfits"].as_u64());
    assert!(left > Some(0) && left < of_all, "{left:?} of {of_all:?}");
}
