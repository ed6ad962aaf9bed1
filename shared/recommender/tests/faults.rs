//! What is answered when something is wrong with what is asked.

#![allow(clippy::unwrap_used)]

mod support;

use drape_domain::{Category, Prefs, Slot};
use drape_recommender::{Boutiques, Condition, Context, Request, recommend};
use drape_taste::{Model, Style};
use support::{MODEL, NOW, Owned, catalog, entry, id, items, owned, pieces, random};

fn cold_rain() -> Context {
    Context {
        temp_c: Some(10.0),
        condition: Some(Condition::Rain),
        ..Context::at(NOW)
    }
}

#[test]
fn an_empty_catalogue_or_none_is_as_no_boutiques() {
    let wardrobe = random(50, 8, 1);
    let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), cold_rain());
    let plain = Request::new(&pieces, &prefs, &context);
    let none = Request {
        boutiques: Some(Boutiques::default()),
        ..plain
    };
    assert_eq!(recommend(&none), recommend(&plain));
    let catalog = catalog(MODEL, 8, []);
    let empty = Request {
        catalog: Some(&catalog),
        ..none
    };
    assert_eq!(recommend(&empty), recommend(&plain));
}

#[test]
fn a_model_or_style_that_knows_nothing_is_as_none() {
    let wardrobe = random(50, 8, 1);
    let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), cold_rain());
    let plain = Request::new(&pieces, &prefs, &context);
    let (model, style) = (Model::builtin(), Style::new(MODEL));
    let with = Request {
        model: Some(&model),
        style: Some(&style),
        ..plain
    };
    assert_eq!(recommend(&with), recommend(&plain));
}

#[test]
fn unusable_vectors_are_as_none() {
    let plain: Vec<Owned> = random(40, 8, 2)
        .into_iter()
        .map(|owned| Owned {
            vector: None,
            ..owned
        })
        .collect();
    let offers: Vec<_> = (100..110)
        .map(|n| owned(n, Category::Shoes, "black"))
        .collect();
    let catalog = catalog(MODEL, 8, offers.iter().map(|owned| entry(owned, 8, 0.5)));
    let answer = |wardrobe: &[Owned]| {
        let mut style = Style::new(MODEL);
        let liked = vec![1.0; 8];
        style
            .update(MODEL, NOW.date(), [(5.0, liked.as_slice()); 9])
            .unwrap();
        let (pieces, prefs, context) = (pieces(wardrobe), Prefs::default(), cold_rain());
        recommend(&Request {
            catalog: Some(&catalog),
            boutiques: Some(Boutiques::default()),
            style: Some(&style),
            ..Request::new(&pieces, &prefs, &context)
        })
    };
    let expected = answer(&plain);
    assert!(!expected.outfits.is_empty());
    for bad in [
        vec![],
        vec![0.0; 8],
        vec![f32::NAN; 8],
        vec![f32::INFINITY; 8],
        vec![f32::MAX; 8],
    ] {
        let broken: Vec<Owned> = plain
            .iter()
            .map(|owned| Owned {
                vector: Some(bad.clone()),
                ..owned.clone()
            })
            .collect();
        assert_eq!(answer(&broken), expected, "{bad:?}");
    }
    // Of another length: never compared with the catalogue's or the style's.
    let short: Vec<Owned> = plain
        .iter()
        .map(|owned| Owned {
            vector: Some(vec![1.0, 2.0, 3.0]),
            ..owned.clone()
        })
        .collect();
    assert!(!answer(&short).outfits.is_empty());
}

#[test]
fn ten_thousand_pieces_and_a_catalogue_are_answered() {
    let wardrobe = random(10_000, 16, 3);
    let offers: Vec<Owned> = random(3_000, 16, 4)
        .into_iter()
        .enumerate()
        .map(|(n, mut owned)| {
            owned.item.item_id = id(100_000 + n);
            owned
        })
        .collect();
    let catalog = catalog(MODEL, 16, offers.iter().map(|owned| entry(owned, 16, 0.5)));
    let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), cold_rain());
    let answer = recommend(&Request {
        catalog: Some(&catalog),
        boutiques: Some(Boutiques::default()),
        explore: Some(7),
        limit: 10,
        ..Request::new(&pieces, &prefs, &context)
    });
    assert_eq!(answer.outfits.len(), 10);
}

#[test]
fn a_wardrobe_of_one_slot_says_what_it_lacks_whichever_slot_it_is() {
    for (category, missing) in [
        (Category::Shirt, vec![Slot::Bottom]),
        (Category::Pants, vec![Slot::Top]),
        (Category::Shoes, vec![Slot::Top, Slot::Bottom]),
        (Category::Bag, vec![Slot::Top, Slot::Bottom]),
        (Category::Dress, vec![]),
    ] {
        let wardrobe: Vec<Owned> = (1..30).map(|n| owned(n, category, "navy")).collect();
        let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), Context::at(NOW));
        let answer = recommend(&Request::new(&pieces, &prefs, &context));
        assert_eq!(answer.missing, missing, "{category}");
        assert_eq!(answer.outfits.is_empty(), !missing.is_empty(), "{category}");
    }
}

#[test]
fn a_piece_of_the_person_is_never_sold_to_them() {
    // A boutique's own account, asking with its own stock in the catalogue.
    let stock = random(60, 8, 5);
    let catalog = catalog(
        MODEL,
        8,
        stock.iter().map(|owned| drape_index::Entry {
            owner: owned.item.owner_id,
            ..entry(owned, 8, 0.5)
        }),
    );
    let (pieces, prefs, context) = (pieces(&stock), Prefs::default(), cold_rain());
    let answer = recommend(&Request {
        catalog: Some(&catalog),
        boutiques: Some(Boutiques::default()),
        limit: 10,
        ..Request::new(&pieces, &prefs, &context)
    });
    for outfit in &answer.outfits {
        let mut worn = items(outfit);
        worn.dedup();
        assert_eq!(worn.len(), outfit.pieces.len());
        let own = |piece: &drape_recommender::Placed| piece.from == drape_recommender::Source::Own;
        assert!(outfit.pieces.iter().all(own));
    }
}
