//! `daybook reconcile` adds change sets that a killed process left out of the feed.

use event_store::Store;
use event_store::dynamodb::DynamoDbStore;
use event_store::embedded::Embedded;
use tempfile::tempdir;

use super::others::created;
use super::{Daybook, daybook, run};
use crate::desk::{bolt, command, new_id};

#[tokio::test]
async fn missing_change_sets_are_added_to_the_feed() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    server.command(&command(new_id(), "CreateInventoryItem", bolt()));
    server.stop();
    let reconciled = || {
        let reconciled = run(daybook(data.path()).arg("reconcile"));
        assert_eq!(reconciled.status.code(), Some(0), "{reconciled:?}");
        String::from_utf8(reconciled.stdout).unwrap()
    };
    assert_eq!(reconciled(), "All 2 change sets are in the feed.\n");

    let engine = Embedded::open(data.path().join("daybook.db")).unwrap();
    let store = DynamoDbStore::new(engine.client(), "daybook");
    for _ in 0..3 {
        store.append(&created(new_id())).await.unwrap();
    }
    engine.close().await;
    assert_eq!(reconciled(), "All 5 change sets are in the feed; 3 were missing.\n");
    assert_eq!(reconciled(), "All 5 change sets are in the feed.\n");
}
