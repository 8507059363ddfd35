//! The list of items: its rows and the requests for them. The read model, the screens and the HTTP
//! API share these types.

use std::fmt;
use std::str::FromStr;

use event_store::{Timestamp, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One item in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of `InventoryItem`, its version and times")]
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

/// A request for one page of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListItems {
    /// Words that the SKU or the name must contain, in any order; blank matches all items. Both
    /// sides are compared in their [folded](crate::folding::fold) form.
    pub search: String,
    /// The order.
    pub sort: ItemSort,
    /// The `next` cursor of the previous page.
    pub after: Option<String>,
    /// The most rows to return; 1 to 200.
    pub limit: u32,
}

/// The order of the list: a column, ascending or descending. On the wire it is the column's name,
/// prefixed with `-` if descending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ItemSort {
    /// The column to sort by.
    pub column: ItemColumn,
    /// `true` to list the largest or newest first.
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
    /// All columns.
    pub const ALL: [Self; 6] = [
        Self::Sku,
        Self::Name,
        Self::OnHand,
        Self::MaxQuantity,
        Self::ReorderLevel,
        Self::UpdatedAt,
    ];

    /// Returns the name on the wire and in SQL.
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

/// A text that names no sort order.
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
