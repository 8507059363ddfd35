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
    #![expect(clippy::unwrap_used, reason = "tests")]

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

    /// No other unit test may log a full disk: the whole process logs it once a minute, and
    /// `tracing` would remember that nobody listens.
    #[test]
    fn a_full_disk_is_logged_once_and_any_other_error_is_left_to_the_caller() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let subscriber = tracing_subscriber::fmt()
            .with_writer(Mutex::new(File::create(&log).unwrap()))
            .with_ansi(false)
            .with_target(false)
            .without_time()
            .finish();
        let mut left = 0;
        tracing::subscriber::with_default(subscriber, || {
            for error in [
                StoreError::Full("no space".to_owned()),
                StoreError::Refused("no permission".to_owned()),
                StoreError::Full("still no space".to_owned()),
            ] {
                tell_or(&error, || left += 1);
            }
        });
        assert_eq!(left, 1);
        assert_eq!(
            fs::read_to_string(&log).unwrap(),
            "ERROR the disk is full: nothing is recorded until there is room \
             reason=no space untold=0\n"
        );
    }

    #[test]
    fn a_probe_writes_beside_the_database_and_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("daybook.db");
        // A killed process has left its probe.
        fs::write(directory.path().join("daybook.db.probe"), b"old").unwrap();
        try_to_write(&database).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);

        let missing = directory.path().join("missing").join("daybook.db");
        assert_eq!(try_to_write(&missing).unwrap_err().kind(), ErrorKind::NotFound);
    }

    /// The directory in the probe's place can be neither written nor removed as a file.
    #[test]
    fn a_failed_write_is_reported_and_not_the_failed_removal_after_it() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("daybook.db");
        fs::create_dir(directory.path().join("daybook.db.probe")).unwrap();
        assert_eq!(try_to_write(&database).unwrap_err().kind(), ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_full_disk_and_an_exceeded_quota_mean_no_room() {
        for (kind, no_room) in [
            (ErrorKind::StorageFull, true),
            (ErrorKind::QuotaExceeded, true),
            (ErrorKind::ReadOnlyFilesystem, false),
            (ErrorKind::PermissionDenied, false),
        ] {
            assert_eq!(is_no_room(&io::Error::from(kind)), no_room, "{kind}");
        }
    }
}
