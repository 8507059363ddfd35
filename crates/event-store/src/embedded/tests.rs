//! Tests of group commit, and comparisons of our own puts with the engine's.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::mpsc;

use dynoxide::actions::{create_table, put_item, transact_write_items};
use dynoxide::storage::Storage;
use serde_json::{Value, json};

use super::disk;
use super::engine::{Engine, Queue};
use super::group::{Database, Group, Held, Lost};
use super::open_files::OpenFiles;
use super::protocol::{Answer, answer, ready};

/// The columns pk, sk, item_json (parsed), item_size, cached_at and hash_prefix.
type StoredRow = (String, String, Value, i64, Option<f64>, String);

const TABLE: &str = "daybook";

fn description(more: &Value) -> Value {
    let mut description = json!({
        "TableName": TABLE,
        "AttributeDefinitions": [
            { "AttributeName": "pk", "AttributeType": "S" },
            { "AttributeName": "sk", "AttributeType": "S" },
        ],
        "KeySchema": [
            { "AttributeName": "pk", "KeyType": "HASH" },
            { "AttributeName": "sk", "KeyType": "RANGE" },
        ],
        "BillingMode": "PAY_PER_REQUEST",
    });
    let more = more.as_object().unwrap().clone();
    description.as_object_mut().unwrap().extend(more);
    description
}

fn with_table() -> Storage {
    let storage = Storage::memory().unwrap();
    let request = serde_json::from_value(description(&json!({}))).unwrap();
    ready(create_table::execute(&storage, request)).unwrap();
    storage
}

fn put(pk: &str, sk: &str, body: &str) -> Value {
    json!({
        "TableName": TABLE,
        "Item": { "pk": { "S": pk }, "sk": { "S": sk }, "body": { "S": body }, "hash": { "B": "AAEC" } },
        "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        "ReturnConsumedCapacity": "TOTAL",
    })
}

fn with(mut request: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        match value {
            Value::Null => request.as_object_mut().unwrap().remove(name),
            value => request.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    request
}

fn together(puts: &[Value], more: &Value) -> Value {
    let puts: Vec<_> = puts
        .iter()
        .map(|put| json!({ "Put": with(put.clone(), &json!({ "ReturnConsumedCapacity": null })) }))
        .collect();
    with(json!({ "TransactItems": puts, "ReturnConsumedCapacity": "TOTAL" }), more)
}

async fn ask(queue: &Queue, operation: &str, request: &Value) -> (u16, Value) {
    let Answer { status, body } =
        answer(queue, operation, request.to_string().as_bytes()).await.unwrap();
    (status, serde_json::from_str(&body).unwrap())
}

/// Carries out the same request with the engine's own code.
fn ask_engine(storage: &Storage, operation: &str, request: &Value) -> (u16, Value) {
    fn said<T: serde::Serialize>(answer: dynoxide::Result<T>) -> (u16, Value) {
        match answer {
            Ok(response) => (200, serde_json::to_value(response).unwrap()),
            Err(error) => (error.status_code(), serde_json::from_str(&error.to_json()).unwrap()),
        }
    }
    let request = request.clone();
    match operation {
        "PutItem" => {
            said(ready(put_item::execute(storage, serde_json::from_value(request).unwrap())))
        }
        "TransactWriteItems" => said(ready(transact_write_items::execute(
            storage,
            serde_json::from_value(request).unwrap(),
        ))),
        other => unreachable!("{other}"),
    }
}

/// Returns every row of the table. Items are parsed, because the engine writes attributes in no
/// fixed order.
fn rows(storage: &Storage) -> dynoxide::Result<Vec<StoredRow>> {
    let sql =
        "SELECT pk, sk, item_json, item_size, cached_at, hash_prefix FROM daybook ORDER BY pk, sk";
    let mut rows = storage.conn().prepare(sql)?;
    let rows = rows.query_map([], |row| {
        let item: String = row.get(2)?;
        let item = serde_json::from_str(&item).unwrap();
        Ok((row.get(0)?, row.get(1)?, item, row.get(3)?, row.get(4)?, row.get(5)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Requests that the store sends, and requests that differ from these only slightly.
fn requests() -> Vec<(&'static str, Value)> {
    let long = "x".repeat(3000);
    let plain = json!({
        "ConditionExpression": null, "ReturnValuesOnConditionCheckFailure": null,
    });
    let one = |pk: &str, sk: &str, body: &str| ("PutItem", put(pk, sk, body));
    vec![
        one("tally#1", "000000000001", "one"),
        one("tally#1", "000000000001", "another"),
        one("tally#1", "000000000002", &long),
        one("tally#1", "000000000002", "short, after a long one"),
        // A snapshot replaces an earlier one.
        ("PutItem", with(put("tally#1", "000000000001.snapshot", &long), &plain)),
        ("PutItem", with(put("tally#1", "000000000001.snapshot", "shorter"), &plain)),
        (
            "PutItem",
            with(
                put("tally#1", "000000000001", "x"),
                &json!({ "ReturnValuesOnConditionCheckFailure": null }),
            ),
        ),
        ("PutItem", with(put("tally#2", "1", "x"), &json!({ "ReturnConsumedCapacity": null }))),
        (
            "PutItem",
            with(put("tally#2", "2", "x"), &json!({ "ReturnConsumedCapacity": "INDEXES" })),
        ),
        (
            "PutItem",
            with(
                put("tally#2", "2", "x"),
                &json!({ "ReturnValues": "ALL_OLD", "ConditionExpression": null, "ReturnValuesOnConditionCheckFailure": null }),
            ),
        ),
        (
            "PutItem",
            with(
                put("tally#3", "1", "x"),
                &json!({ "ConditionExpression": "attribute_exists(pk)" }),
            ),
        ),
        ("PutItem", with(put("tally#3", "1", "x"), &json!({ "ConditionExpression": "nonsense(" }))),
        ("PutItem", with(put("tally#3", "1", "x"), &json!({ "TableName": "missing" }))),
        ("PutItem", with(put("", "1", "x"), &json!({}))),
        ("PutItem", with(put("tally#3", &"k".repeat(1025), "x"), &json!({}))),
        ("PutItem", with(put("tally#3", "1", &"x".repeat(400 * 1024)), &json!({}))),
        (
            "PutItem",
            with(put("tally#3", "1", "x"), &json!({ "Item": { "pk": { "S": "tally#3" } } })),
        ),
        (
            "PutItem",
            with(
                put("tally#3", "1", "x"),
                &json!({ "Item": { "pk": { "N": "3" }, "sk": { "S": "1" } } }),
            ),
        ),
        (
            "PutItem",
            with(
                put("tally#3", "3", "x"),
                &json!({ "Item": { "pk": { "S": "tally#3" }, "sk": { "S": "3" }, "n": { "N": "01.50" }, "set": { "SS": ["b", "a"] } } }),
            ),
        ),
        (
            "TransactWriteItems",
            together(&[put("tally#4", "1", "x"), put("sku#4", "1", &long)], &json!({})),
        ),
        (
            "TransactWriteItems",
            together(&[put("tally#5", "1", "x"), put("sku#4", "1", "y")], &json!({})),
        ),
        (
            "TransactWriteItems",
            together(&[put("sku#4", "1", "x"), put("tally#4", "1", "y")], &json!({})),
        ),
        (
            "TransactWriteItems",
            together(&[put("tally#5", "1", "x"), put("tally#5", "1", "y")], &json!({})),
        ),
        (
            "TransactWriteItems",
            together(
                &[put("tally#6", "1", "x"), with(put("tally#6", "2", "y"), &plain)],
                &json!({}),
            ),
        ),
        (
            "TransactWriteItems",
            together(&[put("tally#7", "1", "x"), put("tally#7", "", "y")], &json!({})),
        ),
        ("TransactWriteItems", together(&[], &json!({}))),
        (
            "TransactWriteItems",
            together(&[put("tally#7", "1", "x")], &json!({ "ClientRequestToken": "t".repeat(37) })),
        ),
        (
            "TransactWriteItems",
            together(&[put("tally#7", "1", "x")], &json!({ "ReturnConsumedCapacity": "SOME" })),
        ),
        (
            "TransactWriteItems",
            together(&[put("tally#8", "1", "x")], &json!({ "ReturnConsumedCapacity": "INDEXES" })),
        ),
    ]
}

#[tokio::test]
async fn our_puts_give_the_same_answers_and_rows_as_the_engine() {
    let engine = Engine::start(with_table(), OpenFiles::default()).unwrap();
    let (queue, other) = (engine.queue(), with_table());
    for (operation, request) in requests() {
        let ours = ask(&queue, operation, &request).await;
        let theirs = ask_engine(&other, operation, &request);
        assert_eq!(ours, theirs, "{operation} {:.300}", request.to_string());
        let stored = queue.run(|group| rows(group.storage())).await.unwrap().unwrap();
        assert_eq!(stored, rows(&other).unwrap(), "{operation} {:.300}", request.to_string());
    }
}

#[tokio::test]
async fn a_table_that_cannot_be_created_leaves_no_description() {
    let storage = Storage::memory().unwrap();
    storage.conn().execute_batch("CREATE TABLE daybook (in_the_way)").unwrap();
    let engine = Engine::start(storage, OpenFiles::default()).unwrap();
    let (status, _) = ask(&engine.queue(), "CreateTable", &description(&json!({}))).await;
    assert_eq!(status, 500);
    let (_, tables) = ask(&engine.queue(), "ListTables", &json!({})).await;
    assert_eq!(tables["TableNames"], json!([]));
}

#[tokio::test]
async fn a_table_with_an_index_is_left_to_the_engine() {
    let index = json!({ "GlobalSecondaryIndexes": [{
        "IndexName": "by-sk",
        "KeySchema": [{ "AttributeName": "sk", "KeyType": "HASH" }],
        "Projection": { "ProjectionType": "KEYS_ONLY" },
    }] });
    let engine = Engine::start(Storage::memory().unwrap(), OpenFiles::default()).unwrap();
    let queue = engine.queue();
    ask(&queue, "CreateTable", &description(&index)).await;
    assert_eq!(ask(&queue, "PutItem", &put("tally#1", "1", "x")).await.0, 200);
    let both = together(&[put("tally#2", "1", "x"), put("tally#3", "2", "y")], &json!({}));
    assert_eq!(ask(&queue, "TransactWriteItems", &both).await.0, 200);
    let found = json!({
        "TableName": TABLE, "IndexName": "by-sk", "Limit": 9,
        "KeyConditionExpression": "sk = :sk", "ExpressionAttributeValues": { ":sk": { "S": "1" } },
    });
    assert_eq!(ask(&queue, "Query", &found).await.1["Count"], 2);
}

#[tokio::test]
async fn a_token_replays_the_same_request_and_refuses_another() {
    let engine = Engine::start(with_table(), OpenFiles::default()).unwrap();
    let queue = engine.queue();
    let token = json!({ "ClientRequestToken": "a-token" });
    let both = together(&[put("tally#1", "1", "x"), put("tally#2", "1", "y")], &token);
    let (status, first) = ask(&queue, "TransactWriteItems", &both).await;
    assert_eq!((status, &first["ConsumedCapacity"][0]["WriteCapacityUnits"]), (200, &json!(4.0)));
    let (status, again) = ask(&queue, "TransactWriteItems", &both).await;
    assert_eq!((status, &again["ConsumedCapacity"][0]["ReadCapacityUnits"]), (200, &json!(4.0)));
    let unknown = with(both, &json!({ "ReturnConsumedCapacity": "SOME" }));
    let (status, refused) = ask(&queue, "TransactWriteItems", &unknown).await;
    assert_eq!(status, 400, "{refused}");
    let other = together(&[put("tally#1", "1", "x"), put("tally#2", "1", "z")], &token);
    let (status, refused) = ask(&queue, "TransactWriteItems", &other).await;
    assert_eq!(status, 400);
    assert!(refused["__type"].as_str().unwrap().ends_with("IdempotentParameterMismatchException"));
}

/// A group driven by hand, which numbers its requests and records their answers.
struct ByHand<'d> {
    group: Group<'d>,
    answers: mpsc::Sender<(usize, Option<String>)>,
    next: usize,
}

impl ByHand<'_> {
    fn put(&mut self, pk: &str) -> dynoxide::Result<()> {
        let request: put_item::PutItemRequest = serde_json::from_value(put(pk, "1", "x")).unwrap();
        let put = super::puts::OnePut::of_request(&request).unwrap();
        let result = self.group.takes(TABLE).and_then(|is_taken| {
            assert!(is_taken);
            let (storage, tables) = self.group.write()?;
            tables.put(storage, &put).map(|_| ())
        });
        self.hold();
        result
    }

    fn hold(&mut self) {
        let (answers, number) = (self.answers.clone(), self.next);
        self.next += 1;
        let held: Held = Box::new(move |lost| {
            answers.send((number, lost.map(ToString::to_string))).unwrap();
        });
        self.group.hold(held);
    }
}

fn count(storage: &Storage) -> i64 {
    storage.conn().query_row("SELECT count(*) FROM daybook", [], |row| row.get(0)).unwrap()
}

#[test]
fn answers_wait_for_the_commit_and_a_failed_condition_fails_alone() {
    let mut database = Database::new(with_table(), OpenFiles::default());
    let (answers, answered) = mpsc::channel();
    let mut by_hand = ByHand { group: Group::new(&mut database), answers, next: 0 };
    by_hand.put("tally#1").unwrap();
    by_hand.put("tally#1").unwrap_err();
    by_hand.put("tally#2").unwrap();
    // A read in the group sees writes that are not durable yet.
    assert_eq!(count(by_hand.group.storage()), 2);
    by_hand.hold();
    assert_eq!(answered.try_iter().count(), 0);
    by_hand.group.commit();
    assert_eq!(answered.try_iter().collect::<Vec<_>>(), [0, 1, 2, 3].map(|number| (number, None)));
    // A group without writes answers at once.
    by_hand.hold();
    assert_eq!(answered.try_iter().collect::<Vec<_>>(), [(4, None)]);
}

#[test]
fn a_failed_commit_fails_every_request_and_writes_nothing() {
    let mut database = Database::new(with_table(), OpenFiles::default());
    let (answers, answered) = mpsc::channel();
    let mut by_hand = ByHand { group: Group::new(&mut database), answers, next: 0 };
    let conn = by_hand.group.storage().conn();
    conn.commit_hook(Some(|| true));
    by_hand.put("tally#1").unwrap();
    by_hand.put("tally#2").unwrap();
    by_hand.group.commit();
    let told: Vec<_> = answered.try_iter().collect();
    assert_eq!(told.len(), 2);
    assert!(
        told.iter().all(|(_, lost)| lost.as_ref().unwrap().contains("rolled back")),
        "{told:?}"
    );
    let conn = by_hand.group.storage().conn();
    conn.commit_hook(None::<fn() -> bool>);
    assert_eq!(count(by_hand.group.storage()), 0);
    by_hand.put("tally#3").unwrap();
    by_hand.group.commit();
    assert_eq!(answered.try_iter().collect::<Vec<_>>(), [(2, None)]);
    assert_eq!(count(by_hand.group.storage()), 1);
}

fn limit(storage: &Storage, pages: i64) -> dynoxide::Result<()> {
    storage.conn().pragma_update(None, "max_page_count", pages).unwrap();
    Ok(())
}

#[tokio::test]
async fn a_full_disk_is_reported_until_a_write_succeeds_again() {
    let engine = Engine::start(with_table(), OpenFiles::default()).unwrap();
    let queue = engine.queue();
    let check = || async { queue.run(|group| group.check_writes()).await.unwrap() };
    let full = put("tally#1", "1", &"x".repeat(100_000));
    queue.run(|group| limit(group.storage(), 1)).await.unwrap().unwrap();
    check().await.unwrap();
    let (status, body) = ask(&queue, "PutItem", &full).await;
    assert_eq!((status, body["__type"].as_str()), (500, Some("DiskFull")), "{body}");
    for _ in 0..2 {
        let error = check().await.unwrap_err();
        assert!(disk::is_full(&error), "{error}");
    }
    queue.run(|group| limit(group.storage(), 1_000)).await.unwrap().unwrap();
    check().await.unwrap();
    assert_eq!(ask(&queue, "PutItem", &full).await.0, 200);
    let tables = "SELECT count(*) FROM sqlite_master WHERE name = '_probe'";
    let left = queue.run(|group| {
        Ok(group.storage().conn().query_row(tables, [], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(left.await.unwrap().unwrap(), 0);
}

#[test]
fn a_commit_lost_to_a_full_disk_is_reported_as_a_full_disk() {
    let lost = Lost::of(disk::full());
    assert!(matches!(lost, Lost::DiskFull), "{lost}");
    assert!(disk::is_full(&lost.failure()));
    let other = Lost::of(dynoxide::DynoxideError::InternalServerError("no".to_owned()));
    assert!(!disk::is_full(&other.failure()));
}

/// SQLite rolls back by itself in the middle of a group, as on a full disk.
#[test]
fn requests_before_a_rollback_fail_and_requests_after_it_are_written() {
    let mut database = Database::new(with_table(), OpenFiles::default());
    let (answers, answered) = mpsc::channel();
    let mut by_hand = ByHand { group: Group::new(&mut database), answers, next: 0 };
    by_hand.put("tally#1").unwrap();
    by_hand.group.storage().rollback().unwrap();
    by_hand.hold();
    let told: Vec<_> = answered.try_iter().collect();
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|(_, lost)| lost.is_some()), "{told:?}");
    by_hand.put("tally#2").unwrap();
    assert_eq!(answered.try_iter().count(), 0);
    by_hand.group.commit();
    assert_eq!(answered.try_iter().collect::<Vec<_>>(), [(2, None)]);
    assert_eq!(count(by_hand.group.storage()), 1);
}
