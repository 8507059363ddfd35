//! A history, page by page.

use domain::InventoryItem;
use event_store::{AggregateId, ChangeSet, verify};
use serde_json::{Value, json};

use crate::desk::{ITEM, TestDesk, bolt, command, path};

async fn with_versions(desk: &TestDesk, versions: usize) -> String {
    let id = desk.item(bolt()).await;
    for _ in 1..versions {
        desk.command(&command(id, "CheckInItems", json!({ "quantity": 1 }))).await;
    }
    format!("{}/change-sets", path(id))
}

fn versions(page: &Value) -> Vec<u64> {
    let change_sets = page["change_sets"].as_array().unwrap();
    change_sets.iter().map(|change_set| change_set["version"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_change_set_has_every_field() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    let remove = command(id, "RemoveItems", json!({ "quantity": 2, "reason": "damaged" }));
    let accepted = desk.command(&remove).await.ok();
    let page = desk.get(&format!("{}/change-sets?after=2", path(id))).await.ok();
    let change_set = &page["change_sets"][0];
    let body: Value = serde_json::from_str(change_set["body"].as_str().unwrap()).unwrap();
    let before = desk.get(&format!("{}?version=2", path(id))).await.ok();
    assert_eq!(
        page,
        json!({
            "change_sets": [{
                "aggregate": { "kind": ITEM, "id": id },
                "version": 3,
                "command_id": remove["command_id"],
                "command": { "type": "RemoveItems", "data": { "quantity": 2, "reason": "damaged" } },
                "events": [
                    { "type": "ItemsRemoved", "data": { "quantity": 2, "reason": "damaged" } },
                ],
                "actor": "Tess",
                "reason": "damaged",
                "recorded_at": body["recorded_at"],
                "correlation_id": remove["command_id"],
                "causation_id": null,
                "prev": before["hash"],
                "hash": accepted["hash"],
                "body": change_set["body"],
            }],
            "next": null,
        })
    );
}

#[tokio::test]
async fn pages_follow_one_another() {
    let desk = TestDesk::new().await;
    let history = with_versions(&desk, 7).await;
    for (query, expected, next) in [
        ("", vec![1, 2, 3, 4, 5, 6, 7], json!(null)),
        ("?limit=3", vec![1, 2, 3], json!(3)),
        ("?after=3&limit=3", vec![4, 5, 6], json!(6)),
        ("?after=6&limit=3", vec![7], json!(null)),
        ("?after=4&limit=3", vec![5, 6, 7], json!(null)),
        ("?after=7", vec![], json!(null)),
        ("?after=999999999999", vec![], json!(null)),
    ] {
        let page = desk.get(&format!("{history}{query}")).await.ok();
        assert_eq!((versions(&page), &page["next"]), (expected, &next), "{query}");
    }
}

#[tokio::test]
async fn a_page_has_a_hundred_change_sets_by_default() {
    let desk = TestDesk::new().await;
    let history = with_versions(&desk, 103).await;
    let page = desk.get(&history).await.ok();
    assert_eq!((versions(&page).len(), &page["next"]), (100, &json!(100)));
    let page = desk.get(&format!("{history}?limit=1000")).await.ok();
    assert_eq!((versions(&page).len(), &page["next"]), (103, &json!(null)));
}

#[tokio::test]
async fn a_client_can_verify_the_history_that_is_served() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    let page = desk.get(&format!("{}/change-sets", path(id))).await.ok();
    let served: Vec<ChangeSet> = serde_json::from_value(page["change_sets"].clone()).unwrap();
    let verification = verify::<InventoryItem>(&AggregateId::of::<InventoryItem>(id), &served);
    assert!(verification.ok && verification.version == 2, "{verification:?}");
}

#[tokio::test]
async fn parameters_are_read_strictly() {
    let desk = TestDesk::new().await;
    let history = with_versions(&desk, 1).await;
    for query in ["limit=0", "limit=1001", "limit=x", "after=-1", "after=x", "before=3"] {
        desk.get(&format!("{history}?{query}")).await.problem(400, "malformed");
    }
}
