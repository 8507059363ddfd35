//! Spans arrive at the collector that the standard environment variables name.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::json;
use tempfile::tempdir;
use tokio::net::TcpListener;

use super::{Daybook, daybook};
use crate::desk::{bolt, command, new_id};

/// A collector that keeps everything it receives.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<u8>>>);

impl Collector {
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/traces", post(take)).with_state(collector.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        (collector, url)
    }

    /// Asserts that the collector received these texts, which protobuf encodes verbatim.
    #[track_caller]
    fn assert_told(&self, texts: &[&str]) {
        let told = self.0.lock().unwrap();
        for text in texts {
            let found = told.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(found, "`{text}` is not in {}", String::from_utf8_lossy(&told));
        }
    }
}

async fn take(State(collector): State<Collector>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    collector.0.lock().unwrap().extend_from_slice(&body);
    StatusCode::OK
}

#[tokio::test(flavor = "multi_thread")]
async fn the_spans_of_a_command_are_exported_before_the_server_exits() {
    let (collector, url) = Collector::start().await;
    let log = tokio::task::spawn_blocking(move || {
        let data = tempdir().unwrap();
        let mut start = daybook(data.path());
        let server = Daybook::start(start.env("OTEL_EXPORTER_OTLP_ENDPOINT", url));
        let id = new_id();
        assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
        let too_many = command(id, "RemoveItems", json!({ "quantity": 13, "reason": "sold" }));
        assert_eq!(server.command(&too_many).status, 422);
        server.stop()
    })
    .await
    .unwrap();
    collector.assert_told(&["service.name", "daybook"]);
    collector.assert_told(&["request", "POST", "/api/v1/commands"]);
    collector.assert_told(&["load", "decide", "append", "CreateInventoryItem", "PutItem"]);
    collector.assert_told(&["loaded", "accepted", "written", "rejected"]);
    assert!(log.contains("command") && !log.contains("operation="), "the log changed: {log}");
}

#[test]
fn a_server_works_without_its_collector() {
    let data = tempdir().unwrap();
    let mut start = daybook(data.path());
    start.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    let server = Daybook::start(&mut start);
    assert_eq!(server.command(&command(new_id(), "CreateInventoryItem", bolt())).status, 201);
    server.stop();
}
