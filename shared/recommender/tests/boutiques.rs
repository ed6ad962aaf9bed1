//! What boutiques add to a wardrobe, and what is tried to learn.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{HashMap, HashSet};

use drape_domain::{Category, Currency, Money, Prefs, Signal, SignalKind, Slot};
use drape_index::Catalog;
use drape_recommender::{
    Answer, Boutiques, Condition, Context, DressCode, Event, FEATURES, Occasion, Outfit, Request,
    Source, recommend,
};
use drape_taste::{Model, Style};
use proptest::prelude::*;
use support::{
    MODEL, NOW, Owned, boutique, catalog, entry, id, items, owned, pieces, random, signal, slots,
};

const DIM: usize = 8;

fn mild() -> Context {
    Context {
        temp_c: Some(21.0),
        condition: Some(Condition::Cloudy),
        ..Context::at(NOW)
    }
}

fn shop(offers: &[Owned]) -> Catalog {
    catalog(
        MODEL,
        DIM,
        offers.iter().map(|owned| entry(owned, DIM, 0.5)),
    )
}

fn naira(amount: i64) -> Money {
    Money::new(amount * 100, Currency::Ngn).unwrap()
}

fn priced(mut owned: Owned, amount: i64, sizes: &[&str]) -> Owned {
    owned.item.typed.price = Some(naira(amount));
    owned.item.typed.sizes = Some(
        sizes
            .iter()
            .map(|size| (*size).try_into().unwrap())
            .collect(),
    );
    owned
}

fn ask(
    wardrobe: &[Owned],
    catalog: &Catalog,
    boutiques: Boutiques<'_>,
    context: &Context,
) -> Answer {
    let (pieces, prefs) = (pieces(wardrobe), Prefs::default());
    recommend(&Request {
        limit: 6,
        catalog: Some(catalog),
        boutiques: Some(boutiques),
        ..Request::new(&pieces, &prefs, context)
    })
}

fn bought(outfit: &Outfit) -> Vec<drape_domain::ItemId> {
    let all = outfit.pieces.iter();
    all.filter(|piece| piece.from != Source::Own)
        .map(|piece| piece.item)
        .collect()
}

fn all_bought(answer: &Answer) -> Vec<drape_domain::ItemId> {
    answer.outfits.iter().flat_map(bought).collect()
}

/// A shirt and trousers without shoes.
fn unshod() -> Vec<Owned> {
    vec![
        owned(1, Category::Shirt, "white"),
        owned(2, Category::Pants, "navy"),
        owned(3, Category::Pants, "black"),
    ]
}

#[test]
fn a_missing_slot_is_filled_and_the_piece_is_marked_with_boutique_and_price() {
    let catalog = shop(&[priced(
        owned(50, Category::Shoes, "black"),
        20_000,
        &["EU 42"],
    )]);
    let answer = ask(&unshod(), &catalog, Boutiques::default(), &mild());
    let shod = answer
        .outfits
        .iter()
        .find(|outfit| !bought(outfit).is_empty())
        .unwrap();
    assert_eq!(slots(shod), [Slot::Top, Slot::Bottom, Slot::Shoes]);
    assert_eq!(
        shod.pieces[2].from,
        Source::Boutique {
            owner: boutique(),
            price: Some(naira(20_000)),
        }
    );
    assert!(
        shod.explain
            .iter()
            .any(|reason| reason == "the shoes are from a boutique, for ₦20,000"),
        "{:?}",
        shod.explain
    );
    assert!(
        answer
            .outfits
            .iter()
            .any(|outfit| bought(outfit).is_empty()),
        "their own stays in the answer"
    );
}

#[test]
fn nothing_is_offered_unless_it_was_asked_for() {
    let catalog = shop(&[owned(50, Category::Shoes, "black")]);
    let (wardrobe, prefs, context) = (unshod(), Prefs::default(), mild());
    let pieces = pieces(&wardrobe);
    let plain = Request::new(&pieces, &prefs, &context);
    let with = Request {
        catalog: Some(&catalog),
        ..plain
    };
    assert_eq!(recommend(&with), recommend(&plain));
}

#[test]
fn only_what_fits_and_can_be_paid_is_offered() {
    let offers = [
        priced(
            owned(50, Category::Shoes, "black"),
            20_000,
            &["EU 42", "EU 43"],
        ),
        priced(owned(51, Category::Shoes, "black"), 20_000, &["EU 38"]),
        priced(owned(52, Category::Shoes, "black"), 90_000, &["EU 42"]),
        owned(53, Category::Shoes, "black"),
    ];
    let catalog = shop(&offers);
    let sizes = ["eu-42".try_into().unwrap()];
    let boutiques = Boutiques {
        sizes: &sizes,
        budget: Some(naira(50_000)),
    };
    let seen: HashSet<_> = all_bought(&ask(&unshod(), &catalog, boutiques, &mild()))
        .into_iter()
        .collect();
    assert_eq!(
        seen,
        HashSet::from([id(50)]),
        "one without a price may cost anything"
    );
    let rich = Boutiques {
        budget: None,
        ..boutiques
    };
    let seen = all_bought(&ask(&unshod(), &catalog, rich, &mild()));
    assert!(!seen.contains(&id(51)) && !seen.is_empty());
}

#[test]
fn offers_break_no_rule() {
    let mut sandals = owned(50, Category::Shoes, "black");
    sandals.item.typed.title = Some("Leather sandals".try_into().unwrap());
    let catalog = shop(&[
        sandals,
        owned(51, Category::Shorts, "navy"),
        owned(52, Category::Shoes, "red"),
        owned(53, Category::Dress, "teal"),
    ]);
    let (wardrobe, context) = (
        unshod(),
        Context {
            occasion: Some(Occasion::Worship),
            condition: Some(Condition::Rain),
            ..mild()
        },
    );
    let prefs = Prefs {
        disliked_colors: vec!["red".try_into().unwrap()],
        disliked_categories: vec![Category::Dress],
        ..Prefs::default()
    };
    let pieces = pieces(&wardrobe);
    let answer = recommend(&Request {
        catalog: Some(&catalog),
        boutiques: Some(Boutiques::default()),
        limit: 10,
        ..Request::new(&pieces, &prefs, &context)
    });
    assert!(!answer.outfits.is_empty());
    assert_eq!(all_bought(&answer), []);
}

#[test]
fn a_wardrobe_of_one_slot_is_completed() {
    let catalog = shop(&[
        owned(50, Category::Pants, "navy"),
        owned(51, Category::Shoes, "black"),
        owned(52, Category::Skirt, "beige"),
    ]);
    let tops = [owned(1, Category::Shirt, "white")];
    let answer = ask(&tops, &catalog, Boutiques::default(), &mild());
    assert_eq!(answer.missing, [Slot::Bottom]);
    assert!(!answer.outfits.is_empty());
    for outfit in &answer.outfits {
        assert_eq!(items(outfit)[0], id(1));
        assert!((1..=2).contains(&bought(outfit).len()));
    }
    let nothing = ask(&[], &catalog, Boutiques::default(), &mild());
    assert!(
        nothing.outfits.is_empty(),
        "a shop without tops or dresses clothes nobody"
    );
    assert_eq!(nothing.missing, [Slot::Top, Slot::Bottom]);
    let dresses = shop(&[owned(60, Category::Dress, "navy")]);
    let nothing = ask(&[], &dresses, Boutiques::default(), &mild());
    assert_eq!(all_bought(&nothing), [id(60)]);
}

#[test]
fn a_boutiques_piece_can_be_tried_with_ones_own() {
    let catalog = shop(&[owned(50, Category::Shirt, "light blue")]);
    let (wardrobe, prefs, context) = (unshod(), Prefs::default(), mild());
    let pieces = pieces(&wardrobe);
    let request = Request {
        pair_with: Some(id(50)),
        catalog: Some(&catalog),
        ..Request::new(&pieces, &prefs, &context)
    };
    let answer = recommend(&request);
    assert_eq!(answer.outfits.len(), 2);
    for outfit in &answer.outfits {
        assert_eq!(bought(outfit), [id(50)]);
    }
    let excluded = Request {
        exclude: &[id(50)],
        ..request
    };
    assert!(recommend(&excluded).outfits.is_empty());
}

#[test]
fn of_two_offers_the_nearer_by_looks_and_the_better_liked_win() {
    let towards = |n, vector: [f32; 2]| {
        let mut shoes = owned(n, Category::Shoes, "black");
        shoes.vector = Some([&vector[..], &[0.0; DIM - 2]].concat());
        shoes
    };
    let mut wardrobe = unshod();
    for piece in &mut wardrobe {
        piece.vector = Some([&[1.0, 0.0][..], &[0.0; DIM - 2]].concat());
    }
    let far: Vec<Owned> = (60..100).map(|n| towards(n, [-1.0, 0.2])).collect();
    let mut offers = far.clone();
    offers.push(towards(150, [1.0, 0.1]));
    let first = |catalog: &Catalog, model: &Model| {
        let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), mild());
        let answer = recommend(&Request {
            catalog: Some(catalog),
            boutiques: Some(Boutiques::default()),
            model: Some(model),
            ..Request::new(&pieces, &prefs, &context)
        });
        all_bought(&answer)[0]
    };
    assert_eq!(first(&shop(&offers), &Model::builtin()), id(150));
    let popular = Model {
        popularity: drape_taste::Popularity::learn([(id(77), 90.0, 90.0), (id(60), 0.0, 90.0)]),
        ..Model::builtin()
    };
    let liked = catalog(
        MODEL,
        DIM,
        far.iter().map(|shoes| {
            let popularity = if shoes.item.item_id == id(77) {
                0.9
            } else {
                0.1
            };
            entry(shoes, DIM, popularity)
        }),
    );
    assert_eq!(first(&liked, &popular), id(77));
}

#[test]
fn vectors_of_another_model_never_mix() {
    let mut wardrobe = unshod();
    for piece in &mut wardrobe {
        piece.vector = Some([&[1.0][..], &[0.0; DIM - 1]].concat());
    }
    let offers = [
        owned(50, Category::Shoes, "black"),
        owned(51, Category::Shoes, "brown"),
    ];
    let other = catalog(
        "another",
        DIM,
        offers.iter().map(|owned| entry(owned, DIM, 0.5)),
    );
    let answer = ask(&wardrobe, &other, Boutiques::default(), &mild());
    // Offered as what is liked, not as what looks alike.
    assert!(!all_bought(&answer).is_empty());
    let style = {
        let mut style = Style::new("another");
        let vector = vec![-1.0; DIM];
        let deeds = [(5.0, vector.as_slice()); 40];
        style.update("another", NOW.date(), deeds).unwrap();
        style
    };
    let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), mild());
    let plain = Request::new(&pieces, &prefs, &context);
    let with = Request {
        style: Some(&style),
        ..plain
    };
    assert_eq!(recommend(&with), recommend(&plain));
}

#[test]
fn a_learned_style_decides_between_equals() {
    let mut wardrobe = vec![
        owned(1, Category::Shirt, "white"),
        owned(2, Category::Shirt, "white"),
        owned(3, Category::Pants, "navy"),
    ];
    for (piece, vector) in wardrobe
        .iter_mut()
        .zip([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    {
        piece.vector = Some(vector.to_vec());
    }
    for (direction, first) in [([1.0, 0.0], 1), ([0.0, 1.0], 2)] {
        let mut style = Style::new(MODEL);
        let deeds = [(2.0, direction.as_slice()); 30];
        style.update(MODEL, NOW.date(), deeds).unwrap();
        let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), mild());
        let answer = recommend(&Request {
            style: Some(&style),
            ..Request::new(&pieces, &prefs, &context)
        });
        assert_eq!(items(&answer.outfits[0])[0], id(first));
    }
}

#[test]
fn only_the_third_place_is_used_for_exploration_and_its_odds_are_told() {
    let wardrobe = random(60, DIM, 3);
    let answer = |explore| {
        let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), mild());
        recommend(&Request {
            explore,
            limit: 5,
            ..Request::new(&pieces, &prefs, &context)
        })
    };
    let plain = answer(None);
    assert!(plain.outfits.iter().all(|outfit| outfit.propensity == 1.0));
    let mut seen: HashMap<_, f32> = HashMap::new();
    for seed in 0..60 {
        let explored = answer(Some(seed));
        assert_eq!(
            explored,
            answer(Some(seed)),
            "the same seed, the same answer"
        );
        assert_eq!(explored.outfits[..2], plain.outfits[..2]);
        let third = &explored.outfits[2];
        assert!(third.propensity > 0.0 && third.propensity <= 1.0);
        for (n, outfit) in explored.outfits.iter().enumerate() {
            assert!(n == 2 || outfit.propensity == 1.0);
        }
        seen.insert(items(third), third.propensity);
    }
    assert!(seen.len() > 1, "something is tried");
    assert!(
        seen.values().sum::<f32>() <= 1.5,
        "the odds of what was seen: {seen:?}"
    );
}

#[test]
fn what_is_recorded_has_each_name_once_and_all_parts() {
    let wardrobe = random(40, DIM, 4);
    let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), mild());
    let answer = recommend(&Request::new(&pieces, &prefs, &context));
    let outfit = &answer.outfits[0];
    let recorded = outfit.recorded();
    let names: HashSet<_> = recorded
        .iter()
        .map(|feature| feature.name.as_str())
        .collect();
    assert_eq!(names.len(), recorded.len());
    for name in FEATURES.iter().chain(&drape_taste::Parts::NAMES) {
        assert!(names.contains(name), "{name}");
    }
    let sum: f64 = recorded.iter().map(|feature| feature.contribution).sum();
    assert!((sum - outfit.score).abs() < 1e-9);
    let blended = drape_taste::Blend::default().score(&outfit.parts);
    assert!((f64::from(blended) - outfit.score).abs() < 1e-3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_is_mostly_the_persons_own(
        seed in 0u64..500,
        size in 0usize..50,
        limit in 1usize..=10,
        temp in -5f32..36.0,
        explore in prop::option::of(any::<u64>()),
    ) {
        let wardrobe = random(size, DIM, seed);
        let offers: Vec<Owned> = random(120, DIM, seed + 1).into_iter().enumerate().map(|(n, mut owned)| {
            owned.item.item_id = id(1000 + n);
            owned
        }).collect();
        let (pieces, prefs) = (pieces(&wardrobe), Prefs::default());
        let context = Context { temp_c: Some(temp), ..mild() };
        let catalog = shop(&offers);
        let plain = Request { limit, explore, ..Request::new(&pieces, &prefs, &context) };
        let own = recommend(&plain);
        let mixed = recommend(&Request {
            catalog: Some(&catalog), boutiques: Some(Boutiques::default()), ..plain
        });
        let with: Vec<_> = mixed.outfits.iter().filter(|outfit| !bought(outfit).is_empty()).collect();
        let most = if own.outfits.is_empty() { 2 } else { 1 };
        prop_assert!(with.iter().all(|outfit| bought(outfit).len() <= most));
        if own.outfits.len() == limit && limit > 1 {
            prop_assert!(with.len() <= (limit / 3).max(1), "{} of {}", with.len(), limit);
            prop_assert!(mixed.outfits.iter().any(|outfit| bought(outfit).is_empty()));
        }
        if let (Some(one), Some(other)) = (own.outfits.first(), mixed.outfits.first()) {
            prop_assert!(other.score >= one.score - 2e-3, "offers never take the best away");
        }
    }
}

#[test]
fn what_the_person_said_of_an_offer_counts_as_for_their_own() {
    let catalog = shop(&[
        owned(50, Category::Shoes, "black"),
        owned(51, Category::Shoes, "black"),
    ]);
    let wardrobe = unshod();
    let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), mild());
    let shod = |history: &[Signal]| {
        let answer = recommend(&Request {
            history,
            catalog: Some(&catalog),
            boutiques: Some(Boutiques::default()),
            ..Request::new(&pieces, &prefs, &context)
        });
        all_bought(&answer)[0]
    };
    for (liked, disliked) in [(50, 51), (51, 50)] {
        let history = [signal(1, SignalKind::Dislike, &[disliked], 1)];
        assert_eq!(shod(&history), id(liked));
        let history = [signal(1, SignalKind::Like, &[liked], 1)];
        assert_eq!(shod(&history), id(liked));
    }
}

#[test]
fn what_others_like_of_an_offer_is_told() {
    let catalog = shop(&[owned(50, Category::Shoes, "black")]);
    let wardrobe = unshod();
    let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), mild());
    for (good, is_told) in [(90.0, true), (30.0, false)] {
        let model = Model {
            popularity: drape_taste::Popularity::learn([(id(50), good, 100.0)]),
            ..Model::builtin()
        };
        let answer = recommend(&Request {
            catalog: Some(&catalog),
            boutiques: Some(Boutiques::default()),
            model: Some(&model),
            ..Request::new(&pieces, &prefs, &context)
        });
        let mut shod = answer
            .outfits
            .iter()
            .filter(|outfit| !bought(outfit).is_empty());
        let told = shod.any(|outfit| outfit.explain.contains(&"others like the shoes".to_owned()));
        assert_eq!(told, is_told, "{answer:?}");
    }
}

#[test]
fn an_offer_of_a_favourite_style_is_preferred() {
    let catalog = shop(&[50, 51, 52].map(|n| {
        let mut shoes = owned(n, Category::Shoes, "black");
        shoes.item.typed.title = Some(
            if n == 51 {
                "street style boots"
            } else {
                "boots"
            }
            .try_into()
            .unwrap(),
        );
        shoes
    }));
    let wardrobe = unshod();
    let (pieces, context) = (pieces(&wardrobe), mild());
    let prefs = Prefs {
        favorite_styles: vec!["Street Style".try_into().unwrap()],
        ..Prefs::default()
    };
    let answer = recommend(&Request {
        catalog: Some(&catalog),
        boutiques: Some(Boutiques::default()),
        ..Request::new(&pieces, &prefs, &context)
    });
    assert_eq!(all_bought(&answer)[0], id(51));
}

#[test]
fn few_that_meet_a_dress_code_are_found_among_many_that_do_not() {
    let near = |n: usize, title: &str| {
        let mut piece = owned(n, Category::Shirt, "white");
        piece.item.typed.title = Some(title.try_into().unwrap());
        piece.item.typed.formality = Some(0.7);
        piece.vector = Some(vec![1.0; DIM]);
        piece
    };
    let mut offers: Vec<Owned> = (100..700).map(|n| near(n, "shirt")).collect();
    let mut agbada = near(50, "white agbada");
    agbada.vector = Some([&[1.0, -0.9][..], &[0.1; DIM - 2]].concat());
    offers.push(agbada);
    let mut wardrobe = vec![
        owned(2, Category::Pants, "navy"),
        owned(3, Category::Shoes, "black"),
    ];
    for piece in &mut wardrobe {
        piece.vector = Some(vec![1.0; DIM]);
    }
    let context = Context {
        event: Some(Event {
            occasion: None,
            start: None,
            dress_code: Some(DressCode::Traditional),
        }),
        ..mild()
    };
    let answer = ask(&wardrobe, &shop(&offers), Boutiques::default(), &context);
    assert_eq!(all_bought(&answer)[0], id(50));
}
