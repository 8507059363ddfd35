//! Schemas for what does not describe itself: the types of the event store, which knows nothing of
//! OpenAPI, and text that is parsed into a type.
//!
//! The types here are only shapes. `server/tests/routes/operations/openapi.rs` compares them with
//! what is served.

use std::borrow::Cow;
use std::collections::BTreeSet;

use domain::inventory_item::{Balance, InventoryItemCommand};
use domain::list::Column;
use domain::location::LocationCommand;
use domain::{InventoryItem, Kind, Location, Sku};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// The kind and the id of an aggregate.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AggregateId {
    /// The kind: `inventory-item`, `location`, or `sku`, which is read-only.
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

/// A command to an aggregate of any kind that takes commands.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the commands describe themselves")]
pub enum Command {
    InventoryItem(InventoryItemCommand),
    Location(LocationCommand),
}

/// The state of an aggregate of any kind.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the states describe themselves")]
pub enum State {
    InventoryItem(InventoryItem),
    Location(Location),
    Sku(Sku),
}

/// A row of the list of any kind that has one.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the rows describe themselves")]
pub enum ListRow {
    InventoryItem(InventoryItemRow),
    Location(LocationRow),
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
    /// The quantity on hand: the sum of the balances.
    pub on_hand: i64,
    /// The quantity on hand at each location.
    pub balances: Vec<Balance>,
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

/// A location in the list.
#[derive(Debug, ToSchema)]
pub struct LocationRow {
    /// The aggregate's id.
    pub id: Uuid,
    /// The version that this row shows.
    #[schema(minimum = 1, maximum = 999_999_999_999_u64)]
    pub version: u64,
    /// The code on labels and lists.
    pub code: String,
    /// The name of the location.
    pub name: String,
    /// True if goods can be kept there.
    pub open: bool,
    /// The time at which version 1 was recorded.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The time at which this version was recorded.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// The order of a list: each column of any kind, ascending and descending.
#[derive(Debug)]
pub struct ListSort;

impl PartialSchema for ListSort {
    fn schema() -> RefOr<Schema> {
        let columns: BTreeSet<_> =
            names(InventoryItem::COLUMNS).chain(names(Location::COLUMNS)).collect();
        let sorts =
            columns.into_iter().flat_map(|name| ["", "-"].map(|sign| format!("{sign}{name}")));
        let texts: ObjectBuilder = Object::builder().schema_type(Type::String);
        texts.enum_values(Some(sorts)).default(Some("name".into())).into()
    }
}

fn names<K: Kind>(columns: &[Column<K>]) -> impl Iterator<Item = &'static str> {
    columns.iter().map(|column| column.name)
}

impl ToSchema for ListSort {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ListSort")
    }
}
