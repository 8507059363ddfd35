//! The live feed, sent as server-sent events to each consumer that follows it.
//!
//! Each consumer has a task of its own, which is a few events ahead of it. The task waits only a
//! limited time for a consumer that does not read, which bounds how long each holds memory; and it
//! always has room for its final event. All tasks share one reader of the feed (`live/pages.rs`),
//! so that many consumers cost the store little more than one.

mod pages;

use std::convert::Infallible;
use std::time::Duration;

use api::{Code, Problem};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use event_store::feed::{Feed, FeedError, FeedStore, Position};
use futures::{StreamExt, stream};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::problems;
use pages::Pages;

/// The time for which events may wait for a consumer before it is dropped.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest silence on a stream: proxies mistake a longer one for the end.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The reconnect delay of a consumer.
const RETRY: Duration = Duration::from_secs(1);
/// The retry delay of a consumer for which there is no room.
const RETRY_FULL: Duration = Duration::from_secs(10);
/// The reconnect delay after an unreadable entry, which the consumer will meet again.
const RETRY_BROKEN: Duration = Duration::from_secs(60);
/// The pause between two attempts to read while the store is unavailable.
const PAUSE: Duration = Duration::from_secs(1);
/// The maximum number of events that wait for a consumer, beside the final one.
const AHEAD: usize = 16;
/// The maximum number of simultaneous consumers.
const CONSUMERS: usize = 256;

/// All consumers that follow the feed live. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Live {
    patience: Duration,
    heartbeat: Duration,
    limit: usize,
    stopped: watch::Sender<bool>,
    consumers: watch::Sender<usize>,
    pages: Pages,
}

impl Default for Live {
    fn default() -> Self {
        Self::new(PATIENCE, HEARTBEAT)
    }
}

impl Live {
    /// Creates a live feed without consumers. A consumer that lets events wait for longer than
    /// `patience` is dropped. While the feed does not grow, a comment is sent after each
    /// `heartbeat`.
    pub fn new(patience: Duration, heartbeat: Duration) -> Self {
        let (stopped, consumers) = (watch::Sender::new(false), watch::Sender::new(0));
        Self { patience, heartbeat, limit: CONSUMERS, stopped, consumers, pages: Pages::default() }
    }

    /// Sets the maximum number of simultaneous consumers.
    #[must_use]
    pub fn for_at_most(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// Ends all streams. Later streams end as soon as they begin.
    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Returns the number of consumers, as a channel that reports each change.
    pub fn consumers(&self) -> watch::Receiver<usize> {
        self.consumers.subscribe()
    }

    /// Starts to send a consumer what comes after this position, once the feed reaches that far.
    ///
    /// # Errors
    /// `busy` when the maximum number of consumers is reached.
    pub(crate) fn follow<S: FeedStore>(
        &self,
        feed: &Feed<S>,
        after: Position,
    ) -> Result<impl IntoResponse + use<S>, Problem> {
        let counted = Counted::among(&self.consumers, self.limit).ok_or_else(full)?;
        let (ahead, mut events) = mpsc::channel(AHEAD + 1);
        let (pages, patience) = (self.pages.clone(), self.patience);
        let telling = Telling { ahead, told: after, patience, pages };
        let (feed, mut stopped) = (feed.clone(), self.stopped.subscribe());
        tokio::spawn(async move {
            let _counted = counted;
            // A dropped sender means that the host is gone, which is as good as stopped.
            let stop = async { _ = stopped.wait_for(|stopped| *stopped).await };
            telling.until(stop, &feed).await;
        });
        let events = stream::poll_fn(move |context| events.poll_recv(context));
        // A client that is cut off before its first event resumes from this id.
        let beginning = Event::default().retry(RETRY).id(after.to_string());
        let events = stream::iter([beginning]).chain(events);
        let heartbeat = KeepAlive::new().interval(self.heartbeat);
        // Proxies such as nginx would otherwise buffer the response before they pass it on.
        let unbuffered = [("x-accel-buffering", "no")];
        Ok((unbuffered, Sse::new(events.map(Ok::<_, Infallible>)).keep_alive(heartbeat)))
    }
}

/// The events for one consumer.
struct Telling {
    ahead: mpsc::Sender<Event>,
    /// The last position that was sent.
    told: Position,
    patience: Duration,
    pages: Pages,
}

/// The name of the final event when the feed cannot be read any further.
const BROKEN: &str = "problem";

/// The name of the final event, and its content.
type LastWord = (&'static str, Problem);

impl Telling {
    /// Sends entries until it has to stop, the feed fails or ends, or the consumer is gone.
    async fn until<S: FeedStore>(mut self, stop: impl Future<Output = ()>, feed: &Feed<S>) {
        // A place for the final event, which no entry can take.
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
        while feed.grows_beyond(self.told).await {
            match self.pages.after(feed, self.told).await {
                Ok(page) => {
                    for (position, event) in page.iter() {
                        match timeout(self.patience, self.ahead.reserve()).await {
                            Ok(Ok(place)) => place.send(event.clone()),
                            Ok(Err(_)) => return None,
                            Err(_) => return Some(self.dropped()),
                        }
                        self.told = *position;
                    }
                }
                Err(FeedError::Store(error)) if error.is_transient() => {
                    tracing::warn!(%error, told = self.told, "a live feed cannot read the store; retrying");
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
        let detail = format!("events were left unread for {patience} seconds; connect again");
        ("dropped", Problem::new(Code::TooSlow, detail))
    }
}

fn stopping() -> LastWord {
    ("stopping", problems::unavailable("the server is stopping"))
}

fn full() -> Problem {
    let detail = "too many consumers follow the feed; try again later";
    Problem::new(Code::Busy, detail).with("retry_after", RETRY_FULL.as_secs())
}

/// Serializes the value to one line. Values made of text and numbers cannot fail.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// One of the consumers, counted until it is dropped.
struct Counted(watch::Sender<usize>);

impl Counted {
    /// Counts one more consumer, unless that exceeds `limit`.
    fn among(consumers: &watch::Sender<usize>, limit: usize) -> Option<Self> {
        let is_one = consumers.send_if_modified(|count| {
            let has_room = *count < limit;
            *count += usize::from(has_room);
            has_room
        });
        is_one.then(|| Self(consumers.clone()))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
