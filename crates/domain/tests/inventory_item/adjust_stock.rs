use domain::InventoryItem;
use domain::inventory_item::{AdjustStock, InventoryItemRejection as Rejection, StockAdjusted};
use event_store::Aggregate;
use event_store::testing::scenario::given;

use super::*;

fn count(counted: i64) -> AdjustStock {
    AdjustStock { counted, location: None, reason: "monthly count".into() }
}

fn adjusted(counted: i64, delta: i64) -> Event {
    StockAdjusted { counted, delta, location: None, reason: "monthly count".into() }.into()
}

#[test]
fn brings_the_books_in_line_with_the_count() {
    given::<InventoryItem>([created(), checked_in(12)])
        .when(count(10))
        .then([adjusted(10, -2)])
        .when(count(11))
        .then([adjusted(11, 1)])
        .when(count(0))
        .then_state(|item| assert_eq!(item.on_hand, 0));
}

/// A count is a fact, so it is recorded even above the maximum.
#[test]
fn may_find_more_than_the_maximum() {
    given::<InventoryItem>([created_with_max(Some(10)), checked_in(10)])
        .when(count(11))
        .then([adjusted(11, 1)]);
}

#[test]
fn keeps_the_reason_trimmed() {
    given::<InventoryItem>([created()])
        .when(AdjustStock { reason: " found behind the shelf ".into(), ..count(3) })
        .then([StockAdjusted {
            counted: 3,
            delta: 3,
            location: None,
            reason: "found behind the shelf".into(),
        }
        .into()]);
}

#[test]
fn records_a_count_that_agrees_with_or_without_a_reason() {
    given::<InventoryItem>([created(), checked_in(12)])
        .when(count(12))
        .then([adjusted(12, 0)])
        .when(AdjustStock { reason: " \u{200b}".into(), ..count(12) })
        .then([
            StockAdjusted { counted: 12, delta: 0, location: None, reason: String::new() }.into()
        ])
        .when(count(12))
        .then_state(|item| assert_eq!(item.on_hand, 12));
    given::<InventoryItem>([created()]).when(count(0)).then([adjusted(0, 0)]);
    assert_eq!(InventoryItem::reason(&count(12).into()).as_deref(), Some("monthly count"));
    let silent = AdjustStock { reason: " ".into(), ..count(12) };
    assert_eq!(InventoryItem::reason(&silent.into()), None);
}

#[test]
fn is_refused_by_the_first_rules_when_the_count_agrees() {
    given::<InventoryItem>([created(), checked_in(12)])
        .in_context(first_rules())
        .when(count(12))
        .then_rejected_with(Rejection::NoDifference { on_hand: 12 });
}

#[test]
fn is_refused_when_there_is_no_such_item() {
    given::<InventoryItem>([]).when(count(1)).then_rejected_with(Rejection::UnknownItem);
}

#[test]
fn is_refused_when_the_item_is_inactive() {
    given::<InventoryItem>([created(), deactivated()])
        .when(count(1))
        .then_rejected_with(Rejection::Inactive);
}

#[test]
fn is_refused_without_a_reason() {
    given::<InventoryItem>([created()])
        .when(AdjustStock { reason: " ".into(), ..count(3) })
        .then_rejected_with(blank("reason"));
}

#[test]
fn takes_a_count_of_zero_to_a_billion() {
    given::<InventoryItem>([created(), checked_in(1)]).when(count(0)).then([adjusted(0, -1)]);
    given::<InventoryItem>([created()]).when(count(BILLION)).then([adjusted(BILLION, BILLION)]);
    for wrong in [i64::MIN, -1, BILLION + 1, i64::MAX] {
        given::<InventoryItem>([created()])
            .when(count(wrong))
            .then_rejected_with(not_a_count("counted", wrong));
    }
}
