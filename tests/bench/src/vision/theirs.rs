//! What we compare with: rten in this process, and onnxruntime in Python.

use std::{path::Path, process::Command, sync::Arc, time::Duration};

use anyhow::Context;
use cpu_time::ProcessTime;
use rten::{Model, RunOptions, ThreadPool};
use rten_tensor::NdTensor;

use crate::{
    Row,
    ours::{self, MODELS},
};

/// rten with one thread.
pub(crate) fn rten(models: &Path, runs: usize) -> anyhow::Result<Vec<Row>> {
    let pool = Arc::new(ThreadPool::with_num_threads(1));
    let mut rows = Vec::new();
    for subject in &MODELS {
        let bytes = std::fs::read(models.join(format!("{}.onnx", subject.name)))?;
        let before = ProcessTime::now();
        let model = Model::load(bytes)?;
        let load = before.elapsed();
        let input = *model
            .input_ids()
            .first()
            .context("a model without an input")?;
        let outputs = subject
            .outputs
            .iter()
            .map(|name| model.node_id(name))
            .collect::<Result<Vec<_>, _>>()?;
        let mut run = Duration::MAX;
        for _ in 0..runs {
            let numbers = NdTensor::try_from_data(
                [1, 3, subject.side, subject.side],
                ours::input(subject.side),
            )?;
            let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&pool)));
            let before = ProcessTime::now();
            model.run(vec![(input, numbers.into())], &outputs, Some(options))?;
            run = run.min(before.elapsed());
        }
        rows.push(Row {
            model: subject.name.to_owned(),
            engine: "rten".to_owned(),
            load,
            run,
            memory: None,
        });
    }
    Ok(rows)
}

/// onnxruntime with one thread.
pub(crate) fn onnxruntime(
    python: &Path,
    script: &Path,
    models: &Path,
    runs: usize,
) -> anyhow::Result<Vec<Row>> {
    let output = Command::new(python)
        .arg(script)
        .arg("warm")
        .arg(runs.to_string())
        .arg(models)
        .output()
        .with_context(|| format!("{} does not start", python.display()))?;
    anyhow::ensure!(
        output.status.success(),
        "vision.py failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout)?;
    let rows = text.lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let milliseconds = |name: &str| {
            row[name]
                .as_f64()
                .map(|number| Duration::from_secs_f64(number / 1e3))
        };
        Ok(Row {
            model: row["model"]
                .as_str()
                .context("a row without a model")?
                .to_owned(),
            engine: "onnxruntime".to_owned(),
            load: milliseconds("load").context("a row without a time")?,
            run: milliseconds("run").context("a row without a time")?,
            memory: None,
        })
    });
    rows.collect()
}
