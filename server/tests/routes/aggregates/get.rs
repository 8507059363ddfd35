//! One aggregate, now or as of a version.

use serde_json::json;
use uuid::Uuid;

use crate::desk::{ITEM, TestDesk, bolt, command, new_id, path};

#[tokio::test]
async fn the_state_is_as_of_the_newest_version() {
    let desk = TestDesk::new().await;
    let data = bolt();
    let id = desk.item(data.clone()).await;
    desk.command(&command(id, "CheckInItems", json!({ "quantity": 40 }))).await;
    let state = desk.get(&path(id)).await.ok();
    let history = desk.get(&format!("{}/change-sets", path(id))).await.ok();
    let [first, second] = [&history["change_sets"][0], &history["change_sets"][1]];
    assert_eq!(
        state,
        json!({
            "aggregate": { "kind": ITEM, "id": id },
            "version": 2,
            "state": {
                "sku": data["sku"], "name": "Bolt M8 × 40", "unit": "pcs", "on_hand": 40,
                "balances": [{ "location": null, "on_hand": 40 }],
                "max_quantity": null, "reorder_level": null, "active": true,
            },
            "created_at": first["recorded_at"],
            "updated_at": second["recorded_at"],
            "hash": second["hash"],
        })
    );
}

#[tokio::test]
async fn every_version_can_be_requested() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    for _ in 0..120 {
        desk.command(&command(id, "CheckInItems", json!({ "quantity": 1 }))).await;
    }
    // Includes versions around snapshots, which are written every twenty versions.
    for version in [1, 2, 19, 20, 21, 100, 101, 121] {
        let state = desk.get(&format!("{}?version={version}", path(id))).await.ok();
        let told = (&state["version"], &state["state"]["on_hand"]);
        assert_eq!(told, (&json!(version), &json!(version - 1)));
    }
}

#[tokio::test]
async fn a_version_must_be_a_number_from_one() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    for version in ["0", "-1", "abc", "", "1.5", "18446744073709551616", "1&version=1"] {
        let answer = desk.get(&format!("{}?version={version}", path(id))).await;
        let problem = answer.problem(400, "malformed");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("version"), "{version}: {detail}");
    }
}

#[tokio::test]
async fn the_error_for_a_version_beyond_the_newest_names_the_newest() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(1).await;
    for version in [3, u64::MAX] {
        let answer = desk.get(&format!("{}?version={version}", path(id))).await;
        assert_eq!(answer.problem(404, "unknown-version")["current_version"], 2);
    }
}

#[tokio::test]
async fn an_id_must_be_a_uuid() {
    let desk = TestDesk::new().await;
    let nil = Uuid::nil().to_string();
    for id in ["item-1", "019a0000", &*nil, "019a0000-0000-7000-8000-00000000000g", "%FF"] {
        for under in ["", "/change-sets", "/verification"] {
            desk.get(&format!("/api/v1/aggregates/{ITEM}/{id}{under}"))
                .await
                .problem(400, "malformed");
        }
    }
}

#[tokio::test]
async fn an_aggregate_or_a_kind_that_does_not_exist_is_unknown() {
    let desk = TestDesk::new().await;
    let (there, missing) = (desk.item(bolt()).await, new_id());
    for under in ["", "?version=1", "/change-sets", "/change-sets?after=7", "/verification"] {
        let unknown = desk.get(&format!("{}{under}", path(missing))).await;
        unknown.problem(404, "unknown-aggregate");
        let other_kind = desk.get(&format!("/api/v1/aggregates/invoice/{there}{under}")).await;
        other_kind.problem(404, "unknown-kind");
    }
}

#[tokio::test]
async fn an_unknown_parameter_is_refused() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    let problem = desk.get(&format!("{}?verison=1", path(id))).await.problem(400, "malformed");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("unknown field `verison`"), "{detail}");
}
