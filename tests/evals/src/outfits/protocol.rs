//! The measures of Polyvore-T (X. Wang et al., "Outfit compatibility prediction and diagnosis with multi-layered
//! comparison network", 2019).

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use drape_domain::Slot;
use drape_learn::{logistic, metrics};
use serde::Serialize;

use super::files::Piece;

/// Choices to fill in a blank.
const CHOICES: usize = 4;

/// One run's measures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Run {
    /// Real outfits against as many whose pieces are all random ones of the same slots.
    pub(crate) auc: f64,
    /// How often the piece that was taken out scores best among three random ones of its slot; ties share the credit.
    pub(crate) fill: f64,
    pub(crate) calibration_error: f64,
    pub(crate) log_loss: f64,
}

/// Measures a scorer, which gives a log-odds to an outfit, with random pieces from these outfits alone.
///
/// # Errors
/// When there is no outfit.
pub(crate) fn run(
    outfits: &[Vec<Piece>],
    seed: u64,
    score: impl Fn(&[Piece]) -> f32,
) -> Result<Run> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut blanks = random.fork();
    let mut pools: BTreeMap<Slot, Vec<Piece>> = BTreeMap::new();
    for piece in outfits.iter().flatten() {
        pools.entry(piece.0).or_default().push(*piece);
    }
    for pool in pools.values_mut() {
        pool.sort_unstable();
        pool.dedup();
    }
    let mut any = |slot: Slot| {
        let pool = pools.get(&slot).map_or(&[][..], Vec::as_slice);
        random.choice(pool).copied()
    };
    let (mut scores, mut labels) = (Vec::new(), Vec::new());
    let (mut credit, mut questions) = (0.0, 0.0);
    for outfit in outfits.iter().filter(|outfit| !outfit.is_empty()) {
        let real = score(outfit);
        let chance: Vec<Piece> = outfit.iter().filter_map(|(slot, _)| any(*slot)).collect();
        scores.extend([real, score(&chance)]);
        labels.extend([true, false]);
    }
    for outfit in outfits.iter().filter(|outfit| !outfit.is_empty()) {
        let real = score(outfit);
        let blank = blanks.usize(..outfit.len());
        questions += 1.0;
        let mut best = real;
        let mut equals = 1.0;
        for _ in 1..CHOICES {
            let mut other = outfit.clone();
            if let Some(piece) = other.get_mut(blank) {
                *piece = any(piece.0).unwrap_or(*piece);
            }
            let value = score(&other);
            if (value - real).abs() <= 1e-6 {
                equals += 1.0;
            } else {
                best = best.max(value);
            }
        }
        if best <= real {
            credit += 1.0 / equals;
        }
    }
    let probabilities: Vec<f32> = scores
        .iter()
        .map(|score| logistic::sigmoid(f64::from(*score)) as f32)
        .collect();
    Ok(Run {
        auc: metrics::auc(&scores, &labels).context("no outfits")?,
        fill: credit / questions,
        calibration_error: metrics::ece(&probabilities, &labels).context("no probabilities")?,
        log_loss: metrics::log_loss(&probabilities, &labels).context("no probabilities")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outfits of a top and shoes that bear the same number.
    fn matching() -> Vec<Vec<Piece>> {
        (0..200)
            .map(|at| vec![(Slot::Top, at), (Slot::Shoes, 1000 + at)])
            .collect()
    }

    #[test]
    fn one_who_knows_is_right_and_one_who_does_not_is_by_chance() {
        let knows = |outfit: &[Piece]| match outfit {
            [(_, top), (_, shoes)] if top + 1000 == *shoes => 4.0,
            _ => -4.0,
        };
        let best = run(&matching(), 1, knows).unwrap();
        assert!(best.auc > 0.98 && best.fill > 0.98, "{best:?}");
        assert!(best.log_loss < 0.1);
        let worst = run(&matching(), 1, |_| 0.0).unwrap();
        assert!((worst.auc - 0.5).abs() < 1e-9 && (worst.fill - 0.25).abs() < 1e-9);
        assert!((worst.log_loss - std::f64::consts::LN_2).abs() < 1e-6);
    }

    #[test]
    fn the_same_seed_asks_the_same() {
        let score = |outfit: &[Piece]| outfit.iter().map(|(_, row)| (row * 37 % 101) as f32).sum();
        assert_eq!(
            run(&matching(), 3, score).unwrap(),
            run(&matching(), 3, score).unwrap()
        );
        assert_ne!(
            run(&matching(), 3, score).unwrap(),
            run(&matching(), 4, score).unwrap()
        );
        assert!(run(&[], 1, |_| 0.0).is_err());
    }
}
