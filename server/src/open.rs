//! Opening the resources of a process: its data directory, locked for it alone, its store and its
//! read model.

mod directory;
mod store;
mod tail;

use std::io;
use std::path::PathBuf;

use event_store::dynamodb::TableError;
use event_store::embedded;
use event_store::objects::ObjectError;
use read_model::{LastStop, ReadModel};

use crate::Failure;
use crate::config::Settings;
use crate::desk::{FrontDesk, Lists, Start};
pub use directory::DataDirectory;
pub(crate) use directory::{is_open_to_others, lock_file};
pub use store::OpenStore;
pub(crate) use store::{client_of, of_environment, s3_of, streams_of};
use tail::Others;

/// The reason why a resource cannot be opened, in one line that names the place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process holds the directory.
    #[error(
        "the data directory {} is in use by another daybook: stop that one, or choose another \
         directory with --data",
        .0.display()
    )]
    InUse(PathBuf),
    /// A command that needs an existing store finds none.
    #[error(
        "there is no store in {}: name the directory that `daybook serve` was given, with --data or \
         DAYBOOK_DATA",
        .0.display()
    )]
    NoStore(PathBuf),
    /// The directory cannot be created, written or locked.
    #[error("cannot use the data directory {}: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The embedded store's file cannot be used.
    #[error(transparent)]
    Embedded(#[from] embedded::OpenError),
    /// A command that needs an existing table finds none.
    #[error(
        "there is no table `{table}` in the store at {place}: name the one that `daybook serve` was given, with \
         --table or DAYBOOK_TABLE"
    )]
    NoTable {
        /// The location of the store.
        place: String,
        /// The name of the table.
        table: String,
    },
    /// The table cannot be used.
    #[error("cannot use the store at {place}: {source}")]
    Table {
        /// The location of the store.
        place: String,
        /// The reason.
        source: TableError,
    },
    /// The bucket for large change sets cannot be used.
    #[error("cannot use the bucket `{bucket}`: {source}")]
    Bucket {
        /// The name of the bucket.
        bucket: String,
        /// The reason.
        source: ObjectError,
    },
    /// The read model's file cannot be used.
    #[error(transparent)]
    ReadModel(#[from] read_model::OpenError),
    /// The read model opens, but fails in use.
    #[error(transparent)]
    TakeUp(#[from] read_model::Error),
}

/// A desk with everything behind it. The read model is closed last, because it records the state in
/// which the store was left.
#[derive(Debug)]
pub struct OpenDesk {
    /// The desk.
    pub desk: FrontDesk,
    others: Others,
    store: OpenStore,
    // Dropped last, so that no other process gets the directory before everything in it is closed.
    _directory: DataDirectory,
}

impl OpenDesk {
    /// Opens what the settings name, in a directory that is already locked.
    ///
    /// # Errors
    /// A [`Failure`] when one of the resources cannot be opened.
    pub async fn open(settings: &Settings, directory: DataDirectory) -> Result<Self, Failure> {
        let store = OpenStore::open(settings, &directory).await?;
        let model = ReadModel::open(directory.read_model()).await.map_err(OpenError::from)?;
        let last_stop = model.take_up_sealed(&store.identity, &store.seal).await;
        let last_stop = last_stop.map_err(OpenError::from)?;
        let feed = store.feed();
        let others = store.others(&feed).await;
        let start = match others {
            Others::None if last_stop == LastStop::Clean => Start::Complete,
            // Processes that share the store may have written to it while this one was down.
            Others::Heard(_) if last_stop == LastStop::Clean => Start::BehindFeed,
            Others::None | Others::Heard(_) | Others::Unheard(_) => Start::Unknown,
        };
        let lists = Lists::new(model, feed, start);
        let desk = FrontDesk::new(store.store.clone(), lists).caching(settings.cached_heads);
        Ok(Self { desk, others, store, _directory: directory })
    }

    /// Finishes the commands in flight, brings the lists up to date, and closes all files.
    pub async fn close(self) {
        drop(self.others);
        self.desk.finish().await;
        let seal = self.store.close().await;
        self.desk.lists().close(&seal).await;
    }
}
