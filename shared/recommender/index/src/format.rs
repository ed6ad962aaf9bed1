//! How a file is laid out: a header that says how many there are of what, and sections, each on a cache line, whose
//! places follow from it. Little-endian.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};
use drape_domain::{Category, Currency, Pattern, Season, Slot, color::NAMED};

use crate::{Error, rotate::GRAIN};

pub(crate) const MAGIC: [u8; 8] = *b"DRAPEIDX";
/// Grows when a file of the former kind can no longer be read.
pub(crate) const FORMAT: u32 = 1;
pub(crate) const SLOTS: usize = Slot::ALL.len();
/// Most rows of one segment.
pub(crate) const MAX_ROWS: usize = 1 << 22;
/// Most numbers of a vector.
pub(crate) const MAX_DIM: usize = 4096;
/// Most kinds of sizes in one segment.
pub(crate) const MAX_SIZE_WORDS: usize = 1 << 16;
/// Longest name of a model or version, in bytes.
pub(crate) const MAX_NAME: usize = 64;
/// The currencies, in the order of their bits.
pub(crate) const CURRENCIES: [Currency; 7] = [
    Currency::Ngn,
    Currency::Usd,
    Currency::Eur,
    Currency::Gbp,
    Currency::Ghs,
    Currency::Kes,
    Currency::Zar,
];
/// Price bands: each twice as wide as the one before.
pub(crate) const BANDS: usize = 40;

const _: () = assert!(cfg!(target_endian = "little"), "files are little-endian");
const _: () = assert!(usize::BITS == 64, "sizes of files are");
const _: () = assert!(size_of::<Header>().is_multiple_of(64));

/// The band of an amount in minor units. Bands are in the order of amounts.
pub(crate) const fn band(amount: i64) -> usize {
    let bits = 64 - amount.leading_zeros() as usize;
    let band = bits.saturating_sub(8);
    if band < BANDS { band } else { BANDS - 1 }
}

/// The first bytes of a file.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
pub(crate) struct Header {
    pub(crate) magic: [u8; 8],
    pub(crate) format: u32,
    /// Checksum of the vocabularies by whose order bits are numbered.
    pub(crate) vocabulary: u32,
    pub(crate) dim: u32,
    /// Items that are no more.
    pub(crate) tombstones: u32,
    /// Kinds of sizes.
    pub(crate) size_words: u32,
    /// Rows of all kinds of sizes together.
    pub(crate) size_rows: u32,
    /// The model that made the vectors; zeros at the end.
    pub(crate) model: [u8; MAX_NAME],
    pub(crate) version: [u8; MAX_NAME],
    /// The first row of each slot, and the number of rows.
    pub(crate) starts: [u32; SLOTS + 1],
    /// Bit for each slot: its rows have one-bit codes.
    pub(crate) coded: u32,
    /// For each slot, how far a vector may be from its byte row, in Euclidean distance.
    pub(crate) errors: [f32; SLOTS],
    /// For each slot, how far a vector is at most from the slot's mean.
    pub(crate) reaches: [f32; SLOTS],
    pub(crate) reserved: [u32; 11],
    /// CRC-32 of what follows the header up to the full-precision rows.
    pub(crate) body_checksum: u32,
    /// CRC-32 of the full-precision rows.
    pub(crate) rescoring_checksum: u32,
    /// CRC-32 of the header before this field.
    pub(crate) checksum: u32,
}

impl Header {
    /// What [`Self::checksum`] should be.
    pub(crate) fn expected_checksum(&self) -> u32 {
        let bytes = bytemuck::bytes_of(self);
        crc32fast::hash(&bytes[..bytes.len() - 4])
    }

    /// The rows of a slot.
    pub(crate) fn rows(&self, slot: usize) -> Range<usize> {
        self.starts[slot] as usize..self.starts[slot + 1] as usize
    }

    /// Whether a slot has one-bit codes.
    pub(crate) const fn is_coded(&self, slot: usize) -> bool {
        self.coded >> slot & 1 == 1
    }
}

/// A text of no more bytes than there are, with zeros after it.
pub(crate) fn name(text: &str) -> Option<[u8; MAX_NAME]> {
    let mut name = [0; MAX_NAME];
    name.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
    (!text.is_empty() && !text.contains('\0')).then_some(name)
}

/// The text in a [`name`].
pub(crate) fn text(name: &[u8; MAX_NAME]) -> Option<&str> {
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(MAX_NAME);
    std::str::from_utf8(&name[..end]).ok()
}

/// CRC-32 of all words by whose order bits and bytes are numbered.
pub(crate) fn vocabulary() -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    let slots = Slot::ALL.iter().map(|word| word.as_str());
    let categories = Category::ALL.iter().map(|word| word.as_str());
    let seasons = Season::ALL.iter().map(|word| word.as_str());
    let patterns = Pattern::ALL.iter().map(|word| word.as_str());
    let colors = NAMED.iter().map(|(word, _)| *word);
    for word in slots
        .chain(categories)
        .chain(seasons)
        .chain(patterns)
        .chain(colors)
    {
        hasher.update(word.as_bytes());
        hasher.update(&[0]);
    }
    hasher.finalize()
}

/// A bitset with one bit for each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bits {
    Category(usize),
    Season(usize),
    Band(usize),
    Currency(usize),
    Color(usize),
    /// No sizes are known.
    AnySize,
}

impl Bits {
    const SEASONS: usize = Category::ALL.len();
    const BANDS: usize = Self::SEASONS + Season::ALL.len();
    const CURRENCIES: usize = Self::BANDS + BANDS;
    const COLORS: usize = Self::CURRENCIES + CURRENCIES.len();
    const ANY_SIZE: usize = Self::COLORS + NAMED.len();
    /// How many there are.
    pub(crate) const COUNT: usize = Self::ANY_SIZE + 1;

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Category(at) => at,
            Self::Season(at) => Self::SEASONS + at,
            Self::Band(at) => Self::BANDS + at,
            Self::Currency(at) => Self::CURRENCIES + at,
            Self::Color(at) => Self::COLORS + at,
            Self::AnySize => Self::ANY_SIZE,
        }
    }
}

/// No value, where a byte tells one of few.
pub(crate) const NONE: u8 = u8::MAX;

/// An item's traits, as they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Record {
    /// Microseconds since 1970.
    pub(crate) updated_at: i64,
    /// Minor units; negative if there is no price.
    pub(crate) price: i64,
    pub(crate) words: [u32; crate::MAX_WORDS],
    /// Numbers of the kinds of sizes.
    pub(crate) sizes: [u16; crate::MAX_SIZES],
    pub(crate) shares: [f32; crate::MAX_COLORS],
    pub(crate) formality: f32,
    pub(crate) clo: f32,
    pub(crate) popularity: f32,
    pub(crate) rgb: [[u8; 3]; crate::MAX_COLORS],
    pub(crate) color_names: [u8; crate::MAX_COLORS],
    pub(crate) category: u8,
    pub(crate) pattern: u8,
    pub(crate) seasons: u8,
    pub(crate) currency: u8,
    pub(crate) colors: u8,
    pub(crate) sizes_len: u8,
    pub(crate) words_len: u8,
    pub(crate) padding: u8,
    pub(crate) reserved: u32,
}

/// What the one-bit codes of eight rows are worth.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Factors {
    /// By what the inner products with the signs are to be multiplied.
    pub(crate) scales: [f32; 8],
    /// How many bits are set.
    pub(crate) ones: [f32; 8],
}

/// Where each section is, in bytes from the start of the file.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Rotated vectors have so many numbers.
    pub(crate) padded: usize,
    /// The first word of each slot in a bitset, and the words of a bitset. A slot's first row is bit 0 of its first
    /// word.
    pub(crate) words: [usize; SLOTS + 1],
    /// The first row of each slot among rows with codes. A slot with codes has 64 for each word.
    pub(crate) coded: [usize; SLOTS + 1],
    /// Ids, ascending.
    pub(crate) tombstones: Range<usize>,
    pub(crate) size_words: Range<usize>,
    /// Where the rows of each kind of size begin in `size_rows`.
    pub(crate) size_starts: Range<usize>,
    /// Rows, ascending within each kind of size.
    pub(crate) size_rows: Range<usize>,
    pub(crate) bits: Range<usize>,
    /// Within each slot ascending.
    pub(crate) ids: Range<usize>,
    pub(crate) owners: Range<usize>,
    pub(crate) records: Range<usize>,
    /// Rows by popularity, best first and of equals the newest, within each slot.
    pub(crate) popular: Range<usize>,
    /// What each slot's vectors have in common: their mean, rotated.
    pub(crate) means: Range<usize>,
    pub(crate) factors: Range<usize>,
    pub(crate) codes: Range<usize>,
    pub(crate) scales: Range<usize>,
    pub(crate) rows: Range<usize>,
    /// The full-precision rows, which a file may lack.
    pub(crate) rescoring: Range<usize>,
}

impl Layout {
    /// The layout that a header describes.
    ///
    /// # Errors
    /// When a count is beyond its limit or the slots are out of order.
    pub(crate) fn of(header: &Header) -> Result<Self, Error> {
        let dim = header.dim as usize;
        if !(1..=MAX_DIM).contains(&dim) {
            return Err(Error::Malformed("number of dimensions"));
        }
        let padded = dim.next_multiple_of(GRAIN);
        let count = header.starts[SLOTS] as usize;
        let size_words = header.size_words as usize;
        let size_rows = header.size_rows as usize;
        if header.starts[0] != 0 || !header.starts.is_sorted() || count > MAX_ROWS {
            return Err(Error::Malformed("rows of the slots"));
        }
        if size_words > MAX_SIZE_WORDS || size_rows > count * crate::MAX_SIZES {
            return Err(Error::Malformed("number of sizes"));
        }
        if header.tombstones as usize > MAX_ROWS {
            return Err(Error::Malformed("number of tombstones"));
        }
        let mut bounds = header.errors.iter().chain(&header.reaches);
        if !bounds.all(|bound| *bound >= 0.0 && bound.is_finite()) {
            return Err(Error::Malformed("error bound"));
        }
        let (mut words, mut coded) = ([0; SLOTS + 1], [0; SLOTS + 1]);
        for slot in 0..SLOTS {
            let own = header.rows(slot).len().div_ceil(64);
            words[slot + 1] = words[slot] + own;
            coded[slot + 1] = coded[slot] + if header.is_coded(slot) { own * 64 } else { 0 };
        }
        let all_coded = coded[SLOTS];
        let mut at = size_of::<Header>();
        let mut next = |bytes: usize| {
            let start = at.next_multiple_of(64);
            at = start + bytes;
            start..at
        };
        // With the limits above, no product or sum comes near 2⁶³.
        Ok(Self {
            padded,
            words,
            coded,
            tombstones: next(header.tombstones as usize * 16),
            size_words: next(size_words * 16),
            size_starts: next((size_words + 1) * 4),
            size_rows: next(size_rows * 4),
            bits: next(Bits::COUNT * words[SLOTS] * 8),
            ids: next(count * 16),
            owners: next(count * 16),
            records: next(count * size_of::<Record>()),
            popular: next(count * 4),
            means: next(SLOTS * padded * 4),
            factors: next(all_coded / 8 * size_of::<Factors>()),
            codes: next(all_coded * padded / 8),
            scales: next(count * 4),
            rows: next(count * padded),
            rescoring: next(count * dim * 4),
        })
    }

    /// The length of a file without full-precision rows.
    pub(crate) fn core(&self) -> usize {
        self.rescoring.start
    }

    /// The length of a whole file.
    pub(crate) fn whole(&self) -> usize {
        self.rescoring.end
    }
}
