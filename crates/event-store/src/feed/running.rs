use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::inbox::Inbox;
use super::recent::Recent;
use super::sequencer::Sequencer;
use super::{Batch, FeedBreak, FeedHead, FeedStore, Position, Sequence};
use crate::{AggregateId, ChangeSet, Hash, StoreError, Version};

/// The maximum number of change sets that wait in memory; of any more, only the aggregate is kept.
const CAPACITY: usize = 10_000;
/// The maximum size of their bodies together, in bytes.
pub(super) const ROOM: usize = 64 * 1024 * 1024;
/// The time within which commits count as waiting since the same moment.
const MOMENT: Duration = Duration::from_millis(50);
/// The number of moments that are told apart. The last one absorbs whatever comes after it.
const MOMENTS: usize = 1_000;
/// The number of missing change sets by which a comparison may run ahead of the sequencer.
const AHEAD: u64 = 1_000;
/// The number of batches that are read at a time.
pub(super) const PAGE: usize = 100;

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
/// Cheap to clone; the feed ends when the last clone is dropped.
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

/// The state that the sequencer and readers share.
pub(super) struct Shared {
    pub(super) inbox: Inbox,
    order: Mutex<Sequenced>,
    /// The number of aggregates that the sequencer cannot advance.
    pub(super) stuck: AtomicU64,
    /// The error that the sequencer is retrying; `None` once it succeeds.
    pub(super) trouble: watch::Sender<Option<StoreError>>,
    head: watch::Sender<Option<FeedHead>>,
}

/// The waiting times of unsettled commits: for each moment, its time and the number of commits that
/// had been put into the inbox at its end.
#[derive(Debug, Default)]
struct WaitingTimes(VecDeque<(u64, Instant)>);

#[derive(Debug, Default)]
struct Sequenced {
    sequence: Sequence,
    recent: Recent,
}

/// The feed does not yet hold everything that was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the feed lags by at least {0} change sets")]
pub struct Unsequenced(pub u64);

/// The result of comparing a store with its feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// The number of change sets in the store.
    pub scanned: u64,
    /// The number of those that were not in the feed before.
    pub missing: u64,
}

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
        let inbox = Inbox::new(CAPACITY, ROOM);
        let shared = Arc::new(Shared {
            inbox,
            order: Mutex::default(),
            stuck: AtomicU64::new(0),
            trouble: watch::Sender::new(None),
            head: heads,
        });
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
        self.0.shared.order().sequence.version_of(aggregate)
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

    /// Compares everything in the store with the feed, and adds what is missing to the feed. This
    /// repairs an outage that lasted longer than the table's stream keeps records. It may take
    /// long, and can be stopped: what it has sequenced stays.
    ///
    /// # Errors
    /// When the store does not answer the comparison, or when what is missing can never be put into
    /// the feed, because the store refuses or the feed is corrupt. A transient error of the
    /// sequencer is waited out; [`Feed::troubled`] reports it.
    pub async fn reconcile(
        &self,
        mut progress: impl FnMut(Reconciled) + Send,
    ) -> Result<Reconciled, StoreError> {
        self.opened().await?;
        let (mut found, mut cursor) = (Reconciled::default(), None);
        // The keys of an aggregate are adjacent. This is the current one, with its last version in
        // the feed when its first key was met.
        let mut current: Option<(AggregateId, Version)> = None;
        // The sequencer works during the comparison, which never runs far ahead: memory does not
        // grow with what is missing.
        let (mut waited_for, mut found_before) = (self.0.shared.inbox.committed(), 0);
        loop {
            let page = self.0.store.keys(cursor).await?;
            let mut lagging = BTreeSet::new();
            for (aggregate, version) in page.keys {
                let known = match &current {
                    Some((same, known)) if *same == aggregate => *known,
                    _ => {
                        let known = self.version_of(&aggregate);
                        current = Some((aggregate.clone(), known));
                        known
                    }
                };
                found.scanned += 1;
                if version > known {
                    found.missing += 1;
                    lagging.insert(aggregate);
                }
            }
            lagging.into_iter().for_each(|aggregate| self.0.shared.inbox.put_behind(aggregate));
            if found.missing >= found_before + AHEAD {
                self.settled(waited_for).await?;
                (waited_for, found_before) = (self.0.shared.inbox.committed(), found.missing);
            }
            progress(found);
            cursor = page.next;
            if cursor.is_none() {
                self.settled(self.0.shared.inbox.committed()).await?;
                return Ok(found);
            }
        }
    }

    /// Sequences what has been committed, and ends. Returns `true` if nothing is left; a second
    /// call returns `false`.
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
    async fn settled(&self, committed: u64) -> Result<(), StoreError> {
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

impl WaitingTimes {
    fn put(&mut self, committed: u64, settled: u64, now: Instant) {
        self.forget(settled);
        let is_full = self.0.len() >= MOMENTS;
        match self.0.back_mut() {
            Some((upto, since)) if is_full || now.duration_since(*since) < MOMENT => {
                *upto = committed.max(*upto);
            }
            _ => self.0.push_back((committed, now)),
        }
    }

    fn oldest(&mut self, settled: u64) -> Option<Instant> {
        self.forget(settled);
        self.0.front().map(|(_, since)| *since)
    }

    fn forget(&mut self, settled: u64) {
        while self.0.pop_front_if(|(upto, _)| *upto <= settled).is_some() {}
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

impl Shared {
    /// Calls `ask` with the sequence, under its lock.
    pub(super) fn with_sequence<T>(&self, ask: impl FnOnce(&Sequence) -> T) -> T {
        ask(&self.order().sequence)
    }

    /// Returns up to `limit` entries after this position, if they are in memory.
    pub(super) fn recent(&self, after: Position, limit: usize) -> Option<Vec<super::Entry>> {
        self.order().recent.after(after, limit)
    }

    /// Takes in the next batch, with those of its change sets that are in hand. Ignores a batch
    /// that is already known.
    pub(super) fn take_in(
        &self,
        batch: &Batch,
        in_hand: &HashMap<Hash, ChangeSet>,
    ) -> Result<(), FeedBreak> {
        let mut order = self.order();
        if batch.number <= order.sequence.head().batch {
            return Ok(());
        }
        order.sequence.follow(batch)?;
        for (position, reference) in (batch.first()..).zip(batch.references()) {
            order.recent.push(position, in_hand.get(&reference.hash).cloned());
        }
        let head = order.sequence.head();
        // Readers are shown nothing until the whole existing feed has been read.
        self.head.send_if_modified(|known| known.as_mut().map(|known| *known = head).is_some());
        Ok(())
    }

    /// Reads the batches that exist and are not known.
    pub(super) async fn follow<S: FeedStore>(&self, store: &S) -> Result<(), StoreError> {
        loop {
            let known = self.with_sequence(|sequence| sequence.head().batch);
            let batches = store.batches(known, PAGE).await?;
            if batches.is_empty() {
                return Ok(());
            }
            for batch in batches {
                self.take_in(&batch, &HashMap::new())?;
            }
        }
    }

    /// Shows the feed to readers, once all of the existing feed has been read.
    pub(super) fn open(&self) {
        let head = self.with_sequence(Sequence::head);
        self.head.send_replace(Some(head));
    }

    fn order(&self) -> MutexGuard<'_, Sequenced> {
        // `follow` checks everything before it changes anything, so a poisoned order is still
        // whole.
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error of a read whose task panicked, or was cancelled because the runtime is ending.
pub(super) fn broken_off() -> StoreError {
    StoreError::Unavailable {
        reason: "a read of the store was interrupted".to_owned(),
        retry_after: Duration::from_secs(1),
    }
}

pub(super) fn ended() -> StoreError {
    StoreError::Unavailable {
        reason: "the feed has ended".to_owned(),
        retry_after: Duration::from_secs(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_commit_waits_until_it_is_settled_however_many_follow() {
        let (mut waiting, begun) = (WaitingTimes::default(), Instant::now());
        assert_eq!(waiting.oldest(0), None);
        let at = |moment: u32| begun + MOMENT * moment;
        for number in 1..=3000 {
            waiting.put(number.into(), 0, at(number));
        }
        assert_eq!(waiting.oldest(0), Some(at(1)));
        assert_eq!(waiting.oldest(1), Some(at(2)));
        // The last moment absorbs those after it.
        assert_eq!(waiting.oldest(999), Some(at(1000)));
        assert_eq!(waiting.oldest(2999), Some(at(1000)));
        assert_eq!(waiting.oldest(3000), None);
        waiting.put(3001, 3000, at(3001));
        waiting.put(3002, 3000, at(3001) + MOMENT / 2);
        assert_eq!(waiting.oldest(3001), Some(at(3001)), "both commits of one moment wait");
        assert_eq!(waiting.oldest(3002), None);
    }
}
