//! The embedded engine: the files that it opens or leaves alone, and the histories that it keeps.

use std::fs;
use std::path::Path;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use event_store::dynamodb::DynamoDbStore;
use event_store::embedded::{Embedded, OpenError};
use event_store::{Appended, ChangeSet, Reach, Store, StoreError};
use sha2::{Digest, Sha256};

use crate::histories::{noting, tally};

async fn store(embedded: &Embedded) -> DynamoDbStore {
    let store = DynamoDbStore::new(embedded.client(), "daybook");
    store.ensure_table().await.unwrap();
    store
}

/// Writes a history to a file and returns it.
async fn written(path: &Path, length: usize) -> Vec<ChangeSet> {
    let embedded = Embedded::open(path).unwrap();
    let store = store(&embedded).await;
    let mut history: Vec<ChangeSet> = Vec::new();
    for _ in 0..length {
        let change_set = noting(&tally(1), history.last(), "kept");
        assert_eq!(store.append(&change_set).await.unwrap(), Appended::Written);
        history.push(change_set);
    }
    embedded.close().await;
    history
}

async fn found(path: &Path) -> Vec<ChangeSet> {
    let embedded = Embedded::open(path).unwrap();
    let loaded = store(&embedded).await.load(&tally(1), Reach::Whole).await.unwrap();
    embedded.close().await;
    loaded.change_sets
}

#[tokio::test]
async fn a_file_keeps_its_history() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("daybook.db");
    let history = written(&path, 70).await;
    assert_eq!(found(&path).await, history);
    assert_eq!(found(&path).await, history);
}

/// Earlier releases described a table in one transaction and created it in the next.
#[tokio::test]
async fn a_file_whose_table_was_only_described_is_usable() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("daybook.db");
    written(&path, 0).await;
    rusqlite::Connection::open(&path).unwrap().execute_batch("DROP TABLE daybook").unwrap();
    let history = written(&path, 3).await;
    assert_eq!(found(&path).await, history);
}

/// A killed process leaves its file like this, with the log beside it.
#[tokio::test]
async fn a_file_that_was_never_closed_keeps_its_history() {
    let directory = tempfile::tempdir().unwrap();
    let [path, left] = ["daybook.db", "left.db"].map(|name| directory.path().join(name));
    let embedded = Embedded::open(&path).unwrap();
    let change_set = noting(&tally(1), None, "kept");
    store(&embedded).await.append(&change_set).await.unwrap();
    for suffix in ["", "-wal"] {
        let [from, to] = [&path, &left].map(|path| format!("{}{suffix}", path.display()));
        fs::copy(from, to).unwrap();
    }
    assert_eq!(found(&left).await, [change_set]);
    embedded.close().await;
}

#[tokio::test]
async fn an_empty_file_is_a_new_database() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("daybook.db");
    fs::write(&path, []).unwrap();
    assert_eq!(found(&path).await, []);
}

/// Asserts that opening fails with an error that names the file, and changes nothing in its
/// directory.
fn left_alone(path: &Path) -> OpenError {
    let contents = |directory: &Path| {
        let mut all: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs::read(&path).ok().map(Sha256::digest)))
            .collect();
        all.sort();
        all
    };
    let before = contents(path.parent().unwrap());
    let error = Embedded::open(path).unwrap_err();
    assert_eq!(contents(path.parent().unwrap()), before, "{error}");
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    error
}

#[test]
fn a_file_that_is_not_a_database_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("daybook.db");
    for (content, found) in [
        (&b"sku,name,on_hand\nA-1,Anvil,3\n"[..], "not an SQLite file"),
        (b"SQLite", "not an SQLite file"),
    ] {
        fs::write(&path, content).unwrap();
        match left_alone(&path) {
            OpenError::Foreign { found: f, .. } => assert_eq!(f, found),
            other => unreachable!("{other:?}"),
        }
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(left_alone(&path), OpenError::Foreign { .. }));
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("daybook.db");
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE photos (id); CREATE TABLE albums (id);").unwrap();
    foreign.close().unwrap();
    match left_alone(&path) {
        OpenError::Foreign { found, .. } => {
            assert_eq!(found, "an SQLite file with the tables photos, albums");
        }
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test]
async fn a_truncated_file_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    // A name with characters that are special in SQLite's URIs.
    let path = directory.path().join("100% day?book#1.db");
    written(&path, 70).await;
    let whole = fs::read(&path).unwrap();
    for kept in [whole.len() - 4096, whole.len() - 1, whole.len() / 2, 4096, 100, 99, 16] {
        fs::write(&path, &whole[..kept]).unwrap();
        match left_alone(&path) {
            OpenError::Damaged { .. } => {}
            other => unreachable!("{kept} of {} bytes: {other:?}", whole.len()),
        }
    }
}

/// SQLite would discard the log and everything in it.
#[test]
fn a_log_without_its_database_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("daybook.db");
    fs::write(directory.path().join("daybook.db-wal"), b"frames").unwrap();
    assert!(matches!(left_alone(&path), OpenError::Damaged { .. }));
    fs::write(&path, []).unwrap();
    assert!(matches!(left_alone(&path), OpenError::Damaged { .. }));
}

#[test]
fn a_path_that_cannot_be_written_is_not_opened() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, b"").unwrap();
    // Permissions do not stop root, who may run this; these paths do.
    for path in [directory.path().join("missing/daybook.db"), file.join("daybook.db")] {
        let error = Embedded::open(&path).unwrap_err();
        assert!(matches!(error, OpenError::Inaccessible { .. }), "{error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}

#[tokio::test]
async fn a_client_that_outlives_the_engine_gets_an_error() {
    let embedded = Embedded::in_memory().unwrap();
    let store = store(&embedded).await;
    embedded.close().await;
    let error = store.append(&noting(&tally(1), None, "late")).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(error.to_string().contains("the embedded engine is closed"), "{error}");
}

#[tokio::test]
async fn an_unsupported_operation_is_named_in_the_error() {
    let embedded = Embedded::in_memory().unwrap();
    let error = embedded.client().describe_limits().send().await.unwrap_err();
    let error = aws_sdk_dynamodb::error::DisplayErrorContext(error).to_string();
    assert!(error.contains("the embedded engine does not support `DescribeLimits`"), "{error}");
}

/// The store relies on this: either all puts of a transaction take effect, or none.
#[tokio::test]
async fn a_transaction_is_carried_out_whole_or_not_at_all() {
    let embedded = Embedded::in_memory().unwrap();
    let client = embedded.client();
    store(&embedded).await;
    let put = |pk: &str| {
        let put = Put::builder()
            .table_name("daybook")
            .item("pk", AttributeValue::S(pk.to_owned()))
            .item("sk", AttributeValue::S("000000000001".to_owned()))
            .condition_expression("attribute_not_exists(pk)");
        TransactWriteItem::builder().put(put.build().unwrap()).build()
    };
    let both = |one: &str, other: &str| {
        let request = client.transact_write_items();
        request.transact_items(put(one)).transact_items(put(other)).send()
    };
    both("a", "b").await.unwrap();
    let error = both("c", "b").await.unwrap_err().into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
        unreachable!("{error}");
    };
    let reasons = cancelled.cancellation_reasons().iter().map(|reason| reason.code());
    let expected = [Some("None"), Some("ConditionalCheckFailed")];
    assert_eq!(reasons.collect::<Vec<_>>(), expected);
    let scan = client.scan().table_name("daybook").limit(9).send().await.unwrap();
    assert_eq!(scan.count, 2);
    assert_eq!(client.list_tables().send().await.unwrap().table_names(), ["daybook"]);
}

/// Appends the next change set of `history`, which receives it if the store acknowledges the write.
async fn append_to(store: &DynamoDbStore, history: &mut Vec<ChangeSet>) -> Result<(), StoreError> {
    let change_set = noting(&tally(1), history.last(), "more");
    assert_eq!(store.append(&change_set).await?, Appended::Written);
    history.push(change_set);
    Ok(())
}

#[tokio::test]
async fn no_write_is_acknowledged_once_the_file_is_gone() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 4] = [
        ("the directory is renamed", |at| fs::rename(at, at.with_file_name("aside")).unwrap()),
        ("the directory is removed", |at| fs::remove_dir_all(at).unwrap()),
        ("the log is removed", |at| fs::remove_file(at.join("daybook.db-wal")).unwrap()),
        ("a copy takes the database's place", |at| {
            fs::copy(at.join("daybook.db"), at.join("copy")).unwrap();
            fs::rename(at.join("copy"), at.join("daybook.db")).unwrap();
        }),
    ];
    let tried = changes.map(|(change, make)| async move {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        fs::create_dir(&data).unwrap();
        let embedded = Embedded::open(data.join("daybook.db")).unwrap();
        let store = embedded.store("daybook");
        store.ensure_table().await.unwrap();
        let mut history = Vec::new();
        append_to(&store, &mut history).await.unwrap();
        make(&data);
        let refused = append_to(&store, &mut history).await.unwrap_err();
        assert!(refused.to_string().contains("removed or replaced"), "{change}: {refused}");
        let refused = store.load(&tally(1), Reach::Whole).await.unwrap_err();
        assert!(refused.to_string().contains("removed or replaced"), "{change}: {refused}");
        embedded.close().await;
    });
    futures::future::join_all(tried).await;
}

#[tokio::test]
async fn a_directory_that_is_put_back_works_again() {
    let directory = tempfile::tempdir().unwrap();
    let (data, aside) = (directory.path().join("data"), directory.path().join("aside"));
    fs::create_dir(&data).unwrap();
    let embedded = Embedded::open(data.join("daybook.db")).unwrap();
    let store = store(&embedded).await;
    let mut history = Vec::new();
    append_to(&store, &mut history).await.unwrap();
    fs::rename(&data, &aside).unwrap();
    append_to(&store, &mut history).await.unwrap_err();
    fs::rename(&aside, &data).unwrap();
    // The write of unknown outcome had been committed, so a retry finds it.
    let retried = noting(&tally(1), history.last(), "more");
    assert_eq!(store.append(&retried).await.unwrap(), Appended::Again);
    embedded.close().await;
}
