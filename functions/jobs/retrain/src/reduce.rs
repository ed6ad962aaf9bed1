//! A model from what the shards have left, and whether it is served.

use drape_common::{
    batch::JobError,
    live::{self, Draft, Keep, MODELS, Outcome, Standing},
    store::{
        GetMany, StoreError,
        blob::{DeleteObject, GetObject, HeadObject, ListKeys, PutIf, PutObject, keys},
        queue::Pace,
        tables::{DAY_SHARDS, Embedding},
    },
};
use drape_domain::{Item, Timestamp};
use drape_taste::{Decision, Model, Summary, challenge, drift::Fall, outfits};
use futures::{StreamExt, TryStreamExt, stream};
use time::{Date, Duration, Time};

use crate::{
    Retrain,
    pieces::pieces,
    report::Report,
    shard::{BINARY, CATCH_UP_DAYS},
};

/// Days back to which a memory is looked for; by then it has faded to less than half.
const MEMORY_DAYS: i64 = 60;
/// The largest file that is read: what `drape_taste` writes at most, and its head.
const MOST_BYTES: u64 = 129 << 20;
/// Checkpoints read at once; some ten megabytes each.
const AT_ONCE: usize = 4;
/// A report is some kilobytes.
const MOST_REPORT: u64 = 1 << 20;
/// The note of a fall is a line.
const MOST_NOTE: u64 = 4096;
/// The model among the files of a version.
const MODEL: &str = "model.bin";
const JSON: &str = "application/json";
/// Models that can be gone back to, beside the current and the previous one.
const KEPT_MODELS: usize = 14;
/// A model's name is that of its day's end; one that a run may just be publishing is not older than this.
const RUN_LASTS: Duration = Duration::days(2);

impl<G, H, I, E, S, B, Q> Retrain<G, H, I, E, S, B, Q>
where
    G: Sync,
    H: Sync,
    I: GetMany<Item>,
    E: GetMany<Embedding>,
    S: Sync,
    B: HeadObject + GetObject + PutObject + PutIf + ListKeys + DeleteObject,
    Q: Sync,
{
    /// Learns from all that is known after the day, and answers what came of it. A day that has its report is
    /// done; anything else is done again and ends the same, since a day's model has a name of its own.
    pub(crate) async fn reduce(&self, day: Date, asked: Pace) -> Result<Report, JobError> {
        let pace = self.pace(day, asked).await?;
        let done = keys::learning(day, report_name(pace));
        if let Some(report) = self.report(&done).await? {
            return Ok(report);
        }
        let standing = live::standing(&self.learned, MODELS).await?;
        let version = version(day, pace);
        let written = match published(&standing, &version) {
            // Cut off right after it was published.
            Some(written) => written,
            None => self
                .compete(day, pace, &version, &standing)
                .await?
                .to_json()?,
        };
        // As it is written, so that a repetition answers the same to the last digit.
        let report: Report = serde_json::from_slice(&written)
            .map_err(|error| StoreError::new("read report", error))?;
        if report.promoted() {
            let keep = Keep {
                newest: KEPT_MODELS,
                days: 0,
                since: (self.clock)() - RUN_LASTS,
            };
            live::prune(&self.learned, MODELS, keep).await?;
        }
        self.learned.put_object(&done, JSON, written).await?;
        Ok(report)
    }

    /// As was asked, but fast while a fall of engagement lasts: a steady model that follows a fast one by a day
    /// would have all of the old evidence back.
    async fn pace(&self, day: Date, asked: Pace) -> Result<Pace, StoreError> {
        let note = self.learned.get_object(keys::FALL, MOST_NOTE).await?;
        let fall = note.and_then(|note| serde_json::from_slice::<Fall>(&note.bytes).ok());
        let lasts = fall.is_some_and(|fall| fall.lasts(day));
        Ok(if lasts { Pace::Fast } else { asked })
    }

    /// Trains a challenger, compares it with the champion, and publishes it if it wins.
    async fn compete(
        &self,
        day: Date,
        pace: Pace,
        version: &str,
        standing: &Standing,
    ) -> Result<Report, JobError> {
        let (memory, missing_shards) = self.memory(day).await?;
        let champion = self.champion(standing).await?;
        let wanted = outfits::wanted(&memory);
        let pieces = pieces(&self.items, &self.embeddings, self.model, wanted).await?;
        let pace = taste_pace(pace);
        // The day's end rather than now, so that the same day makes the same model.
        let made_at = end_of(day);
        let mut challenge = challenge(&champion, &memory, &pieces, pace, (version, made_at));
        let compared = challenge.evaluation.decision;
        challenge.evaluation.decision = decide(standing, version, compared);
        let training = drape_taste::Report::new(&champion, &challenge, &memory, pace);
        let report = Report {
            through: day,
            made_at: (self.clock)(),
            missing_shards,
            training,
        };
        if report.promoted() {
            self.promote(standing, version, &challenge.model, &report)
                .await?;
        }
        Ok(report)
    }

    async fn promote(
        &self,
        standing: &Standing,
        version: &str,
        challenger: &Model,
        report: &Report,
    ) -> Result<(), JobError> {
        let bytes = challenger
            .to_bytes()
            .map_err(|error| StoreError::new("write model", error))?;
        let draft = Draft {
            version: version.to_owned(),
            kept: Vec::new(),
            made: vec![(MODEL.to_owned(), bytes)],
            made_at: challenger.made_at,
            // Beside its model, so that none is without.
            note: String::from_utf8_lossy(&report.to_json()?).into(),
        };
        match live::publish(&self.learned, MODELS, standing, draft).await? {
            Outcome::Published(_) => Ok(()),
            // The next try compares with that one.
            Outcome::Lost => Err(JobError::Other("another model was just published".into())),
        }
    }

    /// All that is known after the day, and which of its shards are missing.
    async fn memory(&self, day: Date) -> Result<(Summary, Vec<u8>), JobError> {
        let key = keys::learning(day, keys::MEMORY);
        let (of_day, missing) = self.day(day).await?;
        if let Some(memory) = self.summary(&key).await? {
            return Ok((memory, missing));
        }
        let Some(of_day) = of_day else {
            return Err(JobError::Other(format!("no shard of {day} is done")));
        };
        let (mut memory, since) = self.last_memory(day).await?;
        if let Some(memory) = &mut memory {
            self.complete(memory, day).await?;
        }
        let mut missed = since.next_day();
        while let Some(past) = missed.filter(|past| *past < day) {
            let (of_past, missing) = self.day(past).await?;
            advance(&mut memory, of_past, past, &missing);
            missed = past.next_day();
        }
        advance(&mut memory, Some(of_day), day, &missing);
        let memory = memory.ok_or_else(|| JobError::Other("nothing is known".into()))?;
        let bytes = memory
            .to_bytes()
            .map_err(|error| StoreError::new("write memory", error))?;
        self.learned.put_object(&key, BINARY, bytes).await?;
        Ok((memory, missing))
    }

    /// Takes in what shards have left since of days on which they were lost. A shard goes back so many days and no
    /// further, so what is older than that is given up.
    async fn complete(&self, memory: &mut Summary, day: Date) -> Result<(), StoreError> {
        let lacking: Vec<(Date, u8)> = memory.lacking().collect();
        for part in lacking {
            let (past, shard) = part;
            if past < day - Duration::days(CATCH_UP_DAYS) {
                tracing::error!(%past, shard, "a shard's day was never learned from");
                memory.do_without(part);
            } else if let Some(late) = self.summary(&keys::checkpoint(past, shard)).await? {
                tracing::info!(%past, shard, "a shard has come late");
                memory.complete(part, late);
            }
        }
        Ok(())
    }

    /// What was known before the day, and up to which day its shards are in it.
    async fn last_memory(&self, day: Date) -> Result<(Option<Summary>, Date), StoreError> {
        for ago in 1..=MEMORY_DAYS {
            let past = day - Duration::days(ago);
            let key = keys::learning(past, keys::MEMORY);
            if self.learned.head(&key).await?.is_some()
                && let Some(memory) = self.summary(&key).await?
            {
                return Ok((Some(memory), past));
            }
        }
        let first = day - Duration::days(CATCH_UP_DAYS + 1);
        Ok((None, first))
    }

    /// What the shards of a day have left together, and which have left nothing.
    async fn day(&self, day: Date) -> Result<(Option<Summary>, Vec<u8>), StoreError> {
        let found: Vec<(u8, Option<Summary>)> = stream::iter(0..DAY_SHARDS)
            .map(|shard| async move {
                let summary = self.summary(&keys::checkpoint(day, shard)).await?;
                Ok::<_, StoreError>((shard, summary))
            })
            // In order, so that sums come out the same.
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let mut whole: Option<Summary> = None;
        let mut missing = Vec::new();
        for (shard, summary) in found {
            match (&mut whole, summary) {
                (_, None) => missing.push(shard),
                (Some(whole), Some(summary)) => whole.merge(&summary),
                (whole @ None, Some(summary)) => *whole = Some(summary),
            }
        }
        Ok((whole, missing))
    }

    /// A stored summary. One that is damaged counts as missing: what is left is worth learning from.
    async fn summary(&self, key: &str) -> Result<Option<Summary>, StoreError> {
        let Some(object) = self.learned.get_object(key, MOST_BYTES).await? else {
            return Ok(None);
        };
        match Summary::from_bytes(&object.bytes) {
            Ok(summary) => Ok(Some(summary)),
            Err(error) => {
                tracing::error!(key, cause = %error, "unreadable summary");
                Ok(None)
            }
        }
    }

    /// The model that is served now.
    async fn champion(&self, standing: &Standing) -> Result<Model, StoreError> {
        let pointer = standing.pointer.as_ref();
        let file = pointer.and_then(|pointer| pointer.files.first());
        let Some(file) = file else {
            return Ok(Model::builtin());
        };
        let object = self.learned.get_object(&file.key, MOST_BYTES).await?;
        let read = object.map(|object| Model::from_bytes(&object.bytes));
        Ok(match read {
            Some(Ok(model)) => model,
            // Readers do not use it either.
            broken => {
                tracing::error!(key = file.key, found = broken.is_some(), "unusable model");
                Model::builtin()
            }
        })
    }

    async fn report(&self, key: &str) -> Result<Option<Report>, StoreError> {
        let object = self.learned.get_object(key, MOST_REPORT).await?;
        Ok(object.and_then(|object| serde_json::from_slice(&object.bytes).ok()))
    }
}

/// Goes on to a day, as far as its shards have left something, and notes what it lacks.
fn advance(memory: &mut Option<Summary>, left: Option<Summary>, day: Date, missing: &[u8]) {
    match (&mut *memory, left) {
        (Some(memory), Some(left)) => {
            memory.advance(&left);
        }
        (None, Some(left)) => *memory = Some(left.into_memory()),
        (_, None) => {}
    }
    if let Some(memory) = memory {
        memory.lack(day, missing.iter().copied());
    }
}

/// The report of a version that is current, as it was published with it.
fn published(standing: &Standing, version: &str) -> Option<Vec<u8>> {
    let pointer = standing.pointer.as_ref()?;
    let written = pointer.note.as_str()?;
    (pointer.version == version).then(|| written.as_bytes().to_vec())
}

/// What the comparison says, unless something else stands against it.
fn decide(standing: &Standing, version: &str, compared: Decision) -> Decision {
    let no = |why: String| Decision {
        promoted: false,
        why,
    };
    match &standing.pointer {
        Some(pointer) if pointer.held => {
            no(format!("somebody has gone back to {}", pointer.version))
        }
        // Names sort by day.
        Some(pointer) if pointer.version.as_str() >= version => {
            no(format!("{} is of a later day", pointer.version))
        }
        _ => compared,
    }
}

/// The name of a day's model. It sorts by day, and a fast one after the steady one of its day.
pub(crate) fn version(day: Date, pace: Pace) -> String {
    let (year, month, of_month) = day.to_calendar_date();
    let suffix = match pace {
        Pace::Steady => "",
        Pace::Fast => "-fast",
    };
    format!(
        "{year:04}{:02}{of_month:02}T235959Z{suffix}",
        u8::from(month)
    )
}

fn end_of(day: Date) -> Timestamp {
    day.with_time(Time::MIDNIGHT).assume_utc() + Duration::seconds(86_399)
}

const fn report_name(pace: Pace) -> &'static str {
    match pace {
        Pace::Steady => "report.json",
        Pace::Fast => "report-fast.json",
    }
}

const fn taste_pace(pace: Pace) -> drape_taste::Pace {
    match pace {
        Pace::Steady => drape_taste::Pace::STEADY,
        Pace::Fast => drape_taste::Pace::FAST,
    }
}
