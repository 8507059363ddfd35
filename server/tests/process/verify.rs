//! `daybook verify` finds changes that were made behind the store's back.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use event_store::Timestamp;
use event_store::dynamodb::DynamoDbStore;
use event_store::embedded::Embedded;
use event_store::feed::{Batch, FeedStore, Reference};
use serde_json::json;
use tempfile::{TempDir, tempdir};
use uuid::Uuid;

use super::{Daybook, daybook, run};
use crate::desk::{ITEM, bolt, command, new_id, path};
use crate::dynamodb::{Dynamo, Quirks};

fn verified(data: &Path) -> (Option<i32>, String, String) {
    verified_with(data, &[])
}

fn verified_with(data: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let verified = run(daybook(data).arg("verify").args(arguments));
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (verified.status.code(), text(verified.stdout), text(verified.stderr))
}

/// The root in the last line of the output.
#[track_caller]
fn root(told: &str) -> &str {
    let last = told.lines().last().unwrap();
    assert!(last.starts_with("The feed ends at position "), "{told}");
    last.split_once("daybook verify --root ").unwrap().1
}

/// The output before the root.
fn but_for_the_root(told: &str) -> &str {
    told.split_once("The feed ends at").unwrap().0
}

/// Changes the database file, as anyone with access to it can.
async fn alter(data: &Path, id: Uuid, version: u64, from: &str, to: &str) {
    alter_item(data, &format!("{ITEM}#{id}"), version, from, to).await;
}

async fn alter_item(data: &Path, pk: &str, number: u64, from: &str, to: &str) {
    let engine = Embedded::open(data.join("daybook.db")).unwrap();
    let client = engine.client();
    let key = [("pk", pk.to_owned()), ("sk", format!("{number:012}"))];
    let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
    let get = client.get_item().table_name("daybook").set_key(Some(key.into()));
    let mut item = get.send().await.unwrap().item.unwrap();
    let body = item["body"].as_s().unwrap().replace(from, to);
    assert_ne!(item["body"].as_s().unwrap(), &body);
    item.insert("body".to_owned(), AttributeValue::S(body));
    client.put_item().table_name("daybook").set_item(Some(item)).send().await.unwrap();
    engine.close().await;
}

#[tokio::test]
async fn an_altered_change_set_is_found_and_named() {
    let data = tempdir().unwrap();
    Daybook::start(&mut daybook(data.path())).stop();
    assert_eq!(
        verified(data.path()),
        (
            Some(0),
            "All 0 change sets of 0 aggregates are as they were written.\n".into(),
            String::new()
        )
    );
    let server = Daybook::start(&mut daybook(data.path()));
    let ids = [new_id(), new_id(), new_id()];
    for id in ids {
        server.command(&command(id, "CreateInventoryItem", bolt()));
        for quantity in [10, 20, 30] {
            server.command(&command(id, "CheckInItems", json!({ "quantity": quantity })));
        }
    }
    server.stop();
    let (code, told, _) = verified(data.path());
    assert_eq!(
        (code, but_for_the_root(&told)),
        (Some(0), "All 15 change sets of 6 aggregates are as they were written.\n")
    );
    assert!(told.contains("ends at position 15. "), "{told}");

    alter(data.path(), ids[1], 3, "\"quantity\":20", "\"quantity\":200").await;
    let (code, told, log) = verified(data.path());
    assert_eq!(code, Some(1), "{log}");
    let line = format!("{ITEM} {}, version 3: ", ids[1]);
    assert!(told.starts_with(&line) && told.contains("was altered"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(log.contains("daybook: 1 of 6 aggregates are not as they were written"), "{log}");
    // An export refuses the item, and the item's own pages report the damage, too.
    let exported = run(daybook(data.path()).arg("export"));
    assert_eq!(exported.status.code(), Some(1));
    assert!(String::from_utf8(exported.stderr).unwrap().contains("corrupt at version 3"));
    let server = Daybook::start(&mut daybook(data.path()));
    let shown = server.get(&format!("{}/verification", path(ids[1]))).json();
    assert_eq!((&shown["ok"], &shown["failed_at"]), (&json!(false), &json!(3)));
    let page = server.get(&format!("/inventory/{}", ids[1]));
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Version 3 is damaged"), "{}", page.body);
    assert!(page.body.contains("the record as of version 2"), "{}", page.body);
    server.stop();
}

fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_millis(since_epoch.as_millis().try_into().unwrap())
}

/// A verification resumes from the notes of an earlier one if they are about the same store and at
/// most a day old.
#[tokio::test]
async fn a_stopped_verification_resumes() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    let ids = [new_id(), new_id()];
    for id in ids {
        server.command(&command(id, "CreateInventoryItem", bolt()));
    }
    server.stop();
    let notes = data.path().join("verification.json");
    let left_at = |store: &str, begun: Option<&str>| {
        json!({
            "store": store, "begun": begun, "page": null, "done": [{ "kind": ITEM, "id": ids[0] }],
            "aggregates": 1, "change_sets": 1,
            "findings": [{ "aggregate": { "kind": ITEM, "id": ids[0] }, "version": 1, "problem": "seen" }],
        })
    };
    let hours_ago = |hours: i64| now().minus_millis(hours * 3_600_000).to_string();
    let begun = hours_ago(23);
    let left = |store: &str| left_at(store, Some(&begun));
    std::fs::write(&notes, left("another").to_string()).unwrap();
    let (code, told, _) = verified(data.path());
    assert_eq!((code, told.contains("All 4 change sets of 4")), (Some(0), true), "{told}");
    assert!(!notes.exists());

    use std::os::unix::fs::MetadataExt;
    let inode = std::fs::metadata(data.path().join("daybook.db")).unwrap().ino();
    let own = format!("embedded, inode {inode}, table daybook");
    std::fs::write(&notes, left(&own).to_string()).unwrap();
    let (code, told, log) = verified(data.path());
    assert_eq!(code, Some(1), "{log}");
    let lines: Vec<_> = told.lines().collect();
    assert!(
        lines[0].starts_with("1 change sets were checked by the interrupted verification"),
        "{told}"
    );
    assert_eq!(lines[1..], [format!("{ITEM} {}, version 1: seen", ids[0])]);
    assert!(log.contains("1 of 4 aggregates"), "{log}");

    std::fs::write(&notes, left(&own).to_string()).unwrap();
    let afresh = run(daybook(data.path()).args(["verify", "--afresh"]));
    assert_eq!(afresh.status.code(), Some(0), "{afresh:?}");

    // Old notes do not count, because a change set may have been altered since.
    for (begun, says) in [
        (Some(hours_ago(25)), "began at"),
        (Some(hours_ago(-2)), "began at"),
        (None, "does not say when it began"),
    ] {
        std::fs::write(&notes, left_at(&own, begun.as_deref()).to_string()).unwrap();
        let (code, told, log) = verified(data.path());
        assert_eq!(code, Some(0), "{log}");
        let lines: Vec<_> = told.lines().collect();
        assert!(lines[0].contains(says) && lines[0].ends_with(": starting over."), "{told}");
        assert_eq!(lines[1], "All 4 change sets of 4 aggregates are as they were written.");
    }
}

/// A result of yesterday must not be reported as one of today.
#[tokio::test]
async fn earlier_checks_are_counted_apart_from_new_ones() {
    let (data, ids) = filled();
    let begun = now();
    use std::os::unix::fs::MetadataExt;
    let inode = std::fs::metadata(data.path().join("daybook.db")).unwrap().ino();
    let left = json!({
        "store": format!("embedded, inode {inode}, table daybook"), "begun": begun, "page": null,
        "done": [{ "kind": ITEM, "id": ids[0] }], "aggregates": 1, "change_sets": 4, "findings": [],
    });
    std::fs::write(data.path().join("verification.json"), left.to_string()).unwrap();
    let (code, told, log) = verified(data.path());
    assert_eq!(code, Some(0), "{log}");
    let all = format!(
        "All 7 change sets of 4 aggregates were as they were written when they were checked: 3 now, 4 by a \
         verification that began at {begun}."
    );
    assert_eq!(told.lines().nth(1), Some(&*all), "{told}");
}

/// A verification at night must not fail because the store was busy for a moment.
#[tokio::test(flavor = "multi_thread")]
async fn a_verification_waits_for_an_unavailable_store() {
    let dynamo = Dynamo::start().await;
    tokio::task::spawn_blocking(move || {
        let data = tempdir().unwrap();
        let endpoint = ["--dynamodb-endpoint", &dynamo.url];
        let server = Daybook::start(daybook(data.path()).args(endpoint));
        let id = new_id();
        server.command(&command(id, "CreateInventoryItem", bolt()));
        server.stop();

        dynamo.have(Quirks { away_for: Some(id.to_string()), ..Quirks::default() });
        let mut verify = daybook(data.path());
        verify.arg("verify").args(endpoint).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut verify = verify.spawn().unwrap();
        let mut log = BufReader::new(verify.stderr.take().unwrap()).lines().map(Result::unwrap);
        let waits = log.find(|line| line.contains("a request to the store failed; retrying"));
        assert!(waits.is_some(), "the verification gives up: {:?}", verify.wait_with_output());
        dynamo.have(Quirks::default());
        log.for_each(drop);
        let verified = verify.wait_with_output().unwrap();
        let told = String::from_utf8(verified.stdout).unwrap();
        assert!(verified.status.success(), "{told}");
        assert!(told.starts_with("All 2 change sets of 2 aggregates are as"), "{told}");
    })
    .await
    .unwrap();
}

/// A store with two items, of four versions and of one. With the claims of their SKUs, it has seven
/// change sets.
fn filled() -> (TempDir, [Uuid; 2]) {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    let ids = [new_id(), new_id()];
    for id in ids {
        server.command(&command(id, "CreateInventoryItem", bolt()));
    }
    for quantity in [10, 20, 30] {
        server.command(&command(ids[0], "CheckInItems", json!({ "quantity": quantity })));
    }
    server.stop();
    (data, ids)
}

/// The key of the newest item in this partition.
async fn newest(client: &Client, pk: &str) -> HashMap<String, AttributeValue> {
    let query = client.query().table_name("daybook").key_condition_expression("pk = :pk");
    let query = query.expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
    let answer = query.scan_index_forward(false).limit(1).send().await.unwrap();
    answer
        .items
        .unwrap()
        .remove(0)
        .into_iter()
        .filter(|(name, _)| name == "pk" || name == "sk")
        .collect()
}

async fn remove_newest(data: &Path, pk: &str) {
    let engine = Embedded::open(data.join("daybook.db")).unwrap();
    let client = engine.client();
    let key = newest(&client, pk).await;
    client.delete_item().table_name("daybook").set_key(Some(key)).send().await.unwrap();
    engine.close().await;
}

#[tokio::test]
async fn an_altered_batch_of_the_feed_is_found() {
    let (data, ids) = filled();
    alter_item(data.path(), "feed#0", 1, &ids[0].to_string(), &ids[1].to_string()).await;
    let (code, told, log) = verified(data.path());
    assert_eq!(code, Some(1), "{log}");
    assert_eq!(told, "batch 1 of the feed was altered: its hash does not match its body\n");
    assert!(log.contains("daybook: the feed is not as it was written"), "{log}");
}

/// A killed process may leave change sets out of the feed, which is not a fault.
#[tokio::test]
async fn change_sets_that_are_not_in_the_feed_yet_are_reported_but_are_no_fault() {
    let (data, ids) = filled();
    // A change set that is committed alone has its own batch, so the batch has the same root when
    // `reconcile` writes it again.
    let server = Daybook::start(&mut daybook(data.path()));
    let check_in = command(ids[0], "CheckInItems", json!({ "quantity": 1 }));
    assert_eq!(server.command(&check_in).status, 201);
    server.stop();
    let all = "All 8 change sets of 4 aggregates are as they were written.\n";
    let whole = verified(data.path()).1;
    assert_eq!(but_for_the_root(&whole), all);
    let engine = Embedded::open(data.path().join("daybook.db")).unwrap();
    let store = DynamoDbStore::new(engine.client(), "daybook");
    let batches = store.batches(0, usize::MAX).await.unwrap();
    engine.close().await;
    remove_newest(data.path(), "feed#0").await;
    let (code, told, log) = verified(data.path());
    assert_eq!(code, Some(0), "{log}");
    let cut_off = batches.last().unwrap().references();
    let note = "change sets are not in the feed yet; `daybook reconcile` puts them there.";
    let (count, rest) = but_for_the_root(&told).split_once(' ').unwrap();
    assert_eq!(count, cut_off.len().to_string());
    assert!(rest.starts_with(note) && rest.ends_with(all), "{told}");
    for named in cut_off {
        let item = format!("  {} {}, version", named.aggregate.kind, named.aggregate.id);
        assert!(told.lines().any(|line| line.starts_with(&item)), "{item} in {told}");
    }
    assert!(run(daybook(data.path()).arg("reconcile")).status.success());
    assert_eq!(verified(data.path()), (Some(0), whole, String::new()));
}

#[tokio::test]
async fn at_most_ten_aggregates_that_are_not_in_the_feed_yet_are_named() {
    let (data, ids) = filled();
    let server = Daybook::start(&mut daybook(data.path()));
    for _ in 0..4 {
        server.command(&command(new_id(), "CreateInventoryItem", bolt()));
    }
    server.stop();
    cut_off(data.path(), |_| true).await;
    let (code, told, log) = verified(data.path());
    assert_eq!(code, Some(0), "{log}");
    let lines: Vec<_> = told.lines().collect();
    assert!(lines[0].starts_with("15 change sets are not in the feed yet"), "{told}");
    assert!(lines[1..11].iter().all(|line| line.contains(", version")), "{told}");
    assert_eq!(lines[11], "  and 2 more");
    assert_eq!(lines[12..], ["All 15 change sets of 12 aggregates are as they were written."]);
    // Items come in the order of the table's own hash, so the first one may not be among the ten.
    let versions = format!("  {ITEM} {}, versions 1 to 4", ids[0]);
    let first = lines[1..11].iter().find(|line| line.contains(&ids[0].to_string()));
    assert!(first.is_none_or(|line| *line == versions), "{told}");
}

/// Removes the batches of the feed from the first match on.
async fn cut_off(data: &Path, is_first: impl Fn(&Batch) -> bool) {
    let engine = Embedded::open(data.join("daybook.db")).unwrap();
    let client = engine.client();
    let store = DynamoDbStore::new(client.clone(), "daybook");
    let batches = store.batches(0, usize::MAX).await.unwrap();
    let first = batches.iter().position(is_first).unwrap();
    for _ in &batches[first..] {
        let key = newest(&client, "feed#0").await;
        client.delete_item().table_name("daybook").set_key(Some(key)).send().await.unwrap();
    }
    engine.close().await;
}

/// Anyone with access to the store can truncate an item together with the feed, and the rest is
/// consistent. A saved root reveals the loss.
#[tokio::test]
async fn a_saved_root_reveals_a_truncated_feed() {
    let (data, ids) = filled();
    let told = verified(data.path()).1;
    let root = root(&told);
    let (code, told, log) = verified_with(data.path(), &["--root", root]);
    assert_eq!(code, Some(0), "{log}");
    assert!(told.contains("The feed still has batch "), "{told}");

    remove_newest(data.path(), &format!("{ITEM}#{}", ids[0])).await;
    let is_newest = |named: &Reference| named.aggregate.id == ids[0] && named.version == 4;
    cut_off(data.path(), |batch| batch.references().iter().any(is_newest)).await;
    let (code, told, log) = verified(data.path());
    assert_eq!(code, Some(0), "{told}{log}");
    let number = root.split_once(':').unwrap().0;
    let (code, told, log) = verified_with(data.path(), &["--root", root]);
    assert_eq!(code, Some(1), "{told}");
    let cut_off = format!("batch {number} of the feed is gone: the feed was cut off and ends with");
    assert!(told.contains(&cut_off), "{told}");
    assert!(log.contains("daybook: the feed is not as it was written"), "{log}");

    // A feed that continues after the cut has another batch with the same number.
    let server = Daybook::start(&mut daybook(data.path()));
    for quantity in 1..10 {
        server.command(&command(ids[0], "CheckInItems", json!({ "quantity": quantity })));
        // After this read, the change set has its own batch.
        server.get("/api/v1/aggregates/inventory-item");
    }
    server.stop();
    assert_eq!(verified(data.path()).0, Some(0));
    let (code, told, _) = verified_with(data.path(), &["--root", root]);
    assert_eq!(code, Some(1), "{told}");
    let other =
        format!("batch {number} of the feed is not the one that was published: its hash is");
    assert!(told.contains(&other), "{told}");
}

/// A truncated history is consistent by itself, but the feed reveals the loss.
#[tokio::test]
async fn a_missing_change_set_that_the_feed_names_is_found() {
    let (data, ids) = filled();
    for (version, id) in [(4, ids[0]), (1, ids[1])] {
        remove_newest(data.path(), &format!("{ITEM}#{id}")).await;
        let (code, told, log) = verified(data.path());
        assert_eq!(code, Some(1), "{log}");
        let line = format!("{ITEM} {id}, version {version}: the feed names it, but it is missing");
        assert!(told.lines().any(|told| told == line), "{told}");
    }
}
