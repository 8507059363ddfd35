//! The feed: the dense, totally ordered, resumable sequence of all change sets of all aggregates.
//!
//! Writers assign no positions. A *sequencer* takes version k of an aggregate only after k − 1,
//! and writes [`Batch`]es of [`Reference`]s, each on the condition that its number is not taken
//! yet. Every batch builds on the state after all batches before it. The condition lets only one
//! proposal be the next batch, so any number of sequencers may compete.
//!
//! This module is the pure part: the batch, and the fold over batches, [`Sequence`], by which
//! sequencers propose, followers follow and verifications check. `Feed` (feature `feed`) runs it.

#[cfg(feature = "feed")]
mod entries;
#[cfg(feature = "feed")]
mod inbox;
#[cfg(feature = "feed")]
mod recent;
#[cfg(feature = "feed")]
mod reconcile;
#[cfg(feature = "feed")]
mod running;
#[cfg(feature = "feed")]
mod sequencer;
#[cfg(feature = "feed")]
mod shared;
#[cfg(feature = "feed")]
mod waiting_times;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AggregateId, ChangeSet, Hash, Store, StoreError, Version};
#[cfg(feature = "feed")]
pub use entries::{Entry, FeedError, Subscription};
#[cfg(feature = "feed")]
pub use reconcile::Reconciled;
#[cfg(feature = "feed")]
pub use running::{Feed, Pace, Unsequenced};

/// The position of a change set in the feed, from 1, without gaps. 0 is before the first.
pub type Position = u64;

/// The maximum number of references in a batch.
pub const BATCH: usize = 100;
/// The number of batches that share a partition of the store.
const EPOCH: u64 = 100_000;

/// The permanent name of one change set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "(AggregateName, Version, Hash)", into = "(AggregateName, Version, Hash)")]
pub struct Reference {
    /// The aggregate.
    pub aggregate: AggregateId,
    /// The change set's version.
    pub version: Version,
    /// The change set's hash.
    pub hash: Hash,
}

/// An aggregate id as references write it: `{kind}#{uuid}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct AggregateName(AggregateId);

impl TryFrom<String> for AggregateName {
    type Error = crate::InvalidAggregateId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl From<AggregateName> for String {
    fn from(name: AggregateName) -> Self {
        name.0.to_string()
    }
}

impl From<(AggregateName, Version, Hash)> for Reference {
    fn from((name, version, hash): (AggregateName, Version, Hash)) -> Self {
        Self { aggregate: name.0, version, hash }
    }
}

impl From<Reference> for (AggregateName, Version, Hash) {
    fn from(reference: Reference) -> Self {
        (AggregateName(reference.aggregate), reference.version, reference.hash)
    }
}

impl From<&ChangeSet> for Reference {
    fn from(change_set: &ChangeSet) -> Self {
        Self {
            aggregate: change_set.aggregate.clone(),
            version: change_set.version,
            hash: change_set.hash,
        }
    }
}

/// The n-th piece of the feed: up to [`BATCH`] references. A hash chains it to the previous batch.
/// The hash covers the same bytes as a change set's, with the partition `feed#{epoch}` and the
/// number n in place of the aggregate and the version.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The batch's number, from 1.
    pub number: u64,
    /// The hash of the previous batch; [`Hash::ZERO`] for the first.
    pub prev: Hash,
    /// The batch's own hash, as stored. Publish the newest one to prove later that the feed has not
    /// been truncated.
    pub hash: Hash,
    body: Arc<str>,
    content: Arc<Content>,
}

/// The contents of a batch's body.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Content {
    first: Position,
    references: Vec<Reference>,
}

impl Batch {
    /// The partition in which the batch of this number is kept.
    pub fn partition(number: u64) -> String {
        format!("feed#{}", number / EPOCH)
    }

    /// The first number after this one that is kept in another partition.
    pub const fn next_partition(number: u64) -> u64 {
        (number / EPOCH + 1) * EPOCH
    }

    /// Restores a batch from a store. The hash is taken as it stands; [`Sequence::follow`] checks
    /// it.
    ///
    /// # Errors
    /// When the body is not that of a batch.
    pub fn from_parts(
        number: u64,
        prev: Hash,
        hash: Hash,
        body: impl Into<Arc<str>>,
    ) -> Result<Self, serde_json::Error> {
        let body = body.into();
        let content = Arc::new(serde_json::from_str(&body)?);
        Ok(Self { number, prev, hash, body, content })
    }

    /// The position of the first reference.
    pub fn first(&self) -> Position {
        self.content.first
    }

    /// The references, in the order of the feed.
    pub fn references(&self) -> &[Reference] {
        &self.content.references
    }

    /// The exact bytes that the hash covers.
    pub fn body(&self) -> &str {
        &self.body
    }
}

/// The end of the feed: its newest batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedHead {
    /// The number of the newest batch; 0 when there is none.
    pub batch: u64,
    /// The position of the batch's last reference; 0 when there is none.
    pub position: Position,
    /// The batch's hash.
    pub hash: Hash,
}

/// The state after the batches so far: the end of the feed, and the last version of each aggregate
/// in it.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    head: FeedHead,
    versions: BTreeMap<AggregateId, Version>,
    /// The first position of each batch.
    firsts: Vec<Position>,
}

/// The first point at which the feed is not what a sequencer would have written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("batch {batch} of the feed {problem}")]
pub struct FeedBreak {
    /// The first batch that cannot be trusted.
    pub batch: u64,
    /// The problem with that batch.
    pub problem: String,
}

impl Sequence {
    /// The end of the feed.
    pub fn head(&self) -> FeedHead {
        self.head
    }

    /// The last version of this aggregate in the feed; 0 when there is none.
    pub fn version_of(&self, aggregate: &AggregateId) -> Version {
        self.versions.get(aggregate).copied().unwrap_or(0)
    }

    /// The aggregates in the feed, each with its last version there.
    pub fn versions(&self) -> impl Iterator<Item = (&AggregateId, Version)> {
        self.versions.iter().map(|(aggregate, version)| (aggregate, *version))
    }

    /// The number of the batch that holds this position; `None` if it is not in the feed.
    pub fn batch_of(&self, position: Position) -> Option<u64> {
        let known = (1..=self.head.position).contains(&position);
        known.then(|| self.firsts.partition_point(|first| *first <= position) as u64)
    }

    /// Proposes the next batch, with these references. They may be of any aggregates, but each must
    /// follow the last version of its aggregate in the feed, or earlier in the list. References
    /// beyond [`BATCH`] are left out.
    ///
    /// # Errors
    /// When the batch cannot be written as JSON.
    pub fn propose(&self, references: &[Reference]) -> Result<Batch, serde_json::Error> {
        let references = references.iter().take(BATCH).cloned().collect();
        let content = Content { first: self.head.position + 1, references };
        let (number, prev) = (self.head.batch + 1, self.head.hash);
        let body: Arc<str> = serde_json::to_string(&content)?.into();
        let hash = Hash::sealing(prev, &Batch::partition(number), number, &body);
        Ok(Batch { number, prev, hash, body, content: Arc::new(content) })
    }

    /// Takes in the next batch, after checking all that makes a feed: numbers and positions without
    /// a gap, the chain, and each aggregate's versions in order, none missing and none twice.
    ///
    /// # Errors
    /// The rule that does not hold; the sequence is then unchanged.
    pub fn follow(&mut self, batch: &Batch) -> Result<(), FeedBreak> {
        let number = self.head.batch + 1;
        let broken = |problem: String| Err(FeedBreak { batch: number, problem });
        let Batch { prev, hash, ref body, .. } = *batch;
        if batch.number != number {
            return broken(format!("is missing: batch {} stands in its place", batch.number));
        }
        if prev != self.head.hash {
            return broken("does not chain to the batch before".to_owned());
        }
        if hash != Hash::sealing(prev, &Batch::partition(number), number, body) {
            return broken("was altered: its hash does not match its body".to_owned());
        }
        let expected = self.head.position + 1;
        if batch.first() != expected {
            return broken(format!("begins at position {}, not {expected}", batch.first()));
        }
        if !(1..=BATCH).contains(&batch.references().len()) {
            return broken(format!("has {} references", batch.references().len()));
        }
        let mut newer: BTreeMap<&AggregateId, Version> = BTreeMap::new();
        for Reference { aggregate, version, .. } in batch.references() {
            let last = newer.entry(aggregate).or_insert_with(|| self.version_of(aggregate));
            if *version != *last + 1 {
                return broken(format!("has version {version} of {aggregate} after {last}"));
            }
            *last = *version;
        }
        for (aggregate, version) in newer {
            match self.versions.get_mut(aggregate) {
                Some(known) => *known = version,
                None => _ = self.versions.insert(aggregate.clone(), version),
            }
        }
        let position = self.head.position + batch.references().len() as u64;
        self.firsts.push(expected);
        self.head = FeedHead { batch: number, position, hash };
        Ok(())
    }
}

/// The outcome of an append of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum AppendedBatch {
    /// The batch is durable.
    Written,
    /// Its number was already taken, by this batch.
    Taken(Batch),
}

/// A store that also keeps a feed.
pub trait FeedStore: Store {
    /// Writes a batch unless its number is taken. An unknown outcome is resolved by reading back.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when reading back gets no answer either; retrying the same batch
    /// is safe.
    fn append_batch(
        &self,
        batch: &Batch,
    ) -> impl Future<Output = Result<AppendedBatch, StoreError>> + Send;

    /// Returns up to `limit` batches with numbers above `after`, ascending, as stored; at least one
    /// if any exists.
    ///
    /// # Errors
    /// [`StoreError::Feed`] when a body is not that of a batch.
    fn batches(
        &self,
        after: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Batch>, StoreError>> + Send;

    /// Returns the change sets that up to [`BATCH`] different references name, in the same order.
    /// The result ends early with the change set whose body brings it to
    /// [`PAGE_BYTES`](crate::PAGE_BYTES).
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for the first one that is missing, or is not the one that is named.
    fn referenced(
        &self,
        references: &[Reference],
    ) -> impl Future<Output = Result<Vec<ChangeSet>, StoreError>> + Send;
}

impl Reference {
    /// Returns the change set that was found in this place, if it is the one named here.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is missing, is another one, or was altered.
    pub fn resolve(&self, found: Option<ChangeSet>) -> Result<ChangeSet, StoreError> {
        let corrupt = |problem| Err(StoreError::corrupt(&self.aggregate, self.version, problem));
        match found {
            None => corrupt("the feed names it, but it is missing"),
            Some(other) if other.hash != self.hash => {
                corrupt("its hash is not the one in the feed")
            }
            Some(altered) if !altered.is_unaltered() => {
                corrupt("it was altered: its hash does not match its body")
            }
            Some(own) => Ok(own),
        }
    }
}
