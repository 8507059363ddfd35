//! `daybook verify`: what somebody changed behind the store's back is found.

use std::collections::HashMap;
use std::path::Path;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use event_store::dynamodb::DynamoDbStore;
use event_store::embedded::Embedded;
use event_store::feed::FeedStore;
use serde_json::json;
use tempfile::{TempDir, tempdir};
use uuid::Uuid;

use super::{Daybook, daybook, run};
use crate::desk::{ITEM, bolt, command, new_id, path};

fn verified(data: &Path) -> (Option<i32>, String, String) {
    let verified = run(daybook(data).arg("verify"));
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (verified.status.code(), text(verified.stdout), text(verified.stderr))
}

/// Changes what is in the file as whoever holds it can.
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
async fn what_was_altered_is_found_and_named() {
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
        (code, &*told),
        (Some(0), "All 15 change sets of 6 aggregates are as they were written.\n")
    );

    alter(data.path(), ids[1], 3, "\"quantity\":20", "\"quantity\":200").await;
    let (code, told, log) = verified(data.path());
    assert_eq!(code, Some(1), "{log}");
    let line = format!("{ITEM} {}, version 3: ", ids[1]);
    assert!(told.starts_with(&line) && told.contains("was altered"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(log.contains("daybook: 1 of 6 aggregates are not as they were written"), "{log}");
    // It is not carried on into another store, and its own pages say so too.
    let exported = run(daybook(data.path()).arg("export"));
    assert_eq!(exported.status.code(), Some(1));
    assert!(String::from_utf8(exported.stderr).unwrap().contains("corrupt at version 3"));
    let server = Daybook::start(&mut daybook(data.path()));
    let shown = server.get(&format!("{}/verification", path(ids[1]))).json();
    assert_eq!((&shown["ok"], &shown["failed_at"]), (&json!(false), &json!(3)));
    let page = server.get(&format!("/inventory/{}", ids[1]));
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Version 3 does not hold"), "{}", page.body);
    assert!(page.body.contains("the record as of version 2"), "{}", page.body);
    server.stop();
}

/// Notes that an earlier verification has left are taken up, if they are of this store.
#[tokio::test]
async fn one_that_was_stopped_goes_on() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    let ids = [new_id(), new_id()];
    for id in ids {
        server.command(&command(id, "CreateInventoryItem", bolt()));
    }
    server.stop();
    let notes = data.path().join("verification.json");
    let left = |store: &str| {
        json!({
            "store": store, "page": null, "done": [{ "kind": ITEM, "id": ids[0] }],
            "aggregates": 1, "change_sets": 1,
            "findings": [{ "aggregate": { "kind": ITEM, "id": ids[0] }, "version": 1, "problem": "seen" }],
        })
    };
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
    assert!(lines[0].starts_with("1 change sets were checked before"), "{told}");
    assert_eq!(lines[1..], [format!("{ITEM} {}, version 1: seen", ids[0])]);
    assert!(log.contains("1 of 4 aggregates"), "{log}");

    std::fs::write(&notes, left(&own).to_string()).unwrap();
    let afresh = run(daybook(data.path()).args(["verify", "--afresh"]));
    assert_eq!(afresh.status.code(), Some(0), "{afresh:?}");
}

/// A store with an item of four versions, and one of one: with what their SKUs are claimed by, seven change
/// sets.
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
async fn a_batch_of_the_feed_that_was_altered_is_found() {
    let (data, ids) = filled();
    alter_item(data.path(), "feed#0", 1, &ids[0].to_string(), &ids[1].to_string()).await;
    let (code, told, log) = verified(data.path());
    assert_eq!(code, Some(1), "{log}");
    assert_eq!(told, "batch 1 of the feed was altered: its hash does not match its body\n");
    assert!(log.contains("daybook: the feed is not as it was written"), "{log}");
}

/// What a killed process leaves is no fault.
#[tokio::test]
async fn what_is_not_in_the_feed_yet_is_said_and_is_no_fault() {
    let (data, _) = filled();
    let all = "All 7 change sets of 4 aggregates are as they were written.\n";
    assert_eq!(verified(data.path()).1, all);
    let engine = Embedded::open(data.path().join("daybook.db")).unwrap();
    let store = DynamoDbStore::new(engine.client(), "daybook");
    let batches = store.batches(0, usize::MAX).await.unwrap();
    engine.close().await;
    remove_newest(data.path(), "feed#0").await;
    let (code, told, log) = verified(data.path());
    assert_eq!(code, Some(0), "{log}");
    let count = batches.last().unwrap().references().len();
    let note = "change sets are not in the feed yet; `daybook reconcile` puts them there.";
    assert_eq!(told, format!("{count} {note}\n{all}"));
    assert!(run(daybook(data.path()).arg("reconcile")).status.success());
    assert_eq!(verified(data.path()), (Some(0), all.to_owned(), String::new()));
}

/// A history that was cut off is whole by itself. The feed knows better.
#[tokio::test]
async fn what_the_feed_names_and_is_gone_is_found() {
    let (data, ids) = filled();
    for (version, id) in [(4, ids[0]), (1, ids[1])] {
        remove_newest(data.path(), &format!("{ITEM}#{id}")).await;
        let (code, told, log) = verified(data.path());
        assert_eq!(code, Some(1), "{log}");
        let line =
            format!("{ITEM} {id}, version {version}: the feed names it, and it is not there");
        assert!(told.lines().any(|told| told == line), "{told}");
    }
}
