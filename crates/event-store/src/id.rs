use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How many change sets an aggregate has; the k-th change set has version k. 0: nothing yet.
pub type Version = u64;

/// The last version that an aggregate can have: stores name it by twelve digits.
pub const LAST_VERSION: Version = 999_999_999_999;

/// What names one aggregate: its kind and the id that a client made.
///
/// Its text form, `{kind}#{uuid}`, is the partition key of everything the store keeps of it, and
/// part of what each hash covers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Named")]
pub struct AggregateId {
    /// The kind of aggregate, such as `inventory-item`; not empty, and without a `#`.
    pub kind: Cow<'static, str>,
    /// Made by the client; UUIDv7 by preference.
    pub id: Uuid,
}

impl AggregateId {
    /// The aggregate of a kind by its id.
    pub fn new(kind: impl Into<Cow<'static, str>>, id: Uuid) -> Self {
        Self { kind: kind.into(), id }
    }
}

/// An aggregate as it is read: its kind may be none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    kind: String,
    id: Uuid,
}

impl TryFrom<Named> for AggregateId {
    type Error = InvalidKind;

    fn try_from(Named { kind, id }: Named) -> Result<Self, Self::Error> {
        // The text form would name another aggregate, or none.
        if kind.is_empty() || kind.contains('#') {
            return Err(InvalidKind(kind));
        }
        Ok(Self::new(kind, id))
    }
}

/// A text that is not the kind of any aggregate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of aggregate: expected a name without `#`")]
struct InvalidKind(String);

impl fmt::Display for AggregateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.kind, self.id.as_hyphenated())
    }
}

/// A text that is not `{kind}#{uuid}`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` does not name an aggregate: expected `kind#uuid`, in lower case with hyphens")]
pub struct InvalidAggregateId(pub String);

impl FromStr for AggregateId {
    type Err = InvalidAggregateId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidAggregateId(text.to_owned());
        let (kind, id) = text.split_once('#').ok_or_else(invalid)?;
        let uuid = Uuid::parse_str(id).map_err(|_| invalid())?;
        // Of the forms that a UUID may have one is a key.
        let is_key = uuid.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()) == id;
        if kind.is_empty() || !is_key {
            return Err(invalid());
        }
        Ok(Self::new(kind.to_owned(), uuid))
    }
}
