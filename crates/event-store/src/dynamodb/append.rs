//! One conditional put, and the recovery from a lost answer.

use std::time::Duration;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};

use super::DynamoDbStore;
use super::failure::{Failure, condition_failed};
use super::items::{self, Item, Row, Written};
use crate::{Appended, ChangeSet, StoreError};

pub(super) const ATTEMPTS: u32 = 4;
/// The condition that no item has the key of the put.
pub(crate) const NOT_TAKEN: &str = "attribute_not_exists(pk)";
/// The longest pause after the first attempt. It doubles with each further attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(40);

/// The item that already has the key of a put.
#[derive(Debug)]
pub(super) struct There {
    pub(super) item: Item,
    /// An earlier attempt of the same put, whose answer was lost, may have written the item.
    pub(super) perhaps_ours: bool,
}

pub(super) enum Put {
    Written,
    /// The key is taken, by this item if the answer contains it.
    Taken(Option<Item>),
    Failed(Failure),
}

impl DynamoDbStore {
    /// Puts the change set unless its version is taken. A body that is too large for the item is
    /// put first.
    pub(super) async fn put_change_set(
        &self,
        change_set: &ChangeSet,
    ) -> Result<Appended, StoreError> {
        let Written { item, overflow } = items::of_change_set(change_set, self.inline())?;
        let found = self.put_objects(overflow.into_iter().collect()).await?;
        let appended = match self.put_new(item).await {
            Ok(Some(there)) => self.settle(change_set, there).await?,
            Ok(None) => Appended::Written,
            Err(error) => {
                // The item may be written nevertheless.
                self.put_objects_again(found).await;
                return Err(error);
            }
        };
        if !matches!(appended, Appended::Taken(_)) {
            self.put_objects_again(found).await;
        }
        Ok(appended)
    }

    /// Puts the item, or returns the item that already has its key, ours or a competitor's. Sending
    /// the same put more than once is safe, because each item contains its own hash: the same hash
    /// at the same key is the same item. The put is retried only if it certainly was not carried
    /// out, or if reading back found nothing.
    pub(super) async fn put_new(&self, item: Item) -> Result<Option<There>, StoreError> {
        let mut attempt = 1;
        let mut perhaps_ours = false;
        let there = |item, perhaps_ours| Ok(Some(There { item, perhaps_ours }));
        loop {
            let failure = match self.try_put(item.clone()).await {
                Put::Written => return Ok(None),
                Put::Taken(Some(item)) => return there(item, perhaps_ours),
                Put::Taken(None) => match self.read_back(&item).await? {
                    Some(item) => return there(item, perhaps_ours),
                    None => Failure::Unknown(
                        "PutItem: the condition failed, but no item has the key".to_owned(),
                    ),
                },
                Put::Failed(failure @ (Failure::Refused(_) | Failure::Full(_))) => {
                    return Err(failure.into());
                }
                Put::Failed(failure @ Failure::Busy(_)) => failure,
                Put::Failed(failure @ Failure::Unknown(_)) => {
                    perhaps_ours = true;
                    match self.read_back(&item).await {
                        Ok(Some(item)) => return there(item, perhaps_ours),
                        Ok(None) => failure,
                        // The put's failure explains more than the read's.
                        Err(_) => return Err(failure.into()),
                    }
                }
            };
            if attempt == ATTEMPTS {
                return Err(failure.into());
            }
            tokio::time::sleep(pause_after(attempt)).await;
            attempt += 1;
        }
    }

    async fn try_put(&self, item: Item) -> Put {
        #[cfg(feature = "embedded")]
        if let Some(put) = self.put_directly(&item, true).await {
            return put;
        }
        let request = self
            .write_client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression(NOT_TAKEN)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match self.observed("PutItem", request.send()).await {
            Ok(_) => Put::Written,
            Err(error) if condition_failed(&error) => match error.into_service_error() {
                PutItemError::ConditionalCheckFailedException(taken) => Put::Taken(taken.item),
                _ => Put::Taken(None),
            },
            Err(error) => Put::Failed(Failure::of("PutItem", &error)),
        }
    }

    /// Returns the item that is stored under this item's key.
    pub(super) async fn read_back(&self, item: &Item) -> Result<Option<Item>, StoreError> {
        let request = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(items::key_of(item)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match self.observed("GetItem", request.send()).await {
            Ok(answer) => Ok(answer.item),
            Err(error) => Err(Failure::of("GetItem", &error).into()),
        }
    }

    /// Compares the standing change set with ours. The same hash means `Written` if an attempt
    /// whose answer was lost may have written it, and `Again` otherwise. Another hash means
    /// `Taken`.
    async fn settle(&self, ours: &ChangeSet, there: There) -> Result<Appended, StoreError> {
        let standing = self.standing_at(ours, there.item).await?;
        Ok(match standing.hash == ours.hash {
            true if there.perhaps_ours => Appended::Written,
            true => Appended::Again,
            false => Appended::Taken(standing.into()),
        })
    }

    /// Parses the item that stands in the place of one of our change sets.
    pub(super) async fn standing_at(
        &self,
        ours: &ChangeSet,
        there: Item,
    ) -> Result<ChangeSet, StoreError> {
        match self.row(&ours.aggregate, there).await? {
            Row::ChangeSet(there) => Ok(there),
            _ => Err(StoreError::corrupt(
                &ours.aggregate,
                ours.version,
                "its item is not a change set",
            )),
        }
    }
}

pub(super) fn pause_after(attempt: u32) -> Duration {
    let longest = FIRST_PAUSE * 2_u32.saturating_pow(attempt - 1);
    longest.mul_f64(rand::random_range(0.5..1.0))
}
