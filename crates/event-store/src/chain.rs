use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{AggregateId, ChangeSet, Version};

/// A SHA-256, lower-case hex on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash([u8; 32]);

impl Hash {
    /// The hash that version 1 of every aggregate chains to: 32 zero bytes.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash of a change set:
    /// `SHA-256(prev ‖ "{kind}#{uuid}" ‖ 0x00 ‖ version as 8 bytes big-endian ‖ body)`.
    pub fn of_change_set(
        prev: Self,
        aggregate: &AggregateId,
        version: Version,
        body: &str,
    ) -> Self {
        Self::sealing(prev, &aggregate.to_string(), version, body)
    }

    /// `SHA-256(prev ‖ partition ‖ 0x00 ‖ number as 8 bytes big-endian ‖ body)`.
    pub(crate) fn sealing(prev: Self, partition: &str, number: u64, body: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(prev.0);
        hasher.update(partition);
        hasher.update([0]);
        hasher.update(number.to_be_bytes());
        hasher.update(body);
        Self(hasher.finalize().into())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the hash in these bytes, or `None` unless they are 32.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Text that is not 64 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a SHA-256 in lower-case hex")]
pub struct InvalidHash(String);

impl FromStr for Hash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) if !text.bytes().any(|byte| byte.is_ascii_uppercase()) => Ok(Self(bytes)),
            _ => Err(InvalidHash(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Hash {
    type Error = InvalidHash;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

/// The first point at which a history is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainBreak {
    /// A change set is missing, or two are out of order.
    #[error("version {expected} is missing: version {found} stands in its place")]
    Gap {
        /// The version that was expected.
        expected: Version,
        /// The version that was found.
        found: Version,
    },
    /// The change set does not name the hash of its predecessor.
    #[error("version {version} does not chain to version {}", version - 1)]
    Unchained {
        /// The version whose `prev` is wrong.
        version: Version,
    },
    /// The body is not the one that was hashed.
    #[error("version {version} was altered: its hash does not match its body")]
    Altered {
        /// The version whose body and hash disagree.
        version: Version,
    },
    /// The change set belongs to another aggregate.
    #[error("version {version} belongs to another aggregate")]
    Foreign {
        /// The version that was expected in its place.
        version: Version,
    },
}

impl ChainBreak {
    /// The first version that cannot be trusted.
    pub const fn version(&self) -> Version {
        match *self {
            Self::Gap { expected: version, .. }
            | Self::Unchained { version }
            | Self::Altered { version }
            | Self::Foreign { version } => version,
        }
    }
}

/// Checks that `change_sets` follow version `after`, whose hash is `prev`: no version is missing,
/// each change set chains to the one before it, and none was altered. Pass 0 and [`Hash::ZERO`] to
/// check from the start. Returns the hash of the last one, or `prev` without any.
///
/// # Errors
/// The first break.
pub fn verify_chain<'a>(
    aggregate: &AggregateId,
    after: Version,
    prev: Hash,
    change_sets: impl IntoIterator<Item = &'a ChangeSet>,
) -> Result<Hash, ChainBreak> {
    let mut last = (after, prev);
    for change_set in change_sets {
        let (expected, version) = (last.0 + 1, change_set.version);
        if change_set.aggregate != *aggregate {
            return Err(ChainBreak::Foreign { version: expected });
        }
        if version != expected {
            return Err(ChainBreak::Gap { expected, found: version });
        }
        if change_set.prev != last.1 {
            return Err(ChainBreak::Unchained { version });
        }
        if !change_set.is_unaltered() {
            return Err(ChainBreak::Altered { version });
        }
        last = (version, change_set.hash);
    }
    Ok(last.1)
}
