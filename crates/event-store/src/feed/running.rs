use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::sequencer::Sequencer;
use super::shared::Shared;
use super::waiting_times::WaitingTimes;
use super::{FeedHead, FeedStore, Position};
use crate::{AggregateId, ChangeSet, StoreError, Version};

/// The pace at which a sequencer acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The minimum time between two batches; commits in the meantime share the next one.
    pub between: Duration,
    /// The interval between looks for batches of other writers; `None` if nobody else writes.
    pub look: Option<Duration>,
}

impl Pace {
    /// The pace for a store that this process alone writes to. [`Feed::open`] finds what an earlier
    /// process left undone.
    pub const ALONE: Self = Self { between: Duration::from_millis(10), look: None };
    /// The pace for a store that others write to as well.
    pub const SHARED: Self =
        Self { between: Duration::from_millis(50), look: Some(Duration::from_millis(500)) };
}

/// A feed running in this process: a sequencer in the background, and the order that it has made.
/// Cheap to clone. The feed ends with [`Feed::finish`], or when the last clone is dropped; handlers
/// and subscriptions hold clones, too.
///
/// It holds a few hundred bytes of each aggregate in memory, and eight of each batch.
#[derive(Debug)]
pub struct Feed<S>(Arc<Handle<S>>);

impl<S> Clone for Feed<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Handle<S> {
    store: S,
    shared: Arc<Shared>,
    /// The number of commits put into the inbox that are in the feed, with all that came before
    /// them.
    settled: watch::Receiver<u64>,
    waiting: Mutex<WaitingTimes>,
    /// `None` until the existing feed has been read.
    head: watch::Receiver<Option<FeedHead>>,
    is_shared: bool,
    task: Mutex<Option<JoinHandle<bool>>>,
}

impl<S: fmt::Debug> fmt::Debug for Handle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed")
            .field("store", &self.store)
            .field("head", &*self.head.borrow())
            .finish_non_exhaustive()
    }
}

/// The feed does not yet hold everything that was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the feed lags by at least {0} change sets")]
pub struct Unsequenced(pub u64);

impl<S: FeedStore> Feed<S> {
    /// Starts a sequencer, which first reads the existing feed. It belongs to the runtime that this
    /// is called in.
    pub fn start(store: S, pace: Pace) -> Self {
        Self::start_observed(store, pace, |_| {})
    }

    /// Does the same as [`start`](Self::start). `observer` receives, for each change set that this
    /// process committed, the time from the commit until it was in the feed.
    pub fn start_observed(
        store: S,
        pace: Pace,
        observer: impl Fn(Duration) + Send + Sync + 'static,
    ) -> Self {
        let (heads, head) = watch::channel(None);
        let (settles, settled) = watch::channel(0);
        let shared = Arc::new(Shared::new(heads));
        let sequencer =
            Sequencer::new(store.clone(), Arc::clone(&shared), pace, settles, Box::new(observer));
        let task = Mutex::new(Some(tokio::spawn(sequencer.run())));
        let is_shared = pace.look.is_some();
        let waiting = Mutex::default();
        Self(Arc::new(Handle { store, shared, settled, waiting, head, is_shared, task }))
    }

    /// Starts a feed and waits until it holds everything that the store holds. A process that was
    /// killed between a commit and the next batch leaves a change set that no feed has heard of;
    /// this finds it.
    ///
    /// Reads the keys of all change sets once, where [`start`](Self::start) reads the feed alone.
    /// Use `start` if something else finds missing change sets: `dynamodb::streams::Tail`, or a
    /// [`reconcile`](Self::reconcile) in the background.
    ///
    /// ```
    /// # async fn example() -> Result<(), event_store::StoreError> {
    /// use event_store::MemoryStore;
    /// use event_store::feed::{Feed, Pace};
    ///
    /// let feed = Feed::open(MemoryStore::default(), Pace::ALONE).await?;
    /// assert_eq!(feed.head().map(|head| head.position), Some(0));
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread()
    /// #     .enable_time()
    /// #     .build()
    /// #     .unwrap()
    /// #     .block_on(example())
    /// #     .unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`reconcile`](Self::reconcile).
    pub async fn open(store: S, pace: Pace) -> Result<Self, StoreError> {
        let feed = Self::start(store, pace);
        feed.reconcile(|_| {}).await?;
        Ok(feed)
    }

    /// The store behind this feed.
    pub fn store(&self) -> &S {
        &self.0.store
    }

    /// Reports a change set that is durable in the store. Neither waits nor fails.
    pub fn commit(&self, change_set: &ChangeSet) {
        self.0.shared.inbox.put(change_set);
        let (committed, settled) = (self.0.shared.inbox.committed(), *self.0.settled.borrow());
        self.0.waiting().put(committed, settled, Instant::now());
    }

    /// Reports an aggregate that may have received a change set from any writer. The sequencer
    /// reads it from the store, as soon as that answers. Neither waits nor fails.
    pub fn doubt(&self, aggregate: &AggregateId) {
        self.0.shared.inbox.doubt(aggregate);
    }

    /// Reports that others may have written a batch.
    pub fn look(&self) {
        self.0.shared.inbox.look();
    }

    /// The end of the feed, as far as this process knows; `None` until the existing feed has been
    /// read.
    pub fn head(&self) -> Option<FeedHead> {
        *self.0.head.borrow()
    }

    /// A receiver of the feed's end, once that is known, and of every change to it.
    pub fn heads(&self) -> watch::Receiver<Option<FeedHead>> {
        self.0.head.clone()
    }

    /// Waits until the existing feed has been read, and returns its end.
    ///
    /// # Errors
    /// The error that keeps the sequencer, which retries forever, from reading it.
    pub async fn opened(&self) -> Result<FeedHead, StoreError> {
        if let Some(head) = self.head() {
            return Ok(head);
        }
        self.0.shared.follow(&self.0.store).await?;
        let mut heads = self.heads();
        tokio::select! {
            head = heads.wait_for(Option::is_some) => head.ok().and_then(|head| *head),
            () = self.ended() => None,
        }
        .ok_or_else(ended)
    }

    /// The last version of this aggregate in the feed, as far as this process knows.
    pub fn version_of(&self, aggregate: &AggregateId) -> Version {
        self.0.shared.with_sequence(|sequence| sequence.version_of(aggregate))
    }

    /// The number of aggregates that it cannot bring to their newest version, because their
    /// histories do not hold together. The log names each, with the reason.
    pub fn stuck(&self) -> u64 {
        self.0.shared.stuck.load(Ordering::Relaxed)
    }

    /// The waiting time of the oldest change set that was [committed](Self::commit) here and is not
    /// in the feed, to some milliseconds; zero when none waits.
    pub fn oldest_waiting(&self) -> Duration {
        let settled = *self.0.settled.borrow();
        let oldest = self.0.waiting().oldest(settled);
        oldest.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Waits until everything that was committed before this call is in the feed, and returns the
    /// feed's newest position. Does not wait for what is in doubt, as nobody was told that it
    /// exists.
    ///
    /// # Errors
    /// [`Unsequenced`], when that takes longer than `patience` or the feed ends.
    pub async fn settle(&self, patience: Duration) -> Result<Position, Unsequenced> {
        let committed = self.0.shared.inbox.committed();
        let mut settled = self.0.settled.clone();
        match timeout(patience, settled.wait_for(|settled| *settled >= committed)).await {
            Ok(Ok(_)) => Ok(self.head().unwrap_or_default().position),
            Ok(Err(_)) | Err(_) => {
                let settled = *self.0.settled.borrow();
                Err(Unsequenced(committed.saturating_sub(settled).max(1)))
            }
        }
    }

    /// Waits until the sequencer meets an error, and returns it. The sequencer retries forever;
    /// callers may not want to wait that long.
    pub async fn troubled(&self) -> StoreError {
        self.trouble(|_| true).await
    }

    /// Sequences what has been committed, and ends. Returns `true` if nothing is left; a second
    /// call returns `false`. A handler still accepts commands afterwards; the next [`Feed::open`]
    /// finds them.
    pub async fn finish(&self) -> bool {
        let task = self.0.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(task) = task else { return false };
        self.0.shared.inbox.stop();
        let nothing_left = task.await.unwrap_or(false);
        if !nothing_left {
            tracing::warn!("the feed lags; the next start finds what is missing");
        }
        nothing_left
    }

    /// Waits until the first `committed` commits of the inbox are in the feed.
    ///
    /// # Errors
    /// When they never will be.
    pub(super) async fn settled(&self, committed: u64) -> Result<(), StoreError> {
        let mut settled = self.0.settled.clone();
        tokio::select! {
            biased;
            done = settled.wait_for(|settled| *settled >= committed) => {
                done.map(|_| ()).map_err(|_| ended())
            }
            error = self.trouble(|error| !error.is_transient()) => Err(error),
        }
    }

    /// Waits until the sequencer meets such an error, and returns it.
    async fn trouble(&self, such: impl Fn(&StoreError) -> bool) -> StoreError {
        let mut trouble = self.0.shared.trouble.subscribe();
        let met = trouble.wait_for(|error| error.as_ref().is_some_and(&such)).await;
        met.ok().and_then(|error| error.clone()).unwrap_or_else(ended)
    }

    /// Waits until the sequencer has ended.
    pub(super) async fn ended(&self) {
        let mut settled = self.0.settled.clone();
        while settled.changed().await.is_ok() {}
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    /// Returns whether others write batches too.
    pub(super) fn is_shared(&self) -> bool {
        self.0.is_shared
    }
}

impl<S> Handle<S> {
    fn waiting(&self) -> MutexGuard<'_, WaitingTimes> {
        // A moment that is lost or kept too long makes a figure wrong for a while, and nothing
        // else.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Drop for Handle<S> {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task {
            task.abort();
        }
    }
}

pub(super) fn ended() -> StoreError {
    StoreError::Unavailable {
        reason: "the feed has ended".to_owned(),
        retry_after: Duration::from_secs(1),
    }
}
