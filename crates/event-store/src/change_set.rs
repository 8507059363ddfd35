use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Aggregate, AggregateId, Context, Hash, InvalidAggregateId, Timestamp, UpcastError, Version,
    upcast,
};

/// Everything one command did to one aggregate, sealed by a hash.
///
/// The body is kept exactly as it was written; [`ChangeSet::content`] is read off it and nowhere
/// else, so nothing can be shown that the hash does not cover. Its serde form carries the sealed
/// parts only (`aggregate`, `version`, `prev`, `hash`, `body`); [`crate::wire::ChangeSet`] is the
/// long form of the HTTP interface.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Sealed")]
pub struct ChangeSet {
    /// Whose history this belongs to.
    pub aggregate: AggregateId,
    /// Its place in that history, from 1.
    pub version: Version,
    /// The hash of the change set before; [`Hash::ZERO`] for version 1.
    pub prev: Hash,
    /// What [`Hash::of_change_set`] gave when it was written.
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

/// An aggregate in the one form that it is written in: nothing of what is sealed may be altered unnoticed.
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

/// What a change set says: the JSON object in its body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// The id that its client gave the command.
    pub command_id: Uuid,
    /// The command as it was given.
    pub command: Tagged,
    /// What it led to; never empty.
    pub events: Vec<Tagged>,
    /// Who did it.
    pub actor: String,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// When the server took it up; never earlier than that of the version before.
    pub recorded_at: Timestamp,
    /// What larger piece of work this belongs to; the command's own id when it stands alone.
    pub correlation_id: Uuid,
    /// The command or event that led to this command, if it was not a person.
    pub causation_id: Option<Uuid>,
    /// The version of the rules that decided it.
    pub rules: u32,
}

/// A command or an event as it stands in the body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tagged {
    /// The type's name.
    #[serde(rename = "type")]
    pub name: String,
    /// What it says.
    #[serde(default)]
    pub data: serde_json::Value,
    /// The schema version of `data`; left out while it is 1.
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

/// A body or a value in it that cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Not JSON, or not of this shape.
    #[error("not the JSON that was expected: {0}")]
    Json(#[source] Arc<serde_json::Error>),
    /// An event or a command of another schema that cannot be brought to today's.
    #[error(transparent)]
    Upcast(#[from] UpcastError),
    /// A command or an event that would be read back as something else, or not at all, so that it is not written: a
    /// defect of its type, such as a skipped field, or a value that JSON does not have, such as NaN.
    #[error("{name} would not be read back as it is")]
    NotReadBack {
        /// The type's name.
        name: String,
    },
    /// A change set without an event.
    #[error("a change set holds at least one event")]
    NoEvents,
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(Arc::new(error))
    }
}

impl ChangeSet {
    /// Seals what one decided command did.
    ///
    /// # Errors
    /// [`DecodeError`] when command or events do not serialize as `{"type", "data"}`, or when there
    /// are no events.
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

    /// A change set as a store or the wire gives it back. Its hash is taken as it stands:
    /// [`crate::verify_chain`] says whether it is true.
    ///
    /// # Errors
    /// [`DecodeError`] when the body is not a change set's.
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

    /// What the body says.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Whether body, place and `prev` are those that were hashed.
    pub fn is_unaltered(&self) -> bool {
        self.hash == Hash::of_change_set(self.prev, &self.aggregate, self.version, &self.body)
    }

    /// The events in today's schema.
    ///
    /// # Errors
    /// [`DecodeError`] when one cannot be read. A test that reads a file with an event of every type in every schema
    /// prevents that.
    pub fn events<A: Aggregate>(&self) -> Result<Vec<A::Event>, DecodeError> {
        let events = self.content.events.iter();
        events.map(|event| upcast::decode(event, A::event_upcasters())).collect()
    }

    /// The command in today's schema.
    ///
    /// # Errors
    /// [`DecodeError`] when it cannot be read.
    pub fn command<A: Aggregate>(&self) -> Result<A::Command, DecodeError> {
        upcast::decode(&self.content.command, A::command_upcasters())
    }

    /// What `decide` was told when this was decided.
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
    /// A command or an event as JSON.
    ///
    /// # Errors
    /// When it does not serialize as `{"type", "data"}`.
    pub fn encode<T: Serialize>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::from_value(serde_json::to_value(value)?)
    }

    /// The command or event that this JSON says.
    ///
    /// # Errors
    /// When it says none.
    pub fn decode<T: serde::de::DeserializeOwned>(&self) -> Result<T, DecodeError> {
        let value = serde_json::json!({ "type": self.name, "data": self.data });
        Ok(serde_json::from_value(value)?)
    }
}
