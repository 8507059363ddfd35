use api::Problem;
use domain::inventory_item::InventoryItemCommand;
use domain::sku::{ClaimSku, SkuRejection};
use domain::{InventoryItem, Sku};
use event_store::Aggregate;
use uuid::Uuid;

use super::service::decode;
use super::{DeskPart, Hosted, PlannedPart, ReceivedCommand, Registry};
use crate::problems;

impl Hosted for Sku {
    fn is_unknown(_: &SkuRejection) -> bool {
        false
    }
}

/// The claim of a new item's SKU.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The id of the item.
    pub item: Uuid,
    /// The item's SKU, as written in the command.
    pub sku: String,
    /// The item's name.
    pub name: String,
    /// The id of the aggregate at which the SKU is claimed.
    pub at: Uuid,
}

impl ReceivedCommand {
    /// Returns the claim that the command needs if it creates an item: at [`Sku::id`]. A command
    /// that cannot be decoded creates nothing, and is refused later.
    pub(crate) fn claim(&self) -> Option<Claim> {
        if self.request.aggregate.kind != InventoryItem::KIND {
            return None;
        }
        match decode::<InventoryItem>(self.request.command.clone()) {
            Ok(InventoryItemCommand::CreateInventoryItem(creation)) => Some(Claim {
                item: self.request.aggregate.id,
                at: Sku::id(&creation.sku),
                sku: creation.sku,
                name: creation.name,
            }),
            _ => None,
        }
    }
}

impl Registry {
    /// Returns the claim as the part of a transaction that creates the item. It has the same actor,
    /// time and ids as the command that creates the item.
    pub(crate) fn claim(
        &self,
        index: usize,
        received: &ReceivedCommand,
        claim: &Claim,
    ) -> DeskPart {
        let command = ClaimSku { sku: claim.sku.clone(), item: claim.item }.into();
        let envelope = received.envelope(claim.at, command);
        self.sku.part_of(&envelope, PlannedPart::Claim(index, claim.clone()))
    }

    /// Returns the problem of an item whose SKU another item holds.
    ///
    /// # Errors
    /// The claim cannot be read.
    pub(crate) async fn sku_taken(&self, claim: &Claim) -> Result<Problem, Problem> {
        let Sku { sku, item } = self.sku.state_of(claim.at, None).await?.state;
        let item = item.ok_or_else(|| problems::defect(&"a claimed SKU names no item"))?;
        // The SKU is taken even if its holder's name cannot be read.
        let holder = self.inventory_item.state_of(item, None).await.ok();
        let name = holder.map(|holder| holder.state.name);
        Ok(problems::sku_taken(&sku, item, name.as_deref()))
    }
}
