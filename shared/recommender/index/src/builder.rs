//! Writing a segment.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    sync::LazyLock,
};

use bytemuck::Zeroable;
use drape_domain::{Category, ItemId, Pattern, Season, Slot, color::NAMED};

use crate::{
    BuildError, Entry, MAX_COLORS, MAX_SIZES, MAX_WORDS, Shade, Size, Traits, Unusable,
    format::{
        self, Bits, CURRENCIES, FORMAT, Header, Layout, MAGIC, MAX_DIM, MAX_ROWS, MAX_SIZE_WORDS,
        NONE, Record, SLOTS,
    },
    quantize,
    rotate::Rotation,
    traits::words,
};

/// From so many rows of a slot on, one-bit codes are looked through first.
pub const CODED_FROM: usize = 1 << 18;

/// A garment is in a colour if so much of it is.
const COLOR_SHARE: f32 = 0.25;

/// Collects items, and writes them as one file: a whole index, or a delta over one.
#[derive(Debug)]
pub struct Builder {
    model: [u8; format::MAX_NAME],
    version: [u8; format::MAX_NAME],
    dim: usize,
    coded_from: usize,
    entries: BTreeMap<ItemId, Entry>,
    removed: BTreeSet<ItemId>,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The whole file.
    pub bytes: u64,
    /// The file up to its full-precision rows, which searches well without them.
    pub core_bytes: u64,
    /// Items.
    pub rows: usize,
    /// Items that are no more.
    pub tombstones: usize,
}

impl Builder {
    /// An empty one for vectors of `dim` numbers made by `model`.
    ///
    /// # Errors
    /// When a name is empty or longer than 64 bytes, or there are more than 4,096 dimensions or none.
    pub fn new(model: &str, dim: usize, version: &str) -> Result<Self, BuildError> {
        if !(1..=MAX_DIM).contains(&dim) {
            return Err(BuildError::Limits("an index has 1 to 4096 dimensions"));
        }
        let name = |text| {
            format::name(text).ok_or(BuildError::Limits("model and version have 1 to 64 bytes"))
        };
        Ok(Self {
            model: name(model)?,
            version: name(version)?,
            dim,
            coded_from: CODED_FROM,
            entries: BTreeMap::new(),
            removed: BTreeSet::new(),
        })
    }

    /// From how many rows of a slot on it gets one-bit codes; [`CODED_FROM`] unless said otherwise.
    #[must_use]
    pub fn coded_from(mut self, rows: usize) -> Self {
        self.coded_from = rows;
        self
    }

    /// Takes an item; one of the same id that was taken or removed before is forgotten.
    ///
    /// # Errors
    /// When its vector has another length, no direction, or a number that is not finite, or one of its traits is not
    /// finite. The builder can still be used.
    pub fn push(&mut self, entry: Entry) -> Result<(), BuildError> {
        if let Err(reason) = usable(&entry, self.dim) {
            return Err(BuildError::Item {
                item: entry.item,
                reason,
            });
        }
        self.removed.remove(&entry.item);
        self.entries.insert(entry.item, entry);
        Ok(())
    }

    /// Says that an item is no more: it is hidden in the segments below this one.
    pub fn remove(&mut self, item: ItemId) {
        self.entries.remove(&item);
        self.removed.insert(item);
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is neither an item nor one that is no more.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.removed.is_empty()
    }

    /// Writes the file. The same items make the same bytes, in whatever order they came.
    ///
    /// # Errors
    /// When the output fails, or there are more than 4,194,304 items or 65,536 kinds of sizes.
    pub fn write(self, out: &mut impl Write) -> Result<Written, BuildError> {
        if self.entries.len() > MAX_ROWS || self.removed.len() > MAX_ROWS {
            return Err(BuildError::Limits("an index has at most 4194304 items"));
        }
        let mut entries: Vec<&Entry> = self.entries.values().collect();
        entries.sort_by_key(|entry| entry.traits.slot());
        let sizes: BTreeSet<Size> = entries
            .iter()
            .flat_map(|entry| entry.traits.sizes.iter().take(MAX_SIZES))
            .copied()
            .collect();
        if sizes.len() > MAX_SIZE_WORDS {
            return Err(BuildError::Limits(
                "an index has at most 65536 kinds of sizes",
            ));
        }
        let sizes: Vec<Size> = sizes.into_iter().collect();
        let records: Vec<Record> = entries
            .iter()
            .map(|entry| record(&entry.traits, &sizes))
            .collect();
        let mut sized = vec![Vec::new(); sizes.len()];
        for (row, record) in records.iter().enumerate() {
            for size in &record.sizes[..usize::from(record.sizes_len)] {
                sized[usize::from(*size)].push(row as u32);
            }
        }

        let mut header = Header::zeroed();
        header.magic = MAGIC;
        header.format = FORMAT;
        header.vocabulary = format::vocabulary();
        header.dim = self.dim as u32;
        header.tombstones = self.removed.len() as u32;
        header.size_words = sizes.len() as u32;
        header.size_rows = sized.iter().map(|rows| rows.len() as u32).sum();
        header.model = self.model;
        header.version = self.version;
        for (slot, name) in Slot::ALL.iter().enumerate() {
            let rows = entries
                .iter()
                .filter(|entry| entry.traits.slot() == *name)
                .count();
            header.starts[slot + 1] = header.starts[slot] + rows as u32;
            header.coded |= u32::from(rows >= self.coded_from) << slot;
        }
        let layout = Layout::of(&header)
            .map_err(|_| BuildError::Limits("an index of this size cannot be laid out"))?;

        let mut body = Body::new(&layout);
        body.put(
            &layout.tombstones,
            self.removed.iter().map(|id| id.uuid().into_bytes()),
        );
        body.put(&layout.size_words, sizes.iter().map(|size| size.bytes()));
        let starts = sized.iter().scan(0, |at, rows| {
            *at += rows.len() as u32;
            Some(*at)
        });
        body.put(&layout.size_starts, std::iter::once(0).chain(starts));
        body.put(&layout.size_rows, sized.iter().flatten().copied());
        body.put(&layout.bits, bits(&header, &layout, &records).into_iter());
        body.put(
            &layout.ids,
            entries.iter().map(|entry| entry.item.uuid().into_bytes()),
        );
        body.put(
            &layout.owners,
            entries.iter().map(|entry| entry.owner.uuid().into_bytes()),
        );
        body.put(&layout.records, records.iter().copied());
        body.put(&layout.popular, popular(&header, &records).into_iter());
        self.put_vectors(&mut header, &layout, &entries, &mut body);

        header.body_checksum = crc32fast::hash(&body.0);
        let mut hasher = crc32fast::Hasher::new();
        for entry in &entries {
            hasher.update(bytemuck::cast_slice(&entry.vector));
        }
        header.rescoring_checksum = hasher.finalize();
        header.checksum = header.expected_checksum();

        out.write_all(bytemuck::bytes_of(&header))?;
        out.write_all(&body.0)?;
        for entry in &entries {
            out.write_all(bytemuck::cast_slice(&entry.vector))?;
        }
        out.flush()?;
        Ok(Written {
            bytes: layout.whole() as u64,
            core_bytes: layout.core() as u64,
            rows: entries.len(),
            tombstones: self.removed.len(),
        })
    }

    /// Rotates the vectors, and writes their means, bytes and codes.
    fn put_vectors(
        &self,
        header: &mut Header,
        layout: &Layout,
        entries: &[&Entry],
        body: &mut Body,
    ) {
        let rotation = Rotation::new(self.dim);
        let padded = rotation.padded();
        let mut means = vec![0.0_f32; SLOTS * padded];
        let mut scales = vec![0.0_f32; entries.len()];
        let mut bytes = vec![0_i8; entries.len() * padded];
        let mut factors = vec![format::Factors::zeroed(); layout.coded[SLOTS] / 8];
        let mut codes = vec![0_u64; layout.coded[SLOTS] * padded / 64];
        let mut rotated = vec![0.0; padded];
        for slot in 0..SLOTS {
            let rows = header.rows(slot);
            let mean = &mut means[slot * padded..(slot + 1) * padded];
            rotation.apply(&mean_of(&entries[rows.clone()], self.dim), mean);
            let first_code = layout.coded[slot];
            for (at, row) in rows.enumerate() {
                rotation.apply(&entries[row].vector, &mut rotated);
                for (value, mean) in rotated.iter_mut().zip(&*mean) {
                    *value -= mean;
                }
                let (scale, error) =
                    quantize::bytes(&rotated, &mut bytes[row * padded..(row + 1) * padded]);
                scales[row] = scale;
                header.errors[slot] = header.errors[slot].max(error);
                header.reaches[slot] = header.reaches[slot].max(norm(&rotated) as f32 * 1.000_001);
                if header.is_coded(slot) {
                    let code = first_code + at;
                    let factor = quantize::signs(&rotated, |word, value| {
                        codes[code_word(code, word, padded)] = value;
                    });
                    factors[code / 8].scales[code % 8] = factor.scale;
                    factors[code / 8].ones[code % 8] = factor.ones;
                }
            }
        }
        body.put(&layout.means, means.into_iter());
        body.put(&layout.factors, factors.into_iter());
        body.put(&layout.codes, codes.into_iter());
        body.put(&layout.scales, scales.into_iter());
        body.put(&layout.rows, bytes.into_iter());
    }
}

/// Where a word of a row's code is: eight rows' first words, then their second ones and so on, so that a register
/// holds a word of each.
pub(crate) const fn code_word(row: usize, word: usize, padded: usize) -> usize {
    (row / 8 * (padded / 64) + word) * 8 + row % 8
}

/// The sections but the last, as they will follow the header.
struct Body(Vec<u8>);

impl Body {
    fn new(layout: &Layout) -> Self {
        Self(vec![0; layout.core() - size_of::<Header>()])
    }

    fn put<T: bytemuck::NoUninit>(
        &mut self,
        section: &std::ops::Range<usize>,
        values: impl Iterator<Item = T>,
    ) {
        let before = size_of::<Header>();
        let target = &mut self.0[section.start - before..section.end - before];
        for (value, place) in values.zip(target.chunks_exact_mut(size_of::<T>())) {
            place.copy_from_slice(bytemuck::bytes_of(&value));
        }
    }
}

fn usable(entry: &Entry, dim: usize) -> Result<(), Unusable> {
    let (vector, traits) = (&entry.vector, &entry.traits);
    if vector.len() != dim {
        return Err(Unusable::Length {
            found: vector.len(),
            expected: dim,
        });
    }
    if !vector.iter().all(|value| value.is_finite()) {
        return Err(Unusable::NotFinite);
    }
    let norm = norm(vector);
    if !(1e-3..=1e3).contains(&norm) {
        return Err(Unusable::Norm(norm as f32));
    }
    let numbers = [traits.formality, traits.clo, traits.popularity];
    let shares = traits.colors.iter().map(|color| color.share);
    if !numbers.into_iter().chain(shares).all(f32::is_finite) {
        return Err(Unusable::Trait);
    }
    Ok(())
}

fn norm(vector: &[f32]) -> f64 {
    vector
        .iter()
        .map(|value| f64::from(*value).powi(2))
        .sum::<f64>()
        .sqrt()
}

fn mean_of(entries: &[&Entry], dim: usize) -> Vec<f32> {
    let mut sums = vec![0.0_f64; dim];
    for entry in entries {
        for (sum, value) in sums.iter_mut().zip(&entry.vector) {
            *sum += f64::from(*value);
        }
    }
    let count = entries.len().max(1) as f64;
    sums.into_iter().map(|sum| (sum / count) as f32).collect()
}

fn record(traits: &Traits, sizes: &[Size]) -> Record {
    let mut record = Record::zeroed();
    record.updated_at = (traits.updated_at.unix_timestamp_nanos() / 1000) as i64;
    record.price = traits.price.map_or(-1, |price| price.amount());
    record.currency = traits
        .price
        .and_then(|price| position(&CURRENCIES, &price.currency()))
        .unwrap_or(NONE);
    let kept = traits.sizes.iter().take(MAX_SIZES).collect::<BTreeSet<_>>();
    record.sizes_len = kept.len() as u8;
    for (place, size) in record.sizes.iter_mut().zip(kept) {
        *place = sizes.binary_search(size).unwrap_or_default() as u16;
    }
    record.words_len = traits.words.len().min(MAX_WORDS) as u8;
    for (place, word) in record.words.iter_mut().zip(&traits.words) {
        *place = *word;
    }
    record.colors = traits.colors.len().min(MAX_COLORS) as u8;
    for (at, Shade { name, rgb, share }) in traits.colors.iter().take(MAX_COLORS).enumerate() {
        record.rgb[at] = rgb.0;
        record.shares[at] = *share;
        let named = NAMED.iter().position(|(word, _)| Some(*word) == *name);
        record.color_names[at] = named.map_or(NONE, |named| named as u8);
    }
    record.formality = traits.formality;
    record.clo = traits.clo;
    record.popularity = traits.popularity;
    record.category = position(Category::ALL, &traits.category).unwrap_or(NONE);
    record.pattern = traits
        .pattern
        .and_then(|pattern| position(Pattern::ALL, &pattern))
        .unwrap_or(NONE);
    for season in &traits.seasons {
        record.seasons |= position(Season::ALL, season).map_or(0, |at| 1 << at);
    }
    record
}

fn position<T: PartialEq>(all: &[T], value: &T) -> Option<u8> {
    all.iter()
        .position(|other| other == value)
        .map(|at| at as u8)
}

/// All bitsets, one after the other.
fn bits(header: &Header, layout: &Layout, records: &[Record]) -> Vec<u64> {
    let words = layout.words[SLOTS];
    let mut bits = vec![0_u64; Bits::COUNT * words];
    let mut set =
        |which: Bits, word: usize, bit: usize| bits[which.index() * words + word] |= 1 << bit;
    for slot in 0..SLOTS {
        for (at, row) in header.rows(slot).enumerate() {
            let (record, word, bit) = (&records[row], layout.words[slot] + at / 64, at % 64);
            set(Bits::Category(record.category.into()), word, bit);
            for season in (0..Season::ALL.len()).filter(|season| record.seasons >> season & 1 == 1)
            {
                set(Bits::Season(season), word, bit);
            }
            if record.currency != NONE {
                set(Bits::Currency(record.currency.into()), word, bit);
                set(Bits::Band(format::band(record.price)), word, bit);
            }
            if record.sizes_len == 0 {
                set(Bits::AnySize, word, bit);
            }
            for color in colors(record) {
                set(Bits::Color(color), word, bit);
            }
        }
    }
    bits
}

/// For each colour word, bits of those that say it or less: "blue" is also said by "light blue".
static SAID: LazyLock<Vec<u64>> = LazyLock::new(|| {
    const { assert!(NAMED.len() <= 64) };
    let all: Vec<Vec<String>> = NAMED.iter().map(|(name, _)| words(name)).collect();
    let says = |one: &[String], other: &[String]| other.iter().all(|word| one.contains(word));
    all.iter()
        .map(|one| {
            let said = all.iter().enumerate().filter(|(_, other)| says(one, other));
            said.fold(0, |bits, (at, _)| bits | 1 << at)
        })
        .collect()
});

/// The colour words that a garment is in.
fn colors(record: &Record) -> impl Iterator<Item = usize> {
    let count = usize::from(record.colors);
    let total: f32 = record.shares[..count].iter().sum();
    let mut parts = [0.0; NAMED.len()];
    for at in 0..count {
        let said = SAID
            .get(usize::from(record.color_names[at]))
            .copied()
            .unwrap_or(0);
        for (color, part) in parts.iter_mut().enumerate() {
            *part += if said >> color & 1 == 1 {
                record.shares[at]
            } else {
                0.0
            };
        }
    }
    (0..NAMED.len()).filter(move |color| total > 0.0 && parts[*color] / total >= COLOR_SHARE)
}

fn popular(header: &Header, records: &[Record]) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..records.len() as u32).collect();
    for slot in 0..SLOTS {
        rows[header.rows(slot)].sort_by(|a, b| {
            let of = |row: &u32| records[*row as usize].popularity;
            // Rows are in the order of their ids, which is that of time: of equals the newest first.
            of(b).total_cmp(&of(a)).then(b.cmp(a))
        });
    }
    rows
}
