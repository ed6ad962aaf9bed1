//! One file, opened.

use std::{ops::Range, path::Path};

use bytemuck::AnyBitPattern;
use drape_domain::{
    Category, ItemId, Money, Pattern, Rgb, Season, Slot, Timestamp, UserId, color::NAMED,
};
use uuid::Uuid;

use crate::{
    Error, Memory, Shade, Size, Traits,
    format::{self, Bits, CURRENCIES, FORMAT, Factors, Header, Layout, MAGIC, Record, SLOTS},
};

/// A file of items, checked so far that nothing in it can lead outside of it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Segment {
    memory: Memory,
    header: Header,
    layout: std::sync::Arc<Layout>,
    rescored: bool,
}

impl Segment {
    /// Opens a file of vectors of `dim` numbers made by `model`. Without its full-precision rows, which are its end
    /// (see [`Segment::core_bytes`]), it is searched by its byte rows alone.
    ///
    /// Looks at the header only; [`Segment::verify`] looks at all bytes.
    ///
    /// # Errors
    /// When it is not an index, is cut off, contradicts itself, or is of another format, vocabulary, model or length
    /// of vectors.
    pub fn open(memory: Memory, model: &str, dim: usize) -> Result<Self, Error> {
        let (header, layout) = describe(memory.bytes())?;
        let found = format::text(&header.model).ok_or(Error::Malformed("name of the model"))?;
        if found != model {
            return Err(Error::Model {
                found: found.to_owned(),
                expected: model.to_owned(),
            });
        }
        if header.dim as usize != dim {
            return Err(Error::Dimensions {
                found: header.dim as usize,
                expected: dim,
            });
        }
        format::text(&header.version).ok_or(Error::Malformed("name of the version"))?;
        let len = memory.bytes().len();
        if len > layout.whole() {
            return Err(Error::Malformed("it is longer than its header says"));
        }
        if len != layout.core() && len != layout.whole() {
            let expected = if len < layout.core() {
                layout.core()
            } else {
                layout.whole()
            };
            return Err(Error::Truncated {
                expected: expected as u64,
                found: len as u64,
            });
        }
        Ok(Self {
            rescored: len == layout.whole(),
            memory,
            header,
            layout: layout.into(),
        })
    }

    /// [`Segment::open`] of a file that is mapped.
    ///
    /// # Errors
    /// Those of [`Segment::open`], or when the file cannot be read.
    pub fn map(path: &Path, model: &str, dim: usize) -> Result<Self, Error> {
        Self::open(Memory::map(path)?, model, dim)
    }

    /// How many bytes of a file come before its full-precision rows, told by its first [`Segment::HEADER_BYTES`].
    ///
    /// # Errors
    /// Those of [`Segment::open`] that a header may have.
    pub fn core_bytes(head: &[u8]) -> Result<u64, Error> {
        let (_, layout) = describe(head)?;
        Ok(layout.core() as u64)
    }

    /// The length of a header.
    pub const HEADER_BYTES: usize = size_of::<Header>();

    /// Whether all bytes are those that were written. Reads all of them.
    ///
    /// # Errors
    /// When they are not.
    pub fn verify(&self) -> Result<(), Error> {
        let bytes = self.memory.bytes();
        let body = &bytes[size_of::<Header>()..self.layout.core()];
        if crc32fast::hash(body) != self.header.body_checksum {
            return Err(Error::Checksum("its body"));
        }
        if self.rescored
            && crc32fast::hash(&bytes[self.layout.rescoring.clone()])
                != self.header.rescoring_checksum
        {
            return Err(Error::Checksum("its full-precision rows"));
        }
        Ok(())
    }

    /// Which version it is.
    #[must_use]
    pub fn version(&self) -> &str {
        format::text(&self.header.version).unwrap_or_default()
    }

    /// Which model made its vectors.
    #[must_use]
    pub fn model(&self) -> &str {
        format::text(&self.header.model).unwrap_or_default()
    }

    /// How many numbers a vector has.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.header.dim as usize
    }

    /// How many items there are, hidden ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.header.starts[SLOTS] as usize
    }

    /// Whether there is no item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many items it says are no more.
    #[must_use]
    pub fn tombstones(&self) -> usize {
        self.header.tombstones as usize
    }

    /// Whether its full-precision rows are there.
    #[must_use]
    pub fn has_rescoring(&self) -> bool {
        self.rescored
    }

    /// How many bytes it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.memory.bytes().len()
    }

    pub(crate) fn padded(&self) -> usize {
        self.layout.padded
    }

    /// The words of a bitset over all slots.
    pub(crate) fn bit_words(&self) -> usize {
        self.layout.words[SLOTS]
    }

    /// The rows of a slot.
    pub(crate) fn rows_of(&self, slot: usize) -> Range<usize> {
        self.header.rows(slot)
    }

    /// The words of a slot in a bitset.
    pub(crate) fn words_of(&self, slot: usize) -> Range<usize> {
        self.layout.words[slot]..self.layout.words[slot + 1]
    }

    /// Where a row's bit is.
    pub(crate) fn bit_of(&self, row: usize) -> (usize, usize) {
        let slot = self.slot_index(row);
        let at = row - self.rows_of(slot).start;
        (self.layout.words[slot] + at / 64, at % 64)
    }

    fn slot_index(&self, row: usize) -> usize {
        let ended = |end: &u32| *end as usize <= row;
        self.header.starts[1..SLOTS].partition_point(ended)
    }

    /// How far a vector of a slot may be from its byte row.
    pub(crate) fn error_of(&self, slot: usize) -> f32 {
        self.header.errors[slot]
    }

    /// How far a vector of a slot is at most from the slot's mean.
    pub(crate) fn reach_of(&self, slot: usize) -> f32 {
        self.header.reaches[slot]
    }

    fn section<T: AnyBitPattern>(&self, range: &Range<usize>) -> &[T] {
        // Sections begin on a cache line and hold whole values, so that the cast does not fail.
        let bytes = self.memory.bytes().get(range.clone()).unwrap_or_default();
        bytemuck::try_cast_slice(bytes).unwrap_or_default()
    }

    pub(crate) fn ids(&self) -> &[[u8; 16]] {
        self.section(&self.layout.ids)
    }

    pub(crate) fn owners(&self) -> &[[u8; 16]] {
        self.section(&self.layout.owners)
    }

    pub(crate) fn tombstone_ids(&self) -> &[[u8; 16]] {
        self.section(&self.layout.tombstones)
    }

    pub(crate) fn records(&self) -> &[Record] {
        self.section(&self.layout.records)
    }

    pub(crate) fn popular(&self) -> &[u32] {
        self.section(&self.layout.popular)
    }

    pub(crate) fn scales(&self) -> &[f32] {
        self.section(&self.layout.scales)
    }

    pub(crate) fn rows(&self) -> &[i8] {
        self.section(&self.layout.rows)
    }

    pub(crate) fn row(&self, row: usize) -> &[i8] {
        let padded = self.padded();
        &self.rows()[row * padded..(row + 1) * padded]
    }

    pub(crate) fn mean(&self, slot: usize) -> &[f32] {
        let padded = self.padded();
        let means: &[f32] = self.section(&self.layout.means);
        &means[slot * padded..(slot + 1) * padded]
    }

    /// A slot's codes with their factors, 64 rows for each word; none if the slot has no codes.
    pub(crate) fn codes(&self, slot: usize) -> Option<(&[Factors], &[u64])> {
        let rows = self.layout.coded[slot]..self.layout.coded[slot + 1];
        let words = self.padded() / 64;
        let factors: &[Factors] = self.section(&self.layout.factors);
        let codes: &[u64] = self.section(&self.layout.codes);
        (!rows.is_empty()).then(|| {
            (
                &factors[rows.start / 8..rows.end / 8],
                &codes[rows.start * words..rows.end * words],
            )
        })
    }

    /// A row in full precision, if those are there.
    pub(crate) fn precise(&self, row: usize) -> Option<&[f32]> {
        let rows: &[f32] = self.section(&self.layout.rescoring);
        rows.get(row * self.dim()..(row + 1) * self.dim())
    }

    /// A slot's words of a bitset.
    pub(crate) fn bits(&self, which: Bits, slot: usize) -> &[u64] {
        let all: &[u64] = self.section(&self.layout.bits);
        let words = self.words_of(slot);
        let start = which.index() * self.bit_words();
        &all[start + words.start..start + words.end]
    }

    /// The rows in a size.
    pub(crate) fn rows_in_size(&self, size: Size) -> &[u32] {
        let sizes: &[[u8; 16]] = self.section(&self.layout.size_words);
        let starts: &[u32] = self.section(&self.layout.size_starts);
        let rows: &[u32] = self.section(&self.layout.size_rows);
        let Ok(at) = sizes.binary_search(&size.bytes()) else {
            return &[];
        };
        match starts.get(at..at + 2) {
            Some(&[start, end]) => rows.get(start as usize..end as usize).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The row of an item.
    pub(crate) fn find(&self, item: ItemId) -> Option<usize> {
        let id = item.uuid().into_bytes();
        (0..SLOTS).find_map(|slot| {
            let rows = self.rows_of(slot);
            let at = self.ids()[rows.clone()].binary_search(&id).ok()?;
            Some(rows.start + at)
        })
    }

    pub(crate) fn item(&self, row: usize) -> ItemId {
        ItemId::from_uuid(Uuid::from_bytes(self.ids()[row]))
    }

    pub(crate) fn owner(&self, row: usize) -> UserId {
        UserId::from_uuid(Uuid::from_bytes(self.owners()[row]))
    }

    pub(crate) fn slot(&self, row: usize) -> Slot {
        Slot::ALL
            .get(self.slot_index(row))
            .copied()
            .unwrap_or(Slot::Accessory)
    }

    pub(crate) fn traits(&self, row: usize) -> Traits {
        let record = &self.records()[row];
        let sizes: &[[u8; 16]] = self.section(&self.layout.size_words);
        let price = CURRENCIES.get(usize::from(record.currency));
        let colors = usize::from(record.colors).min(crate::MAX_COLORS);
        let kept = usize::from(record.sizes_len).min(crate::MAX_SIZES);
        let words = usize::from(record.words_len).min(crate::MAX_WORDS);
        Traits {
            category: Category::ALL
                .get(usize::from(record.category))
                .copied()
                .unwrap_or(Category::Other),
            pattern: Pattern::ALL.get(usize::from(record.pattern)).copied(),
            colors: (0..colors)
                .map(|at| Shade {
                    name: NAMED
                        .get(usize::from(record.color_names[at]))
                        .map(|(name, _)| *name),
                    rgb: Rgb(record.rgb[at]),
                    share: record.shares[at],
                })
                .collect(),
            formality: record.formality,
            clo: record.clo,
            seasons: (Season::ALL.iter().enumerate())
                .filter(|(at, _)| record.seasons >> at & 1 == 1)
                .map(|(_, season)| *season)
                .collect(),
            price: price.and_then(|currency| Money::new(record.price, *currency).ok()),
            sizes: (record.sizes[..kept].iter())
                .filter_map(|size| sizes.get(usize::from(*size)))
                .map(|bytes| Size::from_bytes(*bytes))
                .collect(),
            words: record.words[..words].to_vec(),
            popularity: record.popularity,
            updated_at: Timestamp::from_unix_timestamp_nanos(i128::from(record.updated_at) * 1000)
                .unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}

/// Reads and checks a header, without what follows it.
fn describe(bytes: &[u8]) -> Result<(Header, Layout), Error> {
    let head = bytes.get(..size_of::<Header>());
    if bytes
        .get(..MAGIC.len())
        .is_some_and(|magic| *magic != MAGIC)
    {
        return Err(Error::NotAnIndex);
    }
    let head = head.ok_or(Error::Truncated {
        expected: size_of::<Header>() as u64,
        found: bytes.len() as u64,
    })?;
    let header: Header = bytemuck::pod_read_unaligned(head);
    if header.format != FORMAT {
        return Err(Error::Format {
            found: header.format,
            expected: FORMAT,
        });
    }
    if header.checksum != header.expected_checksum() {
        return Err(Error::Checksum("its header"));
    }
    if header.vocabulary != format::vocabulary() {
        return Err(Error::Vocabulary);
    }
    let layout = Layout::of(&header)?;
    Ok((header, layout))
}
