//! Checks of a file before the engine touches it. The engine would turn any SQLite file into one of
//! its own, and SQLite would discard a log whose database is gone.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::OpenError;
use crate::full_disk::try_to_write;

const SQLITE: &[u8; 16] = b"SQLite format 3\0";
/// A table that the engine creates in every file, and no other program does.
const OWN_TABLE: &str = "_tables";

/// Checks that the engine may open this file: it is missing or empty, or it is one of the engine's
/// and intact.
pub(super) fn check(path: &Path) -> Result<(), OpenError> {
    let inaccessible = |source| OpenError::Inaccessible { path: path.to_owned(), source };
    let length = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            return Err(foreign(path, "a directory"));
        }
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(inaccessible(error)),
    };
    if length == 0 {
        if has_log(path) {
            return Err(damaged(path, "it is empty or missing, but its log is there"));
        }
        return try_to_write(path).map_err(inaccessible);
    }
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(inaccessible)?;
    check_header(path, file, length)?;
    try_to_write(path).map_err(inaccessible)?;
    check_tables(path)
}

/// Checks the length that the header states (SQLite's "Database File Format", 1.3), unless part of
/// the file may still be in the log.
fn check_header(path: &Path, file: File, length: u64) -> Result<(), OpenError> {
    const HEADER: usize = 100;
    let mut header = Vec::with_capacity(HEADER);
    file.take(HEADER as u64)
        .read_to_end(&mut header)
        .map_err(|source| OpenError::Inaccessible { path: path.to_owned(), source })?;
    if !header.starts_with(SQLITE) {
        return Err(foreign(path, "not an SQLite file"));
    }
    if header.len() < HEADER {
        return Err(damaged(path, format!("only {length} bytes of it are left")));
    }
    let number = |at: usize| header[at..at + 4].iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
    let page = match number(16) >> 16 {
        1 => 65_536,
        size => size,
    };
    let expected = page * number(28);
    let counted = number(24) == number(92);
    if counted && length < expected && !has_log(path) {
        return Err(damaged(path, format!("only {length} bytes of its {expected} are left")));
    }
    Ok(())
}

/// Reads the tables' names through SQLite, which also notices missing pages. The file is opened
/// read-only and immutable, so that no other file appears beside it. A file with a log is not
/// opened as immutable, because SQLite has to read the log, too.
fn check_tables(path: &Path) -> Result<(), OpenError> {
    let tables = || -> rusqlite::Result<Vec<String>> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = if has_log(path) {
            Connection::open_with_flags(path, flags)?
        } else {
            Connection::open_with_flags(unchanging(path), flags | OpenFlags::SQLITE_OPEN_URI)?
        };
        let mut names =
            connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'")?;
        names.query_map([], |row| row.get(0))?.collect()
    };
    match tables() {
        Ok(names) if names.is_empty() || names.iter().any(|name| name == OWN_TABLE) => Ok(()),
        Ok(names) => {
            Err(foreign(path, &format!("an SQLite file with the tables {}", names.join(", "))))
        }
        Err(error) => Err(match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                damaged(path, error.to_string())
            }
            _ => OpenError::Engine { path: path.to_owned(), reason: error.to_string() },
        }),
    }
}

fn has_log(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// Returns the path as an SQLite URI that declares the file immutable.
fn unchanging(path: &Path) -> String {
    let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{path}?immutable=1")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn foreign(path: &Path, found: &str) -> OpenError {
    OpenError::Foreign { path: path.to_owned(), found: found.to_owned() }
}

fn damaged(path: &Path, found: impl Into<String>) -> OpenError {
    OpenError::Damaged { path: path.to_owned(), found: found.into() }
}
