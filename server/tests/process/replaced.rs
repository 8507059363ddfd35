//! A store that was replaced after the read model was closed.

use std::fs;

use serde_json::json;
use tempfile::tempdir;
use uuid::Uuid;

use super::{Daybook, daybook};
use crate::desk::{bolt, command, new_id};

const LIST: &str = "/api/v1/aggregates/inventory-item";

fn create(server: &Daybook) -> Uuid {
    let id = new_id();
    assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
    id
}

fn check_in(server: &Daybook, id: Uuid, quantity: i64) {
    let check_in = command(id, "CheckInItems", json!({ "quantity": quantity }));
    assert_eq!(server.command(&check_in).status, 201);
}

/// The items in the list, each with its quantity on hand.
fn listed(server: &Daybook) -> Vec<(String, i64)> {
    let list = server.get(LIST).json();
    let row = |row: &serde_json::Value| {
        (row["id"].as_str().unwrap().to_owned(), row["on_hand"].as_i64().unwrap())
    };
    list["rows"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn a_deleted_database_leaves_no_rows_behind() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    create(&server);
    server.stop();
    // A new file may get the inode number of the deleted one. Truncating the file makes sure of
    // that.
    fs::write(data.path().join("daybook.db"), "").unwrap();

    let server = Daybook::start(&mut daybook(data.path()));
    assert_eq!(listed(&server), []);
    let log = server.stop();
    assert!(log.contains("last_stop=Never"), "{log}");
}

#[test]
fn another_table_in_the_same_file_is_another_store() {
    let data = tempdir().unwrap();
    let start = |table| Daybook::start(daybook(data.path()).args(["--table", table]));
    let first = start("first");
    let kept = create(&first);
    first.stop();
    let second = start("second");
    assert_eq!(listed(&second), []);
    let other = create(&second);
    second.stop();
    let first = start("first");
    assert_eq!(listed(&first), [(kept.to_string(), 0)], "the list shows {other}");
    first.stop();
}

#[test]
fn the_list_shows_a_backup_that_was_copied_over_the_database() {
    let data = tempdir().unwrap();
    let file = data.path().join("daybook.db");
    let server = Daybook::start(&mut daybook(data.path()));
    let kept = create(&server);
    server.stop();
    let backup = fs::read(&file).unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    check_in(&server, kept, 12);
    create(&server);
    server.stop();

    fs::write(&file, &backup).unwrap();

    let server = Daybook::start(&mut daybook(data.path()));
    assert_eq!(listed(&server), [(kept.to_string(), 0)]);
    check_in(&server, kept, 3);
    assert_eq!(listed(&server), [(kept.to_string(), 3)]);
    let log = server.stop();
    assert!(log.contains("last_stop=Never"), "{log}");
    Daybook::start(&mut daybook(data.path())).stop();
}

#[test]
fn the_list_shows_a_backup_that_was_copied_over_the_database_after_a_crash() {
    let data = tempdir().unwrap();
    let file = data.path().join("daybook.db");
    let server = Daybook::start(&mut daybook(data.path()));
    let kept = create(&server);
    server.stop();
    let backup = fs::read(&file).unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    check_in(&server, kept, 12);
    create(&server);
    assert_eq!(listed(&server).len(), 2);
    server.signal("KILL");
    server.wait();

    for log in ["daybook.db-wal", "daybook.db-shm"] {
        let _ = fs::remove_file(data.path().join(log));
    }
    fs::write(&file, &backup).unwrap();

    let server = Daybook::start(&mut daybook(data.path()));
    assert_eq!(listed(&server), [(kept.to_string(), 0)]);
    server.stop();
}

#[test]
fn a_rebuild_counts_as_a_clean_stop() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    create(&server);
    server.stop();
    assert!(super::run(daybook(data.path()).arg("rebuild")).status.success());
    let server = Daybook::start(&mut daybook(data.path()));
    assert_eq!(listed(&server).len(), 1);
    let log = server.stop();
    assert!(log.contains("last_stop=Clean"), "{log}");
}
