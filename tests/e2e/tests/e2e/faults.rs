//! What goes wrong between services: events that come twice, late or for nothing, and messages that nobody
//! can read.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use drape_common::store::{
    Get, Save,
    blob::{HeadObject, ListKeys, ObjectHead, keys},
    change,
    dynamo::Table,
    queue::{CleanItem, Enqueue, RenderTryOn},
    sqs::Queue,
    tables::{Embedding, item_key, tryon_key},
};
use drape_domain::{ItemId, Timestamp, TryOnId, TryOnStatus, UserId, item::CleanWish};
use drape_e2e::{
    Person, Stack,
    pictures::{self, Shape},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Outcome, seed};

/// The bucket's event for a photo.
fn photo_event(stack: &Stack, key: &str, etag: &str) -> Result<Value> {
    let text = include_str!("../../../../events/clean.json");
    let mut event: Value = serde_json::from_str(text)?;
    let s3 = &mut event["Records"][0]["s3"];
    s3["bucket"]["name"] = json!(stack.output("UploadsBucket")?);
    s3["object"]["key"] = json!(key);
    s3["object"]["eTag"] = json!(etag);
    Ok(event)
}

/// Hands an event to the cleaning job and waits until it has been worked on.
async fn deliver(stack: &Stack, event: &Value) -> Outcome {
    let answer = stack.invoke("clean", event).await?;
    assert_eq!(
        answer.header("x-amz-function-error"),
        None,
        "{}",
        answer.text
    );
    answer.expect(200).map(drop)
}

fn clean_queue(stack: &Stack) -> Result<Queue<CleanItem>> {
    let url = stack.output("CleanQueueUrl")?.to_owned();
    Ok(Queue::new(&stack.aws()?.sqs(), url))
}

/// Everything that is stored of an item: its row, its vector, its objects.
#[derive(Debug, PartialEq)]
struct State {
    item: Option<drape_domain::Item>,
    vector: Option<Embedding>,
    objects: Vec<(String, Option<ObjectHead>)>,
}

async fn state(stack: &Stack, owner: UserId, item: ItemId) -> Result<State> {
    let vectors = stack.output("EmbeddingsTable")?.to_owned();
    let vectors = Table::<Embedding>::new(&stack.aws()?.dynamodb(), vectors);
    let media = seed::media(stack)?;
    let mut objects = Vec::new();
    for key in media.list_keys(&keys::item_images(owner, item)).await? {
        let head = media.head(&key).await?;
        objects.push((key, head));
    }
    Ok(State {
        item: seed::items(stack)?.get(&item_key(owner, item)).await?,
        vector: vectors.get(&Embedding::key_of(owner, item)).await?,
        objects,
    })
}

async fn ready(ada: &Person) -> Result<(UserId, ItemId)> {
    let photo = pictures::garment(Shape::Shirt, [120, 40, 40])?;
    let item = ada.add_item(&photo, &json!({})).await?;
    Ok((seed::user_id(ada), item["id"].as_str().unwrap().parse()?))
}

/// Long enough for a message to be taken up and worked on.
async fn settle(stack: &Stack, queue: &str) -> Outcome {
    let sqs = stack.aws()?.sqs();
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        use aws_sdk_sqs::types::QueueAttributeName::{
            ApproximateNumberOfMessages as Waiting, ApproximateNumberOfMessagesNotVisible as Taken,
        };
        let counts = sqs
            .get_queue_attributes()
            .queue_url(stack.output(queue)?)
            .attribute_names(Waiting)
            .attribute_names(Taken)
            .send()
            .await?;
        let counts = counts.attributes.unwrap_or_default();
        let left: u64 = counts.values().filter_map(|n| n.parse::<u64>().ok()).sum();
        // Other tests send messages too; a queue that is busy for two minutes is busy with theirs.
        if left == 0 || Instant::now() > deadline {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn an_event_that_comes_again_changes_nothing() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let (owner, item) = ready(&ada).await?;
    let before = state(&stack, owner, item).await?;
    let key = keys::item_upload(owner, item);
    let etag = seed::uploads(&stack)?.head(&key).await?.unwrap().etag;
    let event = photo_event(&stack, &key, &etag)?;
    for _ in 0..2 {
        deliver(&stack, &event).await?;
    }
    // One that speaks of a photo that has been replaced since.
    let stale = photo_event(&stack, &key, "00000000000000000000000000000000")?;
    deliver(&stack, &stale).await?;
    // Two at the same moment.
    let (one, two) = futures::join!(deliver(&stack, &event), deliver(&stack, &event));
    one.and(two)?;
    assert_eq!(state(&stack, owner, item).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_message_that_comes_again_changes_nothing() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let (owner_id, item_id) = ready(&ada).await?;
    let before = state(&stack, owner_id, item_id).await?;
    let queue = clean_queue(&stack)?;
    for _ in 0..3 {
        queue.enqueue(&CleanItem { owner_id, item_id }).await?;
    }
    settle(&stack, "CleanQueueUrl").await?;
    assert_eq!(state(&stack, owner_id, item_id).await?, before);
    Ok(())
}

#[tokio::test]
async fn an_event_before_the_photo_or_after_the_item_makes_nothing() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let owner = seed::user_id(&ada);
    // Of an item that never was.
    let unknown = ItemId::new();
    let key = keys::item_upload(owner, unknown);
    deliver(&stack, &photo_event(&stack, &key, "0")?).await?;
    let nothing = state(&stack, owner, unknown).await?;
    assert!(nothing.item.is_none() && nothing.vector.is_none());

    // Of an item that has been deleted: its photo came late, or the event did.
    let photo = pictures::garment(Shape::Dress, [20, 90, 90])?;
    let created = ada.create_item(&photo, &json!({})).await?;
    let id = created["item"]["id"].as_str().unwrap();
    ada.delete(&format!("/items/{id}")).expect(204).await?;
    assert_eq!(ada.send_photo(&created["upload"], &photo).await?, 200);
    let id = id.parse()?;
    let key = keys::item_upload(owner, id);
    deliver(&stack, &photo_event(&stack, &key, "0")?).await?;
    let after = state(&stack, owner, id).await?;
    assert!(after.item.is_none() && after.vector.is_none());
    assert_eq!(after.objects, []);

    // Of something else in the bucket: nobody's to work on, and nothing to try again.
    for key in ["uploads/items/", "uploads/items/x/y", "uploads/items/a%2Fb"] {
        deliver(&stack, &photo_event(&stack, key, "0")?).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_event_that_was_lost_is_made_good_by_confirming() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let (owner, id) = ready(&ada).await?;
    // As it was when the photo had arrived and its event had not.
    let items = seed::items(&stack)?;
    let key = item_key(owner, id);
    change(&items, &key, |item| {
        item.status = drape_domain::ItemStatus::AwaitingUpload;
        item.processed = None;
        true
    })
    .await?;
    let path = format!("/items/{id}/image-uploaded");
    ada.put(&path).expect(202).await?;
    ada.ready(&id.to_string()).await?;
    Ok(())
}

#[tokio::test]
async fn a_poison_message_goes_to_the_dead_letters_and_takes_nobody_along() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let (owner_id, item_id) = ready(&ada).await?;
    // Work is left to do for the item, and only the message in the batch says so.
    let items = seed::items(&stack)?;
    let mut item = items.get(&item_key(owner_id, item_id)).await?.unwrap();
    assert!(item.request_clean(CleanWish::default(), Timestamp::now_utc()));
    assert!(items.save(&mut item).await?);

    let poison = format!("poison {}", Uuid::now_v7());
    let good = serde_json::to_string(&CleanItem { owner_id, item_id })?;
    let sqs = stack.aws()?.sqs();
    let entry = |id: &str, body: &str| {
        aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder()
            .id(id)
            .message_body(body)
            .build()
    };
    let sent = sqs
        .send_message_batch()
        .queue_url(stack.output("CleanQueueUrl")?)
        .entries(entry("poison", &poison)?)
        .entries(entry("good", &good)?)
        .send()
        .await?;
    assert_eq!(sent.successful().len(), 2);

    ada.ready(&item_id.to_string()).await?;
    dead_letter(&stack, "CleanDlqUrl", &poison).await
}

#[tokio::test]
async fn a_poison_rendering_goes_to_the_dead_letters_too() -> Outcome {
    let stack = Stack::from_env()?;
    let poison = format!("{{\"tryon\":\"{}\"}}", Uuid::now_v7());
    let sqs = stack.aws()?.sqs();
    let sent = sqs
        .send_message()
        .queue_url(stack.output("RenderQueueUrl")?)
        .message_body(&poison);
    sent.send().await?;
    dead_letter(&stack, "RenderDlqUrl", &poison).await
}

#[tokio::test]
async fn an_event_that_nobody_can_read_goes_to_the_dead_letters() -> Outcome {
    let stack = Stack::from_env()?;
    let mark = Uuid::now_v7().to_string();
    let event = json!({ "Records": [{ "eventSource": "aws:elsewhere", "mark": mark }] });
    let taken = stack.invoke_later("clean", &event).await?;
    assert_eq!(taken.status, 202, "{}", taken.text);
    dead_letter(&stack, "CleanDlqUrl", &mark).await
}

/// Waits for a message that holds these words among the dead letters, and takes it out.
async fn dead_letter(stack: &Stack, queue: &str, words: &str) -> Outcome {
    let sqs = stack.aws()?.sqs();
    let url = stack.output(queue)?;
    let deadline = Instant::now() + Duration::from_secs(150);
    while Instant::now() < deadline {
        let letters = sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .visibility_timeout(1)
            .wait_time_seconds(2)
            .send()
            .await?;
        for letter in letters.messages.unwrap_or_default() {
            if letter.body().is_some_and(|body| body.contains(words)) {
                let handle = letter.receipt_handle().context("no handle")?;
                let gone = sqs.delete_message().queue_url(url).receipt_handle(handle);
                gone.send().await?;
                return Ok(());
            }
        }
    }
    anyhow::bail!("no dead letter holds {words}")
}

#[tokio::test]
async fn a_rendering_that_is_asked_for_again_changes_nothing() -> Outcome {
    let stack = Stack::from_env()?;
    let ada = stack.sign_up().await?;
    let user_id = seed::user_id(&ada);
    let done = seed::tryon(&stack, &ada, TryOnStatus::Done).await?;
    let tryons = seed::tryons(&stack)?;
    let key = tryon_key(user_id, done);
    let before = tryons.get(&key).await?.unwrap();
    let picture = keys::render(user_id, done);
    let media = seed::media(&stack)?;
    let picture_before = media.head(&picture).await?;

    let url = stack.output("RenderQueueUrl")?.to_owned();
    let queue = Queue::<RenderTryOn>::new(&stack.aws()?.sqs(), url);
    // One of them for a try-on that has been deleted.
    for tryon_id in [done, TryOnId::new(), done] {
        queue.enqueue(&RenderTryOn { user_id, tryon_id }).await?;
    }
    settle(&stack, "RenderQueueUrl").await?;
    assert_eq!(tryons.get(&key).await?, Some(before));
    assert_eq!(media.head(&picture).await?, picture_before);
    Ok(())
}
