//! The data directory: whether it can be written, which process has it, and its free space.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use event_store::full_disk::{is_no_room, try_to_write};

use super::Finding;
use crate::open::{is_open_to_others, lock_file};

const MEBIBYTE: u64 = 1024 * 1024;
/// The free space below which the disk is soon full, in bytes.
const LITTLE: u64 = 1024 * MEBIBYTE;
/// The free space below which the disk counts as full, in bytes.
const NOTHING: u64 = 64 * MEBIBYTE;

/// The holder of the directory, for as long as this value lives.
#[derive(Debug)]
pub(super) enum Lock {
    /// This process, or nobody: the directory has no lock file yet.
    Ours { _file: Option<File> },
    /// Another daybook process.
    Theirs,
    /// The directory does not exist or cannot be used.
    None,
}

pub(super) fn examine(path: &Path) -> (Vec<Finding>, Lock) {
    let name = path.display();
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => {
            let what = format!("the data directory {name} is a file");
            return (vec![Finding::problem(what, "Choose another with --data")], Lock::None);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return (vec![to_be_created(path)], Lock::None);
        }
        Err(error) => return (vec![unusable(path, &error)], Lock::None),
    }
    if let Err(error) = probe(path) {
        return (vec![unusable(path, &error)], Lock::None);
    }
    let (finding, lock) = match lock(&path.join("daybook.lock")) {
        Ok(Lock::Theirs) => (
            Finding::ok(format!("another daybook is using the data directory {name}")),
            Lock::Theirs,
        ),
        Ok(lock) => (Finding::ok(format!("the data directory {name} can be written")), lock),
        Err(error) => (unusable(path, &error), Lock::None),
    };
    let findings = [Some(finding), privacy(path), Some(room(path))];
    (findings.into_iter().flatten().collect(), lock)
}

/// Warns when other users of the machine have access.
fn privacy(path: &Path) -> Option<Finding> {
    let name = path.display();
    match is_open_to_others(path) {
        Ok(false) => None,
        Ok(true) => Some(Finding::warning(
            format!("other users of this machine can open the data directory {name}"),
            format!("Run chmod 700 {name}"),
        )),
        Err(error) => Some(unusable(path, &error)),
    }
}

/// Checks that `serve` can create the directory.
fn to_be_created(path: &Path) -> Finding {
    let above =
        path.ancestors().skip(1).find(|above| above.as_os_str().is_empty() || above.exists());
    let above = match above {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    };
    match probe(above) {
        Ok(()) => Finding::ok(format!(
            "there is no data directory {} yet; `daybook serve` creates it",
            path.display()
        )),
        Err(error) => Finding::problem(
            format!("the data directory {} cannot be created: {error}", path.display()),
            format!(
                "Make {} writable for this user, or choose another with --data",
                above.display()
            ),
        ),
    }
}

/// Checks that files can be written here, by writing one and removing it.
fn probe(directory: &Path) -> io::Result<()> {
    try_to_write(&directory.join(format!(".daybook-doctor-{}", std::process::id())))
}

fn lock(path: &Path) -> io::Result<Lock> {
    let file = match lock_file(path, false) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Lock::Ours { _file: None });
        }
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => Ok(Lock::Ours { _file: Some(file) }),
        Err(TryLockError::WouldBlock) => Ok(Lock::Theirs),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn unusable(path: &Path, error: &io::Error) -> Finding {
    let name = path.display();
    if is_no_room(error) {
        return Finding::problem(
            format!("the disk of the data directory {name} is full: {error}"),
            "Make room, or raise the quota of this user",
        );
    }
    Finding::problem(
        format!("the data directory {name} cannot be used: {error}"),
        "Make it writable for this user, or choose another with --data",
    )
}

fn room(path: &Path) -> Finding {
    match rustix::fs::statvfs(path) {
        Ok(volume) => room_of(path, volume.f_bavail.saturating_mul(volume.f_frsize)),
        Err(error) => Finding::warning(
            format!("the free space for {} cannot be determined: {error}", path.display()),
            "Make sure that enough is free",
        ),
    }
}

fn room_of(path: &Path, free: u64) -> Finding {
    let what = format!("{} MiB are free for {}", free / MEBIBYTE, path.display());
    let remedy = "Make room: nothing is ever deleted, so it only grows";
    match free {
        free if free < NOTHING => Finding::problem(what, remedy),
        free if free < LITTLE => Finding::warning(what, remedy),
        _ => Finding::ok(what),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Severity;
    use super::*;

    #[test]
    fn a_full_disk_is_a_problem_before_it_is_full() {
        let severity = |free| room_of(Path::new("data"), free).severity;
        assert_eq!(severity(63 * MEBIBYTE), Severity::Problem);
        assert_eq!(severity(64 * MEBIBYTE), Severity::Warning);
        assert_eq!(severity(1024 * MEBIBYTE), Severity::Ok);
    }
}
