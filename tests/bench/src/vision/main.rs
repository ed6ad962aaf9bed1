//! Compares the ways to run the vision models on one core: drape-nn on each instruction set, rten, and onnxruntime.
//!
//! ```sh
//! make bench-vision
//! ```
//!
//! Times are CPU time, the least of all runs; a cold start is wall-clock time from a process's start to its end.

mod ours;
mod theirs;

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::Parser;

/// A way to run a model, and how long it takes.
struct Row {
    model: String,
    engine: String,
    load: Duration,
    run: Duration,
    /// Of values between operations, where it is known.
    memory: Option<usize>,
}

#[derive(Debug, Parser)]
#[command(about = "Vision models: drape-nn, rten and onnxruntime side by side, one core each")]
struct Arguments {
    /// The Python that has onnxruntime.
    #[arg(long, default_value = ".local/venv/bin/python")]
    python: PathBuf,
    /// Where the ONNX models are.
    #[arg(long, default_value = ".local/models")]
    models: PathBuf,
    /// Runs of each, of which the least counts.
    #[arg(long, default_value_t = 20)]
    runs: usize,
    /// Does what a cold start does, with this photo, and ends.
    #[arg(long, hide = true)]
    cold: Option<PathBuf>,
}

fn main() -> ExitCode {
    match compare(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stderr)] // a command's words
fn complain(error: &anyhow::Error) {
    eprintln!("bench-vision: {error:#}");
}

#[allow(clippy::print_stdout)] // a command's words
fn compare(arguments: &Arguments) -> anyhow::Result<()> {
    if let Some(photo) = &arguments.cold {
        return ours::cold(photo);
    }
    let script = Path::new("tests/bench/vision.py");
    let mut rows = ours::rows(arguments.runs)?;
    rows.extend(theirs::rten(&arguments.models, arguments.runs)?);
    rows.extend(theirs::onnxruntime(
        &arguments.python,
        script,
        &arguments.models,
        arguments.runs,
    )?);
    rows.sort_by_key(|row| {
        ours::MODELS
            .iter()
            .position(|model| model.name == row.model)
    });
    println!(
        "{:<20} {:<18} {:>9} {:>9} {:>9}",
        "model", "engine", "load ms", "run ms", "values"
    );
    for row in &rows {
        let memory = row.memory.map_or_else(String::new, |bytes| {
            format!("{} MB", bytes.div_ceil(1 << 20))
        });
        println!(
            "{:<20} {:<18} {:>9.1} {:>9.1} {:>9}",
            row.model,
            row.engine,
            row.load.as_secs_f64() * 1e3,
            row.run.as_secs_f64() * 1e3,
            memory
        );
    }
    let photo = ours::photo()?;
    let own = Command::new(std::env::current_exe()?)
        .arg("--cold")
        .arg(&photo)
        .least()?;
    let python = Command::new(&arguments.python)
        .args([script, Path::new("cold"), &arguments.models, &photo])
        .least();
    std::fs::remove_file(&photo)?;
    println!("\nfirst mask of a 2-megapixel photo, from process start to end (u2netp)");
    println!("{:<39} {:>9.0} ms", "drape-nn", own.as_secs_f64() * 1e3);
    println!(
        "{:<39} {:>9.0} ms",
        "Python, Pillow and onnxruntime",
        python?.as_secs_f64() * 1e3
    );
    Ok(())
}

trait Least {
    /// The shortest of a few runs.
    fn least(&mut self) -> anyhow::Result<Duration>;
}

impl Least for Command {
    fn least(&mut self) -> anyhow::Result<Duration> {
        let mut least = Duration::MAX;
        for _ in 0..7 {
            let start = Instant::now();
            let status = self
                .stdout(Stdio::null())
                .status()
                .context("a cold start")?;
            anyhow::ensure!(status.success(), "a cold start failed: {status}");
            least = least.min(start.elapsed());
        }
        Ok(least)
    }
}
