//! Commands that are stopped midway, or whose store is unavailable for a while: the result is the
//! same as without the interruption.

use std::fs;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use domain::InventoryItem;
use event_store::dynamodb::{DynamoDbStore, for_endpoint};
use event_store::feed::{Batch, FeedStore};
use event_store::{AggregateId, AppendedAll, ChangeSet, Hash, Store, TOGETHER};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, TempDir, tempdir};

use super::{exported, filled, hashes};
use crate::desk::new_id;
use crate::dynamodb::{Dynamo, Quirks};
use crate::process::{daybook, run};

/// Far longer than any step takes, unless it is stuck.
const DEADLINE: Duration = Duration::from_secs(60);
/// The words of the log about a store that a command waits for.
const AWAY: &str = "a request to the store failed; retrying";

/// A running command, killed when dropped.
struct Running {
    process: Child,
    log: NamedTempFile,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let log = NamedTempFile::new().unwrap();
        let process = command.stderr(log.reopen().unwrap()).spawn().unwrap();
        Self { process, log }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.log.path()).unwrap()
    }

    #[track_caller]
    fn until_log_says(&self, words: &str) {
        until(|| self.log().contains(words), || format!("`{words}` is not in: {}", self.log()));
    }

    fn signal(&self, name: &str) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("kill -{name} \"$0\""), &self.process.id().to_string()]);
        assert!(shell.status().unwrap().success());
    }

    /// Waits for the command to exit. Returns its exit code, or `None` if it was killed, and its
    /// log.
    #[track_caller]
    fn end(mut self) -> (Option<i32>, String) {
        let mut ended = None;
        until(
            || {
                ended = self.process.try_wait().unwrap();
                ended.is_some()
            },
            || "the command does not exit".to_owned(),
        );
        (ended.unwrap().code(), self.log())
    }

    /// Stops the command midway. Unless it is killed, its last line must contain all of `says`.
    #[track_caller]
    fn stopped_by(self, signal: &str, says: &[&str]) {
        self.signal(signal);
        let (code, log) = self.end();
        if signal == "KILL" {
            assert_eq!(code, None, "{log}");
            return;
        }
        assert_eq!(code, Some(1), "{log}");
        let last = log.lines().last().unwrap();
        assert!(last.starts_with("daybook: interrupted; "), "{log}");
        for words in says {
            assert!(last.contains(words), "`{words}` is not in: {last}");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails if the process has exited by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[track_caller]
fn until(mut there: impl FnMut() -> bool, otherwise: impl FnOnce() -> String) {
    let begun = Instant::now();
    while !there() {
        if begun.elapsed() > DEADLINE {
            panic!("{}", otherwise());
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// A table, and a data directory for the commands that use it.
struct Table {
    dynamo: Dynamo,
    store: DynamoDbStore,
    directory: TempDir,
}

impl Table {
    async fn empty() -> Self {
        let dynamo = Dynamo::start().await;
        let client = aws_sdk_dynamodb::Client::from_conf(for_endpoint(&dynamo.url));
        let store = DynamoDbStore::new(client, "daybook");
        store.ensure_table().await.unwrap();
        Self { dynamo, store, directory: tempdir().unwrap() }
    }

    async fn with(lines: &[String]) -> Self {
        let table = Self::empty().await;
        table.import(lines);
        table
    }

    fn daybook(&self) -> Command {
        let mut command = daybook(self.directory.path());
        command.args(["--dynamodb-endpoint", &self.dynamo.url]);
        command
    }

    #[track_caller]
    fn told(&self, arguments: &[&str]) -> String {
        let done = run(self.daybook().args(arguments));
        assert!(done.status.success(), "{arguments:?}: {done:?}");
        String::from_utf8(done.stdout).unwrap()
    }

    /// Imports these lines without an interruption.
    #[track_caller]
    fn import(&self, lines: &[String]) {
        let file = self.directory.path().join("books.jsonl");
        fs::write(&file, text(lines)).unwrap();
        let told = self.told(&["import", file.to_str().unwrap()]);
        assert_eq!(told, format!("All {} change sets are in the store.\n", lines.len()));
    }

    /// Makes the store unavailable for requests about this aggregate.
    fn be_away_for(&self, aggregate: &AggregateId) {
        let away_for = Some(aggregate.id.to_string());
        self.dynamo.have(Quirks { away_for, ..Quirks::default() });
    }

    fn be_well(&self) {
        self.dynamo.have(Quirks::default());
    }

    async fn in_feed(&self) -> Vec<Hash> {
        let batches = self.store.batches(0, usize::MAX).await.unwrap();
        batches.iter().flat_map(Batch::references).map(|named| named.hash).collect()
    }
}

fn text(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

fn read(line: &str) -> ChangeSet {
    serde_json::from_str(line).unwrap()
}

/// An export of three items, of 1, 3 and 120 versions, and their SKUs.
fn lines() -> Vec<String> {
    exported(filled().0.path())
}

/// The import is stopped while it waits for more lines from the pipe: it has written one group of
/// change sets and begun the next.
#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_import_resumes() {
    let lines = lines();
    let undisturbed = Table::with(&lines).await.told(&["export"]);
    for signal in ["TERM", "KILL"] {
        let table = Table::empty().await;
        let mut command = table.daybook();
        let mut import = Running::start(command.args(["import", "-"]).stdin(Stdio::piped()));
        let mut pipe = import.process.stdin.take().unwrap();
        pipe.write_all(text(&lines[..TOGETHER + 10]).as_bytes()).unwrap();
        let begun = Instant::now();
        while table.store.keys(None).await.unwrap().keys.len() < TOGETHER {
            assert!(begun.elapsed() < DEADLINE, "{}", import.log());
        }
        import.stopped_by(signal, &["run the same command again"]);
        let there = table.store.keys(None).await.unwrap().keys.len();
        assert_eq!(there, TOGETHER, "{signal}");

        table.import(&lines);
        assert!(table.told(&["export"]) == undisturbed, "{signal}");
        assert_eq!(table.in_feed().await, hashes(&lines), "{signal}");
    }
}

/// Some change sets of a group are in the store already.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_resumes_in_the_middle_of_a_group() {
    let lines = lines();
    let undisturbed = Table::with(&lines).await.told(&["export"]);
    let table = Table::with(&lines[..TOGETHER / 2]).await;
    table.import(&lines);
    assert!(table.told(&["export"]) == undisturbed);
    assert_eq!(table.in_feed().await, hashes(&lines));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_waits_for_an_unavailable_store() {
    let lines = lines();
    let last = read(lines.last().unwrap()).aggregate;
    for stopped in [false, true] {
        let table = Table::empty().await;
        let file = table.directory.path().join("books.jsonl");
        fs::write(&file, text(&lines)).unwrap();
        table.be_away_for(&last);
        let mut command = table.daybook();
        let import = Running::start(command.arg("import").arg(&file).stdout(Stdio::null()));
        import.until_log_says(AWAY);
        if stopped {
            import.stopped_by("TERM", &["run the same command again"]);
            table.be_well();
            table.import(&lines);
        } else {
            // Longer than the first retry delay.
            thread::sleep(Duration::from_secs(4));
            table.be_well();
            let (code, log) = import.end();
            assert_eq!(code, Some(0), "{log}");
            assert_eq!(log.matches(AWAY).count(), 1, "{log}");
        }
        assert_eq!(table.in_feed().await, hashes(&lines));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_export_to_a_file_resumes() {
    let table = Table::with(&lines()).await;
    let undisturbed = table.told(&["export"]);
    let last = read(undisturbed.lines().last().unwrap()).aggregate;
    for signal in ["TERM", "KILL"] {
        let file = table.directory.path().join(signal);
        let name = file.to_str().unwrap();
        table.be_away_for(&last);
        let export = Running::start(table.daybook().args(["export", name]));
        export.until_log_says(AWAY);
        let part = || fs::read_to_string(&file).unwrap_or_default();
        until(|| !part().is_empty(), || "nothing is written".to_owned());
        export.stopped_by(signal, &["--resume", name]);
        assert!(undisturbed.starts_with(&part()) && part() != undisturbed, "{signal}");

        table.be_well();
        table.told(&["export", name, "--resume"]);
        assert!(part() == undisturbed, "{signal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_waits_for_an_unavailable_store() {
    let table = Table::with(&lines()).await;
    let undisturbed = table.told(&["export"]);
    let file = table.directory.path().join("all");
    table.be_away_for(&read(undisturbed.lines().last().unwrap()).aggregate);
    let export = Running::start(table.daybook().arg("export").arg(&file));
    export.until_log_says(AWAY);
    table.be_well();
    let (code, log) = export.end();
    assert_eq!((code, log.matches(AWAY).count()), (Some(0), 1), "{log}");
    assert!(fs::read_to_string(&file).unwrap() == undisturbed);
}

/// A pager, for example, reads only the first page.
#[test]
fn an_export_whose_reader_has_paused_can_be_stopped() {
    let (data, _) = filled();
    let pipe_holds = 64 * 1024;
    assert!(text(&exported(data.path())).len() > pipe_holds + 1);
    let mut command = daybook(data.path());
    let mut export = Running::start(command.arg("export").stdout(Stdio::piped()));
    let mut pipe = export.process.stdout.take().unwrap();
    pipe.read_exact(&mut [0]).unwrap();
    export.stopped_by("TERM", &["standard output"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_reconciliation_resumes() {
    let lines = lines();
    let all: Vec<_> = lines.iter().map(|line| read(line)).collect();
    let last = all.iter().map(|change_set| &change_set.aggregate).max().unwrap();
    let mut in_feeds = Vec::new();
    for signal in [None, Some("TERM"), Some("KILL")] {
        let table = Table::empty().await;
        for some in all.chunks(TOGETHER) {
            assert_eq!(table.store.append_all(some).await.unwrap(), AppendedAll::Written);
        }
        if let Some(signal) = signal {
            table.be_away_for(last);
            let reconciling = Running::start(table.daybook().arg("reconcile"));
            reconciling.until_log_says(AWAY);
            reconciling.stopped_by(signal, &["run the same command again"]);
            table.be_well();
            let some = table.in_feed().await.len();
            assert!((1..lines.len()).contains(&some), "{some}");
        }
        let told = table.told(&["reconcile"]);
        assert!(told.starts_with("All 127 change sets are in the feed; "), "{told}");
        in_feeds.push(table.in_feed().await);
    }
    let [undisturbed, stopped, killed] = &in_feeds[..] else { panic!("three") };
    assert!(undisturbed == stopped && undisturbed == killed);
}

/// Waiting would not help, because a permission does not return by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_reconciliation_without_permission_to_write_fails() {
    let table = Table::empty().await;
    let all: Vec<_> = lines().iter().map(|line| read(line)).collect();
    assert_eq!(table.store.append_all(&all[..3]).await.unwrap(), AppendedAll::Written);
    table.dynamo.have(Quirks { denies: Some("PutItem"), ..Quirks::default() });
    let reconciling = Running::start(table.daybook().arg("reconcile").stdout(Stdio::null()));
    let (code, log) = reconciling.end();
    let last = log.lines().last().unwrap();
    assert!(code == Some(1) && last.contains("is not authorized"), "{code:?}: {log}");

    table.be_well();
    let told = table.told(&["reconcile"]);
    assert_eq!(told, "All 3 change sets are in the feed; 3 were missing.\n");
}

/// No fault of the store can hold a sweep at a given point, so it is stopped at an arbitrary one.
#[test]
fn a_stopped_sweep_resumes() {
    let (data, _) = filled();
    let histories = exported(data.path());
    let objects = data.path().join("objects/daybook");
    let orphans: Vec<_> = (0..500_u32)
        .map(|n| hex::encode(Sha256::digest(n.to_be_bytes())))
        .map(|name| objects.join(&name[..2]).join(&name[2..4]).join(name))
        .collect();
    let left = || orphans.iter().filter(|file| file.exists()).count();
    for signal in ["TERM", "KILL"] {
        for file in &orphans {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "orphan").unwrap();
        }
        let sweep = |command: &mut Command| {
            command.args(["sweep", "--grace", "0s"]).stdout(Stdio::piped());
        };
        let mut command = daybook(data.path());
        sweep(&mut command);
        let sweeping = Running::start(&mut command);
        until(|| left() < orphans.len(), || "nothing is deleted".to_owned());
        sweeping.signal(signal);
        sweeping.end();
        let rest = left();
        let mut command = daybook(data.path());
        sweep(&mut command);
        let told = String::from_utf8(run(&mut command).stdout).unwrap();
        assert!(told.contains(&format!("Orphans deleted: {rest} (")), "{told}");
        assert_eq!(left(), 0);
        assert_eq!(exported(data.path()), histories);
    }
}

/// A store without object storage has no room for more than an item holds.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_set_that_is_too_large_is_named_and_the_lines_before_it_are_written() {
    let lines = lines();
    let large = in_a_very_long_name(&read(&lines[0]));
    let mut with_it = lines.clone();
    with_it.insert(60, serde_json::to_string(&large).unwrap());
    let table = Table::empty().await;
    let file = table.directory.path().join("too-large.jsonl");
    fs::write(&file, text(&with_it)).unwrap();
    let refused = run(table.daybook().arg("import").arg(&file));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{told}");
    for words in ["line 61: version 1 of ", &large.aggregate.to_string(), "bytes; at most"] {
        assert!(told.contains(words), "`{words}` is not in: {told}");
    }
    assert_eq!(table.store.keys(None).await.unwrap().keys.len(), 60);
    assert_eq!(table.in_feed().await, hashes(&lines[..60]));
    table.import(&lines);
}

/// The same creation, of another aggregate, by an actor whose name is too long for an item.
fn in_a_very_long_name(began: &ChangeSet) -> ChangeSet {
    let aggregate = AggregateId::of::<InventoryItem>(new_id());
    let mut body: Value = serde_json::from_str(began.body()).unwrap();
    let name: String =
        (0..16_000_u32).map(|n| hex::encode(Sha256::digest(n.to_be_bytes()))).collect();
    body["actor"] = name.into();
    let body = body.to_string();
    let hash = Hash::of_change_set(Hash::ZERO, &aggregate, 1, &body);
    ChangeSet::from_parts(aggregate, 1, Hash::ZERO, hash, body).unwrap()
}
