//! The `reindex` job: what boutiques sell becomes an index that the recommender searches.
//!
//! A version of the index is a base and at most one delta over it. Every two minutes the delta is made anew, of all
//! that has changed since the base: so it needs no memory of earlier runs, one that is cut off is made good by the
//! next, and one that finds the same as the last changes nothing. When the delta has grown large, and once a day in
//! any case, everything becomes a new base, which also finds what no change has told of.
//!
//! By hand, `aws lambda invoke --function-name drape-<stage>-reindex --cli-binary-format raw-in-base64-out --payload
//! '{"rollback_to": "<version>"}' /dev/stdout` goes back to an earlier version; `aws s3 ls
//! s3://drape-<stage>-learned-<account>/index/` names them. That version is held: scheduled runs leave it alone until
//! `{"full": true}` makes everything anew or `{"resume": true}` goes on from there.
//!
//! What has changed is told by the index of `items` over the catalogue, where deleted items leave a mark; what it
//! has become is read from the items themselves. Two runs at once do no harm: the one that publishes later loses.

mod build;
mod event;
mod liked;
mod read;

use drape_common::{
    batch::JobError,
    hash,
    live::{
        Draft, INDEX, IndexNote, Keep, Outcome, Standing, new_version, prune, publish, resume,
        roll_back, standing,
    },
    store::{
        GetMany,
        blob::{DeleteObject, GetObject, HeadObject, ListKeys, PutIf, PutObject},
        queries::CatalogItems,
        tables::Embedding,
    },
};
use drape_domain::{Item, Timestamp};
use serde::Serialize;
use serde_json::Value;
use time::Duration;

use build::{Base, Delta};
use event::Task;

/// How far before the making of the base changes are looked for: for what the index over the catalogue tells late,
/// and for clocks that differ. A change is dated before it is written, by at most the time that a function may take.
const OVERLAP: Duration = Duration::minutes(2);
/// A base is made anew after so long.
const BASE_LASTS: Duration = Duration::days(1);
/// A base is not made anew for the size of its delta before so long, or a large import would have it made with every
/// run until the overlap is past.
const BASE_RESTS: Duration = Duration::minutes(10);
/// Changed items over which a base is made anew: a tenth of it, but not for a few.
const LARGE_DELTA: usize = 1_000;
/// Versions that stay: those of the last hours, and one for each day of a week to go back to.
const KEPT_VERSIONS: usize = 30;
const KEPT_DAYS: usize = 7;
/// Longer than a run can take.
const RUN_LASTS: Duration = Duration::hours(1);

/// What makes the index.
#[derive(Debug)]
pub struct Reindex<I, E, B> {
    /// Items.
    pub items: I,
    /// Vectors.
    pub embeddings: E,
    /// Where the index is published.
    pub learned: B,
    /// The time.
    pub clock: fn() -> Timestamp,
}

/// What came of it.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Done {
    /// A version is current that was not before.
    Published {
        /// Its name.
        version: String,
        /// What it holds.
        #[serde(flatten)]
        holds: Option<IndexNote>,
    },
    /// The index is as it should be.
    Unchanged,
    /// Another run was faster.
    Lost,
    /// Somebody went back to an earlier version, which stays until `{"full": true}` or `{"resume": true}`.
    Held,
}

impl<I, E, B> Reindex<I, E, B>
where
    I: CatalogItems + GetMany<Item>,
    E: GetMany<Embedding>,
    B: GetObject + HeadObject + PutObject + PutIf + ListKeys + DeleteObject,
{
    /// Works on an event: `{}` brings the index up to date, `{"full": true}` makes it anew,
    /// `{"rollback_to": "<version>"}` goes back to an earlier version and holds it, `{"resume": true}` ends that.
    ///
    /// # Errors
    /// When an event cannot be read or a store fails. The next run makes it good.
    pub async fn handle(&self, event: Value) -> Result<Done, JobError> {
        let done = match Task::read(event)? {
            Task::Update => self.update().await?,
            Task::Full => self.full(&standing(&self.learned, INDEX).await?).await?,
            Task::RollBack(version) => published(roll_back(&self.learned, INDEX, &version).await?),
            Task::Resume => match resume(&self.learned, INDEX).await? {
                true => self.update().await?,
                false => Done::Unchanged,
            },
        };
        tracing::info!(done = ?done, "index");
        if let Done::Published { .. } = done {
            let keep = Keep {
                newest: KEPT_VERSIONS,
                days: KEPT_DAYS,
                since: (self.clock)() - RUN_LASTS,
            };
            prune(&self.learned, INDEX, keep).await?;
        }
        Ok(done)
    }

    async fn update(&self) -> Result<Done, JobError> {
        let now = (self.clock)();
        let standing = standing(&self.learned, INDEX).await?;
        let Some(pointer) = &standing.pointer else {
            return self.full(&standing).await;
        };
        if pointer.held {
            return Ok(Done::Held);
        }
        let note = IndexNote::of(pointer).filter(|note| now - note.base_made_at < BASE_LASTS);
        let Some(note) = note else {
            return self.full(&standing).await;
        };
        let since = note.base_made_at - OVERLAP;
        let changed = read::changed(&self.items, Some(since)).await?;
        let is_large = changed.len() > LARGE_DELTA.max(note.base_rows / 10);
        if is_large && now - note.base_made_at >= BASE_RESTS {
            return self.full(&standing).await;
        }
        let Some(base) = pointer.files.first() else {
            return self.full(&standing).await;
        };
        // Named after its base, so that the same items make the same bytes.
        let mut delta = Delta::new(&note.model, note.dim, &hash_name(&base.sha256))?;
        let liked = liked::liked(&self.learned).await?;
        read::read(&self.items, &self.embeddings, &liked, changed, |found| {
            delta.add(found)
        })
        .await?;
        let before = pointer.files.get(1);
        if delta.is_empty() && before.is_none() {
            return Ok(Done::Unchanged);
        }
        let delta = delta.write()?;
        if before.is_some_and(|before| before.sha256 == hash::hex(&delta.bytes)) {
            return Ok(Done::Unchanged);
        }
        let note = IndexNote {
            delta_rows: delta.rows,
            delta_gone: delta.gone,
            ..note
        };
        let draft = Draft {
            version: new_version(now),
            kept: vec![base.clone()],
            made: vec![("delta.idx".to_owned(), delta.bytes)],
            made_at: now,
            note: to_json(&note)?,
        };
        Ok(published(
            publish(&self.learned, INDEX, &standing, draft).await?,
        ))
    }

    /// Makes everything anew. Nothing if nothing was ever for sale.
    async fn full(&self, standing: &Standing) -> Result<Done, JobError> {
        let now = (self.clock)();
        let version = new_version(now);
        let mut base = Base::new(&version);
        let all = read::changed(&self.items, None).await?;
        let mut outcome = Ok(());
        let liked = liked::liked(&self.learned).await?;
        read::read(&self.items, &self.embeddings, &liked, all, |found| {
            if outcome.is_ok() {
                outcome = base.add(found);
            }
        })
        .await?;
        outcome?;
        let before = standing.pointer.as_ref().and_then(IndexNote::of);
        let before = before.map(|note| (note.model, note.dim));
        let Some((model, dim, segment)) = base.write(before)? else {
            return Ok(Done::Unchanged);
        };
        let note = IndexNote {
            model,
            dim,
            base_rows: segment.rows,
            base_made_at: now,
            delta_rows: 0,
            delta_gone: 0,
        };
        let draft = Draft {
            version,
            kept: Vec::new(),
            made: vec![("base.idx".to_owned(), segment.bytes)],
            made_at: now,
            note: to_json(&note)?,
        };
        Ok(published(
            publish(&self.learned, INDEX, standing, draft).await?,
        ))
    }
}

/// The beginning of a hash, as a name.
fn hash_name(sha256: &str) -> String {
    sha256.chars().take(32).collect()
}

fn to_json(note: &IndexNote) -> Result<Value, JobError> {
    serde_json::to_value(note).map_err(|error| JobError::Other(error.to_string()))
}

fn published(outcome: Outcome) -> Done {
    match outcome {
        Outcome::Published(pointer) => Done::Published {
            holds: IndexNote::of(&pointer),
            version: pointer.version,
        },
        Outcome::Lost => Done::Lost,
    }
}

#[cfg(test)]
mod tests;
