//! Puts that go to an engine in this process without the SDK.

use std::time::Instant;

use aws_sdk_dynamodb::types::TransactWriteItem;
use tracing::Instrument as _;

use super::append::Put;
use super::failure::Failure;
use super::items::Item;
use super::observe::{Request, RequestOutcome};
use super::transaction::{Tried, why};
use super::{DynamoDbStore, request_span};
use crate::StoreError;
use crate::embedded::{Answer, Direct};

impl DynamoDbStore {
    /// Puts the item directly. Returns `None`, with nothing written, if the request has to go
    /// through the SDK.
    pub(super) async fn put_directly(&self, item: &Item, must_be_new: bool) -> Option<Put> {
        let direct = self.direct.as_ref()?;
        let answer = self.told("PutItem", direct.put(&self.table, item, must_be_new)).await;
        Some(match answer {
            Answer::Written { .. } => Put::Written,
            Answer::Taken { reasons, .. } => {
                Put::Taken(reasons.into_iter().next().and_then(|reason| reason.item))
            }
            Answer::Full(reason) => Put::Failed(Failure::Full(format!("PutItem: {reason}"))),
            Answer::Unknown(reason) => Put::Failed(Failure::Unknown(format!("PutItem: {reason}"))),
            Answer::NotPlain => return None,
        })
    }

    /// Puts all items or none directly. Returns `None`, with nothing written, if the request has to
    /// go through the SDK.
    pub(super) async fn put_all_directly(&self, puts: &[TransactWriteItem]) -> Option<Tried> {
        let direct: &Direct = self.direct.as_ref()?;
        let items = puts.iter().filter_map(|item| Some(item.put()?.item()));
        let answer = self.told("TransactWriteItems", direct.put_all(&self.table, items)).await;
        Some(match answer {
            Answer::Written { .. } => Tried::Written,
            Answer::Taken { message, reasons } => why(reasons, message),
            Answer::Full(reason) => {
                Tried::Failed(Failure::Full(format!("TransactWriteItems: {reason}")))
            }
            Answer::Unknown(reason) => {
                Tried::Failed(Failure::Unknown(format!("TransactWriteItems: {reason}")))
            }
            Answer::NotPlain => return None,
        })
    }

    /// Checks that the engine in this process, if any, can write. It tries a write only if the last
    /// one failed.
    pub(super) async fn check_writes(&self) -> Result<(), StoreError> {
        let Some(direct) = &self.direct else { return Ok(()) };
        match direct.check_writes().await {
            Answer::Full(reason) => Err(Failure::Full(reason).into()),
            Answer::Unknown(reason) => Err(Failure::Unknown(reason).into()),
            _ => Ok(()),
        }
    }

    async fn told(&self, operation: &'static str, answer: impl Future<Output = Answer>) -> Answer {
        let span = request_span(operation);
        let begun = Instant::now();
        let answer = answer.instrument(span.clone()).await;
        let (outcome, write_units) = match &answer {
            Answer::Written { units } => (RequestOutcome::Done, *units),
            Answer::Taken { .. } => (RequestOutcome::ConditionFailed, 0.0),
            Answer::Full(_) => (RequestOutcome::Busy, 0.0),
            Answer::Unknown(_) => (RequestOutcome::Unknown, 0.0),
            // The SDK request that follows is observed instead.
            Answer::NotPlain => return answer,
        };
        let (duration, purpose, read_units) = (begun.elapsed(), self.purpose, 0.0);
        self.tell(
            &span,
            &Request { operation, purpose, duration, outcome, read_units, write_units },
        );
        answer
    }
}
