//! The shapes of `api::wire`, of rows and of problems, as the OpenAPI description shows
//! them. The event store itself knows nothing of OpenAPI; `tests/routes/operations/openapi.rs`
//! holds the two together.

#![expect(dead_code, reason = "shapes: nobody makes one")]

use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::commands::Command;

/// The kind and the id of an aggregate.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AggregateId {
    /// The kind: `inventory-item`, or `sku`, which is read-only.
    #[schema(example = "inventory-item", pattern = "^[^#]+$")]
    pub kind: String,
    /// The id, made by the client or derived from the SKU; never nil.
    pub id: Uuid,
}

/// One command.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandRequest {
    /// The id of the command, made by the client, UUIDv7 by preference. Sending the same command
    /// again is harmless. The id is checked within the aggregate: sent to another one, it is
    /// another command.
    pub command_id: Uuid,
    /// The aggregate of the command. For a command that creates, the client makes this id too.
    pub aggregate: AggregateId,
    /// The version that the author had in view, if later changes could matter.
    #[schema(maximum = 999_999_999_999_u64)]
    pub expected_version: Option<u64>,
    /// The command itself.
    pub command: Command,
    /// The larger piece of work that this belongs to.
    pub correlation_id: Option<Uuid>,
    /// The id of what led to it.
    pub causation_id: Option<Uuid>,
}

/// Several commands.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchRequest {
    /// The commands, in their intended order. Together they write 100 change sets at most, of which
    /// a new item takes two: its own and that of its SKU.
    #[schema(min_items = 1, max_items = 100)]
    pub commands: Vec<CommandRequest>,
    /// True to execute all commands or none, each on another aggregate. False to execute each by
    /// itself, one after the other.
    pub atomic: bool,
}

/// An event.
#[derive(ToSchema)]
pub(crate) struct Event {
    /// The name of the type.
    #[schema(example = "ItemsCheckedIn")]
    pub r#type: String,
    /// The content.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// The answer to a command that was accepted, now or earlier.
#[derive(ToSchema)]
pub(crate) struct CommandAccepted {
    /// The aggregate of the command.
    pub aggregate: AggregateId,
    /// The version that the command became.
    #[schema(minimum = 1, maximum = 999_999_999_999_u64)]
    pub version: u64,
    /// The resulting events.
    pub events: Vec<Event>,
    /// The change set's hash.
    #[schema(inline)]
    pub hash: Hash,
    /// True if this is the outcome of an earlier sending of the same command.
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
    /// The aggregate.
    pub aggregate: AggregateId,
    /// The version of this state.
    #[schema(minimum = 1, maximum = 999_999_999_999_u64)]
    pub version: u64,
    /// The result of a replay to that version.
    pub state: State,
    /// The time at which version 1 was recorded.
    #[schema(inline)]
    pub created_at: Timestamp,
    /// The time at which this version was recorded.
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

/// The claim of a stock keeping unit: the `sku` aggregate, which is written along with its item,
/// and whose id is derived from the SKU.
#[derive(ToSchema)]
pub(crate) struct Sku {
    /// The SKU, as its item spells it.
    pub sku: String,
    /// The item that has the SKU.
    #[schema(required)]
    pub item: Option<Uuid>,
}

/// The state of an inventory item at one version.
#[derive(ToSchema)]
pub(crate) struct InventoryItem {
    /// The stock keeping unit.
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
    #[schema(inline)]
    pub created_at: Timestamp,
    /// The time at which this version was recorded.
    #[schema(inline)]
    pub updated_at: Timestamp,
}

/// A change set. `body` is the exact hashed text; everything from `command_id` to `causation_id` is
/// read from it for convenience. `hash` is the SHA-256 of `prev` as 32 bytes, `{kind}#{id}`, a zero
/// byte, the version as 8 bytes big-endian, and `body`.
#[derive(ToSchema)]
pub(crate) struct ChangeSet {
    /// The aggregate whose history this belongs to.
    pub aggregate: AggregateId,
    /// The place in that history.
    #[schema(minimum = 1, maximum = 999_999_999_999_u64)]
    pub version: u64,
    /// The id of the command.
    pub command_id: Uuid,
    /// The command.
    pub command: Event,
    /// The resulting events.
    pub events: Vec<Event>,
    /// The name under which it was recorded.
    pub actor: String,
    /// The reason, if one was given.
    #[schema(required)]
    pub reason: Option<String>,
    /// The time at which it was recorded.
    #[schema(inline)]
    pub recorded_at: Timestamp,
    /// The larger piece of work that it belongs to.
    pub correlation_id: Uuid,
    /// The id of what led to it, if anything.
    #[schema(required)]
    pub causation_id: Option<Uuid>,
    /// The hash of the previous change set; zeros for version 1.
    #[schema(inline)]
    pub prev: Hash,
    /// The hash of this change set.
    #[schema(inline)]
    pub hash: Hash,
    /// The exact hashed text.
    pub body: String,
}

/// A change set at its place in the feed.
#[derive(ToSchema)]
pub(crate) struct FeedEntry {
    /// The place in the feed: from 1, without holes, the same forever.
    #[schema(minimum = 1)]
    pub position: u64,
    /// The change set at that place.
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

/// The result of checking a whole history.
#[derive(ToSchema)]
pub(crate) struct Verification {
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

/// A problem document (RFC 9457). Further members explain the problem: `pointer`, `line` and
/// `column` of what is malformed, `rejection` (its own `code`, with the figures that explain it)
/// and `version` of what was rejected, `current_version` and `since` (change sets) of a conflict,
/// `failed_at` of what is corrupt, `index` of the command in an atomic batch, `position` in the
/// feed. A new item whose SKU another item has is rejected with the code `sku-taken`, the `sku` as
/// that item spells it, its id as `item`, and its `name`, which is null if it cannot be read.
#[derive(ToSchema)]
pub(crate) struct Problem {
    /// The kind of problem: a reference into the documentation, by code.
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
    /// The mistake, its place, and what would be right.
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
