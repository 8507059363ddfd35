use std::fs::{self, DirEntry, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;

use super::{Listing, Object, ObjectError, ObjectKey, Objects, Put};
use crate::BODY_LIMIT;

/// Objects as files in two levels of subdirectories: the object `abcd…` is `ab/cd/abcd…`. Only
/// one process at a time may use the directory, like the database beside it.
#[derive(Clone, Debug)]
pub struct DirectoryObjects {
    root: Arc<Path>,
}

/// The name of a file that is still being written; a number follows.
const UNFINISHED: &str = ".unfinished-";

impl DirectoryObjects {
    /// Returns the objects in this directory, which the first put creates.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into().into() }
    }

    fn path(&self, key: ObjectKey) -> PathBuf {
        let name = key.to_string();
        self.root.join(&name[..2]).join(&name[2..4]).join(name)
    }

    /// Runs the work on a thread that may block. Once begun, it is never interrupted.
    async fn blocking<T: Send + 'static>(
        &self,
        path: PathBuf,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ObjectError> {
        let task =
            tokio::task::spawn_blocking(move || work(&path).map_err(|error| failed(&path, &error)));
        task.await.map_err(|error| ObjectError::Away(error.to_string()))?
    }
}

#[async_trait]
impl Objects for DirectoryObjects {
    async fn put(&self, key: ObjectKey, bytes: Vec<u8>) -> Result<Put, ObjectError> {
        let root = Arc::clone(&self.root);
        self.blocking(self.path(key), move |path| write(&root, path, &bytes)).await
    }

    async fn get(&self, key: ObjectKey) -> Result<Option<Vec<u8>>, ObjectError> {
        self.blocking(self.path(key), |path| {
            let Some(file) = there(File::open(path))? else { return Ok(None) };
            let mut bytes = Vec::new();
            file.take(BODY_LIMIT as u64 + 1).read_to_end(&mut bytes)?;
            Ok(Some(bytes))
        })
        .await
    }

    async fn look(&self, key: ObjectKey) -> Result<Option<Object>, ObjectError> {
        self.blocking(self.path(key), move |path| object(key, path)).await
    }

    /// Returns the objects whose names begin with the same two digits, as one page.
    async fn list(&self, cursor: Option<String>) -> Result<Listing, ObjectError> {
        let first = cursor.and_then(|cursor| u8::from_str_radix(&cursor, 16).ok()).unwrap_or(0);
        let directory = self.root.join(format!("{first:02x}"));
        let objects = self.blocking(directory, objects_below).await?;
        let next = first.checked_add(1).map(|next| format!("{next:02x}"));
        Ok(Listing { objects, next })
    }

    async fn delete(&self, key: ObjectKey) -> Result<(), ObjectError> {
        self.blocking(self.path(key), |path| there(fs::remove_file(path)).map(|_| ())).await
    }

    /// Removes unfinished files, which a killed process leaves behind.
    async fn tidy(&self, before: SystemTime) -> Result<(), ObjectError> {
        let tidy = move |root: &Path| {
            for first in 0..=u8::MAX {
                for file in files_below(&root.join(format!("{first:02x}")))? {
                    remove_unfinished(&file, before)?;
                }
            }
            Ok(())
        };
        self.blocking(self.root.to_path_buf(), tidy).await
    }
}

/// Writes under another name and then renames, so that a file under its own name is always whole.
/// The same bytes replace an existing file: it becomes young again, and sound if it was not.
fn write(root: &Path, path: &Path, bytes: &[u8]) -> io::Result<Put> {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let directory = path.parent().unwrap_or(root);
    create(directory)?;
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let unfinished = directory.join(format!("{UNFINISHED}{number}"));
    let put = if path.try_exists()? { Put::Again } else { Put::New };
    let written = fill(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        // The write's error matters more than a leftover file.
        let _ = fs::remove_file(&unfinished);
    }
    written?;
    File::open(directory)?.sync_all()?;
    Ok(put)
}

fn fill(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Creates a directory and its parents. Each is durable once its parent is synced.
fn create(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let above = directory.parent().filter(|above| !above.as_os_str().is_empty());
    if let Some(above) = above {
        create(above)?;
    }
    match fs::create_dir(directory) {
        // A concurrent put has created it.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        created => created?,
    }
    File::open(above.unwrap_or(Path::new(".")))?.sync_all()
}

fn objects_below(directory: &Path) -> io::Result<Vec<Object>> {
    let mut objects = Vec::new();
    for file in files_below(directory)? {
        if let Some(key) = file.file_name().to_str().and_then(|name| name.parse().ok()) {
            objects.extend(object(key, &file.path())?);
        }
    }
    Ok(objects)
}

fn remove_unfinished(file: &DirEntry, before: SystemTime) -> io::Result<()> {
    let is_unfinished = file.file_name().to_string_lossy().starts_with(UNFINISHED);
    if is_unfinished
        && let Some(metadata) = there(file.metadata())?
        && metadata.modified()? < before
    {
        there(fs::remove_file(file.path()))?;
    }
    Ok(())
}

/// Returns the entries of this directory's subdirectories.
fn files_below(directory: &Path) -> io::Result<Vec<DirEntry>> {
    let mut files = Vec::new();
    let Some(below) = there(fs::read_dir(directory))? else { return Ok(files) };
    for directory in below {
        let directory = directory?;
        if directory.file_type()?.is_dir() {
            for file in fs::read_dir(directory.path())? {
                files.push(file?);
            }
        }
    }
    Ok(files)
}

fn object(key: ObjectKey, path: &Path) -> io::Result<Option<Object>> {
    let Some(metadata) = there(fs::metadata(path))? else { return Ok(None) };
    Ok(Some(Object { key, bytes: metadata.len(), put_at: metadata.modified()? }))
}

/// Maps "not found" to `None`, because the absence of a file is no failure.
fn there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn failed(path: &Path, error: &io::Error) -> ObjectError {
    let reason = format!("{}: {error}", path.display());
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            ObjectError::Refused(format!("{reason}: this process must be able to write there"))
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ObjectError::Full(reason),
        ErrorKind::NotADirectory | ErrorKind::IsADirectory => ObjectError::Refused(reason),
        _ => ObjectError::Away(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_apart_from_other_failures() {
        let failure = |kind| failed(Path::new("ab"), &io::Error::from(kind));
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            assert!(matches!(failure(kind), ObjectError::Full(_)), "{kind}");
        }
        assert!(matches!(failure(ErrorKind::ReadOnlyFilesystem), ObjectError::Refused(_)));
        assert!(matches!(failure(ErrorKind::TimedOut), ObjectError::Away(_)));
    }
}
