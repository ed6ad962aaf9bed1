//! What can go wrong between a client and the API, each with the next step.

use serde::Deserialize;

/// An RFC 9457 answer, or a gateway's own, which has only a message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: String,
    detail: String,
    message: String,
    request_id: String,
    errors: Vec<FieldError>,
}

#[derive(Debug, Deserialize)]
struct FieldError {
    field: String,
    message: String,
}

/// Why there is no useful answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Nobody answered.
    #[error(
        "no answer from {url}: {reason}\n  If the API is to run on this machine: `make run` starts it, `make status` tells where it is."
    )]
    Unreachable { url: String, reason: String },
    /// It answered that it will not.
    #[error("{asked} answered {status}: {reason}")]
    Refused {
        asked: String,
        status: u16,
        reason: String,
        retry_after: Option<u64>,
    },
    /// It answered something else than a client of version 1 understands.
    #[error(
        "{asked} answered what this client does not understand ({reason})\n  Is {url} Drape's API? `make status` tells the address of the local one."
    )]
    Unreadable {
        asked: String,
        url: String,
        reason: String,
    },
    /// It concerns this machine.
    #[error("{0}")]
    Local(String),
}

impl Trouble {
    /// What an answer with an error status says.
    pub(crate) fn refused(asked: &str, status: u16, retry_after: Option<u64>, text: &str) -> Self {
        Self::Refused {
            asked: asked.to_owned(),
            status,
            reason: reason(text),
            retry_after,
        }
    }

    /// Nobody answered at `url`, or the answer broke off.
    pub(crate) fn unreachable(url: &str, error: &reqwest::Error) -> Self {
        // The innermost cause says what happened; the outer ones only that something did.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let without_query = url.split('?').next().unwrap_or(url);
        Self::Unreachable {
            url: without_query.to_owned(),
            reason: cause.to_string(),
        }
    }

    /// The same for the first request of all, which Drape never refuses in these ways.
    pub(crate) fn at_the_door(self, base: &str) -> Self {
        match self {
            Self::Refused {
                asked,
                status: status @ (403..=405),
                reason,
                ..
            } => Self::Unreadable {
                asked,
                url: base.to_owned(),
                reason: format!("{status}: {reason}"),
            },
            other => other,
        }
    }

    /// Whether the same request may well succeed a little later.
    pub(crate) fn passes(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if matches!(status, 429 | 500 | 502 | 503 | 504))
    }

    /// Whether this is about one photo alone, so that the others can go on.
    pub(crate) fn concerns_one_photo(&self) -> bool {
        matches!(self, Self::Local(_))
            || matches!(self, Self::Refused { status, .. } if matches!(status, 400..500) && *status != 401)
    }
}

fn reason(text: &str) -> String {
    let Ok(problem) = serde_json::from_str::<Problem>(text) else {
        // S3 answers XML: its message is enough.
        let message = text
            .split_once("<Message>")
            .and_then(|(_, rest)| rest.split_once("</Message>"));
        let message = message.map_or(text, |(message, _)| message);
        return message.trim().chars().take(300).collect();
    };
    let said = [problem.detail, problem.message, problem.title];
    let mut reason = said
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default();
    for error in problem.errors {
        reason.push_str(&format!(" {}: {}.", error.field, error.message));
    }
    if !problem.request_id.is_empty() {
        reason.push_str(&format!(" (request {})", problem.request_id));
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_in_its_own_words() {
        let text = r#"{"type":"about:blank","title":"Unprocessable","status":422,"detail":"Some fields are wrong.",
            "code":"validation_failed","request_id":"r1","errors":[{"field":"content_length","message":"too large"}]}"#;
        assert_eq!(
            reason(text),
            "Some fields are wrong. content_length: too large. (request r1)"
        );
        assert_eq!(reason(r#"{"message":"Not Found"}"#), "Not Found");
        assert_eq!(
            reason(
                "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
            ),
            "Request has expired"
        );
    }

    #[test]
    fn only_refusals_about_the_photo_concern_the_photo_alone() {
        let refused = |status| Trouble::refused("PUT photo", status, None, "");
        assert!(refused(403).concerns_one_photo());
        assert!(refused(422).concerns_one_photo());
        assert!(!refused(401).concerns_one_photo());
        assert!(!refused(503).concerns_one_photo());
        assert!(refused(503).passes() && refused(429).passes() && !refused(404).passes());
    }
}
