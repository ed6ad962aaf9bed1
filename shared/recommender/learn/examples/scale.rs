//! How long training takes on many outfits, and in how much memory: `cargo run --release --example scale -- 60000`.

#![allow(clippy::print_stdout)]

use std::{error::Error, time::Instant};

use drape_domain::{Oklab, Rgb, Slot};
use drape_learn::{Compat, Garment, Options, words};
use fastrand::Rng;

const DIMENSIONS: usize = 512;
const SLOTS: [Slot; 4] = [Slot::Top, Slot::Bottom, Slot::Shoes, Slot::Bag];

struct Piece {
    slot: Slot,
    vector: Vec<f32>,
    colors: [(Oklab, f32); 1],
    words: Vec<u32>,
}

/// Pieces of one of a hundred styles, which shows in everything.
fn piece(slot: Slot, style: usize, random: &mut Rng) -> Piece {
    let mut vector: Vec<f32> = (0..DIMENSIONS).map(|_| random.f32() - 0.5).collect();
    if let Some(x) = vector.get_mut(style + slot as usize * 100) {
        *x += 5.0;
    }
    let shade = (style * 2) as u8;
    let title = format!(
        "brand{} kind{} stuff{} style{style}",
        random.u16(..3000),
        random.u8(..60),
        random.u8(..),
    );
    Piece {
        slot,
        vector,
        colors: [(Oklab::of(Rgb([shade, random.u8(..), 90])), 1.0)],
        words: words::of_title(&title),
    }
}

/// The most memory that this process has had, where the system tells.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.unwrap_or("unknown")
        .replace("VmHWM:", "")
        .trim()
        .to_owned()
}

fn main() -> Result<(), Box<dyn Error>> {
    let count: usize = std::env::args()
        .nth(1)
        .map_or(Ok(60_000), |text| text.parse())?;
    let mut random = Rng::with_seed(1);
    let pieces: Vec<Vec<Piece>> = (0..count)
        .map(|_| {
            let style = random.usize(..100);
            SLOTS
                .iter()
                .map(|slot| piece(*slot, style, &mut random))
                .collect()
        })
        .collect();
    let outfits: Vec<Vec<Garment<'_>>> = pieces
        .iter()
        .map(|outfit| {
            let garments = outfit.iter().map(|piece| Garment {
                slot: piece.slot,
                category: None,
                vector: Some(&piece.vector),
                colors: &piece.colors,
                words: &piece.words,
            });
            garments.collect()
        })
        .collect();
    println!("{count} outfits in memory: {}", peak_memory());
    let began = Instant::now();
    let trained = Compat::train(&outfits, &Options::default())?;
    println!(
        "trained in {:.1} s, {} with what was learned from; AUC {:.3}, {:?} serves, {} bytes",
        began.elapsed().as_secs_f64(),
        peak_memory(),
        trained.linear.auc.value,
        trained.serves,
        trained.compat.to_bytes().len()
    );
    Ok(())
}
