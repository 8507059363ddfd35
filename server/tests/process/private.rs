//! Other users of the machine cannot read the records.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use tempfile::tempdir;

use super::{Daybook, assert_refuses, daybook, run};
use crate::desk::{bolt, command, new_id};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The directory and everything in it.
fn everything_in(directory: &Path) -> Vec<PathBuf> {
    let mut found = vec![directory.to_owned()];
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything_in(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn only_the_owner_can_open_the_data_directory_and_an_export() {
    let place = tempdir().unwrap();
    let data = place.path().join("books").join("data");
    let server = Daybook::start(&mut daybook(&data));
    let id = new_id();
    assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
    let found = everything_in(&data);
    for name in ["daybook.db", "daybook.db-wal", "daybook.lock", "read-model.db"] {
        assert!(found.contains(&data.join(name)), "no {name} in {found:?}");
    }
    for path in &found {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(path), expected, "{}", path.display());
    }
    server.stop();
    let export = place.path().join("books.jsonl");
    let output = run(daybook(&data).arg("export").arg(&export));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(mode(&export), 0o600);
}

#[test]
fn a_directory_that_is_open_to_others_causes_a_warning() {
    let data = tempdir().unwrap();
    let set = |mode| fs::set_permissions(data.path(), fs::Permissions::from_mode(mode)).unwrap();
    let warning = format!("run `chmod 700 {}`", data.path().display());
    let (mut serve, mut doctor) = (daybook(data.path()), daybook(data.path()));
    set(0o755);
    let log = Daybook::start(&mut serve).stop();
    assert!(log.contains(&warning), "{log}");
    let told = String::from_utf8(run(doctor.arg("doctor")).stdout).unwrap();
    assert!(told.contains("warning: other users of this machine can open"), "{told}");
    set(0o700);
    let log = Daybook::start(&mut serve).stop();
    assert!(!log.contains(&warning), "{log}");
    let told = String::from_utf8(run(&mut doctor).stdout).unwrap();
    assert!(!told.contains("other users"), "{told}");
}

#[test]
fn a_lock_file_that_is_a_symbolic_link_is_refused() {
    let place = tempdir().unwrap();
    let (data, elsewhere) = (place.path().join("data"), place.path().join("elsewhere"));
    fs::create_dir(&data).unwrap();
    symlink(&elsewhere, data.join("daybook.lock")).unwrap();
    assert_refuses(&mut daybook(&data), 1, &["daybook.lock is a symbolic link: remove it"]);
    assert!(!elsewhere.exists());
}
