//! The requests and answers of `/api/v1`, in the words of the store.

use event_store::feed::Position;
use event_store::{AggregateId, Hash, LAST_VERSION, Tagged, Timestamp, Version};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

/// `POST /commands`: one command. Unknown fields are refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandRequest {
    /// The command's id, made by the client; preferably a UUIDv7. Sending it again is harmless. Ids
    /// are checked within an aggregate: sent to another one, the same id is another command.
    pub command_id: Uuid,
    /// The aggregate that the command addresses. If the command creates it, the client makes this
    /// id too.
    pub aggregate: AggregateId,
    /// The version its author had in view, if later changes could matter.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "possible")]
    pub expected_version: Option<Version>,
    /// The command.
    pub command: Command,
    /// The larger piece of work that this belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<Uuid>,
    /// The command or event that led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
}

/// `POST /commands/batch`: 1 to 100 commands. Unknown fields are refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// The commands, in their intended order.
    pub commands: Vec<CommandRequest>,
    /// `true` to accept all of them or none; each must address another aggregate. Otherwise each is
    /// handled by itself, one after the other.
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

/// An event on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The type's name, such as `ItemsCheckedIn`.
    #[serde(rename = "type")]
    pub name: String,
    /// The event's fields.
    pub data: serde_json::Value,
}

/// The answer to a command that was accepted, now or earlier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandAccepted {
    /// The aggregate that the command addressed.
    pub aggregate: AggregateId,
    /// The version of the change set.
    pub version: Version,
    /// The events that the command led to.
    pub events: Vec<Event>,
    /// The change set's hash.
    pub hash: Hash,
    /// `true` if an earlier sending of the same command was accepted.
    pub duplicate: bool,
}

/// An aggregate as of one version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AggregateState<S = serde_json::Value> {
    /// The aggregate.
    pub aggregate: AggregateId,
    /// The version.
    pub version: Version,
    /// The state after that version.
    pub state: S,
    /// `recorded_at` of version 1.
    pub created_at: Timestamp,
    /// `recorded_at` of this version.
    pub updated_at: Timestamp,
    /// The hash of this version's change set.
    pub hash: Hash,
}

/// A change set on the wire. `body` is the exact hashed text; the fields from `command_id` to
/// `causation_id` are read from it for convenience.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeSet {
    /// The aggregate.
    pub aggregate: AggregateId,
    /// The place in the aggregate's history.
    pub version: Version,
    /// The command's id.
    pub command_id: Uuid,
    /// The command.
    pub command: Command,
    /// The events that the command led to.
    pub events: Vec<Event>,
    /// The caller who sent the command.
    pub actor: String,
    /// The reason in the person's own words.
    pub reason: Option<String>,
    /// The time at which the server handled the command.
    pub recorded_at: Timestamp,
    /// The larger piece of work that this belongs to.
    pub correlation_id: Uuid,
    /// The command or event that led to it.
    pub causation_id: Option<Uuid>,
    /// The hash of the previous change set.
    pub prev: Hash,
    /// Its own hash.
    pub hash: Hash,
    /// The exact hashed text.
    pub body: String,
}

/// A change set at its place in the feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedEntry {
    /// The position, from 1.
    pub position: Position,
    /// The change set at this position.
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
