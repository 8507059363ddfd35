//! A store that becomes unavailable while commands are in flight.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::tempdir;
use uuid::Uuid;

use super::{Daybook, Reply, daybook, request};
use crate::desk::{bolt, command, new_id, path};
use crate::dynamodb::{Dynamo, Mood, Quirks};

#[track_caller]
fn assert_told_to_come_back(reply: &Reply) {
    assert_eq!((reply.status, &reply.json()["code"]), (503, &json!("unavailable")), "{reply:?}");
    let seconds = reply.head.lines().find_map(|line| line.strip_prefix("retry-after: "));
    assert!(seconds.unwrap().parse::<u64>().unwrap() >= 1);
}

fn commands_of(server: &Daybook, id: Uuid) -> Vec<Value> {
    let history = server.get(&format!("{}/change-sets", path(id))).json();
    let history = history["change_sets"].as_array().unwrap();
    history.iter().map(|change_set| change_set["command_id"].clone()).collect()
}

/// Sends a command that fails in this mood, and retries it once the store is available again. The
/// result is one change set.
async fn safe_to_repeat(mood: Mood, status_at_last: u16) {
    let dynamo = Dynamo::start().await;
    tokio::task::spawn_blocking(move || {
        let data = tempdir().unwrap();
        let mut start = daybook(data.path());
        let server = Daybook::start(start.args(["--dynamodb-endpoint", &dynamo.url]));
        let id = new_id();
        let create = command(id, "CreateInventoryItem", bolt());
        assert_eq!(server.command(&create).status, 201);
        // After this read, the feed has nothing left to write.
        assert_eq!(on_hand(&server), 0);
        let check_in = command(id, "CheckInItems", json!({ "quantity": 12 }));

        dynamo.be(mood);
        assert_told_to_come_back(&server.command(&check_in));
        assert_told_to_come_back(&server.command(&check_in));
        assert_told_to_come_back(&server.get("/readyz"));
        assert_eq!(server.get("/healthz").status, 200);

        dynamo.be(Mood::Well);
        let at_last = server.command(&check_in);
        assert_eq!((at_last.status, &at_last.json()["version"]), (status_at_last, &json!(2)));
        assert_eq!(server.command(&check_in).status, 200);
        let expected = [create["command_id"].clone(), check_in["command_id"].clone()];
        assert_eq!(commands_of(&server, id), expected);
        assert_eq!(server.get(&path(id)).json()["state"]["on_hand"], 12);
        server.until_ready();
        server.stop();
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_never_arrived_is_safe_to_retry() {
    safe_to_repeat(Mood::Away, 201).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_answer_was_lost_is_safe_to_retry() {
    safe_to_repeat(Mood::LosesAnAnswer, 200).await;
}

/// The item and its SKU are recorded both or not at all, even if the answer is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_creation_that_was_not_answered_is_safe_to_retry() {
    for (mood, status_at_last) in [(Mood::Away, 201), (Mood::LosesAnAnswer, 200)] {
        let dynamo = Dynamo::start().await;
        tokio::task::spawn_blocking(move || {
            let data = tempdir().unwrap();
            let mut start = daybook(data.path());
            let server = Daybook::start(start.args(["--dynamodb-endpoint", &dynamo.url]));
            let bolt = bolt();
            let create = command(new_id(), "CreateInventoryItem", bolt.clone());

            dynamo.be(mood);
            assert_told_to_come_back(&server.command(&create));
            dynamo.be(Mood::Well);
            assert_eq!(server.command(&create).status, status_at_last);
            assert_eq!(server.command(&create).status, 200);
            let late = server.command(&command(new_id(), "CreateInventoryItem", bolt));
            assert_eq!(
                (late.status, &late.json()["rejection"]["code"]),
                (422, &json!("sku-taken"))
            );
            assert_eq!(late.json()["rejection"]["item"], create["aggregate"]["id"]);
            server.stop();
        })
        .await
        .unwrap();
    }
}

/// Starts a server whose store carries out a check-in of 12, loses the answer and is unavailable
/// from then on. Nobody retries the check-in.
fn unanswered(dynamo: &Dynamo, start: &mut Command) -> Daybook {
    let server = Daybook::start(start);
    let id = new_id();
    assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
    // After this read, the feed has nothing left to write.
    assert_eq!(on_hand(&server), 0);
    dynamo.be(Mood::LosesAnAnswer);
    let check_in = command(id, "CheckInItems", json!({ "quantity": 12 }));
    assert_told_to_come_back(&server.command(&check_in));
    server
}

fn on_hand(server: &Daybook) -> Value {
    server.get("/api/v1/aggregates/inventory-item").json()["rows"][0]["on_hand"].clone()
}

fn until_on_hand(server: &Daybook, count: u64) {
    let mut looks = 0..2000;
    while on_hand(server) != count {
        assert!(looks.next().is_some(), "the list never shows it");
        thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_answer_was_lost_is_listed_without_a_retry() {
    let dynamo = Dynamo::start().await;
    tokio::task::spawn_blocking(move || {
        let data = tempdir().unwrap();
        let mut start = daybook(data.path());
        let server = unanswered(&dynamo, start.args(["--dynamodb-endpoint", &dynamo.url]));
        assert_eq!(on_hand(&server), 0, "the list answers without the store");

        dynamo.be(Mood::Well);
        until_on_hand(&server, 12);
        server.stop();
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_with_a_command_in_doubt_is_not_clean() {
    let dynamo = Dynamo::start().await;
    tokio::task::spawn_blocking(move || {
        let data = tempdir().unwrap();
        let mut start = daybook(data.path());
        let server = unanswered(&dynamo, start.args(["--dynamodb-endpoint", &dynamo.url]));
        server.stop();

        dynamo.be(Mood::Well);
        let server = Daybook::start(&mut start);
        // The server learns of the command from the table's stream.
        until_on_hand(&server, 12);
        let log = server.stop();
        assert!(log.contains("last_stop=Unclean"), "{log}");
    })
    .await
    .unwrap();
}

/// If the batch continued after a command in doubt, a retry of the batch could carry out that
/// command after the ones behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_stops_at_a_command_with_an_unknown_outcome() {
    let dynamo = Dynamo::start().await;
    tokio::task::spawn_blocking(move || {
        let data = tempdir().unwrap();
        let mut start = daybook(data.path());
        let server = Daybook::start(start.args(["--dynamodb-endpoint", &dynamo.url]));
        let ids = [new_id(), new_id(), new_id()];
        for id in ids {
            assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
        }
        let commands = ids.map(|id| command(id, "CheckInItems", json!({ "quantity": 12 })));
        let batch = json!({ "commands": commands, "atomic": false }).to_string();
        let send = || {
            let reply = request(server.address, "POST", "/api/v1/commands/batch", &batch).unwrap();
            assert_eq!(reply.status, 200, "{reply:?}");
            reply.json()["results"].as_array().unwrap().clone()
        };
        let statuses = |results: &[Value]| results.iter().map(|r| r["status"].clone()).collect();
        let versions = || ids.map(|id| server.get(&path(id)).json()["version"].clone());

        dynamo.have(Quirks { away_for: Some(ids[1].to_string()), ..Quirks::default() });
        let results = send();
        let told: Vec<Value> = statuses(&results);
        assert_eq!(told, [201, 503, 503]);
        assert_eq!(results[2]["problem"]["code"], "unavailable");
        dynamo.have(Quirks::default());
        assert_eq!(versions(), [2, 1, 1]);

        let told: Vec<Value> = statuses(&send());
        assert_eq!(told, [200, 201, 201]);
        assert_eq!(versions(), [2, 2, 2]);
        server.stop();
    })
    .await
    .unwrap();
}

/// A client that hangs up in the middle of a batch has still requested all of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_finished_after_its_client_hangs_up() {
    let dynamo = Dynamo::start().await;
    tokio::task::spawn_blocking(move || {
        let data = tempdir().unwrap();
        let mut start = daybook(data.path());
        let server = Daybook::start(start.args(["--dynamodb-endpoint", &dynamo.url]));
        let ids = [new_id(), new_id(), new_id()];
        for id in ids {
            assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
        }
        let commands = ids.map(|id| command(id, "CheckInItems", json!({ "quantity": 12 })));
        let batch = json!({ "commands": commands, "atomic": false }).to_string();

        abandoned(&server, &dynamo, &batch);
        dynamo.be(Mood::Well);
        let versions =
            |server: &Daybook| ids.map(|id| server.get(&path(id)).json()["version"].clone());
        let mut looks = 0..500;
        while versions(&server) != [2, 2, 2] {
            assert!(looks.next().is_some(), "the rest is not tried: {:?}", versions(&server));
            thread::sleep(Duration::from_millis(10));
        }

        // A server that is stopped in the middle of a batch also finishes it, without a deadlock.
        let commands = ids.map(|id| command(id, "CheckInItems", json!({ "quantity": 1 })));
        abandoned(&server, &dynamo, &json!({ "commands": commands, "atomic": false }).to_string());
        server.signal("TERM");
        while TcpStream::connect(server.address).is_ok() {
            thread::sleep(Duration::from_millis(5));
        }
        // Give the server time to wait for the batch.
        thread::sleep(Duration::from_millis(500));
        dynamo.be(Mood::Well);
        let mut server = server;
        let mut looks = 0..1000;
        while server.process.try_wait().unwrap().is_none() {
            assert!(looks.next().is_some(), "the server does not exit");
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(server.wait().0, Some(0));
        let server = Daybook::start(&mut start);
        assert_eq!(versions(&server), [3, 3, 3]);
        server.stop();
    })
    .await
    .unwrap();
}

/// Sends a batch to a server whose store is slow from now on, and hangs up while the first command
/// is in flight.
fn abandoned(server: &Daybook, dynamo: &Dynamo, batch: &str) {
    let asked_before = dynamo.asked();
    dynamo.be(Mood::Slow);
    let mut client = TcpStream::connect(server.address).unwrap();
    let head =
        "POST /api/v1/commands/batch HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json";
    write!(client, "{head}\r\ncontent-length: {}\r\n\r\n{batch}", batch.len()).unwrap();
    while dynamo.asked() == asked_before {
        thread::sleep(Duration::from_millis(5));
    }
    drop(client);
    // Give the server time to notice.
    thread::sleep(Duration::from_millis(500));
}

/// A browser does not reconnect to a stream that answered with an error.
#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_connects_during_an_outage_receives_later_entries() {
    let dynamo = Dynamo::start().await;
    tokio::task::spawn_blocking(move || {
        let data = tempdir().unwrap();
        let mut start = daybook(data.path());
        let server = Daybook::start(start.args(["--dynamodb-endpoint", &dynamo.url]));
        let id = new_id();
        assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
        let told = |consumer: BufReader<TcpStream>, position: &str| {
            let mut lines = consumer.lines().map(Result::unwrap);
            lines.find(|line| line == &format!("id: {position}")).unwrap();
            lines.find(|line| line == "event: change-set").unwrap();
        };
        told(server.follow("/api/v1/feed/live?after=1"), "2");

        dynamo.be(Mood::Away);
        let again = server.follow("/api/v1/feed/live?after=2");
        dynamo.be(Mood::Well);
        server.until_ready();
        let check_in = command(id, "CheckInItems", json!({ "quantity": 12 }));
        assert_eq!(server.command(&check_in).status, 201);
        told(again, "3");
        server.stop();
    })
    .await
    .unwrap();
}

pub(super) fn figure(server: &Daybook, name: &str) -> f64 {
    let metrics = server.get("/metrics").body;
    let found = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {name} in:\n{metrics}")).parse().unwrap()
}

/// Commands succeed, but no consumer of the feed learns of them.
#[tokio::test(flavor = "multi_thread")]
async fn metrics_say_how_long_the_feed_has_been_waiting() {
    const WAITING: &str = "daybook_feed_oldest_waiting_seconds";
    let dynamo = Dynamo::start().await;
    tokio::task::spawn_blocking(move || {
        let data = tempdir().unwrap();
        let mut start = daybook(data.path());
        let server = Daybook::start(start.args(["--dynamodb-endpoint", &dynamo.url]));
        let id = new_id();
        assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
        assert_eq!(on_hand(&server), 0);
        assert!(figure(&server, WAITING).abs() < f64::EPSILON);

        dynamo.have(Quirks { away_for: Some("feed#0".to_owned()), ..Quirks::default() });
        for _ in 0..2 {
            let check_in = command(id, "CheckInItems", json!({ "quantity": 6 }));
            assert_eq!(server.command(&check_in).status, 201);
            thread::sleep(Duration::from_millis(600));
        }
        let waiting = figure(&server, WAITING);
        assert!((1.2..60.0).contains(&waiting), "{waiting}");

        dynamo.have(Quirks::default());
        until_on_hand(&server, 12);
        assert!(figure(&server, WAITING).abs() < f64::EPSILON);
        server.stop();
    })
    .await
    .unwrap();
}

/// The item is not in the feed, and its first version is missing.
#[tokio::test(flavor = "multi_thread")]
async fn metrics_say_how_many_aggregates_the_feed_is_stuck_on() {
    const STUCK: &str = "daybook_feed_stuck_aggregates";
    let dynamo = Dynamo::start().await;
    tokio::task::spawn_blocking(move || {
        let data = tempdir().unwrap();
        let mut start = daybook(data.path());
        start.args(["--dynamodb-endpoint", &dynamo.url]);
        let server = Daybook::start(&mut start);
        let id = new_id();
        server.command(&command(id, "CreateInventoryItem", bolt()));
        server.command(&command(id, "CheckInItems", json!({ "quantity": 12 })));
        assert_eq!(on_hand(&server), 12);
        assert!(figure(&server, STUCK).abs() < f64::EPSILON);
        server.stop();

        let item = format!("inventory-item#{id}");
        let keys = (1..=3).map(|number| ("feed#0", number)).chain([(&*item, 1)]);
        for (pk, number) in keys {
            let key = json!({ "pk": { "S": pk }, "sk": { "S": format!("{number:012}") } });
            let delete = json!({ "TableName": "daybook", "Key": key }).to_string();
            assert_eq!(dynamo.run("DeleteItem", delete.as_bytes()).0, 200);
        }
        let server = Daybook::start(&mut start);
        let stuck = figure(&server, STUCK);
        assert!((stuck - 1.0).abs() < f64::EPSILON, "{stuck}");
        server.stop();
    })
    .await
    .unwrap();
}
