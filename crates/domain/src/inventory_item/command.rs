use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A command to an item. On the wire: `{"type": "CheckInItems", "data": {"quantity": 12}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", deny_unknown_fields)]
pub enum InventoryItemCommand {
    /// "Create item".
    CreateInventoryItem(CreateInventoryItem),
    /// "Rename item".
    RenameInventoryItem(RenameInventoryItem),
    /// "Check in items".
    CheckInItems(CheckInItems),
    /// "Remove items".
    RemoveItems(RemoveItems),
    /// "Adjust stock".
    AdjustStock(AdjustStock),
    /// "Change maximum".
    ChangeMaxQuantity(ChangeMaxQuantity),
    /// "Set reorder level".
    SetReorderLevel(SetReorderLevel),
    /// "Deactivate item".
    DeactivateInventoryItem(DeactivateInventoryItem),
    /// "Reactivate item".
    ReactivateInventoryItem(ReactivateInventoryItem),
}

from_variants! {
    InventoryItemCommand: CreateInventoryItem, RenameInventoryItem, CheckInItems, RemoveItems,
    AdjustStock, ChangeMaxQuantity, SetReorderLevel, DeactivateInventoryItem,
    ReactivateInventoryItem,
}

/// Puts a new item on the books, with nothing on hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateInventoryItem {
    /// The stock keeping unit; 1 to 200 characters. No other item has it: see [`crate::sku`].
    pub sku: String,
    /// The name; 1 to 200 characters.
    pub name: String,
    /// The unit of counting; 1 to 200 characters.
    pub unit: String,
    /// The most that may be on hand; no limit if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_quantity: Option<i64>,
}

/// Gives the item another name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenameInventoryItem {
    /// The new name; 1 to 200 characters.
    pub name: String,
}

/// Records goods that came in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckInItems {
    /// The number of units; 1 to 1 000 000 000.
    pub quantity: i64,
    /// A reference for the goods, such as a purchase order number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The cost of one unit, in minor units of the currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_cost: Option<i64>,
}

/// Records goods that left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveItems {
    /// The number of units; 1 to 1 000 000 000.
    pub quantity: i64,
    /// The reason.
    pub reason: RemovalReason,
}

/// Records a count of the stock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdjustStock {
    /// The number counted; 0 to 1 000 000 000.
    pub counted: i64,
    /// The reason why the books were wrong; 1 to 200 characters. May be blank if the count agrees.
    pub reason: String,
}

/// Sets or lifts the limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeMaxQuantity {
    /// The most that may be on hand; no limit if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_quantity: Option<i64>,
}

/// Sets the level at which to order more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetReorderLevel {
    /// The level below which it is time to order more; 0 to 1 000 000 000.
    pub level: i64,
}

/// Takes the item out of use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeactivateInventoryItem {
    /// The reason; 1 to 200 characters.
    pub reason: String,
}

/// Takes the item back into use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReactivateInventoryItem {}

/// The reason why goods left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemovalReason {
    /// Sold to a customer.
    Sold,
    /// Used in-house.
    Used,
    /// Broken.
    Damaged,
    /// Cannot be found.
    Lost,
    /// Past its expiry date.
    Expired,
    /// Given away as a sample.
    Sample,
    /// Sent back to the supplier.
    ReturnedToSupplier,
}

impl RemovalReason {
    /// All reasons, in the order in which they are offered.
    pub const ALL: [Self; 7] = [
        Self::Sold,
        Self::Used,
        Self::Damaged,
        Self::Lost,
        Self::Expired,
        Self::Sample,
        Self::ReturnedToSupplier,
    ];

    /// Returns the name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sold => "sold",
            Self::Used => "used",
            Self::Damaged => "damaged",
            Self::Lost => "lost",
            Self::Expired => "expired",
            Self::Sample => "sample",
            Self::ReturnedToSupplier => "returned-to-supplier",
        }
    }
}

impl fmt::Display for RemovalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no removal reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a removal reason: expected sold, used, damaged, lost, expired, sample or \
     returned-to-supplier"
)]
pub struct UnknownRemovalReason(pub String);

impl FromStr for RemovalReason {
    type Err = UnknownRemovalReason;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|reason| reason.as_str() == text);
        known.ok_or_else(|| UnknownRemovalReason(text.to_owned()))
    }
}
