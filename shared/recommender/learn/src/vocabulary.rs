//! Words by how rare they are and by which words they appear with.

use std::collections::HashMap;

use nalgebra::DMatrix;

use crate::{
    bytes::{Broken, Reader, Writer},
    garment::{Garment, SLOTS, place},
    subspace::main_directions,
};

/// The most words that are known by name; rarer ones all count alike.
const MOST_WORDS: usize = 8192;
/// Main directions that are kept.
const KEPT: usize = 128;
/// A word must be borne by so many pieces to be known.
const LEAST_BEARERS: u32 = 2;

/// Titles as vectors: words by inverse document frequency (K. Spärck Jones, 1972) at unit length, about the slot's
/// mean, in their main directions (latent semantic analysis; S. Deerwester et al., 1990).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Vocabulary {
    /// In rising order.
    words: Vec<u32>,
    /// ln(pieces / bearers) of each.
    rarity: Vec<f32>,
    /// The rarity of a word that is not known.
    unknown: f32,
    kept: usize,
    /// For each word `kept` values.
    directions: Vec<f32>,
    /// For each slot `kept` values.
    means: Vec<f32>,
}

/// A piece's words, each with its part of a unit-length vector, in rising order.
pub(crate) type Bag = Vec<(u32, f32)>;

impl Vocabulary {
    pub(crate) fn fit(garments: &[Garment<'_>], seed: u64) -> Self {
        let mut bearers: HashMap<u32, u32> = HashMap::new();
        for garment in garments {
            for word in garment.all_words() {
                *bearers.entry(word).or_default() += 1;
            }
        }
        let mut common: Vec<(u32, u32)> = bearers
            .into_iter()
            .filter(|(_, count)| *count >= LEAST_BEARERS)
            .collect();
        common.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
        common.truncate(MOST_WORDS);
        common.sort_unstable();
        let pieces = garments.len().max(2) as f32;
        let mut vocabulary = Self {
            words: common.iter().map(|(word, _)| *word).collect(),
            rarity: common
                .iter()
                .map(|(_, count)| (pieces / *count as f32).ln())
                .collect(),
            unknown: pieces.ln(),
            kept: 0,
            directions: Vec::new(),
            means: Vec::new(),
        };
        vocabulary.reduce(garments, seed);
        vocabulary
    }

    /// Finds the main directions, without ever holding the titles as dense rows.
    fn reduce(&mut self, garments: &[Garment<'_>], seed: u64) {
        let size = self.words.len();
        let rows: Vec<(usize, Vec<(usize, f32)>)> = garments
            .iter()
            .map(|garment| (place(garment.slot), self.known(&self.bag(garment))))
            .filter(|(_, row)| !row.is_empty())
            .collect();
        let mut counts = [0.0_f32; SLOTS];
        let mut means = DMatrix::<f32>::zeros(SLOTS, size);
        for (slot, row) in &rows {
            if let Some(count) = counts.get_mut(*slot) {
                *count += 1.0;
            }
            for (word, x) in row {
                if let Some(sum) = means.get_mut((*slot, *word)) {
                    *sum += x;
                }
            }
        }
        for (slot, count) in counts.iter().enumerate() {
            means.row_mut(slot).scale_mut(1.0 / count.max(1.0));
        }
        if size == 0 {
            return;
        }
        let directions = main_directions(size, KEPT, seed, |columns| {
            // Rows of words by columns, so that a word's values lie side by side.
            let columns = columns.transpose();
            let middle = &columns * means.transpose();
            let mut product = DMatrix::<f32>::zeros(columns.nrows(), size);
            let mut code = nalgebra::DVector::<f32>::zeros(columns.nrows());
            for (slot, row) in &rows {
                code.copy_from(&middle.column(*slot));
                code.neg_mut();
                for (word, x) in row {
                    code.axpy(*x, &columns.column(*word), 1.0);
                }
                for (word, x) in row {
                    product.column_mut(*word).axpy(*x, &code, 1.0);
                }
            }
            // The means' part of the second factor vanishes: codes of a slot sum to zero.
            product.transpose()
        });
        self.kept = directions.ncols();
        self.means = (&means * &directions).transpose().iter().copied().collect();
        self.directions = directions.transpose().iter().copied().collect();
    }

    /// A piece's words with what each is worth.
    pub(crate) fn bag(&self, garment: &Garment<'_>) -> Bag {
        let mut bag: Bag = garment
            .all_words()
            .into_iter()
            .map(|word| {
                let known = self.words.binary_search(&word).ok();
                let rarity = known.and_then(|at| self.rarity.get(at));
                (word, rarity.copied().unwrap_or(self.unknown))
            })
            .collect();
        let length = bag.iter().map(|(_, x)| x * x).sum::<f32>().sqrt();
        for (_, x) in &mut bag {
            *x /= length.max(1e-6);
        }
        bag
    }

    fn known(&self, bag: &Bag) -> Vec<(usize, f32)> {
        let at = |(word, x): &(u32, f32)| Some((self.words.binary_search(word).ok()?, *x));
        bag.iter().filter_map(at).collect()
    }

    /// How many values [`Self::encode`] gives.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// The words about their slot's mean; zeros if none is known.
    pub(crate) fn encode(&self, slot: usize, bag: &Bag) -> Vec<f32> {
        let mut code = vec![0.0; self.kept];
        let known = self.known(bag);
        if known.is_empty() || self.kept == 0 {
            return code;
        }
        for (word, x) in known {
            let direction = self.directions.chunks_exact(self.kept).nth(word);
            for (sum, y) in code.iter_mut().zip(direction.unwrap_or_default()) {
                *sum += x * y;
            }
        }
        let mean = self.means.chunks_exact(self.kept).nth(slot);
        for (x, mean) in code.iter_mut().zip(mean.unwrap_or_default()) {
            *x -= mean;
        }
        code
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.count(self.words.len());
        to.words(&self.words);
        to.floats(&self.rarity);
        to.floats(&[self.unknown]);
        to.count(self.kept);
        to.floats(&self.directions);
        to.floats(&self.means);
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let size = from.count(MOST_WORDS)?;
        let words = from.words(size)?;
        if !words.is_sorted_by(|a, b| a < b) {
            return Err(Broken::Content);
        }
        let rarity = from.floats(size)?;
        let unknown = from.floats(1)?.first().copied().unwrap_or_default();
        let kept = from.count(KEPT)?;
        Ok(Self {
            words,
            rarity,
            unknown,
            kept,
            directions: from.floats(size * kept)?,
            means: from.floats(if kept == 0 { 0 } else { SLOTS * kept })?,
        })
    }
}

/// How much two pieces' words are the same, 0–1.
pub(crate) fn overlap(x: &Bag, y: &Bag) -> f32 {
    let (mut x, mut y) = (x.iter().peekable(), y.iter().peekable());
    let mut sum = 0.0;
    while let (Some((a, u)), Some((b, v))) = (x.peek(), y.peek()) {
        match a.cmp(b) {
            std::cmp::Ordering::Less => {
                x.next();
            }
            std::cmp::Ordering::Greater => {
                y.next();
            }
            std::cmp::Ordering::Equal => {
                sum += u * v;
                x.next();
                y.next();
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use drape_domain::Slot;

    use super::*;
    use crate::words::of_title;

    fn fitted(titles: &[(Slot, Vec<u32>)]) -> (Vocabulary, Vec<Garment<'_>>) {
        let garments: Vec<_> = titles
            .iter()
            .map(|(slot, words)| Garment {
                slot: *slot,
                category: None,
                vector: None,
                colors: &[],
                words,
            })
            .collect();
        (Vocabulary::fit(&garments, 1), garments)
    }

    #[test]
    fn a_rare_word_in_common_says_more_than_a_common_one() {
        let titles = [
            "red silk top",
            "red silk skirt",
            "red top",
            "red skirt",
            "red shoes",
        ]
        .map(|title| (Slot::Top, of_title(title)));
        let (vocabulary, garments) = fitted(&titles);
        let bags: Vec<_> = garments
            .iter()
            .map(|garment| vocabulary.bag(garment))
            .collect();
        assert!(overlap(&bags[0], &bags[1]) > overlap(&bags[2], &bags[3]));
        assert!((overlap(&bags[0], &bags[0]) - 1.0).abs() < 1e-6);
        assert!(overlap(&bags[0], &Vec::new()) == 0.0);
    }

    #[test]
    fn words_that_appear_with_the_same_words_lie_near() {
        let titles: Vec<_> = (0..40)
            .map(|at| {
                let title = if at % 2 == 0 {
                    "silk gown evening"
                } else {
                    "denim casual jacket"
                };
                (Slot::Top, of_title(title))
            })
            .collect();
        let (vocabulary, _) = fitted(&titles);
        let code = |title: &str| {
            let words = of_title(title);
            let garment = Garment {
                slot: Slot::Top,
                category: None,
                vector: None,
                colors: &[],
                words: &words,
            };
            vocabulary.encode(place(Slot::Top), &vocabulary.bag(&garment))
        };
        let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
        assert!(dot(&code("silk"), &code("evening")) > 0.1);
        assert!(dot(&code("silk"), &code("denim")) < -0.1);
        assert!(code("unheard of").iter().all(|x| *x == 0.0));
    }
}
