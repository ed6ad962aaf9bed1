//! What a score is made of.

use crate::logistic::sigmoid;

/// What a part of a score rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// The pieces' colours.
    Color,
    /// How they look: their embeddings.
    Style,
    /// Words of titles and tags.
    Words,
    /// What does not depend on how the pieces go together.
    Bias,
}

/// Contributions to log-odds by group. They are all there is: their sum is the log-odds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Parts {
    /// Of [`Group::Color`].
    pub color: f32,
    /// Of [`Group::Style`].
    pub style: f32,
    /// Of [`Group::Words`].
    pub words: f32,
    /// Of [`Group::Bias`].
    pub bias: f32,
}

impl Parts {
    /// The contribution of one group.
    #[must_use]
    pub fn of(&self, group: Group) -> f32 {
        match group {
            Group::Color => self.color,
            Group::Style => self.style,
            Group::Words => self.words,
            Group::Bias => self.bias,
        }
    }

    /// The sum of all.
    #[must_use]
    pub fn logit(&self) -> f32 {
        self.color + self.style + self.words + self.bias
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            color: self.color + other.color,
            style: self.style + other.style,
            words: self.words + other.words,
            bias: self.bias + other.bias,
        }
    }

    pub(crate) fn times(self, factor: f32) -> Self {
        Self {
            color: self.color * factor,
            style: self.style * factor,
            words: self.words * factor,
            bias: self.bias * factor,
        }
    }
}

/// How well an outfit's pieces go together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// Log-odds: exactly the sum of the parts.
    pub logit: f32,
    /// How likely it is that a person put these pieces together rather than chance, had both done so equally often.
    pub probability: f32,
    /// What the log-odds are made of.
    pub parts: Parts,
}

impl Judged {
    /// An outfit of pairs. Evidence from pairs that share pieces is not independent, so it grows with the root of
    /// their number: between their mean and their sum, which are no better on held-out outfits.
    pub(crate) fn of(bias: f32, pairs: impl IntoIterator<Item = Parts>) -> Self {
        let (mut sum, mut count) = (Parts::default(), 0.0_f32);
        for parts in pairs {
            sum = sum.plus(parts);
            count += 1.0;
        }
        let mut parts = sum.times(1.0 / count.max(1.0).sqrt());
        parts.bias += bias;
        let logit = parts.logit();
        Self {
            logit,
            probability: sigmoid(f64::from(logit)) as f32,
            parts,
        }
    }
}
