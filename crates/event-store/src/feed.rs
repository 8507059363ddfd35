//! The feed: the dense, totally ordered, resumable sequence of all change sets of all aggregates.
//!
//! Writers assign no positions. A *sequencer* takes version k of an aggregate only after k − 1 and
//! writes [`Batch`]es of [`Reference`]s, each under the condition that its number is not taken yet. A
//! batch is proposed on the state that all batches before it give, and that condition lets only one be
//! the next, so that any number of sequencers may try at once.
//!
//! This module is the pure part: what a batch is, and the fold over batches, [`Sequence`], by which
//! sequencers propose, followers follow and audits check. `Feed` (feature `feed`) is what runs.

#[cfg(feature = "feed")]
mod entries;
#[cfg(feature = "feed")]
mod inbox;
#[cfg(feature = "feed")]
mod recent;
#[cfg(feature = "feed")]
mod running;
#[cfg(feature = "feed")]
mod sequencer;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AggregateId, ChangeSet, Hash, Store, StoreError, Version};
#[cfg(feature = "feed")]
pub use entries::{Entry, FeedError, Subscription};
#[cfg(feature = "feed")]
pub use running::{Feed, Pace, Reconciled, Unsequenced};

/// The place of a change set in the feed, from 1, without holes. 0: before the first.
pub type Position = u64;

/// How many references a batch holds at most.
pub const BATCH: usize = 100;
/// How many batches share a partition of the store.
const EPOCH: u64 = 100_000;

/// Names one change set, for good.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "(AggregateName, Version, Hash)", into = "(AggregateName, Version, Hash)")]
pub struct Reference {
    /// Whose.
    pub aggregate: AggregateId,
    /// Its version.
    pub version: Version,
    /// Its hash.
    pub hash: Hash,
}

/// `{kind}#{uuid}`, as references are written.
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

/// The n-th piece of the feed: up to [`BATCH`] references, chained to the batch before by a hash over
/// the same bytes as a change set's, with the partition `feed#{epoch}` and the number n in place of the
/// aggregate and the version.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Its number, from 1.
    pub number: u64,
    /// The hash of the batch before; [`Hash::ZERO`] for the first.
    pub prev: Hash,
    /// Its own hash as it stands: the newest one is what one publishes, to prove later that nothing
    /// has been cut off.
    pub hash: Hash,
    body: Arc<str>,
    content: Arc<Content>,
}

/// What the body of a batch says.
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

    /// The first number that is kept in another partition than this one.
    pub const fn next_partition(number: u64) -> u64 {
        (number / EPOCH + 1) * EPOCH
    }

    /// A batch as a store gives it back. Its hash is taken as it stands: [`Sequence::follow`] says
    /// whether it is true.
    ///
    /// # Errors
    /// When the body is not a batch's.
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

    /// The position of its first reference.
    pub fn first(&self) -> Position {
        self.content.first
    }

    /// What it puts in order.
    pub fn references(&self) -> &[Reference] {
        &self.content.references
    }

    /// The exact bytes that the hash covers.
    pub fn body(&self) -> &str {
        &self.body
    }
}

/// Where the feed ends: its newest batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedHead {
    /// The number of the newest batch; 0 when there is none.
    pub batch: u64,
    /// The position of its last reference; 0 when there is none.
    pub position: Position,
    /// Its hash.
    pub hash: Hash,
}

/// What the batches so far say: where the feed ends, and which version of each aggregate is the last in it.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    head: FeedHead,
    versions: BTreeMap<AggregateId, Version>,
    /// The first position of each batch.
    firsts: Vec<Position>,
}

/// Where and how the feed stops being what sequencers write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("batch {batch} of the feed {problem}")]
pub struct FeedBreak {
    /// The first batch that cannot be trusted.
    pub batch: u64,
    /// What is wrong with it.
    pub problem: String,
}

impl Sequence {
    /// Where the feed ends.
    pub fn head(&self) -> FeedHead {
        self.head
    }

    /// The last version of this aggregate that is in the feed; 0 when none is.
    pub fn version_of(&self, aggregate: &AggregateId) -> Version {
        self.versions.get(aggregate).copied().unwrap_or(0)
    }

    /// The aggregates that are in the feed, each with its last version there.
    pub fn versions(&self) -> impl Iterator<Item = (&AggregateId, Version)> {
        self.versions.iter().map(|(aggregate, version)| (aggregate, *version))
    }

    /// The number of the batch that holds this position, if it is in the feed.
    pub fn batch_of(&self, position: Position) -> Option<u64> {
        let known = (1..=self.head.position).contains(&position);
        known.then(|| self.firsts.partition_point(|first| *first <= position) as u64)
    }

    /// The next batch, if these references are in it: of any aggregates, but each following what is in the
    /// feed of its aggregate or came before it here. Of more than [`BATCH`] those beyond are left out.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn propose(&self, references: &[Reference]) -> Result<Batch, serde_json::Error> {
        let references = references.iter().take(BATCH).cloned().collect();
        let content = Content { first: self.head.position + 1, references };
        let (number, prev) = (self.head.batch + 1, self.head.hash);
        let body: Arc<str> = serde_json::to_string(&content)?.into();
        let hash = Hash::sealing(prev, &Batch::partition(number), number, &body);
        Ok(Batch { number, prev, hash, body, content: Arc::new(content) })
    }

    /// Takes in the next batch, after checking all that makes a feed: numbers and positions without a
    /// hole, the chain, and each aggregate's versions in order, none missing and none twice.
    ///
    /// # Errors
    /// What does not hold; nothing is taken in then.
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

/// What became of an append of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum AppendedBatch {
    /// It is durable.
    Written,
    /// Its number was taken already, by this batch.
    Taken(Batch),
}

/// A store that keeps a feed too.
pub trait FeedStore: Store {
    /// Writes a batch unless its number is taken. An unknown outcome has been resolved by reading back.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when even reading back found no answer: the same batch may be sent
    /// again.
    fn append_batch(
        &self,
        batch: &Batch,
    ) -> impl Future<Output = Result<AppendedBatch, StoreError>> + Send;

    /// Up to `limit` batches, at least one if there is one, with numbers above `after`, ascending, as they
    /// stand.
    ///
    /// # Errors
    /// [`StoreError::Feed`] when a body is not a batch's.
    fn batches(
        &self,
        after: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Batch>, StoreError>> + Send;

    /// The change sets that up to [`BATCH`] different references name, in their order: of all of them, or of
    /// the first ones up to that whose body comes to [`PAGE_BYTES`](crate::PAGE_BYTES).
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for the first one that is not there, or is not the one that is named.
    fn referenced(
        &self,
        references: &[Reference],
    ) -> impl Future<Output = Result<Vec<ChangeSet>, StoreError>> + Send;
}

impl Reference {
    /// What was found in the place that this names, if it is what this names.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn resolve(&self, found: Option<ChangeSet>) -> Result<ChangeSet, StoreError> {
        let corrupt = |problem| Err(StoreError::corrupt(&self.aggregate, self.version, problem));
        match found {
            None => corrupt("the feed names it, and it is not there"),
            Some(other) if other.hash != self.hash => corrupt("it is not the one in the feed"),
            Some(altered) if !altered.is_unaltered() => {
                corrupt("it was altered: its hash does not match its body")
            }
            Some(own) => Ok(own),
        }
    }
}
