use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::OpenError;

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
        let lock = options.open(path.join("daybook.lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The embedded store's file.
    pub fn database(&self) -> PathBuf {
        self.path.join("daybook.db")
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
