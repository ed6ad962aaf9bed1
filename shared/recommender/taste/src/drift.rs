//! Whether the world has moved away from what was learned.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::{examples::Counts, report::iso_date};

/// Equal steps of 0–1 that values are counted in.
const STEPS: usize = 200;
/// The share that an empty part counts as.
const FLOOR: f64 = 1e-4;
/// Fewer values say nothing about a distribution.
pub const MIN_VALUES: u64 = 1_000;
/// A PSI above this is a shift (0.1 to 0.25 is one to watch), by common use.
pub const PSI_ALARM: f64 = 0.25;
/// A rate so many standard errors off its reference is alarming: chance does it on one day of 370.
pub const Z_ALARM: f64 = 3.0;
/// The days that a rate is compared with.
pub const REFERENCE_DAYS: usize = 28;
/// A fall of engagement is sustained if of so many days ...
pub const FALL_DAYS: usize = 7;
/// ... this many are more than one standard error below the reference, ...
const FALLEN_DAYS: usize = 5;
/// ... and all together a tenth below it, beyond chance.
const FALL: f64 = 0.9;

/// How often values of 0–1 were seen; histograms of shards add up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    counts: Vec<u64>,
}

impl Histogram {
    /// Counts a value; what is beyond 0–1 counts as the nearer of the two, what is no number not at all.
    pub fn add(&mut self, value: f32) {
        if value.is_nan() {
            return;
        }
        self.counts.resize(STEPS, 0);
        let step = ((value.clamp(0.0, 1.0) * STEPS as f32) as usize).min(STEPS - 1);
        if let Some(count) = self.counts.get_mut(step) {
            *count += 1;
        }
    }

    /// Adds another's.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
    }

    /// How many values.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.counts.iter().sum()
    }

    pub(crate) fn is_usable(&self) -> bool {
        self.counts.is_empty() || self.counts.len() == STEPS
    }

    /// The steps at which each tenth of the values ends; where many values are equal, fewer than ten.
    fn deciles(&self) -> Vec<usize> {
        let n = self.n();
        let mut ends = Vec::new();
        let (mut seen, mut tenth) = (0, 1);
        for (step, count) in self.counts.iter().enumerate() {
            seen += count;
            if tenth < 10 && seen * 10 >= n * tenth {
                // A step that holds a tenth by itself is a part by itself: what moves off it is seen.
                if count * 10 >= n && ends.last().is_none_or(|end| *end < step) && step > 0 {
                    ends.push(step);
                }
                ends.push(step + 1);
                while tenth < 10 && seen * 10 >= n * tenth {
                    tenth += 1;
                }
            }
        }
        // The last part goes on to the end, unless nothing of the reference lies there.
        if ends.last().is_none_or(|end| *end < STEPS) {
            ends.push(STEPS);
        }
        ends
    }

    fn shares(&self, ends: &[usize]) -> Vec<f64> {
        let n = self.n().max(1) as f64;
        let mut start = 0;
        ends.iter()
            .map(|end| {
                let part = self.counts.get(start..*end).unwrap_or_default();
                start = *end;
                (part.iter().sum::<u64>() as f64 / n).max(FLOOR)
            })
            .collect()
    }
}

/// The population stability index: Σ (c − r)·ln(c / r) over the shares r and c of reference and current values in
/// the reference's tenths, each at least 10⁻⁴. 0 if they are alike, never below. None if either has fewer than
/// a thousand values.
#[must_use]
pub fn psi(reference: &Histogram, current: &Histogram) -> Option<f64> {
    if reference.n().min(current.n()) < MIN_VALUES {
        return None;
    }
    let ends = reference.deciles();
    Some(
        reference
            .shares(&ends)
            .iter()
            .zip(current.shares(&ends))
            .map(|(r, c)| (c - r) * (c / r).ln())
            .sum(),
    )
}

/// A share of something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// How many it holds for.
    pub of: u64,
    /// Of how many.
    pub n: u64,
}

impl Rate {
    /// 0–1; 0 of none.
    #[must_use]
    pub fn value(&self) -> f64 {
        if self.n == 0 {
            0.0
        } else {
            self.of as f64 / self.n as f64
        }
    }

    fn sum(rates: impl Iterator<Item = Self>) -> Self {
        rates.fold(Self::default(), |sum, rate| Self {
            of: sum.of.saturating_add(rate.of),
            n: sum.n.saturating_add(rate.n),
        })
    }
}

/// By how many standard errors the current rate is above the reference (two proportions, pooled). None if the
/// test does not hold: of either fewer than 30, or too few on one side for the normal distribution (5).
#[must_use]
pub fn rate_z_test(reference: Rate, current: Rate) -> Option<f64> {
    let (n, m) = (reference.n as f64, current.n as f64);
    if n.min(m) < 30.0 {
        return None;
    }
    let pooled = (reference.of + current.of) as f64 / (n + m);
    if n.min(m) * pooled.min(1.0 - pooled) < 5.0 {
        return None;
    }
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    Some((current.value() - reference.value()) / error)
}

/// What a day was like; days of shards add up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Day {
    /// Which.
    pub date: Date,
    /// What was read.
    pub counts: Counts,
    /// Values by name: the score, and the parts it is made of.
    pub values: BTreeMap<String, Histogram>,
}

impl Day {
    /// A day of which nothing is known yet.
    #[must_use]
    pub fn new(date: Date) -> Self {
        Self {
            date,
            counts: Counts::default(),
            values: BTreeMap::new(),
        }
    }

    /// Counts a value under a name.
    pub fn see(&mut self, name: &str, value: f32) {
        if let Some(histogram) = self.values.get_mut(name) {
            histogram.add(value);
        } else if self.values.len() < MAX_NAMES {
            let mut histogram = Histogram::default();
            histogram.add(value);
            self.values.insert(name.to_owned(), histogram);
        }
    }

    /// Adds another shard's.
    pub fn merge(&mut self, other: &Self) {
        self.counts.merge(&other.counts);
        for (name, histogram) in &other.values {
            if let Some(mine) = self.values.get_mut(name) {
                mine.merge(histogram);
            } else if self.values.len() < MAX_NAMES {
                self.values.insert(name.clone(), histogram.clone());
            }
        }
    }

    const fn likes(&self) -> Rate {
        Rate {
            of: self.counts.likes,
            n: self.counts.judged,
        }
    }

    const fn engagement(&self) -> Rate {
        Rate {
            of: self.counts.engaged,
            n: self.counts.showings,
        }
    }
}

/// The most names that values are counted under.
const MAX_NAMES: usize = 40;

/// What a day looks like beside those before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The day.
    #[serde(with = "iso_date")]
    pub date: Date,
    /// By name, for those of which there is enough.
    pub psi: BTreeMap<String, f64>,
    /// Outfits liked, of those said yes or no to.
    pub likes: Rate,
    /// How many standard errors the like rate is above that of the 28 days before.
    pub likes_z: Option<f64>,
    /// Answers about which something good was done.
    pub engagement: Rate,
    /// How many standard errors the engagement of the last seven days is above that of the 28 before them.
    pub engagement_z: Option<f64>,
    /// Whether engagement has fallen and stayed so.
    pub sustained_fall: bool,
    /// What is wrong, in words; empty if nothing is.
    pub alarms: Vec<String>,
}

/// A fall that was not seen for so many days is over: the next one is another.
const OVER_AFTER_DAYS: i64 = 7;

/// A sustained fall of engagement, from the day on which it was first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fall {
    /// The first day on which it was seen.
    #[serde(with = "iso_date")]
    pub since: Date,
    /// The last one so far.
    #[serde(with = "iso_date")]
    pub last_seen: Date,
}

impl Fall {
    /// Whether it lasts on a day: from when it was first seen until it was not seen for a week.
    #[must_use]
    pub fn lasts(&self, day: Date) -> bool {
        let end = self.last_seen + time::Duration::days(OVER_AFTER_DAYS);
        (self.since..=end).contains(&day)
    }
}

/// Compares the last of the days with those before it. Days may be missing and in any order; of two of the
/// same date the later in the slice counts. None if there are no days.
#[must_use]
pub fn drift(days: &[Day]) -> Option<Drift> {
    let by_date: BTreeMap<Date, &Day> = days.iter().map(|day| (day.date, day)).collect();
    let (date, today) = by_date.last_key_value()?;
    let before = |from: usize, days: usize| {
        let newest = *date - time::Duration::days(from as i64);
        let oldest = newest - time::Duration::days(days as i64 - 1);
        by_date.range(oldest..=newest).map(|(_, day)| *day)
    };

    let mut reference = Day::new(*date);
    before(1, REFERENCE_DAYS).for_each(|day| reference.merge(day));
    let psi: BTreeMap<String, f64> = today
        .values
        .iter()
        .filter_map(|(name, now)| {
            let then = reference.values.get(name)?;
            Some((name.clone(), psi(then, now)?))
        })
        .collect();
    let likes_z = rate_z_test(reference.likes(), today.likes());

    let normal = Rate::sum(before(FALL_DAYS, REFERENCE_DAYS).map(Day::engagement));
    let recent = Rate::sum(before(0, FALL_DAYS).map(Day::engagement));
    let engagement_z = rate_z_test(normal, recent);
    let fallen = before(0, FALL_DAYS)
        .filter(|day| rate_z_test(normal, day.engagement()).is_some_and(|z| z < -1.0))
        .count();
    let sustained_fall = engagement_z.is_some_and(|z| z < -Z_ALARM)
        && recent.value() < FALL * normal.value()
        && fallen >= FALLEN_DAYS;

    let mut alarms: Vec<String> = psi
        .iter()
        .filter(|(_, psi)| **psi > PSI_ALARM)
        .map(|(name, psi)| format!("{name} has shifted: PSI {psi:.2}"))
        .collect();
    if let Some(z) = likes_z.filter(|z| z.abs() > Z_ALARM) {
        alarms.push(format!(
            "like rate {:.1} %, {z:+.1} standard errors off the 28 days before",
            today.likes().value() * 100.0
        ));
    }
    if sustained_fall {
        alarms.push(format!(
            "engagement has fallen from {:.1} % to {:.1} % for a week",
            normal.value() * 100.0,
            recent.value() * 100.0
        ));
    }
    Some(Drift {
        date: *date,
        psi,
        likes: today.likes(),
        likes_z,
        engagement: today.engagement(),
        engagement_z,
        sustained_fall,
        alarms,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::{Duration, macros::date};

    use super::*;

    const TODAY: Date = date!(2026 - 11 - 23);

    fn histogram(values: impl IntoIterator<Item = f32>) -> Histogram {
        let mut histogram = Histogram::default();
        values.into_iter().for_each(|value| histogram.add(value));
        histogram
    }

    fn spread(from: f32, to: f32) -> Histogram {
        histogram((0..2_000).map(|n| from + (to - from) * n as f32 / 2_000.0))
    }

    fn day(ago: i64, engaged: u64) -> Day {
        let mut day = Day::new(TODAY - Duration::days(ago));
        day.counts.showings = 1_000;
        day.counts.engaged = engaged;
        day.counts.judged = 400;
        day.counts.likes = 240;
        day
    }

    #[test]
    fn the_index_of_a_shift_by_a_tenth_is_that_of_the_formula() {
        // Nine tenths stay, the first empties, the last doubles.
        let expected = (0.0001f64 - 0.1) * (0.0001f64 / 0.1).ln() + 0.1 * 2f64.ln();
        let got = psi(&spread(0.0, 1.0), &{
            let mut shifted = spread(0.1, 1.0);
            shifted.merge(&histogram((0..222).map(|n| 0.9 + n as f32 / 2_300.0)));
            shifted
        })
        .unwrap();
        assert!((got - expected).abs() < 0.02, "{got} for {expected}");
    }

    #[test]
    fn a_thousand_values_are_needed() {
        let few = histogram((0..999).map(|n| n as f32 / 999.0));
        assert_eq!(psi(&spread(0.0, 1.0), &few), None);
        assert_eq!(psi(&few, &spread(0.0, 1.0)), None);
        assert_eq!(psi(&Histogram::default(), &few), None);
    }

    #[test]
    fn a_value_that_is_always_the_same_does_not_hide_a_shift() {
        let (ones, zeros) = (histogram(vec![1.0; 1_000]), histogram(vec![0.0; 1_000]));
        assert_eq!(psi(&ones, &ones), Some(0.0));
        assert!(psi(&ones, &zeros).unwrap() > PSI_ALARM);
        assert!(psi(&zeros, &ones).unwrap() > PSI_ALARM);
    }

    #[test]
    fn a_rate_is_tested_as_two_proportions() {
        let z = rate_z_test(Rate { of: 600, n: 1_000 }, Rate { of: 45, n: 100 }).unwrap();
        assert!((z + 2.909).abs() < 0.01, "{z}");
        assert_eq!(
            rate_z_test(Rate { of: 9, n: 10 }, Rate { of: 50, n: 100 }),
            None
        );
        assert_eq!(
            rate_z_test(Rate { of: 0, n: 90 }, Rate { of: 0, n: 90 }),
            None
        );
    }

    #[test]
    fn steady_days_raise_no_alarm() {
        let days: Vec<Day> = (0..36).map(|ago| day(ago, 300 + ago as u64 % 7)).collect();
        let drift = drift(&days).unwrap();
        assert!(drift.alarms.is_empty(), "{:?}", drift.alarms);
        assert!(!drift.sustained_fall);
    }

    #[test]
    fn a_week_of_less_engagement_is_a_fall_and_one_bad_day_is_not() {
        let week = |engaged: fn(i64) -> u64| -> Drift {
            let days: Vec<Day> = (0..36).map(|ago| day(ago, engaged(ago))).collect();
            drift(&days).unwrap()
        };
        let fallen = week(|ago| if ago < 7 { 230 } else { 300 });
        assert!(fallen.sustained_fall);
        assert!(!week(|ago| if ago < 1 { 20 } else { 300 }).sustained_fall);
        assert!(!week(|ago| if ago < 7 { 292 } else { 300 }).sustained_fall);
    }

    #[test]
    fn a_fall_lasts_until_it_was_not_seen_for_a_week() {
        let fall = Fall {
            since: TODAY - Duration::days(3),
            last_seen: TODAY,
        };
        let lasts: Vec<i64> = (-9..=9)
            .filter(|after| fall.lasts(TODAY + Duration::days(*after)))
            .collect();
        assert_eq!(lasts, (-3..=7).collect::<Vec<_>>());
    }

    #[test]
    fn a_day_with_fewer_likes_is_an_alarm() {
        let mut days: Vec<Day> = (0..29).map(|ago| day(ago, 300)).collect();
        days[0].counts.likes = 180;
        let drift = drift(&days).unwrap();
        assert!(drift.likes_z.unwrap() < -Z_ALARM);
        assert_eq!(drift.alarms.len(), 1);
        assert_eq!(super::drift(&[]), None);
    }

    #[test]
    fn a_shift_of_scores_is_an_alarm() {
        let mut days: Vec<Day> = (0..29).map(|ago| day(ago, 300)).collect();
        for (ago, day) in days.iter_mut().enumerate() {
            let values = if ago == 0 {
                spread(0.0, 0.6)
            } else {
                spread(0.2, 1.0)
            };
            day.values.insert("score".to_owned(), values);
        }
        let drift = drift(&days).unwrap();
        assert!(drift.psi["score"] > PSI_ALARM);
        assert!(drift.alarms[0].starts_with("score has shifted"));
    }

    fn values() -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(0f32..=1.0, 1_000..1_200)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn the_index_is_never_below_0_and_0_of_equals(a in values(), b in values()) {
            let (a, b) = (histogram(a), histogram(b));
            prop_assert!(psi(&a, &b).unwrap() >= 0.0);
            prop_assert_eq!(psi(&a, &a), Some(0.0));
        }

        #[test]
        fn histograms_of_shards_add_up(a in values(), b in values()) {
            let all = histogram(a.iter().chain(&b).copied());
            let (mut left, right) = (histogram(a), histogram(b));
            left.merge(&right);
            prop_assert_eq!(left, all);
        }
    }
}
