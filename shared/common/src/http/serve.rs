//! The loop around an endpoint: one request in, one answer out, one line in the log.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use futures::FutureExt;
use lambda_http::{Request, RequestExt, service_fn};

use super::{Outcome, Problem, Response, auth::context};
use crate::init::{Init, InitError};

/// Answers requests.
pub trait Endpoint: Send + Sync + 'static {
    /// Answers one request.
    fn handle(&self, request: Request) -> impl Future<Output = Outcome> + Send;
}

/// Builds the endpoint once, then answers requests until the process ends.
///
/// # Errors
/// When init fails (a missing setting, a secret that cannot be read): the platform then starts anew.
pub async fn serve<E, F>(build: F) -> Result<(), lambda_http::Error>
where
    E: Endpoint,
    F: AsyncFnOnce(&Init) -> Result<E, InitError>,
{
    let endpoint = Arc::new(Init::run(build).await?);
    lambda_http::run(service_fn(move |request| {
        let endpoint = endpoint.clone();
        async move { Ok::<_, std::convert::Infallible>(answer(&*endpoint, request).await) }
    }))
    .await
}

async fn answer<E: Endpoint>(endpoint: &E, request: Request) -> Response {
    let started = Instant::now();
    let gateway = context(&request);
    let route = gateway
        .and_then(|context| context.route_key.clone())
        .unwrap_or_default();
    let request_id = gateway
        .and_then(|context| context.request_id.clone())
        .or_else(|| {
            request
                .lambda_context_ref()
                .map(|context| context.request_id.clone())
        })
        .unwrap_or_default();

    let outcome = AssertUnwindSafe(endpoint.handle(request))
        .catch_unwind()
        .await;
    // The panic's own words have gone to the log through the panic hook.
    let outcome = outcome.unwrap_or_else(|_| Err(Problem::internal("the handler panicked")));

    let ms = started.elapsed().as_secs_f64() * 1e3;
    match outcome {
        Ok(response) => {
            tracing::info!(
                request_id,
                route,
                status = response.status().as_u16(),
                ms,
                "request"
            );
            response
        }
        Err(problem) => {
            let status = problem.status().as_u16();
            let code = problem.code();
            match problem.cause() {
                Some(cause) => {
                    tracing::error!(request_id, route, status, code, cause, ms, "request")
                }
                None => tracing::info!(request_id, route, status, code, ms, "request"),
            }
            problem.into_response(&request_id)
        }
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::Body;

    use super::*;

    struct Panics;
    impl Endpoint for Panics {
        async fn handle(&self, _: Request) -> Outcome {
            panic!("at the disco")
        }
    }

    #[tokio::test]
    async fn a_panic_is_answered_without_its_words() {
        let response = answer(&Panics, Request::new(Body::Empty)).await;
        assert_eq!(response.status(), 500);
        let Body::Text(text) = response.body() else {
            panic!("not text")
        };
        assert!(text.contains("internal_error") && !text.contains("disco"));
    }
}
