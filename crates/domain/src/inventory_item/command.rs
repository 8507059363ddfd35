use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What can be asked of an item. On the wire `{"type": "CheckInItems", "data": {"quantity": 12}}`.
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
    /// What it is called; 1 to 200 characters.
    pub name: String,
    /// What is counted; 1 to 200 characters.
    pub unit: String,
    /// The most there may be; no limit when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_quantity: Option<i64>,
}

/// Gives it another name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenameInventoryItem {
    /// The new name; 1 to 200 characters.
    pub name: String,
}

/// Goods have come in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckInItems {
    /// How many; 1 to 1 000 000 000.
    pub quantity: i64,
    /// What they came with, such as a purchase order's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What one of them cost, in minor units of the currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_cost: Option<i64>,
}

/// Goods have left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveItems {
    /// How many; 1 to 1 000 000 000.
    pub quantity: i64,
    /// Why.
    pub reason: RemovalReason,
}

/// Somebody has counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdjustStock {
    /// How many there really are; 0 to 1 000 000 000.
    pub counted: i64,
    /// Why the books were wrong; 1 to 200 characters. May be blank when they were right.
    pub reason: String,
}

/// Sets or lifts the limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeMaxQuantity {
    /// The most there may be; no limit when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_quantity: Option<i64>,
}

/// Says when it is time to order more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetReorderLevel {
    /// Below this it is time; 0 to 1 000 000 000.
    pub level: i64,
}

/// Takes it out of use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeactivateInventoryItem {
    /// Why; 1 to 200 characters.
    pub reason: String,
}

/// Takes it back into use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReactivateInventoryItem {}

/// Why goods have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemovalReason {
    /// To a customer.
    Sold,
    /// In the house.
    Used,
    /// Broken.
    Damaged,
    /// Nobody knows where.
    Lost,
    /// Past its date.
    Expired,
    /// Given away to try.
    Sample,
    /// Sent back.
    ReturnedToSupplier,
}

impl RemovalReason {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 7] = [
        Self::Sold,
        Self::Used,
        Self::Damaged,
        Self::Lost,
        Self::Expired,
        Self::Sample,
        Self::ReturnedToSupplier,
    ];

    /// Its name on the wire.
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

/// A text that is no reason for a removal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no reason for a removal: expected sold, used, damaged, lost, expired, sample or \
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
