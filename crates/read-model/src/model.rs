use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, io};

use event_store::Timestamp;
use sqlx::{Connection as _, QueryBuilder};

use crate::database::{self, Database, Db, beside};
use crate::projections::{PROJECTIONS, Projections};
use crate::{Error, OpenError};

/// The rows that answer queries. Cheap to clone; clones share one database.
#[derive(Clone, Debug)]
pub struct ReadModel {
    pub(crate) database: Database,
    pub(crate) projections: Projections,
    /// `true` if the rows show everything committed before this process started, and will show
    /// everything that it commits.
    whole: Arc<AtomicBool>,
}

impl ReadModel {
    /// Opens or creates the file, whose directory must exist. Call [`ReadModel::take_up`] next.
    ///
    /// # Errors
    /// [`OpenError`]; [`ReadModel::recreate`] is the remedy for all but an inaccessible file.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Ok(Self::over(Database::open(path.as_ref()).await?, PROJECTIONS))
    }

    /// Opens a read model that is gone when it is closed.
    ///
    /// # Errors
    /// [`OpenError`] if the system has no memory or thread to spare.
    pub async fn in_memory() -> Result<Self, OpenError> {
        Ok(Self::over(Database::in_memory().await?, PROJECTIONS))
    }

    /// Moves any existing file aside (to `….old`, replacing an earlier one), and opens a new read
    /// model.
    ///
    /// # Errors
    /// [`OpenError::Inaccessible`].
    pub async fn recreate(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        // Move the database before its log: SQLite discards a log without a database, but would
        // apply a log that lies beside another database to that one.
        for suffix in ["", "-wal", "-shm"] {
            move_aside(path, suffix).map_err(|error| OpenError::Inaccessible {
                path: path.to_owned(),
                reason: error.to_string(),
            })?;
        }
        Self::open(path).await
    }

    /// Marks the last stop as clean if nothing is left to apply, and closes the file.
    ///
    /// A [`crate::Projector`] does this in its [`stop`](crate::Projector::stop).
    pub async fn close(&self) {
        self.close_sealed("").await;
    }

    /// Closes the read model of a store in a file, like [`ReadModel::close`].
    ///
    /// The `seal` describes the store's file after it was closed; see
    /// [`ReadModel::take_up_sealed`].
    pub async fn close_sealed(&self, seal: &str) {
        if self.whole.swap(false, Ordering::AcqRel)
            && let Err(error) = self.mark_clean(seal).await
        {
            tracing::warn!(%error, "the read model will be checked at the next start");
        }
        self.database.close().await;
    }

    /// Returns the latest time at which a change in the rows was recorded.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Damaged`].
    pub async fn latest_change(&self) -> Result<Option<Timestamp>, Error> {
        let mut query = latest_change_query(self.projections);
        let latest: Option<i64> =
            query.build_query_scalar().fetch_one(self.database.readers()).await?;
        Ok(latest.map(Timestamp::from_millis))
    }

    /// Returns [`ReadModel::latest_change`] of a file, even while another process has it open.
    /// Changes no row.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Damaged`], also if the file is not a read model of this
    /// version.
    pub async fn latest_change_in(path: impl AsRef<Path>) -> Result<Option<Timestamp>, Error> {
        let mut connection = database::connect(path.as_ref()).await?;
        let mut query = latest_change_query(PROJECTIONS);
        let latest: Option<i64> = query.build_query_scalar().fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(latest.map(Timestamp::from_millis))
    }

    pub(crate) fn over(database: Database, projections: Projections) -> Self {
        Self { database, projections, whole: Arc::default() }
    }

    pub(crate) fn set_whole(&self, whole: bool) {
        self.whole.store(whole, Ordering::Release);
    }
}

/// Selects the latest time of a change in any table, or NULL.
fn latest_change_query(projections: Projections) -> QueryBuilder<Db> {
    let mut query = QueryBuilder::new("SELECT MAX(latest) FROM (");
    let mut union = query.separated(" UNION ALL ");
    for projection in projections.iter() {
        let table = projection.table();
        union.push(format_args!("SELECT MAX(updated_at) AS latest FROM {table}"));
    }
    query.push(")");
    query
}

fn move_aside(path: &Path, suffix: &str) -> io::Result<()> {
    let old = beside(path, &format!(".old{suffix}"));
    match fs::rename(beside(path, suffix), old) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
