//! A disk that is full, or takes no writes for another reason.

use std::path::Path;

use dynoxide::DynoxideError;
use dynoxide::storage::Storage;
use rusqlite::{ErrorCode, ffi};

use super::group::Refused;
use crate::full_disk::{is_no_room, try_to_write};

/// The code of a request that failed because the disk is full. DynamoDB has none.
pub(crate) const DISK_FULL: &str = "DiskFull";

/// Writes as much as a large command does, and removes it again. A smaller write may fit into space
/// that the log already has.
const PROBE: &str = "BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS _probe (bytes BLOB); \
                     INSERT INTO _probe VALUES (zeroblob(65536)); COMMIT; DROP TABLE _probe;";

/// Returns whether the request failed because the disk is full.
pub(super) fn is_full(error: &DynoxideError) -> bool {
    code(error) == Some(ErrorCode::DiskFull)
}

/// Returns how the disk refused a write, if that is why the request failed.
pub(super) fn refused(error: &DynoxideError) -> Option<Refused> {
    if is_full(error) {
        return Some(Refused::Full);
    }
    is_failed_io(error).then_some(Refused::Broken)
}

fn is_failed_io(error: &DynoxideError) -> bool {
    matches!(code(error), Some(ErrorCode::SystemIoFailure | ErrorCode::ReadOnly))
}

fn code(error: &DynoxideError) -> Option<ErrorCode> {
    match error {
        DynoxideError::SqliteError(error) => error.sqlite_error_code(),
        _ => None,
    }
}

/// Adds the cause to an I/O error. SQLite reports an exceeded quota or a read-only file system only
/// as an I/O error, so this tries a write of its own to learn the cause.
pub(super) fn explained(error: DynoxideError, storage: &Storage) -> DynoxideError {
    if !is_failed_io(&error) {
        return error;
    }
    match storage.conn().path().map(|path| try_to_write(Path::new(path))) {
        Some(Err(found)) if is_no_room(&found) => full(),
        Some(Err(found)) => DynoxideError::InternalServerError(format!("{error}: {found}")),
        Some(Ok(())) | None => error,
    }
}

/// Returns SQLite's error for a full disk, for a request that did not meet the full disk itself.
pub(super) fn full() -> DynoxideError {
    let full = ffi::Error::new(ffi::SQLITE_FULL);
    rusqlite::Error::SqliteFailure(full, Some("database or disk is full".to_owned())).into()
}

/// Tries a durable write. Leaves nothing behind.
///
/// # Errors
/// Fails when SQLite cannot write.
pub(super) fn probe(storage: &Storage) -> dynoxide::Result<()> {
    let conn = storage.conn();
    let written = conn.execute_batch(PROBE);
    if !conn.is_autocommit() {
        storage.rollback()?;
    }
    Ok(written?)
}
