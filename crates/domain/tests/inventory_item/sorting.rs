//! The text of a sort order, as it stands in addresses and requests.

use domain::inventory_item::{ItemColumn, ItemSort};
use serde_json::json;

#[test]
fn a_sort_order_is_written_as_its_column_with_a_minus_for_descending() {
    let texts = ["sku", "name", "on_hand", "max_quantity", "reorder_level", "updated_at"];
    for (column, text) in ItemColumn::ALL.into_iter().zip(texts) {
        for (descending, text) in [(false, text.to_owned()), (true, format!("-{text}"))] {
            let sort = ItemSort { column, descending };
            assert_eq!(sort.to_string(), text);
            assert_eq!(text.parse(), Ok(sort));
            assert_eq!(serde_json::to_value(sort).unwrap(), json!(text));
            assert_eq!(serde_json::from_value::<ItemSort>(json!(text)).unwrap(), sort);
        }
    }
    assert_eq!(ItemSort::default().to_string(), "name");
}

#[test]
fn an_unknown_sort_order_is_refused_with_the_known_ones() {
    for unknown in ["", "-", "Name", "--name", "name ", "price"] {
        let refused = unknown.parse::<ItemSort>().unwrap_err().to_string();
        assert!(refused.contains(&format!("`{unknown}`")), "{refused}");
        assert!(refused.contains("expected sku, name, on_hand"), "{refused}");
        assert!(serde_json::from_value::<ItemSort>(json!(unknown)).is_err());
    }
}
