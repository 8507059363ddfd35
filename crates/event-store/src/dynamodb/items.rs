//! The items of the table. Their format has to stay readable forever.
//!
//! | attribute | change set k | snapshot after k |
//! |---|---|---|
//! | `pk` (S, hash key) | `{kind}#{uuid}` | the same |
//! | `sk` (S, range key) | k in twelve digits | k in twelve digits, then `.snapshot` |
//! | `body` (S or B) | the exact hashed JSON, unless it is kept elsewhere | the snapshot as JSON |
//! | `overflow` (B, 32 bytes) | instead of `body`: the SHA-256 of the object that holds it | |
//! | `encoding` (S) | beside `overflow`: the encoding of the object | |
//! | `prev` (B, 32 bytes) | the hash of version k − 1 | |
//! | `hash` (B, 32 bytes) | its own | |
//! | `sum` (B, 32 bytes) | | `SHA-256(pk ‖ 0x00 ‖ k as 8 bytes big-endian ‖ body)` |
//!
//! Batch n of the feed has the keys `feed#{n / 100000}` and n in twelve digits. Its `body`, `prev`
//! and `hash` are like a change set's.
//!
//! Twelve digits keep the versions in order for 31 years at a thousand change sets a second. A
//! `body` of type S is the text itself. A `body` of type B is a zstd frame (RFC 8878) of the text,
//! written where that saves a capacity unit.
//!
//! A body that exceeds 300 KiB after compression goes to object storage, if there is one
//! ([`crate::objects`]). So does a body that exceeds its share of a transaction that would be too
//! large. The object is the text itself under the `encoding` `identity`, or a zstd frame of it
//! under `zstd`. It is named by the SHA-256 of exactly its bytes, in hex, and is put before the
//! item that names it. If the object is missing or altered, the change set is corrupt.
//!
//! Sort keys of any other shape are left to later versions and skipped. A snapshot is only a
//! shortcut: it is skipped if its sum does not match, and not kept if it does not fit into an item.

use std::collections::HashMap;
use std::io::{self, Read};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};

pub use crate::BODY_LIMIT;
use crate::feed::Batch;
use crate::objects::ObjectKey;
use crate::{AggregateId, ChangeSet, FeedBreak, Hash, LAST_VERSION, Snapshot, StoreError, Version};

pub(super) type Item = HashMap<String, AttributeValue>;

/// DynamoDB's limit on the size of an item in bytes, names and values together.
pub const ITEM_LIMIT: usize = 400 * 1024;

/// The largest body in bytes, as stored, that stays in its item if there is object storage.
pub const INLINE_LIMIT: usize = 300 * 1024;

/// The bytes per write unit. DynamoDB rounds up.
const WRITE_UNIT: usize = 1024;
/// The zstd level. Higher levels gain little on bodies this small.
const COMPRESSION: i32 = 3;

const SNAPSHOT: &str = ".snapshot";

/// The encoding of an object that is the text of a body.
const IDENTITY: &str = "identity";
/// The encoding of an object that is a zstd frame of the text.
const ZSTD: &str = "zstd";

/// The content of one item in an aggregate's partition.
#[derive(Debug)]
pub(super) enum Row {
    ChangeSet(ChangeSet),
    Snapshot(Snapshot),
    /// A damaged snapshot, or an item of a later version of this program.
    PassedOver,
}

pub(super) fn change_set_key(version: Version) -> String {
    format!("{:012}", version.min(LAST_VERSION))
}

/// Returns a sort key between the version's change set and the next one.
pub(super) fn snapshot_key(version: Version) -> String {
    change_set_key(version) + SNAPSHOT
}

/// Returns the version whose change set has this sort key.
pub(super) fn version_of(sort_key: &str) -> Option<Version> {
    let digits = sort_key.len() == 12 && sort_key.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| sort_key.parse().ok()).flatten()
}

pub(super) fn key(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(pk.into())),
        ("sk".to_owned(), AttributeValue::S(sk.into())),
    ])
}

/// Returns the key attributes of an item.
pub(super) fn key_of(item: &Item) -> Item {
    let name = |name: &str| item.get(name).map(|value| (name.to_owned(), value.clone()));
    ["pk", "sk"].into_iter().filter_map(name).collect()
}

pub(super) fn key_of_change_set(change_set: &ChangeSet) -> Item {
    key(change_set.aggregate.to_string(), change_set_key(change_set.version))
}

/// A change set as it is written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) item: Item,
    /// The object that the item names. It has to be put before the item.
    pub(super) overflow: Option<Overflow>,
}

/// A body that is too large for an item.
#[derive(Clone, Debug)]
pub(super) struct Overflow {
    pub(super) key: ObjectKey,
    pub(super) bytes: Vec<u8>,
}

/// Encodes a change set. A body of more than `inline` bytes, as stored, becomes an object.
pub(super) fn of_change_set(change_set: &ChangeSet, inline: usize) -> Result<Written, StoreError> {
    let mut item = key_of_change_set(change_set);
    item.insert("prev".to_owned(), bytes(change_set.prev.as_bytes()));
    item.insert("hash".to_owned(), bytes(change_set.hash.as_bytes()));
    let body = body_of(&item, change_set.body().to_owned())?;
    if size(&body) <= inline {
        return Ok(Written { item: with_body(item, body)?, overflow: None });
    }
    let (encoding, bytes_of_body) = match body {
        AttributeValue::B(frame) => (ZSTD, frame.into_inner()),
        AttributeValue::S(text) => (IDENTITY, text.into_bytes()),
        _ => (IDENTITY, Vec::new()),
    };
    let key = ObjectKey::of(&bytes_of_body);
    item.insert("overflow".to_owned(), bytes(key.as_bytes()));
    item.insert("encoding".to_owned(), AttributeValue::S(encoding.to_owned()));
    Ok(Written { item, overflow: Some(Overflow { key, bytes: bytes_of_body }) })
}

pub(super) fn of_snapshot(snapshot: &Snapshot) -> Result<Item, StoreError> {
    let pk = snapshot.aggregate.to_string();
    let body = serde_json::to_string(snapshot).map_err(crate::DecodeError::from)?;
    let sum = sum(&pk, snapshot.version, &body);
    let mut item = key(pk, snapshot_key(snapshot.version));
    item.insert("sum".to_owned(), bytes(&sum));
    let body = body_of(&item, body)?;
    with_body(item, body)
}

pub(super) fn of_batch(batch: &Batch) -> Result<Item, StoreError> {
    let mut item = key(Batch::partition(batch.number), change_set_key(batch.number));
    item.insert("prev".to_owned(), bytes(batch.prev.as_bytes()));
    item.insert("hash".to_owned(), bytes(batch.hash.as_bytes()));
    let body = body_of(&item, batch.body().to_owned())?;
    with_body(item, body)
}

/// Parses an item in a partition of the feed. Returns `None` for an item of a later version of this
/// program.
pub(super) fn batch(mut item: Item) -> Result<Option<Batch>, StoreError> {
    let number = match item.get("sk") {
        Some(AttributeValue::S(sort_key)) => version_of(sort_key),
        _ => None,
    };
    let Some(number) = number else { return Ok(None) };
    let corrupt = |problem: &str| {
        StoreError::Feed(FeedBreak { batch: number, problem: format!("is unreadable: {problem}") })
    };
    let body = item.remove("body").ok_or_else(|| corrupt("it has no body"))?;
    let body = unpacked(body).map_err(corrupt)?;
    let prev = hash(&item, "prev").ok_or_else(|| corrupt("`prev` is not 32 bytes"))?;
    let hash = hash(&item, "hash").ok_or_else(|| corrupt("`hash` is not 32 bytes"))?;
    let batch = Batch::from_parts(number, prev, hash, body);
    batch.map(Some).map_err(|error| corrupt(&error.to_string()))
}

/// Encodes the body for an item that already has its other attributes.
fn body_of(item: &Item, body: String) -> Result<AttributeValue, StoreError> {
    if body.len() > BODY_LIMIT {
        return Err(StoreError::TooLarge { bytes: body.len(), limit: BODY_LIMIT });
    }
    Ok(packed(body, bytes_of(item) + "body".len()))
}

/// Adds the body, or fails if the item would exceed DynamoDB's limit.
fn with_body(mut item: Item, body: AttributeValue) -> Result<Item, StoreError> {
    let limit = ITEM_LIMIT - (bytes_of(&item) + "body".len());
    if size(&body) > limit {
        return Err(StoreError::TooLarge { bytes: size(&body), limit });
    }
    item.insert("body".to_owned(), body);
    Ok(item)
}

/// Encodes the body as text, or compressed if the item then costs less. `rest` is the size of the
/// rest of the item.
fn packed(body: String, rest: usize) -> AttributeValue {
    let units = |bytes: usize| (rest + bytes).div_ceil(WRITE_UNIT);
    if units(body.len()) > 1
        && let Ok(compressed) = zstd::bulk::compress(body.as_bytes(), COMPRESSION)
        && units(compressed.len()) < units(body.len())
    {
        return AttributeValue::B(Blob::new(compressed));
    }
    AttributeValue::S(body)
}

/// Returns the text of a body in either encoding.
fn unpacked(body: AttributeValue) -> Result<String, &'static str> {
    match body {
        AttributeValue::S(text) => Ok(text),
        AttributeValue::B(frame) => {
            decompress(frame.as_ref()).map_err(|_| "its body cannot be decompressed")
        }
        _ => Err("its body is neither text nor bytes"),
    }
}

/// Decompresses no more than a body may have, because a small frame can expand to a huge text.
fn decompress(frame: &[u8]) -> io::Result<String> {
    let mut text = String::new();
    let frame = zstd::stream::read::Decoder::with_buffer(frame)?;
    frame.take(BODY_LIMIT as u64 + 1).read_to_string(&mut text)?;
    if text.len() > BODY_LIMIT {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

/// Returns the size of an item as DynamoDB counts it: names and values together.
pub(super) fn bytes_of(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + size(value)).sum()
}

fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        _ => 0,
    }
}

/// The object that holds the body of an item.
#[derive(Debug)]
pub(super) struct Elsewhere {
    pub(super) version: Version,
    pub(super) key: ObjectKey,
}

/// Returns the object that holds the item's body, if the item itself does not.
pub(super) fn elsewhere(
    aggregate: &AggregateId,
    item: &Item,
) -> Result<Option<Elsewhere>, StoreError> {
    let sort_key = item.get("sk").and_then(|sort_key| sort_key.as_s().ok());
    let Some(version) = sort_key.and_then(|sort_key| version_of(sort_key)) else { return Ok(None) };
    let Some(overflow) = item.get("overflow") else { return Ok(None) };
    match object_key(overflow) {
        Some(key) => Ok(Some(Elsewhere { version, key })),
        None => Err(StoreError::corrupt(aggregate, version, "`overflow` is not 32 bytes")),
    }
}

pub(super) fn object_key(overflow: &AttributeValue) -> Option<ObjectKey> {
    ObjectKey::from_slice(overflow.as_b().ok()?.as_ref())
}

/// Returns the item with its fetched body in place of `overflow`.
pub(super) fn with_fetched(mut item: Item, bytes: Vec<u8>) -> Result<Item, String> {
    item.remove("overflow");
    let body = match item.remove("encoding") {
        Some(AttributeValue::S(encoding)) if encoding == ZSTD => {
            AttributeValue::B(Blob::new(bytes))
        }
        Some(AttributeValue::S(encoding)) if encoding == IDENTITY => {
            let text = String::from_utf8(bytes);
            AttributeValue::S(text.map_err(|error| format!("its body is not text: {error}"))?)
        }
        other => {
            return Err(format!("`encoding` is {other:?}; expected `{IDENTITY}` or `{ZSTD}`"));
        }
    };
    item.insert("body".to_owned(), body);
    Ok(item)
}

/// Parses an item of this aggregate's partition. The body has to be in the item.
pub(super) fn parse(aggregate: &AggregateId, mut item: Item) -> Result<Row, StoreError> {
    let sort_key = match item.remove("sk") {
        Some(AttributeValue::S(sort_key)) => sort_key,
        _ => return Ok(Row::PassedOver),
    };
    if let Some(version) = version_of(&sort_key) {
        return change_set(aggregate, version, item).map(Row::ChangeSet);
    }
    let version = sort_key.strip_suffix(SNAPSHOT).and_then(version_of);
    Ok(match version.map(|version| (version, snapshot(aggregate, version, item))) {
        Some((_, Some(snapshot))) => Row::Snapshot(snapshot),
        Some((version, None)) => {
            tracing::warn!(%aggregate, version, "skipped a damaged snapshot");
            Row::PassedOver
        }
        None => Row::PassedOver,
    })
}

fn change_set(
    aggregate: &AggregateId,
    version: Version,
    mut item: Item,
) -> Result<ChangeSet, StoreError> {
    let corrupt = |problem: &str| StoreError::corrupt(aggregate, version, problem);
    let body = item.remove("body").ok_or_else(|| corrupt("it has no body"))?;
    let body = unpacked(body).map_err(corrupt)?;
    let prev = hash(&item, "prev").ok_or_else(|| corrupt("`prev` is not 32 bytes"))?;
    let hash = hash(&item, "hash").ok_or_else(|| corrupt("`hash` is not 32 bytes"))?;
    ChangeSet::from_parts(aggregate.clone(), version, prev, hash, body)
        .map_err(|error| StoreError::corrupt(aggregate, version, error))
}

fn snapshot(aggregate: &AggregateId, version: Version, mut item: Item) -> Option<Snapshot> {
    let body = unpacked(item.remove("body")?).ok()?;
    if hash(&item, "sum")?.as_bytes() != &sum(&aggregate.to_string(), version, &body) {
        return None;
    }
    let snapshot: Snapshot = serde_json::from_str(&body).ok()?;
    let aggregate = aggregate.clone();
    (snapshot.version == version).then_some(Snapshot { aggregate, ..snapshot })
}

fn hash(item: &Item, name: &str) -> Option<Hash> {
    Hash::from_slice(item.get(name)?.as_b().ok()?.as_ref())
}

fn sum(pk: &str, version: Version, body: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(pk);
    hasher.update([0]);
    hasher.update(version.to_be_bytes());
    hasher.update(body);
    hasher.finalize().into()
}

fn bytes(bytes: &[u8; 32]) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes.as_slice()))
}
