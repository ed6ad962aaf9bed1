//! AWS clients, built once in init from the environment alone.
//!
//! Lambda hands credentials, region and (on the local stack) the endpoint to a function as environment
//! variables, so the SDK's provider chain, profile files and metadata calls are all left out. Every client
//! shares one HTTP client on rustls with ring.
//!
//! Reading the system's certificates takes longer than all the rest of starting a function, so AWS is checked
//! against Amazon's own five roots alone, which are compiled in. They last until the end of 2037.

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_types::SdkConfig;

use crate::settings::MissingSetting;

/// Amazon Root CA 1 to 4 and Starfield Services Root CA G2: what AWS asks its callers to trust
/// (<https://www.amazontrust.com/repository/>).
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");

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
        let mut tls = TlsContext::builder();
        if is_amazons(&region, endpoint.as_deref()) {
            let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
            tls = tls.with_trust_store(roots);
        }
        let mut http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
        if let Ok(tls) = tls.build() {
            http = http.tls_context(tls);
        }
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http.build_https())
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

/// Whether TLS, if there is any, ends at AWS itself: not in China, where others issue some of its
/// certificates, nor with somebody else's endpoint.
fn is_amazons(region: &str, endpoint: Option<&str>) -> bool {
    let elsewhere = endpoint.is_some_and(|url| url.starts_with("https:"));
    !elsewhere && !region.starts_with("cn-")
}

#[cfg(test)]
mod tests {
    use ring::digest::{SHA256, digest};
    use rustls::pki_types::{CertificateDer, pem::PemObject};

    use super::*;

    #[test]
    fn the_roots_are_amazons() {
        // SHA-256 of the certificates as Amazon Trust Services and Mozilla publish them.
        let published = [
            "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
            "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
            "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
            "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
            "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
        ];
        let roots = CertificateDer::pem_slice_iter(AMAZON_ROOTS.as_bytes());
        let found: Vec<_> = roots
            .map(|root| {
                let digest = digest(&SHA256, &root.unwrap());
                digest
                    .as_ref()
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect::<String>()
            })
            .collect();
        assert_eq!(found, published);
    }

    #[test]
    fn other_endpoints_are_checked_against_the_systems_roots() {
        assert!(is_amazons("eu-west-1", None));
        assert!(is_amazons("eu-west-1", Some("http://127.0.0.1:4566")));
        assert!(!is_amazons("eu-west-1", Some("https://stack.example.com")));
        assert!(!is_amazons("cn-north-1", None));
    }
}
