//! The texts that parse as a command of the domain. Any other text is malformed, which is not a
//! rejection.

#![expect(clippy::expect_used, reason = "this is how a test fails")]

use api::wire;
use domain::inventory_item::{
    ChangeMaxQuantity, CheckInItems, CreateInventoryItem, DeactivateInventoryItem,
    InventoryItemCommand as Command, ReactivateInventoryItem, RemovalReason, RemoveItems,
};
use event_store::Tagged;

/// Reads a command as it arrives over HTTP.
fn read(text: &str) -> Result<Command, String> {
    let wire::Command { name, data } = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let tagged = Tagged { name, data, schema: 1 };
    tagged.decode().map_err(|e| e.to_string())
}

#[track_caller]
fn reads(text: &str, expected: impl Into<Command>) {
    assert_eq!(read(text), Ok(expected.into()), "{text}");
}

#[track_caller]
fn refuses(text: &str, because: &str) {
    let problem = read(text).expect_err(text);
    assert!(
        problem.contains(because),
        "{text}\nshould be refused because of `{because}`, not: {problem}"
    );
}

#[test]
fn a_command_is_a_type_and_its_data() {
    reads(
        r#"{"type":"CreateInventoryItem","data":{"sku":"A","name":"B","unit":"pcs","max_quantity":5}}"#,
        CreateInventoryItem {
            sku: "A".into(),
            name: "B".into(),
            unit: "pcs".into(),
            max_quantity: Some(5),
        },
    );
    reads(
        r#"{"data":{"unit_cost":349,"reference":"PO 1182","quantity":12},"type":"CheckInItems"}"#,
        CheckInItems {
            quantity: 12,
            location: None,
            reference: Some("PO 1182".into()),
            unit_cost: Some(349),
        },
    );
    reads(
        r#"{"type":"DeactivateInventoryItem","data":{"reason":"\u05d0\ud83d\udeb2"}}"#,
        DeactivateInventoryItem { reason: "א🚲".into() },
    );
}

#[test]
fn an_optional_field_may_be_absent_or_null() {
    let one = || CheckInItems { quantity: 1, ..CheckInItems::default() };
    reads(r#"{"type":"CheckInItems","data":{"quantity":1}}"#, one());
    reads(
        r#"{"type":"CheckInItems","data":{"quantity":1,"reference":null,"unit_cost":null}}"#,
        one(),
    );
    reads(r#"{"type":"ChangeMaxQuantity","data":{}}"#, ChangeMaxQuantity::default());
}

#[test]
fn a_command_without_fields_needs_no_data() {
    reads(r#"{"type":"ReactivateInventoryItem","data":{}}"#, ReactivateInventoryItem {});
    reads(r#"{"type":"ReactivateInventoryItem"}"#, ReactivateInventoryItem {});
}

#[test]
fn every_removal_reason_has_a_name() {
    let names = ["sold", "used", "damaged", "lost", "expired", "sample", "returned-to-supplier"];
    for (name, reason) in names.into_iter().zip(RemovalReason::ALL) {
        let text = format!(r#"{{"type":"RemoveItems","data":{{"quantity":1,"reason":"{name}"}}}}"#);
        reads(&text, RemoveItems { quantity: 1, location: None, reason });
        assert_eq!((reason.as_str(), name.parse()), (name, Ok(reason)));
    }
    refuses(r#"{"type":"RemoveItems","data":{"quantity":1,"reason":"Sold"}}"#, "variant `Sold`");
    assert!("Sold".parse::<RemovalReason>().is_err());
}

#[test]
fn a_figure_is_a_64_bit_integer() {
    let check_in =
        |figure: &str| format!(r#"{{"type":"CheckInItems","data":{{"quantity":{figure}}}}}"#);
    reads(&check_in("-9223372036854775808"), CheckInItems { quantity: i64::MIN, ..<_>::default() });
    reads(&check_in("9223372036854775807"), CheckInItems { quantity: i64::MAX, ..<_>::default() });
    for (figure, because) in [
        ("9223372036854775808", "integer `9223372036854775808`"),
        ("-9223372036854775809", "expected i64"),
        ("1e400", "number out of range"),
        ("1.5", "floating point `1.5`"),
        ("1.0", "floating point `1.0`"),
        ("1e3", "floating point `1000.0`"),
        ("\"1\"", "string \"1\""),
        ("true", "boolean `true`"),
        ("null", "null"),
        ("[1]", "sequence"),
        ("{}", "map"),
    ] {
        refuses(&check_in(figure), because);
    }
}

#[test]
fn a_text_is_a_string() {
    let rename =
        |text: &str| format!(r#"{{"type":"RenameInventoryItem","data":{{"name":{text}}}}}"#);
    for (text, because) in [
        ("1", "integer `1`"),
        ("null", "null"),
        ("[\"x\"]", "sequence"),
        ("{\"en\":\"x\"}", "map"),
        (r#""\ud800""#, "hex escape"),
    ] {
        refuses(&rename(text), because);
    }
}

#[test]
fn a_missing_field_is_refused() {
    for (text, because) in [
        (r#"{"type":"CreateInventoryItem","data":{"name":"B","unit":"pcs"}}"#, "field `sku`"),
        (r#"{"type":"CreateInventoryItem","data":{"sku":"A","unit":"pcs"}}"#, "field `name`"),
        (r#"{"type":"CreateInventoryItem","data":{"sku":"A","name":"B"}}"#, "field `unit`"),
        (r#"{"type":"RenameInventoryItem","data":{}}"#, "field `name`"),
        (r#"{"type":"CheckInItems","data":{"reference":"PO 1"}}"#, "field `quantity`"),
        (r#"{"type":"CheckInItems"}"#, "field `quantity`"),
        (r#"{"type":"RemoveItems","data":{"quantity":1}}"#, "field `reason`"),
        (r#"{"type":"RemoveItems","data":{"reason":"sold"}}"#, "field `quantity`"),
        (r#"{"type":"AdjustStock","data":{"counted":1}}"#, "field `reason`"),
        (r#"{"type":"AdjustStock","data":{"reason":"x"}}"#, "field `counted`"),
        (r#"{"type":"SetReorderLevel","data":{}}"#, "field `level`"),
        (r#"{"type":"DeactivateInventoryItem","data":{}}"#, "field `reason`"),
        (r#"{"data":{"quantity":1}}"#, "field `type`"),
    ] {
        refuses(text, because);
    }
}

#[test]
fn an_unknown_field_or_type_is_refused() {
    for (text, because) in [
        (r#"{"type":"CheckInItems","data":{"quantity":1,"qty":2}}"#, "unknown field `qty`"),
        (r#"{"type":"ReactivateInventoryItem","data":{"why":"x"}}"#, "unknown field `why`"),
        (r#"{"type":"ChangeMaxQuantity","data":{"max":5}}"#, "unknown field `max`"),
        (r#"{"type":"CheckInItems","data":{"quantity":1},"id":1}"#, "unknown field `id`"),
        (r#"{"type":"check-in-items","data":{"quantity":1}}"#, "unknown variant `check-in-items`"),
        (r#"{"type":"ItemsCheckedIn","data":{"quantity":1}}"#, "unknown variant `ItemsCheckedIn`"),
        (r#"{"type":"","data":{}}"#, "unknown variant ``"),
        (r#"{"type":7,"data":{}}"#, "integer `7`"),
    ] {
        refuses(text, because);
    }
    let direct = r#"{"type":"ReactivateInventoryItem","data":{},"id":1}"#;
    assert!(serde_json::from_str::<Command>(direct).is_err());
}

#[test]
fn data_is_an_object() {
    for data in ["[1]", "[1,null,null]", "[]", "1", "\"x\""] {
        let text = format!(r#"{{"type":"CheckInItems","data":{data}}}"#);
        refuses(&text, "expected a map");
    }
    refuses(r#"{"type":"ReactivateInventoryItem","data":null}"#, "null");
}
