//! `daybook export` and `daybook import` transfer everything, byte for byte.

mod files;
mod forged;
mod stopped;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use event_store::dynamodb::DynamoDbStore;
use event_store::embedded::Embedded;
use event_store::feed::{Batch, FeedStore};
use event_store::{ChangeSet, Hash};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use uuid::Uuid;

use super::{Daybook, assert_refuses, daybook, run};
use crate::desk::{bolt, command, new_id, path};

/// A store with three items, of 1, 3 and 120 versions.
fn filled() -> (TempDir, [Uuid; 3]) {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    let ids = [new_id(), new_id(), new_id()];
    for (id, versions) in ids.iter().zip([1, 3, 120]) {
        assert_eq!(server.command(&command(*id, "CreateInventoryItem", bolt())).status, 201);
        for _ in 1..versions {
            let check_in = json!({ "quantity": 1, "reference": "PO “1182” \u{1f9fe}" });
            assert_eq!(server.command(&command(*id, "CheckInItems", check_in)).status, 201);
        }
    }
    server.stop();
    (data, ids)
}

fn exported(data: &Path) -> Vec<String> {
    let exported = run(daybook(data).arg("export"));
    assert!(exported.status.success(), "{exported:?}");
    String::from_utf8(exported.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn import(data: &Path, lines: &[String]) -> std::process::Output {
    let file = data.with_extension("jsonl");
    fs::write(&file, lines.join("\n") + "\n").unwrap();
    run(daybook(data).arg("import").arg(&file))
}

fn histories(data: &Path, ids: [Uuid; 3]) -> Vec<Value> {
    let server = Daybook::start(&mut daybook(data));
    let histories = ids.map(|id| server.get(&format!("{}/change-sets?limit=200", path(id))).json());
    let list = server.get("/api/v1/aggregates/inventory-item?sort=-on_hand").json();
    server.stop();
    histories.into_iter().chain([list]).collect()
}

/// The hashes that the feed of a store names. No process may have the store open.
async fn in_feed(data: &Path) -> Vec<Hash> {
    let engine = Embedded::open(data.join("daybook.db")).unwrap();
    let store = DynamoDbStore::new(engine.client(), "daybook");
    let batches = store.batches(0, usize::MAX).await.unwrap();
    engine.close().await;
    batches.iter().flat_map(Batch::references).map(|named| named.hash).collect()
}

fn hashes(lines: &[String]) -> Vec<Hash> {
    lines.iter().map(|line| serde_json::from_str::<ChangeSet>(line).unwrap().hash).collect()
}

#[tokio::test]
async fn an_import_makes_everything_the_same_in_another_store() {
    let (data, ids) = filled();
    let lines = exported(data.path());
    // The change sets of the items, and the claims of their SKUs.
    assert_eq!(lines.len(), 124 + 3);
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    for name in ["aggregate", "version", "prev", "hash", "body"] {
        assert!(!line[name].is_null(), "{name} is not in {line}");
    }
    let other = tempdir().unwrap();
    let there = other.path().join("data");
    for _ in 0..2 {
        let imported = import(&there, &lines);
        assert!(imported.status.success(), "{imported:?}");
        let told = String::from_utf8(imported.stdout).unwrap();
        assert_eq!(told, "All 127 change sets are in the store.\n");
    }
    // The feed has everything in the order of the lines, so nothing is left to reconcile.
    assert_eq!(in_feed(&there).await, hashes(&lines));
    let reconciled = run(daybook(&there).arg("reconcile")).stdout;
    assert_eq!(reconciled, b"All 127 change sets are in the feed.\n");
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    assert_eq!(sorted(exported(&there)), sorted(lines));
    assert_eq!(histories(&there, ids), histories(data.path(), ids));
    // New commands continue the imported histories.
    let server = Daybook::start(&mut daybook(&there));
    let check_in = command(ids[2], "CheckInItems", json!({ "quantity": 1 }));
    assert_eq!(server.command(&check_in).json()["version"], 121);
    server.stop();
}

/// An import leaves the lists as complete as a server does, so the next start has nothing to catch
/// up with.
#[test]
fn an_import_brings_the_lists_up_to_date() {
    let (data, ids) = filled();
    let lines = exported(data.path());
    let other = tempdir().unwrap();
    let there = other.path().join("data");
    // First into a new store, and then into the same store, which has fewer lines.
    for lines in [&lines[..1], &lines[..50], &lines] {
        assert!(import(&there, lines).status.success());
        let log = Daybook::start(&mut daybook(&there)).stop();
        assert!(log.contains("the read model is open last_stop=Clean"), "{log}");
        assert!(!log.contains("caught up"), "{log}");
    }
    assert_eq!(histories(&there, ids), histories(data.path(), ids));
    // Unusable lists do not prevent an import.
    fs::write(there.join("read-model.db"), "not a database").unwrap();
    let imported = import(&there, &lines);
    let told = String::from_utf8(imported.stderr).unwrap();
    assert!(
        imported.status.success() && told.contains("this import does not update the lists"),
        "{told}"
    );
    assert!(run(daybook(&there).arg("rebuild")).status.success());
    assert_eq!(histories(&there, ids), histories(data.path(), ids));
}

/// A stopped import does not know whether its last write happened, but the feed and the lists must
/// know.
#[test]
fn a_stopped_import_leaves_nothing_out_of_the_lists() {
    let company = tempdir().unwrap();
    assert!(run(daybook(company.path()).arg("sample")).status.success());
    let file = company.path().join("books.jsonl");
    assert!(run(daybook(company.path()).arg("export").arg(&file)).status.success());
    let mut stopped_midway = 0;
    // Stop the import later each time, until it finishes before the signal.
    for milliseconds in (0..1_500).step_by(100) {
        let other = tempdir().unwrap();
        let there = other.path().join("data");
        let mut import = daybook(&there);
        import.arg("import").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let mut import = import.spawn().unwrap();
        while !there.join("daybook.db").exists() {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_millis(milliseconds));
        let mut shell = Command::new("sh");
        assert!(
            shell.args(["-c", "kill \"$0\"", &import.id().to_string()]).status().unwrap().success()
        );
        let ended = import.wait().unwrap();
        if ended.success() {
            break;
        }
        let lines = exported(&there);
        stopped_midway += usize::from(!lines.is_empty());
        let server = Daybook::start(&mut daybook(&there));
        let list = server.get("/api/v1/aggregates/inventory-item?limit=200").json();
        server.stop();
        let begin = |line: &&String| {
            line.contains("\"kind\":\"inventory-item\"") && line.contains("\"version\":1,")
        };
        let items = lines.iter().filter(begin).count();
        let rows = list["rows"].as_array().unwrap().len();
        assert_eq!(rows, items, "after {milliseconds} ms, of {} lines", lines.len());
        let told = String::from_utf8(run(daybook(&there).arg("reconcile")).stdout).unwrap();
        let all = format!("All {} change sets are in the feed.\n", lines.len());
        assert_eq!(told, all, "after {milliseconds} ms");
    }
    assert!(stopped_midway > 0, "no import was stopped midway");
}

/// An import into a store without lists succeeds, and the next start builds them.
#[test]
fn an_import_without_lists_leaves_them_to_the_next_start() {
    let (data, ids) = filled();
    let lines = exported(data.path());
    let other = tempdir().unwrap();
    let there = other.path().join("data");
    assert!(import(&there, &lines[..50]).status.success());
    fs::remove_file(there.join("read-model.db")).unwrap();
    assert!(import(&there, &lines).status.success());
    let log = Daybook::start(&mut daybook(&there)).stop();
    assert!(log.contains("caught up"), "{log}");
    assert_eq!(histories(&there, ids), histories(data.path(), ids));
}

#[test]
fn an_export_can_be_piped_into_an_import() {
    let (data, _) = filled();
    let other = tempdir().unwrap();
    let mut export = daybook(data.path()).arg("export").stdout(Stdio::piped()).spawn().unwrap();
    let mut import = daybook(other.path());
    let imported = run(import.args(["import", "-"]).stdin(export.stdout.take().unwrap()));
    assert!(export.wait().unwrap().success() && imported.status.success(), "{imported:?}");
    assert_eq!(exported(other.path()).len(), 127);
}

#[test]
fn a_stopped_export_resumes() {
    let (data, _) = filled();
    let whole = exported(data.path()).join("\n") + "\n";
    let directory = tempdir().unwrap();
    let file = directory.path().join("books.jsonl");
    let mut export = daybook(data.path());
    export.arg("export").arg(&file).arg("--resume");
    for bytes in [0, 1, whole.len() / 3, whole.len() / 2, whole.len() - 1, whole.len()] {
        fs::write(&file, &whole[..(bytes..).find(|b| whole.is_char_boundary(*b)).unwrap()])
            .unwrap();
        let gone_on = run(&mut export);
        assert!(gone_on.status.success(), "{bytes}: {gone_on:?}");
        assert!(fs::read_to_string(&file).unwrap() == whole, "{bytes}");
    }
    // Without `--resume`, an export leaves an existing file alone.
    let name = file.display().to_string();
    assert_refuses(daybook(data.path()).arg("export").arg(&file), 1, &[&name, "exists"]);
    // With `--resume`, the file must be an export of this store.
    let other = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(other.path()));
    server.command(&command(new_id(), "CreateInventoryItem", bolt()));
    server.stop();
    let mut foreign = daybook(other.path());
    foreign.arg("export").arg(&file).arg("--resume");
    assert_refuses(&mut foreign, 1, &["not an export of this store"]);
    for (foreign, says) in [
        ("{\"orders\": []}\n{\"orders\": []}\n", "not a change set"),
        ("{\"orders\": []}", "not a change set"),
        ("{\"orders\": [1, 2", "it is cut off"),
        ("notes\n", "not a change set"),
    ] {
        fs::write(&file, foreign).unwrap();
        assert_refuses(&mut export, 1, &["line 1", says]);
        assert_eq!(fs::read_to_string(&file).unwrap(), foreign, "the file was changed");
    }
}

/// Changes since the first export belong to it, even if their aggregates were exported already.
#[test]
fn a_resumed_export_has_the_changes_since() {
    let (data, ids) = filled();
    let directory = tempdir().unwrap();
    let file = directory.path().join("books.jsonl");
    let mut export = daybook(data.path());
    export.arg("export").arg(&file).arg("--resume");
    assert!(run(&mut export).status.success());
    let server = Daybook::start(&mut daybook(data.path()));
    for id in ids {
        server.command(&command(id, "CheckInItems", json!({ "quantity": 1 })));
    }
    server.command(&command(new_id(), "CreateInventoryItem", bolt()));
    server.stop();
    assert!(run(&mut export).status.success());
    let lines: Vec<_> = fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    assert_eq!(sorted(lines.clone()), sorted(exported(data.path())));
    let there = directory.path().join("data");
    assert!(import(&there, &lines).status.success());
    assert_eq!(histories(&there, ids), histories(data.path(), ids));
}

/// The error names the line. The lines before it are in the store, and an import of the corrected
/// file resumes from there.
#[test]
fn a_line_that_cannot_be_imported_is_named() {
    let (data, ids) = filled();
    let sound = exported(data.path());
    let long = sound.iter().position(|line| line.contains("\"version\":100")).unwrap();
    let change = |place: usize, with: &dyn Fn(&str) -> String| {
        let mut lines = sound.clone();
        lines[place] = with(&sound[place]);
        lines
    };
    let mut swapped = sound.clone();
    swapped.swap(long, long + 1);
    let mut missing = sound.clone();
    missing.remove(long);
    let at = |place: usize| format!("line {}", place + 1);
    for (lines, line, says) in [
        (change(long, &|l| l.replace("1182", "1183")), at(long), "was altered"),
        (change(long, &|l| l[..l.len() / 2].to_owned()), at(long), "it is cut off"),
        (change(long, &|_| "{\"orders\": []}".to_owned()), at(long), "it is not a change set"),
        (change(long, &|_| String::new()), at(long), "it is empty"),
        (
            change(long, &|l| {
                l.replace(r#"{\"quantity\":1,"#, r#"{\"quantity\":9,\"quantity\":1,"#)
            }),
            at(long),
            "the key `quantity` appears twice",
        ),
        // The `#` would make it a key of another partition.
        (
            change(long, &|l| l.replace("y-item\"", "y#item\"")),
            at(long),
            "does not name an aggregate",
        ),
        // The same hexadecimal number, but a different byte.
        (
            change(long, &|l| upper(l, "\"hash\":\"")),
            at(long),
            "is not a SHA-256 in lower-case hex",
        ),
        (change(long, &|l| upper(l, "\"id\":\"")), at(long), "in lower case with hyphens"),
        (swapped, at(long), "is missing"),
        (missing, at(long), "is missing"),
        (sound[long..].to_vec(), at(0), "neither before it in the file nor in the store"),
    ] {
        let other = tempdir().unwrap();
        let there = other.path().join("data");
        let refused = import(&there, &lines);
        let told = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{told}");
        let told = told.lines().find(|line| line.starts_with("daybook: ")).unwrap();
        assert!(told.contains(&line) && told.contains(says), "{line}, {says}: {told}");
        let before = if line == at(0) { 0 } else { long };
        assert_eq!(exported(&there).len(), before, "{told}");
        assert!(import(&there, &sound).status.success());
        assert_eq!(histories(&there, ids), histories(data.path(), ids));
    }
}

/// Capitalizes the first letter of the text after `name`.
fn upper(line: &str, name: &str) -> String {
    let (before, rest) = line.split_once(name).unwrap();
    let letter = rest.find(|c: char| c.is_ascii_lowercase()).unwrap();
    assert!(letter < 36, "{rest}");
    let (digits, rest) = rest.split_at(letter);
    let (letter, rest) = rest.split_at(1);
    format!("{before}{name}{digits}{}{rest}", letter.to_ascii_uppercase())
}

#[test]
fn a_store_with_a_different_history_is_left_alone() {
    let (data, ids) = filled();
    let lines = exported(data.path());
    let server = Daybook::start(&mut daybook(data.path()));
    let check_in = |quantity| command(ids[1], "CheckInItems", json!({ "quantity": quantity }));
    server.command(&check_in(1));
    server.stop();
    let other = tempdir().unwrap();
    let there = other.path().join("data");
    assert!(import(&there, &lines).status.success());
    let server = Daybook::start(&mut daybook(&there));
    server.command(&check_in(2));
    server.stop();
    let before = exported(&there);
    let refused = import(&there, &exported(data.path()));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{told}");
    assert!(told.contains("the store has another version 4") && told.contains("line "), "{told}");
    assert_eq!(exported(&there), before);
}

#[test]
fn a_missing_file_is_named() {
    let data = tempdir().unwrap();
    Daybook::start(&mut daybook(data.path())).stop();
    let file = data.path().join("nowhere.jsonl");
    let name = file.display().to_string();
    assert_refuses(daybook(data.path()).arg("import").arg(&file), 1, &["cannot use", &name]);
    let export = data.path().join("no").join("directory.jsonl");
    assert_refuses(daybook(data.path()).arg("export").arg(&export), 1, &["cannot use", "no/dir"]);
}
