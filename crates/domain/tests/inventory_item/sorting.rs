//! The text of a sort order, as it stands in addresses and requests.

use domain::list::Sort;
use domain::{InventoryItem, Kind};
use serde_json::json;

#[test]
fn a_sort_order_is_written_as_its_column_with_a_minus_for_descending() {
    let texts = ["sku", "name", "on_hand", "max_quantity", "reorder_level", "updated_at"];
    assert!(InventoryItem::COLUMNS.iter().map(|column| column.name).eq(texts));
    for column in texts {
        for (sort, text) in [
            (Sort::ascending(column), column.to_owned()),
            (Sort::descending(column), format!("-{column}")),
        ] {
            assert_eq!(sort.to_string(), text);
            assert_eq!(Sort::of::<InventoryItem>(&text), Ok(sort.clone()));
            assert_eq!(serde_json::to_value(&sort).unwrap(), json!(text));
            assert_eq!(serde_json::from_value::<Sort>(json!(text)).unwrap(), sort);
        }
    }
    assert_eq!(InventoryItem::DEFAULT_SORT.to_string(), "name");
    assert!(InventoryItem::DEFAULT_SORT.column_of::<InventoryItem>().is_ok());
}

#[test]
fn an_unknown_sort_order_is_refused_with_the_known_ones() {
    for unknown in ["", "-", "Name", "--name", "name ", "price"] {
        let refused = Sort::of::<InventoryItem>(unknown).unwrap_err().to_string();
        let expected = "sku, name, on_hand, max_quantity, reorder_level or updated_at";
        assert_eq!(
            refused,
            format!(
                "cannot sort by `{unknown}`: expected {expected}, with - before it for descending"
            )
        );
        let read: Sort = serde_json::from_value(json!(unknown)).unwrap();
        assert_eq!(read.column_of::<InventoryItem>().unwrap_err().to_string(), refused);
    }
}
