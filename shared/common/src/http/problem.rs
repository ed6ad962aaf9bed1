//! RFC 9457 problem details: the one shape of every error that a client sees.

use lambda_http::{
    Body,
    http::{StatusCode, header},
};
use serde::Serialize;

use super::Response;
use crate::store::StoreError;

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Path of the field, such as `price.amount`.
    pub field: String,
    /// What to change.
    pub message: String,
}

/// An error as the client sees it, with its cause for the log alone.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<u64>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Problem {
    /// A problem with a stable `code` and a `detail` that tells the app's developer what to change.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// 400.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401.
    pub fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// 403.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404.
    pub fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 404 for an item, whether it does not exist or is somebody else's.
    #[must_use]
    pub fn item_not_found() -> Self {
        Self::not_found("item_not_found", "There is no such item in your wardrobe.")
    }

    /// 404 for a try-on, whether it does not exist or is somebody else's.
    #[must_use]
    pub fn tryon_not_found() -> Self {
        Self::not_found("tryon_not_found", "There is no such try-on of yours.")
    }

    /// 409.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 412 for an `If-Match` that does not name the current etag.
    #[must_use]
    pub fn etag_mismatch() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "etag_mismatch",
            "The record has changed since you read it. Read it again and send its etag in If-Match.",
        )
    }

    /// 422 with one entry per field.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let mut problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation_failed",
            "Some fields cannot be accepted; see errors.",
        );
        problem.errors = errors;
        problem
    }

    /// 422 for one field.
    pub fn invalid_field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError {
            field: field.into(),
            message: message.into(),
        }])
    }

    /// 429 with `Retry-After` in seconds.
    pub fn too_many(detail: impl Into<String>, retry_after: u64) -> Self {
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail);
        problem.retry_after = Some(retry_after);
        problem
    }

    /// 500; the cause goes to the log and never to the client.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut problem = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "Something went wrong on our side. Try again; if it stays, tell us the request_id.",
        );
        problem.cause = Some(cause.into());
        problem
    }

    /// HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong with which field.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// For the log.
    pub(super) fn cause(&self) -> Option<String> {
        self.cause.as_ref().map(ToString::to_string)
    }

    /// The response that a client sees.
    #[must_use]
    pub fn into_response(self, request_id: &str) -> Response {
        #[derive(Serialize)]
        struct Wire<'a> {
            r#type: String,
            title: &'a str,
            status: u16,
            detail: &'a str,
            code: &'a str,
            request_id: &'a str,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            errors: &'a [FieldError],
        }
        let body = serde_json::to_string(&Wire {
            r#type: format!("urn:drape:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            request_id,
            errors: &self.errors,
        })
        .unwrap_or_default();
        let mut response = Response::new(Body::Text(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(
            header::CACHE_CONTROL,
            header::HeaderValue::from_static("no-store"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                header::HeaderValue::from_static("Bearer"),
            );
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(problem: Problem) -> (Response, serde_json::Value) {
        let response = problem.into_response("r-1");
        let Body::Text(text) = response.body() else {
            panic!("not text")
        };
        let body = serde_json::from_str(text).unwrap();
        (response, body)
    }

    #[test]
    fn a_cause_is_never_shown() {
        let (response, body) = shown(Problem::from(StoreError::new(
            "get record",
            "secret host name",
        )));
        assert_eq!(response.status(), 500);
        assert_eq!(body["code"], "internal_error");
        assert_eq!(body["request_id"], "r-1");
        assert!(!body.to_string().contains("secret"));
    }

    #[test]
    fn fields_are_named() {
        let (response, body) = shown(Problem::invalid_field("title", "must not be empty"));
        assert_eq!(response.status(), 422);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        assert_eq!(body["errors"][0]["field"], "title");
    }

    #[test]
    fn a_limit_says_when_to_come_back() {
        let (response, _) = shown(Problem::too_many("slow down", 30));
        assert_eq!(response.headers()["retry-after"], "30");
    }
}
