//! Change sets that are too large for an item of the table: readers see no difference, and a sweep
//! deletes their objects once no change set names them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use event_store::{ChangeSet, Timestamp};
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::tempdir;
use uuid::Uuid;

use super::sealed::{created, keep};
use super::{Daybook, daybook, run};
use crate::desk::{ITEM, command, new_id, path};

/// The creation of an item by an actor with a very long name.
fn large(id: Uuid) -> ChangeSet {
    let digits = (0..16_000_u32).map(|n| hex::encode(Sha256::digest(n.to_be_bytes())));
    created(id, digits.collect(), Timestamp::from_millis(1_767_268_800_000))
}

/// The files of all objects.
fn objects(data: &Path) -> Vec<PathBuf> {
    let mut files = vec![data.join("objects").join("daybook")];
    while let Some(place) = files.iter().position(|file| file.is_dir()) {
        let directory = files.swap_remove(place);
        files.extend(fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()));
    }
    files
}

fn age(file: &Path, hours: u64) {
    let put_at = SystemTime::now() - Duration::from_secs(hours * 3600);
    fs::File::options().write(true).open(file).unwrap().set_modified(put_at).unwrap();
}

#[track_caller]
fn told(data: &Path, arguments: &[&str], code: i32) -> String {
    let done = run(daybook(data).args(arguments));
    let log = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(code), "{arguments:?}: {log}");
    String::from_utf8(done.stdout).unwrap()
}

#[tokio::test]
async fn a_large_change_set_is_shown_verified_exported_and_imported() {
    let data = tempdir().unwrap();
    let id = new_id();
    let large = large(id);
    keep(data.path(), &large).await;
    let [object] = &objects(data.path())[..] else { panic!("expected one object") };
    let sum = hex::encode(Sha256::digest(fs::read(object).unwrap()));
    assert_eq!(object.file_name().unwrap().to_str(), Some(&*sum));

    let server = Daybook::start(&mut daybook(data.path()));
    let check_in = command(id, "CheckInItems", json!({ "quantity": 12 }));
    assert_eq!(server.command(&check_in).json()["version"], 2);
    assert_eq!(server.get(&path(id)).json()["state"]["on_hand"], 12);
    let history = server.get(&format!("{}/change-sets", path(id))).json();
    assert_eq!(history["change_sets"][0]["hash"], large.hash.to_string());
    assert!(history["change_sets"][0]["body"] == large.body());
    let verification = server.get(&format!("{}/verification", path(id))).json();
    assert_eq!((&verification["ok"], &verification["version"]), (&json!(true), &json!(2)));
    server.stop();
    let all = "All 2 change sets of 1 aggregates are as they were written.\n";
    assert!(told(data.path(), &["verify"], 0).starts_with(all));

    let file = data.path().join("books.jsonl");
    let exported = told(data.path(), &["export"], 0);
    fs::write(&file, &exported).unwrap();
    let other = tempdir().unwrap();
    for _ in 0..2 {
        told(other.path(), &["import", file.to_str().unwrap()], 0);
    }
    assert!(told(other.path(), &["export"], 0) == exported, "the exports differ");
    assert!(told(other.path(), &["verify"], 0).starts_with(all));
    let [imported] = &objects(other.path())[..] else { panic!("expected one object") };
    assert_eq!(imported.file_name(), object.file_name());

    fs::remove_file(object).unwrap();
    let finding = told(data.path(), &["verify"], 1);
    assert!(
        finding.starts_with(&format!("{ITEM} {id}, version 1: its body is missing")),
        "{finding}"
    );
    assert!(finding.contains(&sum), "{finding}");
    // An export has everything, or it fails.
    told(data.path(), &["export"], 1);
    let server = Daybook::start(&mut daybook(data.path()));
    let verification = server.get(&format!("{}/verification", path(id))).json();
    assert_eq!((&verification["ok"], &verification["failed_at"]), (&json!(false), &json!(1)));
    let unreadable = server.get(&format!("{}/change-sets", path(id)));
    assert_eq!((unreadable.status, &unreadable.json()["code"]), (500, &json!("corrupt")));
    server.stop();
}

#[tokio::test]
async fn a_sweep_deletes_an_object_that_nothing_names_once_it_is_old() {
    let data = tempdir().unwrap();
    keep(data.path(), &large(new_id())).await;
    let [named] = &objects(data.path())[..] else { panic!("expected one object") };
    let bytes = fs::metadata(named).unwrap().len();
    age(named, 48);
    let orphan = {
        let name = hex::encode(Sha256::digest("orphan"));
        let directory = data.path().join("objects/daybook").join(&name[..2]).join(&name[2..4]);
        fs::create_dir_all(&directory).unwrap();
        directory.join(name)
    };
    let foreign = data.path().join("objects/daybook/README");
    fs::write(&orphan, "orphan").unwrap();
    fs::write(&foreign, "not ours").unwrap();
    let report = |young: &str, orphans: &str| {
        format!("Named by change sets: 1 ({bytes} bytes)\nToo young to tell: {young}\n{orphans}\n")
    };

    let left = report("1 (6 bytes)", "Orphans deleted: 0 (0 bytes)");
    assert_eq!(told(data.path(), &["sweep"], 0), left);
    age(&orphan, 23);
    assert_eq!(told(data.path(), &["sweep"], 0), left);
    age(&orphan, 25);
    let name = orphan.file_name().unwrap().to_str().unwrap();
    let would = format!("{name}\nOrphans that would be deleted: 1 (6 bytes)");
    assert_eq!(told(data.path(), &["sweep", "--dry-run"], 0), report("0 (0 bytes)", &would));
    assert!(orphan.exists());
    let longer = told(data.path(), &["sweep", "--grace", "2d"], 0);
    assert!(longer.contains("Too young to tell: 1 (6 bytes)"), "{longer}");
    let swept = report("0 (0 bytes)", "Orphans deleted: 1 (6 bytes)");
    assert_eq!(told(data.path(), &["sweep"], 0), swept);
    assert!(!orphan.exists() && named.exists() && foreign.exists());
    fs::write(&orphan, "orphan").unwrap();
    assert_eq!(told(data.path(), &["sweep", "--grace", "0s"], 0), swept);
    let all = "All 1 change sets of 1 aggregates are as they were written.\n";
    assert!(told(data.path(), &["verify"], 0).ends_with(all));
}
