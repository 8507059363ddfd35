//! Whose a SKU is. Each SKU is an aggregate of its own, which one item can claim: so no two items have
//! the same one.

use event_store::{Aggregate, Context};
use serde::{Deserialize, Serialize};
use uuid::{Uuid, uuid};

use crate::folding::fold;
use crate::limits::{OutOfLimits, line};

/// What the ids of SKUs are derived in (RFC 9562, 5.5). Never changes.
const NAMESPACE: Uuid = uuid!("fecad6b7-1f0b-40d2-9ab5-84804f68827c");

/// A stock keeping unit, at one version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sku {
    /// As the item that has it writes it.
    pub sku: String,
    /// The item that has it; none as long as nobody has claimed it.
    pub item: Option<Uuid>,
}

impl Sku {
    /// The id of the aggregate of this SKU: a UUIDv5 of the [folded](fold) SKU. SKUs that read the same are one.
    pub fn id(sku: &str) -> Uuid {
        Uuid::new_v5(&NAMESPACE, fold(sku).as_bytes())
    }

    /// The id under which SKUs were claimed when only case and surrounding space were folded. For most SKUs it equals
    /// [`Sku::id`]. No new claim is made under it; existing ones still hold.
    pub fn former_id(sku: &str) -> Uuid {
        Uuid::new_v5(&NAMESPACE, without_case(sku).as_bytes())
    }
}

fn without_case(sku: &str) -> String {
    let letters = sku.trim().chars().flat_map(char::to_lowercase);
    letters.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// What can be asked of a SKU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", deny_unknown_fields)]
pub enum SkuCommand {
    /// That it be an item's.
    ClaimSku(ClaimSku),
}

impl From<ClaimSku> for SkuCommand {
    fn from(claim: ClaimSku) -> Self {
        Self::ClaimSku(claim)
    }
}

/// An item is to have this SKU and no other item is. Carried out in the transaction that creates the item,
/// and never by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimSku {
    /// The SKU; 1 to 200 characters. The aggregate's id is its [`Sku::id`], or in claims of before its
    /// [`Sku::former_id`].
    pub sku: String,
    /// The item.
    pub item: Uuid,
}

/// A fact about a SKU. Written forever, as [`InventoryItemEvent`](crate::inventory_item::InventoryItemEvent)s are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum SkuEvent {
    /// An item got it.
    SkuClaimed(SkuClaimed),
}

impl From<SkuClaimed> for SkuEvent {
    fn from(claimed: SkuClaimed) -> Self {
        Self::SkuClaimed(claimed)
    }
}

/// An item got it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkuClaimed {
    /// As the item writes it.
    pub sku: String,
    /// The item.
    pub item: Uuid,
}

/// Why not. Serializes as its `code` beside the figures that explain it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code")]
pub enum SkuRejection {
    /// An item has it.
    #[error("the SKU {sku} is taken by item {item}")]
    #[serde(rename = "sku-taken")]
    Taken {
        /// As that item writes it.
        sku: String,
        /// Which.
        item: Uuid,
    },
    /// No text for a SKU.
    #[error(transparent)]
    #[serde(untagged)]
    OutOfLimits(#[from] OutOfLimits),
}

impl Aggregate for Sku {
    const KIND: &'static str = "sku";

    type Command = SkuCommand;
    type Event = SkuEvent;
    type Rejection = SkuRejection;

    fn decide(&self, command: &SkuCommand, _: &Context) -> Result<Vec<SkuEvent>, SkuRejection> {
        let SkuCommand::ClaimSku(ClaimSku { sku, item }) = command;
        if let Some(item) = self.item {
            return Err(SkuRejection::Taken { sku: self.sku.clone(), item });
        }
        Ok(vec![SkuClaimed { sku: line("sku", sku)?, item: *item }.into()])
    }

    /// Most SKUs that are claimed are free.
    fn begins(SkuCommand::ClaimSku(_): &SkuCommand) -> bool {
        true
    }

    fn evolve(self, event: &SkuEvent) -> Self {
        let SkuEvent::SkuClaimed(SkuClaimed { sku, item }) = event;
        Self { sku: sku.clone(), item: Some(*item) }
    }
}
