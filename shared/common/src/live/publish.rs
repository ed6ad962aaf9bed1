//! Writing versions, going back to one, and removing old ones.

use std::collections::BTreeSet;

use drape_domain::Timestamp;
use serde_json::Value;

use super::pointer::{
    File, Pointer, Standing, current, describe, description, file, new_version, standing,
};
use crate::{
    hash,
    store::{
        StoreError,
        blob::{DeleteObject, GetObject, HeadObject, ListKeys, PutIf, PutObject, delete_each},
    },
};

/// A version to be.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its name; see [`new_version`](super::new_version).
    pub version: String,
    /// Files of earlier versions that it uses.
    pub kept: Vec<File>,
    /// Names and contents of files of its own, which come after the others.
    pub made: Vec<(String, Vec<u8>)>,
    /// When it was made.
    pub made_at: Timestamp,
    /// What its publisher wants to know of it later.
    pub note: Value,
}

/// How publishing ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is current.
    Published(Pointer),
    /// Somebody else has published since the standing was read; nothing has changed.
    Lost,
}

/// Publishes a version over what was read as [`standing`]. Cut off anywhere, it leaves what was current
/// before, and files that [`prune`] removes in time.
///
/// # Errors
/// When the store fails; whether it is current by then is not known.
pub async fn publish(
    bucket: &(impl PutObject + PutIf),
    prefix: &str,
    standing: &Standing,
    draft: Draft,
) -> Result<Outcome, StoreError> {
    let mut files = draft.kept;
    for (name, bytes) in draft.made {
        let key = file(prefix, &draft.version, &name);
        files.push(File {
            key: key.clone(),
            length: bytes.len() as u64,
            sha256: hash::hex(&bytes),
        });
        bucket
            .put_object(&key, "application/octet-stream", bytes)
            .await?;
    }
    let before = standing.pointer.as_ref();
    let pointer = Pointer {
        version: draft.version,
        files,
        previous: before.map(|before| before.version.clone()),
        made_at: draft.made_at,
        held: false,
        note: draft.note,
    };
    let key = description(prefix, &pointer.version);
    bucket.put_object(&key, JSON, json(&pointer)?).await?;
    switch(bucket, prefix, standing, pointer).await
}

/// Makes an earlier version current again, and holds it: scheduled jobs are to leave it alone.
///
/// # Errors
/// When there is no such version, a file of it is gone, or the store fails.
pub async fn roll_back(
    bucket: &(impl GetObject + HeadObject + PutIf),
    prefix: &str,
    version: &str,
) -> Result<Outcome, StoreError> {
    const DOING: &str = "roll back";
    let standing = standing(bucket, prefix).await?;
    let earlier = describe(bucket, prefix, version).await?;
    let earlier = earlier.ok_or_else(|| StoreError::new(DOING, "there is no such version"))?;
    for file in &earlier.files {
        let head = bucket.head(&file.key).await?;
        if head.is_none_or(|head| head.length != file.length) {
            let why = format!("{} is gone or not what it was", file.key);
            return Err(StoreError::new(DOING, why));
        }
    }
    let before = standing.pointer.as_ref();
    let pointer = Pointer {
        previous: before.map(|before| before.version.clone()),
        held: true,
        ..earlier
    };
    switch(bucket, prefix, &standing, pointer).await
}

/// Lets scheduled jobs replace a version that was gone back to. True if it was held.
///
/// # Errors
/// When the store fails.
pub async fn resume(bucket: &(impl GetObject + PutIf), prefix: &str) -> Result<bool, StoreError> {
    let standing = standing(bucket, prefix).await?;
    let Some(pointer) = standing.pointer.clone().filter(|pointer| pointer.held) else {
        return Ok(false);
    };
    let freed = Pointer {
        held: false,
        ..pointer
    };
    let outcome = switch(bucket, prefix, &standing, freed).await?;
    Ok(outcome != Outcome::Lost)
}

async fn switch(
    bucket: &impl PutIf,
    prefix: &str,
    standing: &Standing,
    pointer: Pointer,
) -> Result<Outcome, StoreError> {
    let (key, bytes) = (current(prefix), json(&pointer)?);
    let switched = bucket.put_if(&key, JSON, bytes, &standing.expected).await?;
    Ok(if switched {
        Outcome::Published(pointer)
    } else {
        Outcome::Lost
    })
}

const JSON: &str = "application/json";

fn json(pointer: &Pointer) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec_pretty(pointer).map_err(|error| StoreError::new("write pointer", error))
}

/// Which versions stay, beside the current and the previous one.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    /// The newest ones.
    pub newest: usize,
    /// The last ones of so many days on which there were any.
    pub days: usize,
    /// Those made since, which may be about to be published.
    pub since: Timestamp,
}

/// Removes the other versions, and answers how many files went. Files that a kept version uses stay, whatever
/// version made them. A description goes before its files, so that every version that is described is whole.
///
/// # Errors
/// When the store fails.
pub async fn prune(
    bucket: &(impl GetObject + ListKeys + DeleteObject),
    prefix: &str,
    keep: Keep,
) -> Result<usize, StoreError> {
    let Some(pointer) = standing(bucket, prefix).await?.pointer else {
        // Without a pointer nobody knows what is in use.
        return Ok(0);
    };
    let keys = bucket.list_keys(&format!("{prefix}/")).await?;
    let mut described: Vec<&str> = keys
        .iter()
        .filter_map(|key| folder(prefix, key))
        .filter(|version| keys.binary_search(&description(prefix, version)).is_ok())
        .collect();
    described.dedup();
    let newest = described.iter().rev().take(keep.newest).copied();
    let in_use = [Some(pointer.version.as_str()), pointer.previous.as_deref()];
    let last_of_days = described
        .chunk_by(|one, next| day(one) == day(next))
        .rev()
        .take(keep.days)
        .filter_map(|versions| versions.last().copied());
    let kept: BTreeSet<&str> = newest
        .chain(in_use.into_iter().flatten())
        .chain(last_of_days)
        .collect();

    let mut needed: BTreeSet<String> = pointer.files.iter().map(|file| file.key.clone()).collect();
    needed.insert(current(prefix));
    for version in &kept {
        needed.insert(description(prefix, version));
        if let Some(version) = describe(bucket, prefix, version).await? {
            needed.extend(version.files.into_iter().map(|file| file.key));
        }
    }
    let since = new_version(keep.since);
    let (descriptions, files): (Vec<_>, Vec<_>) = keys
        .iter()
        .filter(|key| !needed.contains(*key))
        .filter(|key| folder(prefix, key).is_some_and(|version| version < since.as_str()))
        .cloned()
        .partition(|key| key.ends_with("/version.json"));
    let removed = descriptions.len() + files.len();
    delete_each(bucket, descriptions).await?;
    delete_each(bucket, files).await?;
    Ok(removed)
}

/// The day in a version's name.
fn day(version: &str) -> &str {
    version.get(..8).unwrap_or(version)
}

/// The version in whose folder a key is.
fn folder<'a>(prefix: &str, key: &'a str) -> Option<&'a str> {
    let rest = key.strip_prefix(prefix)?.strip_prefix('/')?;
    rest.split_once('/').map(|(version, _)| version)
}
