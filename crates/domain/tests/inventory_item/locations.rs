//! Movements and counts concern one location.

use domain::InventoryItem;
use domain::inventory_item::{
    AdjustStock, BALANCES_LIMIT, CheckInItems, InventoryItemRejection as Rejection,
    ItemsTransferred, RemoveItems, StockAdjusted,
};
use domain::limits::ON_HAND_LIMIT;
use event_store::Aggregate;
use event_store::testing::scenario::given;

use super::*;

fn check_in(location: Option<Uuid>, quantity: i64) -> CheckInItems {
    CheckInItems { quantity, location, ..CheckInItems::default() }
}

fn remove(location: Option<Uuid>, quantity: i64) -> RemoveItems {
    RemoveItems { quantity, location, reason: RemovalReason::Sold }
}

fn count(location: Option<Uuid>, counted: i64) -> AdjustStock {
    AdjustStock { counted, location, reason: "monthly count".into() }
}

fn adjusted(location: Option<Uuid>, counted: i64, delta: i64) -> Event {
    StockAdjusted { counted, delta, location, reason: "monthly count".into() }.into()
}

/// An item with 5 unassigned, 7 in the shop and none in the van.
fn spread() -> [Event; 3] {
    [created(), checked_in(5), checked_in_at(SHOP, 7)]
}

#[test]
fn goods_come_in_at_a_location() {
    given::<InventoryItem>(spread())
        .when(check_in(Some(SHOP), 3))
        .then([checked_in_at(SHOP, 3)])
        .when(check_in(None, 1))
        .then_state(|item| {
            assert_eq!((item.balances.at(Some(SHOP)), item.balances.at(None)), (10, 6));
            assert_eq!((item.on_hand, item.balances.are_unassigned()), (16, false));
        });
}

#[test]
fn goods_leave_from_a_location() {
    given::<InventoryItem>(spread()).when(remove(Some(SHOP), 7)).then_state(|item| {
        assert_eq!((item.on_hand, item.balances.at(Some(SHOP))), (5, 0));
        assert!(item.balances.are_unassigned());
    });
}

#[test]
fn what_is_elsewhere_cannot_leave_from_here() {
    for (location, on_hand) in [(None, 5), (Some(SHOP), 7), (Some(VAN), 0)] {
        let quantity = on_hand + 1;
        given::<InventoryItem>(spread())
            .when(remove(location, quantity))
            .then_rejected_with(Rejection::MoreThanAtLocation { location, on_hand, quantity });
    }
    given::<InventoryItem>(spread())
        .when(remove(Some(SHOP), 13))
        .then_rejected_with(Rejection::MoreThanOnHand { on_hand: 12, quantity: 13 });
}

#[test]
fn a_count_is_that_of_one_location() {
    given::<InventoryItem>(spread())
        .when(count(Some(SHOP), 6))
        .then([adjusted(Some(SHOP), 6, -1)])
        .when(count(Some(VAN), 2))
        .then([adjusted(Some(VAN), 2, 2)])
        .when(count(None, 5))
        .then([adjusted(None, 5, 0)])
        .when(count(None, 0))
        .then_state(|item| assert_eq!(item.on_hand, 8));
}

/// A movement elsewhere does not change what somebody counted here.
#[test]
fn a_count_conflicts_with_movements_at_its_location_only() {
    let counts = [None, Some(SHOP), Some(VAN)].map(|location| count(location, 1).into());
    let to_shop = ItemsTransferred { from: None, to: Some(SHOP), quantity: 1 };
    for (event, conflicts) in [
        (checked_in(1), [true, false, false]),
        (checked_in_at(SHOP, 1), [false, true, false]),
        (to_shop.into(), [true, true, false]),
        (adjusted(Some(VAN), 1, 1), [false, false, true]),
        (adjusted(Some(VAN), 1, 0), [false, false, false]),
    ] {
        let found = counts.each_ref().map(|count| InventoryItem::conflicts_with(count, &event));
        assert_eq!(found, conflicts, "{event:?}");
    }
}

/// Another location does not make room.
#[test]
fn the_maximum_is_that_of_all_locations_together() {
    given::<InventoryItem>([created_with_max(Some(12)), checked_in(5), checked_in_at(SHOP, 7)])
        .when(check_in(Some(VAN), 1))
        .then_rejected_with(Rejection::ExceedsMaximum {
            on_hand: 12,
            quantity: 1,
            max_quantity: 12,
        });
    given::<InventoryItem>([created(), checked_in(ON_HAND_LIMIT)])
        .when(check_in(Some(VAN), 1))
        .then_rejected_with(Rejection::ExceedsMaximum {
            on_hand: ON_HAND_LIMIT,
            quantity: 1,
            max_quantity: ON_HAND_LIMIT,
        });
}

#[test]
fn an_item_is_in_stock_at_so_many_locations_at_most() {
    let places = (1..=BALANCES_LIMIT).map(|n| Uuid::from_u128(n as u128));
    let full: Vec<_> =
        std::iter::once(created()).chain(places.map(|place| checked_in_at(place, 2))).collect();
    let too_many = || Rejection::TooManyLocations { limit: BALANCES_LIMIT };
    let here = Some(Uuid::from_u128(1));
    given::<InventoryItem>(full)
        .when(check_in(Some(SHOP), 1))
        .then_rejected_with(too_many())
        .when(check_in(None, 1))
        .then_rejected_with(too_many())
        .when(count(Some(SHOP), 1))
        .then_rejected_with(too_many())
        .when(count(Some(SHOP), 0))
        .then([adjusted(Some(SHOP), 0, 0)])
        .when(check_in(here, 1))
        .then([checked_in_at(Uuid::from_u128(1), 1)])
        .when(remove(here, 3))
        .then_state(|item| assert_eq!(item.balances.len(), BALANCES_LIMIT - 1));
}
