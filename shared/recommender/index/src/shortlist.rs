//! Which rows may be among the best, as far as is known.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::Row;

/// A row with bounds of its score.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) row: Row,
    /// Its score is no higher.
    pub(crate) upper: f32,
}

/// A number in its total order.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ordered(f32);

impl Eq for Ordered {}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The largest numbers of many.
#[derive(Debug)]
pub(crate) struct Largest {
    count: usize,
    heap: BinaryHeap<Reverse<Ordered>>,
}

impl Largest {
    /// Of so many numbers, one or more.
    pub(crate) fn new(count: usize) -> Self {
        Self {
            count,
            heap: BinaryHeap::with_capacity(count + 1),
        }
    }

    pub(crate) fn push(&mut self, value: f32) {
        if self.heap.len() == self.count {
            if value <= self.least() {
                return;
            }
            self.heap.pop();
        }
        self.heap.push(Reverse(Ordered(value)));
    }

    /// The least of them; minus infinity while there are fewer.
    pub(crate) fn least(&self) -> f32 {
        match self.heap.peek() {
            Some(Reverse(least)) if self.heap.len() == self.count => least.0,
            _ => f32::NEG_INFINITY,
        }
    }
}

/// Rows that may be among the `k` best. A row is out as soon as `k` others are surely better.
#[derive(Debug)]
pub(crate) struct Shortlist {
    /// Lower bounds of the scores.
    surely: Largest,
    list: Vec<Candidate>,
    limit: usize,
}

impl Shortlist {
    /// For the `k` best, of which no more than `limit` candidates are kept, those with the highest upper bounds.
    pub(crate) fn new(k: usize, limit: usize) -> Self {
        Self {
            surely: Largest::new(k),
            list: Vec::new(),
            limit: limit.max(k),
        }
    }

    /// A row with a lower bound is out.
    pub(crate) fn least(&self) -> f32 {
        self.surely.least()
    }

    /// Takes a row whose score is within `error` of `estimate`.
    pub(crate) fn push(&mut self, row: Row, estimate: f32, error: f32) {
        let upper = estimate + error;
        if !upper.is_finite() || upper < self.least() {
            return;
        }
        self.surely.push(estimate - error);
        self.list.push(Candidate { row, upper });
        if self.list.len() > 2 * self.limit + 1024 {
            self.tidy();
        }
    }

    fn tidy(&mut self) {
        let least = self.least();
        self.list.retain(|candidate| candidate.upper >= least);
        if self.list.len() > self.limit {
            self.list.select_nth_unstable_by(self.limit, |a, b| {
                b.upper.total_cmp(&a.upper).then(a.row.cmp(&b.row))
            });
            self.list.truncate(self.limit);
        }
    }

    /// What is left.
    pub(crate) fn into_candidates(mut self) -> Vec<Candidate> {
        self.tidy();
        self.list
    }
}
