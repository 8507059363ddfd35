use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Aggregate, AggregateId, Context, Hash, InvalidAggregateId, Timestamp, UpcastError, Version,
    upcast,
};

/// Everything one command did to one aggregate, sealed by a hash.
///
/// The body is kept exactly as it was written. [`ChangeSet::content`] is read from the body alone,
/// so everything that can be shown is covered by the hash. The serde form carries only the sealed
/// parts (`aggregate`, `version`, `prev`, `hash`, `body`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Sealed")]
pub struct ChangeSet {
    /// The aggregate.
    pub aggregate: AggregateId,
    /// The place in the aggregate's history, from 1.
    pub version: Version,
    /// The hash of the previous change set; [`Hash::ZERO`] for version 1.
    pub prev: Hash,
    /// The result of [`Hash::of_change_set`] when this was written.
    pub hash: Hash,
    body: Arc<str>,
    #[serde(skip)]
    content: Arc<Content>,
}

#[derive(Deserialize)]
struct Sealed {
    aggregate: Exact,
    version: Version,
    prev: Hash,
    hash: Hash,
    body: String,
}

/// An aggregate id in its canonical text form. If other forms were accepted, a sealed part could be
/// altered unnoticed.
#[derive(Deserialize)]
#[serde(try_from = "Parts")]
struct Exact(AggregateId);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    kind: String,
    id: String,
}

impl TryFrom<Parts> for Exact {
    type Error = InvalidAggregateId;

    fn try_from(Parts { kind, id }: Parts) -> Result<Self, Self::Error> {
        format!("{kind}#{id}").parse().map(Self)
    }
}

/// The contents of a change set: the JSON object in its body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// The id that the client gave the command.
    pub command_id: Uuid,
    /// The command as it was sent.
    pub command: Tagged,
    /// The events that the command led to; never empty.
    pub events: Vec<Tagged>,
    /// The caller who sent the command.
    pub actor: String,
    /// The reason in the person's own words.
    pub reason: Option<String>,
    /// The time at which the server handled the command; never earlier than the previous version's.
    pub recorded_at: Timestamp,
    /// The larger piece of work that this belongs to; the command's own id when it stands alone.
    pub correlation_id: Uuid,
    /// The command or event that led to this command; `None` if a person sent it.
    pub causation_id: Option<Uuid>,
    /// The version of the rules that the command was decided by.
    pub rules: u32,
}

/// A command or an event as it stands in the body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tagged {
    /// The type's name.
    #[serde(rename = "type")]
    pub name: String,
    /// The fields of the command or event.
    #[serde(default)]
    pub data: serde_json::Value,
    /// The schema version of `data`; omitted while it is 1.
    #[serde(default = "first_schema", skip_serializing_if = "is_first_schema")]
    pub schema: u32,
}

const fn first_schema() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
const fn is_first_schema(schema: &u32) -> bool {
    *schema == 1
}

/// An error in encoding or decoding a body, or a value in it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The text is not JSON, or not of the expected shape.
    #[error("unexpected JSON: {0}")]
    Json(#[source] Arc<serde_json::Error>),
    /// An event or a command that cannot be upcast to the current schema.
    #[error(transparent)]
    Upcast(#[from] UpcastError),
    /// A command or an event that would not read back equal, and so is not written. The cause is a
    /// defect of its type, such as a skipped field, or a value that JSON lacks, such as NaN.
    #[error("{name} would not read back unchanged: {problem}")]
    NotReadBack {
        /// The type's name.
        name: String,
        /// The difference, or the error of reading it back.
        problem: String,
    },
    /// A change set without events.
    #[error("a change set holds at least one event")]
    NoEvents,
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(Arc::new(error))
    }
}

impl ChangeSet {
    /// Seals the result of one decided command.
    ///
    /// # Errors
    /// [`DecodeError`] when the command or an event does not serialize as `{"type", "data"}` or
    /// would not read back equal, or when `events` is empty.
    pub fn seal<A: Aggregate>(
        aggregate: AggregateId,
        version: Version,
        prev: Hash,
        command: &A::Command,
        events: &[A::Event],
        context: &Context,
    ) -> Result<Self, DecodeError> {
        let content = Content {
            command_id: context.command_id,
            command: upcast::encode(command, A::command_upcasters())?,
            events: events
                .iter()
                .map(|event| upcast::encode(event, A::event_upcasters()))
                .collect::<Result<_, _>>()?,
            actor: context.actor.clone(),
            reason: A::reason(command),
            recorded_at: context.recorded_at,
            correlation_id: context.correlation_id,
            causation_id: context.causation_id,
            rules: context.rules,
        };
        if content.events.is_empty() {
            return Err(DecodeError::NoEvents);
        }
        let body: Arc<str> = serde_json::to_string(&content)?.into();
        let hash = Hash::of_change_set(prev, &aggregate, version, &body);
        Ok(Self { aggregate, version, prev, hash, body, content: Arc::new(content) })
    }

    /// Restores a change set from a store or the wire. The hash is taken as it stands;
    /// [`crate::verify_chain`] checks it.
    ///
    /// # Errors
    /// [`DecodeError`] when the body is not that of a change set.
    pub fn from_parts(
        aggregate: AggregateId,
        version: Version,
        prev: Hash,
        hash: Hash,
        body: impl Into<Arc<str>>,
    ) -> Result<Self, DecodeError> {
        let body = body.into();
        let content: Content = serde_json::from_str(&body)?;
        if content.events.is_empty() {
            return Err(DecodeError::NoEvents);
        }
        Ok(Self { aggregate, version, prev, hash, body, content: Arc::new(content) })
    }

    /// The exact bytes that the hash covers.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The parsed body.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Returns whether body, place and `prev` match the hash.
    pub fn is_unaltered(&self) -> bool {
        self.hash == Hash::of_change_set(self.prev, &self.aggregate, self.version, &self.body)
    }

    /// Decodes the events, upcast to the current schema.
    ///
    /// # Errors
    /// [`DecodeError`] when one cannot be read. To rule that out, test with a file that holds an
    /// event of every type in every schema.
    pub fn events<A: Aggregate>(&self) -> Result<Vec<A::Event>, DecodeError> {
        let events = self.content.events.iter();
        events.map(|event| upcast::decode(event, A::event_upcasters())).collect()
    }

    /// Decodes the command, upcast to the current schema.
    ///
    /// # Errors
    /// [`DecodeError`] when it cannot be read.
    pub fn command<A: Aggregate>(&self) -> Result<A::Command, DecodeError> {
        upcast::decode(&self.content.command, A::command_upcasters())
    }

    /// The context in which the command was decided.
    pub fn context(&self) -> Context {
        Context {
            command_id: self.content.command_id,
            actor: self.content.actor.clone(),
            recorded_at: self.content.recorded_at,
            rules: self.content.rules,
            correlation_id: self.content.correlation_id,
            causation_id: self.content.causation_id,
        }
    }
}

impl TryFrom<Sealed> for ChangeSet {
    type Error = DecodeError;

    fn try_from(sealed: Sealed) -> Result<Self, Self::Error> {
        let Sealed { aggregate: Exact(aggregate), version, prev, hash, body } = sealed;
        Self::from_parts(aggregate, version, prev, hash, body)
    }
}

impl Tagged {
    /// Encodes a command or an event as JSON.
    ///
    /// # Errors
    /// When it does not serialize as `{"type", "data"}`.
    pub fn encode<T: Serialize>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::from_value(serde_json::to_value(value)?)
    }

    /// Decodes a command or an event from JSON.
    ///
    /// # Errors
    /// When the JSON is not a `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        // The tag comes first. If the data came first, serde would buffer it, and refuse what its
        // buffer cannot hold, such as maps with integer keys.
        let name = Value::String(self.name.clone());
        let fields = [("type", &name), ("data", &self.data)];
        let tagged = MapDeserializer::<_, serde_json::Error>::new(fields.into_iter());
        T::deserialize(tagged).or_else(|error| {
            // Not every type can be read from fields, such as a struct around the enum.
            let value = json!({ "type": self.name, "data": self.data });
            serde_json::from_value(value).map_err(|_| error.into())
        })
    }

    /// Decodes a command of this aggregate, upcast to the current schema. Use it for a command that
    /// arrives from an older client with its schema.
    ///
    /// # Errors
    /// [`DecodeError`] when it cannot be read.
    pub fn command<A: Aggregate>(&self) -> Result<A::Command, DecodeError> {
        upcast::decode(self, A::command_upcasters())
    }
}
