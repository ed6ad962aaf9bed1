//! How long an answer takes: `cargo run --release -p drape-recommender --example latency`.
#![allow(clippy::print_stdout, clippy::expect_used, clippy::unwrap_used)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{hint::black_box, time::Instant};

use drape_domain::{Prefs, SignalKind};
use drape_recommender::{Condition, Context, Occasion, Request, recommend};

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
    println!(
        "one thread, three outfits, 512-d vectors; {} answers each",
        weather.len() * 200
    );
    println!(
        "{:>8} {:>10} {:>10} {:>10}",
        "items", "p50 ms", "p99 ms", "max ms"
    );
    for size in [30, 200, 2_000, 10_000] {
        let owned = support::random(size, 512, 7);
        let wardrobe = support::pieces(&owned);
        let mut took: Vec<f64> = Vec::new();
        for round in 0..201 {
            for context in &weather {
                let start = Instant::now();
                let request = Request {
                    history: &history,
                    ..Request::new(&wardrobe, &prefs, context)
                };
                black_box(recommend(black_box(&request)));
                if round > 0 {
                    took.push(start.elapsed().as_secs_f64() * 1e3);
                }
            }
        }
        took.sort_by(f64::total_cmp);
        let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize];
        println!(
            "{size:>8} {:>10.2} {:>10.2} {:>10.2}",
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
}
