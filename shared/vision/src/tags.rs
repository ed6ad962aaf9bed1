//! What kind of garment a photo shows, and what design it has.

use std::str::FromStr;

use drape_domain::{Category, Pattern};

use crate::{
    embed::{dot, unit},
    features::FEATURES,
    weights,
};

/// A pattern that is less likely than this is not claimed.
const SURE_OF_PATTERN: f32 = 0.4;

/// Reads tags from features.
#[derive(Debug)]
pub struct Tagger {
    category: Head<Category>,
    pattern: Head<Pattern>,
}

impl Tagger {
    /// Reads the committed weights. They know only what there were photos of; the other words are never
    /// guessed.
    #[must_use]
    pub fn load() -> Self {
        Self {
            category: Head::read(
                include_bytes!("../weights/category.f32"),
                include_str!("../weights/category.txt"),
            ),
            pattern: Head::read(
                include_bytes!("../weights/pattern.f32"),
                include_str!("../weights/pattern.txt"),
            ),
        }
    }

    /// Every category with its probability (0–1), likeliest first.
    #[must_use]
    pub fn categories(&self, features: &[f32]) -> Vec<(Category, f32)> {
        self.category.probabilities(features)
    }

    /// The most likely category and its probability (0–1).
    #[must_use]
    pub fn category(&self, features: &[f32]) -> (Category, f32) {
        self.category
            .classify(features)
            .unwrap_or((Category::Other, 0.0))
    }

    /// The most likely pattern; [`Pattern::Other`] if no one is likely.
    #[must_use]
    pub fn pattern(&self, features: &[f32]) -> Pattern {
        match self.pattern.classify(features) {
            Some((pattern, confidence)) if confidence >= SURE_OF_PATTERN => pattern,
            _ => Pattern::Other,
        }
    }
}

/// A multinomial logistic regression on features of unit length.
#[derive(Debug)]
struct Head<T> {
    /// For each word, [`FEATURES`] weights and a bias.
    rows: Vec<(T, Vec<f32>)>,
}

impl<T: Copy + FromStr> Head<T> {
    fn read(weights: &[u8], words: &str) -> Self {
        let numbers = weights::f32s(weights);
        let rows = words.lines().zip(numbers.chunks_exact(FEATURES + 1));
        Self {
            rows: rows
                .filter_map(|(word, row)| Some((word.parse().ok()?, row.to_vec())))
                .collect(),
        }
    }

    fn classify(&self, features: &[f32]) -> Option<(T, f32)> {
        self.probabilities(features).first().copied()
    }

    /// A softmax over the words, likeliest first.
    fn probabilities(&self, features: &[f32]) -> Vec<(T, f32)> {
        let features = unit(features);
        let score = |row: &[f32]| {
            row.split_last()
                .map_or(0.0, |(bias, weights)| dot(weights, &features) + bias)
        };
        let scores: Vec<f32> = self.rows.iter().map(|(_, row)| score(row)).collect();
        let best = scores.iter().copied().fold(f32::MIN, f32::max);
        let total: f32 = scores.iter().map(|score| (score - best).exp()).sum();
        let mut words: Vec<_> = self
            .rows
            .iter()
            .zip(&scores)
            .map(|((word, _), score)| (*word, (score - best).exp() / total))
            .collect();
        words.sort_by(|(_, one), (_, two)| two.total_cmp(one));
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_weights_is_in_the_vocabulary() {
        let tagger = Tagger::load();
        assert_eq!(
            tagger.category.rows.len(),
            include_str!("../weights/category.txt").lines().count()
        );
        assert_eq!(
            tagger.pattern.rows.len(),
            include_str!("../weights/pattern.txt").lines().count()
        );
        assert_eq!(tagger.category.rows.len(), 16);
        assert!(
            tagger
                .category
                .rows
                .iter()
                .any(|(category, _)| *category == Category::Outerwear)
        );
    }

    #[test]
    fn probabilities_are_a_softmax_over_the_words() {
        let mut numbers = vec![0.0_f32; 2 * (FEATURES + 1)];
        numbers[0] = 2.0; // the first word likes the first feature
        let bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        let head: Head<Category> = Head::read(&bytes, "hat\nshoes\n");
        let mut features = vec![0.0; FEATURES];
        features[0] = 5.0;

        let (category, confidence) = head.classify(&features).unwrap();

        assert_eq!(category, Category::Hat);
        assert!((confidence - 1.0 / (1.0 + (-2.0_f32).exp())).abs() < 1e-6);
    }
}
