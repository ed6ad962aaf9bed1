//! A softmax classifier on numbers that the network sees.

use std::str::FromStr;

use crate::embed::dot;

/// For each word, a weight for each number and a bias. Weights are stored already divided by the temperature that makes
/// the probabilities honest (Guo et al., "On Calibration of Modern Neural Networks", 2017).
#[derive(Debug)]
pub(crate) struct Head<T> {
    rows: Vec<(T, Vec<f32>)>,
}

impl<T: Copy + FromStr> Head<T> {
    /// Rows of weights, and a line with the word of each. Words that are not in the vocabulary are left out.
    pub(crate) fn read(numbers: &[f32], words: &str) -> Self {
        let width = numbers.len() / words.lines().count().max(1);
        let rows = words.lines().zip(numbers.chunks_exact(width.max(1)));
        Self {
            rows: rows
                .filter_map(|(word, row)| Some((word.parse().ok()?, row.to_vec())))
                .collect(),
        }
    }

    /// All words with their probabilities, the likeliest first.
    pub(crate) fn likeliest(&self, features: &[f32]) -> Vec<(T, f32)> {
        let score = |row: &[f32]| {
            row.split_last()
                .map_or(0.0, |(bias, weights)| dot(weights, features) + bias)
        };
        let mut words: Vec<(T, f32)> = self
            .rows
            .iter()
            .map(|(word, row)| (*word, score(row)))
            .collect();
        words.sort_by(|one, two| two.1.total_cmp(&one.1));
        let best = words.first().map_or(0.0, |(_, score)| *score);
        for (_, score) in &mut words {
            *score = (*score - best).exp();
        }
        let total: f32 = words.iter().map(|(_, power)| power).sum();
        for (_, power) in &mut words {
            *power /= total;
        }
        words
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

#[cfg(test)]
mod tests {
    use drape_domain::Category;

    use super::*;

    #[test]
    fn probabilities_are_a_softmax_over_the_words() {
        // The second word likes the first number.
        let head: Head<Category> = Head::read(&[0.0, 0.0, 0.0, 2.0, 0.0, 0.0], "hat\nshoes\n");

        let likeliest = head.likeliest(&[1.0, 5.0]);

        let expected = 1.0 / (1.0 + (-2.0_f32).exp());
        assert_eq!(likeliest[0].0, Category::Shoes);
        assert!((likeliest[0].1 - expected).abs() < 1e-6);
        assert!((likeliest[1].1 - (1.0 - expected)).abs() < 1e-6);
    }

    #[test]
    fn without_weights_or_words_there_is_no_guess() {
        let head: Head<Category> = Head::read(&[], "hat\n");
        assert!(head.likeliest(&[1.0]).is_empty());
        let head: Head<Category> = Head::read(&[1.0, 2.0], "");
        assert!(head.likeliest(&[1.0]).is_empty());
    }

    #[test]
    fn large_scores_are_no_trouble() {
        let head: Head<Category> = Head::read(&[1e4, 0.0, 0.0, 0.0], "hat\nshoes\n");
        let likeliest = head.likeliest(&[1.0]);
        assert_eq!(likeliest, [(Category::Hat, 1.0), (Category::Shoes, 0.0)]);
    }
}
