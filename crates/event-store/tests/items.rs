//! The item format, attribute by attribute. What is written stays forever, so the format must not
//! change.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue::{self, B, S};
use event_store::dynamodb::{DynamoDbStore, items};
use event_store::embedded::Embedded;
use event_store::{Reach, Snapshot, Store, StoreError, Timestamp};
use sha2::{Digest, Sha256};

use crate::histories::{noting, tally};

const PK: &str = "tally#00000000-0000-0000-0000-000000000001";

async fn table() -> (Embedded, Client, DynamoDbStore) {
    let embedded = Embedded::in_memory().unwrap();
    let client = embedded.client();
    let store = DynamoDbStore::new(client.clone(), "daybook");
    store.ensure_table().await.unwrap();
    (embedded, client, store)
}

fn key(sk: &str) -> HashMap<String, AttributeValue> {
    [("pk", PK), ("sk", sk)].map(|(name, value)| (name.to_owned(), S(value.to_owned()))).into()
}

async fn item(client: &Client, sk: &str) -> HashMap<String, AttributeValue> {
    let request = client.get_item().table_name("daybook").set_key(Some(key(sk)));
    request.send().await.unwrap().item.unwrap()
}

fn bytes(hex: &str) -> AttributeValue {
    B(Blob::new(hex::decode(hex).unwrap()))
}

#[tokio::test]
async fn a_change_set_item_has_exactly_these_attributes() {
    let (_embedded, client, store) = table().await;
    let first = noting(&tally(1), None, "é \"1\"");
    let second = noting(&tally(1), Some(&first), "2");
    store.append(&first).await.unwrap();
    store.append(&second).await.unwrap();

    let mut expected = key("000000000001");
    let body = concat!(
        r#"{"actor":"tester","causation_id":null,"#,
        r#""command":{"data":{"text":"é \"1\""},"type":"Note"},"#,
        r#""command_id":"00000000-0000-0000-0000-000000000001","#,
        r#""correlation_id":"00000000-0000-0000-0000-000000000001","#,
        r#""events":[{"data":{"text":"é \"1\""},"type":"Noted"}],"#,
        r#""reason":null,"recorded_at":"2026-01-01T12:00:00.000Z","rules":1}"#,
    );
    // Computed without our own `Hash`: SHA-256 over prev, pk, a zero byte, the version and the
    // body.
    let mut hasher = Sha256::new();
    hasher.update([0; 32]);
    hasher.update(PK);
    hasher.update([0, 0, 0, 0, 0, 0, 0, 0, 1]);
    hasher.update(body);
    let hash = B(Blob::new(hasher.finalize().to_vec()));
    expected.extend([
        ("body".to_owned(), S(body.to_owned())),
        ("prev".to_owned(), bytes(&"00".repeat(32))),
        ("hash".to_owned(), hash.clone()),
    ]);
    assert_eq!(item(&client, "000000000001").await, expected);
    assert_eq!(item(&client, "000000000002").await["prev"], hash);
}

/// The body is a plain zstd frame, which any decoder reads.
#[tokio::test]
async fn a_body_is_compressed_when_that_saves_a_unit() {
    let (_embedded, client, store) = table().await;
    let first = noting(&tally(1), None, &"long ".repeat(200));
    store.append(&first).await.unwrap();
    let kept = item(&client, "000000000001").await;
    let frame = kept["body"].as_b().unwrap().as_ref();
    assert!(frame.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) && frame.len() < 600);
    assert_eq!(zstd::decode_all(frame).unwrap(), first.body().as_bytes());
    let loaded = store.load(&tally(1), Reach::Whole).await.unwrap();
    assert_eq!(loaded.change_sets, std::slice::from_ref(&first));

    // Uncompressed, this costs one unit, the least that anything costs.
    let second = noting(&tally(1), Some(&first), &"long ".repeat(40));
    store.append(&second).await.unwrap();
    assert!(item(&client, "000000000002").await["body"].is_s());
}

fn snapshot() -> Snapshot {
    Snapshot {
        aggregate: tally(1),
        version: 1,
        hash: noting(&tally(1), None, "1").hash,
        schema: 7,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(1),
        state: serde_json::json!({ "total": 3 }),
        commands: Default::default(),
    }
}

#[tokio::test]
async fn a_snapshot_item_has_exactly_these_attributes() {
    let (_embedded, client, store) = table().await;
    store.save_snapshot(&snapshot()).await.unwrap();

    let found = item(&client, "000000000001.snapshot").await;
    let body = found["body"].as_s().unwrap();
    let json: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "version": 1,
            "hash": snapshot().hash,
            "schema": 7,
            "created_at": "1970-01-01T00:00:00.000Z",
            "updated_at": "1970-01-01T00:00:00.001Z",
            "state": { "total": 3 },
            "commands": {
                "recent": [], "version": 0, "left": null,
                "ahead": { "ids": [], "left": null },
                "timeless": { "ids": [], "left": null },
            },
        })
    );
    let mut hasher = Sha256::new();
    hasher.update(PK);
    hasher.update([0, 0, 0, 0, 0, 0, 0, 0, 1]);
    hasher.update(body);
    let mut expected = key("000000000001.snapshot");
    expected.insert("body".to_owned(), S(body.clone()));
    expected.insert("sum".to_owned(), B(Blob::new(hasher.finalize().to_vec())));
    assert_eq!(found, expected);
}

/// A change to any one part of a snapshot is noticed.
#[tokio::test]
async fn a_snapshot_that_does_not_match_its_sum_is_ignored() {
    let (_embedded, client, store) = table().await;
    let tally = tally(1);
    store.append(&noting(&tally, None, "1")).await.unwrap();
    let load = || store.load(&tally, Reach::Head { schema: 7 });
    store.save_snapshot(&snapshot()).await.unwrap();
    assert!(load().await.unwrap().snapshot.is_some());

    let sound = item(&client, "000000000001.snapshot").await;
    let altered = sound["body"].as_s().unwrap().replace("\"total\":3", "\"total\":4");
    for (name, value) in [
        ("body", S(altered)),
        ("body", bytes("00")),
        ("sum", bytes(&"00".repeat(32))),
        ("sum", bytes("00")),
    ] {
        let mut item = sound.clone();
        item.insert(name.to_owned(), value);
        let put = client.put_item().table_name("daybook").set_item(Some(item));
        put.send().await.unwrap();
        assert_eq!(load().await.unwrap().snapshot, None, "{name}");
    }
}

#[tokio::test]
async fn unreadable_change_sets_are_refused_in_words_and_unknown_items_are_ignored() {
    let (_embedded, client, store) = table().await;
    let bomb = zstd::bulk::compress(&vec![b' '; items::BODY_LIMIT + 1], 1).unwrap();
    store.append(&noting(&tally(1), None, "1")).await.unwrap();
    let sound = item(&client, "000000000001").await;
    for (name, value, says) in [
        ("body", bytes("28b52ffd"), "its body cannot be decompressed"),
        ("body", B(Blob::new("not a frame")), "its body cannot be decompressed"),
        ("body", B(Blob::new(bomb)), "its body cannot be decompressed"),
        ("body", AttributeValue::Null(true), "its body is neither text nor bytes"),
        ("overflow", bytes("00"), "`overflow` is not 32 bytes"),
        ("hash", bytes("00"), "`hash` is not 32 bytes"),
        ("prev", S("0".repeat(32)), "`prev` is not 32 bytes"),
        ("body", S("{}".to_owned()), "unexpected JSON"),
    ] {
        let mut item = sound.clone();
        item.insert(name.to_owned(), value);
        client.put_item().table_name("daybook").set_item(Some(item)).send().await.unwrap();
        match store.load(&tally(1), Reach::Whole).await {
            Err(StoreError::Corrupt { version: 1, problem, .. }) => {
                assert!(problem.starts_with(says), "{problem}");
            }
            other => unreachable!("{name} gave {other:?}"),
        }
    }
    client.put_item().table_name("daybook").set_item(Some(sound)).send().await.unwrap();
    for sk in ["000000000001.receipt", "index", "1"] {
        client.put_item().table_name("daybook").set_item(Some(key(sk))).send().await.unwrap();
    }
    let feed = [("pk", "feed#0"), ("sk", "000000000001")];
    let feed = feed.map(|(name, value)| (name.to_owned(), S(value.to_owned()))).into();
    client.put_item().table_name("daybook").set_item(Some(feed)).send().await.unwrap();
    let loaded = store.load(&tally(1), Reach::Whole).await.unwrap();
    assert_eq!(loaded.change_sets, [noting(&tally(1), None, "1")]);
    assert_eq!(store.keys(None).await.unwrap().keys, [(tally(1), 1)]);
}
