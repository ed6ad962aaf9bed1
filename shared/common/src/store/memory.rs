//! Stores in memory, for tests: the same behaviour as the real ones, and a planned crash after any write.

use std::{
    collections::{BTreeMap, HashMap},
    marker::PhantomData,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use drape_domain::{Item, ItemId, Signal, SignalKind, Timestamp, User, UserId, item::Upload};

use super::{
    StoreError,
    blob::{
        DeleteObject, Expected, GetObject, HeadObject, ListKeys, Object, ObjectHead, PresignGet,
        PresignPut, PresignedUpload, PutIf, PutObject,
    },
    queries::{
        CatalogItems, CatalogPage, CatalogPlace, CountAttempts, CreateAccount, RecentSignals,
        Revisions, since_second,
    },
    queue::{Enqueue, Message, RetryLater},
    ranges::GetRange,
    record::{
        Create, Derived, Get, GetMany, Key, List, Page, Put, PutNewer, Record, Remove, Revised,
        Save,
    },
    tables::{DaySignal, Login},
};

/// How many writes a process may still make before it dies. Stores that share a fuse die together: the
/// write that burns it out happens, but its answer is lost, and nothing works from then on.
#[derive(Debug, Clone)]
pub struct Fuse(Arc<AtomicI64>);

impl Default for Fuse {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MAX)))
    }
}

impl Fuse {
    /// The process dies right after its `writes`-th write from now.
    pub fn blow_after(&self, writes: i64) {
        self.0.store(writes, Ordering::SeqCst);
    }

    /// A new process: everything works again.
    pub fn mend(&self) {
        self.0.store(i64::MAX, Ordering::SeqCst);
    }

    /// Whether the planned crash has happened.
    #[must_use]
    pub fn is_blown(&self) -> bool {
        self.0.load(Ordering::SeqCst) <= 0
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.is_blown() {
            Err(StoreError::new("memory", "the process has died"))
        } else {
            Ok(())
        }
    }

    /// Runs a write unless the process is dead; the last one that the fuse allows loses its answer.
    fn write<T>(&self, write: impl FnOnce() -> T) -> Result<T, StoreError> {
        self.check()?;
        let done = write();
        self.0.fetch_sub(1, Ordering::SeqCst);
        self.check()?;
        Ok(done)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Rows = Arc<Mutex<BTreeMap<(String, String), serde_json::Value>>>;

/// A table in memory. Clones share their rows; rows are kept as JSON, so that what does not survive
/// serialisation is noticed.
#[derive(Debug)]
pub struct MemoryTable<R> {
    rows: Rows,
    fuse: Fuse,
    record: PhantomData<fn() -> R>,
}

impl<R> Clone for MemoryTable<R> {
    fn clone(&self) -> Self {
        Self {
            rows: self.rows.clone(),
            fuse: self.fuse.clone(),
            record: PhantomData,
        }
    }
}

impl<R> Default for MemoryTable<R> {
    fn default() -> Self {
        Self::new(&Fuse::default())
    }
}

impl<R> MemoryTable<R> {
    /// An empty table that dies with `fuse`.
    #[must_use]
    pub fn new(fuse: &Fuse) -> Self {
        Self {
            rows: Rows::default(),
            fuse: fuse.clone(),
            record: PhantomData,
        }
    }

    /// The same rows seen as records of another type, as `users` holds accounts and their logins.
    #[must_use]
    pub fn share<S>(&self) -> MemoryTable<S> {
        MemoryTable {
            rows: self.rows.clone(),
            fuse: self.fuse.clone(),
            record: PhantomData,
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.rows).len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every row as JSON, for comparing states.
    #[must_use]
    pub fn dump(&self) -> Vec<serde_json::Value> {
        lock(&self.rows).values().cloned().collect()
    }
}

fn place<R>(key: &Key<R>) -> (String, String) {
    (key.partition.clone(), key.sort.clone().unwrap_or_default())
}

fn to_json<R: Record>(record: &R) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(record).map_err(|error| StoreError::new("write record", error))
}

fn from_json<R: Record>(value: &serde_json::Value) -> Result<R, StoreError> {
    serde_json::from_value(value.clone()).map_err(|error| StoreError::new("read record", error))
}

impl<R: Record> Get<R> for MemoryTable<R> {
    async fn get(&self, key: &Key<R>) -> Result<Option<R>, StoreError> {
        self.fuse.check()?;
        lock(&self.rows).get(&place(key)).map(from_json).transpose()
    }
}

impl<R: Record> GetMany<R> for MemoryTable<R> {
    async fn get_many(&self, keys: &[Key<R>]) -> Result<Vec<R>, StoreError> {
        self.fuse.check()?;
        let rows = lock(&self.rows);
        keys.iter()
            .filter_map(|key| rows.get(&place(key)))
            .map(from_json)
            .collect()
    }
}

impl<R: Record> Create<R> for MemoryTable<R> {
    async fn create(&self, record: &R) -> Result<bool, StoreError> {
        let value = to_json(record)?;
        let mut rows = lock(&self.rows);
        let place = place(&record.key());
        if rows.contains_key(&place) {
            self.fuse.check()?;
            return Ok(false);
        }
        self.fuse.write(|| rows.insert(place, value))?;
        Ok(true)
    }
}

impl<R: Revised> Save<R> for MemoryTable<R> {
    async fn save(&self, record: &mut R) -> Result<bool, StoreError> {
        let read = record.revision();
        let mut rows = lock(&self.rows);
        let place = place(&record.key());
        let stored = rows.get(&place).map(from_json::<R>).transpose()?;
        if stored.is_none_or(|stored| stored.revision() != read) {
            self.fuse.check()?;
            return Ok(false);
        }
        record.set_revision(read + 1);
        let value = to_json(record)?;
        self.fuse.write(|| rows.insert(place, value))?;
        Ok(true)
    }
}

impl<R: Record> Put<R> for MemoryTable<R> {
    async fn put(&self, record: &R) -> Result<(), StoreError> {
        let value = to_json(record)?;
        self.fuse
            .write(|| lock(&self.rows).insert(place(&record.key()), value))
            .map(drop)
    }
}

impl<R: Derived> PutNewer<R> for MemoryTable<R> {
    async fn put_newer(&self, record: &R) -> Result<bool, StoreError> {
        let value = to_json(record)?;
        let mut rows = lock(&self.rows);
        let place = place(&record.key());
        let stored = rows.get(&place).map(from_json::<R>).transpose()?;
        if stored.is_some_and(|stored| stored.origin() > record.origin()) {
            self.fuse.check()?;
            return Ok(false);
        }
        self.fuse.write(|| rows.insert(place, value))?;
        Ok(true)
    }
}

impl<R: Record> Remove<R> for MemoryTable<R> {
    async fn remove(&self, key: &Key<R>) -> Result<(), StoreError> {
        self.fuse
            .write(|| lock(&self.rows).remove(&place(key)))
            .map(drop)
    }
}

impl<R: Record> List<R> for MemoryTable<R> {
    async fn list(
        &self,
        partition: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<R>, StoreError> {
        self.fuse.check()?;
        let rows = lock(&self.rows);
        // Without `after`, up to the first place that no row of the partition can have.
        let end = after.map_or_else(
            || (format!("{partition}\0"), String::new()),
            |after| (partition.to_owned(), after.to_owned()),
        );
        let mut matching = rows
            .range((partition.to_owned(), String::new())..end)
            .rev()
            .map(|(_, value)| from_json(value));
        let records = matching
            .by_ref()
            .take(limit)
            .collect::<Result<Vec<R>, _>>()?;
        let next = if records.len() == limit && matching.next().is_some() {
            records.last().and_then(|last| last.key().sort)
        } else {
            None
        };
        Ok(Page { records, next })
    }
}

impl CreateAccount for MemoryTable<User> {
    async fn create_account(&self, user: &User, login: &Login) -> Result<bool, StoreError> {
        let (user_value, login_value) = (to_json(user)?, to_json(login)?);
        let mut rows = lock(&self.rows);
        if rows.contains_key(&place(&login.key())) || rows.contains_key(&place(&user.key())) {
            self.fuse.check()?;
            return Ok(false);
        }
        self.fuse.write(|| {
            rows.insert(place(&login.key()), login_value);
            rows.insert(place(&user.key()), user_value);
        })?;
        Ok(true)
    }
}

impl RecentSignals for MemoryTable<DaySignal> {
    async fn recent_signals(&self, user: UserId, limit: usize) -> Result<Vec<Signal>, StoreError> {
        self.fuse.check()?;
        let mut signals = Vec::new();
        for row in lock(&self.rows).values() {
            let row: DaySignal = from_json(row)?;
            if row.signal.user_id == user {
                signals.push(row.signal);
            }
        }
        signals.sort_by_key(|signal| std::cmp::Reverse(signal.created_at));
        signals.truncate(limit);
        Ok(signals)
    }

    async fn worn_since(&self, user: UserId, since: Timestamp) -> Result<Vec<Signal>, StoreError> {
        let mut signals = self.recent_signals(user, usize::MAX).await?;
        signals.retain(|signal| signal.kind == SignalKind::Worn && signal.created_at >= since);
        Ok(signals)
    }
}

impl Revisions for MemoryTable<Item> {
    async fn revisions(&self, owner: UserId) -> Result<Vec<(ItemId, u64)>, StoreError> {
        self.fuse.check()?;
        let owner = owner.to_string();
        let mut revisions = Vec::new();
        for ((partition, _), row) in lock(&self.rows).iter() {
            if *partition == owner {
                let item: Item = from_json(row)?;
                revisions.push((item.item_id, item.revision));
            }
        }
        Ok(revisions)
    }
}

impl CatalogItems for MemoryTable<Item> {
    async fn changed_since(
        &self,
        shard: &str,
        since: Option<Timestamp>,
        after: Option<&CatalogPlace>,
        limit: usize,
    ) -> Result<CatalogPage, StoreError> {
        self.fuse.check()?;
        let since = since.map(since_second).unwrap_or_default();
        let mut places: Vec<CatalogPlace> = lock(&self.rows)
            .values()
            .filter(|row| row["catalog"] == shard)
            .filter_map(|row| serde_json::from_value(row.clone()).ok())
            .filter(|place: &CatalogPlace| place.updated_at >= since)
            .filter(|place| after.is_none_or(|after| place > after))
            .collect();
        places.sort();
        let more = places.len() > limit;
        places.truncate(limit);
        Ok(CatalogPage {
            items: places.iter().filter_map(CatalogPlace::item).collect(),
            next: places.pop().filter(|_| more),
        })
    }
}

/// Counters in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryCounters(Arc<Mutex<HashMap<String, i64>>>);

impl CountAttempts for MemoryCounters {
    async fn add_attempts(&self, id: &str, by: i64, _expires_at: i64) -> Result<i64, StoreError> {
        let mut counters = lock(&self.0);
        let counter = counters.entry(id.to_owned()).or_default();
        *counter += by;
        Ok(*counter)
    }
}

/// A bucket in memory. Clones share their objects.
#[derive(Debug, Clone, Default)]
pub struct MemoryBucket {
    objects: Arc<Mutex<BTreeMap<String, Object>>>,
    fuse: Fuse,
}

impl MemoryBucket {
    /// An empty bucket that dies with `fuse`.
    #[must_use]
    pub fn new(fuse: &Fuse) -> Self {
        Self {
            objects: Arc::default(),
            fuse: fuse.clone(),
        }
    }

    /// What a client's upload does, outside of any process under test.
    pub fn upload(&self, key: &str, content_type: &str, bytes: &[u8]) {
        lock(&self.objects).insert(key.to_owned(), object(content_type, bytes.to_vec()));
    }

    /// Every key, in order.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        lock(&self.objects).keys().cloned().collect()
    }

    /// The content of an object.
    #[must_use]
    pub fn bytes(&self, key: &str) -> Option<Vec<u8>> {
        lock(&self.objects)
            .get(key)
            .map(|object| object.bytes.clone())
    }
}

fn object(content_type: &str, bytes: Vec<u8>) -> Object {
    let head = ObjectHead {
        etag: crate::hash::hex(&bytes),
        length: bytes.len() as u64,
        content_type: Some(content_type.to_owned()),
    };
    Object { head, bytes }
}

impl HeadObject for MemoryBucket {
    async fn head(&self, key: &str) -> Result<Option<ObjectHead>, StoreError> {
        self.fuse.check()?;
        Ok(lock(&self.objects)
            .get(key)
            .map(|object| object.head.clone()))
    }
}

impl GetObject for MemoryBucket {
    async fn get_object(&self, key: &str, limit: u64) -> Result<Option<Object>, StoreError> {
        self.fuse.check()?;
        let object = lock(&self.objects).get(key).cloned();
        if object
            .as_ref()
            .is_some_and(|object| object.head.length > limit)
        {
            return Err(StoreError::new("get object", "over the limit"));
        }
        Ok(object)
    }
}

impl PutObject for MemoryBucket {
    async fn put_object(
        &self,
        key: &str,
        content_type: &'static str,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.fuse.write(|| self.upload(key, content_type, &bytes))
    }
}

impl PutIf for MemoryBucket {
    async fn put_if(
        &self,
        key: &str,
        content_type: &'static str,
        bytes: Vec<u8>,
        expected: &Expected,
    ) -> Result<bool, StoreError> {
        let mut objects = lock(&self.objects);
        let holds = match (objects.get(key), expected) {
            (None, Expected::Nothing) => true,
            (Some(object), Expected::Etag(etag)) => object.head.etag == *etag,
            _ => false,
        };
        if !holds {
            self.fuse.check()?;
            return Ok(false);
        }
        let object = object(content_type, bytes);
        self.fuse.write(|| objects.insert(key.to_owned(), object))?;
        Ok(true)
    }
}

impl GetRange for MemoryBucket {
    async fn get_range(
        &self,
        key: &str,
        etag: &str,
        start: u64,
        out: &mut [u8],
    ) -> Result<bool, StoreError> {
        self.fuse.check()?;
        let objects = lock(&self.objects);
        let object = objects.get(key).filter(|object| object.head.etag == etag);
        let Some(object) = object else {
            return Ok(false);
        };
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let part = start
            .checked_add(out.len())
            .and_then(|end| object.bytes.get(start..end))
            .ok_or_else(|| StoreError::new("get range", "beyond the object's end"))?;
        out.copy_from_slice(part);
        Ok(true)
    }
}

impl DeleteObject for MemoryBucket {
    async fn delete_object(&self, key: &str) -> Result<(), StoreError> {
        self.fuse
            .write(|| lock(&self.objects).remove(key))
            .map(drop)
    }
}

impl ListKeys for MemoryBucket {
    async fn list_keys(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.fuse.check()?;
        let mut keys = self.keys();
        keys.retain(|key| key.starts_with(prefix));
        Ok(keys)
    }
}

impl PresignGet for MemoryBucket {
    async fn presign_get(&self, key: &str, lifetime: Duration) -> Result<String, StoreError> {
        Ok(format!(
            "https://bucket.example/{key}?expires={}",
            lifetime.as_secs()
        ))
    }
}

impl PresignPut for MemoryBucket {
    async fn presign_put(
        &self,
        key: &str,
        upload: Upload,
        lifetime: Duration,
    ) -> Result<PresignedUpload, StoreError> {
        let headers = BTreeMap::from([
            (
                "content-type".to_owned(),
                upload.content_type.as_str().to_owned(),
            ),
            (
                "content-length".to_owned(),
                upload.content_length.to_string(),
            ),
        ]);
        Ok(PresignedUpload {
            method: "PUT",
            url: format!("https://bucket.example/{key}"),
            headers,
            expires_at: Timestamp::now_utc() + lifetime,
        })
    }
}

/// A queue in memory. Clones share their messages.
#[derive(Debug)]
pub struct MemoryQueue<M> {
    messages: Arc<Mutex<Vec<serde_json::Value>>>,
    delays: Arc<Mutex<Vec<(String, Duration)>>>,
    fuse: Fuse,
    message: PhantomData<fn() -> M>,
}

impl<M> Clone for MemoryQueue<M> {
    fn clone(&self) -> Self {
        Self {
            messages: self.messages.clone(),
            delays: self.delays.clone(),
            fuse: self.fuse.clone(),
            message: PhantomData,
        }
    }
}

impl<M> Default for MemoryQueue<M> {
    fn default() -> Self {
        Self::new(&Fuse::default())
    }
}

impl<M> MemoryQueue<M> {
    /// An empty queue that dies with `fuse`.
    #[must_use]
    pub fn new(fuse: &Fuse) -> Self {
        Self {
            messages: Arc::default(),
            delays: Arc::default(),
            fuse: fuse.clone(),
            message: PhantomData,
        }
    }

    /// Every delay that was asked for: receipt handle and time.
    #[must_use]
    pub fn delays(&self) -> Vec<(String, Duration)> {
        lock(&self.delays).clone()
    }
}

impl<M: Message> MemoryQueue<M> {
    /// Every message sent so far, oldest first.
    #[must_use]
    pub fn sent(&self) -> Vec<M> {
        lock(&self.messages)
            .iter()
            .filter_map(|value| serde_json::from_value(value.clone()).ok())
            .collect()
    }
}

impl<M: Message> Enqueue<M> for MemoryQueue<M> {
    async fn enqueue_after(&self, message: &M, _delay: Duration) -> Result<(), StoreError> {
        let value = serde_json::to_value(message)
            .map_err(|error| StoreError::new("send message", error))?;
        self.fuse.write(|| lock(&self.messages).push(value))
    }
}

impl<M: Message> RetryLater for MemoryQueue<M> {
    async fn retry_later(&self, receipt_handle: &str, delay: Duration) -> Result<(), StoreError> {
        self.fuse.check()?;
        lock(&self.delays).push((receipt_handle.to_owned(), delay));
        Ok(())
    }
}
