//! What the API answered, and whether it keeps to the contract's one shape of errors.

use anyhow::{Context, Result, bail, ensure};
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Method and path, for messages.
    pub asked: String,
    /// HTTP status.
    pub status: u16,
    /// HTTP headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as JSON; null if it is not.
    pub body: Value,
}

/// Words of the inside that no client should ever read.
const INTERNAL: [&str; 12] = [
    "arn:aws",
    "dynamodb",
    "sqs",
    "amazonaws",
    "sdkerror",
    "service error",
    "panicked",
    ".rs:",
    "backtrace",
    "serde",
    "127.0.0.1",
    "drape-local",
];

impl Answer {
    /// The JSON body of an answer with this status.
    ///
    /// # Errors
    /// When the status is another one; the message holds the body.
    pub fn expect(self, status: u16) -> Result<Value> {
        ensure!(
            self.status == status,
            "{} answered {} instead of {status}: {}",
            self.asked,
            self.status,
            self.text
        );
        Ok(self.body)
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body of a problem (RFC 9457) with this status and code, after checking that it has every member
    /// and tells nothing of the inside.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn problem(self, status: u16, code: &str) -> Result<Value> {
        let (asked, text) = (&self.asked, &self.text);
        ensure!(
            self.status == status && self.body["code"] == code,
            "{asked} answered {} instead of {status} {code}: {text}",
            self.status
        );
        let content_type = self.header("content-type").unwrap_or_default();
        ensure!(
            content_type == "application/problem+json",
            "{asked}: a problem of type {content_type}"
        );
        for member in ["type", "title", "detail", "request_id"] {
            let value = self.body[member].as_str().unwrap_or_default();
            ensure!(!value.is_empty(), "{asked}: no {member} in {text}");
        }
        ensure!(self.body["status"] == status, "{asked}: status in {text}");
        let lower = text.to_lowercase();
        for word in INTERNAL {
            ensure!(!lower.contains(word), "{asked} tells of {word}: {text}");
        }
        Ok(self.body)
    }

    /// The fields that a 422 names.
    ///
    /// # Errors
    /// When it is not a 422 of validation.
    pub fn invalid_fields(self) -> Result<Vec<String>> {
        let body = self.problem(422, "validation_failed")?;
        let errors = body["errors"].as_array().context("no errors")?;
        let field = |error: &Value| Some(error["field"].as_str()?.to_owned());
        errors
            .iter()
            .map(|error| field(error).context("an error without a field"))
            .collect()
    }

    /// An answer that API Gateway gives by itself, before any function runs: it has its own shape.
    ///
    /// # Errors
    /// When the status is not one of these, or there is more in it than a message.
    pub fn by_gateway(self, statuses: &[u16]) -> Result<()> {
        if !statuses.contains(&self.status) {
            bail!("{} answered {}: {}", self.asked, self.status, self.text);
        }
        let members = self.body.as_object().context("no object")?;
        ensure!(
            members.len() == 1 && members.contains_key("message"),
            "{}: {}",
            self.asked,
            self.text
        );
        Ok(())
    }
}
