//! A base with deltas over it, searched as one.

use std::{collections::HashSet, sync::Arc};

use drape_domain::{ItemId, Slot, UserId};

use crate::{
    Entry, Error, InstructionSet, Segment, Traits, Wanted,
    filter::{ones, select},
    rotate::Rotation,
    search,
};

/// Most segments of a catalogue.
pub const MAX_SEGMENTS: usize = 256;

/// A base with deltas over it: of several rows of an item the newest counts, and none if a newer segment says that
/// the item is no more. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalog {
    parts: Arc<[Part]>,
    rotation: Arc<Rotation>,
    set: InstructionSet,
    len: usize,
}

/// A segment, and which of its rows newer segments overrule.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) segment: Segment,
    /// A bitset over all slots; empty if no row is hidden.
    hidden: Vec<u64>,
}

impl Part {
    /// The hidden rows of a slot.
    pub(crate) fn hidden(&self, slot: usize) -> &[u64] {
        self.hidden
            .get(self.segment.words_of(slot))
            .unwrap_or_default()
    }

    fn hides(&self, row: usize) -> bool {
        let (word, bit) = self.segment.bit_of(row);
        self.hidden
            .get(word)
            .is_some_and(|word| word >> bit & 1 == 1)
    }
}

/// A row of one catalogue; it means nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    pub(crate) segment: u32,
    pub(crate) row: u32,
}

impl Row {
    pub(crate) const fn new(segment: u32, row: usize) -> Self {
        Self {
            segment,
            row: row as u32,
        }
    }
}

/// A row that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The inner product of its vector with the query: the cosine where both have length 1.
    pub score: f32,
    /// Which row.
    pub row: Row,
}

impl Catalog {
    /// Of a base and the deltas over it, oldest first.
    ///
    /// # Errors
    /// When they are of different models or lengths of vectors, or more than [`MAX_SEGMENTS`].
    pub fn new(base: Segment, deltas: Vec<Segment>) -> Result<Self, Error> {
        let found = deltas.len() + 1;
        if found > MAX_SEGMENTS {
            return Err(Error::TooManySegments {
                found,
                most: MAX_SEGMENTS,
            });
        }
        for delta in &deltas {
            if delta.model() != base.model() {
                return Err(Error::Model {
                    found: delta.model().to_owned(),
                    expected: base.model().to_owned(),
                });
            }
            if delta.dim() != base.dim() {
                return Err(Error::Dimensions {
                    found: delta.dim(),
                    expected: base.dim(),
                });
            }
        }
        let rotation = Arc::new(Rotation::new(base.dim()));
        let mut newer: HashSet<[u8; 16]> = HashSet::new();
        let mut parts: Vec<Part> = Vec::with_capacity(found);
        for segment in std::iter::once(base).chain(deltas).rev() {
            let hidden = hidden(&segment, &newer);
            newer.extend(segment.tombstone_ids());
            if parts.len() + 1 < found {
                newer.extend(segment.ids());
            }
            parts.push(Part { segment, hidden });
        }
        parts.reverse();
        let rows: usize = parts.iter().map(|part| part.segment.len()).sum();
        let hidden: u32 = parts
            .iter()
            .flat_map(|part| &part.hidden)
            .map(|word| word.count_ones())
            .sum();
        Ok(Self {
            parts: parts.into(),
            rotation,
            set: InstructionSet::best(),
            len: rows - hidden as usize,
        })
    }

    /// The same, searched with other instructions than the best there are.
    #[must_use]
    pub fn with_instructions(mut self, set: InstructionSet) -> Self {
        self.set = set;
        self
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many numbers a vector has.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.parts.first().map_or(0, |part| part.segment.dim())
    }

    /// Which model made the vectors.
    #[must_use]
    pub fn model(&self) -> &str {
        self.parts.first().map_or("", |part| part.segment.model())
    }

    /// The segments, oldest first.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = &Segment> {
        self.parts.iter().map(|part| &part.segment)
    }

    /// For each query the `k` wanted rows of a slot with the highest inner products, best first, then by id. All
    /// queries are answered in one pass over memory. A query that is not as long as the vectors, or has a number
    /// that is not finite, finds nothing.
    ///
    /// Without one-bit codes in the slot the answer is exact (see the crate's description); with them a few of the
    /// nearest may be missed.
    #[must_use]
    pub fn search(
        &self,
        slot: Slot,
        queries: &[&[f32]],
        wanted: &Wanted<'_>,
        k: usize,
    ) -> Vec<Vec<Hit>> {
        let dim = self.dim();
        let usable =
            |query: &&[f32]| query.len() == dim && query.iter().all(|value| value.is_finite());
        let good: Vec<&[f32]> = queries
            .iter()
            .copied()
            .filter(|query| usable(query))
            .collect();
        let k = k.min(self.len);
        if k == 0 || good.is_empty() {
            return vec![Vec::new(); queries.len()];
        }
        let mut found = search::search(
            &self.parts,
            &self.rotation,
            self.set,
            slot,
            &good,
            wanted,
            k,
        )
        .into_iter();
        (queries.iter())
            .map(|query| {
                if usable(query) {
                    found.next().unwrap_or_default()
                } else {
                    Vec::new()
                }
            })
            .collect()
    }

    /// The `k` wanted rows of a slot that are liked most, best first, of equals the newest. Their scores are popularities.
    #[must_use]
    pub fn popular(&self, slot: Slot, wanted: &Wanted<'_>, k: usize) -> Vec<Hit> {
        let slot = slot as usize;
        let mut hits = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            let segment = &part.segment;
            let rows = segment.rows_of(slot);
            if rows.is_empty() {
                continue;
            }
            let chosen = select(segment, slot, wanted, part.hidden(slot));
            let is_chosen = |row: &usize| {
                let at = row.checked_sub(rows.start);
                at.and_then(|at| chosen.get(at / 64).map(|word| word >> (at % 64) & 1 == 1))
                    == Some(true)
            };
            let best = segment.popular()[rows.clone()]
                .iter()
                .map(|row| *row as usize)
                .filter(is_chosen)
                .take(k);
            hits.extend(best.map(|row| {
                let hit = Hit {
                    score: segment.records()[row].popularity,
                    row: Row::new(number as u32, row),
                };
                (hit, segment.item(row))
            }));
        }
        hits.sort_unstable_by(|(a, one), (b, other)| {
            b.score.total_cmp(&a.score).then(other.cmp(one))
        });
        hits.into_iter().take(k).map(|(hit, _)| hit).collect()
    }

    /// What is known of a row; none if the catalogue has no such row.
    #[must_use]
    pub fn entry(&self, row: Row) -> Option<Found<'_>> {
        let segment = &self.parts.get(row.segment as usize)?.segment;
        let row = row.row as usize;
        (row < segment.len()).then(|| Found {
            segment,
            rotation: &self.rotation,
            row,
        })
    }

    /// The row of an item that is there.
    #[must_use]
    pub fn find(&self, item: ItemId) -> Option<Row> {
        self.parts
            .iter()
            .enumerate()
            .rev()
            .find_map(|(number, part)| {
                let row = part.segment.find(item)?;
                (!part.hides(row)).then(|| Row::new(number as u32, row))
            })
    }

    /// All rows, slot by slot within each segment.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        self.parts.iter().enumerate().flat_map(|(number, part)| {
            let rows = (0..part.segment.len()).filter(|row| !part.hides(*row));
            rows.map(move |row| Row::new(number as u32, row))
        })
    }
}

/// Which rows of a segment are among newer ones. None of them: no words.
fn hidden(segment: &Segment, newer: &HashSet<[u8; 16]>) -> Vec<u64> {
    let mut hidden = vec![0_u64; segment.bit_words()];
    let mut hide = |row: usize| {
        let (word, bit) = segment.bit_of(row);
        hidden[word] |= 1 << bit;
    };
    // Each newer id is looked for in every slot by bisection; that is worth it if they are few.
    if newer.len() * 64 < segment.len() {
        for id in newer {
            if let Some(row) = segment.find(ItemId::from_uuid(uuid::Uuid::from_bytes(*id))) {
                hide(row);
            }
        }
    } else {
        for row in (segment.ids().iter().enumerate())
            .filter(|(_, id)| newer.contains(*id))
            .map(|(row, _)| row)
        {
            hide(row);
        }
    }
    if hidden.iter().flat_map(|word| ones(*word)).next().is_none() {
        hidden.clear();
    }
    hidden
}

/// A row of a catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    segment: &'a Segment,
    rotation: &'a Rotation,
    row: usize,
}

impl Found<'_> {
    /// Which item it is.
    #[must_use]
    pub fn item(&self) -> ItemId {
        self.segment.item(self.row)
    }

    /// The boutique that sells it.
    #[must_use]
    pub fn owner(&self) -> UserId {
        self.segment.owner(self.row)
    }

    /// Where on the body it is worn.
    #[must_use]
    pub fn slot(&self) -> Slot {
        self.segment.slot(self.row)
    }

    /// What else is known of it.
    #[must_use]
    pub fn traits(&self) -> Traits {
        self.segment.traits(self.row)
    }

    /// Copies its vector as far as there is room: as it was given where full-precision rows are loaded, else what
    /// its bytes say of it.
    pub fn vector(&self, out: &mut [f32]) {
        let len = out.len().min(self.segment.dim());
        if let Some(precise) = self.segment.precise(self.row) {
            out[..len].copy_from_slice(&precise[..len]);
            return;
        }
        let scale = self.segment.scales()[self.row];
        let mut rotated: Vec<f32> = (self.segment.row(self.row).iter())
            .zip(self.segment.mean(self.slot() as usize))
            .map(|(byte, mean)| mean + scale * f32::from(*byte))
            .collect();
        self.rotation.revert(&mut rotated);
        out[..len].copy_from_slice(&rotated[..len]);
    }

    /// All of it, to be put into another index.
    #[must_use]
    pub fn to_entry(&self) -> Entry {
        let mut vector = vec![0.0; self.segment.dim()];
        self.vector(&mut vector);
        Entry {
            item: self.item(),
            owner: self.owner(),
            traits: self.traits(),
            vector,
        }
    }
}
