//! A DynamoDB in this process, on a file or in memory, which needs neither an account nor a
//! container. It is `dynoxide-rs`, a DynamoDB engine on SQLite, behind the AWS SDK's own
//! HTTP-client trait. The SDK does not notice the difference. Only the puts of [`Embedded::store`]
//! bypass the SDK.
//!
//! The engine blocks, so it runs on a thread of its own behind a bounded queue. On the runtime's
//! threads it would starve everything else. The thread commits the requests that wait in its queue
//! together, with one sync of SQLite's log. Once the path no longer leads to the open file, every
//! request fails. Only one process at a time may have a file open; the caller of [`Embedded::open`]
//! ensures that.

mod connector;
mod direct;
mod disk;
mod engine;
mod file;
mod group;
mod open_files;
mod protocol;
mod puts;
#[cfg(test)]
mod tests;
mod tokens;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::StalledStreamProtectionConfig;
use aws_sdk_dynamodb::config::retry::{ReconnectMode, RetryConfig};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use dynoxide::storage::Storage;

use crate::dynamodb::DynamoDbStore;
use connector::Connector;
pub(crate) use direct::{Answer, Direct};
pub(crate) use disk::DISK_FULL;
use engine::{Engine, QUEUE_TIMEOUT};
use open_files::OpenFiles;

/// A DynamoDB in this process. Dropping it refuses new requests; [`Embedded::close`] also waits for
/// the earlier ones.
#[derive(Debug)]
pub struct Embedded {
    engine: Engine,
    client: Client,
}

/// The reason why the engine does not open a file. The file has not been changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file or its directory cannot be read or written.
    #[error("cannot open {}: {source}", path.display())]
    Inaccessible {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The file is not a database of this program.
    #[error("{} is not a database of this program: it is {found}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// A description of the file.
        found: String,
    },
    /// The file is a database of this program, but damaged or incomplete.
    #[error("{} is damaged: {found}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// A description of the damage.
        found: String,
    },
    /// The engine does not start.
    #[error("cannot open {}: {reason}", path.display())]
    Engine {
        /// The file; empty for a database in memory.
        path: PathBuf,
        /// The engine's error.
        reason: String,
    },
}

impl Embedded {
    /// Opens the file, or creates it. Its directory has to exist.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        file::check(path)?;
        let failed = |reason: String| OpenError::Engine { path: path.to_owned(), reason };
        let name = path.to_str().ok_or_else(|| failed("its name is not Unicode".to_owned()))?;
        let storage = Storage::new(name).map_err(|error| failed(error.to_string()))?;
        // With FULL, a commit returns only after SQLite has synced its log, so the answers sent
        // after it are durable. In WAL mode, NORMAL leaves that sync out.
        let synced = storage.conn().pragma_update(None, "synchronous", "FULL");
        synced.map_err(|error| failed(error.to_string()))?;
        forget_uncreated_tables(&storage).map_err(|error| failed(error.to_string()))?;
        OpenFiles::of(path)
            .and_then(|files| Self::start(storage, files))
            .map_err(|source| OpenError::Inaccessible { path: path.to_owned(), source })
    }

    /// Opens a database in memory, which is gone once it is closed.
    ///
    /// # Errors
    /// [`OpenError`], if the system has no memory or thread to give.
    pub fn in_memory() -> Result<Self, OpenError> {
        let path = PathBuf::new();
        let storage = Storage::memory()
            .map_err(|error| OpenError::Engine { path: path.clone(), reason: error.to_string() })?;
        Self::start(storage, OpenFiles::default())
            .map_err(|source| OpenError::Inaccessible { path, source })
    }

    fn start(storage: Storage, files: OpenFiles) -> std::io::Result<Self> {
        let engine = Engine::start(storage, files)?;
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(QUEUE_TIMEOUT).build();
        // After some errors the SDK would try to close the connection, find none, and log another
        // error.
        let retry = RetryConfig::standard().with_reconnect_mode(ReconnectMode::ReuseAllConnections);
        // The engine checks no signatures, so the SDK makes none.
        let config = crate::dynamodb::nowhere()
            .allow_no_auth()
            .retry_config(retry)
            .http_client(Connector::new(engine.queue()))
            .endpoint_url("http://embedded.invalid")
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(timeouts)
            .build();
        Ok(Self { engine, client: Client::from_conf(config) })
    }

    /// Returns a client whose requests go to this database. Once the database is closed, they fail.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Returns a store in this table. Its puts go straight to the engine; its other requests go
    /// through the SDK, as those of [`Embedded::client`] do.
    pub fn store(&self, table: impl Into<Arc<str>>) -> DynamoDbStore {
        DynamoDbStore::new(self.client(), table).with_direct(Direct::new(self.engine.queue()))
    }

    /// Refuses new requests, and waits until the earlier ones are answered and the file is closed.
    pub async fn close(self) {
        self.engine.close().await;
    }
}

/// Removes the description of each table that was never created. Earlier releases committed the
/// description first, so a power cut could come between.
fn forget_uncreated_tables(storage: &Storage) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM _tables \
               WHERE table_name NOT IN (SELECT name FROM sqlite_master WHERE type = 'table')";
    storage.conn().execute(sql, [])
}
