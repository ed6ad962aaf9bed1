//! Other libraries on the same vectors, in Python.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{Line, Timing, ours::K, vectors::Truth};

/// What a library's run says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    engine: String,
    /// Why there is no result.
    #[serde(default)]
    skipped: Option<String>,
    #[serde(default)]
    build_s: Option<f64>,
    #[serde(default)]
    bytes: u64,
    #[serde(default)]
    times_ms: Vec<f64>,
    #[serde(default)]
    found: Vec<Vec<i64>>,
}

/// Runs the script on the files of vectors and queries; a library that is not there is passed over with a reason.
pub(crate) fn run(
    python: &Path,
    script: &Path,
    folder: &Path,
    repeats: usize,
    graphs: bool,
    truth: &Truth<'_>,
) -> Result<Vec<Line>> {
    let output = Command::new(python)
        .arg(script)
        .arg(folder.join("base.npy"))
        .arg(folder.join("queries.npy"))
        .args([K.to_string(), repeats.to_string()])
        .arg(if graphs { "graphs" } else { "flat" })
        // One thread, whatever the library's mathematics would take.
        .envs([("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1")])
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{} does not start", python.display()))?;
    ensure!(output.status.success(), "{} failed", script.display());
    let text = String::from_utf8(output.stdout)?;
    let lines = text.lines().map(|line| {
        let said: Said = serde_json::from_str(line).with_context(|| line.to_owned())?;
        let found: Vec<Vec<usize>> = (said.found.iter())
            .map(|rows| {
                rows.iter()
                    .filter_map(|row| usize::try_from(*row).ok())
                    .collect()
            })
            .collect();
        Ok(Line {
            build_s: said.build_s,
            time: Timing::of(said.times_ms),
            recall: said.skipped.is_none().then(|| truth.recall(&found)),
            skipped: said.skipped,
            ..Line::new(&said.engine, said.bytes)
        })
    });
    lines.collect()
}
