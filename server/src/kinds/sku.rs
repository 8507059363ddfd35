use domain::inventory_item::{CreateInventoryItem, InventoryItemCommand};
use domain::sku::{ClaimSku, SkuRejection};
use domain::{InventoryItem, Sku};
use event_store::Aggregate;
use event_store::handler::Envelope;
use uuid::Uuid;

use super::hosted::{decode, refusal};
use super::{DeskPart, Hosted, Kinds, Order};

impl Hosted for Sku {
    fn is_unknown(_: &SkuRejection) -> bool {
        false
    }
}

impl Order {
    /// Returns the item that the command creates, if any. A command that cannot be decoded creates
    /// nothing, and is refused later.
    pub(crate) fn creation(&self) -> Option<CreateInventoryItem> {
        if self.request.aggregate.kind != InventoryItem::KIND {
            return None;
        }
        match decode::<InventoryItem>(self.request.command.clone()) {
            Ok(InventoryItemCommand::CreateInventoryItem(creation)) => Some(creation),
            _ => None,
        }
    }
}

impl Kinds {
    /// Returns the claim of a new item's SKU at this aggregate, as a part of the item's
    /// transaction. It has the same actor, time and ids as the item.
    pub(crate) fn claim(&self, aggregate: Uuid, sku: &str, order: &Order) -> DeskPart {
        let Order { request, actor, now } = order;
        let envelope = Envelope::new(
            request.command_id,
            aggregate,
            ClaimSku { sku: sku.to_owned(), item: request.aggregate.id }.into(),
            actor.clone(),
            *now,
        )
        .with_correlation(request.correlation_id)
        .with_causation(request.causation_id);
        self.sku.handler().part(&envelope, move |refused| refusal::<Sku>(aggregate, refused))
    }
}
