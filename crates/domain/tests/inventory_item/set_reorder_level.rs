use domain::InventoryItem;
use domain::inventory_item::{
    InventoryItemRejection as Rejection, ReorderLevelSet, SetReorderLevel,
};
use event_store::testing::scenario::given;

use super::*;

fn level_set(level: i64) -> Event {
    ReorderLevelSet { level }.into()
}

#[test]
fn sets_the_level() {
    given::<InventoryItem>([created(), checked_in(5)])
        .when(SetReorderLevel { level: 5 })
        .then([level_set(5)])
        .when(SetReorderLevel { level: 6 })
        .then_state(|item| assert_eq!(item.reorder_level, Some(6)));
}

#[test]
fn it_is_time_to_order_only_below_the_level_and_while_active() {
    let is_time = |events: &[Event]| {
        let item = events.iter().fold(InventoryItem::default(), event_store::Aggregate::evolve);
        item.is_below_reorder_level()
    };
    assert!(!is_time(&[created()]));
    assert!(!is_time(&[created(), checked_in(5), level_set(5)]));
    assert!(is_time(&[created(), checked_in(5), level_set(6)]));
    assert!(!is_time(&[created(), level_set(1), deactivated()]));
}

#[test]
fn is_refused_when_the_level_is_unchanged() {
    for level in [0, 5] {
        given::<InventoryItem>([created(), level_set(level)])
            .when(SetReorderLevel { level })
            .then_rejected_with(Rejection::SameReorderLevel { level });
        given::<InventoryItem>([created(), level_set(level)])
            .in_context(first_rules())
            .when(SetReorderLevel { level })
            .then([level_set(level)]);
    }
}

#[test]
fn is_refused_when_there_is_no_such_item() {
    given::<InventoryItem>([])
        .when(SetReorderLevel { level: 1 })
        .then_rejected_with(Rejection::UnknownItem);
}

#[test]
fn is_refused_when_the_item_is_inactive() {
    given::<InventoryItem>([created(), deactivated()])
        .when(SetReorderLevel { level: 1 })
        .then_rejected_with(Rejection::Inactive);
}

#[test]
fn takes_a_level_of_zero_to_a_billion() {
    for level in [0, BILLION] {
        given::<InventoryItem>([created()])
            .when(SetReorderLevel { level })
            .then([level_set(level)]);
    }
    for wrong in [i64::MIN, -1, BILLION + 1, i64::MAX] {
        given::<InventoryItem>([created()])
            .when(SetReorderLevel { level: wrong })
            .then_rejected_with(not_a_count("level", wrong));
    }
}
