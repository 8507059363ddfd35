//! The thread that the engine runs on.
//!
//! The thread takes all requests that wait in its queue, runs them in one SQLite transaction and makes them
//! durable with one sync (see [`Group`]). A write that only the engine can carry out gets a transaction of its
//! own. A request that arrives alone forms a group of one; it never waits for others.

use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use dynoxide::DynoxideError;
use dynoxide::storage::Storage;
use tokio::sync::{mpsc, oneshot};

use super::disk;
use super::group::{Database, Group, Held};
use super::open_files::OpenFiles;

/// The capacity of the queue; a sender waits while it is full. Also the maximum size of a group.
const QUEUE: usize = 256;
/// The time after which a group takes no more requests, so that slow ones do not keep finished ones waiting.
const GROUP_TIME: Duration = Duration::from_millis(20);
/// How long a request may take, waiting included. It is long because giving up on a put does not keep
/// it from being carried out.
pub(super) const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);

/// A request, ready to run. It returns an answer to hold until the writes it depends on are durable, or `None`
/// if its client has given up.
type Job = Box<dyn FnOnce(&mut Group<'_>) -> Option<Held> + Send>;

#[derive(Debug)]
pub(super) struct Engine {
    /// The only lasting one: when it goes, the thread finishes what is queued and ends.
    jobs: mpsc::Sender<Job>,
    ended: oneshot::Receiver<()>,
}

/// The way to the thread, for as long as there is one.
#[derive(Clone, Debug)]
pub(super) struct Queue(mpsc::WeakSender<Job>);

/// The engine was closed.
#[derive(Debug, thiserror::Error)]
#[error("the embedded engine is closed")]
pub(super) struct Closed;

impl Engine {
    pub(super) fn start(storage: Storage, files: OpenFiles) -> std::io::Result<Self> {
        let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE);
        let (end, ended) = oneshot::channel();
        thread::Builder::new().name("embedded-dynamodb".to_owned()).spawn(move || {
            let mut database = Database::new(storage, files);
            while let Some(first) = queue.blocking_recv() {
                let mut group = Group::new(&mut database);
                let began = Instant::now();
                let waiting = iter::from_fn(|| {
                    (began.elapsed() < GROUP_TIME).then(|| queue.try_recv().ok()).flatten()
                });
                let queued = iter::once(first).chain(waiting);
                for job in queued.take(QUEUE) {
                    if let Some(answer) = job(&mut group) {
                        group.hold(answer);
                    }
                }
                group.commit();
            }
            drop(database);
            // Nobody waits for it when the engine was dropped rather than closed.
            let _ = end.send(());
        })?;
        Ok(Self { jobs, ended })
    }

    pub(super) fn queue(&self) -> Queue {
        Queue(self.jobs.downgrade())
    }

    pub(super) async fn close(self) {
        let Self { jobs, ended } = self;
        drop(jobs);
        // An error would mean that the thread is gone, which is what is waited for.
        let _ = ended.await;
    }
}

impl Queue {
    /// Runs this on the engine's thread. A panic there is this request's failure and nobody else's.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        request: impl FnOnce(&mut Group<'_>) -> dynoxide::Result<T> + Send + 'static,
    ) -> Result<dynoxide::Result<T>, Closed> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |group| {
            // Whoever asked may have given up while this waited; then nothing has to be done.
            if answer.is_closed() {
                return None;
            }
            let result = catch_unwind(AssertUnwindSafe(|| request(group))).unwrap_or_else(|_| {
                Err(DynoxideError::InternalServerError("the engine panicked".to_owned()))
            });
            let result = result.map_err(|error| disk::explained(error, group.storage()));
            if let Some(refused) = result.as_ref().err().and_then(disk::refused) {
                group.note_failed_write(refused);
            }
            Some(Box::new(move |lost| {
                let result = match lost {
                    None => result,
                    Some(lost) => Err(lost.failure()),
                };
                let _ = answer.send(result);
            }))
        });
        let jobs = self.0.upgrade().ok_or(Closed)?;
        jobs.send(job).await.map_err(|_| Closed)?;
        drop(jobs);
        answered.await.map_err(|_| Closed)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_and_the_next_request_served() {
        let engine = Engine::start(Storage::memory().unwrap(), OpenFiles::default()).unwrap();
        let queue = engine.queue();
        let panicked = queue.run::<()>(|_| panic!("on purpose")).await.unwrap();
        assert_eq!(panicked.unwrap_err().status_code(), 500);
        assert_eq!(queue.run(|_| Ok(1)).await.unwrap().unwrap(), 1);
    }

    #[tokio::test]
    async fn a_transaction_left_open_by_a_panic_is_rolled_back() {
        let engine = Engine::start(Storage::memory().unwrap(), OpenFiles::default()).unwrap();
        let queue = engine.queue();
        let panicked = queue.run::<()>(|group| {
            group.apart().begin_transaction()?;
            panic!("on purpose")
        });
        let reason = panicked.await.unwrap().unwrap_err().to_string();
        assert!(reason.contains("left its transaction open"), "{reason}");
        let written = queue.run(|group| group.write().map(|_| ()));
        written.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn closing_waits_for_what_is_queued_and_takes_no_more() {
        let engine = Engine::start(Storage::memory().unwrap(), OpenFiles::default()).unwrap();
        let queue = engine.queue();
        let (go, held) = std::sync::mpsc::channel::<()>();
        let first = tokio::spawn({
            let queue = queue.clone();
            async move { queue.run(move |_| Ok(held.recv().is_ok())).await }
        });
        let second = tokio::spawn({
            let queue = queue.clone();
            async move { queue.run(|_| Ok(2)).await }
        });
        tokio::task::yield_now().await;
        let closing = tokio::spawn(engine.close());
        tokio::task::yield_now().await;
        assert!(queue.run(|_| Ok(3)).await.is_err());
        assert!(!closing.is_finished());
        go.send(()).unwrap();
        assert!(first.await.unwrap().unwrap().unwrap());
        assert_eq!(second.await.unwrap().unwrap().unwrap(), 2);
        closing.await.unwrap();
    }
}
