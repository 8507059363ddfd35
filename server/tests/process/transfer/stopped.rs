//! Commands that are stopped midway, or whose store is away for a while: in the end there is what there
//! would have been.

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

/// Far longer than anything here takes that is not stuck.
const DEADLINE: Duration = Duration::from_secs(60);
/// What the log has of a store that is waited for.
const AWAY: &str = "it is tried again";

/// A command under way. Killed when dropped.
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

    /// Its exit code, if it was not killed, and its log.
    #[track_caller]
    fn end(mut self) -> (Option<i32>, String) {
        let mut ended = None;
        until(
            || {
                ended = self.process.try_wait().unwrap();
                ended.is_some()
            },
            || "it does not end".to_owned(),
        );
        (ended.unwrap().code(), self.log())
    }

    /// Stops it midway: told to, it ends in the way that its last line says.
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
        assert!(last.starts_with("daybook: stopped before the end"), "{log}");
        for words in says {
            assert!(last.contains(words), "`{words}` is not in: {last}");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails when it has ended by itself.
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

/// A table, and a directory for whoever uses it.
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

    /// An import of these that nobody disturbs.
    #[track_caller]
    fn import(&self, lines: &[String]) {
        let file = self.directory.path().join("books.jsonl");
        fs::write(&file, text(lines)).unwrap();
        let told = self.told(&["import", file.to_str().unwrap()]);
        assert_eq!(told, format!("All {} change sets are in the store.\n", lines.len()));
    }

    /// It is away for whoever asks for this aggregate.
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

/// The pipe is open, and nothing comes through it, as one group of change sets is written and the next has
/// begun.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_stopped_goes_on() {
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
        import.stopped_by(signal, &["the same command goes on"]);
        let there = table.store.keys(None).await.unwrap().keys.len();
        assert_eq!(there, TOGETHER, "{signal}");

        table.import(&lines);
        assert!(table.told(&["export"]) == undisturbed, "{signal}");
        assert_eq!(table.in_feed().await, hashes(&lines), "{signal}");
    }
}

/// Of what is put together some is there already.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_goes_on_in_the_middle_of_a_group() {
    let lines = lines();
    let undisturbed = Table::with(&lines).await.told(&["export"]);
    let table = Table::with(&lines[..TOGETHER / 2]).await;
    table.import(&lines);
    assert!(table.told(&["export"]) == undisturbed);
    assert_eq!(table.in_feed().await, hashes(&lines));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_waits_for_a_store_that_is_away() {
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
            import.stopped_by("TERM", &["the same command goes on"]);
            table.be_well();
            table.import(&lines);
        } else {
            // Longer than the first pause.
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
async fn an_export_to_a_file_that_was_stopped_goes_on_with_resume() {
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
async fn an_export_waits_for_a_store_that_is_away() {
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

/// As when somebody looks at the first page of it.
#[test]
fn an_export_that_nobody_reads_on_can_be_stopped() {
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
async fn a_reconciliation_that_was_stopped_goes_on() {
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
            reconciling.stopped_by(signal, &["the same command goes on"]);
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

/// It would be in vain to wait for a permission.
#[tokio::test(flavor = "multi_thread")]
async fn a_reconciliation_that_may_not_write_says_so() {
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

/// What a sweep deletes is on nobody's way, so it is stopped wherever it happens to be.
#[test]
fn a_sweep_that_was_stopped_goes_on() {
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

/// Where there is nothing but items, nothing larger than an item fits.
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_named_and_what_stands_before_it_is_written() {
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

/// What began an aggregate, for another, by somebody whose name takes more than an item has room for.
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
