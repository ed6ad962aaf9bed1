//! What happens once, before the first request: logs, clients, models, and the first connection.

use std::{future::Future, time::Instant};

use futures::future::LocalBoxFuture;

use crate::{aws::Aws, logs, settings::Settings};

/// Init failed; the words go to the log.
pub type InitError = Box<dyn std::error::Error + Send + Sync>;

/// What a function is built from.
#[derive(Debug)]
pub struct Init {
    /// The environment.
    pub settings: Settings,
    /// Makes AWS clients.
    pub aws: Aws,
}

impl Init {
    /// Runs `build` and logs how long it took. Everything a function needs is made there, once.
    ///
    /// # Errors
    /// What `build` answers, or a missing region or credentials.
    pub async fn run<T>(
        build: impl AsyncFnOnce(&Self) -> Result<T, InitError>,
    ) -> Result<T, InitError> {
        let started = Instant::now();
        logs::start();
        let built = async {
            let init = Self {
                settings: Settings,
                aws: Aws::from_env()?,
            };
            build(&init).await
        }
        .await;
        let ms = started.elapsed().as_secs_f64() * 1e3;
        match &built {
            Ok(_) => tracing::info!(ms, "init"),
            Err(error) => tracing::error!(ms, cause = %error, "init"),
        }
        built
    }

    /// Awaits the first calls over the network, which open the connections, and logs how long that took. Boxed,
    /// since the state of such calls is large.
    pub fn prime<'a, F: Future + 'a>(&'a self, calls: F) -> LocalBoxFuture<'a, F::Output> {
        Box::pin(async move {
            let started = Instant::now();
            let answer = calls.await;
            tracing::info!(ms = started.elapsed().as_secs_f64() * 1e3, "prime");
            answer
        })
    }
}
