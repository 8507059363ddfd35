//! Detects a full disk, and logs it while it lasts.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::StoreError;

/// A log line that is repeated at most once a minute during an outage. A line for each failed
/// request would help to fill a disk that may already be full.
#[derive(Debug, Default)]
pub struct OnceAMinute {
    told: Mutex<Option<Instant>>,
    untold: AtomicU64,
}

impl OnceAMinute {
    /// A line that has not been logged yet.
    pub const fn new() -> Self {
        Self { told: Mutex::new(None), untold: AtomicU64::new(0) }
    }

    /// Calls `log` with the number of failures that were not logged, unless it called `log` less
    /// than a minute ago.
    pub fn tell(&self, log: impl FnOnce(u64)) {
        self.tell_at(Instant::now(), log);
    }

    fn tell_at(&self, now: Instant, log: impl FnOnce(u64)) {
        const MINUTE: Duration = Duration::from_secs(60);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_some_and(|told| now.duration_since(told) < MINUTE) {
            self.untold.fetch_add(1, Ordering::Relaxed);
        } else {
            *told = Some(now);
            log(self.untold.swap(0, Ordering::Relaxed));
        }
    }
}

/// Logs that a disk is full, at most once a minute for the whole program.
pub fn tell(reason: &dyn Display) {
    static TOLD: OnceAMinute = OnceAMinute::new();
    TOLD.tell(|untold| {
        tracing::error!(%reason, untold, "the disk is full: nothing is recorded until there is room");
    });
}

/// Calls `tell` if a full disk caused this error, and `log` for any other.
pub fn tell_or(error: &StoreError, log: impl FnOnce()) {
    match error {
        StoreError::Full(reason) => tell(reason),
        _ => log(),
    }
}

/// Writes a probe file beside a database, as SQLite does with its log, and removes it. SQLite
/// reports an exceeded quota or a read-only file system as a mere I/O error; this tells them apart.
///
/// # Errors
/// The system's error.
pub fn try_to_write(database: &Path) -> io::Result<()> {
    let mut probe = OsString::from(database);
    probe.push(".probe");
    let probe = PathBuf::from(probe);
    // A process that was killed here has left a probe. Remove it instead of writing to it: it may
    // be a link to another file.
    let _ = fs::remove_file(&probe);
    let written = File::create_new(&probe).and_then(|mut file| {
        file.write_all(&[0; 65_536])?;
        file.sync_all()
    });
    match fs::remove_file(&probe) {
        Err(error) if written.is_ok() => Err(error),
        _ => written,
    }
}

/// Returns whether the error means that the disk, or a quota, is full.
pub fn is_no_room(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_logged_once_a_minute_with_the_number_of_suppressed_ones() {
        let (once, start) = (OnceAMinute::new(), Instant::now());
        let mut told = Vec::new();
        for seconds in [0, 1, 59, 60, 61, 180] {
            once.tell_at(start + Duration::from_secs(seconds), |untold| {
                told.push((seconds, untold));
            });
        }
        assert_eq!(told, [(0, 0), (60, 2), (180, 1)]);
    }
}
