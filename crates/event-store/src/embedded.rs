//! A DynamoDB in this process, on a file or in memory, for those who want neither an account nor a
//! container: `dynoxide-rs`, a DynamoDB engine on SQLite, behind the AWS SDK's own HTTP-client trait.
//! The SDK does not know the difference, and neither does [`crate::dynamodb::DynamoDbStore`].
//!
//! The engine blocks, so it runs on a thread of its own behind a bounded queue. On the runtime's threads it would
//! starve everything else. The thread commits the requests that wait in its queue together, with one sync of
//! SQLite's log. It answers no request once the file at the path is not the open one any more. Only one process at a time may have a file open; the caller of [`Embedded::open`] ensures that.

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

/// A DynamoDB in this process. Dropping it closes it to new requests; [`Embedded::close`] also waits.
#[derive(Debug)]
pub struct Embedded {
    engine: Engine,
    client: Client,
}

/// A file that the engine does not open. Nothing in it has been changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It cannot be read or written, or its directory cannot.
    #[error("cannot open {}: {source}", path.display())]
    Inaccessible {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{} is not a database of this program: it is {found}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        found: String,
    },
    /// It was one of ours, and part of it is gone.
    #[error("{} is damaged: {found}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// The engine itself does not start.
    #[error("cannot open {}: {reason}", path.display())]
    Engine {
        /// The file; empty for one in memory.
        path: PathBuf,
        /// What it says.
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
        // With FULL, a commit returns only after SQLite has synced its log, so the answers sent after it are
        // durable. In WAL mode, NORMAL leaves that sync out.
        let synced = storage.conn().pragma_update(None, "synchronous", "FULL");
        synced.map_err(|error| failed(error.to_string()))?;
        OpenFiles::of(path)
            .and_then(|files| Self::start(storage, files))
            .map_err(|source| OpenError::Inaccessible { path: path.to_owned(), source })
    }

    /// One that is gone when it is closed.
    ///
    /// # Errors
    /// [`OpenError`], when the system has no memory or thread to give.
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
        // There are no connections to close after an error; the SDK logs an error for each that it cannot find.
        let retry = RetryConfig::standard().with_reconnect_mode(ReconnectMode::ReuseAllConnections);
        // Nobody checks signatures here, so none are made.
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

    /// A client whose requests land here. It outlives this, but its requests then fail.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Returns a store in this table. Its puts go straight to the engine; its other requests go through the SDK,
    /// as those of [`Embedded::client`] do.
    pub fn store(&self, table: impl Into<Arc<str>>) -> DynamoDbStore {
        DynamoDbStore::new(self.client(), table).with_direct(Direct::new(self.engine.queue()))
    }

    /// Takes no more requests, and waits until those that were taken have been answered and the file
    /// is closed.
    pub async fn close(self) {
        self.engine.close().await;
    }
}
