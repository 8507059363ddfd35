//! The metrics and log lines of a running server.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use tempfile::tempdir;

use super::{Daybook, daybook, request};
use crate::desk::{bolt, command, expecting, new_id, path};

#[test]
fn metrics_count_commands_and_what_they_cost() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    let id = new_id();
    server.command(&command(id, "CreateInventoryItem", bolt()));
    let check_in = command(id, "CheckInItems", json!({ "quantity": 12 }));
    assert_eq!(server.command(&check_in).status, 201);
    assert_eq!(server.command(&check_in).status, 200);
    server.command(&command(id, "RemoveItems", json!({ "quantity": 13, "reason": "sold" })));
    server.command(&expecting(9, command(id, "CheckInItems", json!({ "quantity": 1 }))));
    let metrics = server.get("/metrics").body;
    for line in [
        command_count("CreateInventoryItem", "accepted"),
        command_count("CheckInItems", "accepted"),
        command_count("CheckInItems", "duplicate"),
        command_count("CheckInItems", "conflict"),
        command_count("RemoveItems", "rejected"),
        // Two writes, the item and its SKU, at the double price of a transaction.
        "daybook_store_write_capacity_units_total{operation=\"TransactWriteItems\"} 4".to_owned(),
        "daybook_store_write_capacity_units_total{operation=\"PutItem\"} 1".to_owned(),
        "daybook_store_request_duration_seconds_count{operation=\"PutItem\",outcome=\"done\"} 1"
            .to_owned(),
        "daybook_command_duration_seconds_bucket{kind=\"inventory-item\",type=\"RemoveItems\",\
         outcome=\"rejected\",le=\"+Inf\"} 1"
            .to_owned(),
        "# TYPE daybook_read_model_lag_change_sets gauge".to_owned(),
    ] {
        assert!(metrics.lines().any(|told| told == line), "no `{line}` in:\n{metrics}");
    }
    server.stop();
}

#[test]
fn metrics_say_where_the_feed_ends_and_how_many_consumers_it_has() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    for _ in 0..3 {
        server.command(&command(new_id(), "CreateInventoryItem", bolt()));
    }
    let _follower = server.follow("/api/v1/feed/live");
    let metrics = server.get("/metrics").body;
    for line in [
        "# TYPE daybook_feed_position gauge",
        "daybook_feed_position 6",
        "# TYPE daybook_feed_live_consumers gauge",
        "daybook_feed_live_consumers 1",
        "# TYPE daybook_feed_lag_seconds histogram",
        "daybook_feed_lag_seconds_count 6",
    ] {
        assert!(metrics.lines().any(|told| told == line), "no `{line}` in:\n{metrics}");
    }
    server.stop();
}

fn command_count(name: &str, outcome: &str) -> String {
    format!(
        "daybook_commands_total{{kind=\"inventory-item\",type=\"{name}\",outcome=\"{outcome}\"}} 1"
    )
}

#[test]
fn each_command_is_one_log_line() {
    let data = tempdir().unwrap();
    let server = Daybook::start(daybook(data.path()).args(["--log", "json"]));
    let id = new_id();
    let create = command(id, "CreateInventoryItem", bolt());
    server.command(&create);
    server.command(&command(id, "RemoveItems", json!({ "quantity": 13, "reason": "sold" })));
    server.get(&path(id));
    let log = server.stop();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let commands: Vec<_> = lines.filter(|line| line["message"] == "command").collect();
    let [created, refused] = &commands[..] else { panic!("{log}") };
    assert_eq!(created["level"], "INFO");
    assert_eq!(created["kind"], "inventory-item");
    assert_eq!(created["type"], "CreateInventoryItem");
    assert_eq!(created["id"], id.to_string());
    assert_eq!(created["command_id"], create["command_id"]);
    assert_eq!((&created["version"], &created["outcome"]), (&json!(1), &json!("accepted")));
    assert!(created["duration_ms"].as_f64().unwrap() > 0.0);
    assert!(created["span"]["id"].as_str().unwrap().len() == 36, "{created}");
    let (method, route) = (&created["span"]["method"], &created["span"]["route"]);
    assert_eq!((method, route), (&json!("POST"), &json!("/api/v1/commands")));
    assert_eq!(
        (&refused["outcome"], &refused["rejection"]),
        (&json!("rejected"), &json!("more-than-on-hand"))
    );
}

#[test]
fn a_client_cannot_forge_a_log_line() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    let mut forged = command(new_id(), "X\n1970-01-01T00:00:00Z  INFO forged", json!({}));
    assert_eq!(server.command(&forged).status, 400);
    forged["aggregate"]["kind"] = "Y\nforged".into();
    assert_eq!(server.command(&forged).status, 404);
    let log = server.stop();
    assert!(log.contains("forged") && !log.lines().any(|line| line.starts_with("forged")), "{log}");
    assert!(!log.lines().any(|line| line.starts_with("1970")), "{log}");
}

#[test]
fn a_client_cannot_cause_a_long_log_line() {
    for format in ["text", "json"] {
        let data = tempdir().unwrap();
        let server = Daybook::start(daybook(data.path()).args(["--log", format]));
        let mut long = command(new_id(), &"\u{1f4e6}".repeat(200_000), json!({}));
        assert_eq!(server.command(&long).status, 400);
        long["aggregate"]["kind"] = "x".repeat(900_000).into();
        assert_ne!(server.command(&long).status, 201);
        let log = server.stop();
        let longest = log.lines().map(str::len).max().unwrap();
        assert!(longest < 5_000, "{longest}");
        assert!(log.contains("malformed"), "{log}");
        if format == "json" {
            assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");
        }
    }
}

#[test]
fn a_refused_request_is_logged_with_its_caller() {
    let data = tempdir().unwrap();
    let server = Daybook::start(daybook(data.path()).args(["--log", "json"]));
    for header in ["origin: https://evil.example", "host: evil.example"] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let host = if header.starts_with("host") {
            String::new()
        } else {
            "host: localhost\r\n".to_owned()
        };
        let head =
            format!("POST /api/v1/commands HTTP/1.1\r\n{host}{header}\r\nconnection: close\r\n");
        write!(stream, "{head}content-length: 0\r\n\r\n").unwrap();
        stream.read_to_string(&mut String::new()).unwrap();
    }
    let log = server.stop();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let refused: Vec<_> = lines.filter(|line| line["message"] == "a request was refused").collect();
    let [forbidden, misdirected] = &refused[..] else { panic!("{log}") };
    assert_eq!(forbidden["outcome"], "forbidden");
    assert_eq!(forbidden["origin"], "https://evil.example");
    assert_eq!(misdirected["outcome"], "misdirected");
    assert_eq!(misdirected["host"], "evil.example");
    for line in [forbidden, misdirected] {
        assert_eq!(line["level"], "WARN");
        assert!(line["span"]["caller"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
    }
}

#[test]
fn commands_are_recorded_in_the_configured_name_or_the_users() {
    for (arguments, actor) in [(&[][..], "Pat"), (&["--actor", "Zoë Ångström"], "Zoë Ångström")]
    {
        let data = tempdir().unwrap();
        let server = Daybook::start(daybook(data.path()).args(arguments));
        let id = new_id();
        server.command(&command(id, "CreateInventoryItem", bolt()));
        let history = server.get(&format!("{}/change-sets", path(id))).json();
        assert_eq!(history["change_sets"][0]["actor"], actor);
    }
}

/// Sends the request with this line in its head.
fn sent_with(server: &Daybook, line: &str, request: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let length = body.len();
    let head = format!("{request} HTTP/1.1\r\nhost: localhost\r\n{line}\r\nconnection: close\r\n");
    let of_body =
        format!("content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}");
    write!(stream, "{head}{of_body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn commands_are_recorded_in_the_name_that_the_proxy_sends() {
    let data = tempdir().unwrap();
    let header = ["--trust-proxy-header", "Remote-User", "--log", "json"];
    // Loopback by default, or by name.
    for (trusted, status) in [("", "201"), ("::1,127.0.0.0/8", "201"), ("192.0.2.0/24", "401")] {
        let mut program = daybook(data.path());
        if !trusted.is_empty() {
            program.env("DAYBOOK_TRUSTED_PROXY", trusted);
        }
        let server = Daybook::start(program.args(header));
        let id = new_id();
        let create = command(id, "CreateInventoryItem", bolt()).to_string();
        let answer = sent_with(&server, "remote-user: Zoë", "POST /api/v1/commands", &create);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{trusted}: {answer}");
        if status == "201" {
            let history = format!("GET {}/change-sets", path(id));
            let history = sent_with(&server, "remote-user: Reader", &history, "");
            assert!(history.contains("\"actor\":\"Zoë\""), "{history}");
        }
        assert_eq!(server.get("/healthz").status, 200);
        let unnamed = server.get("/inventory");
        assert_eq!((unnamed.status, &unnamed.json()["code"]), (401, &json!("unauthenticated")));
        let log = server.stop();
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let refused: Vec<_> = lines.filter(|l| l["outcome"] == "unauthenticated").collect();
        let last = refused.last().unwrap_or_else(|| panic!("{log}"));
        assert!(last["span"]["caller"].as_str().unwrap().starts_with("127.0.0.1:"), "{last}");
    }
}

#[test]
fn a_request_of_ten_megabytes_is_refused_and_the_server_keeps_running() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    let huge = "x".repeat(10 * 1024 * 1024);
    // A client that keeps sending may lose the answer along with its connection.
    if let Ok(reply) = request(server.address, "POST", "/api/v1/commands", &huge) {
        assert_eq!((reply.status, &reply.json()["code"]), (413, &json!("too-large")));
    }
    assert_eq!(server.get("/healthz").status, 200);
    server.stop();
}
