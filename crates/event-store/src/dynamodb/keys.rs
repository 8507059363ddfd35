//! Scans of the whole table.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};

use super::DynamoDbStore;
use super::failure::Failure;
use super::items::{self, Item};
use crate::{AggregateId, Keys, StoreError, Version};

pub(super) const SCAN_PAGE: i32 = 256;

impl DynamoDbStore {
    /// Returns one page of a scan. A cursor is the last key of the previous page, as a JSON array.
    pub(super) async fn scan_keys(&self, cursor: Option<String>) -> Result<Keys, StoreError> {
        let start = cursor.map(|cursor| start_key(&cursor)).transpose()?;
        let request = self
            .client
            .scan()
            .table_name(&*self.table)
            .projection_expression("pk, sk")
            .set_exclusive_start_key(start)
            .consistent_read(true)
            .limit(SCAN_PAGE)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self
            .observed("Scan", request.send())
            .await
            .map_err(|error| Failure::of("Scan", &error))?;
        let keys = answer.items().iter().filter_map(change_set_named).collect();
        let next = answer
            .last_evaluated_key()
            .and_then(pair)
            .map(|pair| serde_json::Value::from_iter([pair.0, pair.1]).to_string());
        Ok(Keys { keys, next })
    }
}

fn start_key(cursor: &str) -> Result<Item, StoreError> {
    let (pk, sk): (String, String) = serde_json::from_str(cursor)
        .map_err(|_| StoreError::Refused(format!("`{cursor}` is not a cursor of `keys`")))?;
    Ok(items::key(pk, sk))
}

fn change_set_named(item: &Item) -> Option<(AggregateId, Version)> {
    let (pk, sk) = pair(item)?;
    Some((pk.parse().ok()?, items::version_of(sk)?))
}

fn pair(item: &Item) -> Option<(&str, &str)> {
    let text = |name| item.get(name).and_then(|value: &AttributeValue| value.as_s().ok());
    Some((text("pk")?, text("sk")?))
}
