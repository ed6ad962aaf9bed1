//! The few statistics that the reports need.

use serde::Serialize;

/// A part of a count, with what it may well be in truth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Share {
    pub(crate) part: f64,
    /// Lower and upper end of the 95 % interval.
    pub(crate) interval: [f64; 2],
    pub(crate) of: usize,
}

impl Share {
    /// So many of so many, with Wilson's score interval (E. B. Wilson, 1927), which stays within 0–1 and is
    /// honest for small counts.
    pub(crate) fn new(hits: usize, of: usize) -> Self {
        const Z: f64 = 1.959_964;
        if of == 0 {
            return Self {
                part: 0.0,
                interval: [0.0, 1.0],
                of,
            };
        }
        let (n, part) = (of as f64, hits as f64 / of as f64);
        let middle = part + Z * Z / (2.0 * n);
        let spread = Z * (part * (1.0 - part) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        Self {
            part,
            interval: [
                ((middle - spread) / scale).max(0.0),
                ((middle + spread) / scale).min(1.0),
            ],
            of,
        }
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [low, high] = self.interval;
        write!(
            f,
            "{:.1} % of {} ({:.1}–{:.1})",
            self.part * 100.0,
            self.of,
            low * 100.0,
            high * 100.0
        )
    }
}

/// Times of one step, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Times {
    pub(crate) median_ms: f64,
    pub(crate) p95_ms: f64,
}

impl Times {
    /// None of no times.
    pub(crate) fn of(mut times: Vec<f64>) -> Option<Self> {
        times.sort_by(f64::total_cmp);
        Some(Self {
            median_ms: nearest_rank(&times, 0.5)?,
            p95_ms: nearest_rank(&times, 0.95)?,
        })
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} ms, p95 {:.1} ms", self.median_ms, self.p95_ms)
    }
}

/// The least of the sorted values that at least this part of them do not exceed.
pub(crate) fn nearest_rank(sorted: &[f64], part: f64) -> Option<f64> {
    let rank = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

/// Expected calibration error: how far confidence is from being right, over ten bins of equal width, weighed
/// by their counts (Guo et al. 2017).
pub(crate) fn calibration_error(answers: &[(f32, bool)]) -> f64 {
    const BINS: usize = 10;
    let mut bins = [(0.0_f64, 0.0_f64); BINS];
    for (confidence, right) in answers {
        let bin = ((f64::from(*confidence) * BINS as f64) as usize).min(BINS - 1);
        bins[bin].0 += f64::from(*confidence);
        bins[bin].1 += f64::from(u8::from(*right));
    }
    let gaps: f64 = bins.iter().map(|(sure, right)| (sure - right).abs()).sum();
    gaps / answers.len().max(1) as f64
}

/// The most memory that this process has had, in bytes, where the system tells.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_wilsons_interval() {
        // 9 of 10: the published worked value is 0.596–0.982.
        let share = Share::new(9, 10);
        assert!((share.interval[0] - 0.596).abs() < 1e-3, "{share:?}");
        assert!((share.interval[1] - 0.982).abs() < 1e-3, "{share:?}");
        assert_eq!(Share::new(0, 0).interval, [0.0, 1.0]);
        assert!((Share::new(5, 5).interval[1] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn ranks_are_values_that_were_measured() {
        let times = Times::of(vec![3.0, 1.0, 2.0]).unwrap();
        assert_eq!((times.median_ms, times.p95_ms), (2.0, 3.0));
        assert_eq!(Times::of(Vec::new()), None);
    }

    #[test]
    fn confidence_that_holds_has_no_calibration_error() {
        let honest = [(0.75, true), (0.75, true), (0.75, true), (0.75, false)];
        assert!(calibration_error(&honest) < 1e-9);
        let boasting = [(1.0, true), (1.0, false)];
        assert!((calibration_error(&boasting) - 0.5).abs() < 1e-9);
        // Gaps in two bins do not cancel out.
        let both = [(0.95, false), (0.05, true)];
        assert!((calibration_error(&both) - 0.95).abs() < 1e-6);
    }
}
