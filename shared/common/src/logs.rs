//! Structured logs: one JSON object per line.

use tracing_subscriber::{
    filter::Targets, fmt::format::FmtSpan, layer::SubscriberExt, util::SubscriberInitExt,
};

/// Our own words, and of libraries only warnings.
const DEFAULT_FILTER: &str = "info,aws_config=warn,aws_runtime=warn,aws_smithy_runtime=warn,hyper=warn,hyper_util=warn,lambda_runtime=warn,rustls=warn";

/// Starts the log. `RUST_LOG` narrows or widens it; without it, what we say ourselves and warnings of
/// libraries. Panics go through the log too, so that they are one line like everything else.
pub fn start() {
    // `Targets` rather than `EnvFilter`, whose regular expressions are 0.5 MB of the binary.
    let asked: Option<Targets> = std::env::var("RUST_LOG")
        .ok()
        .and_then(|filter| filter.parse().ok());
    let filter = asked.unwrap_or_else(|| DEFAULT_FILTER.parse().unwrap_or_default());
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_span_events(FmtSpan::NONE)
        .with_target(false)
        .with_writer(std::io::stderr);
    let started = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init();
    if started.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic
                .location()
                .map(ToString::to_string)
                .unwrap_or_default();
            let words = panic.payload_as_str().unwrap_or("no words");
            tracing::error!(place, words, "panic");
        }));
    }
}
