//! A data directory that disappears under a running server.

use std::fs;

use serde_json::json;
use tempfile::tempdir;

use super::{Daybook, daybook};
use crate::desk::{bolt, command, new_id};

#[test]
fn a_server_whose_data_directory_is_gone_acknowledges_nothing() {
    let place = tempdir().unwrap();
    let (data, aside) = (place.path().join("data"), place.path().join("aside"));
    let server = Daybook::start(&mut daybook(&data));
    let id = new_id();
    assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
    server.until_ready();
    fs::rename(&data, &aside).unwrap();
    for _ in 0..3 {
        let check_in = command(id, "CheckInItems", json!({ "quantity": 1 }));
        assert_eq!(server.command(&check_in).status, 503);
        assert_eq!(server.get("/readyz").status, 503);
    }
    assert!(!data.exists(), "{:?}", fs::read_dir(&data));
    fs::rename(&aside, &data).unwrap();
    server.until_ready();
    let check_in = command(id, "CheckInItems", json!({ "quantity": 1 }));
    assert_eq!(server.command(&check_in).status, 201);
    let log = server.stop();
    let told = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    assert_eq!(told("ERROR"), 1, "{log}");
    assert_eq!(told("WARN event_store::feed"), 1, "{log}");
    assert_eq!(told("ERROR event_store::embedded::open_files"), 1, "{log}");
    assert_eq!(told("server::problems: the store is unavailable"), 1, "{log}");
}
