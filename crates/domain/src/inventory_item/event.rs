use serde::{Deserialize, Serialize};

use super::RemovalReason;

/// A fact about an item. Written forever: a field may be added with a default; anything else
/// is a new schema version with an upcaster, and a golden file in the tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum InventoryItemEvent {
    /// It came onto the books.
    InventoryItemCreated(InventoryItemCreated),
    /// It got another name.
    InventoryItemRenamed(InventoryItemRenamed),
    /// Goods came in.
    ItemsCheckedIn(ItemsCheckedIn),
    /// Goods left.
    ItemsRemoved(ItemsRemoved),
    /// Somebody counted, and the books were brought in line with that.
    StockAdjusted(StockAdjusted),
    /// The limit was set or lifted.
    MaxQuantityChanged(MaxQuantityChanged),
    /// The level to order more at was set.
    ReorderLevelSet(ReorderLevelSet),
    /// It went out of use.
    InventoryItemDeactivated(InventoryItemDeactivated),
    /// It came back into use.
    InventoryItemReactivated(InventoryItemReactivated),
}

from_variants! {
    InventoryItemEvent: InventoryItemCreated, InventoryItemRenamed, ItemsCheckedIn, ItemsRemoved,
    StockAdjusted, MaxQuantityChanged, ReorderLevelSet, InventoryItemDeactivated,
    InventoryItemReactivated,
}

impl InventoryItemEvent {
    /// Whether it changes how many are on hand.
    pub const fn moves_stock(&self) -> bool {
        self.delta() != 0
    }

    /// By how much it changes how many are on hand.
    pub const fn delta(&self) -> i64 {
        match self {
            Self::ItemsCheckedIn(e) => e.quantity,
            Self::ItemsRemoved(e) => e.quantity.saturating_neg(),
            Self::StockAdjusted(e) => e.delta,
            _ => 0,
        }
    }
}

/// It came onto the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryItemCreated {
    /// The stock keeping unit.
    pub sku: String,
    /// What it is called.
    pub name: String,
    /// What is counted.
    pub unit: String,
    /// The most there may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_quantity: Option<i64>,
}

/// It got another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryItemRenamed {
    /// The new one.
    pub name: String,
}

/// Goods came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemsCheckedIn {
    /// How many.
    pub quantity: i64,
    /// What they came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What one of them cost, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_cost: Option<i64>,
}

/// Goods left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemsRemoved {
    /// How many.
    pub quantity: i64,
    /// Why.
    pub reason: RemovalReason,
}

/// Somebody counted, and the books were brought in line with that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockAdjusted {
    /// How many there really were.
    pub counted: i64,
    /// Counted less what the books said; 0 when they were right.
    pub delta: i64,
    /// Why the books were wrong; may be blank when they were right.
    pub reason: String,
}

/// The limit was set or lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaxQuantityChanged {
    /// The most there may be; none when it was lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_quantity: Option<i64>,
}

/// The level to order more at was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReorderLevelSet {
    /// Below this it is time.
    pub level: i64,
}

/// It went out of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryItemDeactivated {
    /// Why.
    pub reason: String,
}

/// It came back into use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryItemReactivated {}
