//! From a command that was taken to the rows, beside the command's path.

mod queue;

use std::collections::BTreeSet;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use event_store::{AggregateId, ChangeSet, Store};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::{Error, ReadModel};
use queue::Queue;

/// Change sets that wait in memory at most; of any more, only the aggregate is remembered.
const CAPACITY: usize = 10_000;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Applies what is committed, in the order it comes, as many at a time as have come; what is missing in
/// between it reads from the store. Cheap to clone; when the last clone goes, it ends.
#[derive(Clone, Debug)]
pub struct Projector(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    model: ReadModel,
    queue: Arc<Queue>,
    /// How many of those put into the queue are in the rows, with all that came before them.
    settled: watch::Receiver<u64>,
    task: Mutex<Option<JoinHandle<bool>>>,
}

/// The rows do not show yet all that was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the read model is behind by {0} change sets or more")]
pub struct Behind(pub u64);

impl Projector {
    /// Starts one. It belongs to the runtime that this is called in.
    pub fn start<S: Store>(model: ReadModel, store: S) -> Self {
        Self::with_capacity(model, store, CAPACITY)
    }

    /// Starts one that keeps no more than so many change sets in memory.
    pub fn with_capacity<S: Store>(model: ReadModel, store: S, capacity: usize) -> Self {
        let queue = Arc::new(Queue::new(capacity));
        let (settles, settled) = watch::channel(0);
        let task = Task {
            model: model.clone(),
            store,
            queue: Arc::clone(&queue),
            settles,
            taken: 0,
            unapplied: Vec::new(),
            behind: BTreeSet::new(),
            doubtful: BTreeSet::new(),
            stuck: BTreeSet::new(),
        };
        let task = Mutex::new(Some(tokio::spawn(task.run())));
        Self(Arc::new(Handle { model, queue, settled, task }))
    }

    /// Tells it of a change set that is durable in the store. Neither waits nor fails.
    pub fn commit(&self, change_set: &ChangeSet) {
        self.0.queue.put(change_set);
    }

    /// Tells it of an aggregate that may have got a change set: whether the store took it is not known.
    /// What is there is read from the store, as soon as that answers. Neither waits nor fails.
    pub fn doubt(&self, aggregate: &AggregateId) {
        self.0.queue.doubt(aggregate);
    }

    /// Returns once the rows show all that was committed before this call. What is in doubt is not
    /// waited for, as nobody was told that it is there.
    ///
    /// # Errors
    /// [`Behind`], when that takes longer than `patience`. The rows are then older, and still true.
    pub async fn settle(&self, patience: Duration) -> Result<(), Behind> {
        let committed = self.0.queue.committed();
        let mut settled = self.0.settled.clone();
        match timeout(patience, settled.wait_for(|settled| *settled >= committed)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => {
                Err(Behind(committed.saturating_sub(*self.0.settled.borrow()).max(1)))
            }
        }
    }

    /// Applies what was committed, marks the stop as clean if nothing is left, and closes the read
    /// model. No command may be taken any more; a second call does nothing.
    pub async fn stop(&self) {
        self.finish().await;
        self.0.model.close().await;
    }

    /// Applies what was committed and leaves the read model open, for who closes it once the store is
    /// closed. No command may be taken any more; a second call does nothing.
    pub async fn finish(&self) {
        let task = self.0.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(task) = task else { return };
        self.0.queue.stop();
        if !task.await.unwrap_or(false) {
            tracing::warn!("the read model is behind; it will catch up at the next start");
            self.0.model.set_whole(false);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task {
            task.abort();
        }
    }
}

struct Task<S> {
    model: ReadModel,
    store: S,
    queue: Arc<Queue>,
    settles: watch::Sender<u64>,
    /// How many had been put into the queue when it was emptied.
    taken: u64,
    /// Taken out of the queue, and in no transaction yet.
    unapplied: Vec<ChangeSet>,
    /// Aggregates of which the store has more than what was taken.
    behind: BTreeSet<AggregateId>,
    /// Aggregates of which the store may have more.
    doubtful: BTreeSet<AggregateId>,
    /// Aggregates that nothing here can bring on; the log has said why.
    stuck: BTreeSet<AggregateId>,
}

impl<S: Store> Task<S> {
    /// Until it is told to stop. Whether nothing is left.
    async fn run(mut self) -> bool {
        let mut pause = FIRST_PAUSE;
        loop {
            let stopping = self.queue.is_stopping();
            self.take();
            let mut worked = self.work().await;
            if worked.is_ok() {
                self.settles.send_replace(self.taken);
                worked = self.resolve().await;
            }
            if stopping {
                return worked.is_ok() && self.stuck.is_empty();
            }
            match worked {
                Ok(()) => {
                    pause = FIRST_PAUSE;
                    self.queue.filled().await;
                }
                Err(error) => {
                    tracing::warn!(%error, ?pause, "the read model is behind; it tries again");
                    // What is committed meanwhile may mean that the store is back.
                    if timeout(pause, self.queue.stirred()).await.is_err() {
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            }
        }
    }

    /// Takes what waits, unless what was taken before could not be applied: what the queue does not
    /// hold, memory need not hold either.
    fn take(&mut self) {
        if !self.unapplied.is_empty() {
            return;
        }
        let (waiting, committed) = self.queue.take();
        self.taken = committed;
        self.unapplied = waiting.change_sets;
        self.behind.extend(waiting.behind);
        self.doubtful.extend(waiting.doubtful);
    }

    /// Applies what was taken, then what is missing in between.
    async fn work(&mut self) -> Result<(), Error> {
        let applied = self.model.apply(&self.unapplied).await?;
        self.unapplied.clear();
        self.behind.extend(applied.gaps.into_iter().map(|gap| gap.aggregate));
        for unreadable in applied.unreadable {
            let why = format!("version {}: {}", unreadable.version, unreadable.problem);
            self.give_up(unreadable.aggregate, &why);
        }
        let mut failed = Ok(());
        for aggregate in mem::take(&mut self.behind) {
            if let Err(error) = self.bring_on(&aggregate).await {
                self.behind.insert(aggregate);
                failed = Err(error);
            }
        }
        failed
    }

    /// Reads what there is of those in doubt. A store that does not answer for one of them need not be
    /// asked for the others.
    async fn resolve(&mut self) -> Result<(), Error> {
        while let Some(aggregate) = self.doubtful.pop_first() {
            if let Err(error) = self.bring_on(&aggregate).await {
                self.doubtful.insert(aggregate);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Fails when it is worth trying again.
    async fn bring_on(&mut self, aggregate: &AggregateId) -> Result<(), Error> {
        match self.model.advance(&self.store, aggregate, |_| {}).await {
            Ok(None) => {}
            Ok(Some(why)) => self.give_up(aggregate.clone(), &why),
            Err(Error::Store(error)) if !error.is_transient() => {
                self.give_up(aggregate.clone(), &error.to_string());
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn give_up(&mut self, aggregate: AggregateId, why: &str) {
        if !self.stuck.contains(&aggregate) {
            tracing::error!(%aggregate, why, "the list goes on showing an older version");
            self.stuck.insert(aggregate);
        }
    }
}
