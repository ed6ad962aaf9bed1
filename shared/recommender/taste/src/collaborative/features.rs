//! What all other lines say of a bottom for a user with a top.

use super::{
    counts::{Counts, Numbered, Place, within},
    factors::Factors,
    graph::{Graph, NEARNESSES},
};

/// The most lines of one bottom, one user or one top that are looked at.
const MAX_LINES: usize = 300;
/// Nearness to something counts at so many places and nearer.
const NEAR: [f32; 7] = [1.5, 6.0, 25.0, 100.0, 400.0, 1_600.0, 6_400.0];
/// Nearness of a top's place to a bottom's counts at such a share of all and nearer.
const NEAR_TOP: [f32; 6] = [0.000_3, 0.001_5, 0.006, 0.025, 0.08, 0.25];
/// How dense the chosen are is looked at within so many places.
const REACH: [f32; 3] = [2.5, 15.0, 150.0];

/// How many features there are of what was chosen.
pub(super) const OF_CHOICES: usize = 5 + 5 + 2 + 9 + 3 + 2 + 2 + 3 + 4 + NEARNESSES;
/// How many there are with those of the order of ids, which come last.
pub(super) const FEATURES: usize = OF_CHOICES + REACH.len() + 2 * NEAR.len() + 3 * NEAR_TOP.len();

/// A bottom for a user with a top; none of those that no line knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    pub(super) user: Option<u32>,
    pub(super) top: Option<u32>,
    pub(super) top_place: Place,
    pub(super) bottom: Option<u32>,
    pub(super) bottom_place: Place,
    /// The choice that the question is from, if it is from one: the others answer.
    pub(super) without: Option<u32>,
}

/// What was trained and helps to answer.
#[derive(Debug, Clone)]
pub(super) struct Trained {
    /// Of all.
    pub(super) graph: Graph,
    /// Users and bottoms.
    pub(super) users: Factors,
    /// Tops and bottoms.
    pub(super) tops: Factors,
}

/// Values in a fixed order.
struct Row {
    values: [f32; FEATURES],
    at: usize,
}

impl Row {
    fn push(&mut self, value: f32) {
        if let Some(place) = self.values.get_mut(self.at) {
            *place = value;
        }
        self.at += 1;
    }

    /// One for each threshold that the value reaches.
    fn steps(&mut self, value: f32, thresholds: &[f32]) {
        for threshold in thresholds {
            self.push(f32::from(u8::from(value >= *threshold)));
        }
    }

    /// One for each threshold that the distance is within.
    fn near(&mut self, distance: Option<f32>, thresholds: &[f32]) {
        for threshold in thresholds {
            let near = distance.is_some_and(|distance| distance <= *threshold);
            self.push(f32::from(u8::from(near)));
        }
    }
}

impl Counts {
    fn lines<'a>(
        &'a self,
        list: &'a [Vec<u32>],
        of: Option<u32>,
        without: Option<u32>,
    ) -> impl Iterator<Item = &'a Numbered> + Clone {
        let list = of.and_then(|of| list.get(of as usize));
        list.into_iter()
            .flatten()
            .filter_map(|index| self.lines.get(*index as usize))
            .filter(move |line| Some(line.choice) != without)
            .take(MAX_LINES)
    }

    /// The features of a question, in the order in which their weights are learned.
    pub(super) fn features(&self, asked: &Question, trained: &Trained) -> [f32; FEATURES] {
        let mut row = Row {
            values: [0.0; FEATURES],
            at: 0,
        };
        let without = asked.without;
        let chosen = || self.lines(&self.chosen, asked.bottom, without);
        let passed = || self.lines(&self.passed, asked.bottom, without);
        let own = || self.lines(&self.of_user, asked.user, without);
        let by_user = |line: &&Numbered| Some(line.user) == asked.user;

        // Chosen by this user, by others, by how many others, and how often it was the other one.
        let by_self = chosen().filter(by_user).count() as f32;
        let by_others = chosen().count() as f32 - by_self;
        let mut others: Vec<u32> = chosen()
            .filter(|line| !by_user(line))
            .map(|line| line.user)
            .collect();
        others.sort_unstable();
        others.dedup();
        let was_passed = passed().count() as f32;
        row.steps(by_others, &[1.0, 2.0, 3.0, 5.0, 9.0]);
        row.steps(others.len() as f32, &[1.0, 2.0, 3.0, 5.0, 9.0]);
        row.steps(by_self, &[1.0, 2.0]);
        for times_chosen in 0..3 {
            for times_passed in 1..4 {
                let is = (by_self + by_others).min(2.0) == times_chosen as f32
                    && was_passed.min(3.0) == times_passed as f32;
                row.push(f32::from(u8::from(is)));
            }
        }
        row.push(others.len() as f32 / (others.len() as f32 + 3.0));
        row.push(by_others.ln_1p());
        row.push(was_passed.ln_1p());

        // With this top: others' choices; and passed over by this user or with this top.
        let with_top = chosen().filter(|line| Some(line.top) == asked.top).count() as f32;
        row.steps(with_top, &[1.0, 2.0]);
        row.push(f32::from(u8::from(passed().any(|line| by_user(&line)))));
        let passed_with_top = passed().any(|line| Some(line.top) == asked.top);
        row.push(f32::from(u8::from(passed_with_top)));

        // Chosen by people who choose alike.
        let (alike, most_alike) = self.alike(asked, &others);
        row.push(alike.min(5.0));
        row.push(most_alike);
        row.push(f32::from(u8::from(alike > 0.0)));

        // A user, and a top, with a leaning to what is popular.
        let popular = by_others.ln_1p();
        row.push(self.leaning(own(), without) * popular);
        row.push(trained.users.affinity(asked.user, asked.bottom));
        row.push(trained.tops.affinity(asked.top, asked.bottom));

        row.push(trained.users.score(asked.user, asked.bottom));
        for nearness in trained.graph.nearness(asked.user, asked.top, asked.bottom) {
            row.push(nearness);
        }

        self.places(asked, &mut row);
        debug_assert_eq!(row.at, FEATURES);
        row.values
    }

    /// What the order of ids tells: are the chosen dense around this one, is it near to what the user has, is it
    /// near to the top.
    fn places(&self, asked: &Question, row: &mut Row) {
        let count = self.bottoms.len().max(1) as f32;
        let at = asked.bottom_place;
        let out = || {
            let own = asked.user.and_then(|user| self.of_user.get(user as usize));
            own.into_iter()
                .flatten()
                .filter_map(|index| self.lines.get(*index as usize))
                .filter(|line| Some(line.choice) == asked.without)
        };
        let place = |bottom: u32| {
            self.bottoms
                .get(bottom as usize)
                .copied()
                .unwrap_or_default()
        };
        for reach in REACH.map(|reach| reach / count) {
            let is_within = |bottom: u32| (place(bottom).own - at.own).abs() <= reach;
            let yes = within(&self.dense_chosen, at.own, reach)
                .saturating_sub(out().filter(|line| is_within(line.positive)).count());
            let no = within(&self.dense_passed, at.own, reach)
                .saturating_sub(out().filter(|line| is_within(line.negative)).count());
            row.push(((yes as f32 + 2.0) / (no as f32 + 2.0)).ln());
        }
        let own = || self.lines(&self.of_user, asked.user, asked.without);
        let nearest = |distances: &mut dyn Iterator<Item = f32>| distances.reduce(f32::min);
        let to_bottoms = nearest(
            &mut own()
                .filter(|line| Some(line.positive) != asked.bottom)
                .map(|line| (place(line.positive).own - at.own).abs() * count),
        );
        row.near(to_bottoms, &NEAR);
        let to_with_top = nearest(
            &mut self
                .lines(&self.of_top, asked.top, asked.without)
                .filter(|line| Some(line.positive) != asked.bottom)
                .map(|line| (place(line.positive).own - at.own).abs() * count),
        );
        row.near(to_with_top, &NEAR);
        let to_tops = nearest(&mut own().filter_map(|line| {
            let top = self.tops.get(line.top as usize)?;
            Some((top.all - at.all).abs())
        }));
        row.near(to_tops, &NEAR_TOP);
        row.near(Some((asked.top_place.all - at.all).abs()), &NEAR_TOP);
        row.near(Some((asked.top_place.own - at.own).abs()), &NEAR_TOP);
    }

    /// How alike those others choose to this user, in sum and at most: shared tops and bottoms over the root of
    /// the product of how many they have.
    fn alike(&self, asked: &Question, others: &[u32]) -> (f32, f32) {
        let mut tops: Vec<u32> = self
            .lines(&self.of_user, asked.user, asked.without)
            .map(|line| line.top)
            .chain(asked.top)
            .collect();
        let mut bottoms: Vec<u32> = self
            .lines(&self.of_user, asked.user, asked.without)
            .map(|line| line.positive)
            .filter(|bottom| Some(*bottom) != asked.bottom)
            .collect();
        for list in [&mut tops, &mut bottoms] {
            list.sort_unstable();
            list.dedup();
        }
        let mine = (tops.len() + bottoms.len()) as f32;
        let (mut sum, mut most) = (0f32, 0f32);
        for other in others.iter().take(MAX_LINES) {
            let theirs = self.lines(&self.of_user, Some(*other), asked.without);
            let (mut shared, mut all) = (0.0, 0.0);
            for line in theirs {
                all += 2.0;
                shared += f32::from(u8::from(tops.binary_search(&line.top).is_ok()));
                shared += f32::from(u8::from(bottoms.binary_search(&line.positive).is_ok()));
            }
            if shared > 0.0 {
                let alike = shared / (mine * all).sqrt();
                sum += alike;
                most = most.max(alike);
            }
        }
        (sum, most)
    }

    /// The mean log popularity of what was chosen, less that of a line on the whole, shrunk.
    fn leaning<'a>(&self, lines: impl Iterator<Item = &'a Numbered>, without: Option<u32>) -> f32 {
        let (mut sum, mut n) = (0.0, 0.0);
        for line in lines {
            let others = self
                .lines(&self.chosen, Some(line.positive), without)
                .filter(|other| other.user != line.user)
                .count();
            sum += (others as f32).ln_1p() - self.popularity;
            n += 1.0;
        }
        sum / (n + 3.0)
    }
}
