//! What a person may ask for, and what they are promised.

#![allow(clippy::unwrap_used)]

mod support;

use drape_domain::{Category, ItemId, Modesty, Prefs, Signal, SignalKind, Slot, Timestamp};
use drape_recommender::{Answer, Condition, Context, Event, Occasion, Request, Rule, recommend};
use proptest::prelude::*;
use support::{NOW, Owned, id, items, owned, pieces, random, signal, slots};
use time::{Duration, macros::datetime};

fn weather(temp_c: f32, condition: Condition) -> Context {
    Context {
        temp_c: Some(temp_c),
        condition: Some(condition),
        ..Context::at(NOW)
    }
}

fn named(n: usize, category: Category, color: &str, title: &str) -> Owned {
    let mut named = owned(n, category, color);
    named.item.typed.title = Some(title.try_into().unwrap());
    named
}

/// Ten outfits by the usual options, changed by `with`.
fn ask(
    wardrobe: &[Owned],
    context: &Context,
    with: impl for<'a> Fn(Request<'a>) -> Request<'a>,
) -> Answer {
    let (pieces, prefs) = (pieces(wardrobe), Prefs::default());
    recommend(&with(Request {
        limit: 10,
        ..Request::new(&pieces, &prefs, context)
    }))
}

fn ask_as(prefs: &Prefs, wardrobe: &[Owned], context: &Context) -> Answer {
    let pieces = pieces(wardrobe);
    recommend(&Request {
        limit: 10,
        ..Request::new(&pieces, prefs, context)
    })
}

fn says(answer: &Answer, words: &str) -> bool {
    let mut reasons = answer.outfits.iter().flat_map(|outfit| &outfit.explain);
    reasons.any(|reason| reason.contains(words))
}

fn basics() -> Vec<Owned> {
    use Category::{Dress, Hat, Pants, Shirt, Shoes, Shorts, TShirt};
    [
        (Shirt, "white"),
        (TShirt, "black"),
        (Pants, "navy"),
        (Shorts, "khaki"),
        (Dress, "dark green"),
        (Shoes, "white"),
        (Hat, "beige"),
    ]
    .iter()
    .enumerate()
    .map(|(n, (category, color))| owned(n + 1, *category, color))
    .collect()
}

#[test]
fn every_outfit_holds_the_piece_that_was_asked_for() {
    let wardrobe = basics();
    let warm = weather(26.0, Condition::Sunny);
    for n in 1..=wardrobe.len() {
        let answer = ask(&wardrobe, &warm, |request| Request {
            pair_with: Some(id(n)),
            ..request
        });
        assert!(!answer.outfits.is_empty(), "{n}");
        for outfit in &answer.outfits {
            assert!(items(outfit).contains(&id(n)), "{n}: {:?}", slots(outfit));
        }
    }
}

#[test]
fn what_was_asked_for_may_break_a_rule_and_it_is_said() {
    let wardrobe = basics();
    let church = Context {
        occasion: Some(Occasion::Worship),
        ..weather(28.0, Condition::Sunny)
    };
    let answer = ask(&wardrobe, &church, |request| Request {
        pair_with: Some(id(4)),
        ..request
    });
    assert_eq!(answer.relaxed, [Rule::Occasion]);
    for outfit in &answer.outfits {
        assert!(
            outfit
                .explain
                .iter()
                .any(|reason| reason == "shorts: not usual for worship, but you asked for it"),
            "{:?}",
            outfit.explain
        );
    }
}

#[test]
fn outfits_around_one_top_differ_in_what_goes_with_it() {
    let mut wardrobe = vec![owned(1, Category::Shirt, "white")];
    wardrobe.extend((2..8).map(|n| owned(n, Category::Pants, "navy")));
    wardrobe.extend((8..12).map(|n| owned(n, Category::Shoes, "black")));
    let answer = ask(&wardrobe, &weather(22.0, Condition::Cloudy), |request| {
        Request {
            pair_with: Some(id(1)),
            limit: 3,
            ..request
        }
    });
    let mut bottoms: Vec<_> = answer
        .outfits
        .iter()
        .map(|outfit| items(outfit)[1])
        .collect();
    bottoms.dedup();
    assert_eq!(bottoms.len(), 3, "{bottoms:?}");
}

#[test]
fn around_what_cannot_be_worn_there_is_no_outfit() {
    let mut wardrobe = basics();
    wardrobe[0].item.in_wash = true;
    let warm = weather(26.0, Condition::Sunny);
    for n in [1, 99] {
        let answer = ask(&wardrobe, &warm, |request| Request {
            pair_with: Some(id(n)),
            ..request
        });
        assert!(answer.outfits.is_empty() && !answer.only_repeats);
    }
    let both = [id(2)];
    let (pieces, prefs) = (pieces(&wardrobe), Prefs::default());
    let answer = recommend(&Request {
        pair_with: Some(id(2)),
        exclude: &both,
        ..Request::new(&pieces, &prefs, &warm)
    });
    assert!(answer.outfits.is_empty());
}

#[test]
fn without_a_partner_the_answer_names_the_missing_slot() {
    let wardrobe = [
        owned(1, Category::Shirt, "white"),
        owned(2, Category::Dress, "red"),
    ];
    let answer = ask(&wardrobe, &Context::at(NOW), |request| Request {
        pair_with: Some(id(1)),
        ..request
    });
    assert!(answer.outfits.is_empty());
    assert_eq!(answer.missing, [Slot::Bottom]);
}

#[test]
fn what_is_excluded_or_in_the_wash_stays_out() {
    let mut wardrobe = basics();
    wardrobe[1].item.in_wash = true;
    let (pieces, prefs) = (pieces(&wardrobe), Prefs::default());
    let warm = weather(26.0, Condition::Sunny);
    let answer = recommend(&Request {
        exclude: &[id(5), id(7), id(99)],
        limit: 10,
        ..Request::new(&pieces, &prefs, &warm)
    });
    assert!(!answer.outfits.is_empty());
    for outfit in &answer.outfits {
        for out in [2, 5, 7] {
            assert!(!items(outfit).contains(&id(out)));
        }
    }
}

fn worn_at(at: Timestamp, items: &[usize]) -> Signal {
    Signal {
        created_at: at,
        ..signal(1, SignalKind::Worn, items, 0)
    }
}

#[test]
fn an_outfit_rests_for_a_week_after_it_was_worn() {
    let wardrobe = [
        owned(1, Category::Shirt, "white"),
        owned(2, Category::Pants, "navy"),
        owned(3, Category::Pants, "black"),
        owned(4, Category::Shoes, "black"),
        owned(5, Category::Shoes, "brown"),
    ];
    let comes_again = |hours: i64, days: u16| {
        let history = [worn_at(NOW - Duration::hours(hours), &[1, 2, 4])];
        let answer = ask(&wardrobe, &Context::at(NOW), |request| Request {
            history: &[],
            ..request
        });
        assert!(!answer.outfits.is_empty());
        let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), Context::at(NOW));
        let answer = recommend(&Request {
            history: &history,
            avoid_repeat_days: days,
            limit: 10,
            ..Request::new(&pieces, &prefs, &context)
        });
        assert!(
            answer
                .outfits
                .iter()
                .any(|outfit| items(outfit)[1] == id(3)),
            "the other trousers come with the same shirt"
        );
        answer
            .outfits
            .iter()
            .any(|outfit| items(outfit)[1] == id(2))
    };
    assert!(!comes_again(1, 7));
    assert!(
        !comes_again(7 * 24 - 1, 7),
        "other shoes make no other outfit"
    );
    assert!(comes_again(7 * 24, 7));
    assert!(comes_again(1, 0));
    assert!(!comes_again(13 * 24, 14));
}

#[test]
fn the_week_of_rest_does_not_end_with_the_year() {
    let wardrobe = [
        owned(1, Category::Shirt, "white"),
        owned(2, Category::Pants, "navy"),
    ];
    let history = [worn_at(datetime!(2026-12-30 09:00 UTC), &[1, 2])];
    let answer = |now| {
        let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), Context::at(now));
        recommend(&Request {
            history: &history,
            ..Request::new(&pieces, &prefs, &context)
        })
    };
    let rests = answer(datetime!(2027-01-01 00:00:01 UTC));
    assert!(rests.outfits.is_empty() && rests.only_repeats);
    assert_eq!(rests.missing, []);
    assert!(!answer(datetime!(2027-01-06 09:00 UTC)).outfits.is_empty());
}

#[test]
fn a_dress_rests_too_but_not_if_it_is_asked_for() {
    let wardrobe = [
        owned(1, Category::Dress, "red"),
        owned(2, Category::Shoes, "black"),
    ];
    let history = [worn_at(NOW - Duration::days(2), &[1])];
    let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), Context::at(NOW));
    let request = Request {
        history: &history,
        ..Request::new(&pieces, &prefs, &context)
    };
    assert!(recommend(&request).only_repeats);
    let asked = Request {
        pair_with: Some(id(1)),
        ..request
    };
    assert_eq!(recommend(&asked).outfits.len(), 1);
}

#[test]
fn what_is_never_worn_gets_a_nudge_from_those_who_tell_what_they_wear() {
    let mut wardrobe = vec![
        owned(1, Category::Shirt, "white"),
        owned(2, Category::Shirt, "white"),
        owned(3, Category::Pants, "navy"),
    ];
    // The second has hung there for three months.
    wardrobe[1].item.created_at = NOW - Duration::days(90);
    let first = |history: &[Signal]| {
        let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), Context::at(NOW));
        let answer = recommend(&Request {
            history,
            ..Request::new(&pieces, &prefs, &context)
        });
        items(&answer.outfits[0])[0]
    };
    assert_eq!(first(&[]), id(1), "nothing is known");
    let record: Vec<_> = (0..12)
        .map(|n| signal(n, SignalKind::Worn, &[50 + n], 10 + n as i64))
        .collect();
    assert_eq!(first(&record), id(2));
}

#[test]
fn rain_gets_closed_shoes() {
    let wardrobe = [
        owned(1, Category::Shirt, "white"),
        owned(2, Category::Pants, "navy"),
        named(3, Category::Shoes, "white", "Leather sandals"),
        named(4, Category::Shoes, "hot pink", "Sneakers"),
    ];
    let shoes = |context: &Context, wardrobe: &[Owned]| -> Vec<ItemId> {
        let answer = ask(wardrobe, context, |request| request);
        let all = answer.outfits.iter().flat_map(|outfit| &outfit.pieces);
        all.filter(|piece| piece.slot == Slot::Shoes)
            .map(|piece| piece.item)
            .collect()
    };
    let rain = weather(28.0, Condition::Rain);
    assert_eq!(shoes(&rain, &wardrobe), [id(4)]);
    assert!(shoes(&weather(28.0, Condition::Sunny), &wardrobe).contains(&id(3)));

    // Only sandals: a raincoat makes up for them; without one they stay at home, and it is said.
    let mut sandals = wardrobe[..3].to_vec();
    let answer = ask(&sandals, &rain, |request| request);
    assert_eq!(slots(&answer.outfits[0]), [Slot::Top, Slot::Bottom]);
    assert_eq!(answer.missing, [Slot::Shoes]);
    assert!(says(&answer, "rain needs closed shoes"));
    sandals.push(named(5, Category::Outerwear, "olive", "Raincoat"));
    let answer = ask(&sandals, &rain, |request| request);
    assert!(answer.missing.is_empty() && answer.relaxed.is_empty());
    for outfit in &answer.outfits {
        assert!(slots(outfit).contains(&Slot::Outer) && slots(outfit).contains(&Slot::Shoes));
    }
    assert!(says(&answer, "open shoes in the rain, so with a coat"));
    let asked = ask(&sandals, &rain, |request| Request {
        pair_with: Some(id(3)),
        ..request
    });
    assert!(slots(&asked.outfits[0]).contains(&Slot::Outer));
}

#[test]
fn who_wants_to_be_covered_is() {
    let wardrobe = [
        named(1, Category::Top, "white", "Camisole"),
        named(2, Category::Top, "white", "Long-sleeve tunic"),
        owned(3, Category::Shorts, "navy"),
        named(4, Category::Skirt, "navy", "Mini skirt"),
        named(5, Category::Skirt, "navy", "Midi skirt"),
        named(6, Category::Dress, "navy", "Strapless dress"),
        named(7, Category::Dress, "navy", "Ankara maxi dress"),
    ];
    let modest = Prefs {
        modesty: Some(Modesty::Modest),
        ..Prefs::default()
    };
    let context = weather(26.0, Condition::Cloudy);
    let answer = ask_as(&modest, &wardrobe, &context);
    let seen: Vec<_> = answer.outfits.iter().flat_map(items).collect();
    for n in [2, 5, 7] {
        assert!(seen.contains(&id(n)), "{n}");
    }
    for n in [1, 3, 4, 6] {
        assert!(!seen.contains(&id(n)), "{n}");
    }
    let any = ask_as(&Prefs::default(), &wardrobe, &context);
    assert!(any.outfits.len() > answer.outfits.len());

    let bare = ask_as(&modest, &wardrobe[5..6], &context);
    assert_eq!(bare.relaxed, [Rule::Modesty]);
    assert!(says(&bare, "more revealing than you like"));
}

#[test]
fn the_calendars_dress_code_is_met() {
    let wardrobe = [
        owned(1, Category::TShirt, "white"),
        owned(2, Category::Shirt, "white"),
        named(3, Category::Top, "teal", "Senator kaftan"),
        owned(4, Category::Pants, "navy"),
    ];
    let tops = |title, code| {
        let context = Context {
            event: Some(Event::new(title, None, code)),
            ..weather(25.0, Condition::Sunny)
        };
        let answer = ask(&wardrobe, &context, |request| request);
        let tops: Vec<_> = answer
            .outfits
            .iter()
            .map(|outfit| items(outfit)[0])
            .collect();
        (tops, answer)
    };
    let (seen, answer) = tops("Introduction ceremony", Some("aso ebi: teal"));
    assert_eq!(seen, [id(3)]);
    assert!(says(&answer, "dressed right for traditional dress"));
    assert!(!tops("Lunch", Some("business")).0.contains(&id(1)));
    assert!(tops("Lunch", Some("casual")).0.contains(&id(1)));
    let (_, answer) = tops("Gala", Some("black tie"));
    assert!(
        says(&answer, "dressed right for black tie") != says(&answer, "not usual for black tie")
    );
}

#[test]
fn damp_heat_is_dressed_lighter_than_dry_heat() {
    let wardrobe = [
        owned(1, Category::Longsleeve, "white"),
        owned(2, Category::Top, "white"),
        owned(3, Category::Pants, "navy"),
        owned(4, Category::Sweater, "white"),
    ];
    let answer = |humidity| {
        let context = Context {
            humidity,
            ..weather(26.8, Condition::Cloudy)
        };
        ask(&wardrobe, &context, |request| request)
    };
    let has_sweater = |answer: Answer| {
        let mut all = answer.outfits.iter();
        all.any(|outfit| items(outfit).contains(&id(4)))
    };
    assert!(has_sweater(answer(None)));
    assert!(has_sweater(answer(Some(f32::NAN))));
    assert!(
        !has_sweater(answer(Some(90.0))),
        "it feels like more than it is"
    );
}

#[test]
fn lies_about_the_weather_are_not_believed() {
    let wardrobe = random(40, 8, 1);
    let plain = ask(&wardrobe, &Context::at(NOW), |request| request);
    for temp in [500.0, -273.0, f32::NAN, f32::NEG_INFINITY] {
        let context = Context {
            temp_c: Some(temp),
            humidity: Some(f32::NAN),
            ..Context::at(NOW)
        };
        assert_eq!(ask(&wardrobe, &context, |request| request), plain);
    }
}

#[test]
fn a_look_like_one_that_was_liked_last_month_says_so() {
    let wardrobe = [
        owned(1, Category::Shirt, "white"),
        owned(2, Category::Pants, "navy"),
        owned(3, Category::Shoes, "black"),
        owned(4, Category::Shoes, "brown"),
    ];
    let said = |items: &[usize]| {
        let history = [
            signal(1, SignalKind::Like, items, 35),
            signal(2, SignalKind::Like, &[1], 2),
        ];
        let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), Context::at(NOW));
        let answer = recommend(&Request {
            history: &history,
            exclude: &[id(4)],
            ..Request::new(&pieces, &prefs, &context)
        });
        answer.outfits[0].explain.join("; ")
    };
    assert!(said(&[1, 2, 3]).contains("you liked this look last month"));
    assert!(said(&[2, 3, 4]).contains("you liked a similar look last month"));
    assert!(!said(&[4, 60]).contains("look"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn promises_hold_whatever_the_wardrobe(
        seed in 0u64..1000,
        size in 5usize..60,
        pin in 1usize..60,
        out in prop::collection::vec(1usize..60, 0..6),
        temp in -5f32..38.0,
        worn in prop::collection::vec((prop::collection::vec(1usize..60, 1..5), 0i64..12), 0..8),
    ) {
        let mut wardrobe = random(size, 8, seed);
        for owned in wardrobe.iter_mut().step_by(5) {
            owned.item.in_wash = true;
        }
        let exclude: Vec<ItemId> = out.iter().map(|n| id(*n)).collect();
        let history: Vec<Signal> = worn.iter().enumerate()
            .map(|(n, (items, days))| signal(n, SignalKind::Worn, items, *days)).collect();
        let (pieces, prefs, context) = (pieces(&wardrobe), Prefs::default(), weather(temp, Condition::Rain));
        for pair_with in [None, Some(id(pin))] {
            let answer = recommend(&Request {
                history: &history, exclude: &exclude, pair_with, limit: 10,
                ..Request::new(&pieces, &prefs, &context)
            });
            for outfit in &answer.outfits {
                let worn = items(outfit);
                prop_assert!(pair_with.is_none_or(|pin| worn.contains(&pin)));
                prop_assert!(!worn.iter().any(|item| exclude.contains(item)));
                for item in &worn {
                    let owned = wardrobe.iter().find(|owned| owned.item.item_id == *item).unwrap();
                    prop_assert!(!owned.item.in_wash);
                }
                let core: Vec<ItemId> = outfit.pieces.iter()
                    .filter(|piece| matches!(piece.slot, Slot::Top | Slot::Bottom | Slot::Dress))
                    .map(|piece| piece.item).collect();
                let lately = history.iter().filter(|signal| NOW - signal.created_at < Duration::days(7));
                if pair_with.is_none() || core.len() == 2 {
                    for signal in lately {
                        prop_assert!(!core.iter().all(|item| signal.items.contains(item)));
                    }
                }
            }
        }
    }
}
