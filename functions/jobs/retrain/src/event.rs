//! What the job is told: by its schedule and by Step Functions in plain words, by its queue in batches.

use aws_lambda_events::sqs::SqsEvent;
use drape_common::{
    batch::JobError,
    date,
    store::{
        queue::{Message, Pace, Retrain},
        tables::DAY_SHARDS,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::Date;

/// What the job is told.
#[derive(Debug)]
pub(crate) enum Event {
    /// By the schedule, by Step Functions, or by somebody.
    Order(Order),
    /// By the queue: drift was seen, or a run has not come to its end.
    Asked(SqsEvent),
}

/// One piece of work. Without a day, it is about yesterday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// Everything: each shard, then the model.
    Whole { day: Option<Date>, pace: Pace },
    /// Which shards are to be done.
    List { day: Option<Date>, pace: Pace },
    /// One shard.
    Shard { day: Date, shard: u8 },
    /// The model, from what the shards have left.
    Reduce { day: Date, pace: Pace },
    /// An earlier model is served again, until somebody says otherwise.
    RollBack { version: String },
    /// Somebody says otherwise.
    Resume,
}

/// What the queue holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Ask {
    Retrain(Retrain),
    /// A run that failed, as Lambda put it into the dead-letter queue, from where somebody has moved it here.
    Failed {
        #[serde(rename = "requestPayload")]
        event: Value,
    },
}
impl Message for Ask {}

/// An order as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    #[serde(default)]
    stage: Option<Stage>,
    #[serde(default, with = "date::option")]
    day: Option<Date>,
    #[serde(default)]
    shard: Option<u8>,
    #[serde(default)]
    pace: Pace,
    #[serde(default)]
    rollback_to: Option<String>,
    #[serde(default)]
    resume: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    List,
    Shard,
    Reduce,
}

impl Event {
    pub(crate) fn read(event: Value) -> Result<Self, JobError> {
        if event.get("Records").is_some() {
            return serde_json::from_value(event)
                .map(Self::Asked)
                .map_err(|error| unreadable(&error));
        }
        Order::read(event).map(Self::Order)
    }
}

impl Order {
    pub(crate) fn read(event: Value) -> Result<Self, JobError> {
        // A list would be read too, as the fields in their order.
        if !event.is_object() {
            return Err(unreadable(&"not an object"));
        }
        let words: Words = serde_json::from_value(event).map_err(|error| unreadable(&error))?;
        let Words { day, pace, .. } = words;
        match (
            words.stage,
            day,
            words.shard,
            words.rollback_to,
            words.resume,
        ) {
            (None, _, None, None, false) => Ok(Self::Whole { day, pace }),
            (Some(Stage::List), _, None, None, false) => Ok(Self::List { day, pace }),
            (Some(Stage::Shard), Some(day), Some(shard), None, false) if shard < DAY_SHARDS => {
                Ok(Self::Shard { day, shard })
            }
            (Some(Stage::Reduce), Some(day), None, None, false) => Ok(Self::Reduce { day, pace }),
            (None, None, None, Some(version), false) => Ok(Self::RollBack { version }),
            (None, None, None, None, true) => Ok(Self::Resume),
            _ => Err(unreadable(&"these words do not go together")),
        }
    }
}

fn unreadable(why: &dyn std::fmt::Display) -> JobError {
    JobError::Other(format!("unreadable event: {why}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::date;

    use super::*;

    const DAY: Date = date!(2026 - 11 - 22);

    fn read(event: Value) -> Option<Order> {
        match Event::read(event) {
            Ok(Event::Order(order)) => Some(order),
            _ => None,
        }
    }

    #[test]
    fn no_words_are_the_whole_job_as_usual() {
        let usual = Order::Whole {
            day: None,
            pace: Pace::Steady,
        };
        assert_eq!(read(json!({})), Some(usual));
    }

    #[test]
    fn each_stage_is_told_what_it_needs() {
        let (day, pace) = (DAY, Pace::Fast);
        for (event, order) in [
            (
                json!({ "stage": "list" }),
                Order::List {
                    day: None,
                    pace: Pace::Steady,
                },
            ),
            (
                json!({ "stage": "shard", "day": "2026-11-22", "shard": 15 }),
                Order::Shard { day, shard: 15 },
            ),
            (
                json!({ "stage": "reduce", "day": "2026-11-22", "pace": "fast" }),
                Order::Reduce { day, pace },
            ),
            (
                json!({ "rollback_to": "20261120T235959Z" }),
                Order::RollBack {
                    version: "20261120T235959Z".to_owned(),
                },
            ),
            (json!({ "resume": true }), Order::Resume),
        ] {
            assert_eq!(read(event.clone()), Some(order), "{event}");
        }
    }

    #[test]
    fn words_that_make_no_sense_are_refused() {
        for event in [
            json!({ "stage": "shard", "day": "2026-11-22", "shard": 16 }),
            json!({ "stage": "shard", "shard": 1 }),
            json!({ "stage": "reduce" }),
            json!({ "stage": "everything" }),
            json!({ "day": "yesterday" }),
            json!({ "pace": "reckless" }),
            json!({ "rollback_to": "a", "stage": "reduce", "day": "2026-11-22" }),
            json!({ "resume": true, "shard": 3 }),
            json!({ "hour": 3 }),
            json!([]),
        ] {
            assert_eq!(read(event.clone()), None, "{event}");
        }
    }
}
