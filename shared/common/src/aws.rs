//! AWS clients, built once in init from the environment alone.
//!
//! Lambda hands credentials, region and (on the local stack) the endpoint to a function as environment
//! variables, so the SDK's provider chain, profile files and metadata calls are all left out. Every client
//! shares one HTTP client on rustls with ring.

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_types::SdkConfig;

use crate::settings::MissingSetting;

/// Makes service clients that share one HTTP client.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
}

impl Aws {
    /// Reads region, credentials and endpoint from the environment.
    ///
    /// # Errors
    /// When the region or the credentials are missing.
    pub fn from_env() -> Result<Self, MissingSetting> {
        let var = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let need = |name| var(name).ok_or(MissingSetting(name));
        let credentials = Credentials::new(
            need("AWS_ACCESS_KEY_ID")?,
            need("AWS_SECRET_ACCESS_KEY")?,
            var("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        Ok(Self::new(
            need("AWS_REGION")?,
            credentials,
            var("AWS_ENDPOINT_URL"),
        ))
    }

    /// The same clients for a region, credentials and endpoint that do not come from the environment.
    #[must_use]
    pub fn new(region: String, credentials: Credentials, endpoint: Option<String>) -> Self {
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(
                Builder::new()
                    .tls_provider(Provider::Rustls(CryptoMode::Ring))
                    .build_https(),
            )
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(1))
                    .operation_attempt_timeout(Duration::from_secs(5))
                    .operation_timeout(Duration::from_secs(9))
                    .build(),
            );
        config.set_endpoint_url(endpoint);
        Self {
            config: config.build(),
        }
    }

    /// A DynamoDB client.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    /// An S3 client. Path style with an endpoint override, since `bucket.localhost` does not resolve
    /// everywhere.
    #[must_use]
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config)
            .force_path_style(self.config.endpoint_url().is_some())
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }

    /// An SQS client.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }

    /// A Secrets Manager client.
    #[must_use]
    pub fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config)
    }
}
