//! The bytes of a file: mapped from disk, or read into memory.

use std::{fmt, fs::File, path::Path, sync::Arc};

use bytes::Bytes;

use crate::Error;

/// One cache line; all of a file's sections begin on one.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// Memory into which a file is read, such as by several ranges at a time.
#[derive(Clone)]
pub struct Buffer {
    lines: Vec<Line>,
    len: usize,
}

impl Buffer {
    /// So many zero bytes.
    #[must_use]
    pub fn zeroed(len: usize) -> Self {
        Self {
            lines: vec![Line([0; 64]); len.div_ceil(64)],
            len,
        }
    }

    /// What is there.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.lines)[..self.len]
    }

    /// To be written to; may be split for several writers.
    #[must_use]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.len]
    }
}

impl From<&[u8]> for Buffer {
    fn from(bytes: &[u8]) -> Self {
        let mut buffer = Self::zeroed(bytes.len());
        buffer.bytes_mut().copy_from_slice(bytes);
        buffer
    }
}

/// The bytes of a segment, which may be shared. They begin on a cache line.
#[derive(Clone)]
pub struct Memory(Arc<Inner>);

enum Inner {
    Read(Buffer),
    Shared(Bytes),
    Mapped(memmap2::Mmap),
}

impl Memory {
    /// Maps a file. It must stay as it is while it is mapped: versions are written once and under a name of their
    /// own. What was never touched is not read from disk.
    ///
    /// # Errors
    /// When it cannot be opened or mapped.
    pub fn map(path: &Path) -> Result<Self, Error> {
        let file = File::open(path)?;
        // SAFETY: the map is only read. A file that another process changes meanwhile breaks what Rust assumes of
        // a slice; files of an index are written once, before they are opened, and never changed.
        #[allow(unsafe_code)]
        let map = unsafe { memmap2::Mmap::map(&file)? };
        Ok(Self(Arc::new(Inner::Mapped(map))))
    }

    /// What is there.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &*self.0 {
            Inner::Read(buffer) => buffer.bytes(),
            Inner::Shared(bytes) => bytes,
            Inner::Mapped(map) => map,
        }
    }
}

impl From<Buffer> for Memory {
    fn from(buffer: Buffer) -> Self {
        Self(Arc::new(Inner::Read(buffer)))
    }
}

/// Copies the bytes to where they begin on a cache line.
impl From<&[u8]> for Memory {
    fn from(bytes: &[u8]) -> Self {
        Buffer::from(bytes).into()
    }
}

/// Takes the bytes as they are if they begin on a cache line, and copies them otherwise.
impl From<Bytes> for Memory {
    fn from(bytes: Bytes) -> Self {
        if bytes.as_ptr().align_offset(align_of::<Line>()) == 0 {
            Self(Arc::new(Inner::Shared(bytes)))
        } else {
            bytes.as_ref().into()
        }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match &*self.0 {
            Inner::Read(_) | Inner::Shared(_) => "read",
            Inner::Mapped(_) => "mapped",
        };
        write!(f, "Memory({how}, {} bytes)", self.bytes().len())
    }
}
