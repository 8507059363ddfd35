//! The buttons of an item's page agree with the decisions of the domain.

use domain::InventoryItem;
use domain::inventory_item::{
    InventoryItemRejection as Rejection, InventoryItemRenamed, ReorderLevelSet, Task,
};
use domain::kind::{Kind as _, Task as _};
use event_store::Aggregate;
use proptest::prelude::*;

use super::*;

const ALL: [Task; 11] = [
    Task::Create,
    Task::CheckIn,
    Task::Remove,
    Task::Transfer,
    Task::Adjust,
    Task::Rename,
    Task::ChangeMaximum,
    Task::SetReorderLevel,
    Task::Deactivate,
    Task::Reactivate,
    Task::WriteOffRemaining,
];

fn item(events: impl IntoIterator<Item = Event>) -> InventoryItem {
    events.into_iter().fold(InventoryItem::default(), |item, event| item.evolve(&event))
}

#[track_caller]
fn refused(item: &InventoryItem, expected: &[(Task, Rejection)]) {
    let found: Vec<_> =
        ALL.into_iter().filter_map(|task| Some((task, item.allows(task).err()?))).collect();
    assert_eq!(found, expected);
}

fn exists_already() -> (Task, Rejection) {
    (Task::Create, Rejection::ExistsAlready { sku: "TUBE-28".into() })
}

fn nothing_to_remove() -> Rejection {
    Rejection::MoreThanOnHand { on_hand: 0, quantity: 1 }
}

#[test]
fn an_item_that_does_not_exist_can_only_be_created() {
    let unknown = ALL[1..].iter().map(|task| (*task, Rejection::UnknownItem)).collect::<Vec<_>>();
    refused(&InventoryItem::default(), &unknown);
}

#[test]
fn an_active_item_without_stock_has_nothing_to_remove() {
    refused(
        &item([created()]),
        &[
            exists_already(),
            (Task::Remove, nothing_to_remove()),
            (Task::Transfer, nothing_to_remove()),
            (Task::Reactivate, Rejection::AlreadyActive),
            (Task::WriteOffRemaining, nothing_to_remove()),
        ],
    );
}

#[test]
fn an_active_item_with_stock_cannot_be_deactivated() {
    refused(
        &item([created(), checked_in(3)]),
        &[
            exists_already(),
            (Task::Deactivate, Rejection::StockOnHand { on_hand: 3 }),
            (Task::Reactivate, Rejection::AlreadyActive),
        ],
    );
}

#[test]
fn a_full_item_takes_nothing_more() {
    let full = Rejection::ExceedsMaximum { on_hand: 3, quantity: 1, max_quantity: 3 };
    let item = item([created_with_max(Some(3)), checked_in(3)]);
    assert_eq!(item.allows(Task::CheckIn), Err(full));
}

#[test]
fn figures_can_always_be_changed() {
    for max_quantity in [None, Some(1), Some(BILLION)] {
        for level in [None, Some(0), Some(BILLION)] {
            let level = level.map(|level| ReorderLevelSet { level }.into());
            let item = item([created_with_max(max_quantity)].into_iter().chain(level));
            for task in [Task::ChangeMaximum, Task::SetReorderLevel, Task::Adjust] {
                assert_eq!(item.allows(task), Ok(()), "{task:?} of {item:?}");
            }
        }
    }
}

/// A sample command decides whether a task is possible. It must not be refused for its own input.
#[test]
fn an_item_of_any_name_can_be_renamed() {
    for name in ["-", "+", "x"] {
        let renamed = InventoryItemRenamed { name: name.to_owned() }.into();
        assert_eq!(item([created(), renamed]).allows(Task::Rename), Ok(()), "{name}");
    }
}

#[test]
fn an_inactive_item_can_only_be_reactivated() {
    let item = item([created(), deactivated()]);
    for task in Task::on_record() {
        let expected = match task {
            Task::Reactivate => Ok(()),
            Task::Deactivate => Err(Rejection::AlreadyInactive),
            _ => Err(Rejection::Inactive),
        };
        assert_eq!(item.allows(task), expected, "{task:?}");
    }
}

#[test]
fn a_task_is_found_by_its_slug() {
    for task in ALL {
        assert_eq!(Task::from_slug(task.slug()), Some(task));
    }
    assert_eq!(Task::from_slug("Check in items"), None);
}

#[test]
fn a_task_is_called_what_its_button_says() {
    let titles: Vec<_> = Task::on_record().map(|task| task.title()).collect();
    let expected = [
        "Check in items",
        "Remove items",
        "Transfer items",
        "Adjust stock",
        "Rename item",
        "Change maximum",
        "Set reorder level",
        "Deactivate item",
        "Reactivate item",
    ];
    assert_eq!(titles, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// A disabled button never hides a task that could be performed.
    #[test]
    fn a_task_that_is_not_allowed_is_refused_for_any_input(
        history in arbitrary::history(0..60),
        command in arbitrary::command(),
    ) {
        let item = history.item();
        if item.allows(arbitrary::task_of(&command)).is_err() {
            prop_assert!(item.decide(&command, &arbitrary::context(1)).is_err());
        }
    }

    /// An item begins with its creation: only that command is tried without a read.
    #[test]
    fn only_a_creation_begins_an_item(command in arbitrary::command()) {
        let creates = arbitrary::task_of(&command) == Task::Create;
        prop_assert_eq!(InventoryItem::begins(&command), creates);
    }

    /// The task that a rejection suggests is possible, or names another one that is.
    #[test]
    fn the_task_that_unblocks_another_is_allowed_or_unblocked(
        history in arbitrary::history(0..60),
        command in arbitrary::command(),
    ) {
        let item = history.item();
        let rejection = item.decide(&command, &arbitrary::context(1)).err();
        if let Some(way_out) = rejection.as_ref().and_then(InventoryItem::unblocked_by)
            && let Err(blocked) = item.allows(way_out)
        {
            let next = InventoryItem::unblocked_by(&blocked);
            prop_assert!(next.is_some_and(|next| item.allows(next).is_ok()), "{blocked}");
        }
    }
}
