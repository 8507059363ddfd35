//! The wire format of a rejection: its stable code beside the figures that explain it.

use std::collections::{BTreeSet, HashSet};

use domain::InventoryItem;
use domain::inventory_item::{InventoryItemRejection as Rejection, Task};
use domain::kind::Kind as _;
use domain::limits::{ON_HAND_LIMIT, OutOfLimits};
use serde_json::{Value, json};

use super::{SHOP, blank, not_a_quantity};

/// Lists every rejection with its JSON, its message, and the task that would unblock it. A variant
/// that is missing here is a compile error.
macro_rules! rejections {
    ($($pattern:pat = $rejection:expr => $json:tt, $told:literal, $unblocked_by:expr;)+) => {
        fn rejections() -> Vec<(Rejection, Value, &'static str, Option<Task>)> {
            vec![$(($rejection, json!($json), $told, $unblocked_by)),+]
        }

        #[expect(dead_code, reason = "it only has to compile")]
        const fn all_are_here(rejection: &Rejection) {
            match rejection {
                $($pattern => (),)+
            }
        }
    };
}

rejections! {
    Rejection::UnknownItem = Rejection::UnknownItem =>
        {"code": "unknown-item"}, "item not found", None;
    Rejection::ExistsAlready { .. } = Rejection::ExistsAlready { sku: "TUBE-28".into() } =>
        {"code": "exists-already", "sku": "TUBE-28"},
        "this item already exists, as TUBE-28", None;
    Rejection::Inactive = Rejection::Inactive =>
        {"code": "inactive"}, "the item is inactive", Some(Task::Reactivate);
    Rejection::AlreadyInactive = Rejection::AlreadyInactive =>
        {"code": "already-inactive"}, "the item is already inactive", None;
    Rejection::AlreadyActive = Rejection::AlreadyActive =>
        {"code": "already-active"}, "the item is already active", None;
    Rejection::SameName { .. } = Rejection::SameName { name: "Tube".into() } =>
        {"code": "same-name", "name": "Tube"}, "that is already its name", None;
    Rejection::SameMaximum { max_quantity: Some(_) } = Rejection::SameMaximum { max_quantity: Some(40) } =>
        {"code": "same-maximum", "max_quantity": 40}, "that is already its maximum", None;
    Rejection::SameMaximum { max_quantity: None } = Rejection::SameMaximum { max_quantity: None } =>
        {"code": "same-maximum", "max_quantity": null}, "it already has no maximum", None;
    Rejection::SameReorderLevel { .. } = Rejection::SameReorderLevel { level: 10 } =>
        {"code": "same-reorder-level", "level": 10}, "that is already its reorder level", None;
    Rejection::ExceedsMaximum { .. } =
        Rejection::ExceedsMaximum { on_hand: 28, quantity: 13, max_quantity: 40 } =>
        {"code": "exceeds-maximum", "on_hand": 28, "quantity": 13, "max_quantity": 40},
        "13 more would make 41; the maximum is 40", Some(Task::ChangeMaximum);
    Rejection::MoreThanOnHand { .. } = Rejection::MoreThanOnHand { on_hand: 12, quantity: 13 } =>
        {"code": "more-than-on-hand", "on_hand": 12, "quantity": 13},
        "you asked for 13; only 12 are on hand", Some(Task::CheckIn);
    Rejection::MoreThanAtLocation { location: Some(_), .. } =
        Rejection::MoreThanAtLocation { location: Some(SHOP), on_hand: 1, quantity: 13 } =>
        {"code": "more-than-at-location", "location": SHOP, "on_hand": 1, "quantity": 13},
        "you asked for 13; only 1 is at this location", Some(Task::Transfer);
    Rejection::MoreThanAtLocation { location: None, .. } =
        Rejection::MoreThanAtLocation { location: None, on_hand: 0, quantity: 13 } =>
        {"code": "more-than-at-location", "location": null, "on_hand": 0, "quantity": 13},
        "you asked for 13; none are unassigned: choose a location", Some(Task::Transfer);
    Rejection::SameLocation { .. } = Rejection::SameLocation { location: Some(SHOP) } =>
        {"code": "same-location", "location": SHOP},
        "they are there already: choose another location", None;
    Rejection::TooManyLocations { .. } = Rejection::TooManyLocations { limit: 100 } =>
        {"code": "too-many-locations", "limit": 100},
        "the item is in stock at 100 locations, the most that one item can have", Some(Task::Transfer);
    Rejection::NoDifference { .. } = Rejection::NoDifference { on_hand: 12 } =>
        {"code": "no-difference", "on_hand": 12}, "the count agrees with the books: 12", None;
    Rejection::BelowOnHand { .. } = Rejection::BelowOnHand { on_hand: 12, max_quantity: 11 } =>
        {"code": "below-on-hand", "on_hand": 12, "max_quantity": 11},
        "12 are on hand, more than 11", Some(Task::Remove);
    Rejection::StockOnHand { .. } = Rejection::StockOnHand { on_hand: 3 } =>
        {"code": "stock-on-hand", "on_hand": 3},
        "3 are still in stock", Some(Task::WriteOffRemaining);
    Rejection::OutOfLimits(OutOfLimits::Blank { .. }) = blank("name").into() =>
        {"code": "blank", "field": "name"}, "name must not be blank", None;
    Rejection::OutOfLimits(OutOfLimits::TooLong { .. }) =
        OutOfLimits::TooLong { field: "name".into(), length: 201, limit: 200 }.into() =>
        {"code": "too-long", "field": "name", "length": 201, "limit": 200},
        "name is too long: 201 characters; at most 200 are allowed", None;
    Rejection::OutOfLimits(OutOfLimits::ControlCharacter { .. }) =
        OutOfLimits::ControlCharacter { field: "name".into(), place: 3 }.into() =>
        {"code": "control-character", "field": "name", "place": 3},
        "name contains a control character at position 3", None;
    Rejection::OutOfLimits(OutOfLimits::OutOfRange { .. }) = not_a_quantity("quantity", -1).into() =>
        {"code": "out-of-range", "field": "quantity", "value": -1, "minimum": 1, "maximum": 1_000_000_000},
        "quantity is −1; it must be 1 to 1,000,000,000", None;
}

#[test]
fn round_trips_as_its_code_and_figures() {
    for (rejection, json, ..) in rejections() {
        assert_eq!(serde_json::to_value(&rejection).unwrap(), json);
        assert_eq!(json["code"], rejection.code());
        assert_eq!(serde_json::from_value::<Rejection>(json).unwrap(), rejection);
    }
}

#[test]
fn groups_the_digits_in_its_message() {
    let (on_hand, quantity, max_quantity) = (1_234_572, 1_000_000, 2_000_000);
    for (rejection, told) in [
        (
            Rejection::ExceedsMaximum { on_hand, quantity, max_quantity },
            "1,000,000 more would make 2,234,572; the maximum is 2,000,000",
        ),
        (
            Rejection::ExceedsMaximum { on_hand, quantity, max_quantity: on_hand },
            "full: 1,234,572 of 1,234,572",
        ),
        (
            Rejection::MoreThanOnHand { on_hand, quantity: max_quantity },
            "you asked for 2,000,000; only 1,234,572 are on hand",
        ),
        (Rejection::MoreThanOnHand { on_hand: 0, quantity: 1_000 }, "none in stock"),
        (
            Rejection::MoreThanAtLocation { location: None, on_hand, quantity: max_quantity },
            "you asked for 2,000,000; only 1,234,572 are unassigned",
        ),
        (
            Rejection::MoreThanAtLocation { location: Some(SHOP), on_hand: 0, quantity },
            "you asked for 1,000,000; none are at this location",
        ),
        (
            Rejection::BelowOnHand { on_hand, max_quantity: 1_000 },
            "1,234,572 are on hand, more than 1,000",
        ),
        (Rejection::StockOnHand { on_hand }, "1,234,572 are still in stock"),
    ] {
        assert_eq!(rejection.to_string(), told);
    }
}

#[test]
fn every_variant_has_its_own_code() {
    let rejections = rejections();
    let codes: BTreeSet<_> = rejections.iter().map(|r| r.0.code()).collect();
    let variants: HashSet<_> = rejections.iter().map(|r| std::mem::discriminant(&r.0)).collect();
    // The four codes of `OutOfLimits` belong to one variant.
    assert_eq!(codes.len(), variants.len() + 3);
}

#[test]
fn tells_a_person_what_is_wrong() {
    for (rejection, _, told, _) in rejections() {
        assert_eq!(rejection.to_string(), told);
    }
}

#[test]
fn names_the_task_that_would_unblock_it() {
    for (rejection, _, _, task) in rejections() {
        assert_eq!(InventoryItem::unblocked_by(&rejection), task, "{rejection}");
    }
}

/// The stock exceeds any maximum that an item can have.
#[test]
fn names_no_task_when_none_would_help() {
    let rejection = Rejection::ExceedsMaximum {
        on_hand: ON_HAND_LIMIT,
        quantity: 1,
        max_quantity: ON_HAND_LIMIT,
    };
    assert_eq!(InventoryItem::unblocked_by(&rejection), None);
}

#[test]
fn figures_of_any_size_are_kept() {
    let rejection = Rejection::MoreThanOnHand { on_hand: i64::MIN, quantity: i64::MAX };
    let json = serde_json::to_string(&rejection).unwrap();
    assert_eq!(serde_json::from_str::<Rejection>(&json).unwrap(), rejection);
    let exceeding = Rejection::ExceedsMaximum { on_hand: i64::MAX, quantity: 1, max_quantity: 5 };
    assert!(exceeding.to_string().contains("9,223,372,036,854,775,807"));
}
