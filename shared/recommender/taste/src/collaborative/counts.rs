//! Who chose what, so that any one line can be left out of what the others say.

use super::ids::{Names, Order};

/// A line by the numbers of its names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbered {
    pub(super) user: u32,
    pub(super) top: u32,
    pub(super) positive: u32,
    pub(super) negative: u32,
    /// Lines of the same user, top and chosen bottom are one choice, against several others.
    pub(super) choice: u32,
}

/// All lines, by who and what is in them.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    pub(super) lines: Vec<Numbered>,
    /// The lines of each user; and of each top; and with each bottom as the chosen one, or as the other.
    pub(super) of_user: Vec<Vec<u32>>,
    pub(super) of_top: Vec<Vec<u32>>,
    pub(super) chosen: Vec<Vec<u32>>,
    pub(super) passed: Vec<Vec<u32>>,
    /// Where tops and bottoms stand among their own kind and among both, 0–1.
    pub(super) tops: Vec<Place>,
    pub(super) bottoms: Vec<Place>,
    /// The places of the chosen, and of the others, in order: how dense they are somewhere.
    pub(super) dense_chosen: Vec<f32>,
    pub(super) dense_passed: Vec<f32>,
    /// The mean over the lines of the log of how often others chose the same.
    pub(super) popularity: f32,
}

/// Where an id stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// Among its own kind.
    pub(super) own: f32,
    /// Among all.
    pub(super) all: f32,
}

/// Where ids stand.
#[derive(Debug, Clone)]
pub(super) struct Orders {
    tops: Order,
    bottoms: Order,
    all: Order,
}

impl Orders {
    pub(super) fn new(tops: &Names, bottoms: &Names) -> Self {
        Self {
            tops: Order::new([tops]),
            bottoms: Order::new([bottoms]),
            all: Order::new([tops, bottoms]),
        }
    }

    pub(super) fn top(&self, name: &str) -> Place {
        Place {
            own: self.tops.place(name),
            all: self.all.place(name),
        }
    }

    pub(super) fn bottom(&self, name: &str) -> Place {
        Place {
            own: self.bottoms.place(name),
            all: self.all.place(name),
        }
    }
}

impl Counts {
    pub(super) fn new(
        lines: Vec<Numbered>,
        users: usize,
        tops: Vec<Place>,
        bottoms: Vec<Place>,
    ) -> Self {
        let mut counts = Self {
            of_user: vec![Vec::new(); users],
            of_top: vec![Vec::new(); tops.len()],
            chosen: vec![Vec::new(); bottoms.len()],
            passed: vec![Vec::new(); bottoms.len()],
            tops,
            bottoms,
            dense_chosen: Vec::new(),
            dense_passed: Vec::new(),
            popularity: 0.0,
            lines,
        };
        for (index, line) in counts.lines.iter().enumerate() {
            let index = index as u32;
            counts.of_user[line.user as usize].push(index);
            counts.of_top[line.top as usize].push(index);
            counts.chosen[line.positive as usize].push(index);
            counts.passed[line.negative as usize].push(index);
            counts
                .dense_chosen
                .push(counts.bottoms[line.positive as usize].own);
            counts
                .dense_passed
                .push(counts.bottoms[line.negative as usize].own);
        }
        counts.dense_chosen.sort_by(f32::total_cmp);
        counts.dense_passed.sort_by(f32::total_cmp);
        let popularity: f32 = counts
            .chosen
            .iter()
            .map(|lines| {
                let n = lines.len() as f32;
                n * (n - 1.0).max(0.0).ln_1p()
            })
            .sum();
        counts.popularity = popularity / counts.lines.len().max(1) as f32;
        counts
    }
}

/// How many of the sorted values are within `reach` of a place.
pub(super) fn within(sorted: &[f32], place: f32, reach: f32) -> usize {
    sorted.partition_point(|x| *x <= place + reach) - sorted.partition_point(|x| *x < place - reach)
}
