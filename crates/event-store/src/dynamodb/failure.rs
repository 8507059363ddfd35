//! What a failed request means for what is stored.

use std::error::Error;
use std::time::Duration;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::observe::Outcome;
use crate::StoreError;

const CANCELLED: &str = "TransactionCanceledException";
/// For which reasons a part of a transaction is refused, and would be again.
pub(super) const REFUSING: [&str; 3] =
    ["ValidationError", "ItemCollectionSizeLimitExceeded", "AccessDenied"];

/// When to try again, for whoever asks while the store is away.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a request failed, in words, and whether it may have been carried out all the same.
#[derive(Debug)]
pub(super) enum Failure {
    /// Certainly not carried out; later it may be.
    Busy(String),
    /// Carried out or not: there is no telling.
    Unknown(String),
    /// Certainly not carried out, as the engine's disk is full.
    #[cfg_attr(
        not(feature = "embedded"),
        expect(dead_code, reason = "DynamoDB's disk is never full")
    )]
    Full(String),
    /// Certainly not carried out, now or later.
    Refused(String),
}

impl Failure {
    pub(super) fn of<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let reason = format!("{operation}: {}", reason(error));
        match error {
            // Not even sent.
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
                            // Too many at once ask for the same stream or table.
                            | "LimitExceededException"
                            | "ReplicatedWriteConflictException"
                            | "TransactionConflictException"
                            // Credentials that are renewed while the program runs.
                            | "ExpiredTokenException",
                        ),
                        _,
                    ) => Self::Busy(reason),
                    (Some(_), status) if status.is_client_error() => Self::Refused(reason),
                    // Not DynamoDB's own words: half an answer, or somebody in between.
                    _ => Self::Unknown(reason),
                }
            }
            _ => Self::Unknown(reason),
        }
    }

    pub(super) const fn outcome(&self) -> Outcome {
        match self {
            Self::Busy(_) | Self::Full(_) => Outcome::Busy,
            Self::Unknown(_) => Outcome::Unknown,
            Self::Refused(_) => Outcome::Refused,
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

/// Whether it only failed because its condition did not hold, or that of a part of it.
pub(super) fn condition_failed<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error.code() {
        Some("ConditionalCheckFailedException") => true,
        Some(CANCELLED) => says(error, &["ConditionalCheckFailed"]),
        _ => false,
    }
}

/// Whether a cancelled transaction's message, which lists a reason for each part, has one of these.
fn says(error: &impl ProvideErrorMetadata, reasons: &[&str]) -> bool {
    let message = error.message().unwrap_or_default();
    reasons.iter().any(|reason| message.contains(reason))
}

/// What the service says, or else what stands between it and us, outermost cause first.
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
