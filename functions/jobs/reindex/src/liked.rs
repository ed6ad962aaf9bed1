//! What is liked of what is sold, as the served model has learned it.

use drape_common::{
    live::{MODELS, standing},
    store::{
        StoreError,
        blob::{GetObject, HeadObject},
    },
};
use drape_taste::{Model, Popularity};

/// The largest model that is read, in bytes.
const MAX_MODEL: u64 = 64 << 20;

/// By the model that is served. All alike without one, or with one that cannot be read: the order in which offers
/// are looked at is worth no failed index.
pub(crate) async fn liked(
    learned: &(impl GetObject + HeadObject),
) -> Result<Popularity, StoreError> {
    let pointer = standing(learned, MODELS).await?.pointer;
    let Some(file) = pointer.as_ref().and_then(|pointer| pointer.files.first()) else {
        return Ok(Popularity::default());
    };
    let object = learned.get_object(&file.key, MAX_MODEL).await?;
    match object.map(|object| Model::from_bytes(&object.bytes)) {
        Some(Ok(model)) => Ok(model.popularity),
        broken => {
            tracing::warn!(key = file.key, found = broken.is_some(), "unusable model");
            Ok(Popularity::default())
        }
    }
}
