//! The job that makes try-on pictures.
//!
//! A message only says which record to look at, so one that comes twice, late or out of order does no harm:
//! what is final stays, what is not is worked on, from the start if an earlier run died. What can never
//! work ends as `failed` with words for the person; what may work next time is left to the queue.

pub mod engine;
mod files;
mod photos;
pub mod renderer;
#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use drape_common::{
    batch::{JobError, work},
    store::{
        Changed, Get, GetMany, Save, StoreError,
        blob::{DeleteObject, GetObject, PutObject, delete_each, keys},
        change,
        queue::{RenderTryOn, RetryLater},
        tables::tryon_key,
    },
};
use drape_domain::{Item, Timestamp, TryOn, item::Failure};
use futures::{FutureExt, future::try_join_all};
use time::Duration;

use photos::Unusable;
use renderer::{Picture, Render, RenderError};

/// Nobody waits for a picture that long. It ends what no retry could help, once a status call has sent its
/// message again.
const GIVE_UP_AFTER: Duration = Duration::hours(1);

/// The job and what it needs.
#[derive(Debug, Clone)]
pub struct RenderJob<T, I, U, M, R> {
    /// Reads and writes try-ons.
    pub tryons: T,
    /// Reads the garments.
    pub items: I,
    /// Holds body photos.
    pub uploads: U,
    /// Holds the garments' images and the pictures.
    pub media: M,
    /// Makes pictures.
    pub renderer: R,
    /// Tells the time.
    pub now: fn() -> Timestamp,
}

impl<T, I, U, M, R> RenderJob<T, I, U, M, R>
where
    T: Get<TryOn> + Save<TryOn>,
    I: GetMany<Item>,
    U: GetObject,
    M: GetObject + PutObject + DeleteObject,
    R: Render,
{
    /// Works on each message of a batch; says which ones have to come back.
    pub async fn batch(&self, event: SqsEvent, queue: &impl RetryLater) -> SqsBatchResponse {
        work(event, queue, |message| Box::pin(self.run(message))).await
    }

    /// Brings one try-on to its end.
    ///
    /// # Errors
    /// When a store or the renderer fails in a way that may pass.
    pub async fn run(&self, message: RenderTryOn) -> Result<(), JobError> {
        let key = tryon_key(message.user_id, message.tryon_id);
        let now = (self.now)();
        let started = change(&self.tryons, &key, |tryon| {
            if now - tryon.created_at > GIVE_UP_AFTER {
                tryon.fail(gave_up(), now)
            } else {
                tryon.start(now)
            }
        })
        .await?;
        let Changed::Written(tryon) = started else {
            // Deleted, or finished by an earlier message.
            return Ok(());
        };
        if tryon.status.is_final() {
            return Ok(());
        }
        match self.picture(&tryon).await {
            Ok(picture) => self.finish(&tryon, picture).await?,
            Err(RenderError::Photo(failure)) => {
                tracing::info!(code = failure.code, "try-on failed");
                self.fail(&tryon, failure).await?;
            }
            Err(RenderError::Fault(cause)) => return Err(JobError::Other(cause)),
        }
        Ok(())
    }

    /// A panic follows from the photos and would come again with every retry, so it is a reason, too.
    async fn picture(&self, tryon: &TryOn) -> Result<Picture, RenderError> {
        let attempt = AssertUnwindSafe(self.attempt(tryon)).catch_unwind();
        attempt.await.unwrap_or_else(|_| {
            // Its own words have gone to the log through the panic hook.
            tracing::error!(tryon = %tryon.id, "the renderer panicked");
            Err(RenderError::Photo(panicked()))
        })
    }

    async fn attempt(&self, tryon: &TryOn) -> Result<Picture, RenderError> {
        let photos = photos::fetch(tryon, &self.items, &self.uploads, &self.media).await;
        let (body, garments) = photos.map_err(|error| match error {
            Unusable::Photo(failure) => RenderError::Photo(failure),
            Unusable::Store(error) => RenderError::Fault(error.to_string()),
        })?;
        self.renderer.render(&body, &garments, tryon.view_options)
    }

    /// All pictures are written before the record says that they are there. A record that is gone or failed by
    /// then has no use for them, and nobody else would remove them.
    async fn finish(&self, tryon: &TryOn, picture: Picture) -> Result<(), StoreError> {
        let skipped = picture.skipped.clone();
        let (rendered, files) = files::lay_out(tryon.user_id, tryon.id, picture);
        let puts = files
            .into_iter()
            .map(|(key, png)| async move { self.media.put_object(&key, "image/png", png).await });
        try_join_all(puts).await?;
        let now = (self.now)();
        let key = tryon_key(tryon.user_id, tryon.id);
        let finished = change(&self.tryons, &key, |tryon| {
            let finished = tryon.finish(rendered.clone(), now);
            if finished {
                for (item_id, reason) in &skipped {
                    tryon.skip(*item_id, reason.clone());
                }
            }
            finished
        })
        .await?;
        let wanted = match finished {
            Changed::Written(_) => true,
            Changed::Kept(tryon) => tryon.render_key.as_ref() == Some(&rendered.render_key),
            Changed::Missing => false,
        };
        if !wanted {
            delete_each(&self.media, keys::tryon_files(tryon.user_id, tryon.id)).await?;
        }
        Ok(())
    }

    async fn fail(&self, tryon: &TryOn, failure: Failure) -> Result<(), StoreError> {
        let now = (self.now)();
        let key = tryon_key(tryon.user_id, tryon.id);
        change(&self.tryons, &key, |tryon| tryon.fail(failure.clone(), now))
            .await
            .map(drop)
    }
}

fn panicked() -> Failure {
    Failure {
        code: "render_failed".into(),
        message: "This picture could not be made. Please try another photo or other items.".into(),
    }
}

fn gave_up() -> Failure {
    Failure {
        code: "render_timed_out".into(),
        message: "This picture could not be made in time. Please try again.".into(),
    }
}
