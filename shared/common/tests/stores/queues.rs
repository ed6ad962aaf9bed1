//! Messages: sent, and brought back when it suits.

use std::{collections::HashSet, time::Duration};

use aws_sdk_sqs::Client;
use drape_common::store::{
    memory::MemoryQueue,
    queue::{CleanItem, Enqueue, RetryLater},
};
use drape_domain::{ItemId, UserId};

use crate::aws::on_stack;

/// Takes what is in a queue.
trait Inbox {
    async fn bodies(&self) -> Vec<CleanItem>;
}

impl Inbox for MemoryQueue<CleanItem> {
    async fn bodies(&self) -> Vec<CleanItem> {
        self.sent()
    }
}

struct Receiver {
    client: Client,
    url: String,
}

impl Receiver {
    /// The next message and its receipt handle, if one comes within `wait` seconds. It stays hidden for 30.
    async fn receive(&self, wait: i32) -> Option<(CleanItem, String)> {
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .wait_time_seconds(wait)
            .visibility_timeout(30)
            .send()
            .await
            .unwrap();
        let message = answer.messages.unwrap_or_default().into_iter().next()?;
        let body = serde_json::from_str(message.body()?).unwrap();
        Some((body, message.receipt_handle?))
    }
}

impl Inbox for Receiver {
    async fn bodies(&self) -> Vec<CleanItem> {
        let mut bodies = Vec::new();
        while let Some((body, _)) = self.receive(0).await {
            bodies.push(body);
        }
        bodies
    }
}

async fn messages_arrive_as_they_were_sent(queue: impl Enqueue<CleanItem>, inbox: impl Inbox) {
    let message = || CleanItem {
        owner_id: UserId::new(),
        item_id: ItemId::new(),
    };
    let sent = [message(), message(), message()];
    for message in &sent {
        queue.enqueue(message).await.unwrap();
    }
    let read = inbox.bodies().await;
    assert_eq!(read.len(), 3);
    let ids = |messages: &[CleanItem]| -> HashSet<_> {
        messages.iter().map(|message| message.item_id).collect()
    };
    assert_eq!(ids(&read), ids(&sent));
}

#[tokio::test]
async fn messages_arrive_as_they_were_sent_in_memory() {
    let queue = MemoryQueue::default();
    messages_arrive_as_they_were_sent(queue.clone(), queue).await;
}

#[tokio::test]
async fn messages_arrive_as_they_were_sent_in_sqs() {
    on_stack(async |stack| {
        let (queue, url) = stack.queue().await;
        let client = stack.aws.sqs();
        messages_arrive_as_they_were_sent(queue, Receiver { client, url }).await;
    })
    .await;
}

#[tokio::test]
async fn a_failed_message_comes_back_after_its_delay_and_not_before_in_sqs() {
    on_stack(async |stack| {
        let (queue, url) = stack.queue::<CleanItem>().await;
        let client = stack.aws.sqs();
        let inbox = Receiver { client, url };
        let message = CleanItem {
            owner_id: UserId::new(),
            item_id: ItemId::new(),
        };
        queue.enqueue(&message).await.unwrap();
        let (_, handle) = inbox.receive(5).await.unwrap();
        queue
            .retry_later(&handle, Duration::from_secs(2))
            .await
            .unwrap();
        assert_eq!(inbox.receive(0).await, None, "still hidden");
        let (again, _) = inbox.receive(10).await.expect("visible after the delay");
        assert_eq!(again, message);
    })
    .await;
}

#[tokio::test]
async fn a_delay_that_was_asked_for_is_noted_in_memory() {
    let queue = MemoryQueue::<CleanItem>::default();
    queue
        .retry_later("handle", Duration::from_secs(2))
        .await
        .unwrap();
    assert_eq!(
        queue.delays(),
        [("handle".to_owned(), Duration::from_secs(2))]
    );
}
