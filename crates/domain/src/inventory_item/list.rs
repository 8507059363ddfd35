//! What the list of items shows and how it can be asked for. The read model answers; screens and
//! HTTP speak the same types.

use std::fmt;
use std::str::FromStr;

use event_store::{Timestamp, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One item in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of `InventoryItem`, and where it stands")]
pub struct InventoryItemRow {
    pub id: Uuid,
    pub version: Version,
    pub sku: String,
    pub name: String,
    pub unit: String,
    pub on_hand: i64,
    pub max_quantity: Option<i64>,
    pub reorder_level: Option<i64>,
    pub active: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A page of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListItems {
    /// Words that SKU or name must contain, as [`fold`](crate::folding::fold) has them, in any order; all items when blank.
    pub search: String,
    /// The order.
    pub sort: ItemSort,
    /// `next` of the page before.
    pub after: Option<String>,
    /// How many rows at most; 1 to 200.
    pub limit: u32,
}

/// The order of the list: a column, ascending unless told otherwise. On the wire the column's name,
/// with `-` before it for descending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ItemSort {
    /// Which column.
    pub column: ItemColumn,
    /// Largest or newest first.
    pub descending: bool,
}

/// A column that the list can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `InventoryItemRow`")]
pub enum ItemColumn {
    #[default]
    Name,
    Sku,
    OnHand,
    MaxQuantity,
    ReorderLevel,
    UpdatedAt,
}

impl ItemColumn {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Sku,
        Self::Name,
        Self::OnHand,
        Self::MaxQuantity,
        Self::ReorderLevel,
        Self::UpdatedAt,
    ];

    /// Its name on the wire and in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Sku => "sku",
            Self::OnHand => "on_hand",
            Self::MaxQuantity => "max_quantity",
            Self::ReorderLevel => "reorder_level",
            Self::UpdatedAt => "updated_at",
        }
    }
}

impl fmt::Display for ItemSort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.column.as_str())
    }
}

/// A text that names no order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot sort by `{0}`: expected sku, name, on_hand, max_quantity, reorder_level or updated_at, \
     with - before it for descending"
)]
pub struct UnknownSort(pub String);

impl FromStr for ItemSort {
    type Err = UnknownSort;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let column = ItemColumn::ALL.into_iter().find(|column| column.as_str() == name);
        column.map(|column| Self { column, descending }).ok_or_else(|| UnknownSort(text.to_owned()))
    }
}

impl TryFrom<String> for ItemSort {
    type Error = UnknownSort;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ItemSort> for String {
    fn from(sort: ItemSort) -> Self {
        sort.to_string()
    }
}
