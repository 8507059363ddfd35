//! The IAM policies in `deploy/` allow exactly the requests that the program makes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

type Names = BTreeSet<String>;

/// Methods of a client that are not requests.
const NO_REQUESTS: [&str; 2] = ["clone", "config"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The actions that a policy allows, in the named statement or in all statements.
fn allowed(policy: &str, statement: Option<&str>) -> Names {
    let text = fs::read_to_string(root().join("deploy/iam").join(policy)).unwrap();
    let policy: Value = serde_json::from_str(&text).unwrap();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let wanted = statements.filter(|found| statement.is_none_or(|name| found["Sid"] == name));
    let actions = wanted.flat_map(|found| found["Action"].as_array().unwrap());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

/// The program's source files, except those that exist only for tests.
fn sources() -> Vec<String> {
    let mut directories = vec![root().join("crates/event-store/src"), root().join("server/src")];
    let mut sources = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap();
            if name == "testing" || name == "tampering.rs" {
                continue;
            }
            if path.is_dir() {
                directories.push(path);
            } else {
                sources.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    sources
}

/// The names of the request methods that sources with this SDK call. A request is a method call on
/// a variable named `client` or `write_client`.
fn requests(sdk: &str) -> Names {
    let mut found = Names::new();
    for source in sources().iter().filter(|source| source.contains(sdk)) {
        for rest in source.split("client").skip(1) {
            let Some(method) = rest.trim_start().strip_prefix('.') else { continue };
            let (name, rest) = method.split_at(method.find(|c: char| !is_of_name(c)).unwrap());
            if rest.starts_with("()") && !NO_REQUESTS.contains(&name) {
                found.insert(name.to_owned());
            }
        }
    }
    found
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'
}

/// The IAM action that a request needs (Service Authorization Reference, "Amazon DynamoDB" and
/// "Amazon S3").
fn action(service: &str, request: &str) -> String {
    let name = match (service, request) {
        // A transaction needs the actions of its parts, which are puts here.
        ("dynamodb", "transact_write_items") => "PutItem",
        ("s3", "list_objects_v2" | "head_bucket") => "ListBucket",
        ("s3", "head_object") => "GetObject",
        _ => &request.split('_').map(capitalized).collect::<String>(),
    };
    format!("{service}:{name}")
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

fn actions(service: &str, sdk: &str) -> Names {
    requests(sdk).iter().map(|request| action(service, request)).collect()
}

#[test]
fn the_policy_allows_exactly_the_requests_to_the_table() {
    let mut asked = actions("dynamodb", "aws_sdk_dynamodb:");
    // A server creates the table only if it is missing, and a provisioned table is not. Only
    // `doctor` deletes an item, and hopes to be refused.
    for unneeded in ["dynamodb:CreateTable", "dynamodb:DeleteItem"] {
        assert!(asked.remove(unneeded), "the program no longer asks for {unneeded}");
    }
    assert_eq!(asked, allowed("serve.json", Some("Table")));
    assert!(allowed("provision.json", None).contains("dynamodb:CreateTable"));
}

#[test]
fn the_policies_allow_exactly_the_requests_to_streams_and_objects() {
    let streams = actions("dynamodb", "aws_sdk_dynamodbstreams");
    assert_eq!(streams, allowed("serve.json", Some("Stream")));
    // A sweep deletes but never puts; everything else puts but never deletes.
    let objects = |policy| -> Names {
        allowed(policy, None).into_iter().filter(|action| action.starts_with("s3:")).collect()
    };
    let mut asked = actions("s3", "aws_sdk_s3");
    assert_eq!(asked, objects("serve.json").union(&objects("sweep.json")).cloned().collect());
    asked.remove("s3:DeleteObject");
    assert_eq!(asked, objects("serve.json"));
}

#[test]
fn nobody_may_update_or_delete_an_item() {
    for policy in ["serve.json", "sweep.json", "provision.json"] {
        let allowed = allowed(policy, None);
        for action in &allowed {
            assert!(!action.contains('*'), "{policy} allows {action}");
        }
        for action in ["UpdateItem", "DeleteItem", "BatchWriteItem", "DeleteTable"] {
            assert!(!allowed.contains(&format!("dynamodb:{action}")), "{policy} allows {action}");
        }
        let deletes = allowed.iter().any(|action| action.starts_with("s3:Delete"));
        assert_eq!(deletes, policy == "sweep.json", "{policy}");
    }
}
