//! The read model as the desk uses it: fed with the desk's commits, queried for lists.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::{Code, ListPage, Problem};
use domain::list::ListRequest;
use event_store::dynamodb::DynamoDbStore;
use event_store::feed::{Feed, Reconciled};
use event_store::full_disk;
use event_store::{AggregateId, ChangeSet, StoreError, Timestamp};
use read_model::{Behind, Error, ListError, Listed, Projector, ReadModel};

use crate::problems;

/// The time to wait until acknowledged change sets are in the rows.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause between two attempts to catch up while the store is unavailable.
const PAUSE: Duration = Duration::from_secs(1);

/// The state of earlier commits when a process starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// All of them are in the rows.
    Complete,
    /// All of them are in the feed, or a tail reports those that are not; the rows may lag.
    BehindFeed,
    /// Some of them may not be in the feed.
    Unknown,
}

/// The lists, with the feed and the read model that keep them up to date.
#[derive(Clone, Debug)]
pub struct Lists {
    model: ReadModel,
    projector: Projector<DynamoDbStore>,
    start: Start,
    /// Set once everything that was committed before this process started is in the rows.
    caught_up: Arc<AtomicBool>,
}

impl Lists {
    /// Creates the lists from this read model, which was opened for the feed's store. Unless the
    /// start is complete, they have to catch up first.
    pub fn new(model: ReadModel, feed: Feed<DynamoDbStore>, start: Start) -> Self {
        let projector = Projector::start(model.clone(), feed);
        let caught_up = Arc::new(AtomicBool::new(start == Start::Complete));
        Self { model, projector, start, caught_up }
    }

    /// Returns the feed of everything that is committed.
    pub fn feed(&self) -> &Feed<DynamoDbStore> {
        self.projector.feed()
    }

    /// Puts into the feed what only the store has, and into the rows what only the feed has,
    /// however long that takes.
    ///
    /// # Errors
    /// A permanent error: the feed is not what was written, or the store refuses.
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

    /// Waits for the feed to be read, then compares it with the store if that is necessary.
    async fn reconcile_if_needed(&self) -> Result<Option<Reconciled>, StoreError> {
        loop {
            let found = match self.feed().opened().await {
                // An empty feed may belong to a store that was filled before it had a feed.
                Ok(head) if self.start == Start::BehindFeed && head.batch > 0 => return Ok(None),
                Ok(_) => self.feed().reconcile(|_| {}).await,
                Err(error) => Err(error),
            };
            match found {
                Ok(found) => return Ok(Some(found)),
                Err(error) if error.is_transient() => {
                    full_disk::tell_or(&error, || {
                        tracing::warn!(%error, "the feed lags; retrying");
                    });
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns whether the lists are complete.
    pub fn is_caught_up(&self) -> bool {
        self.caught_up.load(Ordering::Acquire)
    }

    /// Returns the number of aggregates that the lists show in an older version.
    pub fn stuck(&self) -> u64 {
        self.feed().stuck() + self.projector.applied().borrow().stuck
    }

    /// Returns the number of change sets that are committed and not in the rows, at least.
    pub async fn lag(&self) -> u64 {
        self.projector.settle(Duration::ZERO).await.map_or_else(|Behind(by)| by, |()| 0)
    }

    /// Returns the latest time at which a change in the rows was recorded.
    pub(super) async fn latest_change(&self) -> Result<Option<Timestamp>, Error> {
        self.model.latest_change().await
    }

    /// Sequences and applies everything that was committed. The store must still be open.
    pub async fn finish(&self) {
        self.projector.finish().await;
    }

    /// Closes the read model. The store must be closed already; `seal` is the state it was left in.
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
    /// `disk-full`, which the log has already reported.
    pub(super) fn has_room(&self) -> Result<(), Problem> {
        if self.projector.applied().borrow().disk_full {
            return Err(problems::disk_full());
        }
        Ok(())
    }

    /// Returns the listed SKUs that read the same as this one. Lists that cannot be read stop no
    /// command: they matter only to claims from before there was one fold.
    pub(super) async fn skus_alike(&self, sku: &str) -> Vec<String> {
        self.model.skus_alike(sku).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "could not look for SKUs that read the same");
            Vec::new()
        })
    }

    pub(crate) async fn list(
        &self,
        kind: &str,
        request: &ListRequest,
    ) -> Result<ListPage, Problem> {
        if !self.is_caught_up() {
            return Err(problems::unavailable(
                "the list is still being built; the log says how far",
            ));
        }
        if let Err(behind) = self.projector.settle(PATIENCE).await {
            self.has_room()?;
            tracing::warn!(%behind, "a list request was refused");
            return Err(problems::unavailable(
                "the list does not show the latest changes yet; try again",
            ));
        }
        let listed = self.model.list(kind, request).await.map_err(refused)?;
        let Listed { rows, next, total } = listed;
        let rows = rows.into_iter().map(|row| row.map(Into::into)).collect();
        Ok(ListPage { rows, next, total })
    }
}

fn refused(error: ListError) -> Problem {
    match error {
        ListError::Failed(Error::Store(error)) => problems::of_store(&error),
        ListError::Failed(error) => problems::defect(&error),
        ListError::Kind(_) => Problem::new(Code::UnknownKind, error.to_string()),
        asked_wrongly => problems::malformed("", asked_wrongly),
    }
}
