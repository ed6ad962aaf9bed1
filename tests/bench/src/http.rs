//! A small HTTP server on loopback.

use std::{future::Future, net::Ipv4Addr, sync::Arc};

use anyhow::Result;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Method, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, task::JoinHandle};

/// A request with its whole body.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Without the query.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

pub(crate) type Answer = Response<Full<Bytes>>;

/// An answer without headers of its own.
pub(crate) fn answer(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer
}

pub(crate) trait Handler: Send + Sync + 'static {
    fn handle(&self, request: Request) -> impl Future<Output = Answer> + Send;
}

/// A running server; it ends with this value.
#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    accepting: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start<H: Handler>(handler: Arc<H>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let accepting = tokio::spawn(accept(listener, handler));
        Ok(Self { port, accepting })
    }

    /// `127.0.0.1:port`.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept<H: Handler>(listener: TcpListener, handler: Arc<H>) {
    while let Ok((stream, _)) = listener.accept().await {
        // Answers are small and somebody measures them: they are not to wait for more to send.
        let _ = stream.set_nodelay(true);
        let handler = handler.clone();
        tokio::spawn(async move {
            let service = service_fn(async |request: hyper::Request<Incoming>| {
                let (head, body) = request.into_parts();
                let body = body.collect().await?.to_bytes();
                let path = head.uri.path().to_owned();
                let query = head.uri.query().unwrap_or_default().to_owned();
                let request = Request {
                    method: head.method,
                    path,
                    query,
                    headers: head.headers,
                    body,
                };
                Ok::<_, hyper::Error>(handler.handle(request).await)
            });
            // Ends when the client goes; a client that is killed in between is no news.
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
