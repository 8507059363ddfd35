use event_store::dynamodb::DynamoDbStore;
use event_store::feed::{Batch, FeedHead, FeedStore, Sequence};
use event_store::{FeedBreak, Hash, StoreError};

use super::Root;
use super::notes::{Finding, MissingVersions, Notes};
use super::root::RootLost;
use crate::retrying_store::RetryingStore;
use crate::walk::Found;

/// Batches read at a time.
const PAGE: usize = 100;

/// The feed, followed from its start to its end or to the first break.
#[derive(Debug)]
pub(super) struct Followed {
    store: RetryingStore<DynamoDbStore>,
    sequence: Sequence,
    /// A root that the feed once had.
    root: Option<Root>,
    /// The hash of the batch with the root's number, once that batch has been read.
    met: Option<Hash>,
    /// The break at which following stopped.
    pub(super) broken: Option<FeedBreak>,
}

impl Followed {
    /// Follows the whole feed and looks for `root` on the way.
    pub(super) async fn to_its_end(
        store: &RetryingStore<DynamoDbStore>,
        root: Option<Root>,
    ) -> Result<Self, StoreError> {
        let (store, sequence) = (store.clone(), Sequence::default());
        let mut followed = Self { store, sequence, root, met: None, broken: None };
        followed.go_on().await?;
        Ok(followed)
    }

    /// Returns the end of the feed, as far as it holds.
    pub(super) fn head(&self) -> FeedHead {
        self.sequence.head()
    }

    /// Returns how the root was lost, if it was. Beyond a break that is unknown.
    pub(super) fn lost(&self) -> Option<RootLost> {
        let root = self.root?;
        match self.met {
            Some(hash) => (hash != root.hash).then_some(RootLost::Rewritten { root, hash }),
            None if self.broken.is_some() => None,
            None => Some(RootLost::CutOff { root, newest: self.head().batch }),
        }
    }

    /// Returns the versions of this aggregate that the feed lacks. Unknown for a broken feed.
    pub(super) async fn lacks(
        &mut self,
        found: &Found,
    ) -> Result<Option<MissingVersions>, StoreError> {
        let Found { ref aggregate, change_sets: last, .. } = *found;
        if last > self.sequence.version_of(aggregate) {
            // Other processes may have sequenced them in the meantime.
            self.go_on().await?;
        }
        let first = self.sequence.version_of(aggregate) + 1;
        let waits = self.broken.is_none() && first <= last;
        Ok(waits.then(|| MissingVersions { aggregate: aggregate.clone(), first, last }))
    }

    /// Resolves the references of the batch after the last noted one, and notes each change set
    /// that is missing or differs. Returns the number of references; `None` where the feed ends.
    pub(super) async fn resolve(&self, notes: &mut Notes) -> Result<Option<u64>, StoreError> {
        if notes.batch >= self.sequence.head().batch {
            return Ok(None);
        }
        let next = self.store.batches(notes.batch, 1).await?.pop();
        let Some(batch) = next else { return Ok(None) };
        self.look_up(&batch, notes).await?;
        notes.batch = batch.number;
        Ok(Some(batch.references().len() as u64))
    }

    async fn look_up(&self, batch: &Batch, notes: &mut Notes) -> Result<(), StoreError> {
        let mut rest = batch.references();
        while !rest.is_empty() {
            let (aggregate, version, problem) = match self.store.referenced(rest).await {
                // Of large change sets, only the first ones are returned.
                Ok(found) => {
                    rest = rest.get(found.len()..).unwrap_or_default();
                    continue;
                }
                Err(StoreError::Corrupt { aggregate, version, problem }) => {
                    (aggregate, version, problem)
                }
                Err(error) => return Err(error),
            };
            let place = rest
                .iter()
                .position(|named| (&named.aggregate, named.version) == (&aggregate, version));
            notes.add_named(Finding { aggregate, version, problem });
            // A finding outside the batch would repeat forever, so the rest is skipped.
            rest = place.and_then(|place| rest.get(place + 1..)).unwrap_or_default();
        }
        Ok(())
    }

    async fn go_on(&mut self) -> Result<(), StoreError> {
        while self.broken.is_none() {
            let known = self.sequence.head().batch;
            let batches = match self.store.batches(known, PAGE).await {
                Ok(batches) if batches.is_empty() => return Ok(()),
                Ok(batches) => batches,
                Err(StoreError::Feed(broken)) => {
                    self.broken = Some(broken);
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            for batch in &batches {
                if let Err(broken) = self.sequence.follow(batch) {
                    self.broken = Some(broken);
                    break;
                }
                if self.root.is_some_and(|root| root.batch == batch.number) {
                    self.met = Some(batch.hash);
                }
            }
        }
        Ok(())
    }
}
