//! What is current, loaded and kept up to date.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

use super::pointer::{File, Pointer, describe, standing};
use crate::{
    hash,
    store::{
        StoreError,
        blob::{Expected, GetObject, HeadObject},
        ranges::{GetRange, read_object},
    },
};

/// Between two looks at the pointer.
const CHECK_EVERY: Duration = Duration::from_secs(30);
/// After which a version that could not be used is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(600);
/// A check that has not ended by then was cut off, such as by a frozen instance.
const CHECK_LASTS: Duration = Duration::from_secs(120);
/// Init may take ten seconds on Lambda, and has other things to do.
const START_LASTS: Duration = Duration::from_secs(8);
/// Files that are read side by side; each comes in several parts at once.
const FILES_AT_ONCE: usize = 4;

/// Why something cannot be used.
pub type Broken = Box<dyn std::error::Error + Send + Sync>;

type Open<P> = dyn Fn(&Pointer, Bytes) -> Result<P, Broken> + Send + Sync;
type Join<P, T> = dyn Fn(&[Arc<P>]) -> Result<T, Broken> + Send + Sync;

/// A version in use.
#[derive(Debug)]
pub struct Loaded<T> {
    /// Its description.
    pub pointer: Pointer,
    /// What was made of its files.
    pub value: T,
}

/// Holds what is current below a prefix of a bucket, made of files `P` that are opened one by one, and follows the
/// pointer. Clones share what is loaded.
///
/// A file that two versions have in common is read and opened once. While a version is replaced, both are in memory.
pub struct Live<P, T, B> {
    shared: Arc<Shared<P, T, B>>,
}

struct Shared<P, T, B> {
    bucket: B,
    prefix: &'static str,
    limit: u64,
    open: Arc<Open<P>>,
    join: Arc<Join<P, T>>,
    state: Mutex<State<P, T>>,
}

struct State<P, T> {
    current: Option<Arc<Loaded<T>>>,
    /// The files of what is current.
    parts: Vec<(File, Arc<P>)>,
    /// When the pointer was looked at last.
    checked_at: Option<Instant>,
    checking: bool,
    /// The pointer that led to something that cannot be used, and when that was found.
    refused: Option<(Expected, Instant)>,
}

impl<P, T, B> Clone for Live<P, T, B> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<P, T, B: fmt::Debug> fmt::Debug for Live<P, T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state();
        let version = state.current.as_ref().map(|loaded| &loaded.pointer.version);
        f.debug_struct("Live")
            .field("bucket", &self.shared.bucket)
            .field("prefix", &self.shared.prefix)
            .field("version", &version)
            .finish_non_exhaustive()
    }
}

/// Why a version did not come to be used.
enum Fault {
    /// The store did not answer: the next check tries again.
    Store(StoreError),
    /// It is broken, or too new for this program.
    Unusable(String),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Unusable(why) => f.write_str(why),
        }
    }
}

impl<P, T, B> Shared<P, T, B> {
    fn state(&self) -> MutexGuard<'_, State<P, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P, T, B> Live<P, T, B>
where
    P: Send + Sync + 'static,
    T: Send + Sync + 'static,
    B: GetObject + HeadObject + GetRange + 'static,
{
    /// Nothing yet. `open` makes something of a version's file, whose bytes are those that were published and begin
    /// at a multiple of 64 in memory. `join` puts together what was opened, in the publisher's order. Both refuse
    /// what this program cannot use. Files of more than `limit` bytes are not read.
    pub fn new(
        bucket: B,
        prefix: &'static str,
        limit: u64,
        open: impl Fn(&Pointer, Bytes) -> Result<P, Broken> + Send + Sync + 'static,
        join: impl Fn(&[Arc<P>]) -> Result<T, Broken> + Send + Sync + 'static,
    ) -> Self {
        let state = Mutex::new(State {
            current: None,
            parts: Vec::new(),
            checked_at: None,
            checking: false,
            refused: None,
        });
        let shared = Shared {
            bucket,
            prefix,
            limit,
            open: Arc::new(open),
            join: Arc::new(join),
            state,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Loads what is current, or the version before it if that cannot be used. If neither can, or not in time, the
    /// log says why, and there is nothing until a later check finds something.
    pub async fn start(&self) {
        let check = self.shared.check(true, Instant::now());
        if timeout(START_LASTS, check).await.is_err() {
            tracing::error!(prefix = self.shared.prefix, "loading takes too long");
        }
    }

    /// What is loaded.
    #[must_use]
    pub fn current(&self) -> Option<Arc<Loaded<T>>> {
        self.shared.state().current.clone()
    }

    /// Has the pointer looked at beside the request that calls this, at most every half minute, and loads what is
    /// new. Takes no time itself. Lambda lets that work go on only while there are requests, so that it may take
    /// several of them.
    pub fn refresh(&self) {
        drop(self.refresh_at(Instant::now()));
    }

    /// The same at a given time; answers the check if there is one, for who wants to wait for its end.
    pub fn refresh_at(&self, now: Instant) -> Option<JoinHandle<()>> {
        {
            let mut state = self.shared.state();
            let since = state.checked_at.map(|at| now.duration_since(at));
            let pause = if state.checking {
                CHECK_LASTS
            } else {
                CHECK_EVERY
            };
            if since.is_some_and(|since| since < pause) {
                return None;
            }
            (state.checked_at, state.checking) = (Some(now), true);
        }
        let shared = self.shared.clone();
        Some(tokio::spawn(async move { shared.check(false, now).await }))
    }
}

impl<P, T, B> Shared<P, T, B>
where
    P: Send + Sync + 'static,
    T: Send + Sync + 'static,
    B: GetObject + HeadObject + GetRange,
{
    async fn check(&self, at_start: bool, now: Instant) {
        let checked = self.follow(at_start, now).await;
        if let Err(error) = checked {
            tracing::warn!(prefix = self.prefix, cause = %error, "looking for a new version");
        }
        let mut state = self.state();
        (state.checked_at, state.checking) = (Some(now), false);
    }

    async fn follow(&self, at_start: bool, now: Instant) -> Result<(), StoreError> {
        let standing = standing(&self.bucket, self.prefix).await?;
        let seen_before = {
            let state = self.state();
            let current = state.current.as_ref().map(|loaded| &loaded.pointer);
            if current.is_some() && current == standing.pointer.as_ref() {
                return Ok(());
            }
            let refused = state.refused.as_ref();
            let refused = refused.filter(|(pointer, _)| *pointer == standing.expected);
            if refused.is_some_and(|(_, at)| now.duration_since(*at) < RETRY_AFTER) {
                return Ok(());
            }
            refused.is_some()
        };
        let previous = standing.pointer.as_ref();
        let previous = previous.and_then(|pointer| pointer.previous.clone());
        let why = match (standing.pointer, &standing.expected) {
            (None, Expected::Nothing) => return Ok(()),
            (None, Expected::Etag(_)) => "the pointer cannot be read".to_owned(),
            (Some(pointer), _) => match self.load(pointer).await {
                Ok(()) => return Ok(()),
                Err(Fault::Store(error)) => return Err(error),
                Err(Fault::Unusable(why)) => why,
            },
        };
        self.state().refused = Some((standing.expected, now));
        // Once for each version, not at every try.
        if !seen_before {
            tracing::error!(
                prefix = self.prefix,
                cause = why,
                "what is current cannot be used"
            );
        }
        if let (true, Some(previous)) = (at_start, previous) {
            self.load_previous(&previous).await;
        }
        Ok(())
    }

    async fn load_previous(&self, version: &str) {
        let loaded = match describe(&self.bucket, self.prefix, version).await {
            Ok(Some(pointer)) => self.load(pointer).await,
            Ok(None) => Err(Fault::Unusable("it is not described".to_owned())),
            Err(error) => Err(error.into()),
        };
        if let Err(why) = loaded {
            tracing::error!(prefix = self.prefix, version, cause = %why, "nor can the version before");
        }
    }

    /// Loads a version and makes it the current one.
    async fn load(&self, pointer: Pointer) -> Result<(), Fault> {
        let started = Instant::now();
        let files = pointer.files.iter();
        let parts: Vec<_> = files.map(|file| self.part(&pointer, file)).collect();
        let parts: Vec<Arc<P>> = stream::iter(parts)
            .buffered(FILES_AT_ONCE)
            .try_collect()
            .await?;
        let (join, opened) = (self.join.clone(), parts.clone());
        let value = aside(move || join(&opened))
            .await
            .map_err(|why| Fault::Unusable(why.to_string()))?;
        let ms = started.elapsed().as_secs_f64() * 1e3;
        let version = pointer.version.clone();
        {
            let mut state = self.state();
            state.parts = pointer.files.iter().cloned().zip(parts).collect();
            state.current = Some(Arc::new(Loaded { pointer, value }));
        }
        tracing::info!(prefix = self.prefix, version, ms, "a version is in use");
        Ok(())
    }

    async fn part(&self, pointer: &Pointer, file: &File) -> Result<Arc<P>, Fault> {
        let known = {
            let state = self.state();
            let parts = &mut state.parts.iter();
            parts
                .find(|(known, _)| known == file)
                .map(|(_, part)| part.clone())
        };
        if let Some(part) = known {
            return Ok(part);
        }
        let unusable = |why: &dyn fmt::Display| Fault::Unusable(format!("{}: {why}", file.key));
        if file.length > self.limit {
            return Err(unusable(&"it is too large"));
        }
        let bytes = read_object(&self.bucket, &file.key, self.limit).await?;
        let bytes = bytes.ok_or_else(|| unusable(&"it is gone"))?;
        let (open, sha256) = (self.open.clone(), file.sha256.clone());
        let pointer = pointer.clone();
        let opened = aside(move || {
            if hash::hex(&bytes) != sha256 {
                return Err(Broken::from("its content is not what was published"));
            }
            open(&pointer, bytes).map(Arc::new)
        });
        opened.await.map_err(|why| unusable(&why))
    }
}

/// Works on a thread of its own: the one of the requests must not wait for it.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Broken> + Send + 'static,
) -> Result<T, Broken> {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(panic) => Err(panic.into()),
    }
}
