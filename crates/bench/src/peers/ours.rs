use std::num::NonZeroUsize;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use event_store::dynamodb::DynamoDbStore;
use event_store::handler::{CommandHandler, Envelope, Outcome};
use event_store::objects::Objects;
use event_store::{Head, Timestamp};
use futures::future::BoxFuture;
use uuid::Uuid;

use super::contender::{Contender, Order, Refusal};
use super::stock::Stock;
use crate::Error;

/// This repository's store, behind its command handler.
pub(super) struct Ours {
    handler: CommandHandler<Stock, DynamoDbStore>,
}

impl Ours {
    pub(super) async fn open(client: &Client, objects: &Arc<dyn Objects>) -> Result<Self, Error> {
        let store = DynamoDbStore::new(client.clone(), "ours").with_objects(Arc::clone(objects));
        store.ensure_table().await?;
        let heads = NonZeroUsize::MIN.saturating_add(9_999);
        Ok(Self { handler: CommandHandler::new(store, heads) })
    }
}

impl Contender for Ours {
    fn execute(&self, order: Order) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            let envelope = Envelope::new(
                order.command_id,
                order.aggregate,
                order.command,
                "Mara Lindqvist",
                Timestamp::of_uuid(order.command_id).unwrap_or_default(),
            );
            match self.handler.execute(&envelope).await.map_err(Refusal::failed)? {
                Outcome::Accepted(_) => Ok(()),
                other => Err(Refusal::Failed(format!("{other:?}"))),
            }
        })
    }

    fn load(&self, aggregate: Uuid) -> BoxFuture<'_, Result<Stock, Refusal>> {
        Box::pin(async move {
            // The read for a command, which may be stale: the put's condition detects what it
            // missed.
            let head = Head::<Stock>::load_eventual(self.handler.store(), aggregate).await;
            Ok(head.map_err(Refusal::failed)?.state)
        })
    }
}
