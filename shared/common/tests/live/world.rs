//! Numbers in files: a version's value is their list.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use drape_common::{
    live::{Broken, Draft, File, Live, Outcome, Pointer, publish, standing},
    store::{
        StoreError,
        blob::{GetObject, HeadObject, Object, ObjectHead},
        memory::MemoryBucket,
        ranges::GetRange,
    },
};
use drape_domain::Timestamp;
use serde_json::Value;

pub(crate) const PREFIX: &str = "index";

/// A file that is a number.
#[derive(Debug)]
pub(crate) struct Number(pub(crate) u64);

pub(crate) type Numbers = Live<Number, Vec<u64>, Watched>;

pub(crate) fn live(bucket: &Watched) -> Numbers {
    let open = |_: &Pointer, bytes: Bytes| -> Result<_, Broken> {
        match std::str::from_utf8(&bytes)?.parse()? {
            13 => panic!("a number that nobody expects"),
            number => Ok(Number(number)),
        }
    };
    let join = |parts: &[Arc<Number>]| -> Result<_, Broken> {
        let numbers: Vec<u64> = parts.iter().map(|part| part.0).collect();
        if numbers.contains(&99) {
            return Err("too new".into());
        }
        Ok(numbers)
    };
    Live::new(bucket.clone(), PREFIX, 100, open, join)
}

pub(crate) fn value(live: &Numbers) -> Option<Vec<u64>> {
    live.current().map(|loaded| loaded.value.clone())
}

/// A version with these files of its own.
pub(crate) fn draft(version: &str, kept: &[File], own: &[u64]) -> Draft {
    let made = own
        .iter()
        .map(|number| (format!("{number}.txt"), number.to_string().into_bytes()));
    Draft {
        version: version.to_owned(),
        kept: kept.to_vec(),
        made: made.collect(),
        made_at: Timestamp::UNIX_EPOCH,
        note: Value::Null,
    }
}

/// Publishes it over what is current.
pub(crate) async fn put(bucket: &MemoryBucket, draft: Draft) -> Pointer {
    let standing = standing(bucket, PREFIX).await.unwrap();
    match publish(bucket, PREFIX, &standing, draft).await.unwrap() {
        Outcome::Published(pointer) => pointer,
        Outcome::Lost => panic!("nobody else publishes"),
    }
}

/// A bucket that counts what is read of files, and can be out of order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watched {
    pub(crate) bucket: MemoryBucket,
    reads: Arc<AtomicUsize>,
    /// Calls that go well, and calls that fail after them.
    planned: Arc<Mutex<(usize, usize)>>,
}

impl Watched {
    pub(crate) fn new(bucket: &MemoryBucket) -> Self {
        Self {
            bucket: bucket.clone(),
            ..Self::default()
        }
    }

    /// Parts of files that were read.
    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// So many calls go well, and then so many fail.
    pub(crate) fn fail(&self, well: usize, badly: usize) {
        *self.planned.lock().unwrap() = (well, badly);
    }

    fn check(&self) -> Result<(), StoreError> {
        match &mut *self.planned.lock().unwrap() {
            (0, 0) => Ok(()),
            (0, badly) => {
                *badly -= 1;
                Err(StoreError::new("watched", "out of order"))
            }
            (well, _) => {
                *well -= 1;
                Ok(())
            }
        }
    }
}

impl GetObject for Watched {
    async fn get_object(&self, key: &str, limit: u64) -> Result<Option<Object>, StoreError> {
        self.check()?;
        self.bucket.get_object(key, limit).await
    }
}

impl HeadObject for Watched {
    async fn head(&self, key: &str) -> Result<Option<ObjectHead>, StoreError> {
        self.check()?;
        self.bucket.head(key).await
    }
}

impl GetRange for Watched {
    async fn get_range(
        &self,
        key: &str,
        etag: &str,
        start: u64,
        out: &mut [u8],
    ) -> Result<bool, StoreError> {
        self.check()?;
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.bucket.get_range(key, etag, start, out).await
    }
}
