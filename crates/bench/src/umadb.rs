//! `UmaDB`, an event store that also commits the appends of many writers together. Each append has
//! one event, under the condition that nobody else has appended to the same aggregate since the
//! last one.
//!
//! The program `umadb` has to be installed: `cargo install umadb`, which needs `protoc`.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::Instant;
use umadb_client::{AsyncUmaDbClient, UmaDbClient};
use umadb_dcb::{DcbAppendCondition, DcbEvent, DcbEventStoreAsync as _, DcbQuery, DcbQueryItem};
use uuid::Uuid;

use crate::Error;
use crate::ceiling::Round;
use crate::latency::Latencies;

/// The size of an event's data, which equals that of a typical change set's body.
const DATA_BYTES: usize = 410;
const PER_AGGREGATE: u64 = 50;

/// A server in a process of its own, which is killed when this is dropped.
pub(crate) struct UmaDb {
    url: String,
    _process: Child,
}

impl UmaDb {
    pub(crate) async fn start(binary: &Path, directory: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(directory)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new(binary)
            .args(["--listen", &format!("127.0.0.1:{port}"), "--db-path"])
            .arg(directory)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Error::UmaDb(format!("{}: {error}", binary.display())))?;
        let server = Self { url: format!("http://127.0.0.1:{port}"), _process: process };
        for _ in 0..200 {
            if server.connect().await.is_ok() {
                return Ok(server);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Error::UmaDb("was not ready after ten seconds".into()))
    }

    async fn connect(&self) -> Result<AsyncUmaDbClient, Error> {
        let client = UmaDbClient::new(self.url.clone()).connect_async().await.map_err(failed)?;
        client.head().await.map_err(failed)?;
        Ok(client)
    }

    /// Runs this many writers, each on a connection of its own. A writer appends as soon as its
    /// last append is answered.
    pub(crate) async fn appends(&self, writers: usize, time: Duration) -> Result<Round, Error> {
        let mut clients = Vec::with_capacity(writers);
        for _ in 0..writers {
            clients.push(self.connect().await?);
        }
        let started = Instant::now();
        let mut appending = JoinSet::new();
        for client in clients {
            appending.spawn(append(Arc::new(client), started, time));
        }
        let mut latencies = Latencies::default();
        while let Some(of_one) = appending.join_next().await {
            latencies.extend(of_one??);
        }
        Ok(Round::of(latencies, started.elapsed()))
    }
}

async fn append(
    client: Arc<AsyncUmaDbClient>,
    started: Instant,
    time: Duration,
) -> Result<Latencies, Error> {
    let mut latencies = Latencies::default();
    loop {
        let aggregate = format!("inventory-item#{}", Uuid::now_v7());
        let boundary = DcbQuery::new().item(DcbQueryItem::new().tags([aggregate.as_str()]));
        let mut last = None;
        for _ in 0..PER_AGGREGATE {
            if started.elapsed() > time {
                return Ok(latencies);
            }
            let event = DcbEvent::default()
                .event_type("ItemsCheckedIn")
                .tags([aggregate.as_str()])
                .data(vec![b'x'; DATA_BYTES])
                .uuid(Uuid::now_v7());
            let condition = DcbAppendCondition::new(boundary.clone()).after(last);
            let sent = Instant::now();
            last = Some(client.append(vec![event], Some(condition), None).await.map_err(failed)?);
            latencies.push(sent.elapsed());
        }
    }
}

fn failed(error: umadb_dcb::DcbError) -> Error {
    Error::UmaDb(error.to_string())
}
