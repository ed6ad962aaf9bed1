//! Both kinds of event, as they come.

use drape_common::{
    store::{Create, Get, blob::keys, tables::item_key},
    testing::new_item,
};
use drape_domain::{ItemId, ItemStatus, UserId};
use serde_json::{Value, json};

use super::world::{PHOTO, World};

fn uploaded(keys: &[String]) -> Value {
    let records: Vec<_> = keys
        .iter()
        .map(|key| json!({"eventSource": "aws:s3", "s3": {"object": {"key": key}}}))
        .collect();
    json!({ "Records": records })
}

fn asked(bodies: &[String]) -> Value {
    let records: Vec<_> = bodies
        .iter()
        .enumerate()
        .map(|(number, body)| {
            json!({
                "messageId": format!("m{number}"), "receiptHandle": format!("h{number}"), "body": body,
                "attributes": {"ApproximateReceiveCount": "1"}, "eventSource": "aws:sqs",
            })
        })
        .collect();
    json!({ "Records": records })
}

fn body(world: &World) -> String {
    serde_json::to_string(&world.message).unwrap()
}

fn key(world: &World) -> String {
    keys::item_upload(world.message.owner_id, world.message.item_id)
}

#[tokio::test]
async fn the_bucket_s_event_has_the_photo_worked_on() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(PHOTO);
    let foreign = "uploads/items/not-ours".to_owned();
    assert_eq!(
        world
            .app
            .handle(uploaded(&[foreign, key(&world)]))
            .await
            .unwrap(),
        Value::Null
    );
    assert_eq!(world.item().await.unwrap().status, ItemStatus::Ready);
}

#[tokio::test]
async fn an_event_whose_photo_cannot_be_worked_on_now_comes_back_but_the_others_are_done() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(super::world::FAULT);
    let good = new_item(world.message.owner_id);
    world.app.items.create(&good).await.unwrap();
    let good_key = keys::item_upload(good.owner_id, good.item_id);
    world.app.uploads.upload(&good_key, "image/jpeg", PHOTO);

    assert!(
        world
            .app
            .handle(uploaded(&[key(&world), good_key]))
            .await
            .is_err()
    );

    let good = world
        .app
        .items
        .get(&item_key(good.owner_id, good.item_id))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(good.status, ItemStatus::Ready);
}

#[tokio::test]
async fn a_poison_message_fails_alone() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(PHOTO);
    let nobody = json!({"owner_id": UserId::new(), "item_id": ItemId::new()}).to_string();
    let unknown_field =
        json!({"owner_id": UserId::new(), "item_id": ItemId::new(), "x": 1}).to_string();
    let batch = [nobody, "poison".to_owned(), body(&world), unknown_field];

    let answer = world.app.handle(asked(&batch)).await.unwrap();

    let failed: Vec<_> = answer["batchItemFailures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|failure| failure["itemIdentifier"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["m1", "m3"]);
    assert_eq!(world.item().await.unwrap().status, ItemStatus::Ready);
    let handles: Vec<_> = world
        .app
        .queue
        .delays()
        .into_iter()
        .map(|(handle, _)| handle)
        .collect();
    assert_eq!(handles, ["h1", "h3"]);
}

/// What Lambda puts into the dead-letter queue once an event has failed for the last time.
fn given_up(event: &Value) -> String {
    json!({
        "version": "1.0",
        "timestamp": "2026-11-23T10:15:30.123Z",
        "requestContext": {
            "requestId": "e4b46cbf-b738-xmpl-8880-a18cdf61200e",
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:drape-dev-clean:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": event,
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "responsePayload": {"errorType": "Error", "errorMessage": "get object: timeout"},
    })
    .to_string()
}

#[tokio::test]
async fn an_event_that_was_given_up_can_be_moved_back_from_the_dead_letter_queue() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(PHOTO);
    let letter = given_up(&uploaded(&[key(&world)]));
    let answer = world.app.handle(asked(&[letter])).await.unwrap();
    assert_eq!(answer["batchItemFailures"], json!([]));
    assert_eq!(world.item().await.unwrap().status, ItemStatus::Ready);

    // One that still fails stays a failure, and one without an event is none of ours.
    world.upload(super::world::FAULT);
    let letters = [
        given_up(&uploaded(&[key(&world)])),
        given_up(&json!({"Event": "s3:TestEvent"})),
    ];
    let answer = world.app.handle(asked(&letters)).await.unwrap();
    assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_event_and_the_message_of_one_photo_are_one_piece_of_work() {
    let world = World::given(new_item(UserId::new())).await;
    world.upload(PHOTO);
    world
        .app
        .handle(asked(&[body(&world), body(&world)]))
        .await
        .unwrap();
    world.app.handle(uploaded(&[key(&world)])).await.unwrap();
    assert_eq!(world.looks(), 1);
}

#[tokio::test]
async fn the_payloads_that_are_kept_for_local_invocation_are_understood() {
    let world = World::given(new_item(UserId::new())).await;
    for payload in [
        include_str!("../../../../../events/clean.json"),
        include_str!("../../../../../events/clean-sqs.json"),
    ] {
        let payload: Value = serde_json::from_str(payload).unwrap();
        let answer = world.app.handle(payload).await.unwrap();
        assert!(
            answer.is_null() || answer["batchItemFailures"] == json!([]),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_trial_event_is_nothing() {
    let world = World::given(new_item(UserId::new())).await;
    assert_eq!(
        world
            .app
            .handle(json!({"Event": "s3:TestEvent"}))
            .await
            .unwrap(),
        Value::Null
    );
    assert!(world.app.handle(json!({"hello": "world"})).await.is_err());
}
