use std::future::Future;
use std::time::Duration;

use crate::{
    Aggregate, AggregateId, ChainBreak, ChangeSet, DecodeError, FeedBreak, Hash, Snapshot,
    UpcastError, Version, verify_chain,
};

/// Where change sets are kept. Two verbs, [`load`](Store::load) and [`append`](Store::append), carry
/// every command; the others page through histories, list keys, and keep snapshots.
///
/// [`crate::MemoryStore`] is the whole contract in one page. `testing::conformance` checks it.
pub trait Store: Clone + Send + Sync + 'static {
    /// Returns whether `other` is a clone of this store. All parts of a transaction have to come from one store,
    /// because one write carries them.
    fn is_same(&self, other: &Self) -> bool;

    /// Loads what [`Reach`] asks for: a snapshot where one may serve, and all change sets after it.
    ///
    /// - An aggregate without change sets gives [`Loaded::default`], and no error.
    /// - The change sets are contiguous, ascending and chained, to the snapshot or to the start:
    ///   [`Loaded::checked`] is the last step of every store. However long the history, nothing is left out.
    /// - Every append that was acknowledged before the call is in it, from any writer; only [`Reach::Eventual`] may
    ///   give the history as it was a moment ago, and still whole.
    /// - A snapshot serves when its schema is the one asked for, its version is not beyond the version asked for, and
    ///   the change set of its version is there with its hash. Any other is passed over: a snapshot that is missing,
    ///   damaged or of another history costs time, and never a wrong state.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the versions have a hole or the chain does not hold.
    fn load(
        &self,
        aggregate: &AggregateId,
        reach: Reach,
    ) -> impl Future<Output = Result<Loaded, StoreError>> + Send;

    /// Writes a change set unless its version is taken. [`Appended::Written`] and [`Appended::Again`] mean
    /// durable; an unknown outcome (a lost response) has been resolved by reading back.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when even reading back found no answer: the same change set's
    /// command may be sent again.
    fn append(
        &self,
        change_set: &ChangeSet,
    ) -> impl Future<Output = Result<Appended, StoreError>> + Send;

    /// Writes change sets of different aggregates, all of them or none; at most
    /// [`TOGETHER`](crate::TOGETHER). [`AppendedAll::Written`] means that all are durable; an unknown
    /// outcome has been resolved by reading back, as with [`append`](Store::append).
    ///
    /// # Errors
    /// As [`append`](Store::append); also [`StoreError::TooMany`].
    fn append_all(
        &self,
        change_sets: &[ChangeSet],
    ) -> impl Future<Output = Result<AppendedAll, StoreError>> + Send;

    /// A page of a history as it stands, *unverified*: for showing and for verifying elsewhere.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a body is not a change set's.
    fn change_sets(
        &self,
        aggregate: &AggregateId,
        page: Page,
    ) -> impl Future<Output = Result<Vec<ChangeSet>, StoreError>> + Send;

    /// A page of the keys of all change sets, in no order that means anything but each aggregate's
    /// own together and ascending. `cursor` comes from the page before.
    ///
    /// # Errors
    /// When the store is unavailable.
    fn keys(&self, cursor: Option<String>)
    -> impl Future<Output = Result<Keys, StoreError>> + Send;

    /// Keeps a snapshot, or replaces the one of the same version. Handlers call it beside the path of a command, and
    /// do not wait for it. A store may keep as many as it likes, and drop any at any time.
    ///
    /// # Errors
    /// When the store is unavailable. A snapshot that was not kept costs time and nothing else.
    fn save_snapshot(
        &self,
        snapshot: &Snapshot,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// How much of a history to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To the newest version, from the newest snapshot of this state schema.
    Head {
        /// [`crate::Aggregate::STATE_SCHEMA`].
        schema: u32,
    },
    /// As [`Reach::Head`], perhaps as it was a moment ago: an eventually consistent read, which DynamoDB
    /// bills half. What it finds is a whole history up to some version. Enough to propose an append,
    /// whose condition notices; not to say that something is not there.
    Eventual {
        /// [`crate::Aggregate::STATE_SCHEMA`].
        schema: u32,
    },
    /// To this version (or the newest, if that is older), from the newest such snapshot before.
    AsOf {
        /// The last version wanted.
        version: Version,
        /// [`crate::Aggregate::STATE_SCHEMA`].
        schema: u32,
    },
    /// Only what is newer than a head in hand; no snapshot.
    Since {
        /// The version in hand.
        version: Version,
        /// Its hash.
        hash: Hash,
    },
    /// All of it, from version 1, without trusting a snapshot.
    Whole,
}

impl Reach {
    /// To this version or the newest, from the newest snapshot that this program can read.
    pub(crate) const fn back_from<A: Aggregate>(version: Option<Version>) -> Self {
        let schema = A::STATE_SCHEMA;
        match version {
            Some(version) => Self::AsOf { version, schema },
            None => Self::Head { schema },
        }
    }
}

/// What a load found. Versions are contiguous and chained, checked by [`Loaded::checked`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// Where the state starts, unless it starts from nothing.
    pub snapshot: Option<Snapshot>,
    /// What came after, ascending.
    pub change_sets: Vec<ChangeSet>,
}

impl Loaded {
    /// The snapshot and the change sets after it, once they are known to be whole: the last step of
    /// every store's `load`. Without a snapshot, `from` says what the first change set follows:
    /// (0, [`Hash::ZERO`]), or the head in hand.
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

/// How large the bodies of a page may get: one that has come to this many bytes ends there, whatever its limit.
pub const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Which part of a history to page through. A page that ends early, at [`PAGE_BYTES`], holds at least one
/// change set; an empty one says that there are no more.
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
    /// One for each change set.
    pub keys: Vec<(AggregateId, Version)>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
}

/// What became of an append.
#[derive(Clone, Debug, PartialEq)]
pub enum Appended {
    /// It is durable.
    Written,
    /// It was durable already, to the byte, before this append was sent for the first time.
    Again,
    /// Its version was taken already, by this change set.
    Taken(Box<ChangeSet>),
}

/// The most bytes that a body may have: 16 MiB.
pub const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// How many change sets may be appended together (DynamoDB's limit on a transaction).
pub const TOGETHER: usize = 100;

/// What became of an append of several.
#[derive(Clone, Debug, PartialEq)]
pub enum AppendedAll {
    /// All are durable.
    Written,
    /// All of them were durable already, as with [`Appended::Again`].
    Again,
    /// None was written, as these stand in the place of some of them; in their order.
    Taken(Vec<ChangeSet>),
}

/// What can go wrong with a store. A refusal by the domain is none of these, and neither is a conflict.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store does not answer, or says it has too much to do. Safe to repeat.
    #[error("the store is unavailable: {reason}")]
    Unavailable {
        /// What was tried and what came back.
        reason: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// The disk has no room for it. Nothing was written. Safe to repeat once there is room.
    #[error("the disk is full: {0}")]
    Full(String),
    /// What is stored is not what was written.
    #[error("{aggregate} is corrupt at version {version}: {problem}")]
    Corrupt {
        /// Whose history.
        aggregate: AggregateId,
        /// The first version that cannot be trusted.
        version: Version,
        /// What is wrong with it.
        problem: String,
    },
    /// A newer version of this program wrote it, in a schema that this one does not know: update this program. Nothing
    /// is wrong with the history.
    #[error(
        "{aggregate} needs a newer version of this program from version {version} on: {reason}"
    )]
    Newer {
        /// Whose history.
        aggregate: AggregateId,
        /// The first version that this program cannot read.
        version: Version,
        /// The event or the command, with its schema.
        reason: Box<UpcastError>,
    },
    /// The feed is not what sequencers write.
    #[error("the feed is corrupt: {0}")]
    Feed(#[from] FeedBreak),
    /// The change set is larger than any may be, or does not fit into an item where there is nothing
    /// but items.
    #[error("the change set has {bytes} bytes; at most {limit} fit")]
    TooLarge {
        /// Of its body, as it would be kept: compressed, where that is less.
        bytes: usize,
        /// The most that a body may have.
        limit: usize,
    },
    /// More change sets than can be appended together.
    #[error("{count} change sets cannot be appended together; at most {TOGETHER} can")]
    TooMany {
        /// How many.
        count: usize,
    },
    /// The store refuses, and would refuse again: missing permission, missing table.
    #[error("the store refuses: {0}")]
    Refused(String),
    /// A command or its events cannot be written or read back: a defect of the aggregate's types.
    #[error("cannot encode: {0}")]
    Encoding(#[from] DecodeError),
}

impl StoreError {
    /// A history that does not hold together.
    pub fn broken(aggregate: &AggregateId, broken: ChainBreak) -> Self {
        Self::corrupt(aggregate, broken.version(), broken)
    }

    /// A version that cannot be trusted.
    pub fn corrupt(aggregate: &AggregateId, version: Version, problem: impl ToString) -> Self {
        Self::Corrupt { aggregate: aggregate.clone(), version, problem: problem.to_string() }
    }

    /// A version whose events or command cannot be read.
    pub fn unreadable(aggregate: &AggregateId, version: Version, error: DecodeError) -> Self {
        match error {
            DecodeError::Upcast(reason @ UpcastError::Newer { .. }) => {
                Self::Newer { aggregate: aggregate.clone(), version, reason: reason.into() }
            }
            error => Self::corrupt(aggregate, version, error),
        }
    }

    /// Whether the same may succeed when it is asked for again.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Full(_))
    }
}
