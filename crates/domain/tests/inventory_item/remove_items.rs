use domain::InventoryItem;
use domain::inventory_item::{InventoryItemRejection as Rejection, RemovalReason, RemoveItems};
use event_store::testing::scenario::given;

use super::*;

fn remove(quantity: i64) -> RemoveItems {
    RemoveItems { quantity, location: None, reason: RemovalReason::Sold }
}

#[test]
fn takes_from_the_stock_on_hand() {
    given::<InventoryItem>([created(), checked_in(12)])
        .when(remove(5))
        .then([removed(5)])
        .when(remove(7))
        .then_state(|item| assert_eq!(item.on_hand, 0));
}

#[test]
fn keeps_the_reason() {
    for reason in RemovalReason::ALL {
        given::<InventoryItem>([created(), checked_in(1)])
            .when(RemoveItems { reason, ..remove(1) })
            .then([ItemsRemoved { quantity: 1, location: None, reason }.into()]);
    }
}

#[test]
fn is_refused_when_it_is_more_than_on_hand() {
    given::<InventoryItem>([created(), checked_in(12)])
        .when(remove(13))
        .then_rejected_with(Rejection::MoreThanOnHand { on_hand: 12, quantity: 13 });
    given::<InventoryItem>([created()])
        .when(remove(1))
        .then_rejected_with(Rejection::MoreThanOnHand { on_hand: 0, quantity: 1 });
}

#[test]
fn is_refused_when_there_is_no_such_item() {
    given::<InventoryItem>([]).when(remove(1)).then_rejected_with(Rejection::UnknownItem);
}

#[test]
fn is_refused_when_the_item_is_inactive() {
    given::<InventoryItem>([created(), deactivated()])
        .when(remove(1))
        .then_rejected_with(Rejection::Inactive);
}

#[test]
fn takes_a_quantity_of_one_to_a_billion() {
    let plenty = || [created(), checked_in(BILLION), checked_in(BILLION)];
    for quantity in [1, BILLION] {
        given::<InventoryItem>(plenty()).when(remove(quantity)).then([removed(quantity)]);
    }
    for wrong in [i64::MIN, -1, 0, BILLION + 1, i64::MAX] {
        given::<InventoryItem>(plenty())
            .when(remove(wrong))
            .then_rejected_with(not_a_quantity("quantity", wrong));
    }
}
