//! What a person sees, told as wardrobes and answers.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashSet;

use drape_domain::{Category, ItemStatus, Prefs, Season, SignalKind, Slot};
use drape_recommender::{
    Answer, Condition, Context, Occasion, Outfit, Reading, Request, Rule, TimeOfDay, recommend,
};
use drape_taste::{Blend, Model};
use support::{NOW, Owned, ask, id, items, owned, pieces, random, signal, slots};

fn weather(temp_c: f32, condition: Condition) -> Context {
    Context {
        temp_c: Some(temp_c),
        condition: Some(condition),
        ..Context::at(NOW)
    }
}

fn categories(wardrobe: &[Owned], outfit: &Outfit) -> Vec<Category> {
    items(outfit)
        .iter()
        .map(|id| {
            wardrobe
                .iter()
                .find(|owned| owned.item.item_id == *id)
                .unwrap()
                .item
                .category()
        })
        .collect()
}

fn plain(wardrobe: &[Owned], context: &Context, limit: usize) -> Answer {
    ask(wardrobe, &Prefs::default(), &[], context, limit)
}

fn says(outfit: &Outfit, words: &str) -> bool {
    outfit.explain.iter().any(|reason| reason.contains(words))
}

fn mixed() -> Vec<Owned> {
    use Category::*;
    [
        (TShirt, "white"),
        (TShirt, "black"),
        (Shirt, "light blue"),
        (Hoodie, "grey"),
        (Sweater, "navy"),
        (Pants, "navy"),
        (Pants, "black"),
        (Shorts, "khaki"),
        (Skirt, "beige"),
        (Dress, "dark green"),
        (Outerwear, "olive"),
        (Blazer, "charcoal"),
        (Shoes, "white"),
        (Shoes, "black"),
        (Hat, "beige"),
        (Bag, "brown"),
    ]
    .iter()
    .enumerate()
    .map(|(n, (category, color))| owned(n + 1, *category, color))
    .collect()
}

/// Which feature a reason tells of, as far as these tests know.
fn told_of(reason: &str) -> Option<&'static str> {
    let known = [
        ("matches your color palette", "color_match"),
        ("colors that go well together", "color_match"),
        ("great for", "warmth_fit"),
        ("right for", "warmth_fit"),
        ("dressed right for", "formality_match"),
        ("pieces that share a style", "style_match"),
        ("you liked", "preference"),
        ("you went for", "preference"),
        ("with the", "preference"),
        ("not worn for", "freshness"),
        ("it is", "freshness"),
    ];
    known
        .iter()
        .find(|(start, _)| reason.starts_with(start))
        .map(|(_, feature)| *feature)
}

#[test]
fn reasons_come_in_the_order_of_what_they_contribute() {
    let wardrobe = random(60, 8, 11);
    let pieces = pieces(&wardrobe);
    let context = Context {
        occasion: Some(Occasion::Work),
        ..weather(18.0, Condition::Cloudy)
    };
    let mut history: Vec<_> = (1..60)
        .map(|n| signal(n, SignalKind::Worn, &[n], 25))
        .collect();
    history.extend((1..60).map(|n| signal(100 + n, SignalKind::Like, &[n, n % 59 + 1], 3)));
    let mut first = HashSet::new();
    // Whatever counts most in the served model.
    for parts in [
        [0.8, 0.1, 0.05, 0.05],
        [0.3, 0.6, 0.05, 0.05],
        [0.3, 0.1, 0.55, 0.05],
    ] {
        let model = Model {
            blend: Blend::default().with_weights(parts),
            ..Model::builtin()
        };
        let answer = recommend(&Request {
            history: &history,
            limit: 10,
            model: Some(&model),
            ..Request::new(&pieces, &Prefs::default(), &context)
        });
        assert!(!answer.outfits.is_empty());
        for outfit in &answer.outfits {
            let contribution = |name: &str| {
                let feature = outfit.features.iter().find(|feature| feature.name == name);
                feature.unwrap().contribution
            };
            let told: Vec<_> = outfit
                .explain
                .iter()
                .filter_map(|reason| told_of(reason))
                .collect();
            assert!(told.len() >= 2, "{:?}", outfit.explain);
            assert!(
                told.windows(2)
                    .all(|two| contribution(two[0]) >= contribution(two[1])),
                "{:?} {:?}",
                outfit.explain,
                outfit.features
            );
            first.insert(told[0]);
        }
    }
    assert!(first.len() >= 2, "they differ with what counts: {first:?}");
}

#[test]
fn items_that_were_read_before_get_the_same_answer() {
    let mut wardrobe = random(60, 8, 4);
    for (owned, title) in wardrobe
        .iter_mut()
        .zip(["linen sandal", "wool coat", "crop top"].iter().cycle())
    {
        owned.item.typed.title = Some((*title).try_into().unwrap());
    }
    let readings: Vec<_> = wardrobe
        .iter()
        .map(|owned| Reading::of(&owned.item))
        .collect();
    let unread = pieces(&wardrobe);
    let mut read = pieces(&wardrobe);
    for (piece, reading) in read.iter_mut().zip(&readings) {
        piece.reading = Some(reading);
    }
    let tastes = Prefs {
        preferred_colors: vec!["navy".try_into().unwrap()],
        disliked_colors: vec!["orange".try_into().unwrap()],
        ..Prefs::default()
    };
    for prefs in [&Prefs::default(), &tastes] {
        let context = weather(14.0, Condition::Rain);
        let answer = |pieces| recommend(&Request::new(pieces, prefs, &context));
        assert_eq!(answer(&read), answer(&unread));
        assert!(!answer(&read).outfits.is_empty());
    }
}

#[test]
fn a_hot_sunny_day_gets_light_outfits_that_differ() {
    let wardrobe = mixed();
    let answer = plain(&wardrobe, &weather(28.0, Condition::Sunny), 3);
    assert_eq!(answer.outfits.len(), 3);
    assert!(answer.relaxed.is_empty() && answer.missing.is_empty());
    for outfit in &answer.outfits {
        assert!(
            !slots(outfit).contains(&Slot::Outer),
            "{:?}",
            categories(&wardrobe, outfit)
        );
        assert!(slots(outfit).contains(&Slot::Shoes));
    }
    assert!(
        says(&answer.outfits[0], "28 °C and sun"),
        "{:?}",
        answer.outfits[0].explain
    );
    let heroes: HashSet<_> = answer
        .outfits
        .iter()
        .map(|outfit| outfit.pieces[0].item)
        .collect();
    assert_eq!(heroes.len(), 3);
}

#[test]
fn cold_rain_gets_a_coat_and_long_trousers() {
    let wardrobe = mixed();
    let answer = plain(&wardrobe, &weather(11.0, Condition::Rain), 3);
    assert_eq!(answer.outfits.len(), 3);
    for outfit in &answer.outfits {
        let seen = categories(&wardrobe, outfit);
        assert!(seen.contains(&Category::Outerwear), "{seen:?}");
        assert!(!seen.contains(&Category::Shorts), "{seen:?}");
    }
    assert!(
        says(&answer.outfits[0], "warm enough for 11 °C and rain"),
        "{:?}",
        answer.outfits[0].explain
    );
}

#[test]
fn rain_is_not_promised_to_be_kept_off_by_a_blazer() {
    let wardrobe = [
        owned(1, Category::Shirt, "white"),
        owned(2, Category::Pants, "navy"),
        owned(3, Category::Blazer, "charcoal"),
        owned(4, Category::Outerwear, "hot pink"),
    ];
    let with_coat = plain(&wardrobe, &weather(12.0, Condition::Rain), 1);
    assert!(categories(&wardrobe, &with_coat.outfits[0]).contains(&Category::Outerwear));
    let wardrobe = &wardrobe[..3];
    let answer = plain(wardrobe, &weather(12.0, Condition::Rain), 1);
    assert_eq!(
        categories(wardrobe, &answer.outfits[0]),
        [Category::Shirt, Category::Pants, Category::Blazer]
    );
    assert!(says(&answer.outfits[0], "warm enough for 12 °C"));
    assert!(!says(&answer.outfits[0], "rain"));
}

#[test]
fn who_owns_no_coat_is_told_so_and_still_answered() {
    let wardrobe = [
        owned(1, Category::TShirt, "white"),
        owned(2, Category::Pants, "navy"),
    ];
    let answer = plain(&wardrobe, &weather(2.0, Condition::Snow), 3);
    assert_eq!(answer.outfits.len(), 1);
    assert_eq!(answer.missing, [Slot::Outer]);
    assert!(says(&answer.outfits[0], "warmer layer"));
    assert!(!says(&answer.outfits[0], "warm enough"));
}

#[test]
fn work_is_dressed_for_and_the_gym_too() {
    let wardrobe = mixed();
    let work = Context {
        occasion: Some(Occasion::Work),
        ..weather(22.0, Condition::Cloudy)
    };
    let answer = plain(&wardrobe, &work, 3);
    for outfit in &answer.outfits {
        let seen = categories(&wardrobe, outfit);
        assert!(
            !seen
                .iter()
                .any(|c| matches!(c, Category::TShirt | Category::Shorts | Category::Hoodie)),
            "{seen:?}"
        );
    }
    assert!(
        says(&answer.outfits[0], "dressed right for work"),
        "{:?}",
        answer.outfits[0].explain
    );

    let gym = Context {
        occasion: Some(Occasion::Gym),
        ..weather(24.0, Condition::Sunny)
    };
    for outfit in plain(&wardrobe, &gym, 3).outfits {
        let seen = categories(&wardrobe, &outfit);
        assert!(
            !seen
                .iter()
                .any(|c| matches!(c, Category::Dress | Category::Shirt | Category::Blazer)),
            "{seen:?}"
        );
    }
}

#[test]
fn worship_allows_no_shorts_whatever_their_formality_is_said_to_be() {
    let mut wardrobe = mixed();
    wardrobe[7].item.typed.formality = Some(0.9);
    let context = Context {
        occasion: Some(Occasion::Worship),
        ..weather(30.0, Condition::Sunny)
    };
    for outfit in plain(&wardrobe, &context, 10).outfits {
        assert!(!categories(&wardrobe, &outfit).contains(&Category::Shorts));
    }
}

#[test]
fn dislikes_are_kept_out() {
    let wardrobe = mixed();
    let prefs = Prefs {
        disliked_colors: vec!["navy".try_into().unwrap(), "blue".try_into().unwrap()],
        disliked_categories: vec![Category::Dress, Category::Hat],
        ..Prefs::default()
    };
    let answer = ask(&wardrobe, &prefs, &[], &weather(26.0, Condition::Sunny), 10);
    assert!(answer.relaxed.is_empty());
    for outfit in &answer.outfits {
        for unwanted in [3, 5, 6, 10, 15] {
            assert!(!items(outfit).contains(&id(unwanted)));
        }
    }
}

#[test]
fn when_nothing_meets_the_rules_the_least_precious_gives_way_and_it_is_said() {
    let wardrobe = [
        owned(1, Category::TShirt, "red"),
        owned(2, Category::TShirt, "white"),
        owned(3, Category::Pants, "navy"),
    ];
    let prefs = Prefs {
        disliked_colors: vec!["red".try_into().unwrap()],
        ..Prefs::default()
    };
    let wedding = Context {
        occasion: Some(Occasion::Wedding),
        ..weather(25.0, Condition::Sunny)
    };
    let answer = ask(&wardrobe, &prefs, &[], &wedding, 3);
    assert_eq!(answer.relaxed, [Rule::Occasion]);
    assert_eq!(
        answer.outfits.len(),
        1,
        "the red one stays out: giving up the occasion was enough"
    );
    assert!(
        says(&answer.outfits[0], "not usual for a wedding"),
        "{:?}",
        answer.outfits[0].explain
    );
    assert!(!says(&answer.outfits[0], "dressed right"));

    let all_red = [wardrobe[0].clone(), wardrobe[2].clone()];
    let answer = ask(&all_red, &prefs, &[], &weather(25.0, Condition::Sunny), 3);
    assert_eq!(answer.relaxed, [Rule::DislikedColor]);
    assert!(says(&answer.outfits[0], "a color that you dislike"));
}

#[test]
fn a_wardrobe_without_an_outfit_says_what_it_lacks() {
    let context = weather(25.0, Condition::Sunny);
    assert_eq!(plain(&[], &context, 3).missing, [Slot::Top, Slot::Bottom]);
    let tops: Vec<_> = (1..9).map(|n| owned(n, Category::Shirt, "white")).collect();
    let answer = plain(&tops, &context, 3);
    assert!(answer.outfits.is_empty());
    assert_eq!(answer.missing, [Slot::Bottom]);
    let shoes = [
        owned(1, Category::Shoes, "white"),
        owned(2, Category::Hat, "white"),
    ];
    assert_eq!(
        plain(&shoes, &context, 3).missing,
        [Slot::Top, Slot::Bottom]
    );
    let dress = [owned(1, Category::Dress, "red")];
    assert_eq!(plain(&dress, &context, 3).outfits.len(), 1);
}

#[test]
fn pieces_that_are_not_ready_or_not_known_are_passed_over() {
    let mut wardrobe = vec![
        owned(1, Category::Shirt, "white"),
        owned(2, Category::Pants, "navy"),
        owned(3, Category::Other, "red"),
    ];
    for status in [
        ItemStatus::AwaitingUpload,
        ItemStatus::Processing,
        ItemStatus::Failed,
    ] {
        wardrobe[1].item.status = status;
        assert_eq!(
            plain(&wardrobe, &Context::at(NOW), 3).missing,
            [Slot::Bottom]
        );
    }
    wardrobe[1].item.status = ItemStatus::Ready;
    let party = Context {
        occasion: Some(Occasion::Party),
        ..Context::at(NOW)
    };
    assert_eq!(
        items(&plain(&wardrobe, &party, 3).outfits[0]),
        [id(1), id(2)]
    );
}

#[test]
fn an_item_that_comes_twice_is_one_and_its_later_revision_counts() {
    let old = owned(1, Category::Shirt, "white");
    let bottom = owned(2, Category::Pants, "navy");
    let mut new = old.clone();
    new.item.revision = 2;
    for (first, second) in [(&old, &new), (&new, &old)] {
        let twice = [first.clone(), second.clone(), bottom.clone()];
        assert_eq!(plain(&twice, &Context::at(NOW), 10).outfits.len(), 1);
    }
    new.item.status = ItemStatus::Processing;
    for (first, second) in [(&old, &new), (&new, &old)] {
        let twice = [first.clone(), second.clone(), bottom.clone()];
        assert_eq!(plain(&twice, &Context::at(NOW), 10).missing, [Slot::Top]);
    }
}

#[test]
fn of_equals_the_one_that_shares_less_with_the_first_comes_second() {
    let wardrobe = [
        owned(1, Category::TShirt, "white"),
        owned(2, Category::TShirt, "white"),
        owned(3, Category::Pants, "navy"),
        owned(4, Category::Pants, "navy"),
    ];
    let answer = plain(&wardrobe, &Context::at(NOW), 2);
    assert_eq!(items(&answer.outfits[0]), [id(1), id(3)]);
    assert_eq!(items(&answer.outfits[1]), [id(2), id(4)]);
}

#[test]
fn the_palette_is_praised_only_if_it_is_met() {
    let wardrobe = [
        owned(1, Category::TShirt, "navy"),
        owned(2, Category::Pants, "white"),
    ];
    let with = |color: &str| Prefs {
        preferred_colors: vec![color.try_into().unwrap()],
        ..Prefs::default()
    };
    let praised = |prefs: &Prefs| {
        says(
            &ask(&wardrobe, prefs, &[], &Context::at(NOW), 1).outfits[0],
            "matches your color palette",
        )
    };
    assert!(praised(&with("navy")));
    assert!(!praised(&with("orange")));
    assert!(!praised(&Prefs::default()));
}

#[test]
fn a_preferred_colour_wins_between_equals() {
    let wardrobe = [
        owned(1, Category::TShirt, "burgundy"),
        owned(2, Category::TShirt, "teal"),
        owned(3, Category::Pants, "black"),
    ];
    for (color, winner) in [("burgundy", 1), ("teal", 2)] {
        let prefs = Prefs {
            preferred_colors: vec![color.try_into().unwrap()],
            ..Prefs::default()
        };
        assert_eq!(
            ask(&wardrobe, &prefs, &[], &Context::at(NOW), 1).outfits[0].pieces[0].item,
            id(winner)
        );
    }
}

#[test]
fn weeks_unworn_are_told_only_if_known() {
    let wardrobe = [
        owned(1, Category::TShirt, "white"),
        owned(2, Category::Pants, "navy"),
    ];
    let reasons = |history: &[_]| {
        ask(&wardrobe, &Prefs::default(), history, &Context::at(NOW), 1)
            .outfits
            .remove(0)
            .explain
            .join("; ")
    };
    assert!(!reasons(&[]).contains("wor"), "nothing is known");
    let both = [
        signal(1, SignalKind::Worn, &[1], 23),
        signal(2, SignalKind::Worn, &[2], 40),
    ];
    assert!(
        reasons(&both).contains("not worn for three weeks"),
        "{}",
        reasons(&both)
    );
    assert!(
        reasons(&both[..1]).contains("three weeks since you wore the t-shirt"),
        "{}",
        reasons(&both[..1])
    );
    assert!(
        !reasons(&both[1..]).contains("week"),
        "of the top nothing is known"
    );
    for (days, words) in [
        (13, None),
        (14, Some("not worn for two weeks")),
        (20, Some("not worn for two weeks")),
        (28, Some("not worn for four weeks")),
        (36, Some("not worn for over a month")),
        (62, Some("not worn for 2 months")),
        (400, Some("not worn for 12 months")),
    ] {
        let seen = reasons(&[signal(1, SignalKind::Worn, &[1, 2], days)]);
        match words {
            Some(words) => assert!(seen.contains(words), "{days}: {seen}"),
            None => assert!(!seen.contains("not worn"), "{days}: {seen}"),
        }
    }
    let yesterday = [
        both[0].clone(),
        both[1].clone(),
        signal(3, SignalKind::Worn, &[2], 1),
    ];
    assert!(!reasons(&yesterday).contains("week"));
}

#[test]
fn what_was_worn_yesterday_makes_room() {
    let wardrobe = [
        owned(1, Category::TShirt, "white"),
        owned(2, Category::TShirt, "white"),
        owned(3, Category::Pants, "navy"),
    ];
    let history = [
        signal(1, SignalKind::Worn, &[1, 3], 1),
        signal(2, SignalKind::Worn, &[2, 3], 30),
    ];
    let answer = ask(&wardrobe, &Prefs::default(), &history, &Context::at(NOW), 1);
    assert_eq!(answer.outfits[0].pieces[0].item, id(2));
}

#[test]
fn likes_raise_and_dislikes_lower() {
    let wardrobe = [
        owned(1, Category::TShirt, "white"),
        owned(2, Category::TShirt, "white"),
        owned(3, Category::Pants, "navy"),
    ];
    let first = |history: &[_]| {
        ask(&wardrobe, &Prefs::default(), history, &Context::at(NOW), 1)
            .outfits
            .remove(0)
    };
    let liked = first(&[signal(1, SignalKind::Like, &[2], 3)]);
    assert_eq!(liked.pieces[0].item, id(2));
    assert!(
        says(&liked, "the t-shirt that you went for before"),
        "{:?}",
        liked.explain
    );
    assert_eq!(
        first(&[signal(1, SignalKind::Dislike, &[1, 3], 3)]).pieces[0].item,
        id(2)
    );
    assert!(says(
        &first(&[signal(1, SignalKind::Like, &[2, 3], 3)]),
        "you liked this look a few days ago"
    ));
    assert!(says(
        &first(&[signal(1, SignalKind::Saved, &[2, 3], 3)]),
        "some of these together"
    ));
}

#[test]
fn a_favourite_style_is_seen_in_the_tags() {
    let mut wardrobe = vec![
        owned(1, Category::TShirt, "white"),
        owned(2, Category::TShirt, "white"),
        owned(3, Category::Pants, "navy"),
    ];
    wardrobe[1].item.typed.tags = Some(vec!["Minimal".try_into().unwrap()]);
    let prefs = Prefs {
        favorite_styles: vec!["minimal".try_into().unwrap()],
        ..Prefs::default()
    };
    let answer = ask(&wardrobe, &prefs, &[], &Context::at(NOW), 1);
    assert_eq!(answer.outfits[0].pieces[0].item, id(2));
    assert!(
        says(&answer.outfits[0], "your minimal style"),
        "{:?}",
        answer.outfits[0].explain
    );
}

#[test]
fn pieces_that_look_alike_in_style_are_put_together() {
    let mut wardrobe = vec![
        owned(1, Category::TShirt, "white"),
        owned(2, Category::TShirt, "white"),
        owned(3, Category::Pants, "navy"),
    ];
    wardrobe[0].vector = Some(vec![1.0, 0.0]);
    wardrobe[1].vector = Some(vec![0.0, 1.0]);
    wardrobe[2].vector = Some(vec![0.1, 1.0]);
    let best = |wardrobe: &[Owned], model: &Model| {
        let (pieces, prefs, context) = (pieces(wardrobe), Prefs::default(), Context::at(NOW));
        let answer = recommend(&Request {
            model: Some(model),
            ..Request::new(&pieces, &prefs, &context)
        });
        answer.outfits[0].clone()
    };
    // What all clothes have in common is known …
    let known = Model {
        embedding: Some(support::MODEL.to_owned()),
        center: vec![0.5, 0.5],
        ..Model::builtin()
    };
    let outfit = best(&wardrobe, &known);
    assert_eq!(outfit.pieces[0].item, id(2));
    assert!(says(&outfit, "share a style"));
    // … or not: then nobody can say what these share.
    let outfit = best(&wardrobe, &Model::builtin());
    assert_eq!(outfit.pieces[0].item, id(2));
    assert!(!outfit.explain.concat().contains("style"));

    // Vectors of different models say nothing about each other.
    wardrobe[1].item.embedding.as_mut().unwrap().model = "another".into();
    let outfit = best(&wardrobe[1..], &known);
    assert!(!outfit.explain.concat().contains("style"));
}

#[test]
fn looks_are_not_similar_for_what_all_clothes_have_in_common() {
    // Given clothes whose vectors all point nearly the same way, and each a little to its own
    let mut wardrobe: Vec<Owned> = (1..=5)
        .map(|n| {
            let category = if n <= 2 {
                Category::Shirt
            } else {
                Category::Pants
            };
            let mut piece = owned(n, category, "navy");
            let mut vector = vec![1.0; 16];
            vector[n] = 1.6;
            piece.vector = Some(vector);
            piece
        })
        .collect();
    let similar = |wardrobe: &[Owned], liked: &[usize]| {
        let history = [signal(1, SignalKind::Like, liked, 3)];
        let model = Model {
            embedding: Some(support::MODEL.to_owned()),
            center: vec![0.25; 16],
            ..Model::builtin()
        };
        let (pieces, prefs, context) = (pieces(wardrobe), Prefs::default(), Context::at(NOW));
        let answer = recommend(&Request {
            history: &history,
            model: Some(&model),
            limit: 10,
            ..Request::new(&pieces, &prefs, &context)
        });
        let told = answer
            .outfits
            .iter()
            .filter(|outfit| says(outfit, "you liked"));
        told.map(items).collect::<Vec<_>>()
    };
    // When one look was liked, then only what shares a piece with it is called similar
    let told = similar(&wardrobe, &[1, 3]);
    assert!(!told.is_empty());
    for outfit in told {
        assert!(
            outfit.contains(&id(1)) || outfit.contains(&id(3)),
            "{outfit:?}"
        );
    }
    // But with what points the same way beyond that, it is
    let alike = |told: &[Vec<_>]| told.iter().any(|outfit| *outfit == [id(1), id(4)]);
    assert!(!alike(&similar(&wardrobe, &[1, 3])));
    wardrobe[3].vector = wardrobe[2].vector.clone();
    assert!(alike(&similar(&wardrobe, &[1, 3])));
}

#[test]
fn hats_and_bags_have_their_occasions() {
    let wardrobe = mixed();
    let worn = |context: &Context| -> HashSet<Slot> {
        plain(&wardrobe, context, 5)
            .outfits
            .into_iter()
            .flat_map(|outfit| slots(&outfit))
            .collect()
    };
    assert!(worn(&weather(28.0, Condition::Sunny)).contains(&Slot::Hat));
    assert!(!worn(&weather(28.0, Condition::Cloudy)).contains(&Slot::Hat));
    let night = Context {
        time_of_day: Some(TimeOfDay::Night),
        ..weather(28.0, Condition::Sunny)
    };
    assert!(!worn(&night).contains(&Slot::Hat));
    assert!(!worn(&weather(22.0, Condition::Cloudy)).contains(&Slot::Bag));
}

#[test]
fn a_turn_of_the_year_changes_nothing() {
    let wardrobe = [
        owned(1, Category::TShirt, "white"),
        owned(2, Category::Pants, "navy"),
    ];
    let mut worn = signal(1, SignalKind::Worn, &[1, 2], 0);
    worn.created_at = time::macros::datetime!(2026-12-31 23:59:59 UTC);
    let mut context = Context::at(time::macros::datetime!(2027-01-01 00:00:01 UTC));
    let before = ask(&wardrobe, &Prefs::default(), &[worn.clone()], &context, 1);
    context.now = time::macros::datetime!(2026-12-31 23:59:59 UTC);
    let after = ask(&wardrobe, &Prefs::default(), &[worn], &context, 1);
    assert!((before.outfits[0].score - after.outfits[0].score).abs() < 1e-3);
}

#[test]
fn a_season_that_the_owner_typed_is_respected() {
    let mut wardrobe = vec![
        owned(1, Category::TShirt, "white"),
        owned(2, Category::TShirt, "white"),
        owned(3, Category::Pants, "navy"),
    ];
    wardrobe[0].item.typed.season = Some(vec![Season::Winter]);
    wardrobe[1].item.typed.season = Some(vec![Season::Summer]);
    let context = Context {
        latitude: Some(6.5),
        ..Context::at(NOW)
    };
    let answer = plain(&wardrobe, &context, 1);
    assert_eq!(answer.outfits[0].pieces[0].item, id(2));
    assert!(
        says(&answer.outfits[0], "in season"),
        "{:?}",
        answer.outfits[0].explain
    );
}

#[test]
fn a_big_wardrobe_is_answered_in_bounded_time() {
    let wardrobe = random(10_000, 512, 3);
    let pieces = support::pieces(&wardrobe);
    let (prefs, context) = (Prefs::default(), weather(12.0, Condition::Rain));
    let request = drape_recommender::Request {
        limit: 10,
        ..drape_recommender::Request::new(&pieces, &prefs, &context)
    };
    let start = std::time::Instant::now();
    let answer = drape_recommender::recommend(&request);
    assert_eq!(answer.outfits.len(), 10);
    // It takes about 10 ms; the rest is for a busy machine.
    assert!(
        start.elapsed() < std::time::Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn the_limit_is_kept_in_range() {
    let wardrobe = random(60, 8, 5);
    for (limit, outfits) in [(0, 1), (1, 1), (10, 10), (1000, 10)] {
        assert_eq!(
            plain(&wardrobe, &weather(24.0, Condition::Sunny), limit)
                .outfits
                .len(),
            outfits
        );
    }
}
