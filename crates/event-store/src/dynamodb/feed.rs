//! The feed's items: writes and reads batches, and reads the change sets that they name.

use std::collections::HashMap;
use std::pin::pin;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};
use futures::stream::{self, StreamExt};

use super::DynamoDbStore;
use super::append::{ATTEMPTS, pause_after};
use super::failure::Failure;
use super::items::{self, Item, Row};
use super::overflow::AT_ONCE;
use super::table::unbuildable;
use crate::feed::{AppendedBatch, Batch, FeedStore, Reference};
use crate::{ChangeSet, FeedBreak, PAGE_BYTES, StoreError};

impl FeedStore for DynamoDbStore {
    async fn append_batch(&self, batch: &Batch) -> Result<AppendedBatch, StoreError> {
        let Some(there) = self.for_feed().put_new(items::of_batch(batch)?).await? else {
            return Ok(AppendedBatch::Written);
        };
        match items::batch(there.item)? {
            Some(own) if own.hash == batch.hash => Ok(AppendedBatch::Written),
            Some(winner) => Ok(AppendedBatch::Taken(winner)),
            None => Err(StoreError::Feed(FeedBreak {
                batch: batch.number,
                problem: "is missing: the item with its key is not a batch".to_owned(),
            })),
        }
    }

    async fn batches(&self, after: u64, limit: usize) -> Result<Vec<Batch>, StoreError> {
        let store = self.for_feed();
        let mut batches: Vec<Batch> = Vec::new();
        let mut number = after + 1;
        while batches.len() < limit {
            let page = store.batches_from(number, limit - batches.len()).await?;
            // Only the last partition is not full.
            let partition_ends = Batch::next_partition(number);
            let newest = page.last().map(|batch| batch.number);
            batches.extend(page);
            match newest {
                Some(newest) if newest + 1 == partition_ends => number = partition_ends,
                Some(newest) if batches.len() < limit => number = newest + 1,
                _ => break,
            }
        }
        Ok(batches)
    }

    async fn referenced(&self, references: &[Reference]) -> Result<Vec<ChangeSet>, StoreError> {
        let mut keys: Vec<Item> = references.iter().map(key_of).collect();
        let mut found: HashMap<(String, String), Item> = HashMap::with_capacity(keys.len());
        let store = self.for_feed();
        let mut attempt = 1;
        while !keys.is_empty() {
            let asked = keys.len();
            keys = store.get(keys, &mut found).await?;
            if keys.len() < asked {
                attempt = 1;
                continue;
            }
            if attempt == ATTEMPTS {
                let reason = "BatchGetItem: all keys were left unprocessed";
                return Err(Failure::Busy(reason.to_owned()).into());
            }
            tokio::time::sleep(pause_after(attempt)).await;
            attempt += 1;
        }
        let mut wanted = Vec::with_capacity(references.len());
        for named in references {
            let item = names(&key_of(named)).and_then(|key| found.remove(&key));
            wanted.push((named.clone(), item));
        }
        let mut resolving = pin!(
            stream::iter(wanted)
                .map(|(named, item)| {
                    let store = store.clone();
                    async move {
                        let there = match item {
                            Some(item) => match store.row(&named.aggregate, item).await? {
                                Row::ChangeSet(there) => Some(there),
                                _ => None,
                            },
                            None => None,
                        };
                        named.resolve(there)
                    }
                })
                .buffered(AT_ONCE)
        );
        let mut resolved: Vec<ChangeSet> = Vec::with_capacity(references.len());
        let mut bytes = 0;
        while bytes < PAGE_BYTES
            && let Some(change_set) = resolving.next().await
        {
            let change_set = change_set?;
            bytes += change_set.body().len();
            resolved.push(change_set);
        }
        Ok(resolved)
    }
}

impl DynamoDbStore {
    /// Returns batches of one partition, from this number on: as many as fit into one answer.
    async fn batches_from(&self, number: u64, limit: usize) -> Result<Vec<Batch>, StoreError> {
        let values = HashMap::from([
            (":pk".to_owned(), AttributeValue::S(Batch::partition(number))),
            (":sk".to_owned(), AttributeValue::S(items::change_set_key(number))),
        ]);
        let request = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression("pk = :pk AND sk >= :sk")
            .set_expression_attribute_values(Some(values))
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self
            .observed("Query", request.send())
            .await
            .map_err(|error| Failure::of("Query", &error))?;
        let items = answer.items.unwrap_or_default().into_iter();
        items.filter_map(|item| items::batch(item).transpose()).collect()
    }

    /// Reads the items with these keys. Returns the keys that DynamoDB has left unprocessed.
    async fn get(
        &self,
        keys: Vec<Item>,
        found: &mut HashMap<(String, String), Item>,
    ) -> Result<Vec<Item>, StoreError> {
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true);
        let request = self
            .client
            .batch_get_item()
            .request_items(&*self.table, wanted.build().map_err(unbuildable)?)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self
            .observed("BatchGetItem", request.send())
            .await
            .map_err(|error| Failure::of("BatchGetItem", &error))?;
        for item in answer.responses.unwrap_or_default().into_values().flatten() {
            found.extend(names(&item).map(|key| (key, item)));
        }
        let left = answer.unprocessed_keys.unwrap_or_default();
        Ok(left.into_values().flat_map(|left| left.keys).collect())
    }
}

fn key_of(named: &Reference) -> Item {
    items::key(named.aggregate.to_string(), items::change_set_key(named.version))
}

fn names(item: &Item) -> Option<(String, String)> {
    let text = |name| item.get(name).and_then(|value: &AttributeValue| value.as_s().ok()).cloned();
    Some((text("pk")?, text("sk")?))
}
