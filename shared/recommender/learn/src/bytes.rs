//! The scorer as bytes: little-endian, with a header and a checksum.

/// Why bytes are no scorer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// They are not the start of a scorer at all.
    #[error("not a learned scorer")]
    Magic,
    /// They are of a version that this code does not read.
    #[error("a learned scorer of another version")]
    Version,
    /// They end too early, or go on too long.
    #[error("a learned scorer of the wrong length")]
    Length,
    /// The checksum does not fit.
    #[error("a learned scorer with a wrong checksum")]
    Checksum,
    /// A count is beyond its limit, a number not finite, or parts do not fit together.
    #[error("a learned scorer with impossible content")]
    Content,
}

const MAGIC: &[u8; 8] = b"DRAPECMP";
const VERSION: u32 = 1;
const HEADER: usize = MAGIC.len() + 4 + 8;

/// FNV-1a, 64 bits: enough against damage on the way.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// Counts are far below 2³².
    pub(crate) fn count(&mut self, count: usize) {
        self.words(&[u32::try_from(count).unwrap_or(u32::MAX)]);
    }

    pub(crate) fn words(&mut self, words: &[u32]) {
        self.0
            .extend(words.iter().flat_map(|word| word.to_le_bytes()));
    }

    pub(crate) fn floats(&mut self, floats: &[f32]) {
        self.0.extend(floats.iter().flat_map(|x| x.to_le_bytes()));
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        let mut all = Vec::with_capacity(HEADER + self.0.len());
        all.extend_from_slice(MAGIC);
        all.extend_from_slice(&VERSION.to_le_bytes());
        all.extend_from_slice(&checksum(&self.0).to_le_bytes());
        all.extend(self.0);
        all
    }
}

pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Broken> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(Broken::Magic)?;
        let (version, rest) = rest.split_first_chunk().ok_or(Broken::Length)?;
        if u32::from_le_bytes(*version) != VERSION {
            return Err(Broken::Version);
        }
        let (sum, rest) = rest.split_first_chunk().ok_or(Broken::Length)?;
        if u64::from_le_bytes(*sum) != checksum(rest) {
            return Err(Broken::Checksum);
        }
        Ok(Self(rest))
    }

    /// A count of at most `most`.
    pub(crate) fn count(&mut self, most: usize) -> Result<usize, Broken> {
        let count = self.words(1)?.first().copied().unwrap_or_default() as usize;
        if count > most {
            return Err(Broken::Content);
        }
        Ok(count)
    }

    pub(crate) fn words(&mut self, count: usize) -> Result<Vec<u32>, Broken> {
        let length = count.checked_mul(4).ok_or(Broken::Length)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Broken::Length)?;
        self.0 = rest;
        let (words, _) = taken.as_chunks::<4>();
        Ok(words.iter().map(|word| u32::from_le_bytes(*word)).collect())
    }

    /// So many finite numbers.
    pub(crate) fn floats(&mut self, count: usize) -> Result<Vec<f32>, Broken> {
        let floats: Vec<f32> = self.words(count)?.into_iter().map(f32::from_bits).collect();
        if floats.iter().any(|x| !x.is_finite()) {
            return Err(Broken::Content);
        }
        Ok(floats)
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), Broken> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Broken::Length)
        }
    }
}
