//! A DynamoDB over HTTP that tests can make unavailable: the embedded engine behind a socket.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;

/// The way that the store treats requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mood {
    /// Carries out every request.
    Well,
    /// Carries out nothing and breaks the connection.
    Away,
    /// Carries out the next write, breaks the connection before it answers, and is then `Away`.
    LosesAnAnswer,
    /// Delays every request until the mood changes.
    Slow,
}

#[derive(Clone)]
pub(crate) struct Dynamo {
    pub(crate) url: String,
    database: Database,
    mood: Arc<AtomicU8>,
    waiting: Arc<AtomicU8>,
    quirks: Arc<Mutex<Quirks>>,
}

/// Peculiarities of the store, in addition to its mood.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quirks {
    /// The `Date` header of answers, if not the actual time.
    pub(crate) date: Option<&'static str>,
    /// The operation that is refused with `AccessDeniedException`.
    pub(crate) denies: Option<&'static str>,
    /// The text that makes the store `Away` for every request that contains it.
    pub(crate) away_for: Option<String>,
}

impl Dynamo {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let database = Database::memory().unwrap();
        let (mood, waiting) = (Arc::new(AtomicU8::new(Mood::Well as u8)), Arc::default());
        let dynamo = Self { url, database, mood, waiting, quirks: Arc::default() };
        let router = Router::new().route("/", post(answer)).with_state(dynamo.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        dynamo
    }

    pub(crate) fn be(&self, mood: Mood) {
        self.mood.store(mood as u8, Ordering::SeqCst);
    }

    pub(crate) fn have(&self, quirks: Quirks) {
        *self.quirks.lock().unwrap() = quirks;
    }

    /// Returns whether a command has waited for the slow store.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked() > 0
    }

    /// Returns the number of commands that have waited for the slow store so far.
    pub(crate) fn asked(&self) -> u8 {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Carries out an operation, regardless of the mood.
    pub(crate) fn run(&self, operation: &str, body: &[u8]) -> (u16, String) {
        let database = &self.database;
        match operation {
            "PutItem" => run(database, body, Database::put_item),
            "GetItem" => run(database, body, Database::get_item),
            "BatchGetItem" => run(database, body, Database::batch_get_item),
            "TransactWriteItems" => run(database, body, Database::transact_write_items),
            "Query" => run(database, body, Database::query),
            "Scan" => run(database, body, Database::scan),
            "DeleteItem" => run(database, body, Database::delete_item),
            "DescribeContinuousBackups" => (200, BACKUPS.to_owned()),
            "CreateTable" => run(database, body, Database::create_table),
            "DescribeTable" => run(database, body, Database::describe_table),
            "DescribeStream" => run(database, body, Database::describe_stream),
            "GetShardIterator" => run(database, body, Database::get_shard_iterator),
            "GetRecords" => run(database, body, Database::get_records),
            other => panic!("{other} is not expected"),
        }
    }
}

const DENIED: &str = r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User: arn:aws:iam::1:user/pat is not authorized"}"#;

/// The answer about point-in-time recovery, which the engine does not have.
const BACKUPS: &str = r#"{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}}"#;

async fn answer(State(dynamo): State<Dynamo>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers["x-amz-target"].to_str().unwrap();
    let (_, operation) = target.split_once("_20120810.").unwrap();
    let is_write = ["PutItem", "TransactWriteItems"].contains(&operation);
    if dynamo.mood.load(Ordering::SeqCst) == Mood::Slow as u8 {
        // The feed writes all the time, so its writes do not count.
        let is_commands = is_write && !body.windows(6).any(|some| some == b"\"feed#");
        dynamo.waiting.fetch_add(u8::from(is_commands), Ordering::SeqCst);
        while dynamo.mood.load(Ordering::SeqCst) == Mood::Slow as u8 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let Quirks { date, denies, away_for } = dynamo.quirks.lock().unwrap().clone();
    let is_about = |name| String::from_utf8_lossy(&body).contains(&name);
    let mood = match away_for.is_some_and(is_about) {
        true => Mood::Away as u8,
        false => dynamo.mood.load(Ordering::SeqCst),
    };
    let loses_it = mood == Mood::LosesAnAnswer as u8 && is_write;
    if mood == Mood::Well as u8 || (mood == Mood::LosesAnAnswer as u8 && !is_write) {
        let (status, body) = match denies {
            Some(denied) if denied == operation => (400, DENIED.to_owned()),
            _ => dynamo.run(operation, &body),
        };
        let mut response = Response::builder().status(status);
        if let Some(date) = date {
            response = response.header("date", date);
        }
        return response
            .header("content-type", "application/x-amz-json-1.0")
            .body(body.into())
            .unwrap();
    }
    if loses_it {
        dynamo.be(Mood::Away);
        dynamo.run(operation, &body);
    }
    // A body that fails breaks the connection in the middle of the answer.
    let broken = Err::<Bytes, _>(std::io::Error::other("away"));
    Response::new(Body::from_stream(futures::stream::iter([broken])))
}

fn run<Request: DeserializeOwned, Answer: Serialize>(
    database: &Database,
    body: &[u8],
    operation: fn(&Database, Request) -> dynoxide::Result<Answer>,
) -> (u16, String) {
    let request = serde_json::from_slice(body);
    let request = request.map_err(|e| DynoxideError::SerializationException(e.to_string()));
    match request.and_then(|request| operation(database, request)) {
        Ok(answer) => (200, serde_json::to_string(&answer).unwrap()),
        Err(error) => (error.status_code(), error.to_json()),
    }
}
