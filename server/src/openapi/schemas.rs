//! The shapes of `event_store::wire`, of rows and of problems, as the description shows them. The event
//! store itself knows nothing of OpenAPI; the tests below hold the two together.

#![expect(dead_code, reason = "shapes: nobody makes one")]

use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::commands::Command;

/// What names an aggregate.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AggregateId {
    /// The kind: `inventory-item`; also `sku`, to look at.
    #[schema(example = "inventory-item", pattern = "^[^#]+$")]
    pub kind: String,
    /// Made by the client, or derived from the SKU; never nil.
    pub id: Uuid,
}

/// One command.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandRequest {
    /// Made by the client, UUIDv7 by preference. Sending the same command again is harmless. It is
    /// checked within the aggregate: sent to another one, it is another command.
    pub command_id: Uuid,
    /// Whom it concerns. For a command that creates, the client makes this id too.
    pub aggregate: AggregateId,
    /// The version its author had in view, when what has happened since could matter.
    #[schema(maximum = 999_999_999_999_u64)]
    pub expected_version: Option<u64>,
    /// What to do.
    pub command: Command,
    /// What larger piece of work this belongs to.
    pub correlation_id: Option<Uuid>,
    /// What led to it.
    pub causation_id: Option<Uuid>,
}

/// Several commands.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchRequest {
    /// The commands, in the order in which they are meant. Together they write 100 change sets at most, of
    /// which a new item takes two: its own and that of its SKU.
    #[schema(min_items = 1, max_items = 100)]
    pub commands: Vec<CommandRequest>,
    /// Whether they are taken all together or not at all, each aggregate once. Otherwise each is taken
    /// by itself, one after the other.
    pub atomic: bool,
}

/// An event.
#[derive(ToSchema)]
pub(crate) struct Event {
    /// The type's name.
    #[schema(example = "ItemsCheckedIn")]
    pub r#type: String,
    /// What it says.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// The answer to a command that was accepted, now or before.
#[derive(ToSchema)]
pub(crate) struct CommandAccepted {
    /// Whom it concerned.
    pub aggregate: AggregateId,
    /// The version it became.
    #[schema(minimum = 1, maximum = 999_999_999_999_u64)]
    pub version: u64,
    /// What it led to.
    pub events: Vec<Event>,
    /// The change set's hash.
    #[schema(inline)]
    pub hash: Hash,
    /// Whether this is the outcome of an earlier sending of the same command.
    pub duplicate: bool,
}

/// A SHA-256 in hex.
#[derive(ToSchema)]
#[schema(pattern = "^[0-9a-f]{64}$")]
pub(crate) struct Hash(String);

/// A moment in UTC, to the millisecond (RFC 3339).
#[derive(ToSchema)]
#[schema(format = DateTime)]
pub(crate) struct Timestamp(String);

/// An aggregate as of one version.
#[derive(ToSchema)]
pub(crate) struct AggregateState {
    /// Which one.
    pub aggregate: AggregateId,
    /// The version this is as of.
    #[schema(minimum = 1, maximum = 999_999_999_999_u64)]
    pub version: u64,
    /// What a replay to that version gives.
    pub state: State,
    /// When version 1 was recorded.
    #[schema(inline)]
    pub created_at: Timestamp,
    /// When this version was recorded.
    #[schema(inline)]
    pub updated_at: Timestamp,
    /// The hash of this version's change set.
    #[schema(inline)]
    pub hash: Hash,
}

/// The state of an aggregate of either kind.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum State {
    InventoryItem(InventoryItem),
    Sku(Sku),
}

/// Whose a stock keeping unit is: the `sku` aggregate, which is written along with its item, and whose id
/// is derived from the SKU.
#[derive(ToSchema)]
pub(crate) struct Sku {
    /// As the item that has it writes it.
    pub sku: String,
    /// The item that has it.
    #[schema(required)]
    pub item: Option<Uuid>,
}

/// What an inventory item is at one version.
#[derive(ToSchema)]
pub(crate) struct InventoryItem {
    /// The stock keeping unit.
    pub sku: String,
    /// What it is called.
    pub name: String,
    /// What is counted.
    pub unit: String,
    /// How many there are.
    pub on_hand: i64,
    /// The most there may be, when there is a limit.
    #[schema(required)]
    pub max_quantity: Option<i64>,
    /// Below this it is time to order more, when somebody has said so.
    #[schema(required)]
    pub reorder_level: Option<i64>,
    /// Whether tasks can be performed on it.
    pub active: bool,
}

/// An inventory item in the list.
#[derive(ToSchema)]
pub(crate) struct InventoryItemRow {
    /// The aggregate's id.
    pub id: Uuid,
    /// The version that this row shows.
    #[schema(minimum = 1, maximum = 999_999_999_999_u64)]
    pub version: u64,
    /// The stock keeping unit.
    pub sku: String,
    /// What it is called.
    pub name: String,
    /// What is counted.
    pub unit: String,
    /// How many there are.
    pub on_hand: i64,
    /// The most there may be, when there is a limit.
    #[schema(required)]
    pub max_quantity: Option<i64>,
    /// Below this it is time to order more, when somebody has said so.
    #[schema(required)]
    pub reorder_level: Option<i64>,
    /// Whether tasks can be performed on it.
    pub active: bool,
    /// When version 1 was recorded.
    #[schema(inline)]
    pub created_at: Timestamp,
    /// When this version was recorded.
    #[schema(inline)]
    pub updated_at: Timestamp,
}

/// A change set. `body` is the exact hashed text; everything from `command_id` to `causation_id` is
/// read off it for convenience. `hash` is the SHA-256 of `prev` as 32 bytes, `{kind}#{id}`, a zero
/// byte, the version as 8 bytes big-endian, and `body`.
#[derive(ToSchema)]
pub(crate) struct ChangeSet {
    /// Whose history this belongs to.
    pub aggregate: AggregateId,
    /// Its place in that history.
    #[schema(minimum = 1, maximum = 999_999_999_999_u64)]
    pub version: u64,
    /// The command's id.
    pub command_id: Uuid,
    /// The command.
    pub command: Event,
    /// What it led to.
    pub events: Vec<Event>,
    /// Who did it.
    pub actor: String,
    /// Why.
    #[schema(required)]
    pub reason: Option<String>,
    /// When.
    #[schema(inline)]
    pub recorded_at: Timestamp,
    /// What it belongs to.
    pub correlation_id: Uuid,
    /// What led to it.
    #[schema(required)]
    pub causation_id: Option<Uuid>,
    /// The hash of the change set before; zeros for version 1.
    #[schema(inline)]
    pub prev: Hash,
    /// Its own hash.
    #[schema(inline)]
    pub hash: Hash,
    /// The exact hashed text.
    pub body: String,
}

/// A change set at its place in the feed.
#[derive(ToSchema)]
pub(crate) struct FeedEntry {
    /// Its place: from 1, without holes, the same forever.
    #[schema(minimum = 1)]
    pub position: u64,
    /// What stands there.
    pub change_set: ChangeSet,
}

/// A page of the feed.
#[derive(ToSchema)]
pub(crate) struct FeedPage {
    /// The entries, ascending.
    pub entries: Vec<FeedEntry>,
    /// The value of `after` for the next request.
    pub next: u64,
}

/// A page of the history.
#[derive(ToSchema)]
pub(crate) struct History {
    /// The change sets, oldest first.
    pub change_sets: Vec<ChangeSet>,
    /// The value of `after` for the next page; null at the end.
    #[schema(required)]
    pub next: Option<u64>,
}

/// What checking a whole history found.
#[derive(ToSchema)]
pub(crate) struct Verification {
    /// Whether chain and command replay hold for all of it.
    pub ok: bool,
    /// The last version that holds; 0 when not even the first does.
    #[schema(maximum = 999_999_999_999_u64)]
    pub version: u64,
    /// That version's hash.
    #[schema(inline)]
    pub hash: Hash,
    /// The first version that does not hold.
    #[schema(required)]
    pub failed_at: Option<u64>,
    /// The way in which it does not hold: `chain-broken`, `decided-differently`, `schema-unknown` (a newer version wrote it) or
    /// `unreadable`; left out when all is well.
    #[schema(nullable = false)]
    pub reason: Option<String>,
    /// What is wrong with it; left out when all is well.
    #[schema(nullable = false)]
    pub problem: Option<String>,
}

/// A problem document (RFC 9457). What explains the problem further stands beside these: `pointer`,
/// `line` and `column` of what is malformed, `rejection` (its own `code`, with the figures that explain it) and
/// `version` of what was rejected, `current_version` and `since` (change sets) of a conflict, `failed_at` of what is corrupt, `index` of
/// the command in an atomic batch, `position` in the feed. A new item whose SKU another item has is rejected with the code `sku-taken`, the
/// `sku` as that item writes it, its id as `item` and its `name`, null where it cannot be told.
#[derive(ToSchema)]
pub(crate) struct Problem {
    /// What kind of problem: a reference into the documentation, by code.
    #[schema(example = "/problems/rejected")]
    pub r#type: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// The stable name of the problem.
    #[schema(example = "rejected")]
    pub code: String,
    /// What was wrong, where, and what would be right.
    pub detail: String,
}

/// The kind and the id of an aggregate in a path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct AggregatePath {
    /// The kind of aggregate.
    #[param(example = "inventory-item", pattern = "^[^#]+$")]
    pub kind: String,
    /// The aggregate's id; never nil.
    #[param(example = "0199c0de-4d1a-7b5e-8c3f-5e2f9a1b6c70")]
    pub id: Uuid,
}
