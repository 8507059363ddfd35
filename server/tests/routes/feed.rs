mod get;
mod live;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::desk::{ITEM, TestDesk, bolt, command};

/// Commits this many change sets: the claim of a SKU, and the history of its item.
async fn with_entries(desk: &TestDesk, entries: usize) -> Uuid {
    let id = desk.item(bolt()).await;
    for _ in 2..entries {
        check_in(desk, id).await;
    }
    id
}

async fn check_in(desk: &TestDesk, id: Uuid) {
    desk.command(&command(id, "CheckInItems", json!({ "quantity": 1 }))).await.ok();
}

fn positions(entries: &[Value]) -> Vec<u64> {
    entries.iter().map(|entry| entry["position"].as_u64().unwrap()).collect()
}

/// A feed of four entries, whose third change set is missing from the store. The desk has nothing
/// in memory, so it reads the store.
async fn with_a_hole() -> TestDesk {
    let desk = TestDesk::new().await;
    // The third entry is the item's version 2, after version 1 and the claim.
    let id = with_entries(&desk, 4).await;
    let desk = desk.again().await;
    let key = [("pk", format!("{ITEM}#{id}")), ("sk", format!("{:012}", 2))];
    let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
    let delete = desk.intruder().delete_item().table_name("daybook").set_key(Some(key.into()));
    delete.send().await.unwrap();
    desk
}
