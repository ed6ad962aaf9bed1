//! Numbers out of bytes, in the order in which they were written.

use crate::error::Error;

/// What is left of some little-endian bytes.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    length: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            length: bytes.len(),
        }
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(Error::CutShort)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.bytes.split_first_chunk().ok_or(Error::CutShort)?;
        self.bytes = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<usize, Error> {
        Ok(usize::from(u8::from_le_bytes(self.array()?)))
    }

    pub(crate) fn u16(&mut self) -> Result<usize, Error> {
        Ok(usize::from(u16::from_le_bytes(self.array()?)))
    }

    pub(crate) fn u32(&mut self) -> Result<usize, Error> {
        usize::try_from(u32::from_le_bytes(self.array()?))
            .map_err(|_| Error::Broken("a number is too large"))
    }

    pub(crate) fn f32(&mut self) -> Result<f32, Error> {
        Ok(f32::from_le_bytes(self.array()?))
    }

    /// Two bytes, as (rows, columns).
    pub(crate) fn pair(&mut self) -> Result<(usize, usize), Error> {
        Ok((self.u8()?, self.u8()?))
    }

    /// Skips to a multiple of four bytes from the start.
    pub(crate) fn align(&mut self) -> Result<(), Error> {
        let read = self.length - self.bytes.len();
        self.take(read.next_multiple_of(4) - read).map(|_| ())
    }

    /// Whether all has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}
