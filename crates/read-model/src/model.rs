use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, io};

use event_store::Timestamp;
use sqlx::Connection as _;

use crate::database::{self, Database, beside};
use crate::{Error, OpenError, items};

/// Rows for the questions of the business. Cheap to clone; clones share one database.
#[derive(Clone, Debug)]
pub struct ReadModel {
    pub(crate) database: Database,
    /// Whether all that was committed before this process came is in the rows, and what it commits
    /// will be.
    whole: Arc<AtomicBool>,
}

impl ReadModel {
    /// Opens the file, or creates it. Its directory has to exist. [`ReadModel::take_up`] comes next.
    ///
    /// # Errors
    /// [`OpenError`]; [`ReadModel::recreate`] is the remedy for all but an inaccessible file.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Ok(Self::over(Database::open(path.as_ref()).await?))
    }

    /// One that is gone when it is closed.
    ///
    /// # Errors
    /// [`OpenError`], when the system has no memory or thread to give.
    pub async fn in_memory() -> Result<Self, OpenError> {
        Ok(Self::over(Database::in_memory().await?))
    }

    /// Moves whatever stands there aside (to `….old`, in place of what was moved aside before) and
    /// opens a new one.
    ///
    /// # Errors
    /// [`OpenError::Inaccessible`].
    pub async fn recreate(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        // The database before its log: SQLite throws away a log without a database, and would read
        // one beside another database as that one's.
        for suffix in ["", "-wal", "-shm"] {
            move_aside(path, suffix).map_err(|error| OpenError::Inaccessible {
                path: path.to_owned(),
                reason: error.to_string(),
            })?;
        }
        Self::open(path).await
    }

    /// Marks the last stop as clean, if nothing is left to be applied, and closes the file. While there
    /// is a [`crate::Projector`], this is its [`stop`](crate::Projector::stop)'s to do.
    pub async fn close(&self) {
        self.close_sealed("").await;
    }

    /// The same for a store in a file, of which `seal` says what it was once it had been closed; see
    /// [`ReadModel::take_up_sealed`].
    pub async fn close_sealed(&self, seal: &str) {
        if self.whole.swap(false, Ordering::AcqRel)
            && let Err(error) = self.mark_clean(seal).await
        {
            tracing::warn!(%error, "the read model will be checked at the next start");
        }
        self.database.close().await;
    }

    /// The latest time at which a change in the rows was recorded.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn latest_change(&self) -> Result<Option<Timestamp>, Error> {
        let readers = self.database.readers();
        let latest: Option<i64> =
            sqlx::query_scalar(items::LATEST_CHANGE).fetch_one(readers).await?;
        Ok(latest.map(Timestamp::from_millis))
    }

    /// Reads the same from a file, even while another process has it open. Changes no row.
    ///
    /// # Errors
    /// [`Error::Database`], also when the file is not a read model of this version.
    pub async fn latest_change_in(path: impl AsRef<Path>) -> Result<Option<Timestamp>, Error> {
        let mut connection = database::connect(path.as_ref()).await?;
        let latest: Option<i64> =
            sqlx::query_scalar(items::LATEST_CHANGE).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(latest.map(Timestamp::from_millis))
    }

    fn over(database: Database) -> Self {
        Self { database, whole: Arc::default() }
    }

    pub(crate) fn set_whole(&self, whole: bool) {
        self.whole.store(whole, Ordering::Release);
    }
}

fn move_aside(path: &Path, suffix: &str) -> io::Result<()> {
    let old = beside(path, &format!(".old{suffix}"));
    match fs::rename(beside(path, suffix), old) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
