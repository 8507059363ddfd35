//! Locations, by the routes that every kind has.

use serde_json::{Value, json};

use crate::desk::{TestDesk, new_id};

#[tokio::test]
async fn a_location_has_all_that_every_record_has() {
    let desk = TestDesk::new().await;
    let id = new_id();
    let command = |name: &str, data: Value| {
        json!({
            "command_id": new_id(),
            "aggregate": { "kind": "location", "id": id },
            "command": { "type": name, "data": data },
        })
    };
    let path = format!("/api/v1/aggregates/location/{id}");

    let rename = command("RenameLocation", json!({ "name": "Lager" }));
    assert_eq!(desk.command(&rename).await.status, 404);
    let register = command("RegisterLocation", json!({ "code": "BACK", "name": "Back room" }));
    let registered = desk.command(&register).await.ok();
    assert_eq!(registered["version"], 1);
    assert_eq!(registered["events"][0]["type"], "LocationRegistered");
    assert_eq!(desk.command(&register).await.ok()["duplicate"], true);
    desk.command(&command("CloseLocation", json!({ "reason": "moved out" }))).await.ok();

    let refused = desk.command(&rename).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let problem: Value = serde_json::from_str(&refused.text).unwrap();
    assert_eq!(problem["rejection"], json!({ "code": "closed" }));

    let state = |open: bool| json!({ "code": "BACK", "name": "Back room", "open": open });
    assert_eq!(desk.get(&path).await.ok()["state"], state(false));
    assert_eq!(desk.get(&format!("{path}?version=1")).await.ok()["state"], state(true));
    let history = desk.get(&format!("{path}/change-sets")).await.ok();
    assert_eq!(history["change_sets"][1]["reason"], "moved out");
    let verification = desk.get(&format!("{path}/verification")).await.ok();
    assert_eq!((&verification["ok"], &verification["version"]), (&json!(true), &json!(2)));
}

#[tokio::test]
async fn locations_are_listed_apart_from_items() {
    let desk = TestDesk::new().await;
    for (code, name) in [("VAN", "Van"), ("BACK", "Back room")] {
        let register = json!({
            "command_id": new_id(),
            "aggregate": { "kind": "location", "id": new_id() },
            "command": { "type": "RegisterLocation", "data": { "code": code, "name": name } },
        });
        desk.command(&register).await.ok();
    }
    let codes = async |query: &str| {
        let page = desk.get(&format!("/api/v1/aggregates/location{query}")).await.ok();
        let rows = page["rows"].as_array().unwrap();
        rows.iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes("").await, ["BACK", "VAN"]);
    assert_eq!(codes("?sort=-code").await, ["VAN", "BACK"]);
    assert_eq!(codes("?search=ROOM").await, ["BACK"]);
    let items = desk.get("/api/v1/aggregates/inventory-item").await.ok();
    assert_eq!(items["rows"], json!([]));
}
