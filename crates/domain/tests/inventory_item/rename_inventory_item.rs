use domain::InventoryItem;
use domain::inventory_item::{
    InventoryItemRejection as Rejection, InventoryItemRenamed, RenameInventoryItem,
};
use event_store::testing::scenario::given;

use super::*;

fn rename(name: &str) -> RenameInventoryItem {
    RenameInventoryItem { name: name.into() }
}

fn renamed(name: &str) -> Event {
    InventoryItemRenamed { name: name.into() }.into()
}

#[test]
fn gives_the_item_another_name_and_nothing_else() {
    given::<InventoryItem>([created(), checked_in(7)])
        .when(rename("  Inner tube, 28 inch "))
        .then([renamed("Inner tube, 28 inch")])
        .when(rename("Tube"))
        .then_state(|item| {
            assert_eq!((item.name.as_str(), item.sku.as_str()), ("Tube", "TUBE-28"));
            assert_eq!(item.on_hand, 7);
        });
}

#[test]
fn may_change_case_alone() {
    given::<InventoryItem>([created(), renamed("tube")])
        .when(rename("Tube"))
        .then([renamed("Tube")]);
}

#[test]
fn is_refused_when_there_is_no_such_item() {
    given::<InventoryItem>([]).when(rename("Tube")).then_rejected_with(Rejection::UnknownItem);
}

#[test]
fn is_refused_when_the_item_is_inactive() {
    given::<InventoryItem>([created(), deactivated()])
        .when(rename("Tube"))
        .then_rejected_with(Rejection::Inactive);
}

#[test]
fn is_refused_when_the_name_is_the_same_after_trimming() {
    let same = || Rejection::SameName { name: "Tube".into() };
    for name in ["Tube", " Tube", "Tube\n"] {
        given::<InventoryItem>([created(), renamed("Tube")])
            .when(rename(name))
            .then_rejected_with(same());
    }
}

#[test]
fn is_refused_when_the_name_is_blank() {
    for nothing in ["", " \t ", "\u{200b}\u{200d}"] {
        given::<InventoryItem>([created()]).when(rename(nothing)).then_rejected_with(blank("name"));
    }
}
