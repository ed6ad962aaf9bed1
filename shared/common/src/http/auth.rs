//! Who is asking. The authorizer has verified the token; its answer is the only source of identity.

use drape_domain::{Role, SessionId, UserId};
use lambda_http::{Request, RequestExt, request::RequestContext};
use serde_json::Value;

use super::Problem;

/// Whoever sent the request, as the authorizer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub user_id: UserId,
    /// With which sign-in.
    pub session_id: SessionId,
    /// As what.
    pub role: Role,
}

impl Caller {
    /// A `user_id` that a client sends must be its own.
    ///
    /// # Errors
    /// 403 `user_mismatch` for another user's id.
    pub fn must_be(&self, claimed: Option<UserId>) -> Result<(), Problem> {
        match claimed {
            Some(id) if id != self.user_id => Err(Problem::forbidden(
                "user_mismatch",
                "user_id must be the user of the access token.",
            )),
            _ => Ok(()),
        }
    }
}

/// Who is asking.
///
/// # Errors
/// 401 `unauthorized` when no authorizer has answered for the request.
pub fn caller(request: &Request) -> Result<Caller, Problem> {
    context(request)
        .and_then(|context| context.authorizer.as_ref())
        .and_then(|authorizer| {
            let field = |name| authorizer.fields.get(name).and_then(Value::as_str);
            Some(Caller {
                user_id: field("user_id")?.parse().ok()?,
                session_id: field("session_id")?.parse().ok()?,
                role: match field("role")? {
                    "boutique" => Role::Boutique,
                    _ => Role::User,
                },
            })
        })
        .ok_or_else(|| {
            Problem::unauthorized(
                "unauthorized",
                "Send a valid access token as a Bearer token.",
            )
        })
}

/// The address that the request came from, as API Gateway saw it.
#[must_use]
pub fn source_ip(request: &Request) -> &str {
    context(request)
        .and_then(|context| context.http.source_ip.as_deref())
        .unwrap_or("unknown")
}

pub(super) fn context(
    request: &Request,
) -> Option<&lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => Some(context),
        #[allow(unreachable_patterns)] // only the HTTP API's shape is compiled in
        _ => None,
    }
}
