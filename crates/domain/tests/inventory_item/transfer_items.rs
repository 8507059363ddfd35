use domain::InventoryItem;
use domain::inventory_item::{
    BALANCES_LIMIT, InventoryItemRejection as Rejection, ItemsTransferred, TransferItems,
};
use event_store::testing::scenario::given;

use super::*;

const UNASSIGNED: Option<Uuid> = None;
const IN_SHOP: Option<Uuid> = Some(SHOP);
const IN_VAN: Option<Uuid> = Some(VAN);

fn transfer(from: Option<Uuid>, to: Option<Uuid>, quantity: i64) -> TransferItems {
    TransferItems { from, to, quantity }
}

fn transferred(from: Option<Uuid>, to: Option<Uuid>, quantity: i64) -> Event {
    ItemsTransferred { from, to, quantity }.into()
}

#[test]
fn moves_stock_between_locations() {
    given::<InventoryItem>([created(), checked_in(12)])
        .when(transfer(UNASSIGNED, IN_SHOP, 10))
        .then([transferred(UNASSIGNED, IN_SHOP, 10)])
        .when(transfer(IN_SHOP, IN_VAN, 4))
        .then([transferred(IN_SHOP, IN_VAN, 4)])
        .when(transfer(IN_VAN, UNASSIGNED, 1))
        .then_state(|item| {
            let at = |location| item.balances.at(location);
            assert_eq!((at(UNASSIGNED), at(IN_SHOP), at(IN_VAN)), (3, 6, 3));
            assert_eq!(item.on_hand, 12);
        });
}

#[test]
fn leaves_no_balance_where_nothing_is_left() {
    given::<InventoryItem>([created(), checked_in_at(SHOP, 12)])
        .when(transfer(IN_SHOP, IN_VAN, 12))
        .then_state(|item| {
            assert_eq!((item.balances.len(), item.balances.at(IN_VAN)), (1, 12));
        });
}

/// The maximum is for all locations together.
#[test]
fn is_possible_when_the_item_is_full() {
    given::<InventoryItem>([created_with_max(Some(12)), checked_in(12)])
        .when(transfer(UNASSIGNED, IN_SHOP, 12))
        .then([transferred(UNASSIGNED, IN_SHOP, 12)]);
}

#[test]
fn is_refused_when_it_is_more_than_there_is() {
    given::<InventoryItem>([created(), checked_in_at(SHOP, 7), checked_in(5)])
        .when(transfer(IN_SHOP, IN_VAN, 8))
        .then_rejected_with(Rejection::MoreThanAtLocation {
            location: IN_SHOP,
            on_hand: 7,
            quantity: 8,
        })
        .when(transfer(IN_VAN, IN_SHOP, 1))
        .then_rejected_with(Rejection::MoreThanAtLocation {
            location: IN_VAN,
            on_hand: 0,
            quantity: 1,
        })
        .when(transfer(UNASSIGNED, IN_SHOP, 6))
        .then_rejected_with(Rejection::MoreThanAtLocation {
            location: UNASSIGNED,
            on_hand: 5,
            quantity: 6,
        })
        .when(transfer(IN_SHOP, IN_VAN, 13))
        .then_rejected_with(Rejection::MoreThanOnHand { on_hand: 12, quantity: 13 });
}

#[test]
fn is_refused_within_one_location() {
    for location in [UNASSIGNED, IN_SHOP] {
        given::<InventoryItem>([created(), checked_in(5)])
            .when(transfer(location, location, 1))
            .then_rejected_with(Rejection::SameLocation { location });
    }
}

#[test]
fn is_refused_when_there_is_no_such_item() {
    given::<InventoryItem>([])
        .when(transfer(UNASSIGNED, IN_SHOP, 1))
        .then_rejected_with(Rejection::UnknownItem);
}

#[test]
fn is_refused_when_the_item_is_inactive() {
    given::<InventoryItem>([created(), deactivated()])
        .when(transfer(UNASSIGNED, IN_SHOP, 1))
        .then_rejected_with(Rejection::Inactive);
}

#[test]
fn takes_a_quantity_of_one_to_a_billion() {
    let plenty = || [created(), checked_in(BILLION), checked_in(BILLION)];
    for quantity in [1, BILLION] {
        given::<InventoryItem>(plenty())
            .when(transfer(UNASSIGNED, IN_SHOP, quantity))
            .then([transferred(UNASSIGNED, IN_SHOP, quantity)]);
    }
    for wrong in [i64::MIN, -1, 0, BILLION + 1, i64::MAX] {
        given::<InventoryItem>(plenty())
            .when(transfer(UNASSIGNED, IN_SHOP, wrong))
            .then_rejected_with(not_a_quantity("quantity", wrong));
    }
}

#[test]
fn is_refused_at_one_location_more_than_an_item_can_have() {
    let full = || {
        let places = (1..=BALANCES_LIMIT).map(|n| Uuid::from_u128(n as u128));
        std::iter::once(created()).chain(places.map(|place| checked_in_at(place, 2)))
    };
    let [first, second] = [1, 2].map(|n| Some(Uuid::from_u128(n)));
    given::<InventoryItem>(full())
        .when(transfer(first, IN_SHOP, 1))
        .then_rejected_with(Rejection::TooManyLocations { limit: BALANCES_LIMIT })
        .when(transfer(first, second, 1))
        .then([transferred(first, second, 1)]);
}
