//! The ownership of SKUs. Each SKU is an aggregate of its own that only one item can claim, so no
//! two items share a SKU.

use std::convert::Infallible;

use event_store::{Aggregate, Context};
use serde::{Deserialize, Serialize};
use uuid::{Uuid, uuid};

use crate::folding::fold;
use crate::kind::Kind;
use crate::limits::{OutOfLimits, line};

/// The namespace of the UUIDv5 ids of SKUs (RFC 9562, 5.5). It never changes.
const NAMESPACE: Uuid = uuid!("fecad6b7-1f0b-40d2-9ab5-84804f68827c");

/// The claim of a stock keeping unit: the `sku` aggregate, which is written along with its item,
/// and whose id is derived from the SKU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sku {
    /// The SKU, as its item spells it.
    pub sku: String,
    /// The item that has the SKU, once one has claimed it.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub item: Option<Uuid>,
}

impl Sku {
    /// Returns the aggregate id of this SKU: a UUIDv5 of the [folded](fold) SKU. SKUs that read the
    /// same share one id.
    pub fn id(sku: &str) -> Uuid {
        Uuid::new_v5(&NAMESPACE, fold(sku).as_bytes())
    }

    /// Returns the id under which SKUs were claimed when only case and surrounding space were
    /// folded.
    ///
    /// For most SKUs it equals [`Sku::id`]. No new claim uses it; existing claims still hold.
    pub fn former_id(sku: &str) -> Uuid {
        Uuid::new_v5(&NAMESPACE, without_case(sku).as_bytes())
    }
}

/// The claim of a SKU for a new item.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl Claim {
    /// Creates the claim of `sku` at its [`Sku::id`].
    pub fn new(item: Uuid, sku: &str, name: &str) -> Self {
        Self { item, sku: sku.to_owned(), name: name.to_owned(), at: Sku::id(sku) }
    }
}

fn without_case(sku: &str) -> String {
    let letters = sku.trim().chars().flat_map(char::to_lowercase);
    letters.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// A command to a SKU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", deny_unknown_fields)]
pub enum SkuCommand {
    /// Claims the SKU for an item.
    ClaimSku(ClaimSku),
}

impl From<ClaimSku> for SkuCommand {
    fn from(claim: ClaimSku) -> Self {
        Self::ClaimSku(claim)
    }
}

/// Claims the SKU for one item, to the exclusion of all others. Committed in the transaction that
/// creates the item, never by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimSku {
    /// The SKU; 1 to 200 characters. The aggregate's id is its [`Sku::id`], or its
    /// [`Sku::former_id`] in old claims.
    pub sku: String,
    /// The item.
    pub item: Uuid,
}

/// A fact about a SKU, stored forever like an
/// [`InventoryItemEvent`](crate::inventory_item::InventoryItemEvent).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum SkuEvent {
    /// An item claimed the SKU.
    SkuClaimed(SkuClaimed),
}

impl From<SkuClaimed> for SkuEvent {
    fn from(claimed: SkuClaimed) -> Self {
        Self::SkuClaimed(claimed)
    }
}

/// An item claimed the SKU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkuClaimed {
    /// The SKU, as the item writes it.
    pub sku: String,
    /// The item.
    pub item: Uuid,
}

/// A reason to reject a command. Serializes as its `code` beside the figures that explain it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code")]
pub enum SkuRejection {
    /// An item already has the SKU.
    #[error("the SKU {sku} is taken by item {item}")]
    #[serde(rename = "sku-taken")]
    Taken {
        /// The SKU, as that item writes it.
        sku: String,
        /// The item that has it.
        item: Uuid,
    },
    /// The text cannot be a SKU.
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

    /// Returns `true`: most claimed SKUs are free, so the claim can skip the read.
    fn begins(SkuCommand::ClaimSku(_): &SkuCommand) -> bool {
        true
    }

    fn evolve(self, event: &SkuEvent) -> Self {
        let SkuEvent::SkuClaimed(SkuClaimed { sku, item }) = event;
        Self { sku: sku.clone(), item: Some(*item) }
    }
}

impl Kind for Sku {
    type Task = Infallible;

    fn display_name(&self) -> &str {
        &self.sku
    }

    fn allows(&self, task: Infallible) -> Result<(), SkuRejection> {
        match task {}
    }
}
