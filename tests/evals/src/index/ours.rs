//! Our own index on the vectors.

use std::{
    fs::File,
    hint::black_box,
    io::BufWriter,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use cpu_time::ThreadTime;
use drape_domain::{
    Category, Currency, ItemId, Money, Rgb, Season, Slot, Timestamp, UserId, color::NAMED,
};
use drape_index::{Builder, Catalog, Entry, Memory, Segment, Shade, Traits, Wanted};
use uuid::Uuid;

use super::{Line, Timing, vectors::Vectors};

const MODEL: &str = "evals";
/// How many neighbours are asked for.
pub(crate) const K: usize = 10;
/// How many queries are answered together, where they are.
const TOGETHER: usize = 16;

/// Builds an index of the vectors in a file.
pub(crate) fn build(base: &Vectors, path: &Path) -> Result<Line> {
    let before = ThreadTime::now();
    let mut builder = Builder::new(MODEL, base.dim, "evals")?;
    for (number, row) in base.rows().enumerate() {
        builder.push(entry(number, row))?;
    }
    let context = || format!("writing {}", path.display());
    let mut out = BufWriter::new(File::create(path).with_context(context)?);
    let written = builder.write(&mut out).with_context(context)?;
    Ok(Line {
        build_s: Some(before.elapsed().as_secs_f64()),
        ..Line::new("drape-index", written.bytes)
    })
}

/// A shirt; one in ten is cheap, one in a hundred is summer's.
fn entry(number: usize, row: &[f32]) -> Entry {
    let (name, rgb) = NAMED[number % NAMED.len()];
    let price = if number.is_multiple_of(10) {
        500_000
    } else {
        5_000_000
    };
    let summer = number.is_multiple_of(100);
    Entry {
        item: ItemId::from_uuid(Uuid::from_u128(number as u128)),
        owner: UserId::from_uuid(Uuid::from_u128(number as u128 % 500)),
        traits: Traits {
            category: Category::Shirt,
            pattern: None,
            colors: vec![Shade {
                name: Some(name),
                rgb: Rgb(rgb.0),
                share: 1.0,
            }],
            formality: 0.5,
            clo: 0.2,
            seasons: vec![if summer {
                Season::Summer
            } else {
                Season::Winter
            }],
            price: Money::new(price, Currency::Ngn).ok(),
            sizes: Vec::new(),
            words: Vec::new(),
            popularity: 0.0,
            updated_at: Timestamp::UNIX_EPOCH,
        },
        vector: row.to_vec(),
    }
}

/// An opened index, with what opening took.
pub(crate) struct Opened {
    pub(crate) catalog: Catalog,
    /// Mapping the file and checking its header; the least of many times, wall-clock.
    pub(crate) open: Duration,
    /// Reading all of it for its checksum, processor time.
    pub(crate) verify: Duration,
}

/// Opens the file with or without its full-precision rows.
pub(crate) fn open(path: &Path, dim: usize, rescoring: bool) -> Result<Opened> {
    let memory = if rescoring {
        Memory::map(path)?
    } else {
        let bytes = std::fs::read(path)?;
        let core = usize::try_from(Segment::core_bytes(&bytes)?)?;
        Memory::from(&bytes[..core])
    };
    let mut open = Duration::MAX;
    for _ in 0..20 {
        let before = Instant::now();
        let memory = if rescoring {
            Memory::map(path)?
        } else {
            memory.clone()
        };
        let segment = Segment::open(memory, MODEL, dim)?;
        let catalog = Catalog::new(segment, Vec::new())?;
        open = open.min(before.elapsed());
        drop(catalog);
    }
    let segment = Segment::open(memory, MODEL, dim)?;
    let before = ThreadTime::now();
    segment.verify()?;
    let verify = before.elapsed();
    Ok(Opened {
        catalog: Catalog::new(segment, Vec::new())?,
        open,
        verify,
    })
}

/// What queries find, as numbers of rows, and the time that each takes, one by one.
pub(crate) fn search(
    catalog: &Catalog,
    queries: &Vectors,
    wanted: &Wanted<'_>,
    repeats: usize,
) -> (Vec<Vec<usize>>, Option<Timing>) {
    let mut found = Vec::new();
    let mut times = Vec::new();
    for query in queries.rows() {
        let mut least = Duration::MAX;
        let mut hits = Vec::new();
        for _ in 0..repeats {
            let before = ThreadTime::now();
            hits = black_box(catalog.search(Slot::Top, &[query], wanted, K));
            least = least.min(before.elapsed());
        }
        times.push(least.as_secs_f64() * 1e3);
        let hits = hits.into_iter().flatten();
        found.push(hits.filter_map(|hit| number(catalog, hit)).collect());
    }
    (found, Timing::of(times))
}

fn number(catalog: &Catalog, hit: drape_index::Hit) -> Option<usize> {
    let item = catalog.entry(hit.row)?.item();
    usize::try_from(item.uuid().as_u128()).ok()
}

/// The time for each of several queries that are answered together.
pub(crate) fn together(catalog: &Catalog, queries: &Vectors, repeats: usize) -> Option<Timing> {
    let rows: Vec<&[f32]> = queries.rows().collect();
    let times = rows.chunks_exact(TOGETHER).map(|queries| {
        let mut least = Duration::MAX;
        for _ in 0..repeats {
            let before = ThreadTime::now();
            black_box(catalog.search(Slot::Top, queries, &Wanted::default(), K));
            least = least.min(before.elapsed());
        }
        least.as_secs_f64() * 1e3 / TOGETHER as f64
    });
    Timing::of(times.collect())
}

/// Wishes that one row in ten and one in a hundred meets.
pub(crate) fn narrow() -> Result<[Wanted<'static>; 2]> {
    Ok([
        Wanted {
            at_most: Some(Money::new(1_000_000, Currency::Ngn)?),
            ..Wanted::default()
        },
        Wanted {
            seasons: Some(&[Season::Summer]),
            ..Wanted::default()
        },
    ])
}
