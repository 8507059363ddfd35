use std::borrow::Cow;

use event_store::Version;
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::cursor::Key;
use crate::database::Db;

/// The columns of a row to write.
#[derive(Debug)]
pub(crate) struct Write {
    /// `true` to insert a row with all columns; `false` to update those that differ.
    pub(crate) is_new: bool,
    /// The version of the row.
    pub(crate) version: Version,
    /// The columns.
    pub(crate) columns: Columns,
}

/// Columns with their values.
pub(crate) type Columns = Vec<(Cow<'static, str>, Value)>;

/// The value of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Id(Uuid),
    Number(Option<i64>),
    Text(String),
    Bytes(Vec<u8>),
    Flag(bool),
}

impl Value {
    pub(crate) fn bind(self, query: &mut QueryBuilder<Db>) {
        match self {
            Self::Id(id) => query.push_bind(id),
            Self::Number(number) => query.push_bind(number),
            Self::Text(text) => query.push_bind(text),
            Self::Bytes(bytes) => query.push_bind(bytes),
            Self::Flag(flag) => query.push_bind(flag),
        };
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Key> for Value {
    fn from(key: Key) -> Self {
        match key {
            Key::Number(number) => number.into(),
            Key::Text(text) => Self::Bytes(text),
        }
    }
}
