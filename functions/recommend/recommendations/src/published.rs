//! What is published for every instance to load: the index of what boutiques sell, and the learned model. Neither
//! is needed for an answer.

use std::{fmt, sync::Arc};

use drape_common::{
    live::{Live, Loaded, MODELS},
    store::{
        blob::{GetObject, HeadObject},
        ranges::GetRange,
    },
};
use drape_index::Catalog;
use drape_recommender::MODEL_ID;
use drape_taste::Model;

/// Something that is published, as far as this instance has it.
pub trait Published<T>: Send + Sync {
    /// What is loaded.
    fn current(&self) -> Option<Arc<Loaded<T>>>;

    /// Looks for something newer beside the request that calls this.
    fn refresh(&self);
}

impl<P, T, B> Published<T> for Live<P, T, B>
where
    P: Send + Sync + 'static,
    T: Send + Sync + 'static,
    B: GetObject + HeadObject + GetRange + 'static,
{
    fn current(&self) -> Option<Arc<Loaded<T>>> {
        Self::current(self)
    }

    fn refresh(&self) {
        Self::refresh(self);
    }
}

/// The largest model that is read, in bytes.
const MAX_MODEL: u64 = 64 << 20;

/// The published model.
pub type LiveModel<B> = Live<Model, Arc<Model>, B>;

/// The model that is current in a bucket, to be started.
pub fn model<B>(bucket: B) -> LiveModel<B>
where
    B: GetObject + HeadObject + GetRange + fmt::Debug + 'static,
{
    Live::new(
        bucket,
        MODELS,
        MAX_MODEL,
        |_, bytes| Ok(Model::from_bytes(&bytes)?),
        |models: &[Arc<Model>]| {
            models
                .first()
                .cloned()
                .ok_or_else(|| "there is no model".into())
        },
    )
}

/// Names what served an answer.
#[derive(Debug)]
pub(crate) struct Served {
    /// The learned model, or the rules where there is none.
    pub(crate) model: String,
    /// The version of the index, if boutiques' items were looked at.
    pub(crate) index: Option<String>,
}

impl Served {
    pub(crate) fn new(model: Option<&Model>, catalog: Option<&Loaded<Catalog>>) -> Self {
        Self {
            model: model.map_or(MODEL_ID, |model| &model.id).to_owned(),
            index: catalog.map(|catalog| catalog.pointer.version.clone()),
        }
    }
}
