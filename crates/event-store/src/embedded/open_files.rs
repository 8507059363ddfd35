//! The files that the engine has open, compared with those at their paths.
//!
//! SQLite keeps writing into a file that was removed or renamed, and reports success. Such a write
//! is gone when the process ends, so no answer may say that it is durable.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The database and its log. An in-memory database has none.
#[derive(Debug, Default)]
pub(super) struct OpenFiles {
    files: Vec<OpenFile>,
    is_reported: bool,
}

#[derive(Debug)]
struct OpenFile {
    path: PathBuf,
    identity: Identity,
}

/// The path no longer leads to the file that the engine has open.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} was removed or replaced while in use: put the file back, or stop this process and restore the data",
    .0.display()
)]
pub(super) struct Gone(PathBuf);

impl OpenFiles {
    /// Records the files of this database, which SQLite has just opened with a log in WAL mode.
    ///
    /// # Errors
    /// Fails when one of the files cannot be examined.
    pub(super) fn of(database: &Path) -> io::Result<Self> {
        let mut log = OsString::from(database);
        log.push("-wal");
        // Absolute, because the process may change its working directory later.
        let paths = [fs::canonicalize(database)?, fs::canonicalize(log)?];
        let files = paths.into_iter().map(|path| {
            let identity = Identity::at(&path)?;
            Ok(OpenFile { path, identity })
        });
        Ok(Self { files: files.collect::<io::Result<_>>()?, is_reported: false })
    }

    /// Returns an error unless every path still leads to its open file. Logs the first failure of a
    /// series.
    ///
    /// # Errors
    /// [`Gone`], with the first path that leads elsewhere or nowhere.
    pub(super) fn check(&mut self) -> Result<(), Gone> {
        let is_gone = |file: &&OpenFile| {
            Identity::at(&file.path).map_or(true, |identity| identity != file.identity)
        };
        let Some(file) = self.files.iter().find(is_gone) else {
            self.is_reported = false;
            return Ok(());
        };
        let gone = Gone(file.path.clone());
        if !self.is_reported {
            self.is_reported = true;
            tracing::error!("{gone}; every request is refused until then");
        }
        Err(gone)
    }
}

#[derive(Debug, PartialEq, Eq)]
#[cfg(unix)]
struct Identity {
    device: u64,
    inode: u64,
}

#[cfg(unix)]
impl Identity {
    fn at(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = fs::metadata(path)?;
        Ok(Self { device: metadata.dev(), inode: metadata.ino() })
    }
}

/// Nothing, on systems where an open file cannot be removed or replaced, or where only its presence
/// can be checked.
#[derive(Debug, PartialEq, Eq)]
#[cfg(not(unix))]
struct Identity;

#[cfg(not(unix))]
impl Identity {
    fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|_| Self)
    }
}
