use serde::{Deserialize, Serialize};

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
    StockAdjusted, MaxQuantityChanged, ReorderLevelSet, InventoryItemDeactivated,
    InventoryItemReactivated,
}

impl InventoryItemEvent {
    /// Returns whether the event changes the stock on hand.
    pub const fn moves_stock(&self) -> bool {
        self.delta() != 0
    }

    /// Returns the change of the stock on hand.
    pub const fn delta(&self) -> i64 {
        match self {
            Self::ItemsCheckedIn(e) => e.quantity,
            Self::ItemsRemoved(e) => e.quantity.saturating_neg(),
            Self::StockAdjusted(e) => e.delta,
            _ => 0,
        }
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
    /// The reason.
    pub reason: RemovalReason,
}

/// Somebody counted the stock, and the books were brought in line with the count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockAdjusted {
    /// The number counted.
    pub counted: i64,
    /// The count less the stock on the books; 0 if they agreed.
    pub delta: i64,
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
