//! Large objects, read into memory in parts at a time.

use std::future::Future;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, future::BoxFuture, stream};

use super::{StoreError, blob::HeadObject};

/// Bytes of one request. One connection to S3 gives some 90 MB/s; AWS advises requests of 8 to 16 MB on many
/// connections (S3's "Performance design patterns").
const PART: usize = 8 << 20;
/// Requests under way.
const PARALLEL: usize = 16;
/// Tries of one part. The SDK repeats requests, but not those that break off in the middle of an answer.
const TRIES: usize = 3;
/// What buffers are aligned to: a line of a processor's cache, which is also the widest SIMD register.
const ALIGNMENT: usize = 64;

/// Reads a part of an object.
pub trait GetRange: Send + Sync {
    /// Fills `out` with what the object has from byte `start` on. False if there is no object with this etag
    /// (any more), so that parts of two contents never mix; an error if the object ends too early. What is in
    /// `out` otherwise than after `true` is of no use.
    fn get_range(
        &self,
        key: &str,
        etag: &str,
        start: u64,
        out: &mut [u8],
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Reads an object in parallel into one buffer, whose first byte is aligned to 64 bytes. None if there is no
/// such object.
///
/// # Errors
/// When the store fails, the object is larger than `limit` bytes, or it was written over meanwhile.
pub async fn read_object(
    bucket: &(impl HeadObject + GetRange),
    key: &str,
    limit: u64,
) -> Result<Option<Bytes>, StoreError> {
    const DOING: &str = "read object";
    let Some(head) = bucket.head(key).await? else {
        return Ok(None);
    };
    let length = usize::try_from(head.length).unwrap_or(usize::MAX);
    if head.length > limit || length == usize::MAX {
        let why = format!("{} bytes, over the limit of {limit}", head.length);
        return Err(StoreError::new(DOING, why));
    }
    let mut buffer = Aligned::zeroed(length);
    let parts: Vec<BoxFuture<'_, Result<bool, StoreError>>> = (0_u64..)
        .step_by(PART)
        .zip(buffer.as_mut().chunks_mut(PART))
        .map(|(start, part)| {
            let part = read_part(bucket, key, &head.etag, start, part);
            Box::pin(part) as BoxFuture<'_, _>
        })
        .collect();
    let read: Vec<bool> = stream::iter(parts)
        .buffer_unordered(PARALLEL)
        .try_collect()
        .await?;
    if read.contains(&false) {
        return Err(StoreError::new(DOING, "it was written over meanwhile"));
    }
    Ok(Some(Bytes::from_owner(buffer)))
}

async fn read_part(
    bucket: &impl GetRange,
    key: &str,
    etag: &str,
    start: u64,
    part: &mut [u8],
) -> Result<bool, StoreError> {
    let mut tries = 1;
    loop {
        match bucket.get_range(key, etag, start, part).await {
            Err(_) if tries < TRIES => tries += 1,
            done => return done,
        }
    }
}

/// Bytes whose first one is aligned.
struct Aligned {
    memory: Vec<u8>,
    start: usize,
    length: usize,
}

impl Aligned {
    fn zeroed(length: usize) -> Self {
        let memory = vec![0; length.saturating_add(ALIGNMENT)];
        // Bytes can always be aligned; if they could not, the buffer would be as good, but slower.
        let start = match memory.as_ptr().align_offset(ALIGNMENT) {
            start if start < ALIGNMENT => start,
            _ => 0,
        };
        Self {
            memory,
            start,
            length,
        }
    }

    fn range(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.length
    }
}

impl AsRef<[u8]> for Aligned {
    fn as_ref(&self) -> &[u8] {
        self.memory.get(self.range()).unwrap_or_default()
    }
}

impl AsMut<[u8]> for Aligned {
    fn as_mut(&mut self) -> &mut [u8] {
        let range = self.range();
        self.memory.get_mut(range).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_of_any_length_begins_at_a_line_of_the_cache() {
        for length in [0, 1, 63, 64, 65, 4097, 1 << 20] {
            let buffer = Aligned::zeroed(length);
            assert_eq!(buffer.as_ref().len(), length);
            assert_eq!(buffer.as_ref().as_ptr().align_offset(ALIGNMENT), 0);
        }
    }
}
