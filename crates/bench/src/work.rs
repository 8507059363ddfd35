//! The commands that are measured: what a small business does all day.

use domain::inventory_item::{CheckInItems, CreateInventoryItem, InventoryItemCommand};
use uuid::Uuid;

/// Of ten commands, one creates an item and nine check in on one that was created a while ago, so
/// that no command waits for the creation that it needs.
pub(crate) fn mixed(number: u64, items: &mut Vec<Uuid>) -> (Uuid, InventoryItemCommand) {
    const SETTLED: usize = 30;
    if number.is_multiple_of(10) || items.len() <= SETTLED {
        let item = Uuid::now_v7();
        items.push(item);
        return (item, create(number));
    }
    // Fibonacci hashing spreads consecutive numbers over the items.
    let place = usize::try_from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33).unwrap_or(0);
    (items[place % (items.len() - SETTLED)], check_in(number))
}

pub(crate) fn create(number: u64) -> InventoryItemCommand {
    InventoryItemCommand::CreateInventoryItem(CreateInventoryItem {
        sku: format!("BENCH-{number:06}"),
        name: format!("Measured item {number}"),
        unit: "pcs".into(),
        max_quantity: None,
    })
}

pub(crate) fn check_in(number: u64) -> InventoryItemCommand {
    InventoryItemCommand::CheckInItems(CheckInItems {
        quantity: 12,
        reference: Some(format!("PO {number}")),
        unit_cost: Some(1250),
    })
}
