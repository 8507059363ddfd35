use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_dynamodb::{Config, config};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);

/// Timeouts that suit a store behind a user's click: 1 s to connect, 3 s for an attempt, 10 s with
/// the SDK's retries.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

/// A configuration for a DynamoDB-compatible server that checks no credentials, such as one at
/// `http://127.0.0.1:8000`. For an AWS account, use `aws-config`.
pub fn for_endpoint(url: impl Into<String>) -> Config {
    nowhere()
        .credentials_provider(Credentials::new("local", "local", None, None, "anybody"))
        .endpoint_url(url)
        .http_client(https())
        .timeout_config(timeouts())
        .build()
}

/// The common part of all configurations that need no AWS account.
pub(crate) fn nowhere() -> config::Builder {
    config::Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .retry_config(RetryConfig::standard())
}

/// Returns an HTTP client for SDK configurations, with TLS by rustls and *ring*. The SDK's default
/// client takes about a minute longer to compile, because it builds AWS's cryptography library in
/// C.
pub fn https() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}
