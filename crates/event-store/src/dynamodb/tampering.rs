//! Changes to stored items behind the store's back, for the conformance suite.

use aws_sdk_dynamodb::types::AttributeValue;

use super::failure::Failure;
use super::items::Written;
use super::{DynamoDbStore, items};
use crate::{AggregateId, ChangeSet, StoreError, Version};

impl DynamoDbStore {
    pub(crate) async fn overwrite(&self, change_set: &ChangeSet) -> Result<(), StoreError> {
        let Written { item, overflow } = items::of_change_set(change_set, self.inline())?;
        self.put_objects(overflow.into_iter().collect()).await?;
        let request = self.client.put_item().table_name(&*self.table).set_item(Some(item));
        request.send().await.map_err(|error| Failure::of("PutItem", &error))?;
        Ok(())
    }

    pub(crate) async fn remove(
        &self,
        aggregate: &AggregateId,
        version: Version,
    ) -> Result<(), StoreError> {
        let key = items::key(aggregate.to_string(), items::change_set_key(version));
        let request = self.client.delete_item().table_name(&*self.table).set_key(Some(key));
        request.send().await.map_err(|error| Failure::of("DeleteItem", &error))?;
        Ok(())
    }

    pub(crate) async fn damage_snapshot(
        &self,
        aggregate: &AggregateId,
        version: Version,
    ) -> Result<(), StoreError> {
        let key = items::key(aggregate.to_string(), items::snapshot_key(version));
        let request = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key))
            .update_expression("SET body = :body")
            .expression_attribute_values(":body", AttributeValue::S("{}".to_owned()));
        request.send().await.map_err(|error| Failure::of("UpdateItem", &error))?;
        Ok(())
    }
}
