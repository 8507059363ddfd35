//! Schemas for what does not describe itself: the types of the event store, which knows nothing of
//! OpenAPI, and text that is parsed into a type.
//!
//! The types here are only shapes. `server/tests/routes/operations/openapi.rs` compares them with
//! what is served.

use std::borrow::Cow;

use domain::{InventoryItem, Kind as _, Sku};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// The kind and the id of an aggregate.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AggregateId {
    /// The kind: `inventory-item`, or `sku`, which is read-only.
    #[schema(example = "inventory-item", pattern = "^[^#]+$")]
    pub kind: String,
    /// The id, made by the client or derived from the SKU; never nil.
    pub id: Uuid,
}

/// A SHA-256 in hex.
#[derive(Debug, ToSchema)]
#[schema(pattern = "^[0-9a-f]{64}$")]
pub struct Hash(pub String);

/// A moment in UTC, to the millisecond (RFC 3339).
#[derive(Debug, ToSchema)]
#[schema(format = DateTime)]
pub struct Timestamp(pub String);

/// The state of an aggregate of either kind.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the states describe themselves")]
pub enum State {
    InventoryItem(InventoryItem),
    Sku(Sku),
}

/// The result of checking a whole history.
#[derive(Debug, ToSchema)]
pub struct Verification {
    /// True if the chain and the replay of the commands hold for all of it.
    pub ok: bool,
    /// The last version that holds; 0 when not even the first does.
    #[schema(maximum = 999_999_999_999_u64)]
    pub version: u64,
    /// The hash of that version.
    #[schema(inline)]
    pub hash: Hash,
    /// The first version that does not hold.
    #[schema(required)]
    pub failed_at: Option<u64>,
    /// The kind of failure: `chain-broken`, `decided-differently`, `schema-unknown` or
    /// `rules-unknown` (only a newer version can check it), or `unreadable`; left out when all is
    /// well.
    #[schema(nullable = false)]
    pub reason: Option<String>,
    /// The failure in words; left out when all is well.
    #[schema(nullable = false)]
    pub problem: Option<String>,
}

/// An inventory item in the list.
#[derive(Debug, ToSchema)]
pub struct InventoryItemRow {
    /// The aggregate's id.
    pub id: Uuid,
    /// The version that this row shows.
    #[schema(minimum = 1, maximum = 999_999_999_999_u64)]
    pub version: u64,
    /// The stock keeping unit, as its users write it.
    pub sku: String,
    /// The name of the item.
    pub name: String,
    /// The unit in which it is counted.
    pub unit: String,
    /// The quantity on hand.
    pub on_hand: i64,
    /// The maximum quantity, if there is a limit.
    #[schema(required)]
    pub max_quantity: Option<i64>,
    /// The quantity below which it is time to order more, if one is set.
    #[schema(required)]
    pub reorder_level: Option<i64>,
    /// True if tasks can be performed on the item.
    pub active: bool,
    /// The time at which version 1 was recorded.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The time at which this version was recorded.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// The order of the list: each column, ascending and descending.
#[derive(Debug)]
pub struct ItemSort;

impl PartialSchema for ItemSort {
    fn schema() -> RefOr<Schema> {
        let columns = InventoryItem::COLUMNS.iter();
        let sorts =
            columns.flat_map(|column| ["", "-"].map(|sign| format!("{sign}{}", column.name)));
        let texts: ObjectBuilder = Object::builder().schema_type(Type::String);
        texts.enum_values(Some(sorts)).default(Some("name".into())).into()
    }
}

impl ToSchema for ItemSort {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ItemSort")
    }
}
