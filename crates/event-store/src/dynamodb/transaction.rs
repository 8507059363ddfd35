//! Several conditional puts in one transaction, and the recovery from a lost answer.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem,
};

use super::DynamoDbStore;
use super::append::{ATTEMPTS, NOT_TAKEN, pause_after};
use super::failure::{Failure, REFUSING};
use super::items::{self, Item, Overflow, Written};
use super::table::unbuildable;
use crate::{Appended, AppendedAll, ChangeSet, StoreError, TOGETHER};

/// DynamoDB's limit on the total size of a transaction's items, in bytes.
const TOGETHER_LIMIT: usize = 4 * 1024 * 1024;
/// More bytes than an item has beside its body, unless its kind has a name of many hundred letters.
const BESIDE_BODY: usize = 1024;

pub(super) enum Tried {
    Written,
    /// The index of each change set whose version is taken, in order, with the standing item if the
    /// answer contains it.
    Taken(Vec<(usize, Option<Item>)>),
    Failed(Failure),
}

impl DynamoDbStore {
    /// Puts all change sets unless the version of one is taken. Sending the same transaction more
    /// than once is safe, because each change set contains its own hash. DynamoDB's idempotency
    /// tokens would not do: they expire after ten minutes, and in some engines sooner.
    pub(super) async fn put_together(
        &self,
        change_sets: &[ChangeSet],
    ) -> Result<AppendedAll, StoreError> {
        match change_sets {
            [] => return Ok(AppendedAll::Written),
            // A single put costs half as much as a transaction.
            [one] => {
                return Ok(match self.put_change_set(one).await? {
                    Appended::Written => AppendedAll::Written,
                    Appended::Again => AppendedAll::Again,
                    Appended::Taken(winner) => AppendedAll::Taken(vec![*winner]),
                });
            }
            several if several.len() > TOGETHER => {
                return Err(StoreError::TooMany { count: several.len() });
            }
            _ => {}
        }
        let (puts, overflows) = self.puts(change_sets)?;
        let found = self.put_objects(overflows).await?;
        let appended = self.put_items(change_sets, puts).await;
        // A failed transaction may be written nevertheless.
        if !matches!(appended, Ok(AppendedAll::Taken(_))) {
            self.put_objects_again(found).await;
        }
        appended
    }

    async fn put_items(
        &self,
        change_sets: &[ChangeSet],
        puts: Vec<TransactWriteItem>,
    ) -> Result<AppendedAll, StoreError> {
        let mut attempt = 1;
        let mut perhaps_ours = false;
        loop {
            let failure = match self.try_together(puts.clone()).await {
                Tried::Written => return Ok(AppendedAll::Written),
                Tried::Taken(taken) => {
                    return self.settle_together(change_sets, taken, perhaps_ours).await;
                }
                Tried::Failed(failure @ (Failure::Refused(_) | Failure::Full(_))) => {
                    return Err(failure.into());
                }
                Tried::Failed(failure @ Failure::Busy(_)) => failure,
                // A transaction writes all items or none, so the first one decides for all.
                Tried::Failed(failure @ Failure::Unknown(_)) => {
                    perhaps_ours = true;
                    match self.read_back(&items::key_of_change_set(&change_sets[0])).await {
                        Ok(Some(_)) => {
                            let all = (0..change_sets.len()).map(|place| (place, None)).collect();
                            return self.settle_together(change_sets, all, perhaps_ours).await;
                        }
                        Ok(None) => failure,
                        // The transaction's failure explains more than the read's.
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

    /// Returns the puts, and the bodies that are too large for their items or for the transaction.
    fn puts(
        &self,
        change_sets: &[ChangeSet],
    ) -> Result<(Vec<TransactWriteItem>, Vec<Overflow>), StoreError> {
        let (mut items, mut bytes) = written(change_sets, self.inline())?;
        if bytes > TOGETHER_LIMIT && self.objects.is_some() {
            // With an even share of the room for each, all items fit.
            let share = TOGETHER_LIMIT / change_sets.len();
            (items, bytes) = written(change_sets, share.saturating_sub(BESIDE_BODY))?;
        }
        if bytes > TOGETHER_LIMIT {
            return Err(StoreError::TooLarge { bytes, limit: TOGETHER_LIMIT });
        }
        let mut overflows = Vec::new();
        let mut puts = Vec::with_capacity(change_sets.len());
        for Written { item, overflow } in items {
            overflows.extend(overflow);
            let put = Put::builder()
                .table_name(&*self.table)
                .set_item(Some(item))
                .condition_expression(NOT_TAKEN)
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
                .build()
                .map_err(unbuildable)?;
            puts.push(TransactWriteItem::builder().put(put).build());
        }
        Ok((puts, overflows))
    }

    async fn try_together(&self, puts: Vec<TransactWriteItem>) -> Tried {
        #[cfg(feature = "embedded")]
        if let Some(tried) = self.put_all_directly(&puts).await {
            return tried;
        }
        let request = self
            .write_client
            .transact_write_items()
            .set_transact_items(Some(puts))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let error = match self.observed("TransactWriteItems", request.send()).await {
            Ok(_) => return Tried::Written,
            Err(error) => error,
        };
        let failure = Failure::of("TransactWriteItems", &error);
        match error.into_service_error() {
            TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                let message = cancelled.message.unwrap_or_else(|| "cancelled".to_owned());
                why(cancelled.cancellation_reasons.unwrap_or_default(), message)
            }
            _ => Tried::Failed(failure),
        }
    }

    /// Compares the standing change sets with ours, like `settle`: `Written` or `Again` if all of
    /// them are ours, and `Taken` otherwise.
    async fn settle_together(
        &self,
        ours: &[ChangeSet],
        taken: Vec<(usize, Option<Item>)>,
        perhaps_ours: bool,
    ) -> Result<AppendedAll, StoreError> {
        let mut standing = Vec::with_capacity(taken.len());
        for (place, item) in taken {
            let Some(own) = ours.get(place) else { continue };
            let item = match item {
                Some(item) => Some(item),
                None => self.read_back(&items::key_of_change_set(own)).await?,
            };
            if let Some(item) = item {
                standing.push(self.standing_at(own, item).await?);
            }
        }
        if standing.is_empty() {
            let reason =
                "TransactWriteItems: conditions failed, but no item has any of the keys".to_owned();
            return Err(Failure::Unknown(reason).into());
        }
        let all_ours = standing.len() == ours.len()
            && standing.iter().zip(ours).all(|(there, own)| there.hash == own.hash);
        Ok(match all_ours {
            true if perhaps_ours => AppendedAll::Written,
            true => AppendedAll::Again,
            false => AppendedAll::Taken(standing),
        })
    }
}

/// Returns the items of these change sets, with bodies of up to `inline` bytes, and their total
/// size.
fn written(change_sets: &[ChangeSet], inline: usize) -> Result<(Vec<Written>, usize), StoreError> {
    let written = change_sets.iter().map(|change_set| items::of_change_set(change_set, inline));
    let written = written.collect::<Result<Vec<_>, _>>()?;
    let bytes = written.iter().map(|written| items::bytes_of(&written.item)).sum();
    Ok((written, bytes))
}

/// Classifies a cancelled transaction. A taken version explains it, whatever else went wrong. A
/// collision with another transaction is `Busy`, as is throttling; neither is a conflict.
pub(super) fn why(reasons: Vec<CancellationReason>, message: String) -> Tried {
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code().unwrap_or_default()).collect();
    let is_refused = codes.iter().any(|code| REFUSING.contains(code));
    let reason = format!("TransactWriteItems: {message}");
    let taken: Vec<_> = (reasons.into_iter().enumerate())
        .filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"))
        .map(|(place, reason)| (place, reason.item))
        .collect();
    match taken {
        taken if !taken.is_empty() => Tried::Taken(taken),
        _ if is_refused => Tried::Failed(Failure::Refused(reason)),
        _ => Tried::Failed(Failure::Busy(reason)),
    }
}
