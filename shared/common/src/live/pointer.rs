//! What says which version is current.

use drape_domain::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::store::{
    StoreError,
    blob::{Expected, GetObject},
};

/// Most files of a version.
pub const MAX_FILES: usize = 64;
/// The longest pointer that is read, in bytes.
const MAX_POINTER: u64 = 64 << 10;
/// The longest name of a version, in bytes.
const MAX_NAME: usize = 64;

/// A file of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Where it is in the bucket.
    pub key: String,
    /// In bytes.
    pub length: u64,
    /// SHA-256 of its content, in hex.
    pub sha256: String,
}

/// A version, described.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pointer {
    /// Its name.
    pub version: String,
    /// What it consists of, in the publisher's order.
    pub files: Vec<File>,
    /// The version that was current before.
    #[serde(default)]
    pub previous: Option<String>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: Timestamp,
    /// Somebody went back to this version, and until somebody says otherwise no scheduled job replaces it.
    #[serde(default)]
    pub held: bool,
    /// What its publisher wants to know of it later.
    #[serde(default)]
    pub note: Value,
}

impl Pointer {
    /// Reads a pointer or a description below `prefix`; none if it is not one, or names what is elsewhere.
    pub(super) fn read(prefix: &str, bytes: &[u8]) -> Option<Self> {
        let pointer: Self = serde_json::from_slice(bytes).ok()?;
        let files = &pointer.files;
        let names = std::iter::once(&pointer.version).chain(&pointer.previous);
        let inside = format!("{prefix}/");
        let is_sound = (1..=MAX_FILES).contains(&files.len())
            && files.iter().all(|file| file.key.starts_with(&inside))
            && names.into_iter().all(|name| is_name(name));
        is_sound.then_some(pointer)
    }
}

/// What is current, and what a write over it must expect to find.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The current version; none if nothing was published, or the pointer cannot be read.
    pub pointer: Option<Pointer>,
    /// The pointer as it was read.
    pub expected: Expected,
}

/// Reads what is current. A pointer that cannot be read can still be written over.
///
/// # Errors
/// When the store fails.
pub async fn standing(bucket: &impl GetObject, prefix: &str) -> Result<Standing, StoreError> {
    let object = bucket.get_object(&current(prefix), MAX_POINTER).await?;
    let Some(object) = object else {
        return Ok(Standing {
            pointer: None,
            expected: Expected::Nothing,
        });
    };
    Ok(Standing {
        pointer: Pointer::read(prefix, &object.bytes),
        expected: Expected::Etag(object.head.etag),
    })
}

/// Reads a version's description; none if there is no such version.
pub(super) async fn describe(
    bucket: &impl GetObject,
    prefix: &str,
    version: &str,
) -> Result<Option<Pointer>, StoreError> {
    if !is_name(version) {
        return Ok(None);
    }
    let key = description(prefix, version);
    let object = bucket.get_object(&key, MAX_POINTER).await?;
    Ok(object.and_then(|object| Pointer::read(prefix, &object.bytes)))
}

/// Key of the pointer.
pub(super) fn current(prefix: &str) -> String {
    format!("{prefix}/current.json")
}

/// Key of one of a version's own files.
pub(super) fn file(prefix: &str, version: &str, name: &str) -> String {
    format!("{prefix}/{version}/{name}")
}

/// Key of a version's description.
pub(super) fn description(prefix: &str, version: &str) -> String {
    file(prefix, version, "version.json")
}

/// A name for a version that is made now: `20261123T174502Z-5f3a9c01`. Later ones sort after earlier ones.
#[must_use]
pub fn new_version(now: Timestamp) -> String {
    let (date, time) = (now.date(), now.time());
    let [.., a, b, c, d] = Uuid::now_v7().into_bytes();
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z-{a:02x}{b:02x}{c:02x}{d:02x}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
    )
}

/// Whether this can be a version's name, and with it a part of a key.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    fn pointer() -> Value {
        json!({
            "version": "v1", "previous": null, "made_at": "2026-11-23T17:45:02Z",
            "files": [{ "key": "index/v1/base.idx", "length": 7, "sha256": "ab" }],
        })
    }

    fn read(change: impl FnOnce(&mut Value)) -> Option<Pointer> {
        let mut value = pointer();
        change(&mut value);
        Pointer::read("index", value.to_string().as_bytes())
    }

    #[test]
    fn a_pointer_is_read_and_one_that_leads_elsewhere_is_not() {
        assert_eq!(read(|_| ()).unwrap().version, "v1");
        for key in ["models/v1/base.idx", "indexes/v1/base.idx", ""] {
            let elsewhere = read(|pointer| pointer["files"][0]["key"] = json!(key));
            assert_eq!(elsewhere, None, "{key}");
        }
        for name in ["", "../v1", "a/b", &"v".repeat(65)] {
            assert_eq!(read(|pointer| pointer["version"] = json!(name)), None);
            assert_eq!(read(|pointer| pointer["previous"] = json!(name)), None);
        }
    }

    #[test]
    fn a_pointer_has_files_but_not_without_end() {
        let of = |count| {
            read(|pointer| {
                let file = pointer["files"][0].clone();
                pointer["files"] = json!(vec![file; count]);
            })
        };
        assert_eq!(of(0), None);
        assert!(of(MAX_FILES).is_some());
        assert_eq!(of(MAX_FILES + 1), None);
        assert_eq!(Pointer::read("index", b"{"), None);
    }

    #[test]
    fn versions_sort_by_time_and_differ_within_a_second() {
        let (first, later) = (
            datetime!(2026-11-23 17:45:02 UTC),
            datetime!(2027-01-02 03:04:05 UTC),
        );
        let (one, other) = (new_version(first), new_version(first));
        assert!(one.starts_with("20261123T174502Z-") && is_name(&one));
        assert_ne!(one, other);
        assert!(one < new_version(later));
    }
}
