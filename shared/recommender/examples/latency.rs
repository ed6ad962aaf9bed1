//! How long an answer takes: `cargo run --release -p drape-recommender --example latency`.
#![allow(clippy::print_stdout, clippy::expect_used, clippy::unwrap_used)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use cpu_time::ThreadTime;

use drape_domain::{Prefs, SignalKind};
use drape_index::Catalog;
use drape_recommender::{Boutiques, Condition, Context, Occasion, Request, recommend};

const DIM: usize = 512;
const ROUNDS: usize = 600;

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
        "{:>8} {:>8} {:>10} {:>10} {:>10}",
        "items", "on sale", "p50 ms", "p99 ms", "max ms"
    );
    let catalog = catalog(100_000);
    for (size, on_sale) in [
        (30, false),
        (200, false),
        (2_000, false),
        (10_000, false),
        (200, true),
        (2_000, true),
    ] {
        let owned = support::random(size, DIM, 7);
        let wardrobe = support::pieces(&owned);
        let ask = |context| {
            let request = Request {
                history: &history,
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
            "{size:>8} {:>8} {:>10.2} {:>10.2} {:>10.2}",
            if on_sale { catalog.len() } else { 0 },
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
}

/// So many things on sale, in the proportions of a usual wardrobe.
fn catalog(size: usize) -> Catalog {
    let offers = support::random(size, DIM, 9).into_iter().enumerate();
    let entries = offers.map(|(n, mut owned)| {
        owned.item.item_id = support::id(1_000_000 + n);
        support::entry(&owned, DIM, (n % 100) as f32 / 100.0)
    });
    support::catalog(support::MODEL, DIM, entries)
}
