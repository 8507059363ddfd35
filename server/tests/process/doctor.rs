//! `daybook doctor` names each problem with its remedy, and creates nothing.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::tempdir;

use super::start::s3;
use super::{Daybook, daybook, run};
use crate::dynamodb::{Dynamo, Quirks};

/// The lines that the doctor printed, and its exit code.
struct Told {
    code: Option<i32>,
    lines: Vec<String>,
}

/// Credentials that nobody checks.
const ENVIRONMENT: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "local"),
    ("AWS_SECRET_ACCESS_KEY", "local"),
    ("AWS_REGION", "eu-central-1"),
];

fn ask(data: &Path, arguments: &[&str]) -> Told {
    let output = run(daybook(data).arg("doctor").args(arguments).envs(ENVIRONMENT));
    let stdout = String::from_utf8(output.stdout).unwrap();
    let told =
        Told { code: output.status.code(), lines: stdout.lines().map(str::to_owned).collect() };
    let stderr = String::from_utf8(output.stderr).unwrap();
    let problems = told.lines.iter().filter(|line| line.starts_with("problem: ")).count();
    match problems {
        0 => assert_eq!((told.code, &*stderr), (Some(0), "")),
        n => assert_eq!(
            (told.code, &*stderr),
            (Some(1), &*format!("daybook: problems to fix: {n}\n"))
        ),
    }
    told
}

async fn ask_of(dynamo: &Dynamo) -> Told {
    ask_as(dynamo, &[]).await
}

async fn ask_as(dynamo: &Dynamo, arguments: &'static [&str]) -> Told {
    let url = dynamo.url.clone();
    let ask = move || {
        let arguments = [&["--dynamodb-endpoint", &url], arguments].concat();
        ask(tempdir().unwrap().path(), &arguments)
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

impl Told {
    /// Asserts that exactly one line starts with `start` and contains all of `says`.
    #[track_caller]
    fn assert(&self, start: &str, says: &[&str]) {
        let said =
            |line: &&String| line.starts_with(start) && says.iter().all(|word| line.contains(word));
        let found = self.lines.iter().filter(said).count();
        assert_eq!(found, 1, "`{start}` {says:?} in {:#?}", self.lines);
    }

    #[track_caller]
    fn assert_none(&self, start: &str) {
        assert!(!self.lines.iter().any(|line| line.starts_with(start)), "{:#?}", self.lines);
    }
}

fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(directory).unwrap().map(|file| {
        let file = file.unwrap();
        (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())
    });
    let mut files: Vec<_> = files.collect();
    files.sort();
    files
}

fn table(keys: &[(&str, &str, &str)], more: &Value) -> Vec<u8> {
    let definition = |(name, kind, _): &(&str, &str, &str)| json!({ "AttributeName": name, "AttributeType": kind });
    let key =
        |(name, _, role): &(&str, &str, &str)| json!({ "AttributeName": name, "KeyType": role });
    let mut table = json!({
        "TableName": "daybook",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": keys.iter().map(definition).collect::<Vec<_>>(),
        "KeySchema": keys.iter().map(key).collect::<Vec<_>>(),
    });
    for (name, value) in more.as_object().unwrap() {
        table[name] = value.clone();
    }
    table.to_string().into_bytes()
}

const OURS: &[(&str, &str, &str)] = &[("pk", "S", "HASH"), ("sk", "S", "RANGE")];

/// A store with a table such as `serve` creates, with these settings in addition.
async fn with_table(more: Value) -> Dynamo {
    let dynamo = Dynamo::start().await;
    let (status, answer) = dynamo.run("CreateTable", &table(OURS, &more));
    assert_eq!(status, 200, "{answer}");
    dynamo
}

async fn with_stream() -> Dynamo {
    let stream = json!({ "StreamEnabled": true, "StreamViewType": "KEYS_ONLY" });
    with_table(json!({ "StreamSpecification": stream })).await
}

fn rows(dynamo: &Dynamo) -> Value {
    let (_, answer) = dynamo.run("Scan", br#"{"TableName":"daybook"}"#);
    serde_json::from_str::<Value>(&answer).unwrap()["Count"].clone()
}

#[test]
fn nothing_is_created_where_nothing_exists() {
    let above = tempdir().unwrap();
    let told = ask(&above.path().join("data"), &[]);
    told.assert("ok: there is no data directory", &["`daybook serve` creates it"]);
    assert_eq!(told.lines.len(), 1, "{:#?}", told.lines);
    assert_eq!(files(above.path()), []);

    let told = ask(above.path(), &[]);
    told.assert("ok: there is no", &["daybook.db yet"]);
    assert_eq!(files(above.path()), []);
}

#[test]
fn a_healthy_embedded_store_is_left_as_it_is() {
    let data = tempdir().unwrap();
    Daybook::start(&mut daybook(data.path())).stop();
    let before = files(data.path());
    let told = ask(data.path(), &[]);
    told.assert("ok: the data directory", &["can be written"]);
    told.assert("ok: the table `daybook` at", &["daybook.db", "keys"]);
    told.assert("", &["MiB are free"]);
    told.assert_none("problem");
    assert!(files(data.path()) == before, "the doctor changed the files");

    let told = ask(data.path(), &["--table", "other"]);
    told.assert("problem: there is no table `other` at", &["--table"]);
}

#[test]
fn a_store_in_use_is_left_alone() {
    let data = tempdir().unwrap();
    let server = Daybook::start(&mut daybook(data.path()));
    let told = ask(data.path(), &[]);
    told.assert("ok: another daybook is using the data directory", &[]);
    told.assert("warning: ", &["in use", "run this again"]);
    server.stop();
}

#[test]
fn an_unusable_data_directory_is_a_problem() {
    let directory = tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    ask(&file, &[]).assert("problem: the data directory", &["is a file. Choose another"]);
    let told = ask("/proc/daybook".as_ref(), &[]);
    told.assert("problem: the data directory /proc/daybook cannot be created", &["Make /proc"]);
    ask("/proc/self".as_ref(), &[]).assert("problem: the data directory", &["cannot be used"]);
}

#[test]
fn a_foreign_file_is_a_problem() {
    let data = tempdir().unwrap();
    fs::write(data.path().join("daybook.db"), "{}").unwrap();
    ask(data.path(), &[]).assert("problem: ", &["daybook.db", "is not a database", "backup"]);
}

#[test]
fn an_endpoint_that_does_not_answer_is_a_problem() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let told = ask(tempdir().unwrap().path(), &["--dynamodb-endpoint", &url]);
    told.assert("problem: the store at", &[&url, "refused", "--dynamodb-endpoint"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_table_is_a_problem_and_not_created() {
    let dynamo = Dynamo::start().await;
    let told = ask_of(&dynamo).await;
    told.assert("problem: there is no table `daybook` at", &[&dynamo.url, "`daybook serve`"]);
    assert_eq!(dynamo.run("DescribeTable", br#"{"TableName":"daybook"}"#).0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_other_keys_is_a_problem() {
    let dynamo = Dynamo::start().await;
    let other = table(&[("id", "N", "HASH")], &json!({}));
    assert_eq!(dynamo.run("CreateTable", &other).0, 200);
    let told = ask_of(&dynamo).await;
    told.assert("problem: the table `daybook` has the keys id N HASH", &["pk S HASH, sk S RANGE"]);
    told.assert_none("ok: what the store does");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_ours_is_probed_and_left_as_it_is() {
    let dynamo = with_stream().await;
    let told = ask_of(&dynamo).await;
    told.assert("ok: the table `daybook` at", &[&dynamo.url]);
    let operations = ["GetItem", "BatchGetItem", "Query", "Scan", "PutItem", "TransactWriteItems"];
    told.assert("ok: what the store does is allowed", &operations);
    told.assert("ok: the table `daybook` has a stream, which can be read", &[]);
    told.assert("ok: this machine's clock agrees", &[]);
    told.assert_none("problem");
    assert_eq!(rows(&dynamo), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_a_stream_is_worth_a_warning() {
    let told = ask_of(&with_table(json!({})).await).await;
    told.assert("warning: the table `daybook` has no stream", &["update-table"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provisioned_capacity_is_worth_a_warning() {
    let capacity = json!({ "ReadCapacityUnits": 1, "WriteCapacityUnits": 1 });
    let more = json!({ "BillingMode": "PROVISIONED", "ProvisionedThroughput": capacity });
    let told = ask_of(&with_table(more).await).await;
    told.assert("warning: the table `daybook` has a provisioned capacity", &["PAY_PER_REQUEST"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_foreign_items_is_worth_a_warning() {
    let dynamo = with_table(json!({})).await;
    let put = |pk: &str, sk: &str| {
        let item = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
        let put = json!({ "TableName": "daybook", "Item": item }).to_string();
        assert_eq!(dynamo.run("PutItem", put.as_bytes()).0, 200);
    };
    put("inventory-item#019a0000-0000-7000-8000-000000000001", "000000000001");
    put("inventory-item#019a0000-0000-7000-8000-000000000001", "000000000050.snapshot");
    ask_of(&dynamo).await.assert_none("warning: the table `daybook` holds");
    put("order#7", "2026");
    let told = ask_of(&dynamo).await;
    told.assert("warning: the table `daybook` holds an item of another program: `order#7`", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_operation_is_named() {
    let dynamo = with_table(json!({})).await;
    for (denied, action) in [
        ("GetItem", "dynamodb:GetItem"),
        ("BatchGetItem", "dynamodb:BatchGetItem"),
        ("Query", "dynamodb:Query"),
        ("Scan", "dynamodb:Scan"),
        ("PutItem", "dynamodb:PutItem"),
        ("TransactWriteItems", "dynamodb:PutItem"),
    ] {
        dynamo.have(Quirks { denies: Some(denied), ..Quirks::default() });
        let told = ask_of(&dynamo).await;
        let start = format!("problem: {denied} is refused: AccessDeniedException");
        told.assert(&start, &["not authorized", &format!("Allow {action}: ")]);
        told.assert_none("ok: what the store does");
    }
    dynamo.have(Quirks { denies: Some("DescribeTable"), ..Quirks::default() });
    let told = ask_of(&dynamo).await;
    told.assert("problem: the store at", &["Allow dynamodb:DescribeTable"]);
}

/// A server needs all three operations to read the stream.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_may_not_be_read_is_a_problem() {
    let dynamo = with_stream().await;
    for denied in ["DescribeStream", "GetShardIterator", "GetRecords"] {
        dynamo.have(Quirks { denies: Some(denied), ..Quirks::default() });
        let told = ask_of(&dynamo).await;
        let says = [&format!("cannot be read: {denied}: AccessDenied"), "not authorized"];
        told.assert("problem: the stream of the table `daybook`", &says);
        told.assert("problem: the stream", &[&format!("Allow dynamodb:{denied}: ")]);
        told.assert_none("ok: the table `daybook` has a stream");
    }
}

/// Runs the doctor on a bucket whose name tells [`s3`] how to answer.
async fn ask_of_bucket(bucket: &'static str) -> Told {
    let (dynamo, s3) = (with_table(json!({})).await, s3().await);
    let ask = move || {
        let arguments = ["--dynamodb-endpoint", &dynamo.url, "--s3-endpoint", &s3];
        ask(tempdir().unwrap().path(), &[&arguments[..], &["--bucket", bucket]].concat())
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_probed_with_a_conditional_put() {
    // S3 answers 404 to the conditional put. Servers that follow the RFC answer 412.
    for bucket in ["200-404-404", "200-404-412"] {
        let told = ask_of_bucket(bucket).await;
        let start = format!("ok: the bucket `{bucket}` is there, and can be read and written");
        told.assert(&start, &[]);
    }
    // Neither of these supports conditions.
    let told = ask_of_bucket("200-404-200").await;
    told.assert("warning: the bucket `200-404-200` can be read", &["is left", "daybook sweep"]);
    let told = ask_of_bucket("200-404-501").await;
    told.assert("warning: the bucket `200-404-501` is there", &["PutObject", "s3:PutObject"]);
    ask_of(&with_table(json!({})).await).await.assert("warning: no bucket is configured", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_operation_on_a_bucket_is_named() {
    for (bucket, start, says) in [
        ("404", "problem: the bucket `404` cannot be used", "there is no bucket `404`"),
        ("403", "problem: the bucket `403` cannot be used", "allow s3:ListBucket"),
        ("200-403-404", "problem: objects of the bucket", "Allow s3:GetObject: "),
        ("200-404-403", "problem: objects cannot be put into the bucket", "Allow s3:PutObject: "),
        ("200-404-500", "problem: the bucket `200-404-500` does not answer", "PutObject"),
    ] {
        let told = ask_of_bucket(bucket).await;
        told.assert(start, &[says]);
        told.assert_none("ok: the bucket");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_is_a_problem() {
    let dynamo = with_table(json!({})).await;
    let date = Some("Thu, 01 Jan 2026 00:00:00 GMT");
    dynamo.have(Quirks { date, ..Quirks::default() });
    let told = ask_of(&dynamo).await;
    told.assert("problem: this machine's clock is", &["ahead of the store's", "NTP"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_protection_from_loss_is_worth_a_warning() {
    let dynamo = with_table(json!({})).await;
    let told = ask_as(&dynamo, &["--store", "aws"]).await;
    told.assert("ok: the table `daybook` at AWS eu-central-1", &[]);
    told.assert("warning: the table `daybook` can be deleted by accident", &["update-table"]);
    told.assert("warning: point-in-time recovery of", &["update-continuous-backups"]);
    told.assert("warning: these credentials may delete items", &["deploy/iam/serve.json"]);

    dynamo.have(Quirks { denies: Some("DeleteItem"), ..Quirks::default() });
    ask_as(&dynamo, &["--store", "aws"]).await.assert_none("warning: these credentials");
    dynamo.have(Quirks { denies: Some("DescribeContinuousBackups"), ..Quirks::default() });
    let told = ask_as(&dynamo, &["--store", "aws"]).await;
    told.assert(
        "warning: it is unknown whether point-in-time recovery",
        &["DescribeContinuousBackups"],
    );
}
