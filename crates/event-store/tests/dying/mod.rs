//! A store whose process dies at a chosen call.

use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use event_store::feed::{AppendedBatch, Batch, FeedStore, Reference};
use event_store::{
    AggregateId, Appended, AppendedAll, ChangeSet, Keys, Loaded, MemoryStore, Page, Reach,
    Snapshot, Store, StoreError,
};
use tokio::sync::Notify;

/// The call at which the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    Before(usize),
    After(usize),
    /// At the first append, which is carried out but never answered. All other calls work.
    Appending,
}

/// The memory store as the process sees it. The store outlives the process: after the death, no
/// call is carried out and none is answered.
#[derive(Clone, Debug)]
pub(crate) struct Dying {
    store: MemoryStore,
    death: Death,
    calls: Arc<AtomicUsize>,
    died: Arc<Notify>,
}

impl Dying {
    pub(crate) fn at(death: Death, store: &MemoryStore) -> Self {
        Self { store: store.clone(), death, calls: Arc::default(), died: Arc::default() }
    }

    /// Waits until the process has died.
    pub(crate) async fn died(&self) {
        self.died.notified().await;
    }

    /// The number of calls so far.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    async fn call<T>(&self, call: impl Future<Output = T>) -> T {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let (Death::Before(last) | Death::After(last)) = self.death else { return call.await };
        if number < last {
            return call.await;
        }
        if self.death == Death::After(number) {
            call.await;
        }
        self.died.notify_one();
        pending().await
    }
}

impl Dying {
    async fn append_call<T>(&self, call: impl Future<Output = T>) -> T {
        if self.death != Death::Appending {
            return self.call(call).await;
        }
        call.await;
        self.died.notify_one();
        pending().await
    }
}

impl Store for Dying {
    fn is_same(&self, other: &Self) -> bool {
        self.store.is_same(&other.store)
    }

    async fn load(&self, aggregate: &AggregateId, reach: Reach) -> Result<Loaded, StoreError> {
        self.call(self.store.load(aggregate, reach)).await
    }

    async fn append(&self, change_set: &ChangeSet) -> Result<Appended, StoreError> {
        self.append_call(self.store.append(change_set)).await
    }

    async fn append_all(&self, change_sets: &[ChangeSet]) -> Result<AppendedAll, StoreError> {
        self.append_call(self.store.append_all(change_sets)).await
    }

    async fn change_sets(
        &self,
        aggregate: &AggregateId,
        page: Page,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        self.call(self.store.change_sets(aggregate, page)).await
    }

    async fn keys(&self, cursor: Option<String>) -> Result<Keys, StoreError> {
        self.call(self.store.keys(cursor)).await
    }

    async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.call(self.store.save_snapshot(snapshot)).await
    }
}

impl FeedStore for Dying {
    async fn append_batch(&self, batch: &Batch) -> Result<AppendedBatch, StoreError> {
        self.call(self.store.append_batch(batch)).await
    }

    async fn batches(&self, after: u64, limit: usize) -> Result<Vec<Batch>, StoreError> {
        self.call(self.store.batches(after, limit)).await
    }

    async fn referenced(&self, references: &[Reference]) -> Result<Vec<ChangeSet>, StoreError> {
        self.call(self.store.referenced(references)).await
    }
}
