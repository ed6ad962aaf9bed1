//! What every Lambda uses: settings, AWS clients, stores, HTTP, tokens, batches and logs. Written once, so
//! that a function's folder holds only its own story.

pub mod aws;
pub mod batch;
pub mod date;
pub mod hash;
pub mod http;
pub mod init;
pub mod keyring;
pub mod limits;
pub mod live;
pub mod logs;
pub mod metrics;
pub mod password;
pub mod sessions;
pub mod settings;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tokens;
pub mod typed;
pub mod views;
