use domain::InventoryItem;
use domain::inventory_item::{CheckInItems, InventoryItemRejection as Rejection, ItemsCheckedIn};
use domain::limits::{ON_HAND_LIMIT, OutOfLimits, UNIT_COST_LIMIT};
use event_store::testing::scenario::given;

use super::*;

fn check_in(quantity: i64) -> CheckInItems {
    CheckInItems { quantity, ..CheckInItems::default() }
}

#[test]
fn adds_to_the_stock_on_hand() {
    given::<InventoryItem>([created(), checked_in(40)])
        .when(check_in(12))
        .then([checked_in(12)])
        .when(check_in(1))
        .then_state(|item| assert_eq!(item.on_hand, 53));
}

#[test]
fn keeps_the_reference_and_the_unit_cost() {
    given::<InventoryItem>([created()])
        .when(CheckInItems {
            reference: Some(" PO 1182 ".into()),
            unit_cost: Some(349),
            ..check_in(12)
        })
        .then([ItemsCheckedIn {
            quantity: 12,
            location: None,
            reference: Some("PO 1182".into()),
            unit_cost: Some(349),
        }
        .into()]);
}

#[test]
fn treats_a_blank_reference_as_absent() {
    given::<InventoryItem>([created()])
        .when(CheckInItems { reference: Some(" ".into()), ..check_in(12) })
        .then([checked_in(12)]);
}

#[test]
fn fills_up_to_the_maximum() {
    given::<InventoryItem>([created_with_max(Some(40)), checked_in(28)])
        .when(check_in(12))
        .then([checked_in(12)]);
}

#[test]
fn is_refused_when_it_would_exceed_the_maximum() {
    given::<InventoryItem>([created_with_max(Some(40)), checked_in(28)])
        .when(check_in(13))
        .then_rejected_with(Rejection::ExceedsMaximum {
            on_hand: 28,
            quantity: 13,
            max_quantity: 40,
        });
}

#[test]
fn uses_the_current_maximum() {
    given::<InventoryItem>([created_with_max(Some(40)), max_changed(Some(50))])
        .when(check_in(50))
        .then([checked_in(50)]);
    given::<InventoryItem>([created_with_max(Some(40)), max_changed(None)])
        .when(check_in(BILLION))
        .then([checked_in(BILLION)]);
}

/// The sum never exceeds what a JSON parser keeps exact, even without a maximum.
#[test]
fn is_refused_when_json_could_not_hold_the_sum_exactly() {
    given::<InventoryItem>([created(), checked_in(ON_HAND_LIMIT - 5)])
        .when(check_in(6))
        .then_rejected_with(Rejection::ExceedsMaximum {
            on_hand: ON_HAND_LIMIT - 5,
            quantity: 6,
            max_quantity: ON_HAND_LIMIT,
        })
        .when(check_in(5))
        .then_state(|item| assert_eq!(item.on_hand, ON_HAND_LIMIT));
}

#[test]
fn is_refused_when_there_is_no_such_item() {
    given::<InventoryItem>([]).when(check_in(1)).then_rejected_with(Rejection::UnknownItem);
}

#[test]
fn is_refused_when_the_item_is_inactive() {
    given::<InventoryItem>([created(), deactivated()])
        .when(check_in(1))
        .then_rejected_with(Rejection::Inactive);
}

#[test]
fn takes_a_quantity_of_one_to_a_billion() {
    for quantity in [1, BILLION] {
        given::<InventoryItem>([created()]).when(check_in(quantity)).then([checked_in(quantity)]);
    }
    for wrong in [i64::MIN, -1, 0, BILLION + 1, i64::MAX] {
        given::<InventoryItem>([created()])
            .when(check_in(wrong))
            .then_rejected_with(not_a_quantity("quantity", wrong));
    }
}

#[test]
fn takes_a_unit_cost_of_zero_to_a_trillion_minor_units() {
    let costing = |cost| CheckInItems { unit_cost: Some(cost), ..check_in(1) };
    for cost in [0, UNIT_COST_LIMIT] {
        given::<InventoryItem>([created()]).when(costing(cost)).then([ItemsCheckedIn {
            quantity: 1,
            location: None,
            reference: None,
            unit_cost: Some(cost),
        }
        .into()]);
    }
    for value in [i64::MIN, -1, UNIT_COST_LIMIT + 1, i64::MAX] {
        given::<InventoryItem>([created()]).when(costing(value)).then_rejected_with(
            OutOfLimits::OutOfRange {
                field: "unit_cost".into(),
                value,
                minimum: 0,
                maximum: UNIT_COST_LIMIT,
            },
        );
    }
}
