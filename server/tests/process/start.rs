//! A server that cannot start says why in one line.

use std::fs;
use std::net::TcpListener;

use axum::Router;
use axum::extract::{Path, Request};
use axum::http::header::IF_MATCH;
use axum::http::{Method, StatusCode};
use axum::routing::any;
use event_store::dynamodb::{DynamoDbStore, TableError, for_endpoint};
use serde_json::json;
use tempfile::tempdir;

use super::{Daybook, assert_refuses, daybook, listening_on, run};
use crate::desk::{bolt, command, new_id};
use crate::dynamodb::Dynamo;

#[test]
fn a_second_process_on_the_same_directory_is_refused() {
    let data = tempdir().unwrap();
    let first = Daybook::start(&mut daybook(data.path()));
    let name = data.path().display().to_string();
    for command in ["serve", "sample", "rebuild", "verify", "export", "sweep"] {
        let says = ["in use by another daybook", &*name];
        assert_refuses(daybook(data.path()).arg(command), 1, &says);
    }
    first.until_ready();
    first.stop();
    Daybook::start(&mut daybook(data.path())).stop();
}

/// A mistyped directory must not be reported as a store in good order.
#[test]
fn a_command_that_needs_a_store_does_not_create_one() {
    let data = tempdir().unwrap();
    let mistyped = data.path().join("mistyped");
    let name = mistyped.display().to_string();
    for command in ["rebuild", "verify", "export", "reconcile", "sweep"] {
        let says = ["there is no store in", &*name, "--data"];
        assert_refuses(daybook(&mistyped).arg(command), 1, &says);
    }
    assert!(!mistyped.exists());
}

/// A mistyped table must not be created either, in any kind of store.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_needs_a_table_does_not_create_one() {
    let dynamo = Dynamo::start().await;
    let data = tempdir().unwrap();
    let endpoint = ["--dynamodb-endpoint", &dynamo.url];
    let all = ["rebuild", "verify", "export", "reconcile", "sweep"];
    // An endpoint without a bucket has nothing to sweep.
    for (store, commands) in [(&endpoint[..], &all[..4]), (&[], &all)] {
        let server = Daybook::start(daybook(data.path()).args(store));
        let id = new_id();
        assert_eq!(server.command(&command(id, "CreateInventoryItem", bolt())).status, 201);
        server.stop();
        for command in commands {
            let mut mistyped = daybook(data.path());
            mistyped.arg(command).args(store).args(["--table", "dyabook"]);
            assert_refuses(&mut mistyped, 1, &["there is no table `dyabook`", "--table"]);
        }
    }
    let client = aws_sdk_dynamodb::Client::from_conf(for_endpoint(&dynamo.url));
    let made = DynamoDbStore::new(client, "dyabook").existing_table().await;
    assert!(matches!(made, Err(TableError::Missing { .. })), "{made:?}");
}

#[test]
fn a_directory_is_free_after_its_process_was_killed() {
    let data = tempdir().unwrap();
    let killed = Daybook::start(&mut daybook(data.path()));
    killed.signal("KILL");
    assert_eq!(killed.wait().0, None);
    Daybook::start(&mut daybook(data.path())).stop();
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = tempdir().unwrap();
    let mut command = listening_on(&address, data.path());
    assert_refuses(&mut command, 1, &["cannot listen on", &address, "in use"]);
}

#[test]
fn an_unusable_data_directory_is_named() {
    let directory = tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    for data in [file.join("data"), file, "/proc/daybook".into(), "/proc/self/fd".into()] {
        let name = data.display().to_string();
        assert_refuses(&mut daybook(&data), 1, &["cannot use the data directory", &name]);
    }
}

#[test]
fn a_foreign_database_is_refused_and_left_as_it_is() {
    for (content, says) in [
        (&b"SQLite format 3, or so it says"[..], "is not a database of this program"),
        (b"{\"orders\": []}", "is not a database of this program"),
        (&[0xff; 8192], "is not a database of this program"),
    ] {
        let data = tempdir().unwrap();
        let file = data.path().join("daybook.db");
        fs::write(&file, content).unwrap();
        assert_refuses(&mut daybook(data.path()), 1, &["daybook.db", says]);
        assert_eq!(fs::read(&file).unwrap(), content, "the file was changed");
    }
}

#[test]
fn a_truncated_database_is_refused() {
    let data = tempdir().unwrap();
    Daybook::start(&mut daybook(data.path())).stop();
    let file = data.path().join("daybook.db");
    let whole = fs::read(&file).unwrap();
    for length in [100, 4096, whole.len() / 2, whole.len() - 1000] {
        fs::write(&file, &whole[..length]).unwrap();
        assert_refuses(&mut daybook(data.path()), 1, &["daybook.db", "damaged"]);
    }
    fs::write(&file, &whole).unwrap();
    Daybook::start(&mut daybook(data.path())).stop();
}

#[test]
fn a_read_model_that_is_not_a_database_can_be_rebuilt() {
    let data = tempdir().unwrap();
    Daybook::start(&mut daybook(data.path())).stop();
    fs::write(data.path().join("read-model.db"), "not a database").unwrap();
    assert_refuses(&mut daybook(data.path()), 1, &["read-model.db", "daybook rebuild"]);
    let rebuilt = run(daybook(data.path()).arg("rebuild"));
    assert!(rebuilt.status.success(), "{rebuilt:?}");
    Daybook::start(&mut daybook(data.path())).stop();
}

#[test]
fn an_endpoint_that_does_not_answer_is_named() {
    let data = tempdir().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let mut command = daybook(data.path());
    command.args(["--dynamodb-endpoint", &url]);
    assert_refuses(&mut command, 1, &["cannot use the store at", &url]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_other_keys_is_refused() {
    let dynamo = Dynamo::start().await;
    let table = json!({
        "TableName": "orders",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "N" }],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
    });
    assert_eq!(dynamo.run("CreateTable", table.to_string().as_bytes()).0, 200);
    let data = tempdir().unwrap();
    let mut command = daybook(data.path());
    command.args(["--dynamodb-endpoint", &dynamo.url, "--table", "orders"]);
    assert_refuses(&mut command, 1, &["`orders`", "id N HASH", "pk S HASH, sk S RANGE"]);
}

/// An S3 whose bucket names say how it answers: one to three statuses, separated by `-`. The first
/// answers requests for the bucket, the second reads of an object, the third conditional puts of an
/// object. Other puts fail the test.
pub(crate) async fn s3() -> String {
    let of_bucket = async |Path(bucket): Path<String>| (status(&bucket, 0), String::new());
    let of_object = async |Path((bucket, _)): Path<(String, String)>, request: Request| {
        let is_put = request.method() == Method::PUT;
        assert!(!is_put || request.headers().contains_key(IF_MATCH), "{request:?}");
        let status = status(&bucket, if is_put { 2 } else { 1 });
        let code = match status.as_u16() {
            200 => return (status, String::new()),
            403 => "AccessDenied",
            404 => "NoSuchKey",
            412 => "PreconditionFailed",
            501 => "NotImplemented",
            _ => "InternalError",
        };
        (status, format!("<Error><Code>{code}</Code></Error>"))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/{bucket}", any(of_bucket))
        .route("/{bucket}/", any(of_bucket))
        .route("/{bucket}/{*key}", any(of_object));
    tokio::spawn(async { axum::serve(listener, router).await });
    url
}

fn status(bucket: &str, place: usize) -> StatusCode {
    let status = bucket.split('-').nth(place).unwrap();
    StatusCode::from_bytes(status.as_bytes()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unusable_bucket_is_named() {
    let (dynamo, s3) = (Dynamo::start().await, s3().await);
    for (bucket, says) in [
        ("404", &["there is no bucket `404`; create it, or name another"][..]),
        ("403", &["allow s3:ListBucket on the bucket `403`", "s3:PutObject"]),
        ("301", &["is in another region"]),
    ] {
        let data = tempdir().unwrap();
        let mut command = daybook(data.path());
        command.args(["--dynamodb-endpoint", &dynamo.url, "--s3-endpoint", &s3]);
        command.args(["--bucket", bucket]);
        let place = format!("cannot use the bucket `{bucket}`");
        assert_refuses(&mut command, 1, &[&[&*place], says].concat());
    }
    let data = tempdir().unwrap();
    let mut command = daybook(data.path());
    command.args(["--dynamodb-endpoint", &dynamo.url, "--s3-endpoint", &s3, "--bucket", "200"]);
    Daybook::start(&mut command).stop();
}

#[test]
fn contradictory_and_invalid_settings_are_refused() {
    let data = tempdir().unwrap();
    let mut contradiction = daybook(data.path());
    contradiction.args(["--store", "embedded", "--dynamodb-endpoint", "http://127.0.0.1:1"]);
    assert_refuses(&mut contradiction, 2, &["--store embedded", "--dynamodb-endpoint"]);
    let endpoint = ["--dynamodb-endpoint", "http://127.0.0.1:1"];
    for (arguments, says) in [
        (&["--bucket", "books"][..], "--bucket goes with --store aws"),
        (&["--s3-endpoint", "http://127.0.0.1:1"], "name the bucket with --bucket"),
        (&["sweep", endpoint[0], endpoint[1]], "no object storage to sweep"),
        (&["--trusted-proxy", "192.0.2.7"], "name the header"),
        (
            &["--trust-proxy-header", "X-Forwarded-User", "--actor", "Pat"],
            "--actor would name nobody",
        ),
    ] {
        assert_refuses(daybook(data.path()).args(arguments), 2, &[says]);
    }
    let open = ["--trust-proxy-header", "X-Forwarded-User"];
    for address in ["0.0.0.0:0", "[::]:0"] {
        let says = ["--trust-proxy-header", "--trusted-proxy", "--address"];
        assert_refuses(listening_on(address, data.path()).args(open), 2, &says);
    }
    let mut variable = daybook(data.path());
    variable.env("DAYBOOK_ACTOR", "Pat").env("DAYBOOK_TRUST_PROXY_HEADER", "Remote-User");
    assert_refuses(&mut variable, 2, &["--actor would name nobody"]);
    assert!(!data.path().join("daybook.db").exists(), "the settings are checked first");
    for arguments in [["--address", "nowhere"], ["--log", "loud"], ["--quantity", "3"]] {
        let refused = run(daybook(data.path()).args(arguments));
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    }
}

#[test]
fn help_names_every_flag_and_its_variable() {
    let help = run(daybook("unused".as_ref()).arg("--help"));
    assert!(help.status.success());
    let help = String::from_utf8(help.stdout).unwrap();
    for variable in [
        "ADDRESS",
        "DATA",
        "STORE",
        "DYNAMODB_ENDPOINT",
        "TABLE",
        "BUCKET",
        "S3_ENDPOINT",
        "ACTOR",
        "TRUST_PROXY_HEADER",
        "TRUSTED_PROXY",
        "LOG",
    ] {
        let flag = format!("--{}", variable.to_lowercase().replace('_', "-"));
        assert!(
            help.contains(&format!("DAYBOOK_{variable}")) && help.contains(&flag),
            "{variable}"
        );
    }
    assert!(help.contains("Examples:"));
}
