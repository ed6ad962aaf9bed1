//! Objects in S3.

mod parts;

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_s3::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    presigning::PresigningConfig,
    primitives::ByteStream,
};
use drape_domain::{Timestamp, item::Upload};
use uuid::Uuid;

use super::{
    StoreError,
    blob::{
        DeleteObject, Expected, GetObject, HeadObject, ListKeys, Object, ObjectHead, PresignGet,
        PresignPut, PresignedUpload, PutIf, PutObject,
    },
    ranges::GetRange,
};

/// One bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// The bucket called `name`.
    #[must_use]
    pub fn new(client: &Client, name: String) -> Self {
        Self {
            client: client.clone(),
            name,
        }
    }

    /// The bucket's name, as in `s3://name/key`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens the connection that the first request will use; see [`super::dynamo::Table::prime`].
    pub async fn prime(&self) {
        let call = self
            .client
            .head_object()
            .bucket(&self.name)
            .key("prime")
            .send();
        let _ = tokio::time::timeout(Duration::from_secs(2), Box::pin(call)).await;
    }
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error
        .raw_response()
        .map(|response| response.status().as_u16())
}

fn missing<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    status(error) == Some(404)
}

/// Whether a condition did not hold: 412, 404 if the object that should match is gone, and 409 if another write
/// was under way.
fn refused<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    match status(error) {
        Some(409 | 412) => true,
        Some(404) => error.code() == Some("NoSuchKey"),
        _ => false,
    }
}

/// As HTTP writes it.
fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

fn head(etag: Option<String>, length: Option<i64>, content_type: Option<String>) -> ObjectHead {
    ObjectHead {
        etag: etag.unwrap_or_default().trim_matches('"').to_owned(),
        length: length
            .and_then(|length| u64::try_from(length).ok())
            .unwrap_or_default(),
        content_type,
    }
}

fn lasting(lifetime: Duration) -> Result<PresigningConfig, StoreError> {
    PresigningConfig::expires_in(lifetime).map_err(|error| StoreError::new("presign", error))
}

impl HeadObject for Bucket {
    async fn head(&self, key: &str) -> Result<Option<ObjectHead>, StoreError> {
        match self
            .client
            .head_object()
            .bucket(&self.name)
            .key(key)
            .send()
            .await
        {
            Ok(answer) => Ok(Some(head(
                answer.e_tag,
                answer.content_length,
                answer.content_type,
            ))),
            Err(error) if missing(&error) => Ok(None),
            Err(error) => Err(StoreError::new("head object", error)),
        }
    }
}

impl GetObject for Bucket {
    async fn get_object(&self, key: &str, limit: u64) -> Result<Option<Object>, StoreError> {
        const DOING: &str = "get object";
        let answer = match self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key)
            .send()
            .await
        {
            Ok(answer) => answer,
            Err(error) if missing(&error) => return Ok(None),
            Err(error) => return Err(StoreError::new(DOING, error)),
        };
        let head = head(answer.e_tag, answer.content_length, answer.content_type);
        // The declared length is checked before a byte is read, so that memory is bounded.
        if head.length > limit {
            return Err(StoreError::new(
                DOING,
                format!("{} bytes, over the limit of {limit}", head.length),
            ));
        }
        let bytes = answer
            .body
            .collect()
            .await
            .map_err(|error| StoreError::new(DOING, error))?
            .to_vec();
        Ok(Some(Object { head, bytes }))
    }
}

impl PutObject for Bucket {
    async fn put_object(
        &self,
        key: &str,
        content_type: &'static str,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        if bytes.len() >= parts::FROM {
            let put = parts::put(&self.client, &self.name, key, content_type, bytes);
            return Box::pin(put).await;
        }
        let call = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(content_type);
        let call = call.body(ByteStream::from(bytes));
        call.send()
            .await
            .map(drop)
            .map_err(|error| StoreError::new("put object", error))
    }
}

/// Metadata that names the write that made an object.
const WRITE_ID: &str = "write-id";

impl PutIf for Bucket {
    /// The SDK repeats a write whose answer was lost, and the repetition is refused because of what the first
    /// one wrote. So each write names itself: an object that this very write made is written.
    async fn put_if(
        &self,
        key: &str,
        content_type: &'static str,
        bytes: Vec<u8>,
        expected: &Expected,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "put object if";
        let own = Uuid::now_v7().to_string();
        let call = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(content_type)
            .metadata(WRITE_ID, &own)
            .body(ByteStream::from(bytes));
        let call = match expected {
            Expected::Nothing => call.if_none_match("*"),
            Expected::Etag(etag) => call.if_match(quoted(etag)),
        };
        match call.send().await {
            Ok(_) => return Ok(true),
            Err(error) if !refused(&error) => return Err(StoreError::new(DOING, error)),
            Err(_) => {}
        }
        let call = self.client.head_object().bucket(&self.name).key(key);
        match call.send().await {
            Ok(there) => {
                let writer = there.metadata().and_then(|words| words.get(WRITE_ID));
                Ok(writer == Some(&own))
            }
            Err(error) if missing(&error) => Ok(false),
            Err(error) => Err(StoreError::new(DOING, error)),
        }
    }
}

impl GetRange for Bucket {
    async fn get_range(
        &self,
        key: &str,
        etag: &str,
        start: u64,
        out: &mut [u8],
    ) -> Result<bool, StoreError> {
        const DOING: &str = "get range";
        let Some(last) = (out.len() as u64).checked_sub(1) else {
            return Ok(true);
        };
        let call = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key)
            .range(format!("bytes={start}-{}", start.saturating_add(last)))
            .if_match(quoted(etag));
        let mut body = match call.send().await {
            // Without its range, an answer would be the whole object.
            Ok(answer) if answer.content_range.is_some() => answer.body,
            Ok(_) => return Err(StoreError::new(DOING, "the range was ignored")),
            Err(error) if refused(&error) => return Ok(false),
            Err(error) => return Err(StoreError::new(DOING, error)),
        };
        let mut left = out;
        while let Some(bytes) = body.next().await {
            let bytes = bytes.map_err(|error| StoreError::new(DOING, error))?;
            let Some((place, rest)) = left.split_at_mut_checked(bytes.len()) else {
                return Err(StoreError::new(DOING, "more bytes than were asked for"));
            };
            place.copy_from_slice(&bytes);
            left = rest;
        }
        if left.is_empty() {
            Ok(true)
        } else {
            Err(StoreError::new(DOING, "beyond the object's end"))
        }
    }
}

impl DeleteObject for Bucket {
    async fn delete_object(&self, key: &str) -> Result<(), StoreError> {
        let call = self.client.delete_object().bucket(&self.name).key(key);
        call.send()
            .await
            .map(drop)
            .map_err(|error| StoreError::new("delete object", error))
    }
}

impl ListKeys for Bucket {
    async fn list_keys(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut pages = self
            .client
            .list_objects_v2()
            .bucket(&self.name)
            .prefix(prefix)
            .into_paginator()
            .send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| StoreError::new("list objects", error))?;
            let objects = page.contents.unwrap_or_default();
            keys.extend(objects.into_iter().filter_map(|object| object.key));
        }
        Ok(keys)
    }
}

impl PresignGet for Bucket {
    async fn presign_get(&self, key: &str, lifetime: Duration) -> Result<String, StoreError> {
        let call = self.client.get_object().bucket(&self.name).key(key);
        let request = call.presigned(lasting(lifetime)?).await;
        request
            .map(|request| request.uri().to_owned())
            .map_err(|error| StoreError::new("presign get", error))
    }
}

impl PresignPut for Bucket {
    async fn presign_put(
        &self,
        key: &str,
        upload: Upload,
        lifetime: Duration,
    ) -> Result<PresignedUpload, StoreError> {
        const DOING: &str = "presign put";
        let length =
            i64::try_from(upload.content_length).map_err(|error| StoreError::new(DOING, error))?;
        let request = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(upload.content_type.as_str())
            .content_length(length)
            .presigned(lasting(lifetime)?)
            .await
            .map_err(|error| StoreError::new(DOING, error))?;
        let headers: BTreeMap<_, _> = request
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Ok(PresignedUpload {
            method: "PUT",
            url: request.uri().to_owned(),
            headers,
            expires_at: Timestamp::now_utc() + lifetime,
        })
    }
}
