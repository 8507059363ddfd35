//! A rejection travels as its stable code beside the figures that explain it.

use domain::inventory_item::{InventoryItemRejection as Rejection, Task};
use domain::limits::{ON_HAND_LIMIT, OutOfLimits};
use serde_json::{Value, json};

use super::{blank, not_a_quantity};

/// Every rejection with its JSON, what it tells a person, and the task that would unblock it. The
/// macro makes a variant that is missing here an error of the compiler.
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
        {"code": "unknown-item"}, "there is no such item", None;
    Rejection::ExistsAlready { .. } = Rejection::ExistsAlready { sku: "TUBE-28".into() } =>
        {"code": "exists-already", "sku": "TUBE-28"},
        "this item exists already, as TUBE-28", None;
    Rejection::Inactive = Rejection::Inactive =>
        {"code": "inactive"}, "the item is inactive", Some(Task::Reactivate);
    Rejection::AlreadyInactive = Rejection::AlreadyInactive =>
        {"code": "already-inactive"}, "the item is inactive already", None;
    Rejection::AlreadyActive = Rejection::AlreadyActive =>
        {"code": "already-active"}, "the item is active already", None;
    Rejection::SameName { .. } = Rejection::SameName { name: "Tube".into() } =>
        {"code": "same-name", "name": "Tube"}, "the item is called Tube already", None;
    Rejection::ExceedsMaximum { .. } =
        Rejection::ExceedsMaximum { on_hand: 28, quantity: 13, max_quantity: 40 } =>
        {"code": "exceeds-maximum", "on_hand": 28, "quantity": 13, "max_quantity": 40},
        "13 more would make 41, but at most 40 may be on hand", Some(Task::ChangeMaximum);
    Rejection::MoreThanOnHand { .. } = Rejection::MoreThanOnHand { on_hand: 12, quantity: 13 } =>
        {"code": "more-than-on-hand", "on_hand": 12, "quantity": 13},
        "only 12 on hand, which is less than 13", Some(Task::CheckIn);
    Rejection::NoDifference { .. } = Rejection::NoDifference { on_hand: 12 } =>
        {"code": "no-difference", "on_hand": 12}, "the books say 12 already", None;
    Rejection::BelowOnHand { .. } = Rejection::BelowOnHand { on_hand: 12, max_quantity: 11 } =>
        {"code": "below-on-hand", "on_hand": 12, "max_quantity": 11},
        "12 are on hand, which is more than 11", Some(Task::Remove);
    Rejection::StockOnHand { .. } = Rejection::StockOnHand { on_hand: 3 } =>
        {"code": "stock-on-hand", "on_hand": 3},
        "there are still 3 on hand", Some(Task::WriteOffRemaining);
    Rejection::OutOfLimits(OutOfLimits::Blank { .. }) = blank("name").into() =>
        {"code": "blank", "field": "name"}, "name must not be blank", None;
    Rejection::OutOfLimits(OutOfLimits::TooLong { .. }) =
        OutOfLimits::TooLong { field: "name".into(), length: 201, limit: 200 }.into() =>
        {"code": "too-long", "field": "name", "length": 201, "limit": 200},
        "name has 201 characters; at most 200 are allowed", None;
    Rejection::OutOfLimits(OutOfLimits::ControlCharacter { .. }) =
        OutOfLimits::ControlCharacter { field: "name".into(), place: 3 }.into() =>
        {"code": "control-character", "field": "name", "place": 3},
        "name holds a control character at place 3", None;
    Rejection::OutOfLimits(OutOfLimits::OutOfRange { .. }) = not_a_quantity("quantity", -1).into() =>
        {"code": "out-of-range", "field": "quantity", "value": -1, "minimum": 1, "maximum": 1_000_000_000},
        "quantity is -1; it must be 1 to 1000000000", None;
}

#[test]
fn is_its_code_beside_the_figures_there_and_back() {
    for (rejection, json, ..) in rejections() {
        assert_eq!(serde_json::to_value(&rejection).unwrap(), json);
        assert_eq!(json["code"], rejection.code());
        assert_eq!(serde_json::from_value::<Rejection>(json).unwrap(), rejection);
    }
}

#[test]
fn has_a_code_of_its_own() {
    let codes: std::collections::BTreeSet<_> = rejections().iter().map(|r| r.0.code()).collect();
    assert_eq!(codes.len(), rejections().len());
}

#[test]
fn says_to_a_person_what_is_wrong() {
    for (rejection, _, told, _) in rejections() {
        assert_eq!(rejection.to_string(), told);
    }
}

#[test]
fn names_the_task_that_would_unblock_it() {
    for (rejection, _, _, task) in rejections() {
        assert_eq!(rejection.unblocked_by(), task, "{rejection}");
    }
}

/// There is more than any maximum of the item's own could allow.
#[test]
fn names_no_task_where_none_would_help() {
    let rejection = Rejection::ExceedsMaximum {
        on_hand: ON_HAND_LIMIT,
        quantity: 1,
        max_quantity: ON_HAND_LIMIT,
    };
    assert_eq!(rejection.unblocked_by(), None);
}

#[test]
fn figures_of_any_size_are_kept() {
    let rejection = Rejection::MoreThanOnHand { on_hand: i64::MIN, quantity: i64::MAX };
    let json = serde_json::to_string(&rejection).unwrap();
    assert_eq!(serde_json::from_str::<Rejection>(&json).unwrap(), rejection);
    let exceeding = Rejection::ExceedsMaximum { on_hand: i64::MAX, quantity: 1, max_quantity: 5 };
    assert!(exceeding.to_string().contains("9223372036854775807"));
}
