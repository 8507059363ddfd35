//! The permissions of these credentials, tried without leaving anything behind: every write carries
//! a condition that cannot hold.

use std::collections::HashMap;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem};
use event_store::dynamodb;

use super::{Finding, Remote, TableLocation};

/// A key under which nothing is ever written.
const NOBODY: [(&str, &str); 2] = [("pk", "doctor#"), ("sk", "000000000000")];
/// The condition that the item exists.
const NEVER: &str = "attribute_exists(pk)";
/// The number of keys to examine for those of another program.
const SOME: i32 = 20;

pub(super) async fn examine(store: &Remote<'_>) -> Vec<Finding> {
    let Remote { client, at: TableLocation { table, .. }, .. } = store;
    let pk = AttributeValue::S(NOBODY[0].1.to_owned());
    let get = client.get_item().table_name(*table).set_key(Some(nobody())).send().await;
    let query = client
        .query()
        .table_name(*table)
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", pk)
        .limit(1)
        .send()
        .await;
    let scan =
        client.scan().table_name(*table).projection_expression("pk, sk").limit(SOME).send().await;
    let put = client
        .put_item()
        .table_name(*table)
        .set_item(Some(nobody()))
        .condition_expression(NEVER)
        .send()
        .await;
    let foreign = scan.as_ref().ok().and_then(|scan| foreign(table, scan.items()));
    let tried = [
        ("GetItem", refused(get)),
        ("BatchGetItem", several(store).await),
        ("Query", refused(query)),
        ("Scan", refused(scan)),
        ("PutItem", refused(put)),
        ("TransactWriteItems", together(store).await),
    ];
    let mut findings: Vec<_> =
        tried.iter().filter_map(|(name, why)| Some(denied(name, why.as_ref()?))).collect();
    if findings.is_empty() {
        let names = tried.map(|(name, _)| name).join(", ");
        findings.push(Finding::ok(format!("what the store does is allowed: {names}")));
    }
    findings.extend(foreign);
    if store.at.is_aws {
        findings.extend(deleting(store).await);
    }
    findings
}

/// Reads several items at once, as the feed does.
async fn several(store: &Remote<'_>) -> Option<String> {
    match KeysAndAttributes::builder().keys(nobody()).build() {
        Ok(keys) => {
            let request = store.client.batch_get_item().request_items(store.at.table, keys);
            refused(request.send().await)
        }
        Err(error) => Some(error.to_string()),
    }
}

/// Sends a transaction, which its condition cancels if the credentials permit it at all.
async fn together(store: &Remote<'_>) -> Option<String> {
    let put = Put::builder().table_name(store.at.table).set_item(Some(nobody()));
    let put = match put.condition_expression(NEVER).build() {
        Ok(put) => TransactWriteItem::builder().put(put).build(),
        Err(error) => return Some(error.to_string()),
    };
    refused(store.client.transact_write_items().transact_items(put).send().await)
}

/// Warns about the permission to delete: the program deletes no item, so the permission can only do
/// harm.
async fn deleting(store: &Remote<'_>) -> Option<Finding> {
    let request = store.client.delete_item().table_name(store.at.table).set_key(Some(nobody()));
    let may = refused(request.condition_expression(NEVER).send().await).is_none();
    may.then(|| {
        Finding::warning(
            "these credentials may delete items, which nothing here ever does",
            "Let them have no more than deploy/iam/serve.json",
        )
    })
}

/// Returns why a request was refused, unless its condition was the reason.
fn refused<T, E>(answer: Result<T, SdkError<E, HttpResponse>>) -> Option<String>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match answer {
        Ok(_) => None,
        Err(error) => match error.code() {
            Some("ConditionalCheckFailedException" | "TransactionCanceledException") => None,
            _ => Some(dynamodb::reason(&error)),
        },
    }
}

fn denied(operation: &str, why: &str) -> Finding {
    // No action has that name: a transaction needs what its parts need (IAM's list of actions).
    let action = if operation == "TransactWriteItems" { "PutItem" } else { operation };
    Finding::problem(
        format!("{operation} is refused: {why}"),
        format!("Allow dynamodb:{action}: deploy/iam/serve.json has all that is needed"),
    )
}

/// Finds a key that is not ours.
fn foreign(table: &str, items: &[HashMap<String, AttributeValue>]) -> Option<Finding> {
    let text = |item: &HashMap<String, AttributeValue>, name| {
        item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
    };
    let keys = items.iter().map(|item| (text(item, "pk"), text(item, "sk")));
    let (pk, sk) = keys.into_iter().find(|(pk, sk)| !is_ours(pk, sk))?;
    Some(Finding::warning(
        format!("the table `{table}` holds an item of another program: `{pk}`, `{sk}`"),
        "Give this program a table of its own: choose another with --table",
    ))
}

/// Returns whether a key looks like ours: `{kind}#{uuid}` or `feed#{epoch}`, and twelve digits with
/// an optional suffix.
fn is_ours(pk: &str, sk: &str) -> bool {
    let digits = sk.split('.').next().unwrap_or_default();
    pk.contains('#') && digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn nobody() -> HashMap<String, AttributeValue> {
    NOBODY.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned()))).into()
}
