//! How long a day of a million signals takes, and in how much memory:
//! `cargo run --release -p drape-taste --example million`.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{fs, time::Instant};

use drape_domain::{
    ItemId, RecommendationId, Showing, ShowingId, Signal, SignalId, SignalKind, Slot, Timestamp,
    UserId,
    showing::{ShownFeature, ShownOutfit, ShownPiece},
};
use drape_taste::{
    Model, Pace, Parts, Report, Style, Summary, challenge,
    examples::{Counts, Joiner},
    outfits::Pieces,
    reward,
};
use fastrand::Rng;
use time::macros::datetime;
use uuid::Uuid;

const NOW: Timestamp = datetime!(2026-11-23 08:00 UTC);
const SHARDS: usize = 16;
const SIGNALS: usize = 1_000_000;
const OUTFITS: usize = 3;
const DIM: usize = 512;

fn id(rng: &mut Rng) -> Uuid {
    Uuid::from_u64_pair(rng.u64(..), rng.u64(..))
}

fn showing(rng: &mut Rng) -> Showing {
    let user_id = UserId::from_uuid(id(rng));
    let outfits = (0..OUTFITS)
        .map(|_| ShownOutfit {
            id: RecommendationId::from_uuid(id(rng)),
            pieces: [Slot::Top, Slot::Bottom, Slot::Shoes]
                .map(|slot| ShownPiece {
                    item_id: ItemId::from_uuid(id(rng)),
                    owner_id: if rng.u8(..) < 25 {
                        UserId::from_uuid(id(rng))
                    } else {
                        user_id
                    },
                    slot,
                })
                .to_vec(),
            score: rng.f64(),
            propensity: 1.0,
            features: Parts::NAMES
                .iter()
                .chain(&[
                    "color_match",
                    "warmth_fit",
                    "formality_match",
                    "style_match",
                    "season",
                ])
                .map(|name| ShownFeature {
                    name: (*name).to_owned(),
                    value: rng.f32(),
                    contribution: 0.1,
                })
                .collect(),
            explain: vec!["great for 28 °C and sunny".to_owned(); 3],
        })
        .collect();
    Showing {
        id: ShowingId::from_uuid(id(rng)),
        user_id,
        shown_at: NOW,
        model: "builtin-1".to_owned(),
        index: None,
        occasion: None,
        temp_c: Some(28.0),
        outfits,
    }
}

/// What is said of each outfit: liked the more, the better it suits the person.
fn signals(showing: &Showing, rng: &mut Rng) -> Vec<Signal> {
    showing
        .outfits
        .iter()
        .map(|outfit| Signal {
            id: SignalId::from_uuid(id(rng)),
            user_id: showing.user_id,
            kind: if rng.f32() < outfit.features[1].value {
                SignalKind::Like
            } else {
                SignalKind::Skipped
            },
            recommendation_id: Some(outfit.id),
            items: outfit.pieces.iter().map(|piece| piece.item_id).collect(),
            created_at: NOW,
        })
        .collect()
}

fn main() {
    let mut rng = Rng::with_seed(1);
    let champion = Model::builtin();
    let names = champion.explorer.names().to_vec();
    let mut memory = Summary::new(NOW.date().previous_day().unwrap(), &names);
    let mut day = Summary::new(NOW.date(), &names);
    let vectors: Vec<Vec<f32>> = (0..1_000)
        .map(|_| (0..DIM).map(|_| rng.f32()).collect())
        .collect();
    let (mut joining, mut styling) = (0.0, 0.0);
    for _ in 0..SHARDS {
        let shown: Vec<Showing> = (0..SIGNALS / SHARDS / OUTFITS)
            .map(|_| showing(&mut rng))
            .collect();
        let said: Vec<Vec<Signal>> = shown.iter().map(|shown| signals(shown, &mut rng)).collect();

        let start = Instant::now();
        let mut joiner = Joiner::new(NOW.date(), &names);
        shown.iter().for_each(|showing| joiner.show(showing));
        said.iter()
            .flatten()
            .for_each(|signal| joiner.signal(signal));
        let mut shard = Summary::new(NOW.date(), &names);
        shard.add(&joiner.finish());
        // As a shard's work would be stored and read again.
        day.merge(&Summary::from_bytes(&shard.to_bytes().unwrap()).unwrap());
        joining += start.elapsed().as_secs_f64();

        let start = Instant::now();
        for signals in &said {
            let mut style = Style::new("m");
            let deeds = signals.iter().flat_map(|signal| {
                let share = reward(signal.kind) / signal.items.len() as f32;
                let vector =
                    |item: &ItemId| &vectors[item.uuid().as_u128() as usize % vectors.len()];
                signal
                    .items
                    .iter()
                    .map(move |item| (share, vector(item).as_slice()))
            });
            style.update("m", NOW.date(), deeds).unwrap();
        }
        styling += start.elapsed().as_secs_f64();
    }
    let start = Instant::now();
    memory.advance(&day);
    // No piece is known, so that what goes with what is not learned here.
    let pieces = Pieces::default();
    let challenge = challenge(
        &champion,
        &memory,
        &pieces,
        Pace::STEADY,
        ("challenger", NOW),
    );
    let report = Report::new(&champion, &challenge, &memory, Pace::STEADY);
    let training = start.elapsed().as_secs_f64();

    let Counts {
        signals,
        joined,
        examples,
        ..
    } = report.counts;
    println!("{signals} signals, {joined} joined, {examples} examples");
    println!(
        "joining and adding up {joining:.1} s, styles {styling:.1} s, training {training:.1} s"
    );
    println!("{}", report.evaluation.decision.why);
    println!(
        "memory kept for the next day: {} KiB",
        memory.to_bytes().unwrap().len() / 1024
    );
    if let Ok(status) = fs::read_to_string("/proc/self/status")
        && let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM"))
    {
        println!(
            "peak memory, with the made-up day itself: {}",
            peak.trim_start_matches("VmHWM:").trim()
        );
    }
}
