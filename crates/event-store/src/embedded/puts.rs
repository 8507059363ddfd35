//! The store's own puts, carried out in a transaction that they share.
//!
//! The engine gives each request its own transaction, and so its own sync, and SQLite parses its
//! statements again each time. The store's puts are simple enough to bypass the engine: items of
//! text and bytes, put unconditionally or under [`NOT_TAKEN`], into a table without indexes or
//! streams. This module writes the same rows as the engine, with prepared statements. Every other
//! request goes to the engine. `tests.rs` compares the answers and rows of both.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use aws_smithy_types::base64;
use dynoxide::actions::put_item::{PutItemRequest, PutItemResponse};
use dynoxide::actions::transact_write_items::{
    TransactPut, TransactWriteItem, TransactWriteItemsRequest, TransactWriteItemsResponse,
};
use dynoxide::errors::CancellationReason;
use dynoxide::storage::{Storage, TableMetadata, compute_hash_prefix};
use dynoxide::types::{self, MAX_ITEM_SIZE, TRANSACTIONAL_CAPACITY_FACTOR};
use dynoxide::{AttributeValue, DynoxideError, Item, Result};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Serialize, Serializer};

use crate::dynamodb::NOT_TAKEN;

/// DynamoDB's limits on the length of keys, in bytes.
const PARTITION_KEY_LIMIT: usize = 2048;
const SORT_KEY_LIMIT: usize = 1024;
/// The longest `ClientRequestToken`, in bytes.
const TOKEN_LIMIT: usize = 36;
/// DynamoDB's limits on one transaction: the total size of its items, and their number.
const TOGETHER_BYTES: usize = 4 * 1024 * 1024;
const TOGETHER: usize = 100;

type SdkItem = HashMap<String, SdkValue>;

/// The `ReturnConsumedCapacity` that the store asks for.
const TOTAL: &str = "TOTAL";
const NOTHING: &str = "None";
const FAILED: &str = "ConditionalCheckFailed";
const FAILED_MESSAGE: &str = "The conditional request failed";

/// A row to write.
#[derive(Debug)]
struct Row {
    pk: String,
    sk: String,
    json: String,
    size: usize,
    hash_prefix: String,
    must_be_new: bool,
    /// A failed condition returns the existing item.
    returns_old: bool,
}

/// A `PutItem` as the store sends it.
#[derive(Debug)]
pub(super) struct OnePut {
    table: String,
    row: Row,
    capacity: Option<String>,
}

/// A `TransactWriteItems` as the store sends it: puts into one table, each under [`NOT_TAKEN`].
#[derive(Debug)]
pub(super) struct Puts {
    table: String,
    rows: Vec<Row>,
    capacity: Option<String>,
}

/// A value of a type that the engine does not have to validate.
#[derive(Clone, Copy, Debug)]
pub(super) enum Plain<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// An item of text and bytes only, as the store writes it.
#[derive(Debug)]
pub(super) struct PlainItem<'a>(Vec<(&'a str, Plain<'a>)>);

impl<'a> PlainItem<'a> {
    /// Returns the engine's item if all of its values are plain.
    fn of_request(item: &'a Item) -> Option<Self> {
        let plain = item.iter().map(|(name, value)| match value {
            AttributeValue::S(text) => Some((name.as_str(), Plain::Text(text))),
            AttributeValue::B(bytes) => Some((name.as_str(), Plain::Bytes(bytes))),
            _ => None,
        });
        plain.collect::<Option<_>>().map(Self)
    }

    /// Returns the SDK's item if all of its values are plain.
    pub(super) fn of_sdk(item: &'a SdkItem) -> Option<Self> {
        let plain = item.iter().map(|(name, value)| match value {
            SdkValue::S(text) => Some((name.as_str(), Plain::Text(text))),
            SdkValue::B(bytes) => Some((name.as_str(), Plain::Bytes(bytes.as_ref()))),
            _ => None,
        });
        plain.collect::<Option<_>>().map(Self)
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find_map(|(known, value)| match value {
            Plain::Text(text) if *known == name => Some(*text),
            _ => None,
        })
    }

    /// Returns the item's size in bytes, as DynamoDB counts it.
    fn size(&self) -> usize {
        let size = |(name, value): &(&str, Plain<'_>)| {
            name.len()
                + match value {
                    Plain::Text(text) => text.len(),
                    Plain::Bytes(bytes) => bytes.len(),
                }
        };
        self.0.iter().map(size).sum()
    }
}

impl Serialize for PlainItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.collect_map([("S", text)]),
            Self::Bytes(bytes) => serializer.collect_map([("B", base64::encode(bytes))]),
        }
    }
}

impl OnePut {
    /// Converts the request, if it has the form of the store's puts.
    pub(super) fn of_request(request: &PutItemRequest) -> Option<Self> {
        let PutItemRequest {
            table_name,
            item,
            return_values: None,
            condition_expression,
            expression_attribute_names: None,
            expression_attribute_values: None,
            return_consumed_capacity,
            return_values_on_condition_check_failure,
            return_item_collection_metrics: None,
            expected: None,
            conditional_operator: None,
        } = request
        else {
            return None;
        };
        let item = PlainItem::of_request(item)?;
        let must_be_new = must_be_new(condition_expression)?;
        let returns_old = returns_old(return_values_on_condition_check_failure)?;
        let row = Row::of(&item, must_be_new, returns_old)?;
        let capacity =
            is_mode(return_consumed_capacity).then(|| return_consumed_capacity.clone())?;
        Some(Self { table: table_name.clone(), row, capacity })
    }

    /// Builds a put of this item, unless only the engine can handle the item.
    pub(super) fn of_item(table: &str, item: &PlainItem<'_>, must_be_new: bool) -> Option<Self> {
        let row = Row::of(item, must_be_new, true)?;
        Some(Self { table: table.to_owned(), row, capacity: Some(TOTAL.to_owned()) })
    }

    pub(super) fn table(&self) -> &str {
        &self.table
    }
}

impl Puts {
    /// Converts the request, if it has the form of the store's transactions.
    pub(super) fn of_request(request: &TransactWriteItemsRequest) -> Option<Self> {
        let TransactWriteItemsRequest {
            transact_items,
            return_consumed_capacity,
            return_item_collection_metrics: None,
            client_request_token,
        } = request
        else {
            return None;
        };
        if client_request_token.as_ref().is_some_and(|token| token.len() > TOKEN_LIMIT) {
            return None;
        }
        let capacity =
            is_mode(return_consumed_capacity).then(|| return_consumed_capacity.clone())?;
        let puts = transact_items.iter().map(only_put).collect::<Option<Vec<_>>>()?;
        let table = &puts.first()?.table_name;
        let rows = puts.iter().map(|put| {
            let must_be_new = must_be_new(&put.condition_expression)?;
            let returns_old = returns_old(&put.return_values_on_condition_check_failure)?;
            if put.table_name != *table || !must_be_new {
                return None;
            }
            Row::of(&PlainItem::of_request(&put.item)?, true, returns_old)
        });
        Self::of_rows(table, rows.collect::<Option<_>>()?, capacity)
    }

    /// Builds a transaction that puts all of these items under [`NOT_TAKEN`], unless only the
    /// engine can handle them.
    pub(super) fn of_items<'a>(
        table: &str,
        items: impl Iterator<Item = &'a SdkItem>,
    ) -> Option<Self> {
        let rows = items.map(|item| Row::of(&PlainItem::of_sdk(item)?, true, true));
        Self::of_rows(table, rows.collect::<Option<_>>()?, Some(TOTAL.to_owned()))
    }

    fn of_rows(table: &str, rows: Vec<Row>, capacity: Option<String>) -> Option<Self> {
        let distinct: HashSet<_> = rows.iter().map(|row| (&row.pk, &row.sk)).collect();
        let bytes: usize = rows.iter().map(|row| row.size).sum();
        let fits =
            distinct.len() == rows.len() && rows.len() <= TOGETHER && bytes <= TOGETHER_BYTES;
        (fits && !rows.is_empty()).then(|| Self { table: table.to_owned(), rows, capacity })
    }

    pub(super) fn table(&self) -> &str {
        &self.table
    }
}

fn only_put(item: &TransactWriteItem) -> Option<&TransactPut> {
    match item {
        TransactWriteItem { put: Some(put), update: None, delete: None, condition_check: None }
            if put.expression_attribute_names.is_none()
                && put.expression_attribute_values.is_none() =>
        {
            Some(put)
        }
        _ => None,
    }
}

/// Returns whether the engine knows this `ReturnConsumedCapacity`; it refuses any other.
pub(super) fn is_mode(mode: &Option<String>) -> bool {
    matches!(mode.as_deref(), None | Some("NONE" | TOTAL | "INDEXES"))
}

fn must_be_new(condition: &Option<String>) -> Option<bool> {
    match condition.as_deref() {
        None => Some(false),
        Some(NOT_TAKEN) => Some(true),
        Some(_) => None,
    }
}

fn returns_old(returns: &Option<String>) -> Option<bool> {
    match returns.as_deref() {
        None | Some("NONE") => Some(false),
        Some("ALL_OLD") => Some(true),
        Some(_) => None,
    }
}

impl Row {
    fn of(item: &PlainItem<'_>, must_be_new: bool, returns_old: bool) -> Option<Self> {
        let (pk, sk) = (item.text("pk")?, item.text("sk")?);
        let is_key = |key: &str, limit| !key.is_empty() && key.len() <= limit;
        let size = item.size();
        let is_ours = is_key(pk, PARTITION_KEY_LIMIT)
            && is_key(sk, SORT_KEY_LIMIT)
            && size <= MAX_ITEM_SIZE
            && item.0.iter().all(|(name, _)| !name.is_empty());
        if !is_ours {
            return None;
        }
        let [pk, sk] = [pk, sk].map(|key| AttributeValue::S(key.to_owned()));
        Some(Self {
            pk: pk.to_key_string()?,
            sk: sk.to_key_string()?,
            json: serde_json::to_string(item).ok()?,
            size,
            hash_prefix: compute_hash_prefix(&pk),
            must_be_new,
            returns_old,
        })
    }
}

/// The SQL for each table that takes these puts, by the table's name. Entries never go stale,
/// because none of the supported operations alters or deletes a table.
#[derive(Debug, Default)]
pub(super) struct Tables(HashMap<String, Table>);

#[derive(Debug)]
struct Table {
    insert_new: String,
    replace: String,
    find: String,
    size: String,
}

impl Tables {
    /// Returns whether this module can carry out puts into the table.
    ///
    /// # Errors
    /// Fails when SQLite cannot read the table's metadata.
    pub(super) fn takes(&mut self, storage: &Storage, name: &str) -> Result<bool> {
        if self.0.contains_key(name) {
            return Ok(true);
        }
        let is_plain = storage.get_table_metadata(name)?.is_some_and(|table| is_plain(&table));
        if is_plain {
            self.0.insert(name.to_owned(), Table::named(name));
        }
        Ok(is_plain)
    }

    fn get(&self, name: &str) -> Result<&Table> {
        let missing =
            || DynoxideError::InternalServerError(format!("table `{name}` was not checked"));
        self.0.get(name).ok_or_else(missing)
    }

    /// Carries out one put.
    ///
    /// # Errors
    /// Fails when the condition does not hold or SQLite returns an error. Nothing is written then.
    pub(super) fn put(&self, storage: &Storage, put: &OnePut) -> Result<PutItemResponse> {
        let OnePut { table, row, capacity } = put;
        let old_size = match self.get(table)?.write(storage.conn(), row)? {
            Wrote::New => None,
            Wrote::Over { size } => Some(size),
            Wrote::Nothing { old } => {
                return Err(DynoxideError::ConditionalCheckFailedException(
                    FAILED_MESSAGE.to_owned(),
                    old,
                ));
            }
        };
        let units = types::table_write_capacity_units(old_size, Some(row.size));
        let consumed_capacity = types::consumed_capacity(table, units, capacity);
        Ok(PutItemResponse { consumed_capacity, ..PutItemResponse::default() })
    }

    /// Carries out all puts or none.
    ///
    /// # Errors
    /// Fails when a condition does not hold or SQLite returns an error. Nothing is written then.
    pub(super) fn put_all(
        &self,
        storage: &Storage,
        puts: &Puts,
    ) -> Result<TransactWriteItemsResponse> {
        let Puts { table, rows, capacity } = puts;
        let statements = self.get(table)?;
        let savepoint = Savepoint::set(storage.conn())?;
        let mut reasons = Vec::with_capacity(rows.len());
        for row in rows {
            reasons.push(match statements.write(storage.conn(), row)? {
                Wrote::Nothing { old } => reason(FAILED, Some(FAILED_MESSAGE), old),
                Wrote::New | Wrote::Over { .. } => reason(NOTHING, None, None),
            });
        }
        if reasons.iter().any(|reason| reason.code == FAILED) {
            let codes: Vec<_> = reasons.iter().map(|reason| reason.code.as_str()).collect();
            let message = format!(
                "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
                codes.join(", ")
            );
            return Err(DynoxideError::TransactionCanceledException(message, reasons));
        }
        savepoint.release()?;
        let units = |row: &Row| types::write_capacity_units(row.size);
        let units = TRANSACTIONAL_CAPACITY_FACTOR * rows.iter().map(units).sum::<f64>();
        let consumed = types::transactional_write_capacity(table, units, capacity);
        Ok(TransactWriteItemsResponse {
            consumed_capacity: consumed.map(|consumed| vec![consumed]),
            ..TransactWriteItemsResponse::default()
        })
    }
}

/// Answers a transaction that was carried out before. DynamoDB bills the replay as a read of the
/// items written. The request does not contain the items of updates, deletes and condition checks,
/// so each of these is billed at the minimum.
pub(super) fn repeated(request: &TransactWriteItemsRequest) -> TransactWriteItemsResponse {
    let mut units: HashMap<String, f64> = HashMap::new();
    for item in &request.transact_items {
        let (table, size) = match item {
            TransactWriteItem { put: Some(put), .. } => {
                (&put.table_name, types::item_size(&put.item))
            }
            TransactWriteItem { update: Some(update), .. } => (&update.table_name, 0),
            TransactWriteItem { delete: Some(delete), .. } => (&delete.table_name, 0),
            TransactWriteItem { condition_check: Some(check), .. } => (&check.table_name, 0),
            _ => continue,
        };
        *units.entry(table.clone()).or_default() +=
            TRANSACTIONAL_CAPACITY_FACTOR * types::read_capacity_units(size);
    }
    let consumed_capacity = types::build_transactional_capacity(
        &units,
        &request.return_consumed_capacity,
        types::transactional_read_capacity,
    );
    TransactWriteItemsResponse { consumed_capacity, ..TransactWriteItemsResponse::default() }
}

/// Returns whether the table has the text keys `pk` and `sk`, and no index or stream that a write
/// has to update.
fn is_plain(table: &TableMetadata) -> bool {
    let keys: Option<Vec<types::KeySchemaElement>> = serde_json::from_str(&table.key_schema).ok();
    let has_our_keys = keys.is_some_and(|keys| {
        let names: Vec<_> = keys.iter().map(|key| key.attribute_name.as_str()).collect();
        names == ["pk", "sk"]
    });
    let attributes: Option<Vec<types::AttributeDefinition>> =
        serde_json::from_str(&table.attribute_definitions).ok();
    let are_text = attributes.is_some_and(|attributes| {
        attributes
            .iter()
            .all(|attribute| matches!(attribute.attribute_type, types::ScalarAttributeType::S))
    });
    let has_none = |definitions: &Option<String>| {
        definitions.as_deref().is_none_or(|definitions| matches!(definitions, "" | "[]" | "null"))
    };
    has_our_keys
        && are_text
        && !table.stream_enabled
        && has_none(&table.gsi_definitions)
        && has_none(&table.lsi_definitions)
        && has_none(&table.vector_index_definitions)
}

fn reason(code: &str, message: Option<&str>, item: Option<Item>) -> CancellationReason {
    CancellationReason { code: code.to_owned(), message: message.map(str::to_owned), item }
}

/// The outcome of writing a row.
enum Wrote {
    New,
    /// The row replaced an item of this size.
    Over {
        size: usize,
    },
    /// Nothing was written, because an item with this key exists.
    Nothing {
        old: Option<Item>,
    },
}

impl Table {
    fn named(name: &str) -> Self {
        let name = name.replace('"', "\"\"");
        let columns = "(pk, sk, item_json, item_size, hash_prefix) VALUES (?1, ?2, ?3, ?4, ?5)";
        Self {
            insert_new: format!("INSERT INTO \"{name}\" {columns} ON CONFLICT (pk, sk) DO NOTHING"),
            replace: format!("INSERT OR REPLACE INTO \"{name}\" {columns}"),
            find: format!("SELECT item_json FROM \"{name}\" WHERE pk = ?1 AND sk = ?2"),
            size: format!("SELECT item_size FROM \"{name}\" WHERE pk = ?1 AND sk = ?2"),
        }
    }

    fn write(&self, conn: &Connection, row: &Row) -> Result<Wrote> {
        let Row { pk, sk, json, size, hash_prefix, must_be_new, returns_old } = row;
        let size = i64::try_from(*size).unwrap_or(i64::MAX);
        let values = params![pk, sk, json, size, hash_prefix];
        if *must_be_new {
            if conn.prepare_cached(&self.insert_new)?.execute(values)? == 1 {
                return Ok(Wrote::New);
            }
            let old = if *returns_old { self.find(conn, pk, sk)? } else { None };
            return Ok(Wrote::Nothing { old });
        }
        let mut find_size = conn.prepare_cached(&self.size)?;
        let old: Option<i64> = find_size.query_row([pk, sk], |row| row.get(0)).optional()?;
        conn.prepare_cached(&self.replace)?.execute(values)?;
        Ok(match old {
            None => Wrote::New,
            Some(size) => Wrote::Over { size: usize::try_from(size).unwrap_or_default() },
        })
    }

    fn find(&self, conn: &Connection, pk: &str, sk: &str) -> Result<Option<Item>> {
        let mut find = conn.prepare_cached(&self.find)?;
        let json: Option<String> = find.query_row([pk, sk], |row| row.get(0)).optional()?;
        let unreadable = |error: serde_json::Error| {
            DynoxideError::InternalServerError(format!("a stored item cannot be parsed: {error}"))
        };
        json.map(|json| serde_json::from_str(&json).map_err(unreadable)).transpose()
    }
}

/// A savepoint in the open transaction. Dropping it undoes the writes since, unless it was
/// released.
struct Savepoint<'c> {
    conn: &'c Connection,
    is_released: bool,
}

impl<'c> Savepoint<'c> {
    fn set(conn: &'c Connection) -> Result<Self> {
        conn.prepare_cached("SAVEPOINT puts")?.execute([])?;
        Ok(Self { conn, is_released: false })
    }

    fn release(mut self) -> Result<()> {
        self.conn.prepare_cached("RELEASE puts")?.execute([])?;
        self.is_released = true;
        Ok(())
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        if !self.is_released {
            // This fails when SQLite has rolled back the whole transaction, which the group detects
            // by itself.
            let _ = self.conn.execute_batch("ROLLBACK TO puts; RELEASE puts");
        }
    }
}
