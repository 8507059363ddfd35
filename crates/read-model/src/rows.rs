//! The SQL that reads and writes the rows of any kind.

use std::collections::HashMap;
use std::mem;

use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use crate::database::{DbConnection, DbRow, push_ids};
use crate::projection::{Columns, Projection};

/// Returns the rows of those aggregates that have one.
pub(crate) async fn of(
    connection: &mut DbConnection,
    projection: &dyn Projection,
    ids: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, DbRow>> {
    let mut query = projection.select();
    query.push(" WHERE id IN ");
    push_ids(&mut query, ids);
    let found = query.build().fetch_all(connection).await?;
    found.into_iter().map(|row| Ok((row.try_get("id")?, row))).collect()
}

/// Inserts new rows, replacing any that do not match their checkpoints.
pub(crate) async fn insert(
    connection: &mut DbConnection,
    projection: &dyn Projection,
    rows: Vec<Columns>,
) -> sqlx::Result<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    let names: Vec<_> = first.iter().map(|(name, _)| name.as_ref()).collect();
    let (table, names) = (projection.table(), names.join(", "));
    let mut query = QueryBuilder::new(format!("REPLACE INTO {table} ({names}) VALUES "));
    let mut open = "(";
    for row in rows {
        for (_, value) in row {
            query.push(mem::replace(&mut open, ", "));
            value.bind(&mut query);
        }
        query.push(")");
        open = ", (";
    }
    query.build().execute(connection).await?;
    Ok(())
}

/// Updates these columns of a row, and so leaves the other indexes untouched.
pub(crate) async fn update(
    connection: &mut DbConnection,
    projection: &dyn Projection,
    id: Uuid,
    columns: Columns,
) -> sqlx::Result<()> {
    let mut query = QueryBuilder::new(format!("UPDATE {}", projection.table()));
    let mut next = " SET ";
    for (name, value) in columns {
        query.push(mem::replace(&mut next, ", ")).push(name).push(" = ");
        value.bind(&mut query);
    }
    query.push(" WHERE id = ").push_bind(id);
    query.build().execute(connection).await?;
    Ok(())
}

/// Deletes all rows.
pub(crate) async fn delete_all(
    connection: &mut DbConnection,
    projection: &dyn Projection,
) -> sqlx::Result<()> {
    let mut query = QueryBuilder::new(format!("DELETE FROM {}", projection.table()));
    query.build().execute(connection).await?;
    Ok(())
}
