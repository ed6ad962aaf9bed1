//! The `drift` job: looks whether the world has moved away from what was learned.
//!
//! Daily, after learning. What it sees becomes metrics, on which the template has alarms, and a report beside the
//! day's other ones. If people do ever less with what they are shown, it asks for a training that learns faster,
//! once for each fall however often the job runs, and notes the fall: while it lasts, the daily training is as fast.

use drape_common::{
    batch::JobError,
    date, metrics,
    store::{
        StoreError,
        blob::{GetObject, PutObject, keys},
        queue::{Enqueue, Pace, Retrain},
    },
};
use drape_domain::Timestamp;
use drape_taste::{
    Summary,
    drift::{Drift as Seen, Fall, drift},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::{Date, Duration};

/// The largest memory that is read: what `drape_taste` writes at most, and its head.
const MOST_BYTES: u64 = 129 << 20;
/// The note of a fall is a line.
const MOST_NOTE: u64 = 4096;
const JSON: &str = "application/json";

/// What looks.
#[derive(Debug)]
pub struct Drift<B, Q> {
    /// The bucket of what is learned.
    pub learned: B,
    /// Where faster learning is asked for.
    pub queue: Q,
    /// Which deployment the metrics are of.
    pub stage: String,
    /// Where metrics go, a line for a run.
    pub emit: fn(&str),
    /// The time.
    pub clock: fn() -> Timestamp,
}

/// What the job is told: by its schedule nothing, which means yesterday.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    #[serde(default, with = "date::option")]
    day: Option<Date>,
}

/// What is left for people to read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The last day that was learned from.
    #[serde(with = "date")]
    pub through: Date,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: Timestamp,
    /// The first day of the fall that faster learning was asked for; none if engagement has not fallen.
    #[serde(default, with = "date::option")]
    pub fallen_since: Option<Date>,
    /// The last day beside those before it; none if nothing was ever shown.
    pub drift: Option<Seen>,
}

impl<B, Q> Drift<B, Q>
where
    B: GetObject + PutObject,
    Q: Enqueue<Retrain>,
{
    /// Looks at a day.
    ///
    /// # Errors
    /// When an event cannot be read, the day has not been learned from yet, or a store fails.
    pub async fn handle(&self, event: Value) -> Result<Value, JobError> {
        let unreadable =
            |why: &dyn std::fmt::Display| JobError::Other(format!("unreadable event: {why}"));
        // A list would be read too, as the fields in their order.
        if !event.is_object() {
            return Err(unreadable(&"not an object"));
        }
        let order: Order = serde_json::from_value(event).map_err(|error| unreadable(&error))?;
        let now = (self.clock)();
        let day = order.day.unwrap_or_else(|| now.date() - Duration::days(1));
        let memory = self.memory(day).await?;
        let seen = drift(memory.days());
        let fallen = seen.as_ref().is_some_and(|seen| seen.sustained_fall);
        let fall = if fallen {
            Some(self.answer(day).await?)
        } else {
            None
        };
        let report = Report {
            through: day,
            made_at: now,
            fallen_since: fall.map(|fall| fall.since),
            drift: seen,
        };
        let key = keys::learning(day, keys::DRIFT);
        let bytes = serde_json::to_vec_pretty(&report).map_err(|error| unwritable(&error))?;
        self.learned.put_object(&key, JSON, bytes).await?;
        if let Some(seen) = &report.drift {
            (self.emit)(&metrics::line(&self.stage, now, &values(seen)));
            for words in &seen.alarms {
                tracing::warn!(%day, words, "drift");
            }
        }
        serde_json::to_value(&report).map_err(|error| unwritable(&error))
    }

    /// Asks for faster learning, unless that was done for this fall, and notes that it was seen.
    async fn answer(&self, day: Date) -> Result<Fall, JobError> {
        let known = self.learned.get_object(keys::FALL, MOST_NOTE).await?;
        let known: Option<Fall> =
            known.and_then(|object| serde_json::from_slice(&object.bytes).ok());
        let is_later = |fall: &Fall| day <= fall.last_seen;
        let fall = match known.filter(|fall| is_later(fall) || fall.lasts(day)) {
            Some(fall) if is_later(&fall) => return Ok(fall),
            Some(fall) => Fall {
                last_seen: day,
                ..fall
            },
            None => {
                let ask = Retrain {
                    day,
                    pace: Pace::Fast,
                    runs: 0,
                };
                // Asked before it is noted: cut off in between, it is asked twice, and the day's fast training
                // is done once.
                self.queue.enqueue(&ask).await?;
                Fall {
                    since: day,
                    last_seen: day,
                }
            }
        };
        let bytes = serde_json::to_vec(&fall).map_err(|error| unwritable(&error))?;
        self.learned.put_object(keys::FALL, JSON, bytes).await?;
        Ok(fall)
    }

    async fn memory(&self, day: Date) -> Result<Summary, JobError> {
        let key = keys::learning(day, keys::MEMORY);
        let object = self.learned.get_object(&key, MOST_BYTES).await?;
        let object = object
            .ok_or_else(|| JobError::Other(format!("{day} has not been learned from yet")))?;
        let memory = Summary::from_bytes(&object.bytes);
        Ok(memory.map_err(|error| StoreError::new("read memory", error))?)
    }
}

fn unwritable(error: &serde_json::Error) -> JobError {
    JobError::Other(error.to_string())
}

/// The metrics of a day. `DriftAlarms` and `SustainedFall` are what the template's alarms watch.
fn values(seen: &Seen) -> Vec<(String, f64)> {
    let named = |name: &str, value: f64| (name.to_owned(), value);
    let mut values = vec![
        named("DriftAlarms", seen.alarms.len() as f64),
        named("SustainedFall", f64::from(u8::from(seen.sustained_fall))),
        named("LikeRate", seen.likes.value()),
        named("Engagement", seen.engagement.value()),
    ];
    values.extend(seen.likes_z.map(|z| named("LikeRateZ", z)));
    values.extend(seen.engagement_z.map(|z| named("EngagementZ", z)));
    let psi = seen.psi.iter();
    values.extend(psi.map(|(name, psi)| (format!("Psi {name}"), *psi)));
    values
}

#[cfg(test)]
mod tests;
