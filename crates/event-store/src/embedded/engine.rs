//! The thread that the engine runs on.
//!
//! The thread takes all requests that wait in its queue, runs them in one SQLite transaction and
//! makes them durable with one sync (see [`Group`]). A write that only the engine can carry out
//! gets a transaction of its own. A request that arrives alone forms a group of one; it never waits
//! for others.

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

/// The capacity of the queue, which is also the maximum size of a group. A sender waits while it is
/// full.
const QUEUE: usize = 256;
/// The time after which a group takes no more requests, so that slow ones do not keep finished ones
/// waiting.
const GROUP_TIME: Duration = Duration::from_millis(20);
/// The time limit of a request, including its wait. It is long because a put may still be carried
/// out after its caller has given up.
pub(super) const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);

/// A request, ready to run. It returns an answer to hold until the writes it depends on are
/// durable, or `None` if its client has given up.
type Job = Box<dyn FnOnce(&mut Group<'_>) -> Option<Held> + Send>;

#[derive(Debug)]
pub(super) struct Engine {
    /// The only long-lived sender. Once it is dropped, the thread finishes the queued jobs and
    /// ends.
    jobs: mpsc::Sender<Job>,
    ended: oneshot::Receiver<()>,
}

/// A sender to the thread that does not keep the thread alive.
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
            // Nobody waits for this if the engine was dropped rather than closed.
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
        // An error, too, means that the thread has ended.
        let _ = ended.await;
    }
}

impl Queue {
    /// Runs the request on the engine's thread. A panic fails only this request.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        request: impl FnOnce(&mut Group<'_>) -> dynoxide::Result<T> + Send + 'static,
    ) -> Result<dynoxide::Result<T>, Closed> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |group| {
            // If the caller has given up while the request waited, nothing is left to do.
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
    async fn a_panic_fails_its_request_and_the_next_one_is_served() {
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
    async fn closing_waits_for_queued_requests_and_refuses_new_ones() {
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
