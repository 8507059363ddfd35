//! Warnings about changes that were recorded while the clock was wrong.

use std::time::{SystemTime, UNIX_EPOCH};

use event_store::{ChangeSet, Timestamp};
use serde_json::json;
use tempfile::tempdir;

use super::outage::figure;
use super::sealed::{created, keep};
use super::{Daybook, daybook, run};
use crate::desk::{bolt, command, new_id};

const DAY: u64 = 86_400;

/// The creation of an item, recorded this many days in the future.
fn created_in(days: u64) -> ChangeSet {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let then = now.as_millis() + u128::from(days * DAY) * 1000 + 60_000;
    created(new_id(), "Pat".to_owned(), Timestamp::from_millis(then.try_into().unwrap()))
}

#[tokio::test]
async fn log_metrics_and_doctor_report_changes_from_the_future() {
    let data = tempdir().unwrap();
    let change_set = created_in(365);
    let id = change_set.aggregate.id;
    keep(data.path(), &change_set).await;

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
async fn changes_from_the_present_are_not_reported() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    server.command(&command(new_id(), "CreateInventoryItem", bolt()));
    assert!(figure(&server, "daybook_recorded_ahead_of_clock_seconds") < 1.0);
    let log = server.stop();
    assert!(!log.contains("ahead"), "{log}");
    let told = String::from_utf8(run(daybook(data.path()).arg("doctor")).stdout).unwrap();
    assert!(told.contains("ok: no change is recorded ahead of this machine's clock"), "{told}");
}
