//! All change sets, as they are committed.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, Method, Request};
use futures::StreamExt;
use futures::future::{join, join_all};
use serde_json::{Value, json};
use server::Live;

use super::{check_in, positions, with_a_hole, with_entries};
use crate::desk::TestDesk;

/// A stream of events, read as a browser reads it.
struct Events {
    headers: HeaderMap,
    body: BodyDataStream,
    text: String,
    blocks: VecDeque<String>,
}

/// One event of the stream.
#[derive(Debug, PartialEq)]
struct Told {
    id: String,
    name: String,
    data: Value,
}

impl Events {
    async fn at(desk: &TestDesk, query: &str) -> Self {
        Self::of(desk, live(query)).await
    }

    /// Resumes after the event with the id `last`.
    async fn resumed(desk: &TestDesk, last: &str) -> Self {
        let mut request = live("?after=0");
        request.headers_mut().insert("last-event-id", last.parse().unwrap());
        Self::of(desk, request).await
    }

    async fn of(desk: &TestDesk, request: Request<Body>) -> Self {
        let (parts, body) = desk.raw(request).await.into_parts();
        assert_eq!(parts.status, 200);
        let body = body.into_data_stream();
        Self { headers: parts.headers, body, text: String::new(), blocks: VecDeque::new() }
    }

    /// The lines up to the next empty line, or `None` at the end of the stream.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some(block) = self.blocks.pop_front() {
                return Some(block);
            }
            let Some(bytes) = self.body.next().await else {
                assert_eq!(self.text, "", "the stream ends within an event");
                return None;
            };
            self.text.push_str(std::str::from_utf8(&bytes.unwrap()).unwrap());
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                self.blocks.push_back(block.to_owned());
                self.text = rest.to_owned();
            }
        }
    }

    /// The next event, or `None` at the end of the stream.
    async fn next(&mut self) -> Option<Told> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| {
                let mut lines = block.lines().filter_map(|line| line.split_once(": "));
                let value = lines.find(|(field, _)| *field == name);
                value.map_or("", |(_, value)| value).to_owned()
            };
            let (id, name, data) = (field("id"), field("event"), field("data"));
            if !data.is_empty() {
                return Some(Told { id, name, data: serde_json::from_str(&data).unwrap() });
            }
        }
    }

    /// The next entry of the feed.
    async fn entry(&mut self) -> Value {
        let Told { id, name, data } = self.next().await.unwrap();
        assert_eq!((name, id), ("change-set".to_owned(), data["position"].to_string()), "{data}");
        data
    }

    async fn entries(&mut self, count: usize) -> Vec<Value> {
        let mut entries = Vec::new();
        while entries.len() < count {
            entries.push(self.entry().await);
        }
        entries
    }

    /// The problem with which the stream ends, in an event of this name.
    async fn last_word(&mut self, name: &str) -> Value {
        let last = self.next().await.unwrap();
        assert_eq!((&*last.id, &*last.name), ("", name), "{last:?}");
        assert_eq!(self.block().await, None);
        last.data
    }
}

fn live(query: &str) -> Request<Body> {
    Request::get(format!("/api/v1/feed/live{query}")).body(Body::empty()).unwrap()
}

async fn feed(desk: &TestDesk) -> Vec<Value> {
    desk.get("/api/v1/feed?limit=1000").await.ok()["entries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_consumer_receives_existing_entries_and_then_new_ones() {
    let desk = TestDesk::new().await;
    let id = with_entries(&desk, 2).await;
    let mut request = live("?after=0");
    request.headers_mut().insert("accept-encoding", "gzip, br".parse().unwrap());
    let mut events = Events::of(&desk, request).await;
    for (name, value) in [
        ("content-type", Some("text/event-stream")),
        ("cache-control", Some("no-store")),
        ("content-encoding", None),
        ("x-accel-buffering", Some("no")),
    ] {
        let there = events.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(there, value, "{name}");
    }
    assert_eq!(events.block().await.unwrap(), "retry: 1000\nid: 0");
    let mut told = events.entries(2).await;
    check_in(&desk, id).await;
    told.push(events.entry().await);
    assert_eq!(told, feed(&desk).await);
}

#[tokio::test]
async fn a_consumer_without_a_position_receives_only_new_entries() {
    let desk = TestDesk::new().await;
    let id = with_entries(&desk, 2).await;
    let mut events = Events::at(&desk, "").await;
    check_in(&desk, id).await;
    assert_eq!(events.entry().await["position"], 3);
}

/// A browser resumes after the last id that it received. Without an id, it would miss the entries
/// until it reconnects.
#[tokio::test]
async fn a_consumer_that_received_nothing_resumes_where_it_began() {
    let desk = TestDesk::new().await;
    let id = with_entries(&desk, 2).await;
    let mut events = Events::at(&desk, "").await;
    let beginning = events.block().await.unwrap();
    let last = beginning.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    drop(events);
    check_in(&desk, id).await;
    assert_eq!(Events::resumed(&desk, last).await.entry().await["position"], 3);
}

#[tokio::test]
async fn a_consumer_resumes_without_a_gap_while_commands_are_sent() {
    const COUNT: usize = 80;
    let desk = TestDesk::new().await;
    let mut told = Vec::new();
    let following = async {
        let mut last = "0".to_owned();
        while told.len() < COUNT {
            let mut events = Events::resumed(&desk, &last).await;
            told.extend(events.entries(20).await);
            last = told.last().unwrap()["position"].to_string();
        }
    };
    join(with_entries(&desk, COUNT), following).await;
    assert_eq!(positions(&told), (1..=COUNT as u64).collect::<Vec<_>>());
    assert_eq!(told, feed(&desk).await);
}

#[tokio::test]
async fn all_consumers_receive_the_same_entries() {
    let desk = TestDesk::new().await;
    let mut consumers = [Events::at(&desk, "").await, Events::at(&desk, "").await];
    let told = join_all(consumers.iter_mut().map(|events| events.entries(50)));
    let (_, told) = join(with_entries(&desk, 50), told).await;
    let expected = feed(&desk).await;
    assert_eq!(told, [expected.clone(), expected]);
}

#[tokio::test]
async fn a_consumer_that_never_reads_is_dropped_with_a_last_event() {
    let desk_live = Live::new(Duration::from_millis(1), Duration::from_secs(15));
    let desk = TestDesk::with_live(desk_live.clone()).await;
    with_entries(&desk, 60).await;
    let mut never_reads = Events::at(&desk, "?after=0").await;
    desk_live.consumers().wait_for(|consumers| *consumers == 0).await.unwrap();

    let mut told = 0;
    let dropped = loop {
        match never_reads.next().await.unwrap() {
            entry if entry.name == "change-set" => {
                told += 1;
                assert_eq!(entry.id, told.to_string());
            }
            other => break other,
        }
    };
    assert!((1..60).contains(&told), "{told} events were buffered");
    assert_eq!((&*dropped.name, &*dropped.id), ("dropped", ""));
    assert_eq!((&dropped.data["status"], &dropped.data["code"]), (&json!(408), &json!("too-slow")));
    assert_eq!(dropped.data["position"], told);
    assert_eq!(never_reads.block().await, None);
    let mut again = Events::resumed(&desk, &told.to_string()).await;
    assert_eq!(again.entry().await["position"], told + 1);
}

#[tokio::test]
async fn a_consumer_that_disconnects_is_forgotten() {
    let desk_live = Live::default();
    let desk = TestDesk::with_live(desk_live.clone()).await;
    let events = Events::at(&desk, "").await;
    let mut consumers = desk_live.consumers();
    assert_eq!(*consumers.borrow(), 1);
    drop(events);
    consumers.wait_for(|consumers| *consumers == 0).await.unwrap();
}

#[tokio::test]
async fn an_idle_stream_carries_comments() {
    let often = Live::new(Duration::from_secs(30), Duration::from_millis(1));
    let desk = TestDesk::with_live(often).await;
    let mut events = Events::at(&desk, "").await;
    events.block().await;
    assert_eq!(events.block().await.unwrap(), ":");
}

#[tokio::test]
async fn an_unreadable_entry_ends_the_stream() {
    let desk = with_a_hole().await;
    let mut events = Events::at(&desk, "?after=0").await;
    assert_eq!(positions(&events.entries(2).await), [1, 2]);
    let problem = events.last_word("problem").await;
    assert_eq!((&problem["status"], &problem["code"]), (&json!(500), &json!("corrupt")));
    assert_eq!(problem["position"], 3);
    // A browser that reconnects meets the same entry, so the delay is longer than a second.
    let mut again = Events::resumed(&desk, "2").await;
    assert!(again.block().await.unwrap().starts_with("retry: 1000"));
    let block = again.block().await.unwrap();
    assert!(block.contains("event: problem") && block.contains("retry: 60000"), "{block}");
    assert_eq!(Events::resumed(&desk, "3").await.entry().await["position"], 4);
}

#[tokio::test]
async fn a_stop_notifies_all_consumers() {
    let desk_live = Live::default();
    let desk = TestDesk::with_live(desk_live.clone()).await;
    with_entries(&desk, 2).await;
    let mut events = Events::at(&desk, "?after=1").await;
    assert_eq!(events.entry().await["position"], 2);
    desk_live.stop();
    for events in [&mut events, &mut Events::at(&desk, "").await] {
        let problem = events.last_word("stopping").await;
        assert_eq!((&problem["status"], &problem["position"]), (&json!(503), &json!(2)));
    }
}

#[tokio::test]
async fn an_invalid_position_is_refused() {
    let desk = TestDesk::new().await;
    with_entries(&desk, 3).await;
    assert_eq!(feed(&desk).await.len(), 3);
    for (place, found) in [
        ("last-event-id", "4"),
        ("last-event-id", "-1"),
        ("last-event-id", "x\u{e9}"),
        ("last-event-id", ""),
    ] {
        let mut request = live("?after=0");
        request.headers_mut().insert(place, found.try_into().unwrap());
        let problem = desk.send(request).await.problem(400, "malformed");
        assert_eq!(problem["pointer"], place);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("`{found}`")) && detail.contains("0 to 3"), "{detail}");
    }
    for query in ["after=4", "after=-1", "after=", "limit=3"] {
        desk.get(&format!("/api/v1/feed/live?{query}")).await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn the_stream_answers_to_head_and_refuses_post() {
    let desk = TestDesk::new().await;
    let mut request = live("");
    *request.method_mut() = Method::HEAD;
    let answer = desk.send(request).await;
    assert_eq!((answer.status.as_u16(), &*answer.text), (200, ""));
    assert_eq!(answer.header("content-type"), "text/event-stream");
    let mut request = live("");
    *request.method_mut() = Method::POST;
    let answer = desk.send(request).await;
    answer.problem(405, "method-not-allowed");
    assert_eq!(answer.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn a_consumer_over_the_limit_is_told_to_retry() {
    let desk = TestDesk::with_live(Live::default().for_at_most(1)).await;
    let first = Events::at(&desk, "").await;
    let second = desk.raw(live("")).await;
    assert_eq!(second.status(), 429);
    assert_eq!(second.headers()["retry-after"], "10");
    drop(first);
    while desk.raw(live("")).await.status() == 429 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn consumers_at_the_same_position_receive_the_same_entries() {
    let desk = TestDesk::new().await;
    let id = with_entries(&desk, 3).await;
    let mut all = join_all((0..5).map(|_| Events::at(&desk, "?after=1"))).await;
    check_in(&desk, id).await;
    for events in &mut all {
        assert_eq!(events.entries(3).await, feed(&desk).await[1..]);
    }
}
