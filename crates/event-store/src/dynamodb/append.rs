//! One conditional put, and what to do when its answer is lost.

use std::time::Duration;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};

use super::DynamoDbStore;
use super::failure::{Failure, condition_failed};
use super::items::{self, Item, Row, Written};
use crate::{Appended, ChangeSet, StoreError};

pub(super) const ATTEMPTS: u32 = 4;
/// That no item stands at the key that is put.
pub(crate) const NOT_TAKEN: &str = "attribute_not_exists(pk)";
/// The longest pause after the first attempt; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(40);

/// What stands where an item was to be put.
#[derive(Debug)]
pub(super) struct There {
    pub(super) item: Item,
    /// Whether an earlier attempt of the same put, whose answer was lost, may have written it.
    pub(super) perhaps_ours: bool,
}

pub(super) enum Put {
    Written,
    /// With what is there, if the answer brought it.
    Taken(Option<Item>),
    Failed(Failure),
}

impl DynamoDbStore {
    /// Puts the change set unless its version is taken. A body that is too large for it is kept before.
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
                // It may be written all the same.
                self.put_objects_again(found).await;
                return Err(error);
            }
        };
        if !matches!(appended, Appended::Taken(_)) {
            self.put_objects_again(found).await;
        }
        Ok(appended)
    }

    /// Puts the item unless its key is taken, and gives what stands there if that may be another. The same
    /// put may be sent more than once, which is safe because each item names its own hash: whoever finds
    /// that hash in that place has written it. It is sent again only when it certainly was not carried out,
    /// or when reading back found nothing.
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
                    None => Failure::Unknown("PutItem: taken by an item that is gone".to_owned()),
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
                        // What the put said is the better reason.
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

    /// What stands at this item's key.
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

    /// Whose change set is there: our own, written by an attempt whose answer was lost, or another's, which may
    /// still say the same.
    async fn settle(&self, ours: &ChangeSet, there: There) -> Result<Appended, StoreError> {
        let standing = self.standing_at(ours, there.item).await?;
        Ok(match standing.hash == ours.hash {
            true if there.perhaps_ours => Appended::Written,
            true => Appended::Again,
            false => Appended::Taken(standing.into()),
        })
    }

    /// The change set that this item is, in the place of one of ours.
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
                "something other than a change set stands in its place",
            )),
        }
    }
}

pub(super) fn pause_after(attempt: u32) -> Duration {
    let longest = FIRST_PAUSE * 2_u32.saturating_pow(attempt - 1);
    longest.mul_f64(rand::random_range(0.5..1.0))
}
