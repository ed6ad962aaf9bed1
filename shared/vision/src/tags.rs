//! What kind of garment a photo shows, and what design it has.

use drape_domain::{Category, Pattern, item::CategoryCandidate};

use crate::{features::Features, head::Head, weights};

/// A pattern that is less likely than this is not claimed.
const SURE_OF_PATTERN: f32 = 0.4;
/// A category that is less likely than this is better asked about. `weights/report.txt` says how many photos that
/// are, and how often the others are right.
pub const SURE_OF_CATEGORY: f32 = 0.7;
/// More than this is not a question that anyone wants to answer.
const MOST_CANDIDATES: usize = 3;
/// A third candidate that is less likely than this is not worth its place.
const LIKELY_CANDIDATE: f32 = 0.05;

/// The kind of garment.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryGuess {
    /// The likeliest.
    pub category: Category,
    /// Its probability, 0–1. Of guesses with 0.8, four in five are right.
    pub confidence: f32,
    /// The two or three likeliest, the likeliest first, if that one is not sure; else none.
    pub candidates: Vec<CategoryCandidate>,
}

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
                &weights::f16s(include_bytes!("../weights/category.f16")),
                include_str!("../weights/category.txt"),
            ),
            pattern: Head::read(
                &weights::f16s(include_bytes!("../weights/pattern.f16")),
                include_str!("../weights/pattern.txt"),
            ),
        }
    }

    /// Every category with its probability (0–1), likeliest first.
    #[must_use]
    pub fn categories(&self, features: &Features) -> Vec<(Category, f32)> {
        self.category.likeliest(&features.kind)
    }

    /// The most likely category, and what else it may be.
    #[must_use]
    pub fn category(&self, features: &Features) -> CategoryGuess {
        guess(&self.category.likeliest(&features.kind))
    }

    /// The most likely pattern; [`Pattern::Other`] if no one is likely.
    #[must_use]
    pub fn pattern(&self, features: &Features) -> Pattern {
        match self.pattern.likeliest(&features.texture).first() {
            Some((pattern, confidence)) if *confidence >= SURE_OF_PATTERN => *pattern,
            _ => Pattern::Other,
        }
    }
}

fn guess(likeliest: &[(Category, f32)]) -> CategoryGuess {
    let Some((category, confidence)) = likeliest.first().copied() else {
        return CategoryGuess {
            category: Category::Other,
            confidence: 0.0,
            candidates: Vec::new(),
        };
    };
    let candidates = if confidence < SURE_OF_CATEGORY {
        likeliest
            .iter()
            .take(MOST_CANDIDATES)
            .enumerate()
            .filter(|(place, (_, probability))| *place < 2 || *probability >= LIKELY_CANDIDATE)
            .map(|(_, (category, probability))| CategoryCandidate {
                category: *category,
                probability: *probability,
            })
            .collect()
    } else {
        Vec::new()
    };
    CategoryGuess {
        category,
        confidence,
        candidates,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_weights_is_in_the_vocabulary() {
        let tagger = Tagger::load();
        let words = |list: &str| list.lines().count();
        assert_eq!(
            tagger.category.len(),
            words(include_str!("../weights/category.txt"))
        );
        assert_eq!(
            tagger.pattern.len(),
            words(include_str!("../weights/pattern.txt"))
        );
        assert_eq!(tagger.category.len(), 16);
    }

    #[test]
    fn a_sure_guess_leaves_nothing_to_choose() {
        let guess = guess(&[(Category::Hat, 0.9), (Category::Shoes, 0.1)]);
        assert_eq!((guess.category, guess.confidence), (Category::Hat, 0.9));
        assert!(guess.candidates.is_empty());
    }

    #[test]
    fn an_unsure_guess_names_the_likeliest_two_or_three() {
        let unsure = guess(&[
            (Category::Shirt, 0.5),
            (Category::Blouse, 0.3),
            (Category::Polo, 0.15),
            (Category::Dress, 0.05),
        ]);
        let named: Vec<_> = unsure.candidates.iter().map(|one| one.category).collect();
        assert_eq!(named, [Category::Shirt, Category::Blouse, Category::Polo]);
        assert_eq!(unsure.candidates[1].probability, 0.3);

        let of_two = guess(&[
            (Category::Shirt, 0.6),
            (Category::Blouse, 0.38),
            (Category::Polo, 0.01),
        ]);
        let named: Vec<_> = of_two.candidates.iter().map(|one| one.category).collect();
        assert_eq!(named, [Category::Shirt, Category::Blouse]);
    }

    #[test]
    fn without_words_there_is_no_kind() {
        assert_eq!(guess(&[]).category, Category::Other);
    }
}
