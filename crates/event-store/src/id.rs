use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Aggregate;

/// The number of change sets that an aggregate has; the k-th has version k. 0 means none yet.
pub type Version = u64;

/// The last version that an aggregate can have, because stores write versions in twelve digits.
pub const LAST_VERSION: Version = 999_999_999_999;

/// The name of a kind of aggregate, such as `inventory-item`: not empty, and without a `#`.
///
/// Every key, and the name that each hash covers, begins with the kind and a `#`. An empty kind, or
/// one that contains `#`, would name the history of another aggregate, or none.
///
/// ```
/// use event_store::Kind;
///
/// const ACCOUNT: Kind = Kind::from_static("account");
/// assert_eq!("account".parse(), Ok(ACCOUNT));
/// assert!("a#b".parse::<Kind>().is_err());
/// ```
///
/// The compiler checks a constant:
///
/// ```compile_fail,E0080
/// const KIND: event_store::Kind = event_store::Kind::from_static("a#b");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Kind(Cow<'static, str>);

impl Kind {
    /// A kind whose name is known at compile time. Call this in a constant, so that the compiler
    /// checks the name.
    ///
    /// # Panics
    /// When the name is empty or contains `#`.
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        assert!(Self::is_name(name), "a kind is not empty, and has no `#`");
        Self(Cow::Borrowed(name))
    }

    /// The kind of this type of aggregate. An invalid name does not compile.
    ///
    /// ```compile_fail,E0080
    /// use event_store::{Aggregate, Context, Kind};
    ///
    /// #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
    /// struct Door;
    ///
    /// impl Aggregate for Door {
    ///     const KIND: &'static str = "";
    ///     type Command = ();
    ///     type Event = ();
    ///     type Rejection = std::fmt::Error;
    ///     fn decide(&self, _: &(), _: &Context) -> Result<Vec<()>, std::fmt::Error> {
    ///         Ok(vec![()])
    ///     }
    ///     fn evolve(self, _: &()) -> Self {
    ///         self
    ///     }
    /// }
    ///
    /// let kind = Kind::of::<Door>();
    /// ```
    #[must_use]
    pub const fn of<A: Aggregate>() -> Self {
        const { Self::from_static(A::KIND) }
    }

    const fn is_name(text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            if bytes[index] == b'#' {
                return false;
            }
            index += 1;
        }
        index > 0
    }
}

impl Deref for Kind {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq<str> for Kind {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Kind {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl TryFrom<String> for Kind {
    type Error = InvalidKind;

    fn try_from(text: String) -> Result<Self, InvalidKind> {
        if Self::is_name(&text) { Ok(Self(Cow::Owned(text))) } else { Err(InvalidKind(text)) }
    }
}

impl FromStr for Kind {
    type Err = InvalidKind;

    fn from_str(text: &str) -> Result<Self, InvalidKind> {
        text.to_owned().try_into()
    }
}

impl From<Kind> for String {
    fn from(Kind(name): Kind) -> Self {
        name.into_owned()
    }
}

/// Text that is not the name of a kind of aggregate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid kind of aggregate: expected a name that is not empty and has no `#`")]
pub struct InvalidKind(pub String);

/// The name of one aggregate: its kind and the id that a client made.
///
/// Its text form, `{kind}#{uuid}`, is the partition key of everything that the store keeps of the
/// aggregate, and part of what each hash covers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AggregateId {
    /// The kind of aggregate, such as `inventory-item`.
    pub kind: Kind,
    /// The id, made by the client; preferably a UUIDv7.
    pub id: Uuid,
}

impl AggregateId {
    /// Names the aggregate of this kind with this id.
    #[must_use]
    pub const fn new(kind: Kind, id: Uuid) -> Self {
        Self { kind, id }
    }

    /// Names the aggregate of this type with this id.
    #[must_use]
    pub const fn of<A: Aggregate>(id: Uuid) -> Self {
        Self::new(Kind::of::<A>(), id)
    }
}

impl fmt::Display for AggregateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.kind, self.id.as_hyphenated())
    }
}

/// Text that is not `{kind}#{uuid}`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` does not name an aggregate: expected `kind#uuid`, in lower case with hyphens")]
pub struct InvalidAggregateId(pub String);

impl FromStr for AggregateId {
    type Err = InvalidAggregateId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidAggregateId(text.to_owned());
        let (kind, id) = text.split_once('#').ok_or_else(invalid)?;
        let uuid = Uuid::parse_str(id).map_err(|_| invalid())?;
        // A UUID has several text forms; only the lower-case hyphenated one is a key.
        let is_key = uuid.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()) == id;
        match kind.parse() {
            Ok(kind) if is_key => Ok(Self::new(kind, uuid)),
            _ => Err(invalid()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_kind_is_refused_wherever_it_is_read() {
        let id = "0199c0de-4d1a-7b5e-8c3f-5e2f9a1b6c70";
        for name in ["", "a#b", "#", "a#"] {
            assert_eq!(name.parse::<Kind>(), Err(InvalidKind(name.to_owned())));
            assert!(format!("{name}#{id}").parse::<AggregateId>().is_err(), "{name}");
            let json = serde_json::json!({ "kind": name, "id": id });
            assert!(serde_json::from_value::<AggregateId>(json).is_err(), "{name}");
        }
        for name in ["a", "inventory-item", "größe"] {
            let text = format!("{name}#{id}");
            assert_eq!(
                text.parse::<AggregateId>().map(|aggregate| aggregate.to_string()),
                Ok(text)
            );
        }
    }
}
