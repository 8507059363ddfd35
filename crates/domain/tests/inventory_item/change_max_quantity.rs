use domain::InventoryItem;
use domain::inventory_item::{ChangeMaxQuantity, InventoryItemRejection as Rejection};
use event_store::testing::scenario::given;

use super::*;

fn change_max(max_quantity: Option<i64>) -> ChangeMaxQuantity {
    ChangeMaxQuantity { max_quantity }
}

#[test]
fn sets_and_lifts_the_limit() {
    given::<InventoryItem>([created()])
        .when(change_max(Some(40)))
        .then([max_changed(Some(40))])
        .when(change_max(None))
        .then([max_changed(None)])
        .when(change_max(Some(3)))
        .then_state(|item| assert_eq!(item.max_quantity, Some(3)));
}

#[test]
fn may_equal_the_stock_on_hand() {
    given::<InventoryItem>([created(), checked_in(12)])
        .when(change_max(Some(12)))
        .then([max_changed(Some(12))]);
}

#[test]
fn is_refused_below_the_stock_on_hand() {
    given::<InventoryItem>([created(), checked_in(12)])
        .when(change_max(Some(11)))
        .then_rejected_with(Rejection::BelowOnHand { on_hand: 12, max_quantity: 11 });
}

#[test]
fn is_refused_when_the_maximum_is_unchanged() {
    for max_quantity in [None, Some(40)] {
        given::<InventoryItem>([created_with_max(max_quantity)])
            .when(change_max(max_quantity))
            .then_rejected_with(Rejection::SameMaximum { max_quantity });
        given::<InventoryItem>([created_with_max(max_quantity)])
            .in_context(first_rules())
            .when(change_max(max_quantity))
            .then([max_changed(max_quantity)]);
    }
}

#[test]
fn is_refused_when_there_is_no_such_item() {
    given::<InventoryItem>([]).when(change_max(None)).then_rejected_with(Rejection::UnknownItem);
}

#[test]
fn is_refused_when_the_item_is_inactive() {
    given::<InventoryItem>([created(), deactivated()])
        .when(change_max(Some(1)))
        .then_rejected_with(Rejection::Inactive);
}

#[test]
fn takes_a_limit_of_one_to_a_billion() {
    for most in [1, BILLION] {
        given::<InventoryItem>([created()])
            .when(change_max(Some(most)))
            .then([max_changed(Some(most))]);
    }
    for wrong in [i64::MIN, -1, 0, BILLION + 1, i64::MAX] {
        given::<InventoryItem>([created()])
            .when(change_max(Some(wrong)))
            .then_rejected_with(not_a_quantity("max_quantity", wrong));
    }
}
