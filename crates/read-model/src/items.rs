//! The table `inventory_items`: the content of its rows, and how a change set advances them.

use std::collections::HashMap;
use std::mem;

use domain::InventoryItem;
use domain::folding::fold;
use domain::inventory_item::{InventoryItemEvent, InventoryItemRow};
use event_store::{Aggregate, Timestamp, Version};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, QueryBuilder, Row as _};
use uuid::Uuid;

use crate::collation::sort_key;
use crate::database::{Db, DbConnection, push_ids};

/// The query that [`StoredItem`] reads.
pub(crate) const SELECT: &str = "SELECT id, version, sku, name, unit, on_hand, max_quantity, \
                                 reorder_level, active, created_at, updated_at \
                                 FROM inventory_items";

/// The query for the latest time of a change, or NULL.
pub(crate) const LATEST_CHANGE: &str = "SELECT MAX(updated_at) FROM inventory_items";

/// The key of a missing maximum or reorder level, which sorts after all others.
pub(crate) const NONE_KEY: i64 = i64::MAX;

/// A row as SQL stores it.
#[derive(Debug)]
pub(crate) struct StoredItem {
    id: Uuid,
    version: i64,
    sku: String,
    name: String,
    unit: String,
    on_hand: i64,
    max_quantity: Option<i64>,
    reorder_level: Option<i64>,
    active: bool,
    created_at: i64,
    updated_at: i64,
}

impl FromRow<'_, SqliteRow> for StoredItem {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            version: row.try_get("version")?,
            sku: row.try_get("sku")?,
            name: row.try_get("name")?,
            unit: row.try_get("unit")?,
            on_hand: row.try_get("on_hand")?,
            max_quantity: row.try_get("max_quantity")?,
            reorder_level: row.try_get("reorder_level")?,
            active: row.try_get("active")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

impl From<StoredItem> for InventoryItemRow {
    fn from(stored: StoredItem) -> Self {
        Self {
            id: stored.id,
            version: stored.version.cast_unsigned(),
            sku: stored.sku,
            name: stored.name,
            unit: stored.unit,
            on_hand: stored.on_hand,
            max_quantity: stored.max_quantity,
            reorder_level: stored.reorder_level,
            active: stored.active,
            created_at: Timestamp::from_millis(stored.created_at),
            updated_at: Timestamp::from_millis(stored.updated_at),
        }
    }
}

/// Returns the row advanced by one more change set, using the domain's own `evolve`.
pub(crate) fn advance(
    row: Option<InventoryItemRow>,
    id: Uuid,
    version: Version,
    events: &[InventoryItemEvent],
    recorded_at: Timestamp,
) -> InventoryItemRow {
    let created_at = row.as_ref().map_or(recorded_at, |row| row.created_at);
    let state = row.map_or_else(InventoryItem::default, state_of);
    let InventoryItem { sku, name, unit, on_hand, max_quantity, reorder_level, active } =
        events.iter().fold(state, InventoryItem::evolve);
    InventoryItemRow {
        id,
        version,
        sku,
        name,
        unit,
        on_hand,
        max_quantity,
        reorder_level,
        active,
        created_at,
        updated_at: recorded_at,
    }
}

/// Returns the rows of those items that have one.
pub(crate) async fn of(
    connection: &mut DbConnection,
    ids: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, InventoryItemRow>> {
    let mut query = QueryBuilder::<Db>::new(SELECT);
    query.push(" WHERE id IN ");
    push_ids(&mut query, ids);
    let found: Vec<StoredItem> = query.build_query_as().fetch_all(connection).await?;
    Ok(found.into_iter().map(|stored| (stored.id, stored.into())).collect())
}

/// Inserts new rows, replacing any that do not match their checkpoints.
pub(crate) async fn insert(
    connection: &mut DbConnection,
    rows: &[InventoryItemRow],
) -> sqlx::Result<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    let names = columns(first).map(|(name, _)| name).join(", ");
    let mut query = QueryBuilder::new(format!("REPLACE INTO inventory_items ({names}) VALUES "));
    let mut open = "(";
    for row in rows {
        for (_, value) in columns(row) {
            query.push(mem::replace(&mut open, ", "));
            value.bind(&mut query);
        }
        query.push(")");
        open = ", (";
    }
    query.build().execute(connection).await?;
    Ok(())
}

/// Updates the columns that differ, and so leaves the other indexes untouched.
pub(crate) async fn update(
    connection: &mut DbConnection,
    before: &InventoryItemRow,
    after: &InventoryItemRow,
) -> sqlx::Result<()> {
    let mut query = QueryBuilder::new("UPDATE inventory_items");
    let mut next = " SET ";
    for ((_, old), (name, new)) in columns(before).into_iter().zip(columns(after)) {
        if old != new {
            query.push(mem::replace(&mut next, ", ")).push(name).push(" = ");
            new.bind(&mut query);
        }
    }
    query.push(" WHERE id = ").push_bind(after.id);
    query.build().execute(connection).await?;
    Ok(())
}

/// Deletes all rows.
pub(crate) async fn delete_all(connection: &mut DbConnection) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM inventory_items").execute(connection).await?;
    Ok(())
}

/// Returns all columns of a row in SQL.
fn columns(row: &InventoryItemRow) -> [(&'static str, Value); 17] {
    let sku_key = fold(&row.sku);
    [
        ("id", Value::Id(row.id)),
        ("version", Value::Number(Some(row.version.cast_signed()))),
        ("sku", Value::Text(row.sku.clone())),
        ("name", Value::Text(row.name.clone())),
        ("unit", Value::Text(row.unit.clone())),
        ("on_hand", Value::Number(Some(row.on_hand))),
        ("max_quantity", Value::Number(row.max_quantity)),
        ("reorder_level", Value::Number(row.reorder_level)),
        ("active", Value::Flag(row.active)),
        ("created_at", Value::Number(Some(row.created_at.as_millis()))),
        ("updated_at", Value::Number(Some(row.updated_at.as_millis()))),
        ("words", Value::Text(format!("{sku_key} {}", fold(&row.name)))),
        ("sku_key", Value::Text(sku_key)),
        ("sku_order", Value::Bytes(sort_key(&row.sku))),
        ("name_order", Value::Bytes(sort_key(&row.name))),
        ("max_quantity_key", Value::Number(Some(row.max_quantity.unwrap_or(NONE_KEY)))),
        ("reorder_level_key", Value::Number(Some(row.reorder_level.unwrap_or(NONE_KEY)))),
    ]
}

#[derive(Debug, PartialEq)]
enum Value {
    Id(Uuid),
    Number(Option<i64>),
    Text(String),
    Bytes(Vec<u8>),
    Flag(bool),
}

impl Value {
    fn bind(self, query: &mut QueryBuilder<Db>) {
        match self {
            Self::Id(id) => query.push_bind(id),
            Self::Number(number) => query.push_bind(number),
            Self::Text(text) => query.push_bind(text),
            Self::Bytes(bytes) => query.push_bind(bytes),
            Self::Flag(flag) => query.push_bind(flag),
        };
    }
}

fn state_of(row: InventoryItemRow) -> InventoryItem {
    let InventoryItemRow {
        id: _,
        version: _,
        sku,
        name,
        unit,
        on_hand,
        max_quantity,
        reorder_level,
        active,
        created_at: _,
        updated_at: _,
    } = row;
    InventoryItem { sku, name, unit, on_hand, max_quantity, reorder_level, active }
}
