//! Opening what a process works on: its data directory, for itself alone, its store and its read model.

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

/// Why a process cannot have what it works on: one line, which names the place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has the directory.
    #[error(
        "the data directory {} is in use by another daybook: stop that one, or choose another \
         directory with --data",
        .0.display()
    )]
    InUse(PathBuf),
    /// What works on a store that is there finds none.
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
        /// What the system says.
        source: io::Error,
    },
    /// The embedded store's file cannot be used.
    #[error(transparent)]
    Embedded(#[from] embedded::OpenError),
    /// What works on a table that is there finds none.
    #[error(
        "there is no table `{table}` in the store at {place}: name the one that `daybook serve` was given, with \
         --table or DAYBOOK_TABLE"
    )]
    NoTable {
        /// Where the store is.
        place: String,
        /// The table's name.
        table: String,
    },
    /// The table cannot be used.
    #[error("cannot use the store at {place}: {source}")]
    Table {
        /// Where the store is.
        place: String,
        /// Why not.
        source: TableError,
    },
    /// The bucket for large change sets cannot be used.
    #[error("cannot use the bucket `{bucket}`: {source}")]
    Bucket {
        /// Its name.
        bucket: String,
        /// Why not.
        source: ObjectError,
    },
    /// The read model's file cannot be used.
    #[error(transparent)]
    ReadModel(#[from] read_model::OpenError),
    /// The read model opens, and then does not do what it is asked.
    #[error(transparent)]
    TakeUp(#[from] read_model::Error),
}

/// A desk with all that stands behind it. The read model is closed last, as it keeps how the store was
/// left.
#[derive(Debug)]
pub struct OpenDesk {
    /// The desk.
    pub desk: FrontDesk,
    others: Others,
    store: OpenStore,
    // Last, so that nobody else has the directory before all in it is closed.
    _directory: DataDirectory,
}

impl OpenDesk {
    /// Opens what the settings name, in a directory that is locked already.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn open(settings: &Settings, directory: DataDirectory) -> Result<Self, Failure> {
        let store = OpenStore::open(settings, &directory).await?;
        let model = ReadModel::open(directory.read_model()).await.map_err(OpenError::from)?;
        let last_stop = model.take_up_sealed(&store.identity, &store.seal).await;
        let last_stop = last_stop.map_err(OpenError::from)?;
        let feed = store.feed();
        let others = store.others(&feed).await;
        let start = match others {
            Others::None if last_stop == LastStop::Clean => Start::Complete,
            // Whoever shares the store may have written to it while this process was away.
            Others::Heard(_) if last_stop == LastStop::Clean => Start::BehindFeed,
            Others::None | Others::Heard(_) | Others::Unheard(_) => Start::Unknown,
        };
        let lists = Lists::new(model, feed, start);
        let desk = FrontDesk::new(store.store.clone(), lists, &settings.actor());
        let desk = desk.caching(settings.cached_heads);
        Ok(Self { desk, others, store, _directory: directory })
    }

    /// Finishes the commands in flight, brings the lists to where they are, and closes all files.
    pub async fn close(self) {
        drop(self.others);
        self.desk.finish().await;
        let seal = self.store.close().await;
        self.desk.lists().close(&seal).await;
    }
}
