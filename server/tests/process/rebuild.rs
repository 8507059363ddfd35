//! `daybook rebuild` of a store with an unreadable aggregate.

use aws_sdk_dynamodb::types::AttributeValue;
use event_store::embedded::Embedded;
use serde_json::json;
use tempfile::tempdir;

use super::{Daybook, daybook, run};
use crate::desk::{ITEM, bolt, command, new_id};

#[tokio::test]
async fn an_unreadable_aggregate_fails_a_rebuild_but_the_others_are_listed() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    let (damaged, whole) = (new_id(), new_id());
    for id in [damaged, whole] {
        assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
        let check_in = command(id, "CheckInItems", json!({ "quantity": 12 }));
        assert_eq!(server.command(&check_in).status, 201);
    }
    server.stop();
    let engine = Embedded::open(data.path().join("daybook.db")).unwrap();
    let deletion = engine.client().delete_item().table_name("daybook");
    let deletion = deletion.key("pk", AttributeValue::S(format!("{ITEM}#{damaged}")));
    deletion.key("sk", AttributeValue::S(format!("{:012}", 1))).send().await.unwrap();
    engine.close().await;

    let rebuilt = run(daybook(data.path()).arg("rebuild"));
    let log = String::from_utf8(rebuilt.stderr).unwrap();
    assert_eq!(rebuilt.status.code(), Some(1), "{log}");
    let said: Vec<_> = log.lines().filter(|line| line.starts_with("daybook: ")).collect();
    assert_eq!(said.len(), 1, "{log}");
    assert!(said[0].contains("aggregates (1)"), "{log}");
    assert!(log.contains(&damaged.to_string()), "the log does not name the aggregate: {log}");

    let server = Daybook::start(&mut daybook(data.path()));
    let list = server.get("/api/v1/aggregates/inventory-item").json();
    assert_eq!(list["rows"].as_array().unwrap().len(), 1);
    assert_eq!(list["rows"][0]["id"], whole.to_string());
    server.stop();
}
