//! Locations, by the routes that every kind has.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::desk::{TestDesk, bolt, command, new_id, path, post};

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

/// A desk with a location, and a bolt that is not in stock.
struct Stocked {
    desk: TestDesk,
    location: Uuid,
    bolt: Uuid,
}

impl Stocked {
    async fn new() -> Self {
        let (desk, location, bolt) = (TestDesk::new().await, new_id(), new_id());
        let register = json!({ "code": "VAN", "name": "Van" });
        desk.command(&to("location", location, "RegisterLocation", register)).await.ok();
        desk.command(&command(bolt, "CreateInventoryItem", self::bolt())).await.ok();
        Self { desk, location, bolt }
    }

    fn check_in(&self, location: Uuid) -> Value {
        command(self.bolt, "CheckInItems", json!({ "quantity": 5, "location": location }))
    }

    async fn close(&self) {
        let close = json!({ "reason": "sold" });
        self.desk.command(&to("location", self.location, "CloseLocation", close)).await.ok();
    }

    async fn state(&self) -> Value {
        self.desk.get(&path(self.bolt)).await.ok()["state"].clone()
    }
}

fn to(kind: &str, id: Uuid, name: &str, data: Value) -> Value {
    json!({
        "command_id": new_id(),
        "aggregate": { "kind": kind, "id": id },
        "command": { "type": name, "data": data },
    })
}

#[tokio::test]
async fn an_item_has_a_balance_at_each_location() {
    let stocked = Stocked::new().await;
    let Stocked { desk, location, bolt } = &stocked;
    desk.command(&stocked.check_in(*location)).await.ok();
    let transfer = json!({ "from": location, "quantity": 2 });
    let transferred = desk.command(&command(*bolt, "TransferItems", transfer)).await.ok();
    assert_eq!(transferred["events"][0]["type"], "ItemsTransferred");

    let balances = json!([
        { "location": null, "on_hand": 2 },
        { "location": location, "on_hand": 3 },
    ]);
    let state = stocked.state().await;
    assert_eq!((&state["on_hand"], &state["balances"]), (&json!(5), &balances));
    let rows = desk.get("/api/v1/aggregates/inventory-item").await.ok()["rows"].clone();
    assert_eq!(rows[0]["balances"], balances);
}

#[tokio::test]
async fn the_items_at_a_location_are_listed() {
    let stocked = Stocked::new().await;
    let listed = async |location: Uuid| {
        let path = format!("/api/v1/aggregates/inventory-item?refers_to={location}");
        stocked.desk.get(&path).await.ok()["rows"].as_array().unwrap().len()
    };
    assert_eq!(listed(stocked.location).await, 0);
    stocked.desk.command(&stocked.check_in(stocked.location)).await.ok();
    assert_eq!((listed(stocked.location).await, listed(new_id()).await), (1, 0));
    let wrong = stocked.desk.get("/api/v1/aggregates/inventory-item?refers_to=van").await;
    assert_eq!(wrong.status, 400, "{}", wrong.text);
}

#[tokio::test]
async fn a_location_must_exist_and_be_open() {
    let stocked = Stocked::new().await;
    let nowhere = new_id();
    let refusal = async |check_in: &Value| {
        let refused = stocked.desk.command(check_in).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        serde_json::from_str::<Value>(&refused.text).unwrap()
    };
    let unknown = refusal(&stocked.check_in(nowhere)).await;
    assert_eq!(unknown["rejection"], json!({ "code": "unknown-location" }));
    assert_eq!(unknown["refers_to"], json!({ "kind": "location", "id": nowhere }));

    stocked.close().await;
    let closed = refusal(&stocked.check_in(stocked.location)).await;
    assert_eq!(closed["rejection"], json!({ "code": "closed" }));
    let batch = json!({ "atomic": true, "commands": [stocked.check_in(stocked.location)] });
    let mut request = post(batch.to_string());
    *request.uri_mut() = "/api/v1/commands/batch".parse().unwrap();
    let refused = stocked.desk.send(request).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert_eq!(stocked.state().await["on_hand"], 0);
}

/// The sender of a lost answer learns the first outcome, whatever has happened since.
#[tokio::test]
async fn a_repeat_is_answered_after_the_location_was_closed() {
    let stocked = Stocked::new().await;
    let check_in = stocked.check_in(stocked.location);
    let first = stocked.desk.command(&check_in).await.ok();
    stocked.close().await;
    let again = stocked.desk.command(&check_in).await.ok();
    assert_eq!((&again["duplicate"], &again["version"]), (&json!(true), &first["version"]));
    assert_eq!(stocked.state().await["on_hand"], 5);
}
