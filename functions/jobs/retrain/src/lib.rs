//! The `retrain` job: what people were shown and what they did about it becomes their styles and a new model.
//!
//! A day's signals are learned from once the day is over, its shards one after another or, under Step Functions,
//! side by side; then a model from what all of them have left. Everything it leaves has a place that follows from
//! the day, and what is there already is not done again. So a run may come twice or be cut off anywhere; the
//! next one goes on.

mod deadline;
mod event;
mod late;
mod pieces;
mod reduce;
mod report;
mod shard;
mod styles;

pub use deadline::Deadline;
pub use report::Report;

use drape_common::{
    batch::{JobError, work},
    live::{self, MODELS},
    store::{
        Create, Get, GetMany, List, Save,
        blob::{DeleteObject, GetObject, HeadObject, ListKeys, PutIf, PutObject, keys},
        queries::RecentSignals,
        queue::{self, Enqueue, Pace, RetryLater},
        tables::{DAY_SHARDS, DayShowing, DaySignal, Embedding, StyleRow},
    },
};
use drape_domain::{Item, Timestamp};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use time::{Date, Duration};

use deadline::Stopped;
use event::{Ask, Event, Order};

/// Shards that one function works on side by side: while one waits for a table, another computes.
const SHARDS_AT_ONCE: usize = 3;
/// Runs of a quarter of an hour that a day may take.
const MOST_RUNS: u8 = 20;

/// What learns.
#[derive(Debug)]
pub struct Retrain<G, H, I, E, S, B, Q> {
    /// What people did.
    pub signals: G,
    /// What they were shown.
    pub showings: H,
    /// Pieces.
    pub items: I,
    /// Their vectors.
    pub embeddings: E,
    /// Styles of people.
    pub styles: S,
    /// The bucket of what is learned.
    pub learned: B,
    /// Where work that is left over goes, and messages come from.
    pub queue: Q,
    /// The embedding model whose vectors count.
    pub model: &'static str,
    /// The time.
    pub clock: fn() -> Timestamp,
}

impl<G, H, I, E, S, B, Q> Retrain<G, H, I, E, S, B, Q>
where
    G: List<DaySignal> + RecentSignals,
    H: List<DayShowing> + Get<DayShowing>,
    I: GetMany<Item>,
    E: GetMany<Embedding>,
    S: GetMany<StyleRow> + Get<StyleRow> + Create<StyleRow> + Save<StyleRow>,
    B: HeadObject + GetObject + PutObject + PutIf + ListKeys + DeleteObject,
    Q: Enqueue<queue::Retrain> + RetryLater,
{
    /// Works on an event. The answer to a queue's batch names the messages that failed; to an order it says
    /// what came of it.
    ///
    /// # Errors
    /// When an event cannot be read, or a store fails; repeated, it goes on where it was.
    pub async fn handle(&self, event: Value, deadline: Deadline) -> Result<Value, JobError> {
        match Event::read(event)? {
            Event::Order(order) => self.obey(order, &deadline, 0).await,
            Event::Asked(batch) => {
                let job = |ask: Ask| self.answer(ask, &deadline);
                to_json(&work(batch, &self.queue, job).await)
            }
        }
    }

    async fn answer(&self, ask: Ask, deadline: &Deadline) -> Result<(), JobError> {
        let (order, runs) = match ask {
            Ask::Retrain(asked) => {
                let (day, pace) = (Some(asked.day), asked.pace);
                (Order::Whole { day, pace }, asked.runs)
            }
            Ask::Failed { event } => (Order::read(event)?, 0),
        };
        self.obey(order, deadline, runs).await.map(drop)
    }

    async fn obey(&self, order: Order, deadline: &Deadline, runs: u8) -> Result<Value, JobError> {
        match order {
            Order::Whole { day, pace } => {
                let day = self.meant(day)?;
                match self.whole(day, pace, deadline).await {
                    Ok(report) => to_json(&report),
                    Err(Stopped::Failed(error)) => Err(error),
                    Err(Stopped::OutOfTime) => self.hand_over(day, pace, runs).await,
                }
            }
            Order::List { day, pace } => {
                let day = self.meant(day)?;
                let shards = self.to_do(day).await?;
                let shards: Vec<Value> = shards
                    .into_iter()
                    .map(|shard| json!({ "day": day.to_string(), "shard": shard }))
                    .collect();
                let reduce = json!({ "stage": "reduce", "day": day.to_string(), "pace": pace });
                Ok(json!({ "shards": shards, "reduce": reduce }))
            }
            Order::Shard { day, shard } => match self.shard(day, shard, deadline).await {
                Ok(()) => Ok(json!({ "finished": true })),
                Err(Stopped::OutOfTime) => Ok(json!({ "finished": false })),
                Err(Stopped::Failed(error)) => Err(error),
            },
            Order::Reduce { day, pace } => to_json(&self.reduce(day, pace).await?),
            Order::RollBack { version } => {
                let outcome = live::roll_back(&self.learned, MODELS, &version).await?;
                let done = outcome != live::Outcome::Lost;
                Ok(json!({ "rolled_back_to": done.then_some(version) }))
            }
            Order::Resume => {
                let resumed = live::resume(&self.learned, MODELS).await?;
                Ok(json!({ "resumed": resumed }))
            }
        }
    }

    /// All shards, then the model.
    async fn whole(&self, day: Date, pace: Pace, deadline: &Deadline) -> Result<Report, Stopped> {
        stream::iter(self.to_do(day).await?)
            .map(|shard| self.shard(day, shard, deadline))
            .buffer_unordered(SHARDS_AT_ONCE)
            .try_collect::<()>()
            .await?;
        deadline.check()?;
        Ok(self.reduce(day, pace).await?)
    }

    /// The shards of the day that are not done.
    async fn to_do(&self, day: Date) -> Result<Vec<u8>, JobError> {
        let mut shards = Vec::new();
        for shard in 0..DAY_SHARDS {
            let done = self.learned.head(&keys::checkpoint(day, shard)).await?;
            if done.is_none() {
                shards.push(shard);
            }
        }
        Ok(shards)
    }

    /// The rest is for another run, which the queue starts.
    async fn hand_over(&self, day: Date, pace: Pace, runs: u8) -> Result<Value, JobError> {
        let runs = runs.saturating_add(1);
        if runs >= MOST_RUNS {
            return Err(JobError::Other(format!(
                "{day} takes more than {runs} runs"
            )));
        }
        let rest = queue::Retrain { day, pace, runs };
        self.queue.enqueue(&rest).await?;
        tracing::info!(%day, runs, "the rest is for another run");
        Ok(json!({ "finished": false }))
    }

    /// The day that is meant: yesterday, unless one is named that is over.
    fn meant(&self, named: Option<Date>) -> Result<Date, JobError> {
        let today = (self.clock)().date();
        let yesterday = today - Duration::days(1);
        match named {
            Some(day) if day >= today => Err(JobError::Other(format!("{day} is not over"))),
            Some(day) => Ok(day),
            None => Ok(yesterday),
        }
    }
}

fn to_json(value: &impl serde::Serialize) -> Result<Value, JobError> {
    serde_json::to_value(value).map_err(|error| JobError::Other(error.to_string()))
}

#[cfg(test)]
mod tests;
