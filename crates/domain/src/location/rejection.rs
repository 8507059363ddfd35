use serde::{Deserialize, Serialize};

use crate::limits::OutOfLimits;

/// A reason to reject a command. Serializes as its `code` beside the figures that explain it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum LocationRejection {
    /// The location does not exist.
    #[error("location not found")]
    UnknownLocation,
    /// A location with this id already exists.
    #[error("this location already exists, as {registered_as}")]
    ExistsAlready {
        /// The code of the existing location.
        registered_as: String,
    },
    /// The location is closed.
    #[error("the location is closed")]
    Closed,
    /// The location is already closed.
    #[error("the location is already closed")]
    AlreadyClosed,
    /// The location is already open.
    #[error("the location is already open")]
    AlreadyOpen,
    /// The location already has that name.
    #[error("that is already its name")]
    SameName {
        /// The name.
        name: String,
    },
    /// A text that no state would accept.
    #[error(transparent)]
    #[serde(untagged)]
    OutOfLimits(#[from] OutOfLimits),
}
