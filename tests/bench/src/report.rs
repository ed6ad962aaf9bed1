//! The table, and the same as JSON.

use std::fmt::Write;

use serde::Serialize;

use crate::{case::Case, stats::Sample};

/// An API function may take this many times as long to start as the hello-world.
const START_BAR: f64 = 1.5;
/// A binary that needs DynamoDB alone may have this many bytes.
const SIZE_BAR: u64 = 9_000_000;
/// Outfits may take so long, in milliseconds: half of the later answers, 99 of 100 of them, and the start with all
/// that is loaded in it.
const OUTFITS_P50_BAR: f64 = 15.0;
const OUTFITS_P99_BAR: f64 = 50.0;
const OUTFITS_START_BAR: f64 = 1000.0;

/// What was measured of one function; times in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// From starting the process to its first call for an event, without priming.
    pub(crate) start: Sample,
    pub(crate) prime: Sample,
    /// From starting the process to its first reply.
    pub(crate) cold: Sample,
    /// From the first event to its reply.
    pub(crate) first: Sample,
    /// The same for later events.
    pub(crate) later: Sample,
    /// The processor's time for each of them, on average.
    pub(crate) later_cpu: Sample,
    /// In bytes.
    pub(crate) memory: Sample,
}

/// A line of the table; medians, unless the name says otherwise.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    function: String,
    size_bytes: u64,
    start_ms: Option<f64>,
    start_least_ms: Option<f64>,
    /// How many times as long as the hello-world, least by least.
    start_ratio: Option<f64>,
    prime_ms: Option<f64>,
    cold_ms: Option<f64>,
    first_ms: Option<f64>,
    later_p50_ms: Option<f64>,
    later_p99_ms: Option<f64>,
    later_cpu_ms: Option<f64>,
    peak_memory_bytes: Option<f64>,
    starts_too_slowly: bool,
    is_too_large: bool,
    answers_too_slowly: bool,
}

impl Row {
    pub(crate) fn new(case: &Case, measured: &Measured, hello: &Measured) -> Self {
        let start_ms = measured.start.median();
        // By the least, since whatever else the machine does can only add to a start.
        let start_ratio = measured
            .start
            .least()
            .zip(hello.start.least())
            .map(|(start, hello)| start / hello);
        let prime_ms = measured.prime.median().filter(|ms| *ms > 0.0);
        let (later_p50_ms, later_p99_ms) =
            (measured.later.median(), measured.later.percentile(99.0));
        let is_over = |value: Option<f64>, bar| value.is_some_and(|value| value > bar);
        let loaded_ms = start_ms.map(|start| start + prime_ms.unwrap_or_default());
        Self {
            function: case.name.clone(),
            size_bytes: case.size,
            start_ms,
            start_least_ms: measured.start.least(),
            start_ratio,
            prime_ms,
            cold_ms: measured.cold.median(),
            first_ms: measured.first.median(),
            later_p50_ms,
            later_p99_ms,
            later_cpu_ms: measured.later_cpu.median(),
            peak_memory_bytes: measured.memory.most(),
            starts_too_slowly: case.has_start_bar
                && start_ratio.is_some_and(|ratio| ratio > START_BAR),
            is_too_large: case.uses_dynamodb_only && case.size > SIZE_BAR,
            answers_too_slowly: case.has_latency_bars
                && (is_over(later_p50_ms, OUTFITS_P50_BAR)
                    || is_over(later_p99_ms, OUTFITS_P99_BAR)
                    || is_over(loaded_ms, OUTFITS_START_BAR)),
        }
    }

    /// Whether it misses no bar.
    pub(crate) const fn is_good(&self) -> bool {
        !self.starts_too_slowly && !self.is_too_large && !self.answers_too_slowly
    }
}

/// The table for people.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{:<33} {:>7}  {:>8} {:>7}  {:>7}  {:>7} {:>7}  {:>9} {:>9}  {:>9}  {:>7}",
        "function",
        "size MB",
        "start ms",
        "× hello",
        "prime",
        "cold",
        "first",
        "later p50",
        "later p99",
        "later cpu",
        "mem MiB"
    );
    for row in rows {
        let mark = |bad: bool| if bad { "!" } else { " " };
        let _ = writeln!(
            text,
            "{:<33} {:>6.2}{} {:>8} {:>6}{} {:>7}  {:>7} {:>7}  {:>9} {:>9}{} {:>9}  {:>7}",
            row.function,
            row.size_bytes as f64 / 1e6,
            mark(row.is_too_large),
            number(row.start_least_ms, 2),
            number(row.start_ratio, 2),
            mark(row.starts_too_slowly),
            number(row.prime_ms, 2),
            number(row.cold_ms, 1),
            number(row.first_ms, 2),
            number(row.later_p50_ms, 3),
            number(row.later_p99_ms, 3),
            mark(row.answers_too_slowly),
            number(row.later_cpu_ms, 2),
            number(row.peak_memory_bytes.map(|bytes| bytes / 1_048_576.0), 1),
        );
    }
    let _ = writeln!(
        text,
        "\nstart: from exec to the first call for an event, without priming. prime: opening connections. cold: from\n\
         exec to the first reply. first: from the first event to its reply. later cpu: the processor's time of a later\n\
         reply, on average. The least of all starts, the most memory of all runs, otherwise medians.\n\
         outfits of N + M: recommendations for a wardrobe of N with M items for sale, by our binary and in Python.\n\
         ! start over {START_BAR} × hello-world (API functions), or over {} MB (DynamoDB only); outfits: later p50 over\n\
         {OUTFITS_P50_BAR} ms, p99 over {OUTFITS_P99_BAR} ms, or start and prime over {OUTFITS_START_BAR} ms.",
        SIZE_BAR / 1_000_000
    );
    text
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            function: "me-get".to_owned(),
            size_bytes: 9_100_000,
            start_ms: Some(5.0),
            start_least_ms: Some(4.0),
            start_ratio: Some(1.25),
            prime_ms: None,
            cold_ms: Some(9.0),
            first_ms: Some(1.0),
            later_p50_ms: Some(0.5),
            later_p99_ms: Some(0.75),
            later_cpu_ms: Some(0.4),
            peak_memory_bytes: Some(10.0 * 1_048_576.0),
            starts_too_slowly: false,
            is_too_large: true,
            answers_too_slowly: false,
        }
    }

    #[test]
    fn a_missed_bar_is_marked_and_a_missing_value_is_a_dash() {
        let table = table(&[row()]);
        let line = table
            .lines()
            .find(|line| line.starts_with("me-get"))
            .unwrap();
        assert!(
            line.contains("9.10!") && line.contains("1.25 ") && line.contains('–'),
            "{line}"
        );
        assert!(!row().is_good());
    }
}
