use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::inventory_item::{InventoryItemRow, ItemColumn, ItemSort};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ListError;
use crate::collation::sort_key;
use crate::items::NONE_KEY;

/// The place in a list after one row: what the row is sorted by, its id, and the order that this is a
/// place in. On the wire URL-safe base64, which nobody is to look into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    sort: ItemSort,
    pub(crate) key: Key,
    pub(crate) id: Uuid,
}

/// What a row is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Key {
    Number(i64),
    Text(#[serde(with = "hex::serde")] Vec<u8>),
}

impl Key {
    fn of(row: &InventoryItemRow, column: ItemColumn) -> Self {
        match column {
            ItemColumn::Name => Self::Text(sort_key(&row.name)),
            ItemColumn::Sku => Self::Text(sort_key(&row.sku)),
            ItemColumn::OnHand => Self::Number(row.on_hand),
            ItemColumn::MaxQuantity => Self::Number(row.max_quantity.unwrap_or(NONE_KEY)),
            ItemColumn::ReorderLevel => Self::Number(row.reorder_level.unwrap_or(NONE_KEY)),
            ItemColumn::UpdatedAt => Self::Number(row.updated_at.as_millis()),
        }
    }

    const fn fits(&self, column: ItemColumn) -> bool {
        let text = matches!(column, ItemColumn::Name | ItemColumn::Sku);
        text == matches!(self, Self::Text(_))
    }
}

impl Cursor {
    /// The place after this row.
    pub(crate) fn after(row: &InventoryItemRow, sort: ItemSort) -> Self {
        Self { sort, key: Key::of(row, sort.column), id: row.id }
    }

    /// For the wire.
    pub(crate) fn encode(&self) -> Result<String, serde_json::Error> {
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(self)?))
    }

    /// Off the wire, for a list in this order.
    pub(crate) fn decode(text: &str, sort: ItemSort) -> Result<Self, ListError> {
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| ListError::Cursor)?;
        let cursor: Self = serde_json::from_slice(&json).map_err(|_| ListError::Cursor)?;
        if cursor.sort != sort {
            return Err(ListError::OtherSort { after: cursor.sort, sort });
        }
        if cursor.key.fits(sort.column) { Ok(cursor) } else { Err(ListError::Cursor) }
    }
}
