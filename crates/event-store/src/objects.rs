//! Object storage: where the bodies are that are too large for an item.
//!
//! An object is named by the SHA-256 of its bytes. So nobody can overwrite another's, anybody can check
//! one (`sha256sum`), and putting one again changes nothing but its age. What no change set names is an
//! orphan, which an append leaves behind that came no further; a sweep finds and deletes them
//! (`DynamoDbStore::orphans`, `DynamoDbStore::delete_orphans`).

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

/// When to try again, for whoever asks while object storage is away.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The objects of one table. What is kept for another table is not among them.
#[async_trait]
pub trait Objects: Debug + Send + Sync {
    /// Keeps these bytes, whose SHA-256 is `key`. Once this returns they are durable, and the object
    /// is young, whether or not there was one.
    async fn put(&self, key: ObjectKey, bytes: Vec<u8>) -> Result<Put, ObjectError>;

    /// The bytes, *unchecked*; `None` when there is no such object. Of what is longer than
    /// [`BODY_LIMIT`](crate::BODY_LIMIT), which no object is that was put, some may be missing.
    async fn get(&self, key: ObjectKey) -> Result<Option<Vec<u8>>, ObjectError>;

    /// What is known about an object without reading it.
    async fn look(&self, key: ObjectKey) -> Result<Option<Object>, ObjectError>;

    /// A page of all objects, in no order that means anything. `cursor` comes from the page before.
    async fn list(&self, cursor: Option<String>) -> Result<Listing, ObjectError>;

    /// Deletes the object, if there is one. Sent at most once: a deletion that arrives late could hit
    /// an object that was put in the meantime.
    async fn delete(&self, key: ObjectKey) -> Result<(), ObjectError>;

    /// Removes what puts have left behind that were broken off before this moment, where puts leave anything.
    async fn tidy(&self, before: SystemTime) -> Result<(), ObjectError> {
        let _ = before;
        Ok(())
    }
}

/// What a put found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// There was no such object.
    New,
    /// There may have been one, which is young again.
    Again,
}

/// An object, but for its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its name.
    pub key: ObjectKey,
    /// How many bytes it has.
    pub bytes: u64,
    /// When it was last put, by the clock of whoever keeps it.
    pub put_at: SystemTime,
}

/// A page of objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The objects. What others have put beside them is passed over.
    pub objects: Vec<Object>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
}

/// The SHA-256 of an object's bytes; 64 lower-case hex digits as a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey([u8; 32]);

impl ObjectKey {
    /// The key of an object that has these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key in these bytes, if they are 32.
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

/// What can go wrong with object storage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// It does not answer, or says it has too much to do. Safe to repeat.
    #[error("object storage is unavailable: {0}")]
    Away(String),
    /// The disk has no room for the object.
    #[error("the disk is full: {0}")]
    Full(String),
    /// It refuses, and would refuse again.
    #[error("object storage refuses: {0}")]
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
