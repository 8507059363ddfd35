//! A store that becomes unavailable or damaged on request.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_store::feed::{AppendedBatch, Batch, FeedStore, Reference};
use event_store::{
    AggregateId, Appended, AppendedAll, ChangeSet, Keys, Loaded, MemoryStore, Page, Reach,
    Snapshot, Store, StoreError,
};

#[derive(Clone, Debug)]
pub(crate) struct FaultyStore {
    store: MemoryStore,
    away: Arc<AtomicBool>,
    damaged: Arc<Mutex<Option<AggregateId>>>,
}

impl FaultyStore {
    pub(crate) fn over(store: &MemoryStore) -> Self {
        Self { store: store.clone(), away: Arc::default(), damaged: Arc::default() }
    }

    /// Makes this aggregate's history unreadable from now on.
    pub(crate) fn damage(&self, aggregate: AggregateId) {
        *self.damaged.lock().unwrap() = Some(aggregate);
    }

    pub(crate) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    fn answer(&self) -> Result<(), StoreError> {
        if self.away.load(Ordering::SeqCst) {
            let reason = "injected fault".to_owned();
            return Err(StoreError::Unavailable { reason, retry_after: Duration::ZERO });
        }
        Ok(())
    }
}

impl Store for FaultyStore {
    fn is_same(&self, other: &Self) -> bool {
        self.store.is_same(&other.store)
    }

    async fn load(&self, aggregate: &AggregateId, reach: Reach) -> Result<Loaded, StoreError> {
        self.answer()?;
        self.store.load(aggregate, reach).await
    }

    async fn append(&self, change_set: &ChangeSet) -> Result<Appended, StoreError> {
        self.answer()?;
        self.store.append(change_set).await
    }

    async fn append_all(&self, change_sets: &[ChangeSet]) -> Result<AppendedAll, StoreError> {
        self.answer()?;
        self.store.append_all(change_sets).await
    }

    async fn change_sets(
        &self,
        aggregate: &AggregateId,
        page: Page,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        self.answer()?;
        if self.damaged.lock().unwrap().as_ref() == Some(aggregate) {
            return Err(StoreError::corrupt(aggregate, 1, "injected fault"));
        }
        self.store.change_sets(aggregate, page).await
    }

    async fn keys(&self, cursor: Option<String>) -> Result<Keys, StoreError> {
        self.answer()?;
        self.store.keys(cursor).await
    }

    async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.answer()?;
        self.store.save_snapshot(snapshot).await
    }
}

impl FeedStore for FaultyStore {
    async fn append_batch(&self, batch: &Batch) -> Result<AppendedBatch, StoreError> {
        self.answer()?;
        self.store.append_batch(batch).await
    }

    async fn batches(&self, after: u64, limit: usize) -> Result<Vec<Batch>, StoreError> {
        self.answer()?;
        self.store.batches(after, limit).await
    }

    async fn referenced(&self, references: &[Reference]) -> Result<Vec<ChangeSet>, StoreError> {
        self.answer()?;
        let damaged = self.damaged.lock().unwrap().clone();
        if let Some(one) = references.iter().find(|one| Some(&one.aggregate) == damaged.as_ref()) {
            return Err(StoreError::corrupt(&one.aggregate, one.version, "injected fault"));
        }
        self.store.referenced(references).await
    }
}
