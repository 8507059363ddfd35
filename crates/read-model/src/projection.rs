//! A projection: the rows of one kind, and how change sets advance them.
//!
//! A kind implements [`Stored`], which says how SQL holds its state. [`Rows`] makes a
//! [`Projection`] of it, with the kind's types erased. A projection does no I/O: it reads fetched
//! rows and returns the values to write, so that all SQL stands once, for every kind.

mod value;

use std::borrow::Cow;
use std::fmt::Debug;
use std::marker::PhantomData;

use domain::Kind;
use domain::folding::fold;
use domain::list::{Column, ColumnValue, Row, Sort, UnknownSort};
use event_store::{ChangeSet, Timestamp};
use serde_json::value::{RawValue, to_raw_value};
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

pub(crate) use value::{Columns, Value, Write};

use crate::ApplyReport;
use crate::collation::sort_key;
use crate::cursor::Key;
use crate::database::{Db, DbRow};
use crate::fold::advance;

/// The key of a missing number, which sorts after all others.
const NONE_KEY: i64 = i64::MAX;

/// A row of any kind, with its state as JSON.
pub type ErasedRow = Row<Box<RawValue>>;

/// A kind whose state SQL holds.
///
/// Its table has the columns `id`, `version`, `created_at` and `updated_at`; those of
/// [`Stored::columns`]; `words`, which searches look at; and the sort keys of [`Kind::COLUMNS`]
/// (`{name}_order` for a text, `{name}_key` for a number that may be missing). Each column to sort
/// by has an index `{table}_by_{name}`.
pub(crate) trait Stored: Kind {
    /// The table.
    const TABLE: &'static str;
    /// The columns that [`Stored::read`] reads, separated by commas.
    const FIELDS: &'static str;

    /// The column whose text contains the ids of the records that a row refers to; `None` if rows
    /// refer to none.
    const REFERENCES: Option<&'static str> = None;

    /// Reads a state.
    fn read(row: &DbRow) -> sqlx::Result<Self>;

    /// Returns the columns that hold the state, and any others that queries of the kind need.
    fn columns(&self) -> Vec<(&'static str, Value)>;

    /// Returns the texts that a search looks at.
    fn searched(&self) -> Vec<&str>;
}

/// The rows of one kind.
pub(crate) trait Projection: Debug + Sync {
    /// Returns the name of the kind.
    fn kind(&self) -> &'static str;

    /// Returns the schema of the kind's state.
    fn schema(&self) -> u32;

    /// Returns the table.
    fn table(&self) -> &'static str;

    /// Returns the column whose text contains the ids of the records that a row refers to.
    fn references(&self) -> Option<&'static str>;

    /// Returns a query for the rows, as far as [`Projection::read`] needs them.
    fn select(&self) -> QueryBuilder<Db>;

    /// Returns the order of a list.
    fn order(&self, sort: Option<&Sort>) -> Result<Order, UnknownSort>;

    /// Reads a row.
    fn read(&self, row: &DbRow) -> sqlx::Result<ErasedRow>;

    /// Returns the sort key of a row.
    fn key(&self, row: &DbRow, order: &Order) -> sqlx::Result<Key>;

    /// Returns the row of an aggregate, which may be new, advanced by these change sets, or `None`
    /// if none of them advances it.
    fn advance(
        &self,
        id: Uuid,
        row: Option<&DbRow>,
        history: &[&ChangeSet],
        report: &mut ApplyReport,
    ) -> sqlx::Result<Option<Write>>;
}

/// The order of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// The order, as requests and cursors write it.
    pub(crate) sort: Sort,
    /// The SQL column that holds the sort keys.
    pub(crate) key_column: Cow<'static, str>,
    /// `true` if the keys are collation keys of texts.
    pub(crate) is_text: bool,
}

/// The projection of a kind that SQL holds.
#[derive(Debug)]
pub(crate) struct Rows<K>(PhantomData<fn() -> K>);

impl<K> Rows<K> {
    /// The projection.
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<K: Stored> Projection for Rows<K> {
    fn kind(&self) -> &'static str {
        K::KIND
    }

    fn schema(&self) -> u32 {
        K::STATE_SCHEMA
    }

    fn table(&self) -> &'static str {
        K::TABLE
    }

    fn references(&self) -> Option<&'static str> {
        K::REFERENCES
    }

    fn select(&self) -> QueryBuilder<Db> {
        let (fields, table) = (K::FIELDS, K::TABLE);
        QueryBuilder::new(format!(
            "SELECT id, version, {fields}, created_at, updated_at FROM {table}"
        ))
    }

    fn order(&self, sort: Option<&Sort>) -> Result<Order, UnknownSort> {
        let sort = sort.cloned().unwrap_or(K::DEFAULT_SORT);
        let column = sort.column_of::<K>()?;
        let is_text = matches!(column.value, ColumnValue::Text(_));
        Ok(Order { key_column: key_column(column), is_text, sort })
    }

    fn read(&self, row: &DbRow) -> sqlx::Result<ErasedRow> {
        let Row { id, version, state, created_at, updated_at } = read::<K>(row)?;
        let state = to_raw_value(&state).map_err(|error| sqlx::Error::Encode(error.into()))?;
        Ok(Row { id, version, state, created_at, updated_at })
    }

    fn key(&self, row: &DbRow, order: &Order) -> sqlx::Result<Key> {
        let column = order.sort.column_of::<K>();
        let column = column.map_err(|unknown| sqlx::Error::Encode(Box::new(unknown)))?;
        Ok(key(&read::<K>(row)?, column))
    }

    fn advance(
        &self,
        id: Uuid,
        row: Option<&DbRow>,
        history: &[&ChangeSet],
        report: &mut ApplyReport,
    ) -> sqlx::Result<Option<Write>> {
        let before = row.map(read::<K>).transpose()?;
        let Some(after) = advance(id, before.clone(), history, report) else { return Ok(None) };
        let mut written = columns(&after);
        if let Some(before) = &before {
            let mut old = columns(before).into_iter();
            written.retain(|column| old.next().as_ref() != Some(column));
        }
        let (is_new, version) = (before.is_none(), after.version);
        Ok(Some(Write { is_new, version, columns: written }))
    }
}

fn read<K: Stored>(row: &DbRow) -> sqlx::Result<Row<K>> {
    Ok(Row {
        id: row.try_get("id")?,
        version: row.try_get::<i64, _>("version")?.cast_unsigned(),
        state: K::read(row)?,
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
        updated_at: Timestamp::from_millis(row.try_get("updated_at")?),
    })
}

/// Returns all columns of a row, always in the same order.
fn columns<K: Stored>(row: &Row<K>) -> Columns {
    let words: Vec<_> = row.state.searched().into_iter().map(fold).collect();
    let mut columns: Columns = vec![
        ("id".into(), Value::Id(row.id)),
        ("version".into(), row.version.cast_signed().into()),
        ("created_at".into(), row.created_at.as_millis().into()),
        ("updated_at".into(), row.updated_at.as_millis().into()),
        ("words".into(), words.join(" ").into()),
    ];
    columns.extend(row.state.columns().into_iter().map(|(name, value)| (name.into(), value)));
    let stored_keys = K::COLUMNS.iter().filter(|column| has_key(column));
    columns.extend(stored_keys.map(|column| (key_column(column), key(row, column).into())));
    columns
}

/// Returns whether the sort keys differ from the values, so that they are stored beside them.
const fn has_key<S>(column: &Column<S>) -> bool {
    !matches!(column.value, ColumnValue::Number(_))
}

fn key_column<S>(column: &Column<S>) -> Cow<'static, str> {
    match column.value {
        ColumnValue::Text(_) => format!("{}_order", column.name).into(),
        ColumnValue::Number(_) => column.name.into(),
        ColumnValue::OptionalNumber(_) => format!("{}_key", column.name).into(),
    }
}

fn key<S>(row: &Row<S>, column: &Column<S>) -> Key {
    match column.value {
        ColumnValue::Text(text) => Key::Text(sort_key(text(row))),
        ColumnValue::Number(number) => Key::Number(number(row)),
        ColumnValue::OptionalNumber(number) => Key::Number(number(row).unwrap_or(NONE_KEY)),
    }
}
