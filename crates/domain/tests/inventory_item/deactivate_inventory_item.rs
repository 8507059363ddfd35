use domain::InventoryItem;
use domain::inventory_item::{DeactivateInventoryItem, InventoryItemRejection as Rejection};
use event_store::testing::scenario::given;

use super::*;

fn deactivate() -> DeactivateInventoryItem {
    DeactivateInventoryItem { reason: "no longer made".into() }
}

#[test]
fn takes_the_item_out_of_use() {
    given::<InventoryItem>([created(), checked_in(12), removed(12)])
        .when(deactivate())
        .then([deactivated()]);
    given::<InventoryItem>([created()])
        .when(deactivate())
        .then_state(|item| assert!(!item.active && item.exists()));
}

#[test]
fn keeps_the_reason_trimmed() {
    given::<InventoryItem>([created()])
        .when(DeactivateInventoryItem { reason: "\tno longer made ".into() })
        .then([deactivated()]);
}

#[test]
fn is_refused_when_it_is_inactive_already() {
    given::<InventoryItem>([created(), deactivated()])
        .when(deactivate())
        .then_rejected_with(Rejection::AlreadyInactive);
}

/// A reason would not help, so the stock is reported before a missing reason.
#[test]
fn is_refused_while_there_is_stock_on_hand() {
    given::<InventoryItem>([created(), checked_in(1)])
        .when(deactivate())
        .then_rejected_with(Rejection::StockOnHand { on_hand: 1 })
        .when(DeactivateInventoryItem::default())
        .then_rejected_with(Rejection::StockOnHand { on_hand: 1 });
}

#[test]
fn is_refused_when_there_is_no_such_item() {
    given::<InventoryItem>([]).when(deactivate()).then_rejected_with(Rejection::UnknownItem);
}

#[test]
fn is_refused_without_a_reason() {
    given::<InventoryItem>([created()])
        .when(DeactivateInventoryItem { reason: "\u{a0}".into() })
        .then_rejected_with(blank("reason"));
}
