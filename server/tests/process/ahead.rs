//! Warnings of changes that were recorded while the clock was wrong.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::InventoryItem;
use domain::inventory_item::InventoryItemCommand;
use event_store::dynamodb::DynamoDbStore;
use event_store::embedded::Embedded;
use event_store::{
    Aggregate as _, AggregateId, Appended, ChangeSet, Context, Hash, Store as _, Timestamp,
};
use serde_json::json;
use tempfile::tempdir;

use super::outage::figure;
use super::{Daybook, daybook, run};
use crate::desk::{ITEM, bolt, command, new_id};

const DAY: u64 = 86_400;

/// An item that was created so many days from now.
fn created_in(days: u64) -> ChangeSet {
    let create = json!({ "type": "CreateInventoryItem", "data": bolt() });
    let create: InventoryItemCommand = serde_json::from_value(create).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let then = now.as_millis() + u128::from(days * DAY) * 1000 + 60_000;
    let id = new_id();
    let context = Context {
        command_id: new_id(),
        actor: "Pat".into(),
        recorded_at: Timestamp::from_millis(then.try_into().unwrap()),
        rules: InventoryItem::RULES,
        correlation_id: id,
        causation_id: None,
    };
    let events = InventoryItem::default().decide(&create, &context).unwrap();
    let aggregate = AggregateId::new(ITEM, id);
    ChangeSet::seal::<InventoryItem>(aggregate, 1, Hash::ZERO, &create, &events, &context).unwrap()
}

#[tokio::test]
async fn changes_of_the_future_are_told_of_by_the_log_the_metrics_and_the_doctor() {
    let data = tempdir().unwrap();
    let change_set = created_in(365);
    let id = change_set.aggregate.id;
    let engine = Embedded::open(data.path().join("daybook.db")).unwrap();
    let store = DynamoDbStore::new(engine.client(), "daybook");
    store.ensure_table().await.unwrap();
    assert_eq!(store.append(&change_set).await.unwrap(), Appended::Written);
    engine.close().await;

    let server = Daybook::start(&mut daybook(data.path()));
    let answer = server.command(&command(id, "CheckInItems", json!({ "quantity": 1 })));
    assert_eq!(answer.status, 201, "{answer:?}");
    let ahead = figure(&server, "daybook_recorded_ahead_of_clock_seconds");
    let seconds = f64::from(u32::try_from(365 * DAY).unwrap());
    assert!(ahead > seconds && ahead < seconds + 60.0, "{ahead}");
    let log = server.stop();
    assert!(log.contains("ahead=365 days"), "{log}");

    let told = String::from_utf8(run(daybook(data.path()).arg("doctor")).stdout).unwrap();
    let warning = "warning: the latest change is recorded 365 days ahead of this machine's clock. ";
    assert!(told.contains(warning), "{told}");
}

#[tokio::test]
async fn changes_of_now_are_not_told_of() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    server.command(&command(new_id(), "CreateInventoryItem", bolt()));
    assert!(figure(&server, "daybook_recorded_ahead_of_clock_seconds") < 1.0);
    let log = server.stop();
    assert!(!log.contains("ahead"), "{log}");
    let told = String::from_utf8(run(daybook(data.path()).arg("doctor")).stdout).unwrap();
    assert!(told.contains("ok: no change is recorded ahead of this machine's clock"), "{told}");
}
