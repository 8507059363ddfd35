//! What the store tells whoever wants to know about its requests: metrics, and the tests that hold
//! it to its costs.

use std::fmt::Debug;
use std::time::Duration;

use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::scan::ScanOutput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsOutput;
use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Is told of each request once it has been answered. Called on the request's path: be quick.
pub trait Observer: Debug + Send + Sync {
    /// One request, with what came of it.
    fn request(&self, request: &Request);
}

/// One request to DynamoDB, or to object storage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request {
    /// DynamoDB's name for it, such as `PutItem`, or S3's: `PutObject`, `GetObject`.
    pub operation: &'static str,
    /// What it was for.
    pub purpose: Purpose,
    /// From the call to the answer; for reads, the SDK's own retries included.
    pub duration: Duration,
    /// What came of it.
    pub outcome: Outcome,
    /// Read capacity units, as DynamoDB counted them; 0 when it did not say.
    pub read_units: f64,
    /// Write capacity units, likewise. DynamoDB does not say what a failed condition cost.
    pub write_units: f64,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The histories of aggregates: commands, and whoever reads what came of them.
    Histories,
    /// The feed, beside the path of commands.
    Feed,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Done.
    Done,
    /// Somebody else's change set was there first.
    ConditionFailed,
    /// DynamoDB has too much to do; certainly not done.
    Busy,
    /// No answer, or none that says whether it was done.
    Unknown,
    /// Refused, and would be again.
    Refused,
}

impl Outcome {
    /// A label for metrics.
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

/// An answer that says what it cost, as (read units, write units).
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
