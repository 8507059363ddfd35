//! The OpenAPI description, compared with what the interface does.

use std::collections::BTreeSet;

use domain::inventory_item::{
    AdjustStock, ChangeMaxQuantity, CheckInItems, CreateInventoryItem, DeactivateInventoryItem,
    InventoryItemCommand, ReactivateInventoryItem, RemovalReason, RemoveItems, RenameInventoryItem,
    SetReorderLevel, TransferItems,
};
use domain::limits::{COUNT, QUANTITY, TEXT_LIMIT, UNIT_COST};
use domain::location::{
    CloseLocation, LocationCommand, RegisterLocation, RenameLocation, ReopenLocation,
};
use domain::{InventoryItem, Kind as _, Location, Sku};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::desk::{TestDesk, bolt, command, new_id, path};

async fn description(desk: &TestDesk) -> Value {
    desk.get("/api/v1/openapi.json").await.ok()
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap_or_else(|| panic!("{object}")).keys().cloned().collect()
}

/// The schema that this one refers to, or this one if it is no reference.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// Asserts, recursively, that the value has all required properties of the schema and no others
/// than those described.
#[track_caller]
fn assert_described(document: &Value, schema: &Value, value: &Value, at: &str) {
    let schema = resolved(document, schema);
    if let (Some(one_of), Value::Object(_)) = (schema["oneOf"].as_array(), value) {
        let has_its_fields = |one: &&Value| {
            let properties = &resolved(document, one)["properties"];
            !properties.is_null() && keys(properties) == keys(value)
        };
        let one = one_of.iter().find(has_its_fields);
        let one = one.unwrap_or_else(|| panic!("{at}: {value} is none of {one_of:?}"));
        return assert_described(document, one, value, at);
    }
    match value {
        Value::Object(_) if !schema["properties"].is_null() => {
            let described = keys(&schema["properties"]);
            let there = keys(value);
            assert!(there.is_subset(&described), "{at}: {there:?} beyond {described:?}");
            for required in schema["required"].as_array().into_iter().flatten() {
                assert!(there.contains(required.as_str().unwrap()), "{at}: no {required}");
            }
            for (name, inner) in value.as_object().unwrap() {
                assert_described(
                    document,
                    &schema["properties"][name],
                    inner,
                    &format!("{at}/{name}"),
                );
            }
        }
        Value::Array(all) => {
            assert_eq!(schema["type"], "array", "{at}");
            for one in all {
                assert_described(document, &schema["items"], one, &format!("{at}/-"));
            }
        }
        _ => assert!(!schema.is_null(), "{at} is not described"),
    }
}

fn answer_schema<'a>(document: &'a Value, path: &str, method: &str, status: &str) -> &'a Value {
    &document["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]
}

#[tokio::test]
async fn every_route_is_described() {
    let desk = TestDesk::new().await;
    let document = description(&desk).await;
    let described: BTreeSet<_> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| keys(methods).into_iter().map(move |m| format!("{m} {path}")))
        .collect();
    let expected = [
        "get /api/v1/aggregates/{kind}",
        "get /api/v1/aggregates/{kind}/{id}",
        "get /api/v1/aggregates/{kind}/{id}/change-sets",
        "get /api/v1/aggregates/{kind}/{id}/verification",
        "get /api/v1/feed",
        "get /api/v1/feed/live",
        "get /api/v1/openapi.json",
        "get /healthz",
        "get /metrics",
        "get /readyz",
        "post /api/v1/commands",
        "post /api/v1/commands/batch",
    ];
    assert_eq!(described, expected.map(str::to_owned).into());
}

#[tokio::test]
async fn answers_are_as_described() {
    let desk = TestDesk::new().await;
    let document = description(&desk).await;
    let data = bolt();
    let sku = format!("/api/v1/aggregates/sku/{}", Sku::id(data["sku"].as_str().unwrap()));
    let id = desk.item(data).await;
    let check_in = command(id, "CheckInItems", json!({ "quantity": 1 }));
    let request = &document["paths"]["/api/v1/commands"]["post"]["requestBody"];
    let request = &request["content"]["application/json"]["schema"];
    let mut whole = check_in.clone();
    whole["expected_version"] = 1.into();
    whole["correlation_id"] = json!(new_id());
    whole["causation_id"] = json!(new_id());
    // The command itself has its own test.
    whole["command"] = Value::Null;
    assert_described(&document, request, &whole, "");

    let accepted = desk.command(&check_in).await.ok();
    let schema = answer_schema(&document, "/api/v1/commands", "post", "201");
    assert_described(&document, schema, &accepted, "");
    let item = "/api/v1/aggregates/{kind}/{id}";
    for (described, asked) in [
        ("/api/v1/aggregates/{kind}".to_owned(), "/api/v1/aggregates/inventory-item".to_owned()),
        (item.to_owned(), path(id)),
        (item.to_owned(), sku),
        (format!("{item}/change-sets"), format!("{}/change-sets", path(id))),
        (format!("{item}/verification"), format!("{}/verification", path(id))),
        ("/api/v1/feed".to_owned(), "/api/v1/feed".to_owned()),
        ("/healthz".to_owned(), "/healthz".to_owned()),
        ("/readyz".to_owned(), "/readyz".to_owned()),
    ] {
        let answer = desk.get(&asked).await.ok();
        assert_described(
            &document,
            answer_schema(&document, &described, "get", "200"),
            &answer,
            "",
        );
    }
}

#[tokio::test]
async fn problems_are_as_described() {
    let desk = TestDesk::new().await;
    let document = description(&desk).await;
    let responses = &document["paths"]["/api/v1/commands"]["post"]["responses"];
    for status in ["400", "403", "404", "409", "413", "415", "421", "422", "500", "503"] {
        let content = &responses[status]["content"]["application/problem+json"];
        let schema = resolved(&document, &content["schema"]);
        let required = keys(&schema["properties"]);
        assert_eq!(required, ["code", "detail", "status", "title", "type"].map(Into::into).into());
    }
}

#[tokio::test]
async fn every_response_that_is_no_success_is_a_problem() {
    let document = description(&TestDesk::new().await).await;
    let problem = json!({
        "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } },
    });
    let mut found = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let is_success = status.starts_with('2');
                assert_eq!(!is_success, response["content"] == problem, "{method} {path} {status}");
                found += usize::from(!is_success);
            }
        }
    }
    assert!(found > 40, "{found}");
}

#[tokio::test]
async fn every_operation_but_the_probes_may_refuse_the_host() {
    let desk = TestDesk::new().await;
    let document = description(&desk).await;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let is_probe = ["/healthz", "/readyz"].contains(&path.as_str());
            let described = keys(&operation["responses"]).contains("421");
            assert_ne!(is_probe, described, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn commands_are_as_described() {
    use InventoryItemCommand as C;
    let text = || "x".to_owned();
    let (sku, name, unit, reason) = (text(), text(), text(), text());
    let location = Some(Uuid::max());
    let all = [
        C::CreateInventoryItem(CreateInventoryItem { sku, name, unit, max_quantity: Some(1) }),
        C::RenameInventoryItem(RenameInventoryItem { name: text() }),
        C::CheckInItems(CheckInItems {
            quantity: 1,
            location,
            reference: Some(text()),
            unit_cost: Some(1),
        }),
        C::RemoveItems(RemoveItems { quantity: 1, location, reason: RemovalReason::Sold }),
        C::TransferItems(TransferItems { from: location, to: location, quantity: 1 }),
        C::AdjustStock(AdjustStock { counted: 1, location, reason }),
        C::ChangeMaxQuantity(ChangeMaxQuantity { max_quantity: Some(1) }),
        C::SetReorderLevel(SetReorderLevel { level: 1 }),
        C::DeactivateInventoryItem(DeactivateInventoryItem { reason: text() }),
        C::ReactivateInventoryItem(ReactivateInventoryItem {}),
    ];
    let locations = [
        LocationCommand::from(RegisterLocation { code: text(), name: text() }),
        RenameLocation { name: text() }.into(),
        CloseLocation { reason: text() }.into(),
        ReopenLocation {}.into(),
    ];
    let desk = TestDesk::new().await;
    let document = description(&desk).await;
    let of = |kind: &str| document["components"]["schemas"][kind]["oneOf"].as_array().unwrap();
    let all = all.map(|command| serde_json::to_value(command).unwrap());
    let locations = locations.map(|command| serde_json::to_value(command).unwrap());
    let variants: Vec<_> = of("InventoryItemCommand").iter().chain(of("LocationCommand")).collect();
    let all: Vec<_> = all.into_iter().chain(locations).collect();
    assert_eq!(of("Command").len(), 2);
    assert_eq!(variants.len(), all.len());
    for one in all {
        let described = variants
            .iter()
            .find(|variant| variant["properties"]["type"]["enum"] == json!([one["type"]]));
        let described = described.unwrap_or_else(|| panic!("{} is not described", one["type"]));
        assert_described(&document, described, &one, "");
        // The example above has every field, so the description must not have more.
        let data = resolved(&document, &described["properties"]["data"]);
        let fields = data["properties"].as_object().map(|_| keys(&data["properties"]));
        assert_eq!(fields.unwrap_or_default(), keys(&one["data"]), "{}", one["type"]);
    }
}

#[tokio::test]
async fn reasons_for_a_removal_are_as_described() {
    let desk = TestDesk::new().await;
    let document = description(&desk).await;
    let reason = &document["components"]["schemas"]["RemoveItems"]["properties"]["reason"];
    assert_eq!(reason["oneOf"][0]["enum"], json!(RemovalReason::ALL));
}

#[tokio::test]
async fn the_limits_of_figures_and_texts_are_as_described() {
    let document = description(&TestDesk::new().await).await;
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let limits = |command: &str, field: &str, least: &str, most: &str| {
        let field = &schemas[command]["properties"][field];
        (field[least].clone(), field[most].clone())
    };
    for (command, field, range) in [
        ("CreateInventoryItem", "max_quantity", QUANTITY),
        ("CheckInItems", "quantity", QUANTITY),
        ("CheckInItems", "unit_cost", UNIT_COST),
        ("RemoveItems", "quantity", QUANTITY),
        ("AdjustStock", "counted", COUNT),
        ("ChangeMaxQuantity", "max_quantity", QUANTITY),
        ("SetReorderLevel", "level", COUNT),
    ] {
        let described = limits(command, field, "minimum", "maximum");
        assert_eq!(described, (json!(range.start()), json!(range.end())), "{command}.{field}");
    }
    for (command, field, least) in [
        ("CreateInventoryItem", "sku", json!(1)),
        ("CreateInventoryItem", "name", json!(1)),
        ("CreateInventoryItem", "unit", json!(1)),
        ("RenameInventoryItem", "name", json!(1)),
        ("CheckInItems", "reference", Value::Null),
        ("AdjustStock", "reason", Value::Null),
        ("DeactivateInventoryItem", "reason", json!(1)),
    ] {
        let described = limits(command, field, "minLength", "maxLength");
        assert_eq!(described, (least, json!(TEXT_LIMIT)), "{command}.{field}");
    }
}

#[tokio::test]
async fn the_list_takes_the_orders_that_are_described() {
    let desk = TestDesk::new().await;
    let document = description(&desk).await;
    let parameters = &document["paths"]["/api/v1/aggregates/{kind}"]["get"]["parameters"];
    let is_sort = |parameter: &&Value| parameter["name"] == "sort";
    let sort = parameters.as_array().unwrap().iter().find(is_sort).unwrap();
    assert_eq!(sort["schema"]["default"], "name");
    let sorts = sort["schema"]["enum"].as_array().unwrap();
    let sorts: BTreeSet<_> = sorts.iter().filter_map(Value::as_str).collect();
    let items: Vec<_> = InventoryItem::COLUMNS.iter().map(|column| column.name).collect();
    let locations: Vec<_> = Location::COLUMNS.iter().map(|column| column.name).collect();
    for (kind, columns) in [("inventory-item", &items), ("location", &locations)] {
        for sort in &sorts {
            let page = desk.get(&format!("/api/v1/aggregates/{kind}?sort={sort}")).await;
            let has_column = columns.contains(&sort.trim_start_matches('-'));
            assert_eq!(page.status, if has_column { 200 } else { 400 }, "{sort}: {}", page.text);
        }
        let page = desk.get(&format!("/api/v1/aggregates/{kind}?sort=colour")).await;
        assert_eq!(page.status, 400);
    }
    let columns: BTreeSet<_> = items.iter().chain(&locations).collect();
    assert_eq!(sorts.len(), 2 * columns.len());
}

#[tokio::test]
async fn required_fields_are_those_without_which_a_command_is_refused() {
    let desk = TestDesk::new().await;
    let document = description(&desk).await;
    let described = &document["components"]["schemas"]["CreateInventoryItem"];
    let mut required = BTreeSet::new();
    for field in keys(&described["properties"]) {
        let mut data = bolt();
        data["max_quantity"] = 1.into();
        data.as_object_mut().unwrap().remove(&field);
        let create = command(new_id(), "CreateInventoryItem", data);
        if desk.command(&create).await.status == 400 {
            required.insert(field);
        }
    }
    let described: BTreeSet<String> =
        serde_json::from_value(described["required"].clone()).unwrap();
    assert_eq!(described, required);
}

/// Collects the places that the document refers to.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_reference_resolves() {
    let document = description(&TestDesk::new().await).await;
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 10, "{found:?}");
    for reference in found {
        let place = reference.strip_prefix('#').and_then(|place| document.pointer(place));
        assert!(place.is_some(), "{reference} leads nowhere");
    }
}

/// Collects all schemas of objects within this schema.
fn objects<'a>(document: &'a Value, schema: &'a Value, found: &mut Vec<&'a Value>) {
    let schema = resolved(document, schema);
    if !schema["properties"].is_null() {
        found.push(schema);
    }
    let properties = schema["properties"].as_object().into_iter().flat_map(|all| all.values());
    let variants = schema["oneOf"].as_array().into_iter().flatten();
    let items = Some(&schema["items"]).filter(|items| !items.is_null());
    properties.chain(variants).chain(items).for_each(|inner| objects(document, inner, found));
}

#[tokio::test]
async fn no_object_of_a_request_allows_unknown_fields() {
    let desk = TestDesk::new().await;
    let document = description(&desk).await;
    let batch = json!({ "$ref": "#/components/schemas/BatchRequest" });
    let mut found = Vec::new();
    objects(&document, &batch, &mut found);
    // The batch, a command request, its aggregate, and two for each command with data.
    assert!(found.len() > 15, "{}", found.len());
    for schema in found {
        assert_eq!(schema["additionalProperties"], false, "{schema}");
    }
}

#[tokio::test]
async fn the_results_of_a_batch_may_match_two_schemas() {
    let desk = TestDesk::new().await;
    let document = description(&desk).await;
    let results = &document["components"]["schemas"]["BatchResults"];
    assert_eq!(results["anyOf"].as_array().map(Vec::len), Some(2), "{results}");
    assert!(results["oneOf"].is_null(), "{results}");
}

#[tokio::test]
async fn a_version_beyond_the_maximum_is_malformed() {
    const MOST: u64 = 999_999_999_999;
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    let mut check_in = command(id, "CheckInItems", json!({ "quantity": 1 }));
    for (version, is_malformed) in [(MOST, false), (MOST + 1, true), (u64::MAX, true)] {
        let page = desk.get(&format!("{}/change-sets?after={version}", path(id))).await;
        assert_eq!(page.status == 400, is_malformed, "{version}: {}", page.text);
        check_in["expected_version"] = version.into();
        let answer = desk.command(&check_in).await;
        assert_eq!(answer.status == 400, is_malformed, "{version}: {}", answer.text);
    }
    let document = description(&desk).await;
    let described = &document["components"]["schemas"]["CommandRequest"]["properties"];
    assert_eq!(described["expected_version"]["maximum"], MOST);
}

#[tokio::test]
async fn every_read_that_may_be_busy_describes_it() {
    let desk = TestDesk::new().await;
    let document = description(&desk).await;
    for path in [
        "/api/v1/aggregates/{kind}",
        "/api/v1/aggregates/{kind}/{id}",
        "/api/v1/aggregates/{kind}/{id}/change-sets",
        "/api/v1/aggregates/{kind}/{id}/verification",
        "/api/v1/feed",
        "/api/v1/feed/live",
    ] {
        let busy = &document["paths"][path]["get"]["responses"]["429"]["description"];
        assert!(busy.as_str().is_some_and(|said| said.contains("`busy`")), "{path}");
    }
}
