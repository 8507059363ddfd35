//! The commands of `domain`, as the OpenAPI description shows them.

#![expect(dead_code, reason = "shapes: nobody makes one")]

use utoipa::ToSchema;

/// A command to an inventory item.
#[derive(ToSchema)]
#[serde(tag = "type", content = "data")]
pub(crate) enum Command {
    /// Puts a new item on the books, with nothing on hand.
    CreateInventoryItem(CreateInventoryItem),
    /// Renames the item.
    RenameInventoryItem(RenameInventoryItem),
    /// Records that goods have come in.
    CheckInItems(CheckInItems),
    /// Records that goods have left.
    RemoveItems(RemoveItems),
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

/// Puts a new item on the books, with nothing on hand.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateInventoryItem {
    /// The stock keeping unit. No other item may have one that reads the same.
    #[schema(min_length = 1, max_length = 200)]
    pub sku: String,
    /// The name of the item.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The unit in which it is counted.
    #[schema(min_length = 1, max_length = 200, example = "pcs")]
    pub unit: String,
    /// The maximum quantity; no limit when left out.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub max_quantity: Option<i64>,
}

/// Renames the item.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenameInventoryItem {
    /// The new name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
}

/// Records that goods have come in.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckInItems {
    /// The number that came in.
    #[schema(minimum = 1, maximum = 1_000_000_000, example = 12)]
    pub quantity: i64,
    /// The reference they came with, such as a purchase order's number.
    #[schema(max_length = 200, example = "PO 1182")]
    pub reference: Option<String>,
    /// The cost of one of them, in minor units of the currency.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub unit_cost: Option<i64>,
}

/// Records that goods have left.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveItems {
    /// The number that left.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub quantity: i64,
    /// The reason.
    #[schema(inline)]
    pub reason: RemovalReason,
}

/// The reason why goods have left.
#[derive(ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RemovalReason {
    /// Sold to a customer.
    Sold,
    /// Used in-house.
    Used,
    /// Broken.
    Damaged,
    /// Lost without a trace.
    Lost,
    /// Past its date.
    Expired,
    /// Given away to try.
    Sample,
    /// Sent back to the supplier.
    ReturnedToSupplier,
}

/// Records a stock count.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdjustStock {
    /// The number that was counted.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub counted: i64,
    /// The reason why the books were wrong; may be blank when they were right.
    #[schema(max_length = 200)]
    pub reason: String,
}

/// Sets or lifts the maximum quantity.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeMaxQuantity {
    /// The maximum quantity; no limit when left out.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub max_quantity: Option<i64>,
}

/// Sets the quantity below which it is time to order more.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetReorderLevel {
    /// The quantity below which it is time to order more.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub level: i64,
}

/// Takes the item out of use.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeactivateInventoryItem {
    /// The reason.
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// Takes the item back into use.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReactivateInventoryItem {}
