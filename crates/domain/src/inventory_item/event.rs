use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::RemovalReason;

/// A fact about an item, stored forever.
///
/// A field may be added with a default. Any other change needs a new schema version with an
/// upcaster, and a golden file in the tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum InventoryItemEvent {
    /// The item was put on the books.
    InventoryItemCreated(InventoryItemCreated),
    /// The item got another name.
    InventoryItemRenamed(InventoryItemRenamed),
    /// Goods came in.
    ItemsCheckedIn(ItemsCheckedIn),
    /// Goods left.
    ItemsRemoved(ItemsRemoved),
    /// Goods were moved from one location to another.
    ItemsTransferred(ItemsTransferred),
    /// Somebody counted the stock, and the books were brought in line with the count.
    StockAdjusted(StockAdjusted),
    /// The limit was set or lifted.
    MaxQuantityChanged(MaxQuantityChanged),
    /// The reorder level was set.
    ReorderLevelSet(ReorderLevelSet),
    /// The item was taken out of use.
    InventoryItemDeactivated(InventoryItemDeactivated),
    /// The item was taken back into use.
    InventoryItemReactivated(InventoryItemReactivated),
}

from_variants! {
    InventoryItemEvent: InventoryItemCreated, InventoryItemRenamed, ItemsCheckedIn, ItemsRemoved,
    ItemsTransferred, StockAdjusted, MaxQuantityChanged, ReorderLevelSet, InventoryItemDeactivated,
    InventoryItemReactivated,
}

impl InventoryItemEvent {
    /// Returns the changes of stock, each with its location; `None` is unassigned stock.
    pub fn deltas(&self) -> impl Iterator<Item = (Option<Uuid>, i64)> {
        let changes = match self {
            Self::ItemsCheckedIn(e) => [Some((e.location, e.quantity)), None],
            Self::ItemsRemoved(e) => [Some((e.location, e.quantity.saturating_neg())), None],
            Self::ItemsTransferred(e) => {
                [Some((e.from, e.quantity.saturating_neg())), Some((e.to, e.quantity))]
            }
            Self::StockAdjusted(e) => [Some((e.location, e.delta)), None],
            _ => [None, None],
        };
        changes.into_iter().flatten()
    }

    /// Returns the change of the stock on hand, of all locations together.
    pub fn delta(&self) -> i64 {
        self.deltas().fold(0, |sum, (_, delta)| sum.saturating_add(delta))
    }

    /// Returns whether the event changes the stock at this location.
    pub fn moves_stock_at(&self, location: Option<Uuid>) -> bool {
        self.deltas().any(|(at, delta)| at == location && delta != 0)
    }
}

/// The item was put on the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryItemCreated {
    /// The stock keeping unit.
    pub sku: String,
    /// The name.
    pub name: String,
    /// The unit of counting.
    pub unit: String,
    /// The most that may be on hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_quantity: Option<i64>,
}

/// The item got another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryItemRenamed {
    /// The new name.
    pub name: String,
}

/// Goods came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemsCheckedIn {
    /// The number of units.
    pub quantity: i64,
    /// The location that they came to; `None` for unassigned stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Uuid>,
    /// A reference for the goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The cost of one unit, in minor units of the currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_cost: Option<i64>,
}

/// Goods left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemsRemoved {
    /// The number of units.
    pub quantity: i64,
    /// The location that they left; `None` for unassigned stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Uuid>,
    /// The reason.
    pub reason: RemovalReason,
}

/// Goods were moved from one location to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemsTransferred {
    /// The location that they left; `None` for unassigned stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Uuid>,
    /// The location that they came to; `None` for unassigned stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Uuid>,
    /// The number of units.
    pub quantity: i64,
}

/// Somebody counted the stock, and the books were brought in line with the count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockAdjusted {
    /// The number counted.
    pub counted: i64,
    /// The count less the stock on the books; 0 if they agreed.
    pub delta: i64,
    /// The location that was counted; `None` for unassigned stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Uuid>,
    /// The reason why the books were wrong; may be blank if the count agreed.
    pub reason: String,
}

/// The limit was set or lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaxQuantityChanged {
    /// The most that may be on hand; `None` if the limit was lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_quantity: Option<i64>,
}

/// The reorder level was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReorderLevelSet {
    /// The level below which it is time to order more.
    pub level: i64,
}

/// The item was taken out of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryItemDeactivated {
    /// The reason.
    pub reason: String,
}

/// The item was taken back into use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryItemReactivated {}
