use event_store::dynamodb::DynamoDbStore;
use event_store::feed::{Batch, FeedStore, Sequence};
use event_store::{FeedBreak, StoreError};

use super::Found;
use super::notes::{Finding, Notes};

/// Batches read at a time.
const PAGE: usize = 100;

/// The feed, followed as far as it holds.
#[derive(Debug)]
pub(super) struct Followed {
    store: DynamoDbStore,
    sequence: Sequence,
    /// Why it goes no further.
    pub(super) broken: Option<FeedBreak>,
}

impl Followed {
    /// Follows all that is there.
    pub(super) async fn to_its_end(store: &DynamoDbStore) -> Result<Self, StoreError> {
        let mut followed =
            Self { store: store.clone(), sequence: Sequence::default(), broken: None };
        followed.go_on().await?;
        Ok(followed)
    }

    /// How many of its change sets are not in the feed. Of a broken feed that cannot be told.
    pub(super) async fn lacks(&mut self, found: &Found) -> Result<u64, StoreError> {
        if found.change_sets > self.sequence.version_of(&found.aggregate) {
            // Others may have put them in order meanwhile.
            self.go_on().await?;
        }
        let known = self.sequence.version_of(&found.aggregate);
        Ok(if self.broken.is_some() { 0 } else { found.change_sets.saturating_sub(known) })
    }

    /// Looks up what the batch after those noted names, and notes what is not there, or is another. `None`
    /// at the end of what holds; otherwise how many it names.
    pub(super) async fn resolve(&self, notes: &mut Notes) -> Result<Option<u64>, StoreError> {
        if notes.batch >= self.sequence.head().batch {
            return Ok(None);
        }
        let Some(batch) = self.store.batches(notes.batch, 1).await?.pop() else { return Ok(None) };
        self.look_up(&batch, notes).await?;
        notes.batch = batch.number;
        Ok(Some(batch.references().len() as u64))
    }

    async fn look_up(&self, batch: &Batch, notes: &mut Notes) -> Result<(), StoreError> {
        let mut rest = batch.references();
        while !rest.is_empty() {
            let (aggregate, version, problem) = match self.store.referenced(rest).await {
                // Of large ones it gives the first.
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
            // One that is not among them would be found for ever.
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
            let follows = |batch: &Batch| self.sequence.follow(batch);
            self.broken = batches.iter().map(follows).find_map(Result::err);
        }
        Ok(())
    }
}
