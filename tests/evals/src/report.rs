//! Giving a result: as tables for people, and as JSON for programs.

use std::{
    fmt::Display,
    fs,
    io::{Write, stderr, stdout},
    path::Path,
};

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use serde::Serialize;

/// A result with the tables in which it is shown.
pub(crate) trait Report: Serialize {
    fn tables(&self) -> Vec<Table>;
}

/// Prints the tables, and writes the JSON if a file is named.
///
/// # Errors
/// When one of them cannot be written.
pub(crate) fn give(report: &impl Report, json: Option<&Path>) -> Result<()> {
    let mut out = stdout().lock();
    for table in report.tables() {
        writeln!(out, "{table}\n")?;
    }
    if let Some(path) = json {
        let bytes = serde_json::to_vec_pretty(report)?;
        fs::write(path, bytes).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// Says what went wrong.
pub(crate) fn complain(error: &anyhow::Error) {
    // Nobody is there to be told if this fails.
    let _ = writeln!(stderr(), "evals: {error:#}");
}

/// A table whose columns but the first hold numbers.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A part as a percentage.
pub(crate) fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

/// A number, or a dash where there is none.
pub(crate) fn or_dash<T: Display>(value: Option<T>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| value.to_string())
}
