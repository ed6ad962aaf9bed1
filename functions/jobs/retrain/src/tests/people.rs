//! Styles of people.

use drape_common::store::{Put, tables::StyleRow};
use drape_domain::{SignalKind, showing::ShownPiece};
use drape_taste::{Style, reward};
use serde_json::json;

use super::world::{DAY, MODEL, World, clock, item, outfit, person, showing_id, shown_at, vector};

#[tokio::test]
async fn a_style_is_what_was_liked_that_day() {
    let world = World::empty();
    let worn = outfit(person(1), 5, DAY);
    world
        .says(person(1), SignalKind::Worn, Some(&worn), DAY)
        .await;
    world.owns(person(1), 5, MODEL).await;
    world.run(json!({})).await;
    let mut expected = Style::new(MODEL);
    let deed = (reward(SignalKind::Worn), vector(5));
    expected
        .update(MODEL, DAY, [(deed.0, deed.1.as_slice())])
        .unwrap();
    assert_eq!(world.style(person(1)).await, Some(expected));
}

#[tokio::test]
async fn a_boutiques_piece_counts_though_it_is_not_the_persons_own() {
    let world = World::empty();
    let mut shown = outfit(person(1), 5, DAY);
    shown.pieces.push(ShownPiece {
        owner_id: person(77),
        item_id: item(6),
        ..shown.pieces[0]
    });
    let showing = drape_domain::Showing {
        id: showing_id(DAY, 1),
        user_id: person(1),
        shown_at: shown_at(DAY),
        model: "m".to_owned(),
        index: None,
        occasion: None,
        temp_c: None,
        outfits: vec![shown.clone()],
    };
    let row = drape_common::store::tables::DayShowing::new(showing);
    world.app.showings.put(&row).await.unwrap();
    world
        .says(person(1), SignalKind::Like, Some(&shown), DAY)
        .await;
    world.owns(person(77), 6, MODEL).await;
    world.run(json!({})).await;
    let style = world.style(person(1)).await.unwrap();
    // The other half of the like is for the person's own piece, which has no vector.
    assert!((style.weight() - 0.5).abs() < 1e-6);
}

#[tokio::test]
async fn a_signal_about_many_pieces_says_no_more_than_one_about_one() {
    let world = World::empty();
    let mut worn = outfit(person(1), 5, DAY);
    for n in 6..9 {
        worn.pieces.push(ShownPiece {
            item_id: item(n),
            ..worn.pieces[0]
        });
    }
    world
        .says(person(1), SignalKind::Like, Some(&worn), DAY)
        .await;
    for n in 5..9 {
        world.owns(person(1), n, MODEL).await;
    }
    world.run(json!({})).await;
    let style = world.style(person(1)).await.unwrap();
    assert!((style.weight() - 1.0).abs() < 1e-6);
}

#[tokio::test]
async fn vectors_of_another_model_are_passed_over() {
    let world = World::with_people(1).await;
    for n in 0..3 {
        world.owns(person(0), n, "vectors-0").await;
    }
    world.run(json!({})).await;
    let style = world.style(person(0)).await.unwrap();
    assert_eq!((style.model(), style.weight()), (MODEL, 0.0));
}

#[tokio::test]
async fn a_style_of_another_model_or_one_that_is_damaged_starts_anew() {
    let fresh = World::with_people(1).await;
    fresh.wardrobes(0..1).await;
    fresh.run(json!({})).await;
    let expected = fresh.style(person(0)).await;

    let mut old = Style::new("vectors-0");
    let past = DAY.previous_day().unwrap();
    old.update("vectors-0", past, [(2.0, [1.0, 2.0].as_slice())])
        .unwrap();
    for (model, bytes) in [
        ("vectors-0", old.to_bytes().unwrap()),
        (MODEL, vec![7; 60]),
        (MODEL, Vec::new()),
    ] {
        let world = World::with_people(1).await;
        world.wardrobes(0..1).await;
        let row = StyleRow {
            user_id: person(0),
            model: model.to_owned(),
            style: bytes,
            weight: 1.0,
            through: past,
            updated_at: clock(),
            revision: 4,
        };
        world.app.styles.put(&row).await.unwrap();
        world.run(json!({})).await;
        assert_eq!(world.style(person(0)).await, expected);
        assert_eq!(world.app.styles.dump()[0]["revision"], 5);
    }
}
