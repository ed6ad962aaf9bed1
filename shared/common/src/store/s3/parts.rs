//! Large objects, written in parts: one request for a gigabyte would take longer than a request may.

use aws_sdk_s3::{
    Client,
    primitives::ByteStream,
    types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart},
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};

use crate::store::StoreError;

/// Objects from this size on are written in parts.
pub(super) const FROM: usize = 32 << 20;
/// Bytes of a part; S3 wants at least 5 MiB and at most 10,000 parts.
const PART: usize = 16 << 20;
/// Parts under way.
const PARALLEL: usize = 4;
/// What the SDK sends with each part, and S3 wants to be told at the start and at the end.
const CHECKSUM: ChecksumAlgorithm = ChecksumAlgorithm::Crc32;
const DOING: &str = "put large object";

/// Writes an object of at least [`FROM`] bytes. Nobody sees it before it is whole. Of one that is cut off, the parts
/// are removed by the bucket's lifecycle.
pub(super) async fn put(
    client: &Client,
    bucket: &str,
    key: &str,
    content_type: &str,
    bytes: Vec<u8>,
) -> Result<(), StoreError> {
    let started = client
        .create_multipart_upload()
        .bucket(bucket)
        .key(key)
        .content_type(content_type)
        .checksum_algorithm(CHECKSUM)
        .send()
        .await
        .map_err(|error| StoreError::new(DOING, error))?;
    let upload = started
        .upload_id
        .ok_or_else(|| StoreError::new(DOING, "the upload has no id"))?;
    let bytes = Bytes::from(bytes);
    let parts = (1_i32..)
        .zip((0..bytes.len()).step_by(PART))
        .map(|(number, start)| {
            let part = bytes.slice(start..bytes.len().min(start + PART));
            let call = client
                .upload_part()
                .bucket(bucket)
                .key(key)
                .upload_id(&upload)
                .part_number(number)
                .checksum_algorithm(CHECKSUM)
                .body(ByteStream::from(part));
            async move {
                let done = Box::pin(call.send())
                    .await
                    .map_err(|error| StoreError::new(DOING, error))?;
                Ok::<_, StoreError>(
                    CompletedPart::builder()
                        .part_number(number)
                        .set_e_tag(done.e_tag)
                        .set_checksum_crc32(done.checksum_crc32)
                        .build(),
                )
            }
        });
    // In their order, as S3 wants them to be named.
    let parts: Vec<CompletedPart> = stream::iter(parts).buffered(PARALLEL).try_collect().await?;
    let whole = CompletedMultipartUpload::builder()
        .set_parts(Some(parts))
        .build();
    client
        .complete_multipart_upload()
        .bucket(bucket)
        .key(key)
        .upload_id(&upload)
        .multipart_upload(whole)
        .send()
        .await
        .map(drop)
        .map_err(|error| StoreError::new(DOING, error))
}
