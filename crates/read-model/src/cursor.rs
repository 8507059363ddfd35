use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::inventory_item::{InventoryItemRow, ItemColumn, ItemSort};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ListError;
use crate::collation::sort_key;
use crate::items::NONE_KEY;

/// The position after one row of a list: the row's sort key and id, and the order of the list.
///
/// On the wire it is URL-safe base64, which clients must treat as opaque.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    sort: ItemSort,
    pub(crate) key: Key,
    pub(crate) id: Uuid,
}

/// The sort key of a row.
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
    /// Returns the position after this row.
    pub(crate) fn after(row: &InventoryItemRow, sort: ItemSort) -> Self {
        Self { sort, key: Key::of(row, sort.column), id: row.id }
    }

    /// Encodes the cursor for the wire.
    pub(crate) fn encode(&self) -> Result<String, serde_json::Error> {
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(self)?))
    }

    /// Decodes a cursor for a list in this order.
    pub(crate) fn decode(text: &str, sort: ItemSort) -> Result<Self, ListError> {
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| ListError::Cursor)?;
        let cursor: Self = serde_json::from_slice(&json).map_err(|_| ListError::Cursor)?;
        if cursor.sort != sort {
            return Err(ListError::OtherSort { after: cursor.sort, sort });
        }
        if cursor.key.fits(sort.column) { Ok(cursor) } else { Err(ListError::Cursor) }
    }
}
