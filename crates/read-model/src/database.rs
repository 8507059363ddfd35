//! Everything that depends on the database: connecting, beginning transactions, and classifying
//! errors.
//!
//! The SQL elsewhere is portable; SQLite and MySQL share `REPLACE INTO` and `instr`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use event_store::full_disk::{is_no_room, try_to_write};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, QueryBuilder, SqlSafeStr as _};
use uuid::Uuid;

use crate::OpenError;

/// The database that the rest of the crate uses.
pub(crate) type Db = sqlx::Sqlite;
/// A connection to the database.
pub(crate) type DbConnection = <Db as sqlx::Database>::Connection;
/// A row that the database returned.
pub(crate) type DbRow = <Db as sqlx::Database>::Row;
/// A transaction in the database.
pub(crate) type Transaction = sqlx::Transaction<'static, Db>;

/// The migrations, in order. A released script must not change, because databases store its hash.
///
/// The list is written out because sqlx's macro would compile SQLite a second time, for use at
/// compile time.
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let scripts = [
        ("inventory items", include_str!("../migrations/0001_inventory_items.sql")),
        ("seal", include_str!("../migrations/0002_seal.sql")),
        ("search", include_str!("../migrations/0003_search.sql")),
        ("feed", include_str!("../migrations/0004_feed.sql")),
        ("folded", include_str!("../migrations/0005_folded.sql")),
        ("locations", include_str!("../migrations/0006_locations.sql")),
        ("balances", include_str!("../migrations/0007_balances.sql")),
    ];
    let migrations = (1..).zip(scripts).map(|(version, (name, script))| {
        let script = script.into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, script, false)
    });
    Migrator::with_migrations(migrations.collect())
});

/// Pages of the write-ahead log between two checkpoints. A row touches a page in each index, and
/// most of these pages are soon touched again.
const LOG_PAGES: &str = "8000";
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

// Primary result codes of SQLite, in the low byte of the extended ones.
const CORRUPT: i32 = 11;
const IO_ERROR: i32 = 10;
const FULL: i32 = 13;
const NOT_A_DATABASE: i32 = 26;

/// One connection that writes, and several that read committed data without waiting for it.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Empty for a database in memory.
    path: PathBuf,
}

impl Database {
    /// Opens or creates the file, and migrates its tables.
    pub(crate) async fn open(path: &Path) -> Result<Self, OpenError> {
        let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY_TIMEOUT);
        let failed = |error| classify(path, error);
        if path.exists() {
            look(path, &options).await?;
        }
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("wal_autocheckpoint", LOG_PAGES);
        // A full disk makes SQLite end a transaction on its own. sqlx does not notice and could
        // never begin another one, so the pool must drop the connection.
        let writer = lasting(1).before_acquire(|connection, _| {
            let is_free = !connection.is_in_transaction();
            Box::pin(async move { Ok(is_free) })
        });
        let writer = writer.connect_with(options.clone()).await.map_err(failed)?;
        MIGRATIONS.run(&writer).await.map_err(|error| classify_migration(path, error))?;
        let readers = lasting(READERS).connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Self { writer, readers, path: path.to_owned() })
    }

    /// Opens a database that is gone when it is closed. Its single connection holds the data.
    pub(crate) async fn in_memory() -> Result<Self, OpenError> {
        let path = Path::new(":memory:");
        let options = SqliteConnectOptions::new().in_memory(true);
        let only = lasting(1).connect_with(options).await.map_err(|error| classify(path, error))?;
        MIGRATIONS.run(&only).await.map_err(|error| classify_migration(path, error))?;
        Ok(Self { writer: only.clone(), readers: only, path: PathBuf::new() })
    }

    /// Begins the only write transaction. It locks at once, because a lock at the first write may
    /// fail.
    pub(crate) async fn begin_write(&self) -> sqlx::Result<Transaction> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// Begins a read transaction, which sees a single snapshot.
    pub(crate) async fn begin_read(&self) -> sqlx::Result<Transaction> {
        self.readers.begin().await
    }

    /// Returns the pool for single reads.
    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Runs `work` in a transaction that survives a power cut.
    ///
    /// A power cut may undo other transactions, newest first, which costs a catch-up.
    pub(crate) async fn durably<T: Send>(
        &self,
        work: impl AsyncFnOnce(&mut DbConnection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        let mut connection = self.writer.acquire().await?;
        sqlx::query("PRAGMA synchronous = FULL").execute(&mut *connection).await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let done = work(&mut transaction).await?;
        transaction.commit().await?;
        sqlx::query("PRAGMA synchronous = NORMAL").execute(&mut *connection).await?;
        Ok(done)
    }

    /// Returns whether the error means a full disk. SQLite reports an exceeded quota as an I/O
    /// error.
    pub(crate) fn lacks_room(&self, error: &sqlx::Error) -> bool {
        let is_refused = || try_to_write(&self.path).is_err_and(|error| is_no_room(&error));
        match result_code(error) {
            Some(FULL) => true,
            Some(IO_ERROR) => is_refused(),
            _ => false,
        }
    }

    /// Waits for running queries and closes the file.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Opens a connection that cannot change the content of an existing file.
///
/// If it is the last connection to close, it moves the log into the file.
pub(crate) async fn connect(path: &Path) -> sqlx::Result<DbConnection> {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY_TIMEOUT);
    options.pragma("query_only", "ON").connect().await
}

/// Pushes a list of ids in parentheses, for `IN`.
pub(crate) fn push_ids(query: &mut QueryBuilder<Db>, ids: &[Uuid]) {
    query.push("(");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(*id);
    }
    query.push(")");
}

/// Returns a pool whose connections never expire. No server minds idle connections, and a database
/// in memory lives in its connection.
fn lasting(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections).idle_timeout(None).max_lifetime(None)
}

/// Checks that the file is a read model, before touching anything in it.
async fn look(path: &Path, options: &SqliteConnectOptions) -> Result<(), OpenError> {
    let seen = async {
        let mut connection = options.connect().await?;
        let names = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
        let names: Vec<String> = sqlx::query_scalar(names).fetch_all(&mut connection).await?;
        let bytes = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        let bytes: i64 = sqlx::query_scalar(bytes).fetch_one(&mut connection).await?;
        connection.close().await?;
        sqlx::Result::Ok((names, bytes.unsigned_abs()))
    };
    let (tables, bytes) = seen.await.map_err(|error| classify(path, error))?;
    // SQLite detects a missing page, but not a missing part of the last page. Closing the
    // connection has moved the log into the file, unless another process has the file open.
    let there = length(path).unwrap_or(bytes);
    if there < bytes && length(&beside(path, "-wal")).is_none_or(|log| log == 0) {
        let found = format!("it has {there} of its {bytes} bytes");
        return Err(OpenError::Damaged { path: path.to_owned(), found });
    }
    if tables.is_empty() || tables.iter().any(|name| *name == *MIGRATIONS.table_name) {
        return Ok(());
    }
    let found = format!("it is a database with the tables {}", tables.join(", "));
    Err(OpenError::Foreign { path: path.to_owned(), found })
}

/// Returns the path of a companion of the file, such as SQLite's log.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Returns whether the error means that the file is damaged.
pub(crate) fn is_damage(error: &sqlx::Error) -> bool {
    matches!(result_code(error), Some(CORRUPT | NOT_A_DATABASE))
}

fn length(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|metadata| metadata.len())
}

fn result_code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

fn classify(path: &Path, error: sqlx::Error) -> OpenError {
    let path = path.to_owned();
    let reason = error.to_string();
    match result_code(&error) {
        Some(NOT_A_DATABASE) => {
            OpenError::Foreign { path, found: "it is not a database at all".to_owned() }
        }
        Some(CORRUPT) => OpenError::Damaged { path, found: reason },
        _ => OpenError::Inaccessible { path, reason },
    }
}

fn classify_migration(path: &Path, error: MigrateError) -> OpenError {
    let foreign = |found| OpenError::Foreign { path: path.to_owned(), found };
    match error {
        MigrateError::VersionMissing(migration) => newer_or_foreign(path.to_owned(), migration),
        MigrateError::VersionMismatch(migration) => {
            foreign(format!("its migration {migration} differs from this program's"))
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            classify(path, error)
        }
        other => OpenError::Inaccessible { path: path.to_owned(), reason: other.to_string() },
    }
}

fn newer_or_foreign(path: PathBuf, migration: i64) -> OpenError {
    let newest = MIGRATIONS.iter().map(|known| known.version).max().unwrap_or(0);
    if migration > newest {
        return OpenError::Newer { path, migration };
    }
    let found = format!("it has a migration {migration}, which this program never had");
    OpenError::Foreign { path, found }
}
