//! Measures the release binaries as Lambda would run them: each real binary is started again and again against
//! a small Runtime API, gets its example event, and has to reply what is right. AWS is a server in this process
//! that answers at once, so that what is left is our own time. Beside them, in the same rounds, runs a Lambda
//! that does nothing: how long that takes to start is what a function's start is compared with.

// The table is what this program is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod aws;
mod case;
mod functions;
mod http;
mod logs;
mod peer;
mod photos;
mod report;
mod runtime;
mod shelf;
mod stats;
mod world;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, Result};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use case::Case;
use peer::Script;
use photos::Photos;
use report::{Measured, Row};
use runtime::Process;
use world::Scale;

/// Start-up, replies, memory and size of the release binaries, beside a hello-world Lambda.
#[derive(Debug, Parser)]
struct Options {
    /// Folder of the binaries: <LogicalId>/bootstrap, <name>/bootstrap or <name>.
    #[arg(long, default_value = ".aws-sam/build")]
    binaries: PathBuf,
    /// The hello-world, built with the same profile.
    #[arg(long, default_value = ".local/bench/hello-world/bootstrap")]
    hello: PathBuf,
    /// How often each function is started; jobs and what is large a quarter as often.
    #[arg(long, default_value_t = 20)]
    runs: usize,
    /// How many later events each function gets; jobs a fortieth of that.
    #[arg(long, default_value_t = 200)]
    replies: usize,
    /// Only these functions; may be given several times.
    #[arg(long)]
    only: Vec<String>,
    /// A JPEG of a whole person for the render job, instead of a drawn one.
    #[arg(long)]
    body: Option<PathBuf>,
    /// A Python with numpy and faiss, to answer recommendations beside ours.
    #[arg(long, default_value = ".local/venv/bin/python")]
    python: PathBuf,
    /// Also writes what was measured to this file.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Worlds in which recommendations are measured besides that of all functions.
const SCALES: [Scale; 3] = [
    Scale {
        wardrobe: 300,
        sold: 0,
    },
    Scale {
        wardrobe: 300,
        sold: 100_000,
    },
    Scale {
        wardrobe: 2000,
        sold: 100_000,
    },
];

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<()> {
    let photos = Photos::new(options.body.as_deref())?;
    let peer = Script::find(&options.python, "tests/bench/recommend.py".as_ref())?;
    let mut cases = vec![Case::hello_world(options.hello.clone(), &photos).await?];
    for function in functions::read("template.yaml".as_ref())? {
        if options.only.is_empty() || options.only.contains(&function.binary) {
            let (binaries, events) = (&options.binaries, "events".as_ref());
            cases.push(Case::new(&function, binaries, events, &photos).await?);
            if function.binary != "recommendations" {
                continue;
            }
            for scale in SCALES {
                let peer = peer.as_ref();
                cases.extend(
                    Case::recommendations(&function, binaries, events, &photos, scale, peer)
                        .await?,
                );
            }
        }
    }
    let mut measured: Vec<_> = cases.iter().map(|_| Measured::default()).collect();

    let progress = ProgressBar::new((options.runs * cases.len()) as u64);
    progress.set_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}").context("progress bar")?,
    );
    // Round by round, so that whatever else the machine does meanwhile slows all of them alike.
    for round in 0..options.runs {
        for (case, measured) in cases.iter().zip(&mut measured) {
            progress.inc(1);
            if !case.has_start_bar && round % 4 != 0 {
                continue;
            }
            progress.set_message(case.name.clone());
            let replies = match round {
                0 if case.is_job => options.replies.div_ceil(40),
                0 => options.replies,
                _ => 0,
            };
            measure(case, replies, measured)
                .await
                .with_context(|| case.name.clone())?;
        }
    }
    progress.finish_and_clear();

    let hello = measured.first().context("nothing was measured")?;
    let rows: Vec<_> = cases
        .iter()
        .zip(&measured)
        .map(|(case, measured)| Row::new(case, measured, hello))
        .collect();
    println!("{}", report::table(&rows));
    let missed = rows.iter().filter(|row| !row.is_good()).count();
    println!("{} functions, {missed} of them miss a bar.", rows.len() - 1);
    if let Some(path) = &options.json {
        std::fs::write(path, serde_json::to_string_pretty(&rows)?)?;
    }
    Ok(())
}

/// Starts the function once and hands it its event, and again for `replies` times.
async fn measure(case: &Case, replies: usize, measured: &mut Measured) -> Result<()> {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let mut process = Process::start(&case.binary, &case.variables).await?;
    let start = ms(process.start);
    let (mut first, mut warm_from) = (None, None);
    for _ in 0..=replies {
        let (took, reply) = match process.invoke(&case.event).await {
            Ok(replied) => replied,
            Err(error) => return Err(process.post_mortem(&error.to_string()).await),
        };
        if let Some(fault) = case.fault(&reply) {
            return Err(process.post_mortem(&fault).await);
        }
        match first {
            None => {
                first = Some(ms(took));
                warm_from = process.cpu_time();
            }
            Some(_) => measured.later.add(ms(took)),
        }
    }
    let first = first.unwrap_or_default();
    if let (Some(from), Some(until)) = (warm_from, process.cpu_time())
        && replies > 0
    {
        let used = ms(until.saturating_sub(from));
        measured.later_cpu.add(used / replies as f64);
    }
    let ended = process.end().await?;
    let prime = logs::read(&ended.log).prime;
    measured.start.add(start - prime);
    measured.prime.add(prime);
    measured.first.add(first);
    measured.cold.add(start + first);
    if let Some(bytes) = ended.peak_memory {
        measured.memory.add(bytes as f64);
    }
    Ok(())
}
