//! The read model as the desk uses it: fed by what the desk commits, asked for lists.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use app::problem::Problem;
use app::views::ItemPage;
use domain::inventory_item::ListItems;
use event_store::dynamodb::DynamoDbStore;
use event_store::feed::{Feed, Reconciled};
use event_store::full_disk;
use event_store::{AggregateId, ChangeSet, StoreError, Timestamp};
use read_model::{Behind, Error, ListError, Listed, Projector, ReadModel};

use crate::problems;

/// How long a list waits for what was acknowledged before it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two attempts to catch up while the store is away.
const PAUSE: Duration = Duration::from_secs(1);

/// What is known when a process comes of what was committed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// All of it is in the rows.
    Complete,
    /// All of it is in the feed, or a tail tells of what is not; the rows may be behind.
    BehindFeed,
    /// Some of it may not be in the feed.
    Unknown,
}

/// Lists, and what keeps them true: the feed, and the read model that follows it.
#[derive(Clone, Debug)]
pub struct Lists {
    model: ReadModel,
    projector: Projector<DynamoDbStore>,
    start: Start,
    /// Whether what was committed before this process came is in the rows.
    caught_up: Arc<AtomicBool>,
}

impl Lists {
    /// Lists out of this read model, which was taken up for the feed's store. Unless it starts complete, it
    /// has to catch up first.
    pub fn new(model: ReadModel, feed: Feed<DynamoDbStore>, start: Start) -> Self {
        let projector = Projector::start(model.clone(), feed);
        let caught_up = Arc::new(AtomicBool::new(start == Start::Complete));
        Self { model, projector, start, caught_up }
    }

    /// The feed of all that is committed.
    pub fn feed(&self) -> &Feed<DynamoDbStore> {
        self.projector.feed()
    }

    /// Puts into the feed what the store has and the feed does not, and into the rows what the feed has,
    /// for as long as it takes.
    ///
    /// # Errors
    /// Why it never can: the feed is not what was written, or the store refuses.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        if self.is_caught_up() {
            return Ok(());
        }
        let found = self.reconcile_if_needed().await?;
        let end = self.feed().head().unwrap_or_default().position;
        let mut applied = self.projector.applied();
        let shown = applied.wait_for(|applied| applied.position.is_some_and(|p| p >= end)).await;
        let shown = shown.map(|_| ());
        if shown.is_ok() {
            let stuck = self.stuck();
            let Reconciled { scanned, missing } = found.unwrap_or_default();
            tracing::info!(scanned, missing, stuck, "the read model caught up");
            self.projector.mark_complete();
            self.caught_up.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Once the feed is read, what comparing it with the store has found, where that is to be done.
    async fn reconcile_if_needed(&self) -> Result<Option<Reconciled>, StoreError> {
        loop {
            let found = match self.feed().opened().await {
                // A feed with nothing in it may be that of a store that was filled before it had one.
                Ok(head) if self.start == Start::BehindFeed && head.batch > 0 => return Ok(None),
                Ok(_) => self.feed().reconcile(|_| {}).await,
                Err(error) => Err(error),
            };
            match found {
                Ok(found) => return Ok(Some(found)),
                Err(error) if error.is_transient() => {
                    full_disk::tell_or(&error, || {
                        tracing::warn!(%error, "the feed is behind; it tries again");
                    });
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether the lists are complete.
    pub fn is_caught_up(&self) -> bool {
        self.caught_up.load(Ordering::Acquire)
    }

    /// How many aggregates the lists show an older version of.
    pub fn stuck(&self) -> u64 {
        self.feed().stuck() + self.projector.applied().borrow().stuck
    }

    /// How many change sets are committed and not in the rows, at least.
    pub async fn lag(&self) -> u64 {
        self.projector.settle(Duration::ZERO).await.map_or_else(|Behind(by)| by, |()| 0)
    }

    /// The latest time at which a change in the rows was recorded.
    pub(super) async fn latest_change(&self) -> Result<Option<Timestamp>, Error> {
        self.model.latest_change().await
    }

    /// Puts in order and applies what was committed, for which the store has to be open still.
    pub async fn finish(&self) {
        self.projector.finish().await;
    }

    /// Closes the read model, after the store, which was left as `seal` says.
    pub async fn close(&self, seal: &str) {
        self.model.close_sealed(seal).await;
    }

    pub(super) fn commit(&self, change_set: &ChangeSet) {
        self.feed().commit(change_set);
    }

    pub(super) fn doubt(&self, aggregate: &AggregateId) {
        self.feed().doubt(aggregate);
    }

    /// Checks that the disk has room for the rows.
    ///
    /// # Errors
    /// `disk-full`; the log has said so.
    pub(super) fn has_room(&self) -> Result<(), Problem> {
        if self.projector.applied().borrow().disk_full {
            return Err(problems::disk_full());
        }
        Ok(())
    }

    /// The SKUs in the lists that read the same as this one. Lists that cannot be read stop no command: they are
    /// asked only for what was claimed before there was one fold.
    pub(super) async fn skus_alike(&self, sku: &str) -> Vec<String> {
        self.model.skus_alike(sku).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "could not look for SKUs that read the same");
            Vec::new()
        })
    }

    pub(crate) async fn items(&self, list: &ListItems) -> Result<ItemPage, Problem> {
        if !self.is_caught_up() {
            return Err(problems::unavailable(
                "the list is still being built; the log says how far",
            ));
        }
        if let Err(behind) = self.projector.settle(PATIENCE).await {
            self.has_room()?;
            tracing::warn!(%behind, "a list was not given");
            return Err(problems::unavailable("the list is behind what was acknowledged"));
        }
        let Listed { rows, next, total } = self.model.list(list).await.map_err(refused)?;
        Ok(ItemPage { rows, next, total })
    }
}

fn refused(error: ListError) -> Problem {
    match error {
        ListError::Failed(Error::Store(error)) => problems::of_store(&error),
        ListError::Failed(error) => problems::defect(&error),
        asked_wrongly => problems::malformed("", asked_wrongly),
    }
}
