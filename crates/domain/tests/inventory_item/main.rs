//! The specification of the inventory item: one module per command, and one for each rule that all
//! commands share.

#![expect(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

mod adjust_stock;
mod arbitrary;
mod change_max_quantity;
mod check_in_items;
mod conflicts;
mod create_inventory_item;
mod deactivate_inventory_item;
mod golden;
mod invariants;
mod locations;
mod reactivate_inventory_item;
mod rejection_on_the_wire;
mod remove_items;
mod rename_inventory_item;
mod replaying;
mod round_trips;
mod set_reorder_level;
mod sorting;
mod tasks;
mod texts;
mod transfer_items;

use domain::inventory_item::{
    InventoryItemCreated, InventoryItemDeactivated, InventoryItemEvent as Event,
    InventoryItemReactivated, ItemsCheckedIn, ItemsRemoved, MaxQuantityChanged, RemovalReason,
};
use domain::limits::OutOfLimits;
use event_store::Context;
use uuid::Uuid;

/// The largest figure that a command may name.
const BILLION: i64 = 1_000_000_000;

/// Two locations. Nothing here looks up whether they exist.
const SHOP: Uuid = Uuid::from_u128(0x019a_0000_0000_7000_8000_0000_0000_0051);
const VAN: Uuid = Uuid::from_u128(0x019a_0000_0000_7000_8000_0000_0000_0052);

/// The context of histories that predate the second rules.
fn first_rules() -> Context {
    Context { rules: 1, ..arbitrary::context(1) }
}

fn created() -> Event {
    created_with_max(None)
}

fn created_with_max(max_quantity: Option<i64>) -> Event {
    InventoryItemCreated {
        sku: "TUBE-28".into(),
        name: "Inner tube 28″".into(),
        unit: "pcs".into(),
        max_quantity,
    }
    .into()
}

fn checked_in(quantity: i64) -> Event {
    ItemsCheckedIn { quantity, location: None, reference: None, unit_cost: None }.into()
}

fn removed(quantity: i64) -> Event {
    ItemsRemoved { quantity, location: None, reason: RemovalReason::Sold }.into()
}

fn checked_in_at(location: Uuid, quantity: i64) -> Event {
    let location = Some(location);
    ItemsCheckedIn { quantity, location, reference: None, unit_cost: None }.into()
}

fn max_changed(max_quantity: Option<i64>) -> Event {
    MaxQuantityChanged { max_quantity }.into()
}

fn deactivated() -> Event {
    InventoryItemDeactivated { reason: "no longer made".into() }.into()
}

fn reactivated() -> Event {
    InventoryItemReactivated {}.into()
}

fn blank(field: &str) -> OutOfLimits {
    OutOfLimits::Blank { field: field.into() }
}

fn not_a_quantity(field: &str, value: i64) -> OutOfLimits {
    OutOfLimits::OutOfRange { field: field.into(), value, minimum: 1, maximum: BILLION }
}

fn not_a_count(field: &str, value: i64) -> OutOfLimits {
    OutOfLimits::OutOfRange { field: field.into(), value, minimum: 0, maximum: BILLION }
}
