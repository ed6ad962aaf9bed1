//! What each function may touch, tried out with its own role: exactly what is written here and no more.
//! That it is enough, all the other tests show, since the emulator enforces IAM for them too.

use std::{collections::BTreeSet, io::Write};

use anyhow::{Context, Result, bail};
use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    types::{AttributeValue, KeysAndAttributes},
};
use drape_common::{
    aws::Aws,
    store::queue::{CleanItem, Pace, RenderTryOn, Retrain},
};
use drape_domain::{ItemId, TryOnId, UserId};
use drape_e2e::Stack;
use futures::{StreamExt, TryStreamExt, stream};

use crate::Outcome;

/// Tables by the names used below: output, partition key, sort key.
const TABLES: [(&str, &str, &str, Option<&str>); 10] = [
    ("users", "UsersTable", "id", None),
    ("sessions", "SessionsTable", "id", None),
    ("limits", "LimitsTable", "id", None),
    ("items", "ItemsTable", "owner_id", Some("item_id")),
    ("embeddings", "EmbeddingsTable", "owner_id", Some("item_id")),
    ("tryons", "TryonsTable", "user_id", Some("id")),
    ("signals", "SignalsTable", "day", Some("id")),
    ("showings", "ShowingsTable", "day", Some("id")),
    ("styles", "StylesTable", "user_id", None),
    ("idempotency", "IdempotencyTable", "id", None),
];
/// Indexes by the names used below: output of the table, index, partition key. They can only be queried.
const INDEXES: [(&str, &str, &str, &str); 3] = [
    ("signals-by-user", "SignalsTable", "by_user", "user_id"),
    ("items-by-revision", "ItemsTable", "by_revision", "owner_id"),
    ("items-by-catalog", "ItemsTable", "by_catalog", "catalog"),
];
const TABLE_ACTIONS: [&str; 7] = [
    "get",
    "batch-get",
    "query",
    "scan",
    "put",
    "update",
    "delete",
];

/// Folders of the buckets: output of the bucket, prefix.
const FOLDERS: [(&str, &str, &str); 8] = [
    ("uploads/items", "UploadsBucket", "uploads/items"),
    ("uploads/masks", "UploadsBucket", "uploads/masks"),
    ("uploads/body", "UploadsBucket", "uploads/body"),
    ("media/items", "MediaBucket", "items"),
    ("media/tryons", "MediaBucket", "tryons"),
    ("learned/index", "LearnedBucket", "index"),
    ("learned/models", "LearnedBucket", "models"),
    ("learned/learning", "LearnedBucket", "learning"),
];
const FOLDER_ACTIONS: [&str; 3] = ["read", "write", "erase"];

/// Buckets by output.
const BUCKETS: [(&str, &str); 3] = [
    ("uploads", "UploadsBucket"),
    ("media", "MediaBucket"),
    ("learned", "LearnedBucket"),
];

/// Queues by output. Only sending is tried: receiving would take messages away from the jobs.
const QUEUES: [(&str, &str); 3] = [
    ("clean-queue", "CleanQueueUrl"),
    ("render-queue", "RenderQueueUrl"),
    ("retrain-queue", "RetrainQueueUrl"),
];

/// Every function and what it may do: `place: actions`, places separated by semicolons.
const ROLES: [(&str, &str); 28] = [
    ("auth-signup", "users: put; sessions: put; secret: read"),
    (
        "auth-login",
        "users: get; sessions: put; limits: update; secret: read",
    ),
    (
        "auth-refresh",
        "users: get; sessions: get put; secret: read",
    ),
    ("auth-logout", "sessions: get put"),
    ("authorizer", "secret: read"),
    ("me-get", "users: get"),
    ("me-update", "users: get put"),
    (
        "item-create",
        "users: get put; items: get put; idempotency: get put; uploads/items: write; media/items: read",
    ),
    ("item-get", "items: get; media/items: read"),
    ("item-update", "items: get put; media/items: read"),
    (
        "item-delete",
        "items: get put delete; embeddings: delete; uploads/items: erase; uploads/masks: erase; uploads: list; media/items: erase; media: list",
    ),
    (
        "item-image-uploaded",
        "items: get put; uploads/items: read; uploads: list; media/items: read; clean-queue: send",
    ),
    (
        "item-background-clean",
        "items: get put; uploads/masks: write; media/items: read; clean-queue: send",
    ),
    (
        "item-restore-original",
        "items: get put; media/items: read; clean-queue: send",
    ),
    ("wardrobe-list", "items: get query; media/items: read"),
    ("upload-create", "idempotency: get put; uploads/body: write"),
    (
        "recommendations",
        "users: get batch-get; items: batch-get query; items-by-revision: query; embeddings: query; signals-by-user: query; styles: get; showings: put; learned/index: read; learned/models: read; learned: list; media/items: read",
    ),
    (
        "signals-record",
        "items: batch-get; showings: get; signals: put; idempotency: get put",
    ),
    (
        "tryon-create",
        "items: batch-get; showings: get; tryons: get put; idempotency: get put; uploads/body: read; uploads: list; media/tryons: read; render-queue: send",
    ),
    (
        "tryon-status",
        "tryons: get put; media/tryons: read; render-queue: send",
    ),
    ("tryon-list", "tryons: query; media/tryons: read"),
    ("tryon-delete", "tryons: get delete; media/tryons: erase"),
    ("tryon-feedback", "tryons: get put; signals: put delete"),
    (
        "clean",
        "items: get put; embeddings: query put delete; uploads/items: read; uploads/masks: read; uploads: list; media/items: read write erase; media: list",
    ),
    (
        "reindex",
        "items: batch-get; items-by-catalog: query; embeddings: batch-get; learned/index: read write erase; learned/models: read; learned: list",
    ),
    (
        "render",
        "items: batch-get; tryons: get put; uploads/body: read; uploads: list; media/items: read; media: list; media/tryons: write erase",
    ),
    (
        "retrain",
        "signals: query; signals-by-user: query; showings: get query; items: batch-get; embeddings: batch-get; styles: get batch-get put; learned/learning: read write; learned/models: read write erase; learned: list; retrain-queue: send",
    ),
    (
        "drift",
        "learned/learning: read write; learned: list; retrain-queue: send",
    ),
];

/// What there is to try: place and action.
fn everything() -> Vec<(&'static str, &'static str)> {
    let tables = TABLES
        .iter()
        .flat_map(|table| TABLE_ACTIONS.map(|action| (table.0, action)));
    let folders = FOLDERS
        .iter()
        .flat_map(|folder| FOLDER_ACTIONS.map(|action| (folder.0, action)));
    let buckets = BUCKETS.iter().map(|bucket| (bucket.0, "list"));
    let queues = QUEUES.iter().map(|queue| (queue.0, "send"));
    let indexes = INDEXES.iter().map(|index| (index.0, "query"));
    let rest = [("secret", "read")];
    tables
        .chain(folders)
        .chain(buckets)
        .chain(queues)
        .chain(indexes)
        .chain(rest)
        .collect()
}

fn granted(role: &'static str) -> BTreeSet<(&'static str, &'static str)> {
    role.split(';')
        .flat_map(|grant| {
            let (place, actions) = grant.split_once(':').unwrap();
            let place = place.trim();
            actions
                .split_whitespace()
                .map(move |action| (place, action))
        })
        .collect()
}

/// Whether a call got past IAM, be it only to be refused for another reason.
fn allowed<T, E: ProvideErrorMetadata, H>(outcome: Result<T, SdkError<E, H>>) -> Result<bool> {
    let Err(error) = outcome else { return Ok(true) };
    let code = error.as_service_error().and_then(|error| error.code());
    match code.unwrap_or_default() {
        "AccessDenied" | "AccessDeniedException" => Ok(false),
        // The writes below carry a condition that never holds, so that nothing is written.
        "ConditionalCheckFailedException" => Ok(true),
        other => bail!("an answer that says nothing about access: {other}"),
    }
}

async fn try_table(
    stack: &Stack,
    aws: &Aws,
    (name, output, partition, sort): (&str, &str, &str, Option<&str>),
    action: &str,
) -> Result<bool> {
    let client = aws.dynamodb();
    let table = stack.output(output)?;
    let nobody = || AttributeValue::S("probe".into());
    let mut key = std::collections::HashMap::from([(partition.to_owned(), nobody())]);
    key.extend(sort.map(|sort| (sort.to_owned(), nobody())));
    let never = "attribute_exists(no_such_attribute)";
    match action {
        "get" => allowed(
            client
                .get_item()
                .table_name(table)
                .set_key(Some(key))
                .send()
                .await,
        ),
        "batch-get" => {
            let keys = KeysAndAttributes::builder().keys(key).build()?;
            let call = client.batch_get_item().request_items(table, keys);
            allowed(call.send().await)
        }
        "query" => {
            let call = client
                .query()
                .table_name(table)
                .key_condition_expression("#key = :key")
                .expression_attribute_names("#key", partition)
                .expression_attribute_values(":key", nobody());
            allowed(call.send().await)
        }
        "scan" => allowed(client.scan().table_name(table).limit(1).send().await),
        "put" => {
            let call = client.put_item().table_name(table).set_item(Some(key));
            allowed(call.condition_expression(never).send().await)
        }
        "update" => {
            let call = client
                .update_item()
                .table_name(table)
                .set_key(Some(key))
                .update_expression("SET probed = :key")
                .expression_attribute_values(":key", nobody())
                .condition_expression(never);
            allowed(call.send().await)
        }
        "delete" => {
            let call = client.delete_item().table_name(table).set_key(Some(key));
            allowed(call.condition_expression(never).send().await)
        }
        other => bail!("no action {other} on {name}"),
    }
}

async fn try_folder(aws: &Aws, bucket: &str, folder: &str, action: &str) -> Result<bool> {
    let client = aws.s3();
    let key = |name| format!("{folder}/{PROBE}/{name}");
    match action {
        "read" => allowed(
            client
                .get_object()
                .bucket(bucket)
                .key(key("read"))
                .send()
                .await,
        ),
        "write" => allowed(
            client
                .put_object()
                .bucket(bucket)
                .key(key("write"))
                .send()
                .await,
        ),
        "erase" => allowed(
            client
                .delete_object()
                .bucket(bucket)
                .key(key("erase"))
                .send()
                .await,
        ),
        other => bail!("no action {other} on {folder}"),
    }
}

/// A place in each folder that belongs to nobody.
const PROBE: &str = "probe";

async fn try_it(stack: &Stack, aws: &Aws, place: &str, action: &str) -> Result<bool> {
    if let Some(table) = TABLES.iter().find(|table| table.0 == place) {
        return try_table(stack, aws, *table, action).await;
    }
    if let Some((_, bucket, folder)) = FOLDERS.iter().find(|folder| folder.0 == place) {
        return try_folder(aws, stack.output(bucket)?, folder, action).await;
    }
    if let Some((_, bucket)) = BUCKETS.iter().find(|bucket| bucket.0 == place) {
        let client = aws.s3();
        let call = client.list_objects_v2().bucket(stack.output(bucket)?);
        return allowed(call.max_keys(1).send().await);
    }
    if let Some((_, url)) = QUEUES.iter().find(|queue| queue.0 == place) {
        // A message about something that is not there, which the job passes over.
        let (user, item, tryon) = (UserId::new(), ItemId::new(), TryOnId::new());
        let body = match place {
            "clean-queue" => serde_json::to_string(&CleanItem {
                owner_id: user,
                item_id: item,
            })?,
            "render-queue" => serde_json::to_string(&RenderTryOn {
                user_id: user,
                tryon_id: tryon,
            })?,
            _ => serde_json::to_string(&Retrain {
                day: time::Date::from_ordinal_date(2020, 1)?,
                pace: Pace::Steady,
                runs: 0,
            })?,
        };
        let client = aws.sqs();
        let call = client.send_message().queue_url(stack.output(url)?);
        return allowed(call.message_body(body).send().await);
    }
    if let Some((_, output, index, partition)) = INDEXES.iter().find(|index| index.0 == place) {
        let client = aws.dynamodb();
        let call = client
            .query()
            .table_name(stack.output(output)?)
            .index_name(*index)
            .key_condition_expression("#key = :nobody")
            .expression_attribute_names("#key", *partition)
            .expression_attribute_values(":nobody", AttributeValue::S(PROBE.into()));
        return allowed(call.send().await);
    }
    match place {
        "secret" => {
            let client = aws.secrets();
            let call = client
                .get_secret_value()
                .secret_id(stack.output("TokenSecretId")?);
            allowed(call.send().await)
        }
        other => bail!("no place {other}"),
    }
}

/// Objects to read: S3 does not tell a missing one from a forbidden one.
async fn put_probes(stack: &Stack) -> Outcome {
    for (_, bucket, folder) in FOLDERS {
        let client = stack.aws()?.s3();
        let call = client.put_object().bucket(stack.output(bucket)?);
        call.key(format!("{folder}/{PROBE}/read")).send().await?;
    }
    Ok(())
}

async fn remove_probes(stack: &Stack) -> Outcome {
    for (_, bucket, folder) in FOLDERS {
        for name in ["read", "write"] {
            let client = stack.aws()?.s3();
            let call = client.delete_object().bucket(stack.output(bucket)?);
            call.key(format!("{folder}/{PROBE}/{name}")).send().await?;
        }
    }
    Ok(())
}

/// What is wrong with a function's role: each place and action that is granted without need, or missing.
async fn differences(stack: &Stack, function: &str, role: &'static str) -> Result<Vec<String>> {
    let configuration = stack.function(function).await?;
    let arn = configuration["Role"].as_str().context("no role")?;
    let aws = stack.aws_as(stack.assume(arn).await?)?;
    let granted = granted(role);
    let tried = stream::iter(everything())
        .map(async |(place, action)| {
            let may = try_it(stack, &aws, place, action)
                .await
                .with_context(|| format!("{function}, {place}: {action}"))?;
            anyhow::Ok((place, action, may))
        })
        .buffer_unordered(8)
        .try_collect::<Vec<_>>()
        .await?;
    let wrong = tried.into_iter().filter_map(|(place, action, may)| {
        let should = granted.contains(&(place, action));
        let verb = if may { "may" } else { "may not" };
        (may != should).then(|| format!("{function} {verb} {action} {place}"))
    });
    Ok(wrong.collect())
}

#[tokio::test]
async fn every_function_may_do_its_work_and_nothing_else() -> Outcome {
    let stack = Stack::from_env()?;
    if !stack.enforces_iam().await? {
        // Straight to the terminal: the output of tests that pass is not shown.
        writeln!(
            std::io::stderr(),
            "\nSKIPPED: roles are not tried out, since this emulator does not enforce IAM (AUTH=true).\n"
        )?;
        return Ok(());
    }
    put_probes(&stack).await?;
    let wrong = stream::iter(ROLES)
        .map(|(function, role)| differences(&stack, function, role))
        .buffer_unordered(2)
        .try_concat()
        .await;
    remove_probes(&stack).await?;
    assert_eq!(wrong?, Vec::<String>::new());
    Ok(())
}

#[test]
fn every_grant_can_be_tried() {
    let everything: BTreeSet<_> = everything().into_iter().collect();
    for (function, role) in ROLES {
        for grant in granted(role) {
            assert!(everything.contains(&grant), "{function}: {grant:?}");
        }
    }
}
