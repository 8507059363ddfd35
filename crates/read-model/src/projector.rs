//! The projection of the feed into rows, off the path of commands.

use std::collections::BTreeSet;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use event_store::feed::{Entry, Feed, FeedError, FeedHead, FeedStore, Position};
use event_store::full_disk::{self, OnceAMinute};
use event_store::{AggregateId, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::{Error, ReadModel};

/// The most entries to apply in one transaction. A larger batch writes each index page fewer times.
const PER_TRANSACTION: usize = 400;
/// The number of entries between two progress lines in the log.
const LOG_EVERY: u64 = 10_000;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Applies the feed in order, starting from the position of the rows.
///
/// Each transaction takes all entries that have arrived, up to a limit. Cheap to clone; the
/// projector ends when its last clone is dropped.
#[derive(Clone, Debug)]
pub struct Projector<S: FeedStore>(Arc<Handle<S>>);

#[derive(Debug)]
struct Handle<S: FeedStore> {
    model: ReadModel,
    feed: Feed<S>,
    applied: watch::Receiver<Applied>,
    stopping: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// The progress of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The position that the rows have reached; `None` until the feed has been read.
    pub position: Option<Position>,
    /// The number of aggregates that cannot reach their newest version; the log says which and why.
    pub stuck: u64,
    /// `true` if the disk is too full for more rows.
    pub disk_full: bool,
}

/// The rows lag the feed, and do not show everything that was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the read model lags by at least {0} change sets")]
pub struct Behind(pub u64);

impl<S: FeedStore + std::fmt::Debug> Projector<S> {
    /// Starts a projector on the runtime of the caller.
    pub fn start(model: ReadModel, feed: Feed<S>) -> Self {
        let (applies, applied) = watch::channel(Applied::default());
        let (stopping, stop) = watch::channel(false);
        let task = Task {
            model: model.clone(),
            feed: feed.clone(),
            applies,
            stop,
            position: 0,
            logged: 0,
            behind: BTreeSet::new(),
            stuck: BTreeSet::new(),
            ahead: None,
            retries: OnceAMinute::new(),
        };
        let task = Mutex::new(Some(tokio::spawn(task.run())));
        Self(Arc::new(Handle { model, feed, applied, stopping, task }))
    }

    /// Returns the feed that the projector follows.
    pub fn feed(&self) -> &Feed<S> {
        &self.0.feed
    }

    /// Returns the progress of the rows, now and on every change.
    pub fn applied(&self) -> watch::Receiver<Applied> {
        self.0.applied.clone()
    }

    /// Waits until the rows show everything that was committed before this call.
    ///
    /// A change set in doubt is not waited for, because nobody was told that it exists.
    ///
    /// # Errors
    /// [`Behind`] if `patience` runs out. The rows are then stale, but correct.
    pub async fn settle(&self, patience: Duration) -> Result<(), Behind> {
        let deadline = Instant::now() + patience;
        let position = self.0.feed.settle(patience).await.map_err(|behind| Behind(behind.0))?;
        let mut applied = self.0.applied.clone();
        let shown = |applied: &Applied| applied.position.unwrap_or(0) >= position;
        match timeout_at(deadline, applied.wait_for(shown)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => {
                let shown = self.0.applied.borrow().position.unwrap_or(0);
                Err(Behind(position.saturating_sub(shown).max(1)))
            }
        }
    }

    /// Declares that the feed holds everything in the store. From now on, a stop may be clean.
    pub fn mark_complete(&self) {
        self.0.model.set_whole(true);
    }

    /// Ends the feed, applies the rest of it, and closes the read model. The stop is marked as
    /// clean if nothing is left.
    ///
    /// The caller must accept no more commands. A second call does nothing.
    pub async fn stop(&self) {
        self.finish().await;
        self.0.model.close().await;
    }

    /// Ends the feed and applies the rest of it, but leaves the read model open. The caller closes
    /// it once the store is closed.
    ///
    /// The caller must accept no more commands. Returns whether the feed has everything that was
    /// committed; a second call returns `false`.
    pub async fn finish(&self) -> bool {
        let task = self.0.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(task) = task else { return false };
        let in_order = self.0.feed.finish().await;
        self.0.stopping.send_replace(true);
        let ended = task.await.is_ok();
        let end = self.0.feed.head().map(|head| head.position);
        let Applied { position, stuck, .. } = *self.0.applied.borrow();
        if !(in_order && ended && stuck == 0 && position == end) {
            tracing::warn!("the read model lags; it will catch up at the next start");
            self.0.model.set_whole(false);
        }
        in_order
    }
}

impl<S: FeedStore> Drop for Handle<S> {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task {
            task.abort();
        }
    }
}

struct Task<S> {
    model: ReadModel,
    feed: Feed<S>,
    applies: watch::Sender<Applied>,
    stop: watch::Receiver<bool>,
    position: Position,
    logged: Position,
    /// Aggregates whose rows lag the feed.
    behind: BTreeSet<AggregateId>,
    /// Aggregates that cannot be advanced; the log has said why.
    stuck: BTreeSet<AggregateId>,
    /// The entries after this position, which are being fetched.
    ahead: Option<(Position, JoinHandle<Fetched>)>,
    retries: OnceAMinute,
}

type Fetched = Result<Vec<Entry>, FeedError>;

impl<S: FeedStore> Task<S> {
    /// Applies the feed until the projector is stopped, and then the rest of it.
    async fn run(mut self) {
        let mut heads = self.feed.heads();
        let mut begun = false;
        let mut pause = FIRST_PAUSE;
        loop {
            let stopping = *self.stop.borrow_and_update();
            let worked = self.work(&mut begun).await;
            match worked {
                Ok(true) => pause = FIRST_PAUSE,
                Ok(false) if stopping => return,
                Ok(false) => {
                    pause = FIRST_PAUSE;
                    let position = if begun { self.position } else { 0 };
                    let more = move |head: &Option<FeedHead>| {
                        head.is_some_and(|head| !begun || head.position > position)
                    };
                    tokio::select! {
                        _ = heads.wait_for(more) => {}
                        _ = self.stop.changed() => {}
                    }
                }
                Err(_) if stopping => return,
                Err(error) => {
                    self.warn(&error);
                    sleep(FIRST_PAUSE).await;
                    // A change of the head may mean that the store is available again.
                    if timeout(pause, heads.changed()).await.is_err() {
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            }
        }
    }

    /// Applies the next entries and advances lagging aggregates. Returns whether the position
    /// moved.
    async fn work(&mut self, begun: &mut bool) -> Result<bool, Error> {
        if self.feed.head().is_none() {
            return Ok(false);
        }
        if !*begun {
            self.begin().await?;
            *begun = true;
        }
        let newest = self.apply_next().await?;
        for aggregate in mem::take(&mut self.behind) {
            if let Err(error) = self.bring_on(&aggregate).await {
                self.behind.insert(aggregate);
                return Err(error);
            }
        }
        self.position = newest.unwrap_or(self.position);
        self.tell();
        Ok(newest.is_some())
    }

    /// Starts from the position of the rows if they show this feed; otherwise deletes the rows.
    async fn begin(&mut self) -> Result<(), Error> {
        let (position, hash) = self.model.position().await?;
        let is_its_own = match self.feed.reference(position).await? {
            Some(reference) => reference.hash.to_string() == hash,
            None => position == 0,
        };
        if is_its_own {
            self.behind = self.model.behind().await?;
            self.position = position;
        } else {
            tracing::warn!(position, "the rows belong to another feed; rebuilding them");
            self.model.clear().await?;
        }
        self.logged = self.position;
        let newest = self.feed.head().map(|head| head.position);
        tracing::info!(self.position, newest, "the read model follows the feed");
        Ok(())
    }

    /// Applies the next entries, and returns the position reached.
    async fn apply_next(&mut self) -> Result<Option<Position>, Error> {
        let entries = match self.next().await {
            Ok(entries) => entries,
            Err(FeedError::Store(error)) => return Err(error.into()),
            Err(FeedError::Unreadable { position, problem }) => {
                let named = self.feed.reference(position).await?;
                let Some(reference) = named else { return Err(problem.into()) };
                self.model.pass_over(position, &reference).await?;
                if self.model.has_rows(&reference.aggregate.kind) {
                    self.give_up(reference.aggregate, &problem.to_string());
                }
                return Ok(Some(position));
            }
            Err(error) => return Err(Error::Feed(error)),
        };
        let Some(last) = entries.last() else { return Ok(None) };
        self.fetch_ahead(last.position);
        let outcome = self.model.apply_entries(&entries).await?;
        self.behind.extend(outcome.gaps.into_iter().map(|gap| gap.aggregate));
        for unreadable in outcome.unreadable {
            let why = format!("version {}: {}", unreadable.version, unreadable.problem);
            self.give_up(unreadable.aggregate, &why);
        }
        Ok(Some(last.position))
    }

    /// Returns the entries after the position of the rows, prefetched if possible.
    async fn next(&mut self) -> Fetched {
        if let Some((after, ahead)) = self.ahead.take()
            && after == self.position
            && let Ok(entries) = ahead.await
        {
            return entries;
        }
        self.feed.entries(self.position, PER_TRANSACTION).await
    }

    /// Prefetches the next entries while the current ones are applied, if a full batch is
    /// available.
    fn fetch_ahead(&mut self, after: Position) {
        let enough = after + PER_TRANSACTION as Position;
        if self.feed.head().is_some_and(|head| head.position >= enough) {
            let feed = self.feed.clone();
            let fetching = async move { feed.entries(after, PER_TRANSACTION).await };
            self.ahead = Some((after, tokio::spawn(fetching)));
        }
    }

    /// Advances a lagging aggregate to its newest version. Fails only if a retry may help.
    async fn bring_on(&mut self, aggregate: &AggregateId) -> Result<(), Error> {
        match self.model.advance(self.feed.store(), aggregate).await {
            Ok(None) => {
                self.model.no_longer_behind(aggregate).await?;
                self.stuck.remove(aggregate);
            }
            Ok(Some(why)) => self.give_up(aggregate.clone(), &why),
            Err(Error::Store(error)) if !error.is_transient() => {
                self.give_up(aggregate.clone(), &error.to_string());
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Logs an error that will be retried.
    fn warn(&self, error: &Error) {
        let disk_full = match error {
            Error::Database(error) => self.model.database.lacks_room(error),
            Error::Store(error) => matches!(error, StoreError::Full(_)),
            _ => false,
        };
        self.applies.send_modify(|applied| applied.disk_full = disk_full);
        if disk_full {
            full_disk::tell(error);
        } else {
            self.retries.tell(|untold| {
                tracing::warn!(%error, untold, "the read model lags; retrying");
            });
        }
    }

    fn give_up(&mut self, aggregate: AggregateId, why: &str) {
        if self.stuck.insert(aggregate.clone()) {
            tracing::error!(%aggregate, why, "the list keeps showing an older version");
        }
    }

    fn tell(&mut self) {
        if self.position >= self.logged + LOG_EVERY {
            self.logged = self.position;
            let newest = self.feed.head().map(|head| head.position);
            tracing::info!(self.position, newest, "the read model is catching up");
        }
        let stuck = self.stuck.len() as u64;
        let position = Some(self.position);
        self.applies.send_replace(Applied { position, stuck, disk_full: false });
    }
}
