use serde_json::Value;

use crate::{Aggregate, DecodeError, Tagged};

/// Turns the data of one event type from one schema version into the next.
///
/// The current schema of an event type is one more than the highest that has an upcaster, or 1.
#[derive(Clone, Copy, Debug)]
pub struct Upcaster {
    /// The event's type name.
    pub event: &'static str,
    /// The schema version it takes.
    pub from: u32,
    /// Gives the data in schema `from + 1`, or what is wrong with it.
    pub upcast: fn(Value) -> Result<Value, String>,
}

/// An event that cannot be brought to today's schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpcastError {
    /// No upcaster takes this schema.
    #[error("{event} of schema {schema} is newer than this program, or its upcaster is gone")]
    UnknownSchema {
        /// The event's type name.
        event: String,
        /// The schema it was written in.
        schema: u32,
    },
    /// The upcaster could not read the data.
    #[error("{event} of schema {schema} cannot be brought to the next: {problem}")]
    Refused {
        /// The event's type name.
        event: String,
        /// The schema it was in.
        schema: u32,
        /// What the upcaster said.
        problem: String,
    },
}

fn current_schema<A: Aggregate>(event: &str) -> u32 {
    A::upcasters().iter().filter(|u| u.event == event).map(|u| u.from + 1).max().unwrap_or(1)
}

pub(crate) fn encode<A: Aggregate>(event: &A::Event) -> Result<Tagged, DecodeError> {
    let mut tagged = Tagged::encode(event)?;
    tagged.schema = current_schema::<A>(&tagged.name);
    Ok(tagged)
}

pub(crate) fn decode<A: Aggregate>(tagged: &Tagged) -> Result<A::Event, DecodeError> {
    let current = current_schema::<A>(&tagged.name);
    if tagged.schema == current {
        return tagged.decode();
    }
    let mut newer = tagged.clone();
    while newer.schema < current {
        let step = A::upcasters().iter().find(|u| u.event == newer.name && u.from == newer.schema);
        let Some(step) = step else { break };
        newer.data = (step.upcast)(newer.data).map_err(|problem| UpcastError::Refused {
            event: newer.name.clone(),
            schema: newer.schema,
            problem,
        })?;
        newer.schema += 1;
    }
    if newer.schema != current {
        let (event, schema) = (newer.name, newer.schema);
        return Err(UpcastError::UnknownSchema { event, schema }.into());
    }
    newer.decode()
}
