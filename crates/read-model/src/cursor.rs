use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::list::Sort;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ListError;
use crate::projection::{Order, Projection};

/// The position after one row of a list: the row's sort key and id, and the order of the list.
///
/// On the wire it is URL-safe base64, which clients must treat as opaque.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    pub(crate) sort: Sort,
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

impl Cursor {
    /// Encodes the cursor for the wire.
    pub(crate) fn encode(&self) -> Result<String, serde_json::Error> {
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(self)?))
    }

    /// Decodes a cursor for a list in this order.
    pub(crate) fn decode(
        text: &str,
        projection: &dyn Projection,
        order: &Order,
    ) -> Result<Self, ListError> {
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| ListError::Cursor)?;
        let cursor: Self = serde_json::from_slice(&json).map_err(|_| ListError::Cursor)?;
        if projection.order(Some(&cursor.sort)).is_err() {
            return Err(ListError::Cursor);
        }
        if cursor.sort != order.sort {
            return Err(ListError::OtherSort { after: cursor.sort, sort: order.sort.clone() });
        }
        if order.is_text == matches!(cursor.key, Key::Text(_)) {
            Ok(cursor)
        } else {
            Err(ListError::Cursor)
        }
    }
}
