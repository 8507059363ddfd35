use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A command to an inventory item. On the wire:
/// `{"type": "CheckInItems", "data": {"quantity": 12}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", content = "data", deny_unknown_fields)]
pub enum InventoryItemCommand {
    /// Puts a new item on the books, with nothing on hand.
    CreateInventoryItem(CreateInventoryItem),
    /// Renames the item.
    RenameInventoryItem(RenameInventoryItem),
    /// Records that goods have come in.
    CheckInItems(CheckInItems),
    /// Records that goods have left.
    RemoveItems(RemoveItems),
    /// Records that goods were moved from one location to another.
    TransferItems(TransferItems),
    /// Records a stock count.
    AdjustStock(AdjustStock),
    /// Sets or lifts the maximum quantity.
    ChangeMaxQuantity(ChangeMaxQuantity),
    /// Sets the quantity below which it is time to order more.
    SetReorderLevel(SetReorderLevel),
    /// Takes the item out of use.
    DeactivateInventoryItem(DeactivateInventoryItem),
    /// Takes the item back into use.
    ReactivateInventoryItem(ReactivateInventoryItem),
}

from_variants! {
    InventoryItemCommand: CreateInventoryItem, RenameInventoryItem, CheckInItems, RemoveItems,
    TransferItems, AdjustStock, ChangeMaxQuantity, SetReorderLevel, DeactivateInventoryItem,
    ReactivateInventoryItem,
}

/// Puts a new item on the books, with nothing on hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateInventoryItem {
    /// The stock keeping unit; 1 to 200 characters. No other item may have one that reads the same.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub sku: String,
    /// The name of the item; 1 to 200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: String,
    /// The unit in which it is counted; 1 to 200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200, example = "pcs"))]
    pub unit: String,
    /// The maximum quantity; no limit when left out.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000_000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_quantity: Option<i64>,
}

/// Renames the item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RenameInventoryItem {
    /// The new name; 1 to 200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: String,
}

/// Records that goods have come in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckInItems {
    /// The number that came in; 1 to 1 000 000 000.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000_000, example = 12))]
    pub quantity: i64,
    /// The id of the location that they came to; unassigned stock when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Uuid>,
    /// The reference they came with, such as a purchase order's number.
    #[cfg_attr(feature = "openapi", schema(max_length = 200, example = "PO 1182"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The cost of one unit, in minor units of the currency.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1_000_000_000_000_i64))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_cost: Option<i64>,
}

/// Records that goods have left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RemoveItems {
    /// The number that left; 1 to 1 000 000 000.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000_000))]
    pub quantity: i64,
    /// The id of the location that they left; unassigned stock when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Uuid>,
    /// The reason.
    #[cfg_attr(feature = "openapi", schema(inline))]
    pub reason: RemovalReason,
}

/// Records that goods were moved from one location to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TransferItems {
    /// The id of the location that they left; unassigned stock when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Uuid>,
    /// The id of the location that they came to; unassigned stock when left out. It differs from
    /// `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Uuid>,
    /// The number that was moved; 1 to 1 000 000 000.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000_000))]
    pub quantity: i64,
}

/// Records a stock count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AdjustStock {
    /// The number that was counted; 0 to 1 000 000 000.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1_000_000_000))]
    pub counted: i64,
    /// The id of the location that was counted; unassigned stock when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Uuid>,
    /// The reason why the books were wrong; 1 to 200 characters. May be blank if the count agrees.
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub reason: String,
}

/// Sets or lifts the maximum quantity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangeMaxQuantity {
    /// The maximum quantity; no limit when left out.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000_000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_quantity: Option<i64>,
}

/// Sets the quantity below which it is time to order more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetReorderLevel {
    /// The quantity below which it is time to order more; 0 to 1 000 000 000.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1_000_000_000))]
    pub level: i64,
}

/// Takes the item out of use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeactivateInventoryItem {
    /// The reason; 1 to 200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub reason: String,
}

/// Takes the item back into use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReactivateInventoryItem {}

/// The reason why goods have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
