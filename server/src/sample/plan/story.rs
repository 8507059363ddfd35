//! One-time events: the decisions that somebody took on a certain day.

use domain::InventoryItem;
use domain::inventory_item::{
    AdjustStock, ChangeMaxQuantity, DeactivateInventoryItem, InventoryItemCommand as Command,
    ReactivateInventoryItem, RemovalReason, RemoveItems, RenameInventoryItem, SetReorderLevel,
};
use time::Date;

use super::people::{APPRENTICE, MECHANIC, OWNER, SHOP, STOCKROOM};

/// A decision, with its time and the person who took it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Month and day.
    on: (u8, u8),
    /// The time, in minutes after midnight.
    pub(super) minutes: i64,
    pub(super) actor: &'static str,
    pub(super) sku: &'static str,
    pub(super) command: fn(&InventoryItem) -> Command,
}

impl Step {
    pub(super) fn is_on(&self, day: Date) -> bool {
        self.on == (u8::from(day.month()), day.day())
    }
}

const fn step(
    on: (u8, u8),
    (hour, minute): (i64, i64),
    actor: &'static str,
    sku: &'static str,
    command: fn(&InventoryItem) -> Command,
) -> Step {
    Step { on, minutes: hour * 60 + minute, actor, sku, command }
}

pub(super) const STORY: &[Step] = &[
    step((9, 2), (17, 41), STOCKROOM, "SPOKE-264", |item| {
        adjust(item, -12, "A box was shorter than its label says")
    }),
    step((9, 9), (8, 34), OWNER, "CHAIN-9", |_| rename("Chain, 9-speed, 114 links")),
    step((9, 9), (8, 36), OWNER, "CHAIN-8", |_| rename("Chain, 8-speed, 114 links")),
    step((9, 11), (11, 12), SHOP, "LUBE-WET", |_| remove(2, RemovalReason::Sample)),
    step((9, 14), (8, 51), OWNER, "LOCK-U", |_| most(Some(24))),
    step((9, 14), (8, 53), OWNER, "LOCK-U", |_| level(5)),
    step((9, 18), (16, 20), STOCKROOM, "BELL-BRASS", |item| {
        remove(item.on_hand, RemovalReason::ReturnedToSupplier)
    }),
    step((9, 18), (17, 2), OWNER, "BELL-BRASS", |_| {
        deactivate("Recalled: the clapper comes loose")
    }),
    step((9, 22), (15, 7), MECHANIC, "SEALANT-1L", |_| remove(1, RemovalReason::Expired)),
    step((9, 29), (8, 40), OWNER, "LIGHT-R", |_| level(14)),
    step((9, 29), (8, 41), OWNER, "LIGHT-F40", |_| level(12)),
    step((9, 30), (17, 48), STOCKROOM, "PATCH-VULC", |item| {
        remove(item.on_hand, RemovalReason::Expired)
    }),
    step((9, 30), (17, 50), OWNER, "PATCH-VULC", |_| {
        deactivate("The solution dries up on the shelf; self-adhesive patches take its place")
    }),
    step((10, 1), (8, 45), OWNER, "LIGHT-R", |_| most(Some(80))),
    step((10, 1), (8, 46), OWNER, "LIGHT-F40", |_| most(Some(60))),
    step((10, 8), (13, 33), APPRENTICE, "RACK-REAR", |_| remove(1, RemovalReason::Damaged)),
    step((10, 13), (9, 26), OWNER, "HOUSING-5", |_| most(None)),
    step((10, 16), (17, 15), STOCKROOM, "NIPPLE-12", |item| {
        adjust(item, 50, "A bag had slipped behind the drawer")
    }),
    step((10, 21), (8, 30), OWNER, "BELL-BRASS", |_| ReactivateInventoryItem {}.into()),
    step((11, 2), (8, 47), OWNER, "BOTTLE-75", |item| most(Some(item.on_hand.max(24)))),
    step((11, 2), (8, 49), OWNER, "BOTTLE-75", |_| level(4)),
    step((11, 6), (12, 5), SHOP, "GLOVE-WINTER", |_| remove(1, RemovalReason::Lost)),
    step((11, 12), (9, 3), OWNER, "TYRE-ICE", |_| level(12)),
];

fn rename(name: &str) -> Command {
    RenameInventoryItem { name: name.to_owned() }.into()
}

fn remove(quantity: i64, reason: RemovalReason) -> Command {
    RemoveItems { quantity, location: None, reason }.into()
}

fn adjust(item: &InventoryItem, by: i64, reason: &str) -> Command {
    let counted = item.on_hand.saturating_add(by).max(0);
    AdjustStock { counted, location: None, reason: reason.to_owned() }.into()
}

fn most(max_quantity: Option<i64>) -> Command {
    ChangeMaxQuantity { max_quantity }.into()
}

fn level(level: i64) -> Command {
    SetReorderLevel { level }.into()
}

fn deactivate(reason: &str) -> Command {
    DeactivateInventoryItem { reason: reason.to_owned() }.into()
}
