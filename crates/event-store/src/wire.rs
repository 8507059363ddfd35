//! What travels over HTTP (`/api/v1`), in the words of the store.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::feed::Position;
use crate::{AggregateId, Hash, LAST_VERSION, Tagged, Timestamp, Version};

/// `POST /commands`: one command. Unknown fields are refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandRequest {
    /// Made by the client, UUIDv7 by preference. Sending the same one again is harmless. It is checked
    /// within the aggregate: sent to another one, it is another command.
    pub command_id: Uuid,
    /// Whom it concerns. For a command that creates, the client makes this id too.
    pub aggregate: AggregateId,
    /// The version its author had in view, when what has happened since could matter.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "possible")]
    pub expected_version: Option<Version>,
    /// What to do.
    pub command: Command,
    /// What larger piece of work this belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<Uuid>,
    /// What led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
}

/// `POST /commands/batch`: 1 to 100 commands. Unknown fields are refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    /// The commands, in the order in which they are meant.
    pub commands: Vec<CommandRequest>,
    /// Whether they are taken all together or not at all, each aggregate once. Otherwise each is taken
    /// by itself, one after the other.
    pub atomic: bool,
}

/// A command on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The type's name, such as `CheckInItems`.
    #[serde(rename = "type")]
    pub name: String,
    /// What it needs; may be left out when it needs nothing.
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

/// Serde reads a struct off an array as well, by position; a command is told by names only. (`null`
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
    /// What it says.
    pub data: serde_json::Value,
}

/// The answer to a command that was accepted, now or before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandAccepted {
    /// Whom it concerned.
    pub aggregate: AggregateId,
    /// The version it became.
    pub version: Version,
    /// What it led to.
    pub events: Vec<Event>,
    /// The change set's hash.
    pub hash: Hash,
    /// Whether this is the outcome of an earlier sending of the same command.
    pub duplicate: bool,
}

/// An aggregate as of one version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AggregateState<S = serde_json::Value> {
    /// Which one.
    pub aggregate: AggregateId,
    /// The version this is as of.
    pub version: Version,
    /// What a replay to that version gives.
    pub state: S,
    /// When version 1 was recorded.
    pub created_at: Timestamp,
    /// When this version was recorded.
    pub updated_at: Timestamp,
    /// The hash of this version's change set.
    pub hash: Hash,
}

/// A change set on the wire. `body` is the exact hashed text; everything from `command_id` to
/// `causation_id` is read off it for convenience.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeSet {
    /// Whose history this belongs to.
    pub aggregate: AggregateId,
    /// Its place in that history.
    pub version: Version,
    /// The command's id.
    pub command_id: Uuid,
    /// The command.
    pub command: Command,
    /// What it led to.
    pub events: Vec<Event>,
    /// Who did it.
    pub actor: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub recorded_at: Timestamp,
    /// What it belongs to.
    pub correlation_id: Uuid,
    /// What led to it.
    pub causation_id: Option<Uuid>,
    /// The hash of the change set before.
    pub prev: Hash,
    /// Its own hash.
    pub hash: Hash,
    /// The exact hashed text.
    pub body: String,
}

/// A change set at its place in the feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedEntry {
    /// Its place, from 1.
    pub position: Position,
    /// What stands there.
    pub change_set: ChangeSet,
}

#[cfg(feature = "feed")]
impl From<&crate::feed::Entry> for FeedEntry {
    fn from(entry: &crate::feed::Entry) -> Self {
        Self { position: entry.position, change_set: (&entry.change_set).into() }
    }
}

impl From<&crate::ChangeSet> for ChangeSet {
    fn from(change_set: &crate::ChangeSet) -> Self {
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
