//! The items of the table: a format written forever.
//!
//! | attribute | change set k | snapshot after k |
//! |---|---|---|
//! | `pk` (S, hash key) | `{kind}#{uuid}` | the same |
//! | `sk` (S, range key) | k in twelve digits | k in twelve digits, then `.snapshot` |
//! | `body` (S or B) | the exact hashed JSON, unless it is kept elsewhere | the snapshot as JSON |
//! | `overflow` (B, 32 bytes) | instead of `body`: the SHA-256 of the object that has it | |
//! | `encoding` (S) | beside `overflow`: what the object's bytes are | |
//! | `prev` (B, 32 bytes) | the hash of version k − 1 | |
//! | `hash` (B, 32 bytes) | its own | |
//! | `sum` (B, 32 bytes) | | `SHA-256(pk ‖ 0x00 ‖ k as 8 bytes big-endian ‖ body)` |
//!
//! Batch n of the feed stands at `feed#{n / 100000}`, n in twelve digits, with `body`, `prev` and `hash` as a
//! change set's.
//!
//! Twelve digits keep the versions in order for 31 years at a thousand change sets a second. A
//! `body` of type S is the text itself; one of type B is a zstd frame (RFC 8878) of it, written where
//! that makes the item smaller by a capacity unit.
//!
//! A body of which more than 300 KiB would be left, or more than the items of one transaction have room for
//! together, goes to object storage instead, where there is one ([`crate::objects`]): the text itself under
//! the `encoding` `identity`, or a zstd frame of it under `zstd`. The object is named by the SHA-256 of exactly its bytes, in hex, and is there before the item
//! that names it. Whoever finds it gone or altered finds the change set corrupt.
//!
//! Sort keys of any other shape are left to later versions and passed over, and so is a snapshot whose
//! sum does not match: a snapshot is only ever a shortcut, and one that does not fit into an item is not
//! kept.

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

/// The most that an item may have, names and values together (DynamoDB's limit).
pub const ITEM_LIMIT: usize = 400 * 1024;

/// The most that a body may have in an item, as it is kept there, where larger ones can go to object
/// storage.
pub const INLINE_LIMIT: usize = 300 * 1024;

/// What DynamoDB bills one write unit for, or a part of it.
const WRITE_UNIT: usize = 1024;
/// Of zstd's levels: higher ones gain little on bodies this small.
const COMPRESSION: i32 = 3;

const SNAPSHOT: &str = ".snapshot";

/// An object that is the text of a body.
const IDENTITY: &str = "identity";
/// An object that is a zstd frame of it.
const ZSTD: &str = "zstd";

/// What stands behind one sort key.
#[derive(Debug)]
pub(super) enum Row {
    ChangeSet(ChangeSet),
    Snapshot(Snapshot),
    /// A broken snapshot, or something of a later version of this program.
    PassedOver,
}

pub(super) fn change_set_key(version: Version) -> String {
    format!("{:012}", version.min(LAST_VERSION))
}

/// Stands after the version's change set and before the next one's.
pub(super) fn snapshot_key(version: Version) -> String {
    change_set_key(version) + SNAPSHOT
}

/// The version whose change set has this sort key.
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

/// The key alone of an item.
pub(super) fn key_of(item: &Item) -> Item {
    let name = |name: &str| item.get(name).map(|value| (name.to_owned(), value.clone()));
    ["pk", "sk"].into_iter().filter_map(name).collect()
}

pub(super) fn key_of_change_set(change_set: &ChangeSet) -> Item {
    key(change_set.aggregate.to_string(), change_set_key(change_set.version))
}

/// What is written of a change set.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) item: Item,
    /// What the item names and has to be there before.
    pub(super) overflow: Option<Overflow>,
}

/// A body that is too large for an item.
#[derive(Clone, Debug)]
pub(super) struct Overflow {
    pub(super) key: ObjectKey,
    pub(super) bytes: Vec<u8>,
}

/// What is written of this change set. A body of more than `inline` bytes becomes an object.
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

/// The batch of this item, in a partition of the feed; `None` for what later versions may keep there.
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

/// The body as it is kept beside what is in the item already.
fn body_of(item: &Item, body: String) -> Result<AttributeValue, StoreError> {
    if body.len() > BODY_LIMIT {
        return Err(StoreError::TooLarge { bytes: body.len(), limit: BODY_LIMIT });
    }
    Ok(packed(body, bytes_of(item) + "body".len()))
}

/// Adds the body, unless that makes the item larger than DynamoDB takes.
fn with_body(mut item: Item, body: AttributeValue) -> Result<Item, StoreError> {
    let limit = ITEM_LIMIT - (bytes_of(&item) + "body".len());
    if size(&body) > limit {
        return Err(StoreError::TooLarge { bytes: size(&body), limit });
    }
    item.insert("body".to_owned(), body);
    Ok(item)
}

/// As it is, or compressed where the item then costs less; `rest` is what else is in the item.
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

/// The text of a body, however it is kept.
fn unpacked(body: AttributeValue) -> Result<String, &'static str> {
    match body {
        AttributeValue::S(text) => Ok(text),
        AttributeValue::B(frame) => {
            decompress(frame.as_ref()).map_err(|_| "its body cannot be decompressed")
        }
        _ => Err("its body is neither text nor bytes"),
    }
}

/// Reads no more than a body may have: a few bytes can claim to be many.
fn decompress(frame: &[u8]) -> io::Result<String> {
    let mut text = String::new();
    let frame = zstd::stream::read::Decoder::with_buffer(frame)?;
    frame.take(BODY_LIMIT as u64 + 1).read_to_string(&mut text)?;
    if text.len() > BODY_LIMIT {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

/// What an item has, names and values together, as DynamoDB counts it.
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

/// Where an item has its body, unless it has it itself.
#[derive(Debug)]
pub(super) struct Elsewhere {
    pub(super) version: Version,
    pub(super) key: ObjectKey,
}

/// Whether the body of this item is kept elsewhere.
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

/// The object that an `overflow` names.
pub(super) fn object_key(overflow: &AttributeValue) -> Option<ObjectKey> {
    ObjectKey::from_slice(overflow.as_b().ok()?.as_ref())
}

/// The item as it would be with its body in it, which has been fetched.
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

/// What an item of this aggregate's partition is, which has its body in it.
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
            tracing::warn!(%aggregate, version, "a snapshot is damaged and was passed over");
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
