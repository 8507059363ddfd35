use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use event_store::dynamodb::DynamoDbStore;
use futures::future::BoxFuture;
use uuid::Uuid;

use super::contender::{Contender, Order, Refusal};
use super::stock::Stock;
use crate::Error;

/// The size of the body that our store writes for one event, in bytes.
const BODY_BYTES: usize = 420;
const TABLE: &str = "bare";

/// One conditional put for each command, and nothing else. A store that sends a request for each
/// command cannot be faster.
pub(super) struct Bare(Client);

impl Bare {
    pub(super) async fn open(client: Client) -> Result<Self, Error> {
        DynamoDbStore::new(client.clone(), TABLE).ensure_table().await?;
        Ok(Self(client))
    }
}

impl Contender for Bare {
    fn execute(
        &self,
        Order { aggregate, command_id, .. }: Order,
    ) -> BoxFuture<'_, Result<(), Refusal>> {
        let put = self.0.put_item().table_name(TABLE);
        let put = put
            .item("pk", AttributeValue::S(aggregate.to_string()))
            .item("sk", AttributeValue::S(command_id.to_string()))
            .item("body", AttributeValue::S("x".repeat(BODY_BYTES)))
            .condition_expression("attribute_not_exists(pk)");
        Box::pin(async move { put.send().await.map(|_| ()).map_err(Refusal::failed) })
    }

    fn load(&self, _: Uuid) -> BoxFuture<'_, Result<Stock, Refusal>> {
        Box::pin(async { Err(Refusal::Failed("a bare put makes no state".into())) })
    }
}
