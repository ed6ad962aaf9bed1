//! How often what a person chose is preferred to what they did not, from nothing but what was chosen before.

use std::{fs, path::Path, time::Instant};

use anyhow::{Context, Result, bail, ensure};
use comfy_table::Table;
use drape_taste::{Collaborative, collaborative::Line};
use serde::Serialize;

use crate::report::{Report, table};

/// The share of lines whose chosen bottom scores above the other one, ties counting half.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Auc {
    auc: f64,
    /// Lower and upper end of the 95 % interval.
    interval: [f64; 2],
}

impl Auc {
    /// Of what each line counts: 1, a half or 0; by the normal distribution.
    fn new(wins: &[f64]) -> Self {
        let n = wins.len().max(1) as f64;
        let auc = wins.iter().sum::<f64>() / n;
        let variance = wins.iter().map(|win| (win - auc).powi(2)).sum::<f64>() / n;
        let spread = 1.959_964 * (variance / n).sqrt();
        Self {
            auc,
            interval: [auc - spread, auc + spread],
        }
    }
}

#[derive(Debug, Serialize)]
struct Row {
    /// What scores.
    method: &'static str,
    #[serde(flatten)]
    auc: Auc,
    /// By how much it is above plain matrix factorisation, on the same lines.
    gain: Auc,
}

/// The result.
#[derive(Debug, Serialize)]
pub(crate) struct Personal {
    train_lines: usize,
    test_lines: usize,
    users: usize,
    rows: Vec<Row>,
    seconds: f64,
}

impl Report for Personal {
    fn tables(&self) -> Vec<Table> {
        let mut results = table(&["", "AUC", "95 %", "beside MF", "95 %"]);
        for row in &self.rows {
            let range = |[low, high]: [f64; 2]| format!("{:.1}–{:.1}", low * 100.0, high * 100.0);
            results.add_row([
                row.method.to_owned(),
                format!("{:.1}", row.auc.auc * 100.0),
                range(row.auc.interval),
                format!("{:+.1}", row.gain.auc * 100.0),
                range(row.gain.interval),
            ]);
        }
        let mut data = table(&["data", ""]);
        for (name, value) in [
            ("lines to learn from", self.train_lines.to_string()),
            ("lines to judge by", self.test_lines.to_string()),
            ("people in the former", self.users.to_string()),
            ("learning and judging", format!("{:.1} s", self.seconds)),
        ] {
            data.add_row([name.to_owned(), value]);
        }
        vec![results, data]
    }
}

/// Learns from one file and judges by the other.
///
/// # Errors
/// When a file cannot be read or holds no lines.
pub(crate) fn run(train: &Path, test: &Path) -> Result<Personal> {
    let read = |path: &Path| {
        fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
    };
    let (train_text, test_text) = (read(train)?, read(test)?);
    let past = lines(&train_text).with_context(|| format!("in {}", train.display()))?;
    let future = lines(&test_text).with_context(|| format!("in {}", test.display()))?;
    judge(&past, &future)
}

fn judge(past: &[Line<'_>], future: &[Line<'_>]) -> Result<Personal> {
    let start = Instant::now();
    let learned = Collaborative::train(past)?;
    let wins = |score: &dyn Fn(&Line<'_>, &str) -> f32| -> Vec<f64> {
        future
            .iter()
            .map(|line| {
                let (yes, no) = (score(line, line.positive), score(line, line.negative));
                f64::from(u8::from(yes > no)) + 0.5 * f64::from(u8::from(yes == no))
            })
            .collect()
    };
    let popularity = wins(&|_, bottom| learned.popularity(bottom));
    let factors = wins(&|line, bottom| learned.factorised(line.user, bottom));
    let together = wins(&|line, bottom| learned.score(line.user, line.top, bottom));
    let row = |method, wins: &[f64]| {
        let gains: Vec<f64> = wins.iter().zip(&factors).map(|(a, b)| a - b).collect();
        Row {
            method,
            auc: Auc::new(wins),
            gain: Auc::new(&gains),
        }
    };
    let mut users: Vec<&str> = past.iter().map(|line| line.user).collect();
    users.sort_unstable();
    users.dedup();
    Ok(Personal {
        train_lines: past.len(),
        test_lines: future.len(),
        users: users.len(),
        rows: vec![
            row("popularity", &popularity),
            row("matrix factorisation (BPR-MF)", &factors),
            row("what is served", &together),
        ],
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// The lines of a file of `user,top,positive_bottom,negative_bottom`, after a header if there is one.
fn lines(text: &str) -> Result<Vec<Line<'_>>> {
    let mut lines = Vec::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let fields: Vec<&str> = line
            .split(',')
            .map(|field| field.trim().trim_matches('"'))
            .collect();
        let &[user, top, positive, negative] = fields.as_slice() else {
            bail!("line {}: {} fields instead of 4", number + 1, fields.len());
        };
        let is_header = number == 0 && user.to_lowercase().starts_with("user") && top.len() > 2;
        let names_columns = ["top", "positive", "negative", "bottom", "pos", "neg"]
            .iter()
            .any(|word| positive.to_lowercase().contains(word));
        if is_header && names_columns {
            continue;
        }
        ensure!(
            fields.iter().all(|field| !field.is_empty()),
            "line {}: an empty field",
            number + 1
        );
        lines.push(Line {
            user,
            top,
            positive,
            negative,
        });
    }
    ensure!(!lines.is_empty(), "no lines");
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_passed_over_and_ids_may_be_words() {
        let with = lines("user,top,positive_bottom,negative_bottom\nuser1,t,a,b\r\n\n2,t,a,c\n");
        let without = lines("user1,t,a,b\n2, \"t\" ,a,c");
        assert_eq!(with.unwrap(), without.unwrap());
    }

    #[test]
    fn a_line_of_other_fields_is_named() {
        for (text, says) in [
            ("1,2,3,4\n1,2,3", "line 2: 3 fields"),
            ("1,2,,4", "line 1: an empty field"),
            ("", "no lines"),
        ] {
            let error = lines(text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn ties_count_half() {
        let auc = Auc::new(&[1.0, 0.5, 0.5, 0.0]);
        assert!((auc.auc - 0.5).abs() < 1e-12);
        assert!(auc.interval[0] < 0.5 && auc.interval[1] > 0.5);
    }

    #[test]
    fn all_three_are_judged_by_the_same_lines() {
        // Everyone takes `a` rather than `b`, and each their own of two others.
        let text: String = (0..400)
            .map(|n| match n % 4 {
                0 => format!("{},t,a,b\n", n % 40),
                1 => format!("{},t,{},{}\n", n % 40, n % 8 / 4, 1 - n % 8 / 4),
                _ => format!("{},t,a,c\n", n % 40),
            })
            .collect();
        let all = lines(&text).unwrap();
        let told = judge(&all[..300], &all[300..]).unwrap();
        let aucs: Vec<f64> = told.rows.iter().map(|row| row.auc.auc).collect();
        assert!(aucs[2] > 0.95 && aucs[2] >= aucs[0], "{aucs:?}");
        assert_eq!((told.train_lines, told.test_lines), (300, 100));
    }
}
