//! Segments of what was read.

use std::collections::BTreeMap;

use drape_common::batch::JobError;
use drape_index::{Builder, Entry};

use crate::read::Found;

/// A segment to be published.
pub(crate) struct Segment {
    pub(crate) bytes: Vec<u8>,
    pub(crate) rows: usize,
    pub(crate) gone: usize,
}

/// Makes a delta: what was found, by the base's model. What cannot be in the index is marked as gone, since it may
/// have been there before.
pub(crate) struct Delta {
    model: String,
    builder: Builder,
}

impl Delta {
    pub(crate) fn new(model: &str, dim: usize, version: &str) -> Result<Self, JobError> {
        Ok(Self {
            model: model.to_owned(),
            builder: builder(model, dim, version)?,
        })
    }

    pub(crate) fn add(&mut self, found: Found) {
        let ours = found.entry.filter(|(model, _)| *model == self.model);
        if !ours.is_some_and(|(_, entry)| push(&mut self.builder, entry)) {
            self.builder.remove(found.item);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.builder.is_empty()
    }

    pub(crate) fn write(self) -> Result<Segment, JobError> {
        write(self.builder)
    }
}

/// Makes a base: what was found, by the model that most of it has. Vectors of different models are not compared, so
/// that the others wait until their photos have been worked on again.
pub(crate) struct Base {
    version: String,
    models: BTreeMap<(String, usize), Builder>,
}

impl Base {
    pub(crate) fn new(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            models: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, found: Found) -> Result<(), JobError> {
        let Some((model, entry)) = found.entry else {
            return Ok(());
        };
        let key = (model, entry.vector.len());
        if !self.models.contains_key(&key) {
            // A vector that cannot be read has no length.
            if key.1 == 0 {
                tracing::warn!(item = %entry.item, "its vector cannot be read");
                return Ok(());
            }
            let builder = builder(&key.0, key.1, &self.version)?;
            self.models.insert(key.clone(), builder);
        }
        if let Some(builder) = self.models.get_mut(&key) {
            push(builder, entry);
        }
        Ok(())
    }

    /// The segment with its model and the length of its vectors; `otherwise` of these if there is no item. None if
    /// there is neither.
    pub(crate) fn write(
        self,
        otherwise: Option<(String, usize)>,
    ) -> Result<Option<(String, usize, Segment)>, JobError> {
        let left_out: usize = self.models.values().map(Builder::len).sum();
        let largest = self
            .models
            .into_iter()
            .max_by_key(|(_, builder)| builder.len());
        let ((model, dim), builder) = match (largest, otherwise) {
            (Some((key, builder)), _) => (key, builder),
            (None, Some((model, dim))) => {
                let empty = builder(&model, dim, &self.version)?;
                ((model, dim), empty)
            }
            (None, None) => return Ok(None),
        };
        let left_out = left_out - builder.len();
        if left_out > 0 {
            tracing::warn!(left_out, model, "items have vectors of other models");
        }
        write(builder).map(|segment| Some((model, dim, segment)))
    }
}

fn builder(model: &str, dim: usize, version: &str) -> Result<Builder, JobError> {
    Builder::new(model, dim, version).map_err(|error| JobError::Other(error.to_string()))
}

/// False if it cannot be used.
fn push(builder: &mut Builder, entry: Entry) -> bool {
    let pushed = builder.push(entry);
    if let Err(error) = &pushed {
        tracing::warn!(cause = %error, "an item is left out of the index");
    }
    pushed.is_ok()
}

fn write(builder: Builder) -> Result<Segment, JobError> {
    let mut bytes = Vec::new();
    let written = builder
        .write(&mut bytes)
        .map_err(|error| JobError::Other(error.to_string()))?;
    Ok(Segment {
        bytes,
        rows: written.rows,
        gone: written.tombstones,
    })
}
