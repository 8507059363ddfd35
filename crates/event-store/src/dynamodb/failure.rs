//! The meaning of a failed request for the stored data.

use std::error::Error;
use std::time::Duration;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::observe::RequestOutcome;
use crate::StoreError;

const CANCELLED: &str = "TransactionCanceledException";
/// The cancellation reasons of a transaction that would be refused on a retry, too.
pub(super) const REFUSING: [&str; 3] =
    ["ValidationError", "ItemCollectionSizeLimitExceeded", "AccessDenied"];

/// The retry delay suggested to callers while the store is unavailable.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The reason why a request failed, and whether it may have been carried out nevertheless.
#[derive(Debug)]
pub(super) enum Failure {
    /// Certainly not carried out. A retry may succeed.
    Busy(String),
    /// The outcome is unknown: carried out or not.
    Unknown(String),
    /// Certainly not carried out, because the engine's disk is full.
    #[cfg_attr(
        not(feature = "embedded"),
        expect(dead_code, reason = "DynamoDB's disk is never full")
    )]
    Full(String),
    /// Certainly not carried out. A retry would be refused, too.
    Refused(String),
}

impl Failure {
    pub(super) fn of<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let reason = format!("{operation}: {}", reason(error));
        match error {
            // The request was never sent.
            SdkError::ConstructionFailure(_) => Self::Busy(reason),
            SdkError::ServiceError(answer) => {
                match (answer.err().code(), answer.raw().status()) {
                    #[cfg(feature = "embedded")]
                    (Some(crate::embedded::DISK_FULL), _) => Self::Full(reason),
                    (Some(CANCELLED), _) if !says(answer.err(), &REFUSING) => Self::Busy(reason),
                    (
                        Some(
                            "ThrottlingException"
                            | "ProvisionedThroughputExceededException"
                            | "RequestLimitExceeded"
                            // Too many requests for the same stream or table at once.
                            | "LimitExceededException"
                            | "ReplicatedWriteConflictException"
                            | "TransactionConflictException"
                            // Expired credentials are renewed while the program runs.
                            | "ExpiredTokenException",
                        ),
                        _,
                    ) => Self::Busy(reason),
                    (Some(_), status) if status.is_client_error() => Self::Refused(reason),
                    // A server error, a truncated answer, or the answer of a proxy.
                    _ => Self::Unknown(reason),
                }
            }
            _ => Self::Unknown(reason),
        }
    }

    pub(super) const fn outcome(&self) -> RequestOutcome {
        match self {
            Self::Busy(_) | Self::Full(_) => RequestOutcome::Busy,
            Self::Unknown(_) => RequestOutcome::Unknown,
            Self::Refused(_) => RequestOutcome::Refused,
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Busy(reason) | Failure::Unknown(reason) => {
                Self::Unavailable { reason, retry_after: RETRY_AFTER }
            }
            Failure::Full(reason) => Self::Full(reason),
            Failure::Refused(reason) => Self::Refused(reason),
        }
    }
}

/// Returns whether the request failed because its condition, or that of one of its parts, did not
/// hold.
pub(super) fn condition_failed<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error.code() {
        Some("ConditionalCheckFailedException") => true,
        Some(CANCELLED) => says(error, &["ConditionalCheckFailed"]),
        _ => false,
    }
}

/// Returns whether a cancelled transaction's message, which lists a reason for each part, has one
/// of these.
fn says(error: &impl ProvideErrorMetadata, reasons: &[&str]) -> bool {
    let message = error.message().unwrap_or_default();
    reasons.iter().any(|reason| message.contains(reason))
}

/// Returns the service's own message, or else the chain of causes, outermost first.
pub fn reason<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let SdkError::ServiceError(answer) = error {
        let code = answer.err().code().unwrap_or("an error without a code");
        let status = answer.raw().status();
        return match answer.err().message() {
            Some(message) => format!("{code}: {message}"),
            None => format!("{code} (HTTP {status})"),
        };
    }
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !reason.ends_with(&text) {
            reason = format!("{reason}: {text}");
        }
        cause = error.source();
    }
    reason
}
