//! When a run has to stop, so that Lambda does not cut it off in the middle of something.

use drape_common::{batch::JobError, store::StoreError};
use drape_domain::Timestamp;
use time::Duration;

/// Left for what is under way: some hundred reads and writes, or a model's training with its scorer.
const MARGIN: Duration = Duration::seconds(120);

/// The end of a run.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    /// When Lambda ends it.
    pub at: Timestamp,
    /// The time.
    pub clock: fn() -> Timestamp,
}

impl Deadline {
    /// Stops what should not go on.
    pub(crate) fn check(&self) -> Result<(), Stopped> {
        if (self.clock)() + MARGIN < self.at {
            Ok(())
        } else {
            Err(Stopped::OutOfTime)
        }
    }
}

/// Why a stage has not come to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stopped {
    /// The rest is for the next run.
    #[error("out of time")]
    OutOfTime,
    /// It failed; a repetition goes on where it was.
    #[error(transparent)]
    Failed(#[from] JobError),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Failed(JobError::Store(error))
    }
}
