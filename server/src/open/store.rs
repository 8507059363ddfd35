use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use event_store::dynamodb::{self, DynamoDbStore, TableError, streams};
use event_store::embedded::Embedded;
use event_store::feed::{Feed, Pace};
use event_store::objects::{self, DirectoryObjects, S3Objects};

use super::{DataDirectory, OpenError};
use crate::Failure;
use crate::config::{ObjectsChoice, Settings, StoreChoice};
use crate::telemetry::metrics::{self, StoreMetrics};

/// An open store whose table exists, and the engine to close with it.
#[derive(Debug)]
pub struct OpenStore {
    /// The store.
    pub store: DynamoDbStore,
    /// The unique name of the store, by which the read model knows whose rows it has.
    pub identity: String,
    /// The state of the store's file before it was opened; see [`OpenStore::close`].
    pub seal: String,
    engine: Option<(Embedded, PathBuf)>,
    /// The client of the table's stream, for a table that others may write to.
    pub(super) streams: Option<streams::Client>,
}

impl OpenStore {
    /// Opens the store that the settings choose, and creates its table when it is missing.
    ///
    /// # Errors
    /// [`Failure::Settings`] or [`Failure::Open`].
    pub async fn open(settings: &Settings, directory: &DataDirectory) -> Result<Self, Failure> {
        Self::open_with(settings, directory, Missing::Create).await
    }

    /// Opens the store for a command that must not create one: of a mistyped name it would report
    /// that all is well.
    ///
    /// # Errors
    /// The same as [`OpenStore::open`].
    pub async fn of_existing(
        settings: &Settings,
        directory: &DataDirectory,
    ) -> Result<Self, Failure> {
        Self::open_with(settings, directory, Missing::Refuse).await
    }

    async fn open_with(
        settings: &Settings,
        directory: &DataDirectory,
        missing: Missing,
    ) -> Result<Self, Failure> {
        let objects = settings.objects()?;
        match settings.store()? {
            StoreChoice::Embedded => {
                let path = directory.database();
                let seal = seal_of(&path);
                let engine = Embedded::open(&path).map_err(OpenError::from)?;
                let store = engine.store(&*settings.table).observed_by(Arc::new(StoreMetrics));
                let table = match missing {
                    Missing::Create => store.ensure_table().await,
                    Missing::Refuse => store.existing_table().await,
                };
                table.map_err(unusable(path.display().to_string()))?;
                let beside = DirectoryObjects::new(directory.objects(&settings.table));
                let store = store.with_objects(Arc::new(beside));
                let identity = identity_of(&path, &settings.table);
                Ok(Self { store, identity, seal, engine: Some((engine, path)), streams: None })
            }
            StoreChoice::Endpoint(url) => {
                let client = Client::from_conf(dynamodb::for_endpoint(&url));
                let streams = streams::Client::from_conf(streams::for_endpoint(&url));
                let s3 = |url: Option<String>| objects::for_endpoint(url.unwrap_or_default());
                Self::remote(client, streams, objects, s3, settings, url, missing).await
            }
            StoreChoice::Aws(endpoint) => {
                let (environment, place) = of_environment().await;
                let client = client_of(&environment, endpoint.clone());
                let streams = streams_of(&environment, endpoint);
                let s3 = |url| s3_of(&environment, url);
                Self::remote(client, streams, objects, s3, settings, place, missing).await
            }
        }
    }

    /// Returns whether no other process can write to the store.
    pub fn is_ours_alone(&self) -> bool {
        self.engine.is_some()
    }

    /// Starts the feed of the store.
    pub fn feed(&self) -> Feed<DynamoDbStore> {
        let pace = if self.is_ours_alone() { Pace::ALONE } else { Pace::SHARED };
        Feed::start_observed(self.store.clone(), pace, metrics::feed_lag)
    }

    /// Closes the store once the work in progress is done, and returns the state of its file.
    /// Another state at the next start means that somebody has replaced the file.
    pub async fn close(self) -> String {
        match self.engine {
            Some((engine, path)) => {
                engine.close().await;
                seal_of(&path)
            }
            None => String::new(),
        }
    }

    /// Opens a remote store. `s3` configures the client, for this endpoint if one is given, else
    /// for S3 itself.
    async fn remote(
        client: Client,
        streams: streams::Client,
        objects: ObjectsChoice,
        s3: impl FnOnce(Option<String>) -> aws_sdk_s3::Config,
        settings: &Settings,
        place: String,
        missing: Missing,
    ) -> Result<Self, Failure> {
        let identity = format!("{place}, table {}", settings.table);
        let mut store = of(client, settings);
        let table = match missing {
            Missing::Create => store.ensure_table_with_stream().await,
            Missing::Refuse => store.existing_table().await,
        };
        table.map_err(unusable(place))?;
        if let ObjectsChoice::Bucket { name: bucket, endpoint } = objects {
            let client = aws_sdk_s3::Client::from_conf(s3(endpoint));
            let objects = S3Objects::new(client, &*bucket, &settings.table);
            let checked = objects.check().await;
            checked.map_err(|source| OpenError::Bucket { bucket, source })?;
            store = store.with_objects(Arc::new(objects));
        }
        let (seal, streams) = (String::new(), Some(streams));
        Ok(Self { store, identity, seal, engine: None, streams })
    }
}

/// The treatment of a table that does not exist.
#[derive(Clone, Copy, Debug)]
enum Missing {
    Create,
    Refuse,
}

fn of(client: Client, settings: &Settings) -> DynamoDbStore {
    DynamoDbStore::new(client, &*settings.table).observed_by(Arc::new(StoreMetrics))
}

fn unusable(place: String) -> impl FnOnce(TableError) -> OpenError {
    |source| match source {
        TableError::Missing { table } => OpenError::NoTable { place, table },
        source => OpenError::Table { place, source },
    }
}

/// Returns the identity of an embedded store. Another file in its place is another store, and so is
/// another table in it. (A file that cannot be examined cannot be opened, either.)
fn identity_of(database: &Path, table: &str) -> String {
    let inode = fs::metadata(database).map_or(0, |metadata| metadata.ino());
    format!("embedded, inode {inode}, table {table}")
}

/// Returns the state of the file. The inode alone does not distinguish a file from a copy written
/// over it, nor from a new file that was given the number of a deleted one.
fn seal_of(database: &Path) -> String {
    fs::metadata(database).map_or_else(
        |_| "no file".to_owned(),
        |file| {
            let (inode, bytes) = (file.ino(), file.len());
            format!("inode {inode}, {bytes} bytes of {}.{:09}", file.mtime(), file.mtime_nsec())
        },
    )
}

/// Loads the region, the credentials and the rest as AWS's own tools do; and names the location.
pub(crate) async fn of_environment() -> (aws_config::SdkConfig, String) {
    let environment = aws_config::from_env()
        .http_client(dynamodb::https())
        .timeout_config(dynamodb::timeouts())
        .load()
        .await;
    let region = environment.region().map(|region| format!("AWS {region}"));
    (environment, region.unwrap_or_else(|| "AWS".to_owned()))
}

pub(crate) fn client_of(environment: &aws_config::SdkConfig, endpoint: Option<String>) -> Client {
    let mut config = aws_sdk_dynamodb::config::Builder::from(environment);
    if endpoint.is_some() {
        config.set_endpoint_url(endpoint);
    }
    Client::from_conf(config.build())
}

pub(crate) fn streams_of(
    environment: &aws_config::SdkConfig,
    endpoint: Option<String>,
) -> streams::Client {
    let mut config = streams::Config::from(environment).to_builder();
    if endpoint.is_some() {
        config.set_endpoint_url(endpoint);
    }
    streams::Client::from_conf(config.build())
}

/// Configures S3. A custom endpoint has buckets in the path: their names are no hosts of it.
pub(crate) fn s3_of(
    environment: &aws_config::SdkConfig,
    endpoint: Option<String>,
) -> aws_sdk_s3::Config {
    let config = aws_sdk_s3::config::Builder::from(environment).timeout_config(objects::timeouts());
    match endpoint {
        Some(url) => config.endpoint_url(url).force_path_style(true).build(),
        None => config.build(),
    }
}
