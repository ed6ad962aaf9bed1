//! What holds for every wardrobe, person and day.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashSet;

use drape_domain::{Category, Color, Pattern, Prefs, Rgb, Signal, SignalKind, Slot, color::NAMED};
use drape_recommender::{
    Answer, Condition, Context, FEATURES, Occasion, Request, Rule, TimeOfDay, recommend,
};
use drape_taste::Model;
use proptest::{prelude::*, sample::select};
use support::{MODEL, NOW, Owned, ask, items, owned, pieces, signal, slots};

fn any_number() -> impl Strategy<Value = f32> {
    prop_oneof![8 => -0.2f32..1.2, 1 => any::<f32>(), 1 => Just(f32::NAN)]
}

fn any_vector() -> impl Strategy<Value = Option<Vec<f32>>> {
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(vec![])),
        1 => Just(Some(vec![0.0; 8])),
        1 => Just(Some(vec![f32::NAN; 8])),
        1 => prop::collection::vec(any::<f32>(), 8).prop_map(Some),
        1 => prop::collection::vec(-1f32..1.0, 3).prop_map(Some),
        6 => prop::collection::vec(-1f32..1.0, 8).prop_map(Some),
    ]
}

fn any_colors() -> impl Strategy<Value = Vec<Color>> {
    let color = (select(NAMED), any_number(), any::<Option<[u8; 3]>>()).prop_map(
        |((name, rgb), share, odd)| Color {
            name: name.into(),
            hex: odd.map_or(rgb, Rgb),
            share,
        },
    );
    prop::collection::vec(color, 0..4)
}

fn any_item(n: usize) -> impl Strategy<Value = Owned> {
    let kind = (
        select(Category::ALL),
        select(Pattern::ALL),
        prop::option::weighted(0.3, any_number()),
    );
    (kind, any_colors(), any_vector()).prop_map(
        move |((category, pattern, formality), colors, vector)| {
            let mut owned = owned(n, category, "white");
            owned.item.typed.colors = Some(colors);
            owned.item.typed.pattern = Some(pattern);
            owned.item.typed.formality = formality;
            owned.vector = vector;
            owned
        },
    )
}

fn any_wardrobe(most: usize) -> impl Strategy<Value = Vec<Owned>> {
    (0..=most).prop_flat_map(|size| (1..=size).map(any_item).collect::<Vec<_>>())
}

fn any_prefs() -> impl Strategy<Value = Prefs> {
    let colors = || {
        prop::collection::vec(
            select(NAMED).prop_map(|(name, _)| name.try_into().unwrap()),
            0..4,
        )
    };
    let categories = prop::collection::vec(select(Category::ALL), 0..3);
    (colors(), colors(), categories).prop_map(
        |(preferred_colors, disliked_colors, disliked_categories)| Prefs {
            preferred_colors,
            disliked_colors,
            disliked_categories,
            ..Prefs::default()
        },
    )
}

fn any_history() -> impl Strategy<Value = Vec<Signal>> {
    use SignalKind::{Clicked, Dislike, Like, Saved, Skipped, Worn};
    let kind = select(&[Like, Dislike, Worn, Saved, Clicked, Skipped][..]);
    let signal = (
        0usize..30,
        kind,
        prop::collection::vec(1usize..40, 0..5),
        -5i64..400,
    )
        .prop_map(|(n, kind, items, days)| signal(n, kind, &items, days));
    prop::collection::vec(signal, 0..12).prop_map(|mut signals| {
        // A signal's id is made from its content, so that two with the same id are the same.
        let mut seen = HashSet::new();
        signals.retain(|signal| seen.insert(signal.id));
        signals
    })
}

fn any_context() -> impl Strategy<Value = Context> {
    use Condition::{Clear, Cloudy, Fog, Rain, Snow, Storm, Sunny, Windy};
    use Occasion::{Casual, Date, Gym, Home, Party, Travel, Wedding, Work, Worship};
    (
        prop::option::of(prop_oneof![9 => -25f32..45.0, 1 => any::<f32>()]),
        prop::option::of(select(
            &[Sunny, Clear, Cloudy, Fog, Rain, Snow, Storm, Windy][..],
        )),
        prop::option::of(select(&[TimeOfDay::Morning, TimeOfDay::Night][..])),
        prop::option::of(select(
            &[
                Work, Casual, Party, Wedding, Worship, Gym, Travel, Home, Date,
            ][..],
        )),
        prop::option::of(any::<f64>()),
    )
        .prop_map(
            |(temp_c, condition, time_of_day, occasion, latitude)| Context {
                temp_c,
                condition,
                time_of_day,
                occasion,
                latitude,
                ..Context::at(NOW)
            },
        )
}

fn find(wardrobe: &[Owned], id: drape_domain::ItemId) -> &Owned {
    wardrobe
        .iter()
        .find(|owned| owned.item.item_id == id)
        .unwrap()
}

fn is_whole(slots: &[Slot]) -> bool {
    let once = slots.iter().collect::<HashSet<_>>().len() == slots.len();
    let has = |slot| slots.contains(&slot);
    once && (has(Slot::Dress) != (has(Slot::Top) && has(Slot::Bottom)))
        && !(has(Slot::Dress) && (has(Slot::Top) || has(Slot::Bottom)))
}

fn may_hold_an_outfit(wardrobe: &[Owned]) -> bool {
    let has = |slot| {
        wardrobe
            .iter()
            .any(|owned| owned.item.slot() == slot && owned.item.category() != Category::Other)
    };
    has(Slot::Dress) || (has(Slot::Top) && has(Slot::Bottom))
}

fn check(wardrobe: &[Owned], prefs: &Prefs, context: &Context, limit: usize, answer: &Answer) {
    assert!(answer.outfits.len() <= limit);
    assert_eq!(answer.outfits.is_empty(), !may_hold_an_outfit(wardrobe));
    if answer.outfits.is_empty() {
        assert!(!answer.missing.is_empty());
    }
    let mut seen = HashSet::new();
    for outfit in &answer.outfits {
        assert!(is_whole(&slots(outfit)), "{:?}", slots(outfit));
        assert!(seen.insert(items(outfit)), "an outfit came twice");
        assert!((0.0..=1.0).contains(&outfit.score));
        assert!(
            outfit.score <= answer.outfits[0].score + 1e-4,
            "the best comes first"
        );

        let names: Vec<_> = outfit.features.iter().map(|feature| feature.name).collect();
        assert_eq!(names, FEATURES);
        let steps: f64 = outfit
            .features
            .iter()
            .map(|feature| (feature.contribution * 1e4).round())
            .sum();
        assert_eq!(
            steps,
            (outfit.score * 1e4).round(),
            "contributions sum to the score"
        );
        assert!(
            outfit
                .features
                .iter()
                .all(|feature| feature.contribution >= 0.0)
        );
        assert!(!outfit.explain.is_empty());

        let said = outfit.explain.join("; ");
        let temp = context.temp_c.filter(|temp| (-90.0..=60.0).contains(temp));
        for (id, slot) in items(outfit).iter().zip(&slots(outfit)) {
            let item = &find(wardrobe, *id).item;
            assert_eq!(item.slot(), *slot);
            if prefs.disliked_categories.contains(&item.category()) {
                assert!(
                    answer.relaxed.contains(&Rule::DislikedCategory)
                        && said.contains("a kind that you dislike")
                );
            }
            let wrong = match (item.category(), temp) {
                (Category::Shorts | Category::Undershirt, Some(temp)) => temp < 12.0,
                (Category::Outerwear, Some(temp)) => temp > 24.0,
                _ => false,
            };
            if wrong {
                assert!(
                    answer.relaxed.contains(&Rule::Weather)
                        && said.contains("not made for this weather")
                );
                assert!(!said.contains("warm enough") && !said.contains("light enough"));
            }
            if context.occasion == Some(Occasion::Worship) && item.category() == Category::Shorts {
                assert!(
                    answer.relaxed.contains(&Rule::Occasion)
                        && said.contains("not usual for worship")
                );
            }
            let named = |color: &Color| {
                prefs
                    .disliked_colors
                    .iter()
                    .any(|word| word.as_str() == color.name)
            };
            let colors = item.colors();
            if colors.len() == 1 && colors.iter().all(named) {
                assert!(
                    answer.relaxed.contains(&Rule::DislikedColor)
                        && said.contains("a color that you dislike")
                );
            }
        }
        if answer.relaxed.is_empty() {
            assert!(!said.contains("meets all your rules"));
        }
        if temp.is_none() {
            assert!(!said.contains("°C") && !said.contains("warm "), "{said}");
        }
        if prefs.preferred_colors.is_empty() {
            assert!(!said.contains("palette"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_sound(
        wardrobe in any_wardrobe(40),
        prefs in any_prefs(),
        history in any_history(),
        context in any_context(),
        limit in 1usize..=10,
    ) {
        let answer = ask(&wardrobe, &prefs, &history, &context, limit);
        check(&wardrobe, &prefs, &context, limit, &answer);
    }

    #[test]
    fn the_order_of_the_input_does_not_matter(
        (wardrobe, shuffled) in any_wardrobe(30).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        (history, later) in any_history().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        prefs in any_prefs(),
        context in any_context(),
    ) {
        prop_assert_eq!(
            ask(&wardrobe, &prefs, &history, &context, 5),
            ask(&shuffled, &prefs, &later, &context, 5)
        );
    }

    #[test]
    fn asking_for_more_never_drops_the_best(
        wardrobe in any_wardrobe(30),
        prefs in any_prefs(),
        context in any_context(),
    ) {
        let one = ask(&wardrobe, &prefs, &[], &context, 1);
        let ten = ask(&wardrobe, &prefs, &[], &context, 10);
        prop_assert_eq!(one.outfits.first(), ten.outfits.first());
    }

    #[test]
    fn no_outfit_of_the_wardrobe_beats_the_first(
        wardrobe in any_wardrobe(14),
        prefs in any_prefs(),
        context in any_context(),
    ) {
        // What all clothes have in common would be told from the pieces themselves, and these differ below.
        let model = Model { embedding: Some(MODEL.to_owned()), center: vec![0.1; 8], ..Model::builtin() };
        let ask = |wardrobe: &[Owned]| {
            let pieces = pieces(wardrobe);
            let request = Request::new(&pieces, &prefs, &context);
            recommend(&Request { model: Some(&model), avoid_repeat_days: 0, limit: 1, ..request })
        };
        let answer = ask(&wardrobe);
        // Where a rule gave way, smaller wardrobes would break it for other pieces.
        let Some(best) = answer.outfits.first().filter(|_| answer.relaxed.is_empty()) else { return Ok(()) };
        let of = |slot: Slot| wardrobe.iter().filter(move |owned| owned.item.slot() == slot);
        let separates = of(Slot::Top).flat_map(|top| of(Slot::Bottom).map(move |bottom| vec![top, bottom]));
        for core in separates.chain(of(Slot::Dress).map(|dress| vec![dress])) {
            for shoe in of(Slot::Shoes).map(Some).chain([None]) {
                for outer in of(Slot::Outer).map(Some).chain([None]) {
                    // As the only things owned, they are the only outfit.
                    let own: Vec<Owned> = core.iter().copied().chain(shoe).chain(outer).cloned().collect();
                    let alone = ask(&own);
                    let outfit = &alone.outfits[0];
                    let alike = |slot| slots(outfit).contains(&slot) == slots(best).contains(&slot);
                    let coat = |outfit: &drape_recommender::Outfit| items(outfit).iter()
                        .any(|id| find(&wardrobe, *id).item.category() == Category::Outerwear);
                    // Only those with the same kinds of pieces compare: shoes belong to an outfit that has
                    // any, and in the rain a coat comes before a blazer.
                    if alone.relaxed.is_empty() && alike(Slot::Shoes) && alike(Slot::Outer) && coat(outfit) == coat(best) {
                        prop_assert!(outfit.score <= best.score + 1.5e-4, "{outfit:?} beats {best:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_three_share_no_hero_where_that_can_be(
        tops in prop::collection::vec(select(NAMED), 3..12),
        bottoms in prop::collection::vec(select(NAMED), 1..12),
    ) {
        let wardrobe: Vec<Owned> = tops.iter().map(|(name, _)| (Category::TShirt, name))
            .chain(bottoms.iter().map(|(name, _)| (Category::Pants, name)))
            .enumerate()
            .map(|(n, (category, name))| owned(n + 1, category, name))
            .collect();
        let answer = ask(&wardrobe, &Prefs::default(), &[], &Context::at(NOW), 3);
        let heroes: HashSet<_> = answer.outfits.iter().map(|outfit| outfit.pieces[0].item).collect();
        prop_assert_eq!(heroes.len(), 3);
    }
}
