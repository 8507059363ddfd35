use std::fmt;

use serde::Serialize;
use serde::de::value::MapDeserializer;
use serde::de::{self, DeserializeOwned};
use serde_json::Value;

use crate::{DecodeError, Tagged};

/// Turns the data of one type of event or command from one schema version into the next.
///
/// The current schema of a type is one more than the highest that has an upcaster, or 1. An old
/// command, upcast and decided again by the rules of its time
/// ([`Context::rules`](crate::Context::rules)), must give the old events, upcast. Otherwise
/// [`crate::verify`] reports that it decides differently. Never remove or rename a type that a
/// history holds: keep the variant, and read it.
///
/// ```
/// use event_store::Upcaster;
/// use serde_json::json;
///
/// /// Weights were in kilograms; since schema 2 they are in grams.
/// const IN_GRAMS: Upcaster = Upcaster {
///     name: "Weighed",
///     from: 1,
///     upcast: |data| match data["kilograms"].as_u64() {
///         Some(kilograms) => Ok(json!({ "grams": kilograms * 1000 })),
///         None => Err("`kilograms` is missing".to_owned()),
///     },
/// };
/// assert_eq!((IN_GRAMS.upcast)(json!({ "kilograms": 2 })), Ok(json!({ "grams": 2000 })));
/// ```
///
/// # Deploying
/// Older programs cannot read change sets in a new schema, or of a new type. They answer
/// [`StoreError::Newer`](crate::StoreError::Newer) for the aggregates concerned, and accept no
/// commands to them, until they are replaced. If processes of two versions run on one store, add a
/// variant under a new name in two steps instead: first deploy a version that evolves it but never
/// decides it, then one that decides it. A new schema of an existing type cannot be deployed in
/// steps: what reads it also writes it. A browser that replays histories counts as a process.
///
/// # Without a new schema
/// A new field with `#[serde(default)]` needs none. Older programs ignore the field, though, and
/// decide as if it were not there. Give it a new schema if they must not.
#[derive(Clone, Copy, Debug)]
pub struct Upcaster {
    /// The type's name.
    pub name: &'static str,
    /// The schema version that it takes.
    pub from: u32,
    /// Returns the data in schema `from + 1`, or a description of what is wrong with it.
    pub upcast: fn(Value) -> Result<Value, String>,
}

/// An event or a command that cannot be upcast to the current schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpcastError {
    /// This program does not know the type, or this schema of it.
    #[error(
        "{name} of schema {schema} is unknown to this program: a newer version wrote it, or the type was removed"
    )]
    Newer {
        /// The type's name.
        name: String,
        /// The schema it was written in.
        schema: u32,
    },
    /// No upcaster takes this schema, which is older than the current one.
    #[error("{name} of schema {schema} cannot be read: its upcaster is gone")]
    Gone {
        /// The type's name.
        name: String,
        /// The schema that no upcaster takes.
        schema: u32,
    },
    /// The upcaster could not read the data.
    #[error("{name} of schema {schema} cannot be upcast: {problem}")]
    Refused {
        /// The type's name.
        name: String,
        /// The schema it was in.
        schema: u32,
        /// The upcaster's message.
        problem: String,
    },
}

fn current_schema(name: &str, upcasters: &[Upcaster]) -> u32 {
    upcasters.iter().filter(|u| u.name == name).map(|u| u.from + 1).max().unwrap_or(1)
}

/// Encodes a command or an event, and checks that it reads back equal. A sealed value stays
/// forever, so a defect must be found before. JSON has no NaN, for example, and `#[serde(skip)]`
/// loses a field.
pub(crate) fn encode<T>(value: &T, upcasters: &[Upcaster]) -> Result<Tagged, DecodeError>
where
    T: Serialize + DeserializeOwned + PartialEq,
{
    let mut tagged = Tagged::encode(value)?;
    tagged.schema = current_schema(&tagged.name, upcasters);
    match tagged.decode::<T>() {
        Ok(read) if read == *value => Ok(tagged),
        Ok(_) => {
            let problem = "JSON does not carry all of it".to_owned();
            Err(DecodeError::NotReadBack { name: tagged.name, problem })
        }
        Err(error) => {
            Err(DecodeError::NotReadBack { name: tagged.name, problem: error.to_string() })
        }
    }
}

pub(crate) fn decode<T: DeserializeOwned>(
    tagged: &Tagged,
    upcasters: &[Upcaster],
) -> Result<T, DecodeError> {
    let current = current_schema(&tagged.name, upcasters);
    let newer = || UpcastError::Newer { name: tagged.name.clone(), schema: tagged.schema }.into();
    if tagged.schema > current {
        return Err(newer());
    }
    if tagged.schema == current {
        let decoded = tagged.decode();
        return if decoded.is_err() && !is_known::<T>(&tagged.name) {
            Err(newer())
        } else {
            decoded
        };
    }
    let mut newer = tagged.clone();
    while newer.schema < current {
        let step = upcasters.iter().find(|u| u.name == newer.name && u.from == newer.schema);
        let Some(step) = step else {
            return Err(UpcastError::Gone { name: newer.name, schema: newer.schema }.into());
        };
        newer.data = (step.upcast)(newer.data).map_err(|problem| UpcastError::Refused {
            name: newer.name.clone(),
            schema: newer.schema,
            problem,
        })?;
        newer.schema += 1;
    }
    newer.decode()
}

/// Returns whether the enum has a variant of this name. Deserializes a tag without data: of all
/// errors, only that of an unknown variant counts.
fn is_known<T: DeserializeOwned>(name: &str) -> bool {
    let tag_alone = MapDeserializer::new([("type", name)].into_iter());
    !matches!(T::deserialize(tag_alone), Err(Probe::UnknownVariant))
}

#[derive(Debug)]
enum Probe {
    UnknownVariant,
    Other,
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Probe {}

impl de::Error for Probe {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Other
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self::UnknownVariant
    }
}
