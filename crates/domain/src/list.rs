//! Lists of records: their rows, the requests for them, and the columns that they can be sorted by.
//! The read model, the screens and the HTTP API share these types.
//!
//! The columns of a kind stand in one table, [`Kind::COLUMNS`]. Sort keys in SQL, cursors and the
//! refusal of an unknown order derive from it.

use std::borrow::Cow;
use std::fmt;

use event_store::{Timestamp, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kind::Kind;

/// One record in a list: its state, and the version and times of that state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row<S> {
    /// The aggregate's id.
    pub id: Uuid,
    /// The version of the state.
    pub version: Version,
    /// The state, in any form.
    pub state: S,
    /// The time at which version 1 was recorded.
    pub created_at: Timestamp,
    /// The time at which this version was recorded.
    pub updated_at: Timestamp,
}

impl<S> Row<S> {
    /// Returns the row with its state in another form.
    pub fn map<T>(self, convert: impl FnOnce(S) -> T) -> Row<T> {
        let Self { id, version, state, created_at, updated_at } = self;
        Row { id, version, state: convert(state), created_at, updated_at }
    }
}

/// A request for one page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRequest {
    /// Words that the record's searched texts must contain, in any order; blank matches all
    /// records. Both sides are compared in their [folded](crate::folding::fold) form.
    pub search: String,
    /// A record that the listed ones must refer to, as an item refers to the locations that have it
    /// in stock; `None` for all records.
    #[serde(default)]
    pub refers_to: Option<Uuid>,
    /// The order; `None` for the kind's [`DEFAULT_SORT`](Kind::DEFAULT_SORT).
    pub sort: Option<Sort>,
    /// The `next` cursor of the previous page.
    pub after: Option<String>,
    /// The most rows to return; 1 to 200.
    pub limit: u32,
}

/// The order of a list: a column, ascending or descending. On the wire it is the column's name,
/// prefixed with `-` if descending.
///
/// The type fits every kind, so a column that the kind does not have is refused only where the list
/// is read. [`Sort::of`] refuses it earlier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Sort {
    /// The name of the column to sort by.
    pub column: Cow<'static, str>,
    /// `true` to list the largest or newest first.
    pub descending: bool,
}

impl Sort {
    /// Returns the order that lists the smallest or oldest first.
    pub const fn ascending(column: &'static str) -> Self {
        Self { column: Cow::Borrowed(column), descending: false }
    }

    /// Returns the order that lists the largest or newest first.
    pub const fn descending(column: &'static str) -> Self {
        Self { column: Cow::Borrowed(column), descending: true }
    }

    /// Reads an order of the kind's list.
    ///
    /// # Errors
    /// [`UnknownSort`] if the kind has no such column.
    pub fn of<K: Kind>(text: &str) -> Result<Self, UnknownSort> {
        let sort = Self::from(text.to_owned());
        sort.column_of::<K>().map(|_| sort)
    }

    /// Returns the kind's column of this name.
    ///
    /// # Errors
    /// [`UnknownSort`] if the kind has no such column.
    pub fn column_of<K: Kind>(&self) -> Result<&'static Column<K>, UnknownSort> {
        let found = K::COLUMNS.iter().find(|column| column.name == self.column);
        found.ok_or_else(|| UnknownSort {
            asked: self.to_string(),
            expected: alternatives(K::COLUMNS.iter().map(|column| column.name)),
        })
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.column)
    }
}

impl From<String> for Sort {
    fn from(text: String) -> Self {
        match text.strip_prefix('-') {
            Some(column) => Self { column: column.to_owned().into(), descending: true },
            None => Self { column: text.into(), descending: false },
        }
    }
}

impl From<Sort> for String {
    fn from(sort: Sort) -> Self {
        sort.to_string()
    }
}

/// An order that the kind's list cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot sort by `{asked}`: expected {expected}, with - before it for descending")]
pub struct UnknownSort {
    /// The requested order.
    pub asked: String,
    /// The names of the columns, as a phrase.
    pub expected: String,
}

fn alternatives(names: impl DoubleEndedIterator<Item = &'static str>) -> String {
    let mut names = names.rev();
    let last = names.next().unwrap_or("nothing");
    let others: Vec<_> = names.rev().collect();
    if others.is_empty() { last.to_owned() } else { format!("{} or {last}", others.join(", ")) }
}

/// A column that a list can be sorted by.
#[derive(Debug)]
pub struct Column<S: 'static> {
    /// The name on the wire and in SQL.
    pub name: &'static str,
    /// The value that rows are sorted by.
    pub value: ColumnValue<S>,
}

/// The value of a row in a column, by its type.
#[derive(Debug)]
pub enum ColumnValue<S: 'static> {
    /// A text, sorted as people expect.
    Text(fn(&Row<S>) -> &str),
    /// A number. A time is its milliseconds since the Unix epoch.
    Number(fn(&Row<S>) -> i64),
    /// A number that may be missing. Rows without it come last in ascending order.
    OptionalNumber(fn(&Row<S>) -> Option<i64>),
}

impl<S> Column<S> {
    /// Defines a column of texts.
    pub const fn text(name: &'static str, value: fn(&Row<S>) -> &str) -> Self {
        Self { name, value: ColumnValue::Text(value) }
    }

    /// Defines a column of numbers.
    pub const fn number(name: &'static str, value: fn(&Row<S>) -> i64) -> Self {
        Self { name, value: ColumnValue::Number(value) }
    }

    /// Defines a column of numbers that may be missing.
    pub const fn optional_number(name: &'static str, value: fn(&Row<S>) -> Option<i64>) -> Self {
        Self { name, value: ColumnValue::OptionalNumber(value) }
    }

    /// Defines the column `updated_at`, the time of the last change.
    pub const fn updated_at() -> Self {
        Self::number("updated_at", |row| row.updated_at.as_millis())
    }
}
