use domain::InventoryItem;
use domain::inventory_item::InventoryItemEvent as Event;

use crate::text::{grouped, isolated};

/// Describes the state after the event: `52 on hand, room for 8 more`.
pub(super) fn effect(event: &Event, after: &InventoryItem) -> String {
    match event {
        Event::InventoryItemCreated(e) => match e.max_quantity {
            Some(most) => format!("a new item with 0 on hand, at most {}", grouped(most)),
            None => "a new item with 0 on hand".to_owned(),
        },
        Event::InventoryItemRenamed(e) => format!("named “{}”", isolated(&e.name)),
        Event::MaxQuantityChanged(e) => match e.max_quantity {
            Some(most) => format!("at most {}{}", grouped(most), room(after)),
            None => "no maximum".to_owned(),
        },
        Event::ReorderLevelSet(e) => {
            let low = if after.is_below_reorder_level() { ", above what is on hand" } else { "" };
            format!("reorder level {}{low}", grouped(e.level))
        }
        Event::InventoryItemDeactivated(_) => "inactive, with its history kept".to_owned(),
        Event::InventoryItemReactivated(_) => "active again".to_owned(),
        Event::StockAdjusted(e) if e.delta == 0 => {
            format!("{} on hand, as before", grouped(after.on_hand))
        }
        Event::ItemsTransferred(e) => {
            let [left, there] = [e.from, e.to].map(|place| grouped(after.balances.at(place)));
            format!("{left} left where they were, {there} where they go")
        }
        _ => {
            let low = if after.is_below_reorder_level() { ", below the reorder level" } else { "" };
            format!("{} on hand{}{low}", grouped(after.on_hand), room(after))
        }
    }
}

fn room(item: &InventoryItem) -> String {
    match item.max_quantity.map(|most| most.saturating_sub(item.on_hand)) {
        Some(1..) if item.on_hand == 0 => String::new(),
        Some(room @ 1..) => format!(", room for {} more", grouped(room)),
        Some(_) => ", full".to_owned(),
        None => String::new(),
    }
}
