//! The feed as it happens, told to whoever follows it as server-sent events.
//!
//! Each consumer has a task of its own, which reads the feed a few events ahead of it. It waits for a
//! consumer that does not take them, but not for ever, so that what one costs in memory has a bound in
//! time too; and it always has room for its last word.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use app::problem::{Code, Problem};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use event_store::feed::{Entry, Feed, FeedError, FeedStore, Position};
use event_store::wire;
use futures::{StreamExt, stream};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::problems;

/// How long a consumer may leave waiting what there is for it.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing is said at most: what stands in between takes silence for the end.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a consumer waits before it connects again.
const RETRY: Duration = Duration::from_secs(1);
/// How long one waits that has met what cannot be read, and will meet it again.
const RETRY_BROKEN: Duration = Duration::from_secs(60);
/// Between two attempts to read on while the store is away.
const PAUSE: Duration = Duration::from_secs(1);
/// Events that wait for a consumer at most, beside the last.
const AHEAD: usize = 16;

/// All who follow the feed live. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Live {
    patience: Duration,
    heartbeat: Duration,
    stopped: watch::Sender<bool>,
    consumers: watch::Sender<usize>,
}

impl Default for Live {
    fn default() -> Self {
        Self::new(PATIENCE, HEARTBEAT)
    }
}

impl Live {
    /// With nobody yet. A consumer that leaves events waiting for longer than `patience` is dropped; where
    /// nothing is to be told a comment goes out after each `heartbeat`.
    pub fn new(patience: Duration, heartbeat: Duration) -> Self {
        let (stopped, consumers) = (watch::Sender::new(false), watch::Sender::new(0));
        Self { patience, heartbeat, stopped, consumers }
    }

    /// Ends all streams, and at their beginning those that are to come.
    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// How many there are, and each change of it.
    pub fn consumers(&self) -> watch::Receiver<usize> {
        self.consumers.subscribe()
    }

    /// Begins to tell a consumer what comes after this position, once the feed reaches so far.
    pub(crate) fn follow<S: FeedStore>(
        &self,
        feed: &Feed<S>,
        after: Position,
    ) -> impl IntoResponse + use<S> {
        let (ahead, mut events) = mpsc::channel(AHEAD + 1);
        let telling = Telling { ahead, told: after, patience: self.patience };
        let (feed, mut stopped) = (feed.clone(), self.stopped.subscribe());
        let counted = Counted::among(&self.consumers);
        tokio::spawn(async move {
            let _counted = counted;
            // Without a sender there is no host, which is as good as stopped.
            let stop = async { _ = stopped.wait_for(|stopped| *stopped).await };
            telling.until(stop, &feed).await;
        });
        let events = stream::poll_fn(move |context| events.poll_recv(context));
        // By its id who is told nothing before the connection breaks goes on from here, too.
        let beginning = Event::default().retry(RETRY).id(after.to_string());
        let events = stream::iter([beginning]).chain(events);
        let heartbeat = KeepAlive::new().interval(self.heartbeat);
        // Proxies that collect an answer before they pass it on leave this one alone.
        let unbuffered = [("x-accel-buffering", "no")];
        (unbuffered, Sse::new(events.map(Ok::<_, Infallible>)).keep_alive(heartbeat))
    }
}

/// What one consumer is being told.
struct Telling {
    ahead: mpsc::Sender<Event>,
    /// The last position that it was told.
    told: Position,
    patience: Duration,
}

/// The last event, where the feed cannot be read on.
const BROKEN: &str = "problem";

/// The name of the last event, and what it says.
type LastWord = (&'static str, Problem);

impl Telling {
    /// Goes on until it has to stop, there is no more to tell, or nobody to tell it to.
    async fn until<S: FeedStore>(mut self, stop: impl Future<Output = ()>, feed: &Feed<S>) {
        // A place that no entry can take.
        let Ok(last_place) = self.ahead.clone().reserve_owned().await else { return };
        let consumer = self.ahead.clone();
        let last_word = tokio::select! {
            biased;
            () = stop => Some(stopping()),
            () = consumer.closed() => None,
            last_word = self.tell(feed) => last_word,
        };
        if let Some((name, problem)) = last_word {
            let problem = if problem.more.contains_key("position") {
                problem
            } else {
                problem.with("position", self.told)
            };
            let event = Event::default().event(name).data(json(&problem));
            last_place.send(if name == BROKEN { event.retry(RETRY_BROKEN) } else { event });
        }
    }

    async fn tell<S: FeedStore>(&mut self, feed: &Feed<S>) -> Option<LastWord> {
        let mut entries = pin!(feed.subscribe(self.told));
        while let Some(entry) = entries.next().await {
            match entry {
                Ok(entry) => match timeout(self.patience, self.ahead.reserve()).await {
                    Ok(Ok(place)) => {
                        place.send(event(&entry));
                        self.told = entry.position;
                    }
                    Ok(Err(_)) => return None,
                    Err(_) => return Some(self.dropped()),
                },
                Err(FeedError::Store(error)) if error.is_transient() => {
                    tracing::warn!(%error, told = self.told, "a live feed waits for the store");
                    sleep(PAUSE).await;
                }
                Err(error) => return Some((BROKEN, problems::of_feed("", &error))),
            }
        }
        Some(stopping())
    }

    fn dropped(&self) -> LastWord {
        tracing::info!(told = self.told, "a consumer of the live feed is dropped");
        let patience = self.patience.as_secs();
        let detail = format!("events were left waiting for {patience} seconds; connect again");
        ("dropped", Problem::new(Code::TooSlow, detail))
    }
}

fn stopping() -> LastWord {
    ("stopping", problems::unavailable("the server is stopping"))
}

fn event(entry: &Entry) -> Event {
    let data = json(&wire::FeedEntry::from(entry));
    Event::default().id(entry.position.to_string()).event("change-set").data(data)
}

/// One line. (What has come as JSON, or is made of text and numbers, goes out as JSON.)
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// One of the consumers, until it is dropped.
struct Counted(watch::Sender<usize>);

impl Counted {
    fn among(consumers: &watch::Sender<usize>) -> Self {
        consumers.send_modify(|count| *count += 1);
        Self(consumers.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
