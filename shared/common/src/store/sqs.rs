//! Messages in SQS.

use std::{marker::PhantomData, time::Duration};

use aws_sdk_sqs::Client;

use super::{
    StoreError,
    queue::{Enqueue, Message, RetryLater},
};

/// One queue of messages of type `M`.
#[derive(Debug, Clone)]
pub struct Queue<M> {
    client: Client,
    url: String,
    message: PhantomData<fn() -> M>,
}

impl<M: Message> Queue<M> {
    /// The queue at `url`.
    #[must_use]
    pub fn new(client: &Client, url: String) -> Self {
        Self {
            client: client.clone(),
            url,
            message: PhantomData,
        }
    }
}

impl<M: Message> Enqueue<M> for Queue<M> {
    async fn enqueue_after(&self, message: &M, delay: Duration) -> Result<(), StoreError> {
        const DOING: &str = "send message";
        let body = serde_json::to_string(message).map_err(|error| StoreError::new(DOING, error))?;
        let call = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .delay_seconds(whole_seconds(delay));
        call.send()
            .await
            .map(drop)
            .map_err(|error| StoreError::new(DOING, error))
    }
}

fn whole_seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs()).unwrap_or(i32::MAX)
}

impl<M: Message> RetryLater for Queue<M> {
    async fn retry_later(&self, receipt_handle: &str, delay: Duration) -> Result<(), StoreError> {
        let seconds = whole_seconds(delay);
        let call = self.client.change_message_visibility().queue_url(&self.url);
        let call = call
            .receipt_handle(receipt_handle)
            .visibility_timeout(seconds);
        call.send()
            .await
            .map(drop)
            .map_err(|error| StoreError::new("delay message", error))
    }
}
