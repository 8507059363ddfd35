//! The commands of `domain`, as the description shows them.

#![expect(dead_code, reason = "shapes: nobody makes one")]

use utoipa::ToSchema;

/// What can be asked of an inventory item.
#[derive(ToSchema)]
#[serde(tag = "type", content = "data")]
pub(crate) enum Command {
    /// Puts a new item on the books, with nothing on hand.
    CreateInventoryItem(CreateInventoryItem),
    /// Gives it another name.
    RenameInventoryItem(RenameInventoryItem),
    /// Goods have come in.
    CheckInItems(CheckInItems),
    /// Goods have left.
    RemoveItems(RemoveItems),
    /// Somebody has counted.
    AdjustStock(AdjustStock),
    /// Sets or lifts the limit.
    ChangeMaxQuantity(ChangeMaxQuantity),
    /// Says when it is time to order more.
    SetReorderLevel(SetReorderLevel),
    /// Takes it out of use.
    DeactivateInventoryItem(DeactivateInventoryItem),
    /// Takes it back into use.
    ReactivateInventoryItem(ReactivateInventoryItem),
}

/// Puts a new item on the books, with nothing on hand.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateInventoryItem {
    /// The stock keeping unit; no other item's, whatever its case.
    #[schema(min_length = 1, max_length = 200)]
    pub sku: String,
    /// What it is called.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What is counted.
    #[schema(min_length = 1, max_length = 200, example = "pcs")]
    pub unit: String,
    /// The most there may be; no limit when left out.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub max_quantity: Option<i64>,
}

/// Gives it another name.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenameInventoryItem {
    /// The new name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
}

/// Goods have come in.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckInItems {
    /// How many.
    #[schema(minimum = 1, maximum = 1_000_000_000, example = 12)]
    pub quantity: i64,
    /// What they came with, such as a purchase order's number.
    #[schema(max_length = 200, example = "PO 1182")]
    pub reference: Option<String>,
    /// What one of them cost, in minor units of the currency.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub unit_cost: Option<i64>,
}

/// Goods have left.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveItems {
    /// How many.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub quantity: i64,
    /// Why.
    #[schema(inline)]
    pub reason: RemovalReason,
}

/// Why goods have left.
#[derive(ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RemovalReason {
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

/// Somebody has counted.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdjustStock {
    /// How many there really are.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub counted: i64,
    /// Why the books were wrong; may be blank when they were right.
    #[schema(max_length = 200)]
    pub reason: String,
}

/// Sets or lifts the limit.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeMaxQuantity {
    /// The most there may be; no limit when left out.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub max_quantity: Option<i64>,
}

/// Says when it is time to order more.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetReorderLevel {
    /// Below this it is time.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub level: i64,
}

/// Takes it out of use.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeactivateInventoryItem {
    /// Why.
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// Takes it back into use.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReactivateInventoryItem {}
