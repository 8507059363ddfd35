mod get;
mod live;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::desk::{ITEM, TestDesk, bolt, command};

/// So many change sets: of one item, and the claim of its SKU.
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

/// A feed of four entries, of which the third is gone from the store, on a desk that has to read it there.
async fn with_a_hole() -> TestDesk {
    let desk = TestDesk::new().await;
    // Its second version: before that come the first and the claim.
    let id = with_entries(&desk, 4).await;
    let desk = desk.again().await;
    let key = [("pk", format!("{ITEM}#{id}")), ("sk", format!("{:012}", 2))];
    let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
    let delete = desk.intruder().delete_item().table_name("daybook").set_key(Some(key.into()));
    delete.send().await.unwrap();
    desk
}
