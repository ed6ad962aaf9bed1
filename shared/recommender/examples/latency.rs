//! How long an answer takes: `cargo run --release -p drape-recommender --example latency`.
#![allow(clippy::print_stdout, clippy::expect_used, clippy::unwrap_used)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use cpu_time::ThreadTime;

use drape_domain::{Color, Item, Oklab, Prefs, SignalKind, Text};
use drape_index::Catalog;
use drape_learn::{Compat, Garment, Learner, words};
use drape_recommender::{Boutiques, Condition, Context, Occasion, Reading, Request, recommend};
use drape_taste::{Model, Style};

const DIM: usize = 512;
const ROUNDS: usize = 300;

fn main() {
    let prefs = Prefs {
        preferred_colors: ["navy", "white", "olive"]
            .map(|word| word.try_into().expect("a word"))
            .to_vec(),
        disliked_colors: ["hot pink", "orange"]
            .map(|word| word.try_into().expect("a word"))
            .to_vec(),
        ..Prefs::default()
    };
    let history: Vec<_> = (0..300)
        .map(|n| {
            support::signal(
                n + 1,
                SignalKind::Worn,
                &[n % 97 + 1, n % 53 + 1],
                (n % 90) as i64,
            )
        })
        .collect();
    let weather = [
        Context {
            temp_c: Some(28.0),
            condition: Some(Condition::Sunny),
            ..Context::at(support::NOW)
        },
        Context {
            temp_c: Some(12.0),
            condition: Some(Condition::Rain),
            ..Context::at(support::NOW)
        },
        Context {
            temp_c: Some(22.0),
            occasion: Some(Occasion::Work),
            ..Context::at(support::NOW)
        },
    ];
    println!("CPU time of one thread: three outfits, 512-d vectors; {ROUNDS} answers each");
    println!(
        "{:>8} {:>8} {:>8} {:>10} {:>10} {:>10}",
        "items", "on sale", "learned", "p50 ms", "p99 ms", "max ms"
    );
    let mut style = Style::new(support::MODEL);
    let liked = titled(40, 5);
    let deeds = liked
        .iter()
        .filter_map(|one| Some((2.0, one.vector.as_deref()?)));
    style
        .update(support::MODEL, support::NOW.date(), deeds)
        .unwrap();
    let catalog = catalog(100_000);
    let rules = Model {
        embedding: Some(support::MODEL.to_owned()),
        ..Model::builtin()
    };
    let net = Model {
        compat: Some(learned()),
        ..rules.clone()
    };
    for (size, on_sale, learned) in [
        (30, false, false),
        (200, false, false),
        (2_000, false, false),
        (10_000, false, false),
        (200, false, true),
        (2_000, false, true),
        (10_000, false, true),
        (200, true, false),
        (2_000, true, false),
        (200, true, true),
        (2_000, true, true),
    ] {
        let owned = titled(size, 7);
        // Kept between requests, as the service does.
        let readings: Vec<_> = owned.iter().map(|one| Reading::of(&one.item)).collect();
        let mut wardrobe = support::pieces(&owned);
        for (piece, reading) in wardrobe.iter_mut().zip(&readings) {
            piece.reading = Some(reading);
        }
        let ask = |context| {
            let request = Request {
                history: &history,
                style: Some(&style),
                explore: Some(7),
                model: Some(if learned { &net } else { &rules }),
                catalog: on_sale.then_some(&catalog),
                boutiques: on_sale.then(Boutiques::default),
                ..Request::new(&wardrobe, &prefs, context)
            };
            black_box(recommend(black_box(&request)));
        };
        weather.iter().for_each(ask);
        let mut took: Vec<f64> = Vec::new();
        for context in weather.iter().cycle().take(ROUNDS) {
            let start = ThreadTime::now();
            ask(context);
            took.push(start.elapsed().as_secs_f64() * 1e3);
        }
        took.sort_by(f64::total_cmp);
        let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize];
        println!(
            "{size:>8} {:>8} {:>8} {:>10.2} {:>10.2} {:>10.2}",
            if on_sale { catalog.len() } else { 0 },
            if learned { "net" } else { "" },
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
}

/// So many things on sale, in the proportions of a usual wardrobe.
fn catalog(size: usize) -> Catalog {
    let offers = titled(size, 9).into_iter().enumerate();
    let entries = offers.map(|(n, mut owned)| {
        owned.item.item_id = support::id(1_000_000 + n);
        support::entry(&owned, DIM, (n % 100) as f32 / 100.0)
    });
    support::catalog(support::MODEL, DIM, entries)
}

/// Random pieces with titles of five words and two or three colours.
fn titled(size: usize, seed: u64) -> Vec<support::Owned> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut all = support::random(size, DIM, seed);
    for owned in &mut all {
        let words: Vec<String> = (0..5).map(|_| format!("word{}", rng.u16(..500))).collect();
        owned.item.typed.title = Some(Text::try_from(words.join(" ").as_str()).expect("a title"));
        let first = owned.item.typed.colors.take().expect("colours");
        let count = rng.usize(2..=3);
        let more = (0..count).map(|_| {
            let (name, rgb) = drape_domain::color::NAMED[rng.usize(..30)];
            Color {
                name: name.into(),
                hex: rgb,
                share: 1.0 / count as f32,
            }
        });
        owned.item.typed.colors = Some(first.into_iter().chain(more).take(count).collect());
    }
    all
}

/// A net that learned from outfits of four such pieces, which have a direction in common.
fn learned() -> Compat {
    let pool = titled(4_000, 11);
    let facts: Vec<_> = (pool.iter().enumerate())
        .map(|(n, owned)| {
            let mut vector = owned.vector.clone().expect("a vector");
            vector[n / 4 % 100] += 3.0;
            let item: &Item = &owned.item;
            let colors = item.colors().iter();
            let title = item.typed.title.as_ref().expect("a title");
            (
                vector,
                colors
                    .map(|color| (Oklab::of(color.hex), color.share))
                    .collect::<Vec<_>>(),
                words::of_title(title.as_str()),
            )
        })
        .collect();
    let garments: Vec<Garment<'_>> = (pool.iter().zip(&facts))
        .map(|(owned, (vector, colors, words))| Garment {
            slot: owned.item.category().slot(),
            category: Some(owned.item.category()),
            vector: Some(vector),
            colors,
            words,
        })
        .collect();
    let outfits: Vec<Vec<Garment<'_>>> = garments.chunks(4).map(<[_]>::to_vec).collect();
    let options = drape_learn::Options {
        seed: 1,
        learner: Some(Learner::Net),
    };
    Compat::train(&outfits, &options).expect("outfits").compat
}
