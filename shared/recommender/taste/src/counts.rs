//! How much was read, and how much came of it.

use serde::{Deserialize, Serialize};

/// What was read and what came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Answers shown.
    pub showings: u64,
    /// Answers about which something good was done.
    pub engaged: u64,
    /// Outfits in them.
    pub outfits: u64,
    /// Outfits without all parts of their score: nothing can be learned from them.
    pub without_parts: u64,
    /// Signals.
    pub signals: u64,
    /// Signals about an outfit that was shown to the same person.
    pub joined: u64,
    /// Signals that repeat what was already known.
    pub repeated: u64,
    /// Signals about no shown outfit.
    pub unattributed: u64,
    /// Signals about an outfit that is not among the showings, or not this person's.
    pub unknown: u64,
    /// Signals about an outfit that was shown too long before for the day: they change what was learned of it then.
    pub late: u64,
    /// Outfits said yes to.
    pub likes: u64,
    /// Outfits said yes or no to.
    pub judged: u64,
    /// Examples made.
    pub examples: u64,
}

impl Counts {
    /// Adds another's.
    pub fn merge(&mut self, other: &Self) {
        let all: [(&mut u64, u64); 13] = [
            (&mut self.showings, other.showings),
            (&mut self.engaged, other.engaged),
            (&mut self.outfits, other.outfits),
            (&mut self.without_parts, other.without_parts),
            (&mut self.signals, other.signals),
            (&mut self.joined, other.joined),
            (&mut self.repeated, other.repeated),
            (&mut self.unattributed, other.unattributed),
            (&mut self.unknown, other.unknown),
            (&mut self.late, other.late),
            (&mut self.likes, other.likes),
            (&mut self.judged, other.judged),
            (&mut self.examples, other.examples),
        ];
        for (sum, more) in all {
            *sum = sum.saturating_add(more);
        }
    }
}
