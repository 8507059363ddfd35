//! A store that retries while the store behind it is unavailable.

use std::fmt::Display;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use api::Problem;
use event_store::dynamodb::DynamoDbStore;
use event_store::feed::{AppendedBatch, Batch, Feed, FeedStore, Pace, Reference};
use event_store::{
    AggregateId, Appended, AppendedAll, ChangeSet, Keys, Loaded, Page, Reach, Snapshot, Store,
    StoreError,
};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::open::OpenStore;

/// The longest outage to wait out.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// The pause before the first retry; each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A store that retries every operation while the store behind it is unavailable or throttles. It
/// is for work that no person waits for and that would otherwise start over. All clones share one
/// outage, so that several callers do not wait longer than one.
#[derive(Clone, Debug)]
pub(crate) struct RetryingStore<S> {
    store: S,
    patience: Duration,
    outage: Arc<Outage>,
}

/// An error that a retry may clear.
pub(crate) trait Passing: Display {
    /// Returns whether a retry may clear it.
    fn is_passing(&self) -> bool;
}

impl Passing for StoreError {
    fn is_passing(&self) -> bool {
        self.is_transient()
    }
}

impl Passing for Problem {
    fn is_passing(&self) -> bool {
        self.is_passing()
    }
}

#[derive(Debug, Default)]
struct Outage {
    since: Mutex<Option<Instant>>,
    given_up: watch::Sender<bool>,
}

/// Starts the feed of an open store, which waits out its outages.
pub(crate) fn feed_of(open: &OpenStore) -> Feed<RetryingStore<DynamoDbStore>> {
    let pace = if open.is_ours_alone() { Pace::ALONE } else { Pace::SHARED };
    Feed::start(RetryingStore::new(open.store.clone()), pace)
}

impl<S> RetryingStore<S> {
    pub(crate) fn new(store: S) -> Self {
        Self { store, patience: PATIENCE, outage: Arc::default() }
    }

    /// Ends the waiting, here and in all clones: an outage is an error from here on.
    pub(crate) fn give_up(&self) {
        self.outage.given_up.send_replace(true);
    }

    /// Runs another operation on this store, with retries.
    ///
    /// # Errors
    /// The last transient error, or the first permanent one.
    pub(crate) async fn patiently<T, E, F>(&self, ask: impl Fn() -> F + Send + Sync) -> Result<T, E>
    where
        T: Send,
        E: Passing + Send,
        F: Future<Output = Result<T, E>> + Send,
    {
        let mut pause = FIRST_PAUSE;
        // Kept from the first failure on: the success of another caller must not prolong the wait.
        let mut since = None;
        loop {
            let error = match ask().await {
                Err(error) if error.is_passing() => error,
                answer => {
                    self.outage.ends();
                    return answer;
                }
            };
            let since = *since.get_or_insert_with(|| self.outage.since(&error));
            if since.elapsed() >= self.patience {
                return Err(error);
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = self.outage.given_up() => return Err(error),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl Outage {
    /// Returns when the outage began, and logs its start once.
    fn since(&self, error: &impl Passing) -> Instant {
        *self.state().get_or_insert_with(|| {
            tracing::warn!(%error, patience = ?PATIENCE, "a request to the store failed; retrying");
            Instant::now()
        })
    }

    fn ends(&self) {
        if self.state().take().is_some() {
            tracing::info!("the store answers again");
        }
    }

    async fn given_up(&self) {
        // The sender lives in `self`, so that this cannot fail.
        let _ = self.given_up.subscribe().wait_for(|given_up| *given_up).await;
    }

    fn state(&self) -> MutexGuard<'_, Option<Instant>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Store> Store for RetryingStore<S> {
    fn is_same(&self, other: &Self) -> bool {
        self.store.is_same(&other.store)
    }

    async fn load(&self, aggregate: &AggregateId, reach: Reach) -> Result<Loaded, StoreError> {
        self.patiently(|| self.store.load(aggregate, reach)).await
    }

    async fn append(&self, change_set: &ChangeSet) -> Result<Appended, StoreError> {
        self.patiently(|| self.store.append(change_set)).await
    }

    async fn append_all(&self, change_sets: &[ChangeSet]) -> Result<AppendedAll, StoreError> {
        self.patiently(|| self.store.append_all(change_sets)).await
    }

    async fn change_sets(
        &self,
        aggregate: &AggregateId,
        page: Page,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        self.patiently(|| self.store.change_sets(aggregate, page)).await
    }

    async fn keys(&self, cursor: Option<String>) -> Result<Keys, StoreError> {
        self.patiently(|| self.store.keys(cursor.clone())).await
    }

    async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.patiently(|| self.store.save_snapshot(snapshot)).await
    }
}

impl<S: FeedStore> FeedStore for RetryingStore<S> {
    async fn append_batch(&self, batch: &Batch) -> Result<AppendedBatch, StoreError> {
        self.patiently(|| self.store.append_batch(batch)).await
    }

    async fn batches(&self, after: u64, limit: usize) -> Result<Vec<Batch>, StoreError> {
        self.patiently(|| self.store.batches(after, limit)).await
    }

    async fn referenced(&self, references: &[Reference]) -> Result<Vec<ChangeSet>, StoreError> {
        self.patiently(|| self.store.referenced(references)).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use event_store::MemoryStore;
    use tokio::time::timeout;

    use super::*;

    fn away() -> StoreError {
        StoreError::Unavailable { reason: "throttled".to_owned(), retry_after: Duration::ZERO }
    }

    /// Runs an operation that gives these two results in turn; returns the result and the number of
    /// attempts.
    async fn asked(
        patience: Duration,
        said: [fn() -> Result<(), StoreError>; 2],
    ) -> (Result<(), StoreError>, u32) {
        let times = AtomicU32::new(0);
        let store = RetryingStore { patience, ..RetryingStore::new(MemoryStore::default()) };
        let answer = store.patiently(|| {
            let first = times.fetch_add(1, Ordering::Relaxed) == 0;
            let [once, twice] = said;
            async move { if first { once() } else { twice() } }
        });
        (answer.await, times.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn an_unavailable_store_is_retried_for_a_limited_time() {
        let (answer, times) = asked(PATIENCE, [|| Err(away()), || Ok(())]).await;
        assert!(answer.is_ok() && times == 2, "{answer:?}, {times}");
        let short = FIRST_PAUSE / 2;
        let (answer, times) = asked(short, [|| Err(away()), || Err(away())]).await;
        assert!(answer.is_err_and(|error| error.is_transient()) && times == 2, "{times}");
        let refuses = || Err(StoreError::Refused("no".to_owned()));
        let (answer, times) = asked(PATIENCE, [refuses, || Ok(())]).await;
        assert!(answer.is_err() && times == 1, "{times}");
    }

    #[tokio::test]
    async fn giving_up_ends_the_wait() {
        let store = RetryingStore::new(MemoryStore::default());
        let clone = store.clone();
        let waiting = async { clone.patiently(async || Err::<(), _>(away())).await };
        let giving_up = async {
            sleep(FIRST_PAUSE / 10).await;
            store.give_up();
        };
        let both = async { tokio::join!(waiting, giving_up) };
        let answer = timeout(FIRST_PAUSE / 2, both).await;
        assert!(answer.is_ok_and(|(answer, ())| answer.is_err()));
    }
}
