use domain::InventoryItem;
use domain::inventory_item::{
    Balances, CreateInventoryItem, InventoryItemCreated, InventoryItemRejection as Rejection,
};
use event_store::testing::scenario::given;

use super::*;

fn create() -> CreateInventoryItem {
    CreateInventoryItem {
        sku: "TUBE-28".into(),
        name: "Inner tube 28″".into(),
        unit: "pcs".into(),
        max_quantity: None,
    }
}

#[test]
fn puts_an_active_item_with_nothing_on_hand_on_the_books() {
    given::<InventoryItem>([])
        .when(CreateInventoryItem { max_quantity: Some(40), ..create() })
        .then_state(|item| {
            let expected = InventoryItem {
                sku: "TUBE-28".into(),
                name: "Inner tube 28″".into(),
                unit: "pcs".into(),
                on_hand: 0,
                balances: Balances::default(),
                max_quantity: Some(40),
                reorder_level: None,
                active: true,
            };
            assert_eq!(*item, expected);
            assert!(item.exists());
        });
}

#[test]
fn needs_no_maximum() {
    given::<InventoryItem>([]).when(create()).then([created()]);
}

#[test]
fn trims_its_texts() {
    given::<InventoryItem>([])
        .when(CreateInventoryItem {
            sku: " TUBE-28".into(),
            name: "\u{3000}Inner tube\u{a0}".into(),
            unit: "pcs\n".into(),
            max_quantity: None,
        })
        .then([InventoryItemCreated {
            sku: "TUBE-28".into(),
            name: "Inner tube".into(),
            unit: "pcs".into(),
            max_quantity: None,
        }
        .into()]);
}

#[test]
fn is_refused_when_the_item_exists_already() {
    let exists = || Rejection::ExistsAlready { sku: "TUBE-28".into() };
    given::<InventoryItem>([created()]).when(create()).then_rejected_with(exists());
    given::<InventoryItem>([created(), deactivated()]).when(create()).then_rejected_with(exists());
}

#[test]
fn is_refused_when_a_text_is_blank() {
    for nothing in ["", "   ", "\t\r\n", "\u{3000}\u{a0}", "\u{200b}", "\u{2060}\u{feff}"] {
        let cases = [
            ("sku", CreateInventoryItem { sku: nothing.into(), ..create() }),
            ("name", CreateInventoryItem { name: nothing.into(), ..create() }),
            ("unit", CreateInventoryItem { unit: nothing.into(), ..create() }),
        ];
        for (field, command) in cases {
            given::<InventoryItem>([]).when(command).then_rejected_with(blank(field));
        }
    }
}

#[test]
fn takes_a_maximum_of_one_to_a_billion() {
    for most in [1, BILLION] {
        given::<InventoryItem>([])
            .when(CreateInventoryItem { max_quantity: Some(most), ..create() })
            .then([created_with_max(Some(most))]);
    }
    for wrong in [i64::MIN, -1, 0, BILLION + 1, i64::MAX] {
        given::<InventoryItem>([])
            .when(CreateInventoryItem { max_quantity: Some(wrong), ..create() })
            .then_rejected_with(not_a_quantity("max_quantity", wrong));
    }
}
