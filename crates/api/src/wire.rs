//! The requests and answers of `/api/v1`, in the words of the store.
//!
//! Under the feature `openapi`, the comments here are the descriptions in the OpenAPI document, so
//! they address the authors of clients.

use event_store::feed::Position;
use event_store::{AggregateId, Hash, LAST_VERSION, Tagged, Timestamp, Version};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

#[cfg(feature = "openapi")]
use crate::openapi;

/// One command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CommandRequest {
    /// The id of the command, made by the client, UUIDv7 by preference. Sending the same command
    /// again is harmless. The id is checked within the aggregate: sent to another one, it is
    /// another command.
    pub command_id: Uuid,
    /// The aggregate of the command. For a command that creates, the client makes this id too.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::AggregateId))]
    pub aggregate: AggregateId,
    /// The version that the author had in view, if later changes could matter.
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = Option<u64>, maximum = 999_999_999_999_u64)
    )]
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "possible")]
    pub expected_version: Option<Version>,
    /// The command itself.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Command))]
    pub command: Command,
    /// The larger piece of work that this belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<Uuid>,
    /// The id of what led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
}

/// Several commands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// The commands, in their intended order. Together they write 100 change sets at most, of which
    /// a new item takes two: its own and that of its SKU.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 100))]
    pub commands: Vec<CommandRequest>,
    /// True to execute all commands or none, each on another aggregate. False to execute each by
    /// itself, one after the other.
    pub atomic: bool,
}

/// A command on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The type's name, such as `CheckInItems`.
    #[serde(rename = "type")]
    pub name: String,
    /// The command's fields; may be omitted if it has none.
    #[serde(default = "nothing", deserialize_with = "named_fields")]
    pub data: serde_json::Value,
}

fn possible<'de, D: Deserializer<'de>>(version: D) -> Result<Option<Version>, D::Error> {
    match Option::<Version>::deserialize(version)? {
        Some(version) if version > LAST_VERSION => {
            Err(D::Error::custom(format!("expected 0 to {LAST_VERSION}")))
        }
        version => Ok(version),
    }
}

fn nothing() -> serde_json::Value {
    serde_json::Value::Object(serde_json::Map::new())
}

/// Accepts fields by name only. Serde would also read a struct from an array, by position. (`null`
/// is what a command without data serializes to.)
fn named_fields<'de, D: Deserializer<'de>>(data: D) -> Result<serde_json::Value, D::Error> {
    let fields = Option::<serde_json::Map<_, _>>::deserialize(data)?;
    Ok(fields.map_or(serde_json::Value::Null, serde_json::Value::Object))
}

/// An event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// The name of the type.
    #[cfg_attr(feature = "openapi", schema(example = "ItemsCheckedIn"))]
    #[serde(rename = "type")]
    pub name: String,
    /// The content.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub data: serde_json::Value,
}

/// The answer to a command that was accepted, now or earlier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CommandAccepted {
    /// The aggregate of the command.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::AggregateId))]
    pub aggregate: AggregateId,
    /// The version that the command became.
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = u64, minimum = 1, maximum = 999_999_999_999_u64)
    )]
    pub version: Version,
    /// The resulting events.
    pub events: Vec<Event>,
    /// The change set's hash.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Hash, inline))]
    pub hash: Hash,
    /// True if this is the outcome of an earlier sending of the same command.
    pub duplicate: bool,
}

/// An aggregate as of one version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(bound = ""))]
pub struct AggregateState<S = serde_json::Value> {
    /// The aggregate.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::AggregateId))]
    pub aggregate: AggregateId,
    /// The version of this state.
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = u64, minimum = 1, maximum = 999_999_999_999_u64)
    )]
    pub version: Version,
    /// The result of a replay to that version.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::State))]
    pub state: S,
    /// The time at which version 1 was recorded.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Timestamp, inline))]
    pub created_at: Timestamp,
    /// The time at which this version was recorded.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Timestamp, inline))]
    pub updated_at: Timestamp,
    /// The hash of this version's change set.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Hash, inline))]
    pub hash: Hash,
}

/// A change set. `body` is the exact hashed text; everything from `command_id` to `causation_id` is
/// read from it for convenience. `hash` is the SHA-256 of `prev` as 32 bytes, `{kind}#{id}`, a zero
/// byte, the version as 8 bytes big-endian, and `body`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeSet {
    /// The aggregate whose history this belongs to.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::AggregateId))]
    pub aggregate: AggregateId,
    /// The place in that history.
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = u64, minimum = 1, maximum = 999_999_999_999_u64)
    )]
    pub version: Version,
    /// The id of the command.
    pub command_id: Uuid,
    /// The command.
    #[cfg_attr(feature = "openapi", schema(value_type = Event))]
    pub command: Command,
    /// The resulting events.
    pub events: Vec<Event>,
    /// The name under which it was recorded.
    pub actor: String,
    /// The reason, if one was given.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub reason: Option<String>,
    /// The time at which it was recorded.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Timestamp, inline))]
    pub recorded_at: Timestamp,
    /// The larger piece of work that it belongs to.
    pub correlation_id: Uuid,
    /// The id of what led to it, if anything.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub causation_id: Option<Uuid>,
    /// The hash of the previous change set; zeros for version 1.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Hash, inline))]
    pub prev: Hash,
    /// The hash of this change set.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Hash, inline))]
    pub hash: Hash,
    /// The exact hashed text.
    pub body: String,
}

/// A change set at its place in the feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedEntry {
    /// The place in the feed: from 1, without holes, the same forever.
    #[cfg_attr(feature = "openapi", schema(value_type = u64, minimum = 1))]
    pub position: Position,
    /// The change set at that place.
    pub change_set: ChangeSet,
}

#[cfg(feature = "server")]
impl From<&event_store::feed::Entry> for FeedEntry {
    fn from(entry: &event_store::feed::Entry) -> Self {
        Self { position: entry.position, change_set: (&entry.change_set).into() }
    }
}

impl From<&event_store::ChangeSet> for ChangeSet {
    fn from(change_set: &event_store::ChangeSet) -> Self {
        let content = change_set.content();
        Self {
            aggregate: change_set.aggregate.clone(),
            version: change_set.version,
            command_id: content.command_id,
            command: (&content.command).into(),
            events: content.events.iter().map(Into::into).collect(),
            actor: content.actor.clone(),
            reason: content.reason.clone(),
            recorded_at: content.recorded_at,
            correlation_id: content.correlation_id,
            causation_id: content.causation_id,
            prev: change_set.prev,
            hash: change_set.hash,
            body: change_set.body().to_owned(),
        }
    }
}

impl From<&Tagged> for Command {
    fn from(tagged: &Tagged) -> Self {
        Self { name: tagged.name.clone(), data: tagged.data.clone() }
    }
}

impl From<&Tagged> for Event {
    fn from(tagged: &Tagged) -> Self {
        Self { name: tagged.name.clone(), data: tagged.data.clone() }
    }
}
