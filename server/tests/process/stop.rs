//! Graceful and forced stops: acknowledged commands survive.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use super::{Daybook, daybook, request};
use crate::desk::{bolt, command, new_id, path};
use crate::dynamodb::{Dynamo, Mood};

/// Creates items until the server is stopped by this signal. Returns the acknowledged items, the
/// exit code and the log.
fn acknowledged_until(data: &TempDir, signal: &str) -> (Vec<uuid::Uuid>, Option<i32>, String) {
    let server = Daybook::start(&mut daybook(data.path()));
    let address = server.address;
    let stopped = AtomicBool::new(false);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut acknowledged = Vec::new();
                    while !stopped.load(Ordering::Relaxed) {
                        let id = new_id();
                        let create = command(id, "CreateInventoryItem", bolt()).to_string();
                        match request(address, "POST", "/api/v1/commands", &create) {
                            Ok(reply) if reply.status == 201 => acknowledged.push(id),
                            _ => break,
                        }
                    }
                    acknowledged
                })
            })
            .collect();
        while count(&server) < 50 {
            let busy = clients.iter().any(|client| !client.is_finished());
            assert!(busy, "nothing is accepted: {}", server.get("/metrics").body);
            thread::sleep(Duration::from_millis(5));
        }
        server.signal(signal);
        let (code, log) = server.wait();
        stopped.store(true, Ordering::Relaxed);
        let acknowledged = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        (acknowledged, code, log)
    })
}

fn count(server: &Daybook) -> usize {
    let list = server.get("/api/v1/aggregates/inventory-item?limit=200").json();
    list["rows"].as_array().map_or(0, Vec::len)
}

/// All ids in the list, read page by page.
fn listed(server: &Daybook) -> Vec<Value> {
    let mut ids = Vec::new();
    let mut after = String::new();
    loop {
        let list =
            server.get(&format!("/api/v1/aggregates/inventory-item?limit=200{after}")).json();
        ids.extend(list["rows"].as_array().unwrap().iter().map(|row| row["id"].clone()));
        let Some(next) = list["next"].as_str() else { return ids };
        after = format!("&after={next}");
    }
}

/// Waits until the server has received the signal and accepts no more connections.
fn stopping(server: &Daybook) {
    while TcpStream::connect(server.address).is_ok() {
        thread::sleep(Duration::from_millis(5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_in_flight_is_answered_before_the_server_stops() {
    let dynamo = Dynamo::start().await;
    tokio::task::spawn_blocking(move || {
        let data = tempdir().unwrap();
        let mut start = daybook(data.path());
        let server = Daybook::start(start.args(["--dynamodb-endpoint", &dynamo.url]));
        let id = new_id();
        assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
        let check_in = command(id, "CheckInItems", json!({ "quantity": 12 }));

        dynamo.be(Mood::Slow);
        thread::scope(|scope| {
            let in_flight = scope.spawn(|| server.command(&check_in));
            while !dynamo.is_asked() {
                thread::sleep(Duration::from_millis(5));
            }
            server.signal("TERM");
            stopping(&server);
            assert!(!in_flight.is_finished());
            dynamo.be(Mood::Well);
            let answer = in_flight.join().unwrap();
            assert_eq!((answer.status, &answer.json()["version"]), (201, &json!(2)));
        });
        let (code, log) = server.wait();
        assert_eq!(code, Some(0), "{log}");
        let again = Daybook::start(&mut start);
        assert_eq!(again.get(&path(id)).json()["state"]["on_hand"], 12);
        again.stop();
    })
    .await
    .unwrap();
}

#[test]
fn a_graceful_stop_loses_nothing_and_is_clean() {
    for signal in ["TERM", "INT"] {
        let data = tempdir().unwrap();
        let (acknowledged, code, log) = acknowledged_until(&data, signal);
        assert_eq!(code, Some(0), "{log}");
        let again = Daybook::start(&mut daybook(data.path()));
        let listed = listed(&again);
        for id in &acknowledged {
            assert!(listed.contains(&json!(id)), "{id} is lost");
        }
        let log = again.stop();
        assert!(log.contains("last_stop=Clean") && !log.contains("caught up"), "{log}");
    }
}

#[test]
fn a_killed_server_loses_nothing_and_catches_up() {
    let data = tempdir().unwrap();
    let (acknowledged, code, _) = acknowledged_until(&data, "KILL");
    assert_eq!(code, None);
    let again = Daybook::start(&mut daybook(data.path()));
    let listed = listed(&again);
    for id in &acknowledged {
        assert_eq!(again.get(&format!("{}/verification", path(*id))).json()["ok"], true);
        assert!(listed.contains(&json!(id)), "{id} is lost");
    }
    let log = again.stop();
    assert!(log.contains("last_stop=Unclean") && log.contains("caught up"), "{log}");
}

#[test]
fn a_second_signal_forces_the_stop() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    // The first signal waits for this request, which never ends. The server asks for its body only
    // once it has accepted the connection; a stop would not wait for a connection that is not
    // accepted yet.
    let mut endless = TcpStream::connect(server.address).unwrap();
    let head = "POST /api/v1/commands HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 9\r\nexpect: 100-continue\r\n\r\n";
    endless.write_all(head.as_bytes()).unwrap();
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    endless.read_exact(&mut go_on).unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100 "));
    endless.write_all(b"{").unwrap();
    server.signal("TERM");
    stopping(&server);
    server.signal("TERM");
    assert_eq!(server.wait().0, Some(130));
}

/// The connection of a consumer never ends by itself.
#[test]
fn a_stop_notifies_the_consumers_of_the_feed_and_does_not_wait_for_them() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    server.command(&command(new_id(), "CreateInventoryItem", bolt()));
    let mut followers =
        [server.follow("/api/v1/feed/live?after=0"), server.follow("/api/v1/feed/live")];
    let log = server.stop();
    assert!(!log.contains("do not end"), "{log}");
    for (follower, entries) in followers.iter_mut().zip([2, 0]) {
        let mut told = String::new();
        follower.read_to_string(&mut told).unwrap();
        assert_eq!(told.matches("event: change-set").count(), entries, "{told}");
        assert_eq!(told.matches("event: stopping").count(), 1, "{told}");
        assert!(told.contains("\"detail\":\"the server is stopping\",\"position\":2"), "{told}");
        assert!(told.ends_with("\r\n0\r\n\r\n"), "the stream is cut off: {told}");
    }
}
