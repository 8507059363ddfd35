//! Several processes on one table: each learns of the changes that the others commit.

use std::thread;
use std::time::Duration;

use event_store::dynamodb::{DynamoDbStore, for_endpoint};
use event_store::{ChangeSet, Store};
use tempfile::tempdir;
use uuid::Uuid;

use super::{Daybook, daybook, run};
use crate::desk::{bolt, command, new_id};
use crate::dynamodb::Dynamo;

/// The first change set of an item, made by a server on another store.
pub(crate) fn created(id: Uuid) -> ChangeSet {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
    server.stop();
    let exported = String::from_utf8(run(daybook(data.path()).arg("export")).stdout).unwrap();
    let mut all = exported.lines().map(|line| serde_json::from_str::<ChangeSet>(line).unwrap());
    all.find(|change_set| change_set.aggregate.id == id).unwrap()
}

fn listed(server: &Daybook, id: Uuid) -> bool {
    let list = server.get("/api/v1/aggregates/inventory-item?limit=200").json();
    let rows = list["rows"].as_array().cloned().unwrap_or_default();
    rows.iter().any(|row| row["id"] == id.to_string())
}

fn store_at(url: &str) -> DynamoDbStore {
    let client = aws_sdk_dynamodb::Client::from_conf(for_endpoint(url));
    DynamoDbStore::new(client, "daybook")
}

/// A process that is killed after its put but before its batch of the feed has notified nobody.
#[tokio::test(flavor = "multi_thread")]
async fn the_lists_of_other_processes_show_the_last_put_of_a_killed_process() {
    let dynamo = Dynamo::start().await;
    let store = store_at(&dynamo.url);
    let (left, accepted) = (new_id(), new_id());
    tokio::task::spawn_blocking(move || {
        let start = |data: &tempfile::TempDir| {
            Daybook::start(daybook(data.path()).args(["--dynamodb-endpoint", &dynamo.url]))
        };
        let data = [tempdir().unwrap(), tempdir().unwrap()];
        let servers = [start(&data[0]), start(&data[1])];
        let create = command(accepted, "CreateInventoryItem", bolt());
        assert_eq!(servers[0].command(&create).status, 201);
        let left_behind = created(left);
        let appending = store.append(&left_behind);
        tokio::runtime::Handle::current().block_on(appending).unwrap();
        for server in &servers {
            let there = || listed(server, left) && listed(server, accepted);
            assert!((0..600).any(|_| there() || {
                thread::sleep(Duration::from_millis(100));
                false
            }));
        }
        for server in servers {
            let log = server.stop();
            assert!(!log.contains("WARN"), "{log}");
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_a_stream_is_reported_and_reconciled_at_the_start() {
    let dynamo = Dynamo::start().await;
    let store = store_at(&dynamo.url);
    store.ensure_table().await.unwrap();
    let left = new_id();
    tokio::task::spawn_blocking(move || {
        let data = tempdir().unwrap();
        for round in 0..2 {
            let mut start = daybook(data.path());
            let server = Daybook::start(start.args(["--dynamodb-endpoint", &dynamo.url]));
            assert_eq!(listed(&server, left), round == 1);
            let log = server.stop();
            for told in ["`daybook` has no stream", "daybook reconcile", "update-table"] {
                assert!(log.contains(told), "{log}");
            }
            let left_behind = created(left);
            let appending = store.append(&left_behind);
            tokio::runtime::Handle::current().block_on(appending).unwrap();
        }
    })
    .await
    .unwrap();
}
