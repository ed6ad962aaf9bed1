//! One request.

use anyhow::{Context, Result};
use reqwest::RequestBuilder;
use serde_json::Value;

use crate::Answer;

/// A request under construction.
#[derive(Debug)]
#[must_use]
pub struct Call {
    asked: String,
    request: RequestBuilder,
}

impl Call {
    pub(crate) fn new(asked: String, request: RequestBuilder) -> Self {
        Self { asked, request }
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        Self {
            request: self.request.json(body),
            ..self
        }
    }

    /// With this text as a body that says it is JSON.
    pub fn text(self, body: impl Into<String>) -> Self {
        let request = self.request.header("content-type", "application/json");
        Self {
            request: request.body(body.into()),
            ..self
        }
    }

    /// With a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self {
            request: self.request.header(name, value),
            ..self
        }
    }

    /// With query parameters.
    pub fn query(self, parameters: &[(&str, &str)]) -> Self {
        Self {
            request: self.request.query(parameters),
            ..self
        }
    }

    /// Sends it.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn send(self) -> Result<Answer> {
        let answer = self.request.send().await.context(self.asked.clone())?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.context(self.asked.clone())?;
        Ok(Answer {
            asked: self.asked,
            status,
            headers,
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
        })
    }

    /// Sends it and answers the JSON body if the status is this one.
    ///
    /// # Errors
    /// When no answer comes, or one with another status.
    pub async fn expect(self, status: u16) -> Result<Value> {
        self.send().await?.expect(status)
    }

    /// Sends it and answers the problem if it is this one; see [`Answer::problem`].
    ///
    /// # Errors
    /// When no answer comes, or another one.
    pub async fn problem(self, status: u16, code: &str) -> Result<Value> {
        self.send().await?.problem(status, code)
    }

    /// Sends it and answers the fields that are said to be invalid.
    ///
    /// # Errors
    /// When no answer comes, or another one.
    pub async fn invalid_fields(self) -> Result<Vec<String>> {
        self.send().await?.invalid_fields()
    }
}
