use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use event_store::full_disk::try_to_write;
use rustix::fs::OFlags;
use rustix::io::Errno;
use tempfile::TempDir;

use super::OpenError;
use crate::Failure;
use crate::config::{Settings, StoreChoice};

const DATABASE: &str = "daybook.db";
const LOG: &str = "daybook.db-wal";
const LOCK: &str = "daybook.lock";

/// A data directory that belongs to this process alone for as long as this value lives.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    /// The directory of the objects, which are never copied.
    objects: PathBuf,
    _lock: Option<File>,
    /// The copy to read when the directory cannot be written.
    _copy: Option<TempDir>,
}

impl DataDirectory {
    /// Creates the directory if it is missing, and locks it. The lock ends with the process, even
    /// if that crashes; its file stays.
    ///
    /// # Errors
    /// When another process holds it, or it cannot be written.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Directory { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let lock = lock_file(&path.join(LOCK), true).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {
                if is_open_to_others(path).map_err(failed)? {
                    tracing::warn!(
                        "other users of this machine can open the data directory {0}: run `chmod 700 {0}`",
                        path.display()
                    );
                }
                let (path, objects) = (path.to_owned(), path.to_owned());
                Ok(Self { path, objects, _lock: Some(lock), _copy: None })
            }
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Opens the directory of these settings for a command that must not create a store. An
    /// embedded store has to exist, or a mistyped name would be examined and found in good order.
    ///
    /// # Errors
    /// [`Failure::Settings`] or [`Failure::Open`].
    pub fn of_existing(settings: &Settings) -> Result<Self, Failure> {
        let path = &settings.data;
        let missing = || OpenError::NoStore(path.clone());
        let embedded = settings.store()? == StoreChoice::Embedded;
        // Create nothing where nothing exists. A lock file suffices: its process may be about to
        // create a store.
        if embedded && [DATABASE, LOCK].iter().all(|name| !path.join(name).exists()) {
            return Err(missing().into());
        }
        let directory = Self::open(path)?;
        if embedded && !directory.database().exists() {
            return Err(missing().into());
        }
        Ok(directory)
    }

    /// Opens the directory of these settings for a command that only reads. An embedded store that
    /// cannot be written, as on read-only media, is copied to the directory for temporary files:
    /// SQLite has to write beside a database to read what its log holds.
    ///
    /// # Errors
    /// The same as [`DataDirectory::of_existing`].
    pub fn to_read(settings: &Settings) -> Result<Self, Failure> {
        let database = settings.data.join(DATABASE);
        let is_unwritable = || try_to_write(&database).is_err_and(|error| forbids_writing(&error));
        if settings.store()? == StoreChoice::Embedded && database.exists() && is_unwritable() {
            return Ok(Self::copied(&settings.data)?);
        }
        Self::of_existing(settings)
    }

    fn copied(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Directory { path: path.to_owned(), source };
        // A process that writes there holds this lock.
        let lock = match File::open(path.join(LOCK)) {
            Ok(lock) => Some(lock),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        if let Some(lock) = &lock {
            lock.try_lock_shared().map_err(|error| match error {
                TryLockError::WouldBlock => OpenError::InUse(path.to_owned()),
                TryLockError::Error(source) => failed(source),
            })?;
        }
        let copy = tempfile::tempdir().map_err(failed)?;
        for name in [DATABASE, LOG].into_iter().filter(|name| path.join(name).exists()) {
            let to = copy.path().join(name);
            fs::copy(path.join(name), &to).map_err(failed)?;
            // The copy has the permissions of the original, which may be read-only.
            fs::set_permissions(to, Permissions::from_mode(0o600)).map_err(failed)?;
        }
        tracing::info!(
            "{} cannot be written; reading a copy in {}",
            path.display(),
            copy.path().display()
        );
        let (objects, path) = (path.to_owned(), copy.path().to_owned());
        Ok(Self { path, objects, _lock: lock, _copy: Some(copy) })
    }

    /// Returns the file of the embedded store.
    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Returns the directory of the change sets that are too large for the items of this table.
    pub fn objects(&self, table: &str) -> PathBuf {
        self.objects.join("objects").join(table)
    }

    /// Returns the file for the notes of an interrupted verification.
    pub fn verification(&self) -> PathBuf {
        self.path.join("verification.json")
    }

    /// Returns the file of the read model.
    pub fn read_model(&self) -> PathBuf {
        Self::read_model_in(&self.path)
    }

    /// Returns the file of the read model in a directory that is not opened.
    pub(crate) fn read_model_in(path: &Path) -> PathBuf {
        path.join("read-model.db")
    }
}

/// Opens the lock file, and creates it if `create` is set. A symbolic link in its place is not
/// followed, because it may lead to a file that another process locks or that must not be created.
///
/// # Errors
/// The system's error, or one that names the link.
pub(crate) fn lock_file(path: &Path, create: bool) -> io::Result<File> {
    let no_follow = OFlags::NOFOLLOW.bits().cast_signed();
    let mut options = OpenOptions::new();
    options.create(create).truncate(false).write(true).mode(0o600).custom_flags(no_follow);
    options.open(path).map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::LOOP) => {
            io::Error::other(format!("{} is a symbolic link: remove it", path.display()))
        }
        _ => error,
    })
}

/// Returns whether the error says that this process may not write there.
fn forbids_writing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied)
}

/// Returns whether users other than the owner have any access to the directory.
///
/// # Errors
/// Fails when the directory cannot be examined.
pub(crate) fn is_open_to_others(directory: &Path) -> io::Result<bool> {
    Ok(fs::metadata(directory)?.permissions().mode() & 0o077 != 0)
}
