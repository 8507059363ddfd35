//! `daybook sample`, and `daybook rebuild` after it.

use serde_json::{Value, json};
use tempfile::tempdir;

use super::{Daybook, assert_refuses, daybook, run};
use crate::desk::{bolt, command, new_id};

const LIST: &str = "/api/v1/aggregates/inventory-item?limit=200";

fn rows(server: &Daybook) -> Vec<Value> {
    let listed = server.get(LIST).json();
    assert_eq!(listed["next"], json!(null));
    listed["rows"].as_array().unwrap().clone()
}

fn versions(rows: &[Value]) -> u64 {
    rows.iter().map(|row| row["version"].as_u64().unwrap()).sum()
}

#[test]
fn a_second_load_changes_nothing_and_a_rebuild_shows_the_same() {
    let data = tempdir().unwrap();
    let mut printed = Vec::new();
    for _ in 0..2 {
        let loaded = run(daybook(data.path()).arg("sample"));
        assert!(loaded.status.success(), "{loaded:?}");
        printed.push(String::from_utf8(loaded.stdout).unwrap());
    }
    assert_eq!(printed[0], printed[1]);
    let server = Daybook::start(&mut daybook(data.path()));
    let before = rows(&server);
    server.stop();
    let locations = 3;
    let total = versions(&before) + locations;
    let told = format!("The sample company is loaded: {total} change sets.");
    assert!(printed[0].starts_with(&told), "{}", printed[0]);
    assert!(before.len() >= 40, "{} items", before.len());

    assert!(run(daybook(data.path()).arg("rebuild")).status.success());
    let server = Daybook::start(&mut daybook(data.path()));
    assert_eq!(rows(&server), before);
    server.stop();
}

#[test]
fn the_sample_is_refused_unless_the_inventory_is_empty() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    server.command(&command(new_id(), "CreateInventoryItem", bolt()));
    server.stop();
    assert_refuses(daybook(data.path()).arg("sample"), 1, &["needs an empty inventory"]);
    let server = Daybook::start(&mut daybook(data.path()));
    assert_eq!(rows(&server).len(), 1);
}
