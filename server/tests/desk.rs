//! A whole server in memory, called without a socket, and the helpers that its tests share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use api::Caller;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use axum::response::Response;
use event_store::dynamodb::DynamoDbStore;
use event_store::embedded::Embedded;
use event_store::feed::{Feed, Pace};
use http_body_util::BodyExt;
use read_model::ReadModel;
use rust_embed::{EmbeddedFile, Metadata};
use serde_json::{Value, json};
use server::desk::{Lists, Start};
use server::http::{Callers, Reach};
use server::{FrontDesk, Host, Live, router, telemetry};
use tower::ServiceExt;
use uuid::Uuid;

/// The kind of aggregate that most tests use.
pub(crate) const ITEM: &str = "inventory-item";

/// A server on the embedded engine, in memory.
pub(crate) struct TestDesk {
    router: Router,
    pub(crate) front: FrontDesk,
    engine: Option<Embedded>,
}

/// A response, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts a problem document of this status and code, and returns its body.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        problem
    }

    /// Asserts a success, and returns its body.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text);
        assert_eq!(self.header("content-type"), "application/json");
        self.json()
    }
}

impl TestDesk {
    pub(crate) async fn new() -> Self {
        Self::with_lists(true).await
    }

    /// Creates a desk. With `clean`, its lists are complete from the start.
    pub(crate) async fn with_lists(clean: bool) -> Self {
        let engine = Embedded::in_memory().unwrap();
        Self::on(engine, clean, Live::default(), alone()).await
    }

    /// Creates a desk with this source of callers.
    pub(crate) async fn with_callers(callers: Callers) -> Self {
        Self::on(Embedded::in_memory().unwrap(), true, Live::default(), callers).await
    }

    /// Creates a desk with this registry of live feed consumers.
    pub(crate) async fn with_live(live: Live) -> Self {
        Self::on(Embedded::in_memory().unwrap(), true, live, alone()).await
    }

    /// Replaces the desk by a new one on the same store, with nothing in memory.
    pub(crate) async fn again(mut self) -> Self {
        self.front.finish().await;
        Self::on(self.engine.take().unwrap(), true, Live::default(), alone()).await
    }

    async fn on(engine: Embedded, clean: bool, live: Live, callers: Callers) -> Self {
        let desk = Self::opened(engine.client(), clean, live, callers).await;
        Self { engine: Some(engine), ..desk }
    }

    /// Creates one of several servers on the same store.
    pub(crate) async fn node(client: Client, clean: bool) -> Self {
        Self::opened(client, clean, Live::default(), alone()).await
    }

    async fn opened(client: Client, clean: bool, live: Live, callers: Callers) -> Self {
        let store = DynamoDbStore::new(client, "daybook");
        store.ensure_table().await.unwrap();
        let model = ReadModel::in_memory().await.unwrap();
        model.take_up("test").await.unwrap();
        let feed = Feed::start(store.clone(), Pace::ALONE);
        let start = if clean { Start::Complete } else { Start::Unknown };
        let lists = Lists::new(model, feed, start);
        let desk = FrontDesk::new(store.clone(), lists);
        let metrics = telemetry::metrics::collect();
        let front = desk.clone();
        let hosts = vec!["daybook.example".parse().unwrap()];
        let origins = vec!["https://books.example".parse().unwrap()];
        let reach = Reach::new(([127, 0, 0, 1], 3000).into(), hosts, origins);
        let host = Host { desk, live, metrics, reach, callers, site };
        Self { router: router(host), front, engine: None }
    }

    /// Closes the store under the desk.
    pub(crate) async fn without_its_store(mut self) -> Self {
        self.engine.take().unwrap().close().await;
        self
    }

    /// A client of the engine, for writes that a store never makes.
    pub(crate) fn intruder(&self) -> Client {
        self.engine.as_ref().unwrap().client()
    }

    /// Overwrites the body of a version, which a store never does.
    pub(crate) async fn tamper(&self, id: Uuid, version: u64, change: impl Fn(&str) -> String) {
        let (client, key) = (self.intruder(), key(id, version));
        let get = client.get_item().table_name("daybook").set_key(Some(key));
        let mut item = get.send().await.unwrap().item.unwrap();
        let body = change(item["body"].as_s().unwrap());
        assert_ne!(item["body"].as_s().unwrap(), &body);
        item.insert("body".to_owned(), AttributeValue::S(body));
        client.put_item().table_name("daybook").set_item(Some(item)).send().await.unwrap();
    }

    /// Deletes a version, which a store never does.
    pub(crate) async fn remove(&self, id: Uuid, version: u64) {
        let (client, key) = (self.intruder(), key(id, version));
        client.delete_item().table_name("daybook").set_key(Some(key)).send().await.unwrap();
    }

    /// Sends the request, to `localhost` unless it names another host. Returns the answer unread.
    pub(crate) async fn raw(&self, mut request: Request<Body>) -> Response {
        let here = HeaderValue::from_static("localhost");
        request.headers_mut().entry(HOST).or_insert(here);
        self.as_it_is(request).await
    }

    /// Sends the request unchanged, even without a host.
    pub(crate) async fn as_it_is(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.raw(request).await.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Posts this text as a command.
    pub(crate) async fn post(&self, body: impl Into<Body>) -> Answer {
        self.send(post(body)).await
    }

    pub(crate) async fn command(&self, request: &Value) -> Answer {
        self.post(request.to_string()).await
    }

    /// Creates an item and returns its id.
    pub(crate) async fn item(&self, data: Value) -> Uuid {
        let id = new_id();
        let created = self.command(&command(id, "CreateInventoryItem", data)).await;
        assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
        id
    }

    /// Creates an arbitrary item with this many on hand.
    pub(crate) async fn stocked(&self, on_hand: i64) -> Uuid {
        let id = self.item(bolt()).await;
        let check_in = command(id, "CheckInItems", json!({ "quantity": on_hand }));
        assert_eq!(self.command(&check_in).await.status, StatusCode::CREATED);
        id
    }
}

/// The only caller of most desks.
fn alone() -> Callers {
    Callers::Lone(Caller::named("Tess"))
}

/// A site of a few files, named as `make site` names them.
fn site(path: &str) -> Option<EmbeddedFile> {
    let content: &'static str = match path {
        "favicon.svg" => "<svg/>",
        "pkg/names.json" => {
            r#"{"daybook.css":"daybook.00000000000000c1.css","daybook.js":"daybook.00000000000000a2.js","daybook.wasm":"daybook.00000000000000b3.wasm"}"#
        }
        "pkg/daybook.00000000000000c1.css" => "css",
        "pkg/daybook.00000000000000a2.js" => "js",
        "pkg/daybook.00000000000000b3.wasm" => "wasm",
        _ => return None,
    };
    let metadata = Metadata::__rust_embed_new([1; 32], None, None);
    Some(EmbeddedFile { data: content.as_bytes().into(), metadata })
}

fn key(id: Uuid, version: u64) -> HashMap<String, AttributeValue> {
    let key = [("pk", format!("{ITEM}#{id}")), ("sk", format!("{version:012}"))];
    key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).into()
}

/// A request that posts this body as a command.
pub(crate) fn post(body: impl Into<Body>) -> Request<Body> {
    Request::builder()
        .method(Method::POST)
        .uri("/api/v1/commands")
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap()
}

/// The data of an arbitrary item with a unique SKU.
pub(crate) fn bolt() -> Value {
    static LENGTH: AtomicU64 = AtomicU64::new(1);
    let length = LENGTH.fetch_add(1, Ordering::Relaxed);
    json!({ "sku": format!("M8-{length}"), "name": "Bolt M8 × 40", "unit": "pcs" })
}

/// A command with a new command id.
pub(crate) fn command(item: Uuid, name: &str, data: Value) -> Value {
    json!({
        "command_id": new_id(),
        "aggregate": { "kind": ITEM, "id": item },
        "command": { "type": name, "data": data },
    })
}

/// The same command, with this expected version.
pub(crate) fn expecting(version: u64, mut command: Value) -> Value {
    command["expected_version"] = version.into();
    command
}

/// A new id, as a client makes one.
pub(crate) fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// The API path of an item.
pub(crate) fn path(item: Uuid) -> String {
    format!("/api/v1/aggregates/{ITEM}/{item}")
}
