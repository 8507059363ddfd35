use std::future::Future;
use std::time::Duration;

use crate::{
    Aggregate, AggregateId, ChainBreak, ChangeSet, DecodeError, FeedBreak, Hash, Snapshot,
    UpcastError, Version, verify_chain,
};

/// The storage of change sets. [`load`](Store::load) and [`append`](Store::append) carry every
/// command, and [`append_all`](Store::append_all) every transaction; the others page through
/// histories, list keys, and keep snapshots.
///
/// The source of [`crate::MemoryStore`] is the whole contract on one page; `testing::conformance`
/// checks it.
pub trait Store: Clone + Send + Sync + 'static {
    /// Returns whether `other` is a clone of this store. All parts of a transaction must come from
    /// one store, because a single write carries them.
    fn is_same(&self, other: &Self) -> bool;

    /// Loads what [`Reach`] asks for: a snapshot where one is usable, and all change sets after it.
    ///
    /// - An aggregate without change sets gives [`Loaded::default`], not an error.
    /// - The change sets are contiguous, ascending and chained, back to the snapshot or to the
    ///   start: [`Loaded::checked`] is the last step of every store. Nothing is left out, however
    ///   long the history.
    /// - The result includes every append, from any writer, that was acknowledged before the call.
    ///   Only [`Reach::Eventual`] may give the history of a moment ago, which is still whole.
    /// - A snapshot is usable if its schema matches, its version is not beyond the requested one,
    ///   and the change set of its version exists, is unaltered ([`ChangeSet::is_unaltered`]) and
    ///   has the hash that the snapshot names. Any other is ignored: a snapshot that is missing,
    ///   damaged or of another history costs time, but never gives a wrong state. A state that does
    ///   not parse is for the caller to notice; [`crate::Head::load`] then loads the whole history.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the versions have a gap or the chain does not hold.
    fn load(
        &self,
        aggregate: &AggregateId,
        reach: Reach,
    ) -> impl Future<Output = Result<Loaded, StoreError>> + Send;

    /// Writes a change set unless its version is taken. [`Appended::Written`] and
    /// [`Appended::Again`] mean that it is durable. An unknown outcome (a lost response) is
    /// resolved by reading back.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when reading back gets no answer either; retrying the same
    /// command is safe. [`StoreError::TooLarge`] for a body of more than [`BODY_LIMIT`], which no
    /// store accepts.
    fn append(
        &self,
        change_set: &ChangeSet,
    ) -> impl Future<Output = Result<Appended, StoreError>> + Send;

    /// Writes change sets of different aggregates, all of them or none; at most
    /// [`TOGETHER`](crate::TOGETHER). [`AppendedAll::Written`] means that all are durable. An
    /// unknown outcome is resolved by reading back, as with [`append`](Store::append).
    ///
    /// # Errors
    /// As [`append`](Store::append); also [`StoreError::TooMany`].
    fn append_all(
        &self,
        change_sets: &[ChangeSet],
    ) -> impl Future<Output = Result<AppendedAll, StoreError>> + Send;

    /// Returns a page of a history as stored, *unverified*: to show it, or to verify it elsewhere.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a body is not that of a change set.
    fn change_sets(
        &self,
        aggregate: &AggregateId,
        page: Page,
    ) -> impl Future<Output = Result<Vec<ChangeSet>, StoreError>> + Send;

    /// Returns a page of the keys of all change sets. The keys of one aggregate are adjacent and
    /// ascending; otherwise the order is unspecified. `cursor` comes from the previous page.
    ///
    /// # Errors
    /// When the store is unavailable.
    fn keys(&self, cursor: Option<String>)
    -> impl Future<Output = Result<Keys, StoreError>> + Send;

    /// Saves a snapshot, or replaces the one of the same version. Handlers call this off the path
    /// of a command, and do not wait for it. A store may keep as many snapshots as it likes, and
    /// drop any at any time.
    ///
    /// # Errors
    /// When the store is unavailable. A snapshot that was not kept only costs time.
    fn save_snapshot(
        &self,
        snapshot: &Snapshot,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The part of a history to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everything up to the newest version, from the newest snapshot of this state schema.
    Head {
        /// [`crate::Aggregate::STATE_SCHEMA`].
        schema: u32,
    },
    /// The same as [`Reach::Head`] by an eventually consistent read, which DynamoDB bills half. The
    /// result may be a moment old, but is a whole history up to some version. That is enough to
    /// propose an append, whose condition detects a stale head; it cannot prove anything absent.
    Eventual {
        /// [`crate::Aggregate::STATE_SCHEMA`].
        schema: u32,
    },
    /// Everything up to this version (or the newest, if that is older), from the newest such
    /// snapshot up to it.
    AsOf {
        /// The last version wanted.
        version: Version,
        /// [`crate::Aggregate::STATE_SCHEMA`].
        schema: u32,
    },
    /// Only what is newer than a known head, without a snapshot.
    Since {
        /// The head's version.
        version: Version,
        /// The head's hash.
        hash: Hash,
    },
    /// The whole history from version 1, without trusting a snapshot.
    Whole,
}

impl Reach {
    /// Reaches to this version or the newest, from the newest snapshot that this program can read.
    pub(crate) const fn back_from<A: Aggregate>(version: Option<Version>) -> Self {
        let schema = A::STATE_SCHEMA;
        match version {
            Some(version) => Self::AsOf { version, schema },
            None => Self::Head { schema },
        }
    }
}

/// The result of a load. [`Loaded::checked`] ensures that versions are contiguous and chained.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// The snapshot that the state starts from, if any.
    pub snapshot: Option<Snapshot>,
    /// The change sets after it, ascending.
    pub change_sets: Vec<ChangeSet>,
}

impl Loaded {
    /// Checks that the change sets follow without a gap, and combines them with the snapshot: the
    /// last step of every store's `load`. Without a snapshot, `from` is what the first change set
    /// follows: (0, [`Hash::ZERO`]), or a known head.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn checked(
        aggregate: &AggregateId,
        snapshot: Option<Snapshot>,
        change_sets: Vec<ChangeSet>,
        from: (Version, Hash),
    ) -> Result<Self, StoreError> {
        let (after, prev) = snapshot.as_ref().map_or(from, |s| (s.version, s.hash));
        verify_chain(aggregate, after, prev, &change_sets)
            .map_err(|broken| StoreError::broken(aggregate, broken))?;
        Ok(Self { snapshot, change_sets })
    }
}

/// The size in bytes at which a page ends: once its bodies reach it, whatever the page's limit.
pub const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// The part of a history to page through. A page that ends early, at [`PAGE_BYTES`], holds at least
/// one change set; an empty page means that no more follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Up to `limit` change sets with versions above `version`, ascending.
    After {
        /// Exclusive; 0 for the start.
        version: Version,
        /// At least 1.
        limit: usize,
    },
    /// Up to `limit` change sets with versions below `version`, descending.
    Before {
        /// Exclusive; [`Version::MAX`] for the newest.
        version: Version,
        /// At least 1.
        limit: usize,
    },
}

/// A page of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// One key for each change set.
    pub keys: Vec<(AggregateId, Version)>,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<String>,
}

/// The outcome of an append.
#[derive(Clone, Debug, PartialEq)]
pub enum Appended {
    /// The change set is durable.
    Written,
    /// The same change set, byte for byte, was durable before this append was first sent.
    Again,
    /// Its version was already taken, by this change set.
    Taken(Box<ChangeSet>),
}

/// The maximum size of a body: 16 MiB.
pub const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// The maximum number of change sets in one append (DynamoDB's limit on a transaction).
pub const TOGETHER: usize = 100;

/// The outcome of an append of several change sets.
#[derive(Clone, Debug, PartialEq)]
pub enum AppendedAll {
    /// All are durable.
    Written,
    /// All were durable already, as with [`Appended::Again`].
    Again,
    /// None was written, because these stand in the place of some of them; in the same order.
    Taken(Vec<ChangeSet>),
}

/// A failure of a store. A refusal by the domain is not one, and neither is a conflict.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store does not answer, or is overloaded. Safe to retry.
    #[error("the store is unavailable: {reason}")]
    Unavailable {
        /// The operation that failed, and the answer to it.
        reason: String,
        /// The delay before the next attempt.
        retry_after: Duration,
    },
    /// The disk is full. Nothing was written. Safe to retry once there is room.
    #[error("the disk is full: {0}")]
    Full(String),
    /// The stored data is not what was written.
    #[error("{aggregate} is corrupt at version {version}: {problem}")]
    Corrupt {
        /// The aggregate.
        aggregate: AggregateId,
        /// The first version that cannot be trusted.
        version: Version,
        /// The problem with that version.
        problem: String,
    },
    /// A newer version of this program wrote the data, in a schema that this one does not know.
    /// Update this program; the history need not be damaged.
    #[error("{aggregate} cannot be read from version {version} on: {reason}")]
    Newer {
        /// The aggregate.
        aggregate: AggregateId,
        /// The first version that this program cannot read.
        version: Version,
        /// The event or the command, with its schema.
        reason: Box<UpcastError>,
    },
    /// The feed is not what a sequencer would have written.
    #[error("the feed is corrupt: {0}")]
    Feed(#[from] FeedBreak),
    /// The change set is larger than any may be, or does not fit into an item or a transaction
    /// without object storage.
    #[error("the write has {bytes} bytes; at most {limit} fit")]
    TooLarge {
        /// The size of the body as it would be kept (compressed, if that is smaller), or of all
        /// items of the transaction.
        bytes: usize,
        /// The limit that it exceeds.
        limit: usize,
    },
    /// More change sets than can be appended together.
    #[error("{count} change sets cannot be appended together; at most {TOGETHER} can")]
    TooMany {
        /// The number of change sets.
        count: usize,
    },
    /// The store refuses the request, and would again: missing permission, missing table.
    #[error("the store refused the request: {0}")]
    Refused(String),
    /// A command or its events cannot be written or read back: a defect of the aggregate's types.
    #[error("cannot encode: {0}")]
    Encoding(#[from] DecodeError),
}

impl StoreError {
    /// Reports a history whose chain is broken.
    pub fn broken(aggregate: &AggregateId, broken: ChainBreak) -> Self {
        Self::corrupt(aggregate, broken.version(), broken)
    }

    /// Reports a version that cannot be trusted.
    pub fn corrupt(aggregate: &AggregateId, version: Version, problem: impl ToString) -> Self {
        Self::Corrupt { aggregate: aggregate.clone(), version, problem: problem.to_string() }
    }

    /// Reports a version whose events or command cannot be read.
    pub fn unreadable(aggregate: &AggregateId, version: Version, error: DecodeError) -> Self {
        match error {
            DecodeError::Upcast(reason @ UpcastError::Newer { .. }) => {
                Self::Newer { aggregate: aggregate.clone(), version, reason: reason.into() }
            }
            error => Self::corrupt(aggregate, version, error),
        }
    }

    /// Returns whether a retry may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Full(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unavailable_store_and_a_full_disk_may_recover() {
        let unavailable =
            StoreError::Unavailable { reason: "no answer".to_owned(), retry_after: Duration::ZERO };
        assert!(unavailable.is_transient());
        assert!(StoreError::Full("the quota is exceeded".to_owned()).is_transient());
        assert!(!StoreError::Refused("no permission".to_owned()).is_transient());
        assert!(!StoreError::TooLarge { bytes: 2, limit: 1 }.is_transient());
    }
}
