//! How good scores and probabilities are, measured against what came true.

/// The 97.5 % point of the normal distribution: intervals hold 95 %.
const Z: f64 = 1.959_964;

/// A measure with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The measure itself.
    pub value: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

/// The area under the ROC curve, 0–1: how often a positive scores above a negative, ties counting half.
///
/// None if positives or negatives are missing, or the slices differ in length. NaN ranks below every number.
#[must_use]
pub fn auc(scores: &[f32], labels: &[bool]) -> Option<f64> {
    let placed = Placements::of(scores, labels)?;
    Some(mean(&placed.positives))
}

/// [`auc`] with its interval by E. R. DeLong et al., "Comparing the areas under two or more correlated receiver
/// operating characteristic curves" (Biometrics, 1988).
///
/// None where [`auc`] is none. With one positive or one negative the interval is all of 0–1.
#[must_use]
pub fn auc_interval(scores: &[f32], labels: &[bool]) -> Option<Interval> {
    let placed = Placements::of(scores, labels)?;
    let value = mean(&placed.positives);
    let spread = match (
        covariance(&placed.positives, &placed.positives),
        covariance(&placed.negatives, &placed.negatives),
    ) {
        (Some(positives), Some(negatives)) => {
            Z * (positives / placed.positives.len() as f64
                + negatives / placed.negatives.len() as f64)
                .sqrt()
        }
        _ => 1.0,
    };
    Some(Interval {
        value,
        low: (value - spread).max(0.0),
        high: (value + spread).min(1.0),
    })
}

/// By how much the AUC of `ours` exceeds that of `theirs` on the same examples, with DeLong's interval, which is
/// narrower than those of both since the two are correlated.
///
/// None where either [`auc`] is none, or where there are not two positives and two negatives.
#[must_use]
pub fn auc_gain(ours: &[f32], theirs: &[f32], labels: &[bool]) -> Option<Interval> {
    let (ours, theirs) = (
        Placements::of(ours, labels)?,
        Placements::of(theirs, labels)?,
    );
    let value = mean(&ours.positives) - mean(&theirs.positives);
    let variance = |one: &[f64], other: &[f64]| {
        let own = covariance(one, one)? + covariance(other, other)?;
        Some((own - 2.0 * covariance(one, other)?) / one.len() as f64)
    };
    let both = variance(&ours.positives, &theirs.positives)?
        + variance(&ours.negatives, &theirs.negatives)?;
    let spread = Z * both.max(0.0).sqrt();
    Some(Interval {
        value,
        low: value - spread,
        high: value + spread,
    })
}

/// For each positive the part of negatives below it, and for each negative the part of positives above it.
struct Placements {
    positives: Vec<f64>,
    negatives: Vec<f64>,
}

impl Placements {
    fn of(scores: &[f32], labels: &[bool]) -> Option<Self> {
        if scores.len() != labels.len() {
            return None;
        }
        let mut order: Vec<(f32, bool, usize)> = scores
            .iter()
            .zip(labels)
            .enumerate()
            .map(|(at, (score, label))| {
                let score = if score.is_nan() {
                    f32::NEG_INFINITY
                } else {
                    // So that −0 ties with 0.
                    *score + 0.0
                };
                (score, *label, at)
            })
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let all_positives = labels.iter().filter(|label| **label).count();
        let all_negatives = labels.len() - all_positives;
        if all_positives == 0 || all_negatives == 0 {
            return None;
        }
        let (mut positives, mut negatives) = (Vec::new(), Vec::new());
        let (mut positives_below, mut negatives_below) = (0, 0);
        for tied in order.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
            let positive = tied.iter().filter(|(_, label, _)| *label).count();
            let negative = tied.len() - positive;
            let below = negatives_below as f64 + negative as f64 / 2.0;
            let above = (all_positives - positives_below - positive) as f64 + positive as f64 / 2.0;
            for (_, label, at) in tied {
                if *label {
                    positives.push((*at, below / all_negatives as f64));
                } else {
                    negatives.push((*at, above / all_positives as f64));
                }
            }
            positives_below += positive;
            negatives_below += negative;
        }
        // In the examples' order, so that two scorers' placements line up.
        let in_order = |mut placed: Vec<(usize, f64)>| {
            placed.sort_by_key(|(at, _)| *at);
            placed.into_iter().map(|(_, part)| part).collect()
        };
        Some(Self {
            positives: in_order(positives),
            negatives: in_order(negatives),
        })
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The unbiased sample covariance; none of fewer than two.
fn covariance(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.len() < 2 || x.len() != y.len() {
        return None;
    }
    let (mx, my) = (mean(x), mean(y));
    let sum: f64 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
    Some(sum / (x.len() - 1) as f64)
}

/// Bins of equal width that probabilities are sorted into.
const BINS: usize = 10;
/// Samples of the examples, drawn with replacement, that an interval of a calibration error is made of.
const RESAMPLES: usize = 400;

/// Expected calibration error, 0–1: how far probabilities are from what came true, over ten bins of equal width,
/// weighed by their counts (C. Guo et al., "On calibration of modern neural networks", 2017).
///
/// None of no examples, where the slices differ in length, or where a probability is not one.
#[must_use]
pub fn ece(probabilities: &[f32], labels: &[bool]) -> Option<f64> {
    let gaps = gaps(probabilities, labels)?;
    Some(error(&gaps, 0..gaps.len()))
}

/// [`ece`] with its interval by the basic bootstrap (B. Efron, R. Tibshirani, "An introduction to the bootstrap",
/// 1993): chance alone makes an error of a sample larger than that of all there is, and that of a sample of the sample
/// larger again, so what resampling adds is taken off. It always holds the value. The same input gives the same interval.
///
/// None where [`ece`] is none.
#[must_use]
pub fn ece_interval(probabilities: &[f32], labels: &[bool]) -> Option<Interval> {
    let gaps = gaps(probabilities, labels)?;
    let value = error(&gaps, 0..gaps.len());
    let interval = basic_bootstrap(value, gaps.len(), |drawn| {
        error(&gaps, drawn.iter().copied())
    });
    Some(Interval {
        value,
        low: interval.low.clamp(0.0, value),
        high: interval.high.clamp(value, 1.0),
    })
}

/// By how much the [`ece`] of `ours` is above that of `theirs` on the same examples, with its interval by the basic
/// bootstrap, both from the same samples.
///
/// None where either [`ece`] is none.
#[must_use]
pub fn ece_rise(ours: &[f32], theirs: &[f32], labels: &[bool]) -> Option<Interval> {
    let (ours, theirs) = (gaps(ours, labels)?, gaps(theirs, labels)?);
    let rise = |drawn: &[usize]| {
        error(&ours, drawn.iter().copied()) - error(&theirs, drawn.iter().copied())
    };
    let all: Vec<usize> = (0..labels.len()).collect();
    Some(basic_bootstrap(rise(&all), labels.len(), rise))
}

/// For each example the bin of its probability, and by how much that is above what came true.
fn gaps(probabilities: &[f32], labels: &[bool]) -> Option<Vec<(usize, f64)>> {
    let examples = checked(probabilities, labels)?;
    let gap = |(probability, label): (f64, f64)| {
        let bin = ((probability * BINS as f64) as usize).min(BINS - 1);
        (bin, probability - label)
    };
    Some(examples.map(gap).collect())
}

/// The calibration error of these of the examples.
fn error(gaps: &[(usize, f64)], drawn: impl ExactSizeIterator<Item = usize>) -> f64 {
    let count = drawn.len().max(1);
    let mut sums = [0.0_f64; BINS];
    for (bin, gap) in drawn.filter_map(|at| gaps.get(at)) {
        if let Some(sum) = sums.get_mut(*bin) {
            *sum += gap;
        }
    }
    sums.iter().map(|sum| sum.abs()).sum::<f64>() / count as f64
}

/// The interval of a value from what it is for samples drawn from so many examples.
fn basic_bootstrap(value: f64, count: usize, of: impl Fn(&[usize]) -> f64) -> Interval {
    let mut random = fastrand::Rng::with_seed(0);
    let mut drawn = vec![0; count];
    let mut values: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            drawn.iter_mut().for_each(|at| *at = random.usize(..count));
            of(&drawn)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let quantile = |part: f64| {
        let at = (part * (RESAMPLES - 1) as f64).round() as usize;
        values.get(at).copied().unwrap_or(value)
    };
    Interval {
        value,
        low: 2.0 * value - quantile(0.975),
        high: 2.0 * value - quantile(0.025),
    }
}

/// The mean negative logarithm of the probability given to what came true, in nats; ln 2 is a coin's.
/// Probabilities are kept 1e-7 off 0 and 1, so that one sure mistake does not outweigh all else.
///
/// None where [`ece`] is none.
#[must_use]
pub fn log_loss(probabilities: &[f32], labels: &[bool]) -> Option<f64> {
    const EDGE: f64 = 1e-7;
    let losses = checked(probabilities, labels)?.map(|(probability, label)| {
        let probability = probability.clamp(EDGE, 1.0 - EDGE);
        -(label * probability.ln() + (1.0 - label) * (1.0 - probability).ln())
    });
    Some(losses.sum::<f64>() / labels.len() as f64)
}

/// The examples, labels as 0 and 1.
fn checked(probabilities: &[f32], labels: &[bool]) -> Option<impl Iterator<Item = (f64, f64)>> {
    let sound = !labels.is_empty()
        && probabilities.len() == labels.len()
        && probabilities.iter().all(|part| (0.0..=1.0).contains(part));
    sound.then(|| {
        probabilities
            .iter()
            .zip(labels)
            .map(|(probability, label)| (f64::from(*probability), f64::from(u8::from(*label))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Positives score a little higher than negatives; the same for the same seed.
    fn noisy(seed: u64, count: usize) -> (Vec<f32>, Vec<bool>) {
        let mut random = fastrand::Rng::with_seed(seed);
        let labels: Vec<bool> = (0..count).map(|_| random.bool()).collect();
        let scores = labels
            .iter()
            .map(|label| random.f32() + if *label { 0.3 } else { 0.0 })
            .collect();
        (scores, labels)
    }

    #[test]
    fn auc_is_the_part_of_pairs_in_order_with_ties_as_half() {
        let labels = [true, true, false, false];
        assert_eq!(auc(&[4.0, 3.0, 2.0, 1.0], &labels), Some(1.0));
        assert_eq!(auc(&[1.0, 2.0, 3.0, 4.0], &labels), Some(0.0));
        assert_eq!(auc(&[1.0, 1.0, 1.0, 1.0], &labels), Some(0.5));
        // Pairs: 3>2, 3>1, 2=2, 2>1.
        assert_eq!(auc(&[3.0, 2.0, 2.0, 1.0], &labels), Some(3.5 / 4.0));
        assert_eq!(auc(&[0.0, -0.0], &[true, false]), Some(0.5));
    }

    #[test]
    fn auc_agrees_with_counting_every_pair() {
        let (mut scores, labels) = noisy(1, 300);
        scores
            .iter_mut()
            .for_each(|score| *score = (*score * 20.0).round());
        let (mut wins, mut pairs) = (0.0, 0.0);
        for (x, _) in scores.iter().zip(&labels).filter(|(_, label)| **label) {
            for (y, _) in scores.iter().zip(&labels).filter(|(_, label)| !**label) {
                pairs += 1.0;
                wins +=
                    f64::from(u8::from(x > y)) + f64::from(u8::from((x - y).abs() < 1e-9)) / 2.0;
            }
        }
        assert!((auc(&scores, &labels).unwrap() - wins / pairs).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_measured_is_none() {
        assert_eq!(auc(&[], &[]), None);
        assert_eq!(auc(&[1.0, 2.0], &[true, true]), None);
        assert_eq!(auc(&[1.0], &[true, false]), None);
        assert_eq!(ece(&[], &[]), None);
        assert_eq!(ece(&[1.5], &[true]), None);
        assert_eq!(log_loss(&[f32::NAN], &[true]), None);
        assert_eq!(ece_interval(&[], &[]), None);
        assert_eq!(ece_rise(&[0.5], &[1.5], &[true]), None);
        assert_eq!(auc_interval(&[1.0], &[true]), None);
        assert_eq!(auc_gain(&[1.0, 0.0], &[1.0, 0.0], &[true, false]), None);
    }

    #[test]
    fn a_score_that_is_not_a_number_is_the_worst() {
        assert_eq!(auc(&[f32::NAN, -9.0], &[true, false]), Some(0.0));
        assert_eq!(auc(&[-9.0, f32::NAN], &[true, false]), Some(1.0));
    }

    #[test]
    fn the_interval_of_auc_covers_the_truth_about_nineteen_times_in_twenty() {
        // P(u + 0.3 > v) of two uniform values is 1 − 0.7² / 2.
        let truth = 1.0 - 0.7 * 0.7 / 2.0;
        let covered = (0..400)
            .filter(|seed| {
                let (scores, labels) = noisy(*seed, 120);
                let interval = auc_interval(&scores, &labels).unwrap();
                interval.low <= truth && truth <= interval.high
            })
            .count();
        assert!((364..=392).contains(&covered), "{covered}");
    }

    #[test]
    fn a_gain_is_surer_than_the_two_measures_it_is_of() {
        let (scores, labels) = noisy(7, 400);
        let mut random = fastrand::Rng::with_seed(8);
        let worse: Vec<f32> = scores
            .iter()
            .map(|score| score + 0.2 * random.f32())
            .collect();
        let gain = auc_gain(&scores, &worse, &labels).unwrap();
        let alone = auc_interval(&scores, &labels).unwrap();
        assert!(gain.high - gain.low < (alone.high - alone.low) / 2.0);
        assert!(gain.low <= gain.value && gain.value <= gain.high);
        let none = auc_gain(&scores, &scores, &labels).unwrap();
        assert!(none.value.abs() < 1e-12 && (none.high - none.low).abs() < 1e-9);
    }

    #[test]
    fn honest_probabilities_have_no_calibration_error_and_boasts_do() {
        let labels = [true, true, true, false];
        assert!(ece(&[0.75; 4], &labels).unwrap() < 1e-9);
        assert!((ece(&[1.0, 1.0], &[true, false]).unwrap() - 0.5).abs() < 1e-9);
        // Gaps in two bins do not cancel out.
        assert!((ece(&[0.95, 0.05], &[false, true]).unwrap() - 0.95).abs() < 1e-6);
    }

    /// Probabilities, and what came true of them when the log-odds were `boast` times too large.
    fn boasting(seed: u64, count: usize, boast: f32) -> (Vec<f32>, Vec<bool>) {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..count)
            .map(|_| {
                let odds = (random.f32() - 0.5) * 6.0;
                let probability = |odds: f32| 1.0 / (1.0 + (-odds).exp());
                (probability(odds), random.f32() < probability(odds / boast))
            })
            .unzip()
    }

    #[test]
    fn the_interval_of_a_calibration_error_covers_the_truth_about_nineteen_times_in_twenty() {
        let truth = {
            let (told, came) = boasting(1_000, 400_000, 3.0);
            ece(&told, &came).unwrap()
        };
        assert!(truth > 0.1, "{truth}");
        let covered = (0..200)
            .filter(|seed| {
                let (told, came) = boasting(*seed, 400, 3.0);
                let interval = ece_interval(&told, &came).unwrap();
                assert!((interval.low..=interval.high).contains(&interval.value));
                (interval.low..=interval.high).contains(&truth)
            })
            .count();
        assert!((180..=199).contains(&covered), "{covered} of 200");
    }

    #[test]
    fn a_rise_of_the_calibration_error_is_told_from_chance() {
        let sure = |seed: u64, boast: f32| {
            let (told, came) = boasting(seed, 400, 1.0);
            let odds = |p: f32| (p / (1.0 - p)).ln() * boast;
            let other: Vec<f32> = told
                .iter()
                .map(|p| 1.0 / (1.0 + (-odds(*p)).exp()))
                .collect();
            ece_rise(&other, &told, &came).unwrap().low > 1e-6
        };
        let times = |boast: f32| (0..100).filter(|seed| sure(*seed, boast)).count();
        let (none, slight, much) = (times(1.0), times(1.05), times(3.0));
        assert!(
            none == 0 && slight <= 10 && much >= 95,
            "{none} {slight} {much}"
        );
    }

    #[test]
    fn log_loss_is_a_coins_for_a_coin_and_finite_for_a_sure_mistake() {
        let coin = log_loss(&[0.5, 0.5], &[true, false]).unwrap();
        assert!((coin - std::f64::consts::LN_2).abs() < 1e-12);
        let mistake = log_loss(&[0.0], &[true]).unwrap();
        assert!(mistake > 16.0 && mistake.is_finite());
    }
}
