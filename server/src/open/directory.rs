use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::OpenError;
use crate::Failure;
use crate::config::{Settings, StoreChoice};

const DATABASE: &str = "daybook.db";
const LOCK: &str = "daybook.lock";

/// A data directory that is this process's alone for as long as this lives.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    _lock: File,
}

impl DataDirectory {
    /// Creates the directory when it is missing, and locks it. The lock goes with the process, however
    /// that ends; its file stays.
    ///
    /// # Errors
    /// When another process has it, or it cannot be written.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Directory { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(failed)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        let lock = options.open(path.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The directory of these settings, for what makes no store where there is none: an embedded one has to
    /// be there, or a mistyped name would be examined and found in good order.
    ///
    /// # Errors
    /// [`Failure::Settings`] or [`Failure::Open`].
    pub fn of_existing(settings: &Settings) -> Result<Self, Failure> {
        let path = &settings.data;
        let missing = || OpenError::NoStore(path.clone());
        let embedded = settings.store()? == StoreChoice::Embedded;
        // Nothing is made where nothing is; whoever has the directory now may be about to make a store.
        if embedded && [DATABASE, LOCK].iter().all(|name| !path.join(name).exists()) {
            return Err(missing().into());
        }
        let directory = Self::open(path)?;
        if embedded && !directory.database().exists() {
            return Err(missing().into());
        }
        Ok(directory)
    }

    /// The embedded store's file.
    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Where the embedded store keeps what is too large for the items of this table.
    pub fn objects(&self, table: &str) -> PathBuf {
        self.path.join("objects").join(table)
    }

    /// Where a verification that was stopped has left its notes.
    pub fn verification(&self) -> PathBuf {
        self.path.join("verification.json")
    }

    /// The read model's file.
    pub fn read_model(&self) -> PathBuf {
        self.path.join("read-model.db")
    }
}
