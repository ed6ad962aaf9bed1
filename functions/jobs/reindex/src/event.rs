//! What the job is told.

use drape_common::batch::JobError;
use serde::Deserialize;
use serde_json::Value;

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// What has changed since the last time.
    Update,
    /// Everything anew.
    Full,
    /// Back to an earlier version, which is then left alone.
    RollBack(String),
    /// A version that was gone back to is left alone no more.
    Resume,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    #[serde(default)]
    full: bool,
    #[serde(default)]
    rollback_to: Option<String>,
    #[serde(default)]
    resume: bool,
}

impl Task {
    /// Reads `{}`, `{"full": true}`, `{"rollback_to": "<version>"}` or `{"resume": true}`.
    pub(crate) fn read(event: Value) -> Result<Self, JobError> {
        let event: Event = serde_json::from_value(event).map_err(JobError::Unreadable)?;
        match (event.full, event.rollback_to, event.resume) {
            (false, None, false) => Ok(Self::Update),
            (true, None, false) => Ok(Self::Full),
            (false, Some(version), false) => Ok(Self::RollBack(version)),
            (false, None, true) => Ok(Self::Resume),
            _ => Err(JobError::Other("one thing at a time".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_thing_is_asked_for_at_a_time() {
        for (event, task) in [
            (json!({}), Task::Update),
            (json!({"full": true}), Task::Full),
            (
                json!({"rollback_to": "v1"}),
                Task::RollBack("v1".to_owned()),
            ),
            (json!({"resume": true}), Task::Resume),
        ] {
            assert_eq!(Task::read(event).unwrap(), task);
        }
        for strange in [
            json!(null),
            json!({"ful": true}),
            json!({"full": "yes"}),
            json!({"full": true, "resume": true}),
            json!({"rollback_to": 1}),
        ] {
            assert!(Task::read(strange.clone()).is_err(), "{strange}");
        }
    }
}
