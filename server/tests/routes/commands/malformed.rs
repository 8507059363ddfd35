//! Unreadable commands: the answer locates the mistake.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::desk::{TestDesk, bolt, command, expecting, new_id, path};

/// A valid command with `value` at `pointer`. Null removes the field.
fn changed(pointer: &str, value: Value) -> Value {
    let mut request = command(new_id(), "CreateInventoryItem", bolt());
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = request.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => parent.remove(name),
        value => parent.insert(name.to_owned(), value),
    };
    request
}

#[tokio::test]
async fn a_mistake_is_located_by_a_pointer() {
    let desk = TestDesk::new().await;
    let nil = || json!(Uuid::nil());
    for (at, value, pointer, detail) in [
        ("/command_id", Value::Null, "", "missing field `command_id`"),
        ("/command_id", json!("42"), "/command_id", "UUID parsing failed"),
        ("/command_id", json!(42), "/command_id", "invalid type: integer `42`"),
        ("/command_id", nil(), "/command_id", "the nil UUID is not an id"),
        ("/aggregate", Value::Null, "", "missing field `aggregate`"),
        ("/aggregate/id", Value::Null, "/aggregate", "missing field `id`"),
        ("/aggregate/id", json!("item-1"), "/aggregate/id", "UUID parsing failed"),
        ("/aggregate/id", nil(), "/aggregate/id", "the nil UUID is not an id"),
        ("/aggregate/kind", json!(["x"]), "/aggregate/kind", "invalid type: sequence"),
        ("/aggregate/name", json!("x"), "/aggregate/name", "unknown field `name`"),
        ("/correlation_id", nil(), "/correlation_id", "the nil UUID is not an id"),
        ("/causation_id", nil(), "/causation_id", "the nil UUID is not an id"),
        ("/expected_version", json!(-1), "/expected_version", "invalid value: integer `-1`"),
        ("/expected_version", json!(1.5), "/expected_version", "invalid type: floating point"),
        ("/expected_version", json!("1"), "/expected_version", "invalid type: string"),
        ("/dry_run", json!(true), "/dry_run", "unknown field `dry_run`"),
        ("/command", Value::Null, "", "missing field `command`"),
        ("/command/type", Value::Null, "/command", "missing field `type`"),
        ("/command/schema", json!(1), "/command/schema", "unknown field `schema`"),
        ("/command/data", json!([]), "/command/data", "invalid type: sequence"),
        ("/command/data", json!("x"), "/command/data", "invalid type: string"),
        ("/command/data/sku", Value::Null, "/command/data", "missing field `sku`"),
        ("/command/data/sku", json!(12), "/command/data/sku", "invalid type: integer `12`"),
        ("/command/data/price", json!(1), "/command/data/price", "unknown field `price`"),
        ("/command/data/max_quantity", json!(1.5), "/command/data/max_quantity", "floating point"),
        ("/command/data/max_quantity", json!("9"), "/command/data/max_quantity", "string \"9\""),
    ] {
        let problem = desk.command(&changed(at, value)).await.problem(400, "malformed");
        let said = (problem["pointer"].as_str().unwrap_or(""), problem["detail"].as_str().unwrap());
        assert!(said.0 == pointer && said.1.contains(detail), "{at}: {problem}");
    }
}

#[tokio::test]
async fn the_error_for_an_unknown_command_lists_the_known_ones() {
    let desk = TestDesk::new().await;
    let explode = command(desk.item(bolt()).await, "ExplodeItems", json!({}));
    let problem = desk.command(&explode).await.problem(400, "malformed");
    assert_eq!(problem["pointer"], "/command/type");
    let detail = problem["detail"].as_str().unwrap();
    for known in ["ExplodeItems", "CreateInventoryItem", "CheckInItems", "ReactivateInventoryItem"]
    {
        assert!(detail.contains(known), "{detail}");
    }
}

#[tokio::test]
async fn numbers_that_are_not_64_bit_integers_are_refused() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    for quantity in
        ["1.5", "1.0", "1e3", "9223372036854775808", "-9223372036854775809", "1e999", "NaN"]
    {
        let check_in = command(id, "CheckInItems", json!({ "quantity": 4711 })).to_string();
        let check_in = check_in.replace("4711", quantity);
        let problem = desk.post(check_in).await.problem(400, "malformed");
        assert!(
            problem["pointer"].as_str().unwrap_or_default().starts_with("/command/data"),
            "{quantity}: {problem}"
        );
    }
    assert_eq!(desk.get(&path(id)).await.ok()["version"], 1);
}

#[tokio::test]
async fn invalid_json_is_located_by_line_and_column() {
    let desk = TestDesk::new().await;
    let valid = command(new_id(), "CreateInventoryItem", bolt()).to_string();
    for (body, line, column) in [
        (String::new(), 1, 0),
        ("{".to_owned(), 1, 1),
        ("[]".to_owned(), 1, 0),
        ("{\n  \"command_id\": }".to_owned(), 2, 17),
        (format!("{valid} again"), 1, valid.len() + 2),
        (valid.replace("\"data\"", "\"data"), 1, 0),
    ] {
        let problem = desk.post(body.clone()).await.problem(400, "malformed");
        let place = (problem["line"].as_u64(), problem["column"].as_u64().map(|c| c as usize));
        assert_eq!(place.0, Some(line), "{body}: {problem}");
        assert!(column == 0 || place.1 == Some(column), "{body}: {problem}");
    }
}

#[tokio::test]
async fn bytes_that_are_not_text_are_refused() {
    let desk = TestDesk::new().await;
    for body in [&b"\xff\xfe{}"[..], b"{\"command_id\":\"\xc3\x28\"}", &[0; 64]] {
        desk.post(body.to_vec()).await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn excessive_nesting_is_refused() {
    let desk = TestDesk::new().await;
    let mut nested = command(new_id(), "CreateInventoryItem", bolt()).to_string();
    nested = nested.replace("\"pcs\"", &format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)));
    let problem = desk.post(nested).await.problem(400, "malformed");
    assert!(problem["detail"].as_str().unwrap().contains("recursion limit"), "{problem}");
}

#[tokio::test]
async fn a_creation_may_expect_version_zero() {
    let desk = TestDesk::new().await;
    let create = expecting(0, command(new_id(), "CreateInventoryItem", bolt()));
    assert_eq!(desk.command(&create).await.status, 201);
}

/// A reader that keeps the first and one that keeps the last would see two different commands.
#[tokio::test]
async fn a_key_that_appears_twice_is_refused_at_any_depth() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    let check_in = command(id, "CheckInItems", json!({ "quantity": 4711, "reference": "PO" }));
    for (once, twice, pointer) in [
        ("\"quantity\":4711", "\"quantity\":1,\"quantity\":4711", "/command/data"),
        ("\"quantity\":4711", "\"quantity\":4711,\"quantit\\u0079\":4711", "/command/data"),
        ("\"type\":", "\"type\":\"CheckInItems\",\"type\":", "/command"),
        ("\"kind\":", "\"kind\":\"x\",\"kind\":", "/aggregate"),
        ("\"command\":", "\"command\":{},\"command\":", ""),
    ] {
        let single = check_in.to_string().replacen(once, twice, 1);
        let problem = desk.post(single.clone()).await.problem(400, "malformed");
        let said = problem["pointer"].as_str().unwrap_or("");
        assert!(said.starts_with(pointer), "{twice}: {problem}");
        for atomic in [true, false] {
            let batch = format!("{{\"atomic\":{atomic},\"commands\":[{single}]}}");
            let request = axum::http::Request::post("/api/v1/commands/batch")
                .header("content-type", "application/json");
            let answer = desk.send(request.body(batch.into()).unwrap()).await;
            answer.problem(400, "malformed");
        }
    }
    let state = desk.get(&path(id)).await.json();
    assert_eq!(state["version"], 1);
}
