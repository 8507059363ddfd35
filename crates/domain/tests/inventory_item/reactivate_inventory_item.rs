use domain::InventoryItem;
use domain::inventory_item::{
    CheckInItems, InventoryItemRejection as Rejection, ReactivateInventoryItem,
};
use event_store::testing::scenario::given;

use super::*;

#[test]
fn takes_the_item_back_into_use_as_it_was() {
    given::<InventoryItem>([created_with_max(Some(40)), deactivated()])
        .when(ReactivateInventoryItem {})
        .then([reactivated()])
        .when(CheckInItems { quantity: 40, ..CheckInItems::default() })
        .then_state(|item| assert_eq!((item.on_hand, item.max_quantity), (40, Some(40))));
}

#[test]
fn is_refused_when_the_item_is_active() {
    given::<InventoryItem>([created()])
        .when(ReactivateInventoryItem {})
        .then_rejected_with(Rejection::AlreadyActive);
    given::<InventoryItem>([created(), deactivated(), reactivated()])
        .when(ReactivateInventoryItem {})
        .then_rejected_with(Rejection::AlreadyActive);
}

#[test]
fn is_refused_when_there_is_no_such_item() {
    given::<InventoryItem>([])
        .when(ReactivateInventoryItem {})
        .then_rejected_with(Rejection::UnknownItem);
}
