//! A person's taste as a direction among the vectors of clothes.

use serde::{Deserialize, Serialize};
use time::Date;

use crate::{
    codec::{Format, LoadError},
    reward::{self, MAX_REWARD},
};

/// So many likes' worth of deeds weigh as much as the prior.
const PRIOR_LIKES: f32 = 10.0;
/// From likeness (a cosine) to log-odds of liking.
const GAIN: f32 = 8.0;
/// The reward that is usual for a person is held to 0 by so many deeds of no reward: who only ever likes likes
/// what they like more than all else.
const PRIOR_DEEDS: f32 = 10.0;
/// The most numbers that a vector may have.
const MAX_DIM: usize = 4096;
/// The longest name of an embedding model.
const MAX_NAME: usize = 200;

const FORMAT: Format = Format {
    name: "style",
    magic: *b"DRAPESTY",
    version: 1,
    limit: MAX_DIM * 8 + 1024,
};

/// How far `n` likes' worth of deeds are trusted: n / (n + 10), 0–1.
#[must_use]
pub fn trust(n: f32) -> f32 {
    let n = n.max(0.0);
    if n.is_finite() {
        n / (n + PRIOR_LIKES)
    } else {
        1.0
    }
}

/// Why a style was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StyleError {
    /// Vectors of different models are not comparable; such a person's style starts anew.
    #[error("the style is of vectors of {style:?}, not of {deeds:?}")]
    OtherModel {
        /// Of the style.
        style: String,
        /// Of the deeds.
        deeds: String,
    },
}

/// What is thought of a piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Preference {
    /// 0 (never) to 1 (surely); a half says nothing.
    pub value: f32,
    /// How many likes' worth of deeds stand behind it.
    pub n: f32,
}

/// What a person did, as one vector: the sum of the unit vectors of the pieces, each times its reward, fading
/// with a half-life of 45 days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Style {
    model: String,
    sum: Vec<f32>,
    /// Sum of the vectors.
    seen: Vec<f32>,
    /// How many deeds.
    deeds: f32,
    /// Sum of the rewards; takes out of `sum` what all clothes share.
    total: f32,
    /// Sum of the rewards' sizes, in likes.
    weight: f32,
    through: Option<Date>,
}

impl Style {
    /// Of someone who has done nothing yet, for vectors of this embedding model, whose name is stored whole and
    /// may have 200 bytes.
    #[must_use]
    pub fn new(model: &str) -> Self {
        Self {
            model: model.to_owned(),
            sum: Vec::new(),
            seen: Vec::new(),
            deeds: 0.0,
            total: 0.0,
            weight: 0.0,
            through: None,
        }
    }

    /// The embedding model whose vectors it is made of.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// How many likes' worth of deeds it holds, as of its last day.
    #[must_use]
    pub const fn weight(&self) -> f32 {
        self.weight
    }

    /// The last day that is in it.
    #[must_use]
    pub const fn through(&self) -> Option<Date> {
        self.through
    }

    /// Takes in one day: all that was before fades, then each deed's reward and vector is added. A day that is
    /// already in it, or before one that is, changes nothing, so that a day may be run again.
    ///
    /// A vector that is empty, zero, not finite or of another length than those before is passed over.
    ///
    /// # Errors
    /// If the deeds are of another embedding model.
    pub fn update<'v>(
        &mut self,
        model: &str,
        day: Date,
        deeds: impl IntoIterator<Item = (f32, &'v [f32])>,
    ) -> Result<bool, StyleError> {
        if model != self.model {
            return Err(StyleError::OtherModel {
                style: self.model.clone(),
                deeds: model.to_owned(),
            });
        }
        if let Some(through) = self.through {
            if day <= through {
                return Ok(false);
            }
            let kept = reward::decay((day - through).whole_days() as f32);
            self.sum.iter_mut().for_each(|value| *value *= kept);
            self.seen.iter_mut().for_each(|value| *value *= kept);
            self.deeds *= kept;
            self.total *= kept;
            self.weight *= kept;
        }
        self.through = Some(day);
        for (reward, vector) in deeds {
            self.add(reward, vector);
        }
        Ok(true)
    }

    fn add(&mut self, reward: f32, vector: &[f32]) {
        let Some(scale) = scale(vector) else { return };
        if !reward.is_finite()
            || vector.len() > MAX_DIM
            || !(self.sum.is_empty() || self.sum.len() == vector.len())
        {
            return;
        }
        let reward = reward.clamp(-MAX_REWARD, MAX_REWARD);
        self.sum.resize(vector.len(), 0.0);
        self.seen.resize(vector.len(), 0.0);
        for ((sum, seen), value) in self.sum.iter_mut().zip(&mut self.seen).zip(vector) {
            *sum += reward * scale * value;
            *seen += scale * value;
        }
        self.deeds += 1.0;
        self.total += reward;
        self.weight += reward.abs() / 2.0;
    }

    /// Ready for many questions: the sum of the vectors, each times its reward less what is usual for the person,
    /// so that what they are shown often is not taken for what they like. `center` is the mean unit vector of all clothes, if it is known: all clothes
    /// are alike in it, so likeness in it says nothing of taste.
    #[must_use]
    pub fn lens(&self, center: Option<&[f32]>) -> Lens {
        let center = center
            .filter(|center| {
                center.len() == self.sum.len() && center.iter().all(|value| value.is_finite())
            })
            .unwrap_or_default();
        let usual = self.total / (self.deeds + PRIOR_DEEDS);
        let mut direction = self.sum.clone();
        for (value, seen) in direction.iter_mut().zip(&self.seen) {
            *value -= usual * seen;
        }
        for (value, center) in direction.iter_mut().zip(center) {
            *value -= (self.total - usual * self.deeds) * center;
        }
        let Some(scale) = scale(&direction) else {
            return Lens::default();
        };
        direction.iter_mut().for_each(|value| *value *= scale);
        Lens {
            offset: dot(&direction, center),
            center_norm: dot(center, center),
            direction,
            center: center.to_vec(),
            n: self.weight,
        }
    }

    /// One question; see [`Lens::preference`].
    #[must_use]
    pub fn preference(&self, vector: &[f32], center: Option<&[f32]>, prior: f32) -> Preference {
        self.lens(center).preference(vector, prior)
    }

    /// Its stored form.
    ///
    /// # Errors
    /// If it is larger than is ever stored.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LoadError> {
        FORMAT.write(self)
    }

    /// From its stored form.
    ///
    /// # Errors
    /// Says what is wrong with the bytes; never panics.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        let style: Self = FORMAT.read(bytes)?;
        if style.sum.len() > MAX_DIM
            || style.seen.len() != style.sum.len()
            || style.model.len() > MAX_NAME
        {
            return Err(LoadError::Content("a style of too many numbers"));
        }
        let numbers = [style.total, style.weight, style.deeds];
        let mut all = numbers.iter().chain(&style.sum).chain(&style.seen);
        if !all.all(|x| x.is_finite()) || style.weight < 0.0 || style.deeds < 0.0 {
            return Err(LoadError::Content("a style with numbers that are none"));
        }
        Ok(style)
    }
}

/// A style made ready for many questions.
#[derive(Debug, Clone, Default)]
pub struct Lens {
    direction: Vec<f32>,
    center: Vec<f32>,
    /// Direction times centre.
    offset: f32,
    /// Centre times centre.
    center_norm: f32,
    n: f32,
}

impl Lens {
    /// How much a piece with this vector is liked: logistic of eight times the cosine to the style, both without
    /// what all clothes share; trusted by n / (n + 10), else `prior` (0–1: what is thought without knowing their
    /// deeds, by quiz or popularity).
    #[must_use]
    pub fn preference(&self, vector: &[f32], prior: f32) -> Preference {
        let prior = if prior.is_finite() {
            prior.clamp(0.0, 1.0)
        } else {
            0.5
        };
        let Some(cosine) = self.cosine(vector) else {
            return Preference {
                value: prior,
                n: 0.0,
            };
        };
        let liked = 1.0 / (1.0 + (-GAIN * cosine).exp());
        Preference {
            value: prior + trust(self.n) * (liked - prior),
            n: self.n,
        }
    }

    fn cosine(&self, vector: &[f32]) -> Option<f32> {
        if self.direction.is_empty() || self.direction.len() != vector.len() {
            return None;
        }
        let scale = scale(vector)?;
        let along = dot(&self.direction, vector) * scale - self.offset;
        let shared = if self.center.is_empty() {
            0.0
        } else {
            dot(&self.center, vector) * scale
        };
        let norm = (1.0 - 2.0 * shared + self.center_norm).max(0.0).sqrt();
        Some(if norm > 1e-6 {
            (along / norm).clamp(-1.0, 1.0)
        } else {
            0.0
        })
    }
}

/// What makes it a unit vector; none if it is empty, zero or not finite.
fn scale(vector: &[f32]) -> Option<f32> {
    let norm = dot(vector, vector).sqrt();
    // Also false for NaN and infinity.
    (norm > 1e-12 && norm < 1e12).then(|| 1.0 / norm)
}

/// Sixteen running sums, so that the compiler may use the machine's vectors.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_chunks, a_rest) = a.as_chunks::<16>();
    let (b_chunks, b_rest) = b.as_chunks::<16>();
    let mut sums = [0f32; 16];
    for (x, y) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..16 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use drape_domain::SignalKind::{Dislike, Like};
    use proptest::prelude::*;
    use time::macros::date;

    use super::*;
    use crate::reward;

    const DAY: Date = date!(2026 - 11 - 23);

    fn style(deeds: &[(f32, Vec<f32>)]) -> Style {
        let mut style = Style::new("m");
        let deeds = deeds.iter().map(|(reward, v)| (*reward, v.as_slice()));
        assert_eq!(style.update("m", DAY, deeds), Ok(true));
        style
    }

    #[test]
    fn what_is_like_the_liked_is_preferred_to_what_is_like_the_disliked() {
        let style = style(&[
            (reward(Like), vec![1.0, 0.1, 1.0]),
            (reward(Dislike), vec![0.1, 1.0, 1.0]),
        ]);
        let liked = style.preference(&[5.0, 0.0, 5.0], None, 0.5);
        let disliked = style.preference(&[0.0, 5.0, 5.0], None, 0.5);
        assert!(liked.value > 0.5 && disliked.value < 0.5);
        assert_eq!(liked.n, 2.5);
    }

    #[test]
    fn likeness_in_what_all_clothes_share_says_nothing_once_it_is_known() {
        let style = style(&[(2.0, vec![1.0, 0.2, 0.0])]);
        let center = [1.0, 0.0, 0.0];
        let other = [1.0, -0.2, 0.0];
        assert!(style.preference(&other, None, 0.5).value > 0.5);
        assert!(style.preference(&other, Some(&center), 0.5).value < 0.5);
    }

    #[test]
    fn few_deeds_barely_move_the_prior_and_many_replace_it() {
        let few = style(&[(2.0, vec![1.0, 0.0])]).preference(&[1.0, 0.0], None, 0.2);
        assert!((0.2..0.3).contains(&few.value), "{few:?}");
        let many = style(&vec![(2.0, vec![1.0, 0.0]); 400]).preference(&[1.0, 0.0], None, 0.2);
        assert!(many.value > 0.9, "{many:?}");
        assert_eq!(
            Style::new("m").preference(&[1.0], None, 0.3),
            Preference { value: 0.3, n: 0.0 }
        );
    }

    #[test]
    fn a_day_counts_once_and_a_day_before_it_not_at_all() {
        let mut once = style(&[(2.0, vec![1.0, 0.0])]);
        let before = once.clone();
        for day in [DAY, DAY.previous_day().unwrap()] {
            assert_eq!(
                once.update("m", day, [(2.0, [0.0, 1.0].as_slice())]),
                Ok(false)
            );
            assert_eq!(once, before);
        }
    }

    #[test]
    fn after_45_days_half_is_left() {
        let mut style = style(&[(2.0, vec![3.0, 0.0])]);
        let later = DAY + time::Duration::days(45);
        assert_eq!(style.update("m", later, []), Ok(true));
        assert!((style.weight() - 0.5).abs() < 1e-6 && (style.sum[0] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_models_name_is_kept_whole() {
        let name = "n".repeat(200);
        let mut style = Style::new(&name);
        assert_eq!(style.update(&name, DAY, []), Ok(true));
        let bytes = style.to_bytes().unwrap();
        assert_eq!(Style::from_bytes(&bytes), Ok(style));
    }

    #[test]
    fn vectors_of_another_model_never_mix() {
        let mut style = style(&[(2.0, vec![1.0, 0.0])]);
        let before = style.clone();
        let next = DAY.next_day().unwrap();
        assert!(
            style
                .update("other", next, [(2.0, [1.0, 0.0].as_slice())])
                .is_err()
        );
        assert_eq!(style, before);
    }

    #[test]
    fn unusable_vectors_are_passed_over() {
        let style = style(&[
            (2.0, vec![]),
            (2.0, vec![0.0, 0.0]),
            (2.0, vec![f32::NAN, 1.0]),
            (f32::NAN, vec![1.0, 0.0]),
            (2.0, vec![1.0, 0.0]),
            (2.0, vec![1.0, 0.0, 0.0]),
        ]);
        assert_eq!(style.weight(), 1.0);
        for bad in [&[][..], &[0.0, 0.0], &[f32::NAN, 0.0], &[1.0; 3]] {
            assert_eq!(style.preference(bad, None, 0.4).value, 0.4);
        }
    }

    proptest! {
        #[test]
        fn a_style_survives_storage_and_nothing_else_passes_for_one(
            deeds in prop::collection::vec((-5f32..5.0, prop::array::uniform4(-1f32..1.0)), 0..9),
            at in any::<prop::sample::Index>(),
            flip in 1u8..,
        ) {
            let deeds: Vec<_> = deeds.into_iter().map(|(r, v)| (r, v.to_vec())).collect();
            let style = style(&deeds);
            let mut bytes = style.to_bytes().unwrap();
            prop_assert_eq!(Style::from_bytes(&bytes), Ok(style));
            let at = at.index(bytes.len());
            prop_assert!(Style::from_bytes(&bytes[..at]).is_err());
            bytes[at] ^= flip;
            prop_assert!(Style::from_bytes(&bytes).is_err());
        }

        #[test]
        fn a_preference_is_always_between_nothing_and_everything(
            deeds in prop::collection::vec((-9f32..9.0, prop::array::uniform4(-1e9f32..1e9)), 0..9),
            vector in prop::array::uniform4(-1e9f32..1e9),
            center in prop::array::uniform4(-1f32..1.0),
            prior in -1f32..2.0,
        ) {
            let deeds: Vec<_> = deeds.into_iter().map(|(r, v)| (r, v.to_vec())).collect();
            let got = style(&deeds).preference(&vector, Some(&center), prior);
            prop_assert!((0.0..=1.0).contains(&got.value));
        }
    }
}
