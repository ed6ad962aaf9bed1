//! Answers.

use lambda_http::{
    Body,
    http::{HeaderValue, StatusCode, header},
};
use serde::Serialize;

use super::{Outcome, Problem, Response};

/// A JSON answer. Answers hold a person's data and short-lived URLs, so no cache may keep them.
///
/// # Errors
/// 500 if the value cannot be written as JSON.
pub fn json(status: u16, value: &impl Serialize) -> Outcome {
    let text = serde_json::to_string(value).map_err(Problem::internal)?;
    let mut response = Response::new(Body::Text(text));
    *response.status_mut() = StatusCode::from_u16(status).map_err(Problem::internal)?;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// 201 with where the new thing is.
///
/// # Errors
/// As [`json`].
pub fn created(location: &str, value: &impl Serialize) -> Outcome {
    let mut response = json(201, value)?;
    response.headers_mut().insert(
        header::LOCATION,
        HeaderValue::from_str(location).map_err(Problem::internal)?,
    );
    Ok(response)
}

/// 204.
///
/// # Errors
/// Never; an [`Outcome`] for the handler's convenience.
pub fn empty() -> Outcome {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// The answer with its record's `etag` as a header too, as any HTTP client expects it for `If-Match`.
///
/// # Errors
/// Those of `answer`.
pub fn with_etag(revision: u64, answer: Outcome) -> Outcome {
    let mut response = answer?;
    let etag = HeaderValue::from_str(&etag(revision)).map_err(Problem::internal)?;
    response.headers_mut().insert(header::ETAG, etag);
    Ok(response)
}

/// A record's `etag` as clients see it.
#[must_use]
pub fn etag(revision: u64) -> String {
    format!("\"{revision}\"")
}
