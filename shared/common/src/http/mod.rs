//! HTTP as every endpoint speaks it: who is asking, what they sent, what they are answered.

mod auth;
mod idempotency;
mod input;
mod page;
mod problem;
mod respond;
mod serve;

pub use auth::{Caller, caller, source_ip};
pub use idempotency::{IdempotencyKey, Reserved, earlier, idempotency_key, reserve};
pub use input::{IfMatch, body, body_within, if_match, json_in, path_id, query};
pub use page::{Cursor, Limit};
pub use problem::{FieldError, Problem};
pub use respond::{created, empty, etag, json, with_etag};
pub use serve::{Endpoint, serve};

/// A request from API Gateway.
pub use lambda_http::Request;
/// An answer to API Gateway.
pub type Response = lambda_http::Response<lambda_http::Body>;
/// What a handler answers.
pub type Outcome = Result<Response, Problem>;
