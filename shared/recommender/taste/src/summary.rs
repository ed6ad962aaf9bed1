//! What a day left, and what all days left: bounded, and the same however it was added up.

use std::collections::{BTreeMap, BTreeSet};

use drape_domain::{ItemId, Signal, UserId};
use serde::{Deserialize, Serialize};
use time::Date;

use crate::{
    Evidence,
    center::Center,
    codec::{Format, LoadError},
    drift::{Day, FALL_DAYS, REFERENCE_DAYS},
    examples::{Amendment, Example, ExamplePiece, Joined},
    reservoir::Reservoir,
    reward,
};

/// The examples that the blend is learned from.
const MAX_EXAMPLES: usize = 20_000;
/// The outfits that compat is learned from.
const MAX_LIKED: usize = 5_000;
/// The items whose rewards are kept; those with the fewest give way.
const MAX_ITEMS: usize = 100_000;
/// The days whose counts are kept: what drift looks at.
const MAX_DAYS: usize = REFERENCE_DAYS + FALL_DAYS + 1;
/// The most parts of days that can be lacking: two weeks of 256.
const MAX_LACKING: usize = 14 * 256;
/// A reward that makes an outfit one to learn from: worn or saved, liked, kept or bought, not only looked at.
const LIKED: f32 = 1.0;

const FORMAT: Format = Format {
    name: "summary",
    magic: *b"DRAPESUM",
    version: 2,
    limit: 128 << 20,
};

/// An outfit that somebody liked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Liked {
    /// Who.
    pub user: UserId,
    /// When.
    pub day: Date,
    /// What it is made of.
    pub pieces: Vec<ExamplePiece>,
}

/// The reward of an example for exploration, −1 to 1: a like is 1 and a dislike −1; what a person bought is not five
/// times as likeable.
fn worth(example: &Example) -> f32 {
    (example.reward / 2.0).clamp(-1.0, 1.0)
}

/// Whether it is an outfit to learn from what goes with what.
fn is_liked(example: &Example) -> bool {
    example.reward >= LIKED && example.pieces.len() > 1
}

/// What was learned from: of a shard's day, of a day, or of all days so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    explored: Vec<String>,
    through: Date,
    days: Vec<Day>,
    evidence: Evidence,
    /// What changes in the evidence of days before.
    amended: Evidence,
    /// Some have no reward, and count for nothing: what was done about them has cancelled out since.
    examples: Reservoir<Example>,
    /// Some have no pieces, and count for nothing: they are liked no more.
    liked: Reservoir<Liked>,
    /// By item: the sum of what was good, and of what was said at all.
    items: BTreeMap<ItemId, (f64, f64)>,
    center: Center,
    /// Parts of days that are not in it yet.
    lacking: BTreeSet<(Date, u8)>,
}

impl Summary {
    /// Of a day of which nothing is known yet, for an explorer that looks at these features.
    #[must_use]
    pub fn new(date: Date, explored: &[String]) -> Self {
        Self {
            explored: explored.to_vec(),
            through: date,
            days: vec![Day::new(date)],
            evidence: Evidence::new(explored.len()),
            amended: Evidence::new(explored.len()),
            examples: Reservoir::new(MAX_EXAMPLES),
            liked: Reservoir::new(MAX_LIKED),
            items: BTreeMap::new(),
            center: Center::default(),
            lacking: BTreeSet::new(),
        }
    }

    /// The first day, as the start of what is known of all days: there is nothing before it that could change.
    #[must_use]
    pub fn into_memory(self) -> Self {
        Self {
            amended: Evidence::new(self.explored.len()),
            ..self
        }
    }

    /// The last day that is in it.
    #[must_use]
    pub const fn through(&self) -> Date {
        self.through
    }

    /// Its days, the oldest first.
    #[must_use]
    pub fn days(&self) -> &[Day] {
        &self.days
    }

    /// The features that exploration looks at.
    #[must_use]
    pub fn explored(&self) -> &[String] {
        &self.explored
    }

    /// What exploration learns from.
    #[must_use]
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// A sample of the examples, the later the likelier; at most 20,000.
    pub fn examples(&self) -> impl Iterator<Item = &Example> {
        self.examples.iter().filter(|example| example.reward != 0.0)
    }

    /// A sample of the outfits that were worn, saved, liked, kept or bought, the later the likelier; at most
    /// 5,000.
    pub fn liked(&self) -> impl Iterator<Item = &Liked> {
        self.liked.iter().filter(|liked| !liked.pieces.is_empty())
    }

    /// Rewards by item: what was good, and what was said at all.
    pub fn items(&self) -> impl Iterator<Item = (ItemId, f32, f32)> {
        self.items
            .iter()
            .map(|(item, (good, all))| (*item, *good as f32, *all as f32))
    }

    /// The mean unit vector of the pieces that it saw, the model that they are of, and how many there were.
    #[must_use]
    pub fn center(&self) -> Option<(&str, Vec<f32>, f64)> {
        let Center { model, n, sum } = &self.center;
        (*n >= 1.0).then(|| {
            let mean = sum.iter().map(|value| (value / n) as f32).collect();
            (model.as_str(), mean, *n)
        })
    }

    /// Takes in what came of a shard's day.
    pub fn add(&mut self, joined: &Joined) {
        self.day(&joined.day);
        for example in &joined.examples {
            self.evidence.add(&example.explored, worth(example), 1.0);
            self.sell(example, 1.0);
            self.keep(example);
            if is_liked(example) {
                self.like(example, example.pieces.clone());
            }
        }
        self.trim();
    }

    /// Takes in what has changed about an answer of a day before, of which what was known then has faded meanwhile.
    pub fn amend(&mut self, amendment: &Amendment) {
        let Amendment { before, after } = amendment;
        for (examples, sign) in [(before, -1.0), (after, 1.0)] {
            for example in examples {
                let days = (self.through - example.day).whole_days();
                let kept = sign * reward::decay(days as f32);
                self.amended.change(&example.explored, worth(example), kept);
                self.sell(example, f64::from(kept));
            }
        }
        for example in before {
            let id = example.recommendation;
            let now = after.iter().find(|now| now.recommendation == id);
            if now.is_none() {
                self.keep(&Example {
                    reward: 0.0,
                    ..example.clone()
                });
            }
            if is_liked(example) && !now.is_some_and(is_liked) {
                self.like(example, Vec::new());
            }
        }
        for example in after {
            self.keep(example);
            if is_liked(example) {
                self.like(example, example.pieces.clone());
            }
        }
        self.trim();
    }

    /// Offers an example to the sample, over what it was before.
    fn keep(&mut self, example: &Example) {
        let id = example.recommendation.uuid();
        self.examples.offer(id, example.day, || example.clone());
    }

    /// Offers an outfit to the sample of those that are liked, over what it was before.
    fn like(&mut self, example: &Example, pieces: Vec<ExamplePiece>) {
        let id = example.recommendation.uuid();
        self.liked.offer(id, example.day, || Liked {
            user: example.user,
            day: example.day,
            pieces,
        });
    }

    /// Counts an example for the popularity of what is sold; what people own is theirs to like.
    fn sell(&mut self, example: &Example, times: f64) {
        for piece in &example.pieces {
            if piece.owner != example.user {
                let (good, all) = self.items.entry(piece.item).or_default();
                *good += times * f64::from(example.reward.max(0.0));
                *all += times * f64::from(example.reward.abs());
            }
        }
    }

    /// Takes in a signal about no shown outfit: pieces that a person put together themselves, if they liked
    /// them, are an outfit to learn from.
    pub fn compose(&mut self, signal: &Signal) {
        let mut items = signal.items.clone();
        items.sort_unstable();
        items.dedup();
        if signal.recommendation_id.is_none()
            && reward::reward(signal.kind) >= LIKED
            && (2..=8).contains(&items.len())
        {
            let day = signal.created_at.date();
            self.liked.offer(signal.id.uuid(), day, || Liked {
                user: signal.user_id,
                day,
                pieces: items
                    .into_iter()
                    .map(|item| ExamplePiece {
                        item,
                        owner: signal.user_id,
                    })
                    .collect(),
            });
        }
    }

    /// Takes in the vector of a piece about which something was done, for the centre of all.
    pub fn see(&mut self, model: &str, vector: &[f32]) {
        self.center.add(model, vector);
    }

    /// Adds another shard's of the same day. One for other features is passed over.
    pub fn merge(&mut self, other: &Self) {
        if self.explored != other.explored {
            return;
        }
        self.through = self.through.max(other.through);
        other.days.iter().for_each(|day| self.day(day));
        self.evidence.merge(&other.evidence);
        self.amended.merge(&other.amended);
        self.examples.merge(&other.examples);
        self.liked.merge(&other.liked);
        for (item, (good, all)) in &other.items {
            let mine = self.items.entry(*item).or_default();
            mine.0 += good;
            mine.1 += all;
        }
        self.center.merge(&other.center);
        self.trim();
    }

    /// Goes on to the next day: all that is here fades with a half-life of 45 days, then that day is added, and
    /// what it changes about days before. A day that is already in it, or before one that is, changes nothing, so that
    /// a day may be run again.
    pub fn advance(&mut self, next: &Self) -> bool {
        if next.through <= self.through {
            return false;
        }
        let is_same = self.explored == next.explored;
        if !is_same {
            // Other features: what exploration knew does not apply to them.
            self.explored.clone_from(&next.explored);
            self.evidence = Evidence::new(next.explored.len());
            self.amended = Evidence::new(next.explored.len());
        }
        self.fade((next.through - self.through).whole_days());
        self.items.retain(|_, (_, all)| *all > 0.05);
        self.merge(next);
        self.settle(is_same);
        true
    }

    /// Notes that parts of a day are not in it, so that they can come later: see [`Summary::complete`].
    pub fn lack(&mut self, day: Date, parts: impl IntoIterator<Item = u8>) {
        self.lacking
            .extend(parts.into_iter().map(|part| (day, part)));
    }

    /// The parts of days that it lacks.
    pub fn lacking(&self) -> impl Iterator<Item = (Date, u8)> {
        self.lacking.iter().copied()
    }

    /// Gives up on a part of a day.
    pub fn do_without(&mut self, part: (Date, u8)) {
        self.lacking.remove(&part);
    }

    /// Takes in a part of a day that it lacks, as faded as if it had come in time. One that it does not lack changes
    /// nothing.
    pub fn complete(&mut self, part: (Date, u8), late: Self) -> bool {
        if !self.lacking.remove(&part) {
            return false;
        }
        let mut late = late;
        late.fade((self.through - late.through).whole_days());
        self.merge(&late);
        self.settle(true);
        true
    }

    /// Makes the changes of evidence that a day has brought, if they are of the same features.
    fn settle(&mut self, is_same: bool) {
        let changes = std::mem::replace(&mut self.amended, Evidence::new(self.explored.len()));
        if is_same {
            self.evidence.amend(&changes);
        }
    }

    /// So many days pass.
    fn fade(&mut self, days: i64) {
        let kept = f64::from(reward::decay(days as f32));
        self.evidence.fade(kept);
        self.amended.fade(kept);
        self.center.fade(kept);
        for (good, all) in self.items.values_mut() {
            *good *= kept;
            *all *= kept;
        }
    }

    fn day(&mut self, day: &Day) {
        match self.days.iter_mut().find(|mine| mine.date == day.date) {
            Some(mine) => mine.merge(day),
            None => {
                self.days.push(day.clone());
                self.days.sort_by_key(|day| day.date);
            }
        }
        let surplus = self.days.len().saturating_sub(MAX_DAYS);
        self.days.drain(..surplus);
    }

    fn trim(&mut self) {
        // Well above the limit before anything goes, so that it is not done for each example.
        if self.items.len() > MAX_ITEMS * 2 {
            let mut weights: Vec<f64> = self.items.values().map(|(_, all)| *all).collect();
            let (_, least, _) = weights.select_nth_unstable_by(MAX_ITEMS, |a, b| b.total_cmp(a));
            let least = *least;
            self.items.retain(|_, (_, all)| *all > least);
        }
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
        let summary: Self = FORMAT.read(bytes)?;
        let bounded = summary.examples.limit() <= MAX_EXAMPLES
            && summary.liked.limit() <= MAX_LIKED
            && summary.examples.len() <= MAX_EXAMPLES
            && summary.liked.len() <= MAX_LIKED
            && summary.items.len() <= MAX_ITEMS * 2
            && summary.center.is_bounded()
            && summary.days.len() <= MAX_DAYS
            && summary.lacking.len() <= MAX_LACKING;
        if !bounded {
            return Err(LoadError::Content("more of something than is ever written"));
        }
        let histograms = summary.days.iter().flat_map(|day| day.values.values());
        let features = summary.explored.len();
        if !summary.evidence.is_usable(features)
            || !summary.amended.is_change(features)
            || !histograms
                .into_iter()
                .all(|histogram| histogram.is_usable())
        {
            return Err(LoadError::Content("evidence that contradicts itself"));
        }
        let numbers = summary
            .items
            .values()
            .flat_map(|(good, all)| [good, all])
            .chain(&summary.center.sum);
        if !numbers.into_iter().all(|value| value.is_finite()) {
            return Err(LoadError::Content("numbers that are none"));
        }
        Ok(summary)
    }
}

#[cfg(test)]
mod tests;
