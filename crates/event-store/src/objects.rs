//! Object storage, which holds the bodies that are too large for an item.
//!
//! An object is named by the SHA-256 of its bytes. So no writer can overwrite another's object,
//! anybody can check an object (`sha256sum`), and putting it again changes only its age. An append
//! that fails halfway leaves an orphan: an object that no change set names. A sweep finds and
//! deletes orphans (`DynamoDbStore::orphans`, `DynamoDbStore::delete_orphans`).

#[cfg(feature = "embedded")]
mod directory;
mod memory;
#[cfg(feature = "s3")]
mod s3;

use std::fmt::{self, Debug, Display};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use crate::StoreError;
#[cfg(feature = "embedded")]
pub use directory::DirectoryObjects;
pub use memory::MemoryObjects;
#[cfg(feature = "s3")]
pub use s3::{S3Objects, for_endpoint, timeouts};

/// The retry delay suggested to callers while object storage is unavailable.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The objects of one table. Objects of other tables are not visible.
#[async_trait]
pub trait Objects: Debug + Send + Sync {
    /// Stores these bytes under `key`, their SHA-256. Once this returns they are durable, and the
    /// object is young, even if it existed before.
    async fn put(&self, key: ObjectKey, bytes: Vec<u8>) -> Result<Put, ObjectError>;

    /// Returns the bytes, *unchecked*, or `None` if the object does not exist. An object longer
    /// than [`BODY_LIMIT`](crate::BODY_LIMIT), which no put creates, may be truncated.
    async fn get(&self, key: ObjectKey) -> Result<Option<Vec<u8>>, ObjectError>;

    /// Returns an object's size and age without reading its bytes.
    async fn look(&self, key: ObjectKey) -> Result<Option<Object>, ObjectError>;

    /// Returns a page of all objects, in no particular order. `cursor` comes from the previous
    /// page.
    async fn list(&self, cursor: Option<String>) -> Result<Listing, ObjectError>;

    /// Deletes the object if it exists. The request is sent at most once, because a late deletion
    /// could hit an object that was put in the meantime.
    async fn delete(&self, key: ObjectKey) -> Result<(), ObjectError>;

    /// Removes the remains of puts that were interrupted before this moment, if puts leave any.
    async fn tidy(&self, before: SystemTime) -> Result<(), ObjectError> {
        let _ = before;
        Ok(())
    }
}

/// The outcome of a put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The object did not exist.
    New,
    /// The object may have existed. It is young again.
    Again,
}

/// An object without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object {
    /// The object's name.
    pub key: ObjectKey,
    /// The size in bytes.
    pub bytes: u64,
    /// The time of the last put, by the storage's clock.
    pub put_at: SystemTime,
}

/// A page of objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The objects. Anything else stored beside them is skipped.
    pub objects: Vec<Object>,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<String>,
}

/// The SHA-256 of an object's bytes. As a name it has 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey([u8; 32]);

impl ObjectKey {
    /// Returns the key of an object with these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Builds a key from 32 bytes; `None` for any other number.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectKey({self})")
    }
}

/// A name that is not 64 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` does not name an object: expected 64 lower-case hex digits")]
pub struct InvalidObjectKey(String);

impl FromStr for ObjectKey {
    type Err = InvalidObjectKey;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        match hex::decode_to_slice(name, &mut bytes) {
            Ok(()) if !name.bytes().any(|b| b.is_ascii_uppercase()) => Ok(Self(bytes)),
            _ => Err(InvalidObjectKey(name.to_owned())),
        }
    }
}

/// An error of object storage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// Object storage does not answer, or is overloaded. A retry is safe.
    #[error("object storage is unavailable: {0}")]
    Away(String),
    /// The disk has no room for the object.
    #[error("the disk is full: {0}")]
    Full(String),
    /// Object storage refuses the request, and would refuse a retry.
    #[error("object storage refused the request: {0}")]
    Refused(String),
}

impl From<ObjectError> for StoreError {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::Away(reason) => Self::Unavailable { reason, retry_after: RETRY_AFTER },
            ObjectError::Full(reason) => Self::Full(reason),
            ObjectError::Refused(_) => Self::Refused(error.to_string()),
        }
    }
}
