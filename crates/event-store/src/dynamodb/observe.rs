//! Reports of the store's requests, for metrics and for the tests that limit the store's costs.

use std::fmt::Debug;
use std::time::Duration;

use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::scan::ScanOutput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsOutput;
use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Receives the store's requests, each once it has ended. It is called on the request's path, so it
/// has to be quick. Requests about the table itself or its stream are not reported.
pub trait Observer: Debug + Send + Sync {
    /// Receives one request with its outcome.
    fn request(&self, request: &Request);
}

/// One request to DynamoDB, or to object storage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request {
    /// DynamoDB's name for the operation, such as `PutItem`, or S3's, such as `PutObject`.
    pub operation: &'static str,
    /// The purpose of the request.
    pub purpose: Purpose,
    /// The time from the call to the answer, including the SDK's retries. Conditional writes have
    /// none.
    pub duration: Duration,
    /// The outcome of the request.
    pub outcome: RequestOutcome,
    /// Read capacity units, as DynamoDB counted them; 0 if it did not say.
    pub read_units: f64,
    /// Write capacity units, likewise. DynamoDB does not report the cost of a failed condition.
    pub write_units: f64,
}

/// The purpose of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The histories of aggregates, for commands and readers.
    Histories,
    /// The feed, off the path of commands.
    Feed,
}

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestOutcome {
    /// The request was carried out.
    Done,
    /// The condition did not hold: the key was taken.
    ConditionFailed,
    /// Certainly not carried out: DynamoDB throttles, or the disk is full.
    Busy,
    /// No answer, or none that tells whether the request was carried out.
    Unknown,
    /// Refused. A retry would be refused, too.
    Refused,
}

impl RequestOutcome {
    /// Returns the label for metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::ConditionFailed => "condition_failed",
            Self::Busy => "busy",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
        }
    }
}

/// An answer that states its cost, as (read units, write units).
pub(super) trait Billed {
    fn units(&self) -> (f64, f64);
}

fn total(capacity: Option<&ConsumedCapacity>) -> f64 {
    capacity.and_then(ConsumedCapacity::capacity_units).unwrap_or(0.0)
}

fn of_all(tables: &[ConsumedCapacity]) -> f64 {
    tables.iter().map(|of_one| total(Some(of_one))).sum()
}

impl Billed for PutItemOutput {
    fn units(&self) -> (f64, f64) {
        (0.0, total(self.consumed_capacity()))
    }
}

impl Billed for GetItemOutput {
    fn units(&self) -> (f64, f64) {
        (total(self.consumed_capacity()), 0.0)
    }
}

impl Billed for QueryOutput {
    fn units(&self) -> (f64, f64) {
        (total(self.consumed_capacity()), 0.0)
    }
}

impl Billed for ScanOutput {
    fn units(&self) -> (f64, f64) {
        (total(self.consumed_capacity()), 0.0)
    }
}

impl Billed for BatchGetItemOutput {
    fn units(&self) -> (f64, f64) {
        (of_all(self.consumed_capacity()), 0.0)
    }
}

impl Billed for TransactWriteItemsOutput {
    fn units(&self) -> (f64, f64) {
        (0.0, of_all(self.consumed_capacity()))
    }
}
