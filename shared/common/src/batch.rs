//! Jobs that take their work from a queue: each message on its own, failures reported one by one.

use std::{future::Future, panic::AssertUnwindSafe, time::Duration, time::Instant};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures::FutureExt;

use crate::store::{
    StoreError,
    queue::{Message, RetryLater},
};

/// A message could not be worked on now. It comes back, and after a few times goes to the dead-letter queue.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// A store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The message is not one of ours.
    #[error("unreadable message: {0}")]
    Unreadable(serde_json::Error),
    /// Something else failed that may work next time.
    #[error("{0}")]
    Other(String),
}

/// Works on each message of a batch and reports those that failed, so that the rest are not repeated.
///
/// A failed message comes back after 5, 20, 80 and 300 seconds instead of after the queue's visibility
/// timeout, which only has to cover the slowest run: a passing fault is soon forgotten, and one of some
/// minutes sends nothing to the dead-letter queue. A message that cannot be read never will be, and goes
/// there at once, for a person to look at.
pub async fn work<M, Q, F>(
    event: SqsEvent,
    queue: &Q,
    job: impl Fn(M) -> F + Sync,
) -> SqsBatchResponse
where
    M: Message,
    Q: RetryLater,
    F: Future<Output = Result<(), JobError>> + Send,
{
    let mut response = SqsBatchResponse::default();
    for message in event.records {
        let started = Instant::now();
        let id = message.message_id.clone().unwrap_or_default();
        let outcome = match serde_json::from_str::<M>(message.body.as_deref().unwrap_or_default()) {
            Ok(read) => AssertUnwindSafe(job(read))
                .catch_unwind()
                .await
                .unwrap_or_else(|_| Err(JobError::Other("the job panicked".into()))),
            Err(error) => Err(JobError::Unreadable(error)),
        };
        let ms = started.elapsed().as_secs_f64() * 1e3;
        match outcome {
            Ok(()) => tracing::info!(message_id = id, ms, "job"),
            Err(error) => {
                let attempt = receive_count(&message);
                tracing::error!(message_id = id, attempt, cause = %error, ms, "job");
                if let Some(handle) = &message.receipt_handle {
                    let delay = match error {
                        JobError::Unreadable(_) => Duration::from_secs(1),
                        _ => backoff(attempt),
                    };
                    if let Err(error) = queue.retry_later(handle, delay).await {
                        tracing::warn!(message_id = id, cause = %error, "retry delay");
                    }
                }
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                response.batch_item_failures.push(failure);
            }
        }
    }
    response
}

/// 5, 20, 80, then 300 seconds.
fn backoff(attempt: u32) -> Duration {
    Duration::from_secs((5 * 4u64.pow(attempt.clamp(1, 4) - 1)).min(300))
}

fn receive_count(message: &SqsMessage) -> u32 {
    message
        .attributes
        .get("ApproximateReceiveCount")
        .and_then(|count| count.parse().ok())
        .unwrap_or(1)
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use std::sync::Mutex;

    use drape_domain::{ItemId, UserId};

    use super::*;
    use crate::store::{memory::MemoryQueue, queue::CleanItem};

    fn event(bodies: &[&str]) -> SqsEvent {
        let records = bodies
            .iter()
            .enumerate()
            .map(|(number, body)| {
                let mut message = SqsMessage::default();
                message.message_id = Some(format!("m{number}"));
                message.receipt_handle = Some(format!("h{number}"));
                message.body = Some((*body).to_owned());
                message
                    .attributes
                    .insert("ApproximateReceiveCount".into(), "2".into());
                message
            })
            .collect();
        let mut event = SqsEvent::default();
        event.records = records;
        event
    }

    fn good() -> String {
        serde_json::to_string(&CleanItem {
            owner_id: UserId::new(),
            item_id: ItemId::new(),
        })
        .unwrap()
    }

    fn failed(response: &SqsBatchResponse) -> Vec<&str> {
        response
            .batch_item_failures
            .iter()
            .map(|failure| failure.item_identifier.as_str())
            .collect()
    }

    #[tokio::test]
    async fn a_poison_message_fails_alone_and_comes_back_soon() {
        let queue = MemoryQueue::<CleanItem>::default();
        let done = Mutex::new(0);
        let response = work(
            event(&[&good(), "poison", &good()]),
            &queue,
            |_: CleanItem| async {
                *done.lock().unwrap() += 1;
                Ok(())
            },
        )
        .await;
        assert_eq!((failed(&response), *done.lock().unwrap()), (vec!["m1"], 2));
        assert_eq!(queue.delays(), [("h1".to_owned(), Duration::from_secs(1))]);
    }

    #[tokio::test]
    async fn a_passing_fault_is_waited_out_for_minutes() {
        let queue = MemoryQueue::<CleanItem>::default();
        work(event(&[&good()]), &queue, |_: CleanItem| async {
            Err(JobError::Other("busy".into()))
        })
        .await;
        assert_eq!(queue.delays(), [("h0".to_owned(), Duration::from_secs(20))]);
        let waits: u64 = (1..5).map(|attempt| backoff(attempt).as_secs()).sum();
        assert_eq!(waits, 405);
    }

    #[tokio::test]
    async fn a_panicking_job_takes_nobody_with_it() {
        let queue = MemoryQueue::<CleanItem>::default();
        let calls = Mutex::new(0);
        let response = work(event(&[&good(), &good()]), &queue, |_: CleanItem| async {
            let call = {
                let mut calls = calls.lock().unwrap();
                *calls += 1;
                *calls
            };
            assert!(call > 1, "the first one panics");
            Ok(())
        })
        .await;
        assert_eq!(failed(&response), ["m0"]);
    }
}
