//! How fast and how well the index finds what is nearest, beside other libraries on the same vectors.
//!
//! Times are processor time of one thread, the least of several for each query, one query at a time; the table has
//! their median and 99th percentile over the queries.

mod bandwidth;
mod ours;
mod peers;
mod vectors;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use comfy_table::Table;
use drape_index::{InstructionSet, Wanted};
use serde::Serialize;

use crate::{
    progress::Progress,
    report::{Report, or_dash, table},
    stats::nearest_rank,
};
use vectors::{Kind, Truth, Vectors};

/// What `evals index` is asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many vectors to search among, one run for each.
    #[arg(long, value_name = "COUNT,…", value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
    rows: Vec<usize>,
    /// How many numbers a vector has.
    #[arg(long, default_value_t = 512)]
    dim: usize,
    /// How many queries to answer.
    #[arg(long, default_value_t = 100)]
    queries: usize,
    /// How often each is answered; the least time counts.
    #[arg(long, default_value_t = 3)]
    repeats: usize,
    /// Vectors that are made.
    #[arg(long, value_name = "KIND,…", value_delimiter = ',', default_values = ["garments", "uniform"])]
    kinds: Vec<Kind>,
    /// Rows of a NumPy file instead, some of them as queries.
    #[arg(long, value_name = "FILE.npy")]
    vectors: Option<PathBuf>,
    /// A Python with the packages of tests/bench/requirements.txt; without it there is nothing to compare with.
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    /// The script that runs them.
    #[arg(long, value_name = "FILE", default_value = "tests/evals/peers.py")]
    peers: PathBuf,
    /// Graphs of more vectors than this are not built: one of a million takes tens of minutes.
    #[arg(long, value_name = "COUNT", default_value_t = 100_000)]
    graphs_up_to: usize,
    /// Where the files are written, and removed again; a million vectors take 5 GB.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Times of queries, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Timing {
    median_ms: f64,
    p99_ms: f64,
}

impl Timing {
    fn of(mut times: Vec<f64>) -> Option<Self> {
        times.sort_by(f64::total_cmp);
        Some(Self {
            median_ms: nearest_rank(&times, 0.5)?,
            p99_ms: nearest_rank(&times, 0.99)?,
        })
    }
}

/// One way to search.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Line {
    engine: String,
    bytes: u64,
    build_s: Option<f64>,
    time: Option<Timing>,
    recall: Option<f64>,
    skipped: Option<String>,
}

impl Line {
    fn new(engine: &str, bytes: u64) -> Self {
        Self {
            engine: engine.to_owned(),
            bytes,
            build_s: None,
            time: None,
            recall: None,
            skipped: None,
        }
    }
}

/// One set of vectors.
#[derive(Debug, Serialize)]
struct Round {
    vectors: String,
    rows: usize,
    open_us: f64,
    verify_ms: f64,
    /// Time by time of reading the bytes that are compared first, at the bandwidth measured in memory of that size.
    bandwidth_gb_s: f64,
    scanned_bytes: usize,
    lines: Vec<Line>,
}

/// The result of `evals index`.
#[derive(Debug, Serialize)]
pub(crate) struct Searched {
    instructions: &'static str,
    dim: usize,
    queries: usize,
    rounds: Vec<Round>,
}

/// Measures everything.
///
/// # Errors
/// When the vectors cannot be read, a file cannot be written, or the peers' script fails.
pub(crate) fn run(options: &Options) -> Result<Searched> {
    ensure!(
        options.queries > 0 && options.repeats > 0,
        "there is nothing to measure"
    );
    let mut rounds = Vec::new();
    if let Some(path) = &options.vectors {
        let mut base = Vectors::read(path)?;
        let queries = base.split_off(options.queries);
        rounds.push(round(options, "read", &base, &queries)?);
    } else {
        let progress = Progress::new("index", options.kinds.len() * options.rows.len());
        for kind in &options.kinds {
            for rows in &options.rows {
                let base = kind.make(*rows, options.dim, 1);
                let queries = kind.make(options.queries, options.dim, 2);
                rounds.push(round(options, kind.name(), &base, &queries)?);
                progress.advance();
            }
        }
    }
    Ok(Searched {
        instructions: InstructionSet::best().name(),
        dim: options.dim,
        queries: options.queries,
        rounds,
    })
}

fn round(options: &Options, name: &str, base: &Vectors, queries: &Vectors) -> Result<Round> {
    ensure!(
        base.len() > ours::K && queries.len() > 0,
        "there are too few vectors"
    );
    let folder = match &options.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let truth = Truth::find(base, queries, ours::K);
    let file = folder.path().join("base.idx");
    let built = ours::build(base, &file)?;

    let opened = ours::open(&file, base.dim, true)?;
    let everything = Wanted::default();
    let mut lines = Vec::new();
    let mut add = |name: &str, bytes: u64, (found, time): (Vec<Vec<usize>>, Option<Timing>)| {
        lines.push(Line {
            time,
            recall: Some(truth.recall(&found)),
            ..Line::new(name, bytes)
        });
    };
    // Once before, so that all of the file is in memory.
    ours::search(&opened.catalog, queries, &everything, 1);
    let segment_bytes = built.bytes;
    add(
        "drape-index",
        segment_bytes,
        ours::search(&opened.catalog, queries, &everything, options.repeats),
    );
    let core = ours::open(&file, base.dim, false)?;
    let core_bytes = core
        .catalog
        .segments()
        .map(|segment| segment.bytes() as u64)
        .sum();
    add(
        "drape-index, bytes alone",
        core_bytes,
        ours::search(&core.catalog, queries, &everything, options.repeats),
    );
    if let Some(line) = lines.first_mut() {
        line.build_s = built.build_s;
    }
    let mut only_time = |name: &str, time: Option<Timing>| {
        lines.push(Line {
            time,
            ..Line::new(name, segment_bytes)
        });
    };
    only_time(
        "drape-index, 16 queries together, each",
        ours::together(&opened.catalog, queries, options.repeats),
    );
    let [tenth, hundredth] = ours::narrow()?;
    for (name, wanted) in [("a tenth", tenth), ("a hundredth", hundredth)] {
        let (_, time) = ours::search(&opened.catalog, queries, &wanted, options.repeats);
        only_time(&format!("drape-index, {name} is wanted"), time);
    }
    if let Some(python) = &options.python {
        base.write(&folder.path().join("base.npy"))?;
        queries.write(&folder.path().join("queries.npy"))?;
        let graphs = base.len() <= options.graphs_up_to;
        lines.extend(peers::run(
            python,
            &options.peers,
            folder.path(),
            options.repeats,
            graphs,
            &truth,
        )?);
    }
    let scanned = scanned_bytes(base);
    Ok(Round {
        vectors: name.to_owned(),
        rows: base.len(),
        open_us: opened.open.as_secs_f64() * 1e6,
        verify_ms: opened.verify.as_secs_f64() * 1e3,
        bandwidth_gb_s: bandwidth::read(scanned.max(1 << 16)) / 1e9,
        scanned_bytes: scanned,
        lines,
    })
}

/// What every search reads: bytes and scales, or codes and factors.
fn scanned_bytes(base: &Vectors) -> usize {
    let padded = base.dim.next_multiple_of(64);
    if base.len() >= drape_index::CODED_FROM {
        base.len() * (padded / 8 + 8)
    } else {
        base.len() * (padded + 4)
    }
}

impl Report for Searched {
    fn tables(&self) -> Vec<Table> {
        let mut tables = Vec::new();
        for round in &self.rounds {
            let title = format!(
                "{} × {} ({}), {}",
                round.rows, self.dim, round.vectors, self.instructions
            );
            let mut lines = table(&[&title, "median ms", "p99 ms", "recall@10", "MB", "build s"]);
            for line in &round.lines {
                if let Some(reason) = &line.skipped {
                    lines.add_row([format!("{}: {reason}", line.engine)]);
                    continue;
                }
                let time = |pick: fn(&Timing) -> f64| {
                    or_dash(line.time.as_ref().map(|time| format!("{:.3}", pick(time))))
                };
                lines.add_row([
                    line.engine.clone(),
                    time(|time| time.median_ms),
                    time(|time| time.p99_ms),
                    or_dash(line.recall.map(|recall| format!("{recall:.4}"))),
                    format!("{:.1}", line.bytes as f64 / 1e6),
                    or_dash(line.build_s.map(|seconds| format!("{seconds:.1}"))),
                ]);
            }
            tables.push(lines);
        }
        let mut growth = table(&[
            "drape-index",
            "rows",
            "ms",
            "for each doubling",
            "MB",
            "open µs",
            "verify ms",
            "first pass reads MB",
            "memory GB/s",
            "of that",
        ]);
        let mut before: Option<&Round> = None;
        for round in &self.rounds {
            let ms = |round: &Round| {
                round
                    .lines
                    .first()
                    .and_then(|line| Some(line.time?.median_ms))
            };
            let smaller =
                before.filter(|before| before.vectors == round.vectors && before.rows < round.rows);
            let factor = smaller.and_then(|before| {
                let doublings = (round.rows as f64 / before.rows as f64).log2();
                Some((ms(round)? / ms(before)?).powf(1.0 / doublings))
            });
            let part = ms(round)
                .map(|ms| round.scanned_bytes as f64 / (ms / 1e3) / (round.bandwidth_gb_s * 1e9));
            growth.add_row([
                round.vectors.clone(),
                round.rows.to_string(),
                or_dash(ms(round).map(|ms| format!("{ms:.3}"))),
                or_dash(factor.map(|factor| format!("× {factor:.2}"))),
                or_dash(
                    round
                        .lines
                        .first()
                        .map(|line| format!("{:.1}", line.bytes as f64 / 1e6)),
                ),
                format!("{:.1}", round.open_us),
                format!("{:.1}", round.verify_ms),
                format!("{:.1}", round.scanned_bytes as f64 / 1e6),
                format!("{:.1}", round.bandwidth_gb_s),
                or_dash(part.map(|part| format!("{:.0} %", part * 100.0))),
            ]);
            before = Some(round);
        }
        tables.push(growth);
        tables
    }
}
