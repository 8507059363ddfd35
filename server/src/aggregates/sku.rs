use api::Problem;
use domain::Sku;
use domain::sku::{Claim, ClaimSku};

use super::{DeskPart, PlannedPart, ReceivedCommand, Registry};
use crate::problems;

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
