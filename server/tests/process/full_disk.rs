//! A disk with no room left, under a server and under the commands beside it.
//!
//! `full_disk.c` is preloaded, so that writes fail without a disk that is really full.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use uuid::Uuid;

use super::{Daybook, Reply, daybook, run};
use crate::desk::{bolt, command, new_id};

const NO_SPACE: i32 = 28;
const QUOTA_EXCEEDED: i32 = 122;
const READ_ONLY: i32 = 30;
const FILE_TOO_LARGE: i32 = 27;

/// A directory whose disk can be filled.
struct LimitedDisk {
    directory: TempDir,
    data: PathBuf,
}

impl LimitedDisk {
    fn new() -> Self {
        let directory = tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/process/full_disk.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-shared", "-fPIC", "-o"]);
        let built = compiler.arg(directory.path().join("full.so")).arg(source).arg("-ldl").output();
        let built = built.unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let data = directory.path().join("data");
        Self { directory, data }
    }

    fn daybook(&self) -> Command {
        let mut command = daybook(&self.data);
        command.env("LD_PRELOAD", self.directory.path().join("full.so"));
        command.env("FULL_DISK", self.switch());
        command
    }

    fn switch(&self) -> PathBuf {
        self.directory.path().join("full")
    }

    /// Makes writes to files whose paths start with `prefix` fail with `errno` from now on.
    fn fill(&self, errno: i32, prefix: &Path) {
        let unfinished = self.directory.path().join("unfinished");
        fs::write(&unfinished, format!("{errno} {}", prefix.display())).unwrap();
        fs::rename(unfinished, self.switch()).unwrap();
    }

    fn make_room(&self) {
        fs::remove_file(self.switch()).unwrap();
    }
}

fn check_in(id: Uuid) -> Value {
    command(id, "CheckInItems", json!({ "quantity": 1 }))
}

#[track_caller]
fn assert_full(reply: &Reply) {
    assert_eq!((reply.status, &reply.json()["code"]), (503, &json!("disk-full")), "{reply:?}");
    assert!(reply.head.contains("\r\nretry-after: "), "{reply:?}");
}

/// Sends the form of a task as a browser without JavaScript does; returns the page.
fn check_in_by_form(server: &Daybook, id: Uuid) -> String {
    let body = format!("command_id={}&expected_version=&quantity=1&reference=", new_id());
    let mut stream = TcpStream::connect(server.address).unwrap();
    write!(
        stream,
        "POST /inventory/{id}?task=check-in HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\
         sec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{body}",
        server.address,
        body.len()
    )
    .unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

fn told(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.contains("ERROR") || line.contains("WARN")).collect()
}

#[test]
fn a_full_disk_is_reported_until_it_has_room() {
    for errno in [NO_SPACE, QUOTA_EXCEEDED] {
        let place = LimitedDisk::new();
        let server = Daybook::start(&mut place.daybook());
        let id = new_id();
        assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
        server.until_ready();
        place.fill(errno, &place.data);
        let refused = check_in(id);
        for _ in 0..5 {
            assert_full(&server.command(&refused));
            assert_full(&server.get("/readyz"));
        }
        let page = check_in_by_form(&server, id);
        assert!(page.contains("Not checked in"), "{page}");
        assert!(page.contains("The server's disk is full, and nothing was recorded."), "{page}");
        place.make_room();
        server.until_ready();
        assert_eq!(server.command(&refused).status, 201);
        let log = server.stop();
        let told = told(&log);
        assert!(matches!(told[..], [line] if line.contains("the disk is full")), "{log}");
        assert_eq!(log.matches("outcome=\"disk-full\"").count(), 0, "{log}");
    }
}

/// The disk may fill up before the newest change sets are in the feed. Readers then get
/// `disk-full`.
#[test]
fn lists_and_feed_that_lag_because_of_a_full_disk_say_so() {
    let place = LimitedDisk::new();
    let server = Daybook::start(&mut place.daybook());
    let id = new_id();
    assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
    thread::scope(|scope| {
        let working = scope.spawn(|| while server.command(&check_in(id)).status == 201 {});
        thread::sleep(Duration::from_millis(300));
        place.fill(NO_SPACE, &place.data);
        working.join().unwrap();
    });
    for path in ["/api/v1/aggregates/inventory-item", "/api/v1/feed"] {
        let reply = server.get(path);
        if reply.status != 200 {
            assert_full(&reply);
        }
    }
    place.make_room();
    server.until_ready();
    assert_eq!(server.get("/api/v1/feed").status, 200);
}

#[test]
fn a_batch_stops_at_a_full_disk() {
    let place = LimitedDisk::new();
    let server = Daybook::start(&mut place.daybook());
    let ids = [new_id(), new_id()];
    for id in ids {
        assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
    }
    place.fill(NO_SPACE, &place.data);
    let batch = json!({ "commands": ids.map(check_in), "atomic": false }).to_string();
    let reply = super::request(server.address, "POST", "/api/v1/commands/batch", &batch).unwrap();
    for result in reply.json()["results"].as_array().unwrap() {
        assert_eq!(
            (&result["status"], &result["problem"]["code"]),
            (&json!(503), &json!("disk-full"))
        );
    }
}

#[test]
fn lists_on_a_full_disk_say_so_and_commands_still_succeed() {
    let place = LimitedDisk::new();
    let server = Daybook::start(&mut place.daybook());
    let id = new_id();
    assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
    server.until_ready();
    place.fill(NO_SPACE, &place.data.join("read-model.db"));
    assert_eq!(server.command(&check_in(id)).status, 201);
    assert_full(&server.get("/api/v1/aggregates/inventory-item"));
    assert_full(&server.get("/readyz"));
    let page = server.get("/inventory");
    assert!(page.body.contains("The disk is full"), "{page:?}");
    place.make_room();
    server.until_ready();
    let log = server.stop();
    let told = told(&log);
    assert!(matches!(told[..], [line] if line.contains("the disk is full")), "{log}");
}

#[test]
fn other_write_errors_are_logged_but_not_at_each_request() {
    let read_only = (READ_ONLY, "Read-only file system");
    // The file system, or the limit of this process (`ulimit -f`), allows no larger file.
    let too_large = (FILE_TOO_LARGE, "File too large");
    for (errno, reason) in [read_only, too_large] {
        let place = LimitedDisk::new();
        let server = Daybook::start(&mut place.daybook());
        let id = new_id();
        assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
        server.until_ready();
        place.fill(errno, &place.data);
        for _ in 0..20 {
            assert_eq!(server.command(&check_in(id)).status, 503);
            assert_eq!(server.get("/readyz").status, 503);
        }
        place.make_room();
        server.until_ready();
        let log = server.stop();
        assert!(log.contains(reason), "{log}");
        assert!(told(&log).len() <= 4, "{log}");
    }
}

/// Exports everything and verifies it; returns the export.
fn read_all(place: &LimitedDisk, name: &str) -> String {
    let file = place.directory.path().join(name);
    let output = run(place.daybook().arg("export").arg(&file));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = run(place.daybook().arg("verify"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(&file).unwrap()
}

fn files_in(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn read_only_media_can_be_verified_and_exported() {
    let place = LimitedDisk::new();
    let server = Daybook::start(&mut place.daybook());
    let id = new_id();
    assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
    assert_eq!(server.command(&check_in(id)).status, 201);
    server.until_ready();
    place.fill(READ_ONLY, &place.data);
    let output = run(place.daybook().arg("verify"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("in use by another"), "{output:?}");
    // Changes that are only in the write-ahead log are read, too.
    server.signal("KILL");
    server.wait();
    let before = files_in(&place.data);
    assert!(
        before.iter().any(|(path, bytes)| path.ends_with("daybook.db-wal") && !bytes.is_empty())
    );
    let read_only = read_all(&place, "read-only.jsonl");
    assert!(files_in(&place.data) == before, "something was written");
    assert!(read_only.contains("ItemsCheckedIn"), "{read_only}");
    place.make_room();
    assert_eq!(read_only, read_all(&place, "writable.jsonl"));
}

#[test]
fn an_export_to_a_full_disk_says_how_to_resume() {
    let place = LimitedDisk::new();
    let server = Daybook::start(&mut place.daybook());
    assert_eq!(server.command(&command(new_id(), "CreateInventoryItem", bolt())).status, 201);
    server.stop();
    let file = place.directory.path().join("books.jsonl");
    place.fill(NO_SPACE, &file);
    let output = run(place.daybook().arg("export").arg(&file));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for words in [&*file.display().to_string(), "No space left on device", "--resume"] {
        assert!(said.contains(words), "`{words}` is not in: {said}");
    }
    place.make_room();
    let output = run(place.daybook().args(["export", "--resume"]).arg(&file));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_to_string(&file).unwrap().trim().lines().count(), 2);
}

#[test]
fn doctor_and_serve_report_a_full_disk() {
    for (errno, says) in [(NO_SPACE, "No space left"), (QUOTA_EXCEEDED, "Disk quota exceeded")] {
        let place = LimitedDisk::new();
        fs::create_dir(&place.data).unwrap();
        place.fill(errno, &place.data);
        let output = run(place.daybook().arg("doctor"));
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("problem: the disk of the data directory"), "{said}");
        let output = run(&mut place.daybook());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(says), "{said}");
    }
}
