use std::collections::VecDeque;
use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::stream::{self, Stream, StreamExt};
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep_until};

use super::shared::{PAGE, broken_off};
use super::{BATCH, Batch, Feed, FeedHead, FeedStore, Position, Reference};
use crate::{ChangeSet, FeedBreak, Hash, PAGE_BYTES, StoreError};

/// The number of batch-sized chunks that are looked up at once.
const AT_ONCE: usize = 2;
/// The pause after an error that names none.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// One change set at its place in the feed.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The position.
    pub position: Position,
    /// The change set at this position.
    pub change_set: ChangeSet,
}

/// An error in reading entries of the feed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// The existing feed has not been read to its end yet.
    #[error("the feed is still being read")]
    Opening,
    /// The position is beyond the end of the feed: it comes from another feed, or from one that was
    /// truncated.
    #[error("position {after} is beyond the end of the feed at {newest}")]
    Beyond {
        /// The requested position.
        after: Position,
        /// The newest position of the feed.
        newest: Position,
    },
    /// The change set at this position is missing or altered.
    #[error("position {position} of the feed cannot be given: {problem}")]
    Unreadable {
        /// The position.
        position: Position,
        /// The problem; [`StoreError::Corrupt`].
        problem: StoreError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The entries of a feed after some position, as [`Feed::subscribe`] returns them; also a stream.
///
/// It waits until the existing feed has been read. It holds a clone of the feed, which therefore
/// ends with [`Feed::finish`] alone; dropping the subscription cancels it. After an error it
/// retries from the same position, once the pause is over that the store asks for, or a second. To
/// skip an unreadable entry, subscribe again after it. A position beyond the feed is an error once,
/// and then the end.
#[must_use = "a subscription does nothing until it is polled"]
pub struct Subscription(Pin<Box<dyn Stream<Item = Result<Entry, FeedError>> + Send>>);

impl Subscription {
    /// Waits for the next entry; `None` when the feed has ended. Cancel-safe: an entry that was not
    /// returned is returned by the next call.
    pub async fn next(&mut self) -> Option<Result<Entry, FeedError>> {
        self.0.next().await
    }
}

impl Stream for Subscription {
    type Item = Result<Entry, FeedError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

impl<S: FeedStore> Feed<S> {
    /// Returns up to `limit` entries after this position, ascending; fewer once their bodies reach
    /// [`PAGE_BYTES`], none only at the end of the feed. Every one is the change set that the feed
    /// names, unaltered.
    ///
    /// # Errors
    /// [`FeedError`]; [`FeedError::Unreadable`] only if the very next entry is.
    pub async fn entries(&self, after: Position, limit: usize) -> Result<Vec<Entry>, FeedError> {
        let Some(mut head) = self.head() else { return Err(FeedError::Opening) };
        if after >= head.position && self.is_shared() {
            self.shared().follow(self.store()).await?;
            head = self.head().unwrap_or(head);
        }
        if after > head.position {
            return Err(FeedError::Beyond { after, newest: head.position });
        }
        // The store may already hold a batch that is not taken in yet. A reader that got some of it
        // would next ask for a position beyond the feed.
        let limit = limit.min(usize::try_from(head.position - after).unwrap_or(limit));
        if let Some(recent) = self.shared().recent(after, limit) {
            return Ok(recent);
        }
        let mut entries: Vec<Entry> = Vec::new();
        let mut bytes = 0;
        let named = self.references(after, limit).await?;
        // The next chunk is looked up, parsed and hashed on another core meanwhile.
        let chunks: Vec<_> = named.chunks(BATCH).map(<[_]>::to_vec).collect();
        let looking_up = stream::iter(chunks).map(|some| {
            let store = self.store().clone();
            async move {
                let resolved = resolve(store, &some).await;
                (some, resolved)
            }
        });
        let mut looked_up = pin!(looking_up.buffered(AT_ONCE));
        while let Some((some, resolved)) = looked_up.next().await {
            match resolved {
                Ok(change_sets) => {
                    let is_cut = change_sets.len() < some.len();
                    bytes += change_sets.iter().map(|c| c.body().len()).sum::<usize>();
                    entries.extend(placed(&some, change_sets));
                    if is_cut || bytes >= PAGE_BYTES {
                        return Ok(entries);
                    }
                }
                Err(problem @ StoreError::Corrupt { .. }) => {
                    let (before, broken) = around(&some, &problem);
                    entries.extend(placed(before, resolve(self.store().clone(), before).await?));
                    let position = broken.unwrap_or(after + 1);
                    return if entries.is_empty() {
                        Err(FeedError::Unreadable { position, problem })
                    } else {
                        Ok(entries)
                    };
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(entries)
    }

    /// Returns the reference at this position; `None` beyond the feed, and for 0.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reference(&self, position: Position) -> Result<Option<Reference>, StoreError> {
        let Some(before) = position.checked_sub(1) else { return Ok(None) };
        Ok(self.references(before, 1).await?.pop().map(|(_, reference)| reference))
    }

    /// Subscribes to all entries after this position: the existing ones, then those to come.
    ///
    /// ```
    /// # async fn example(
    /// #     feed: event_store::feed::Feed<event_store::MemoryStore>,
    /// # ) -> Result<(), event_store::feed::FeedError> {
    /// let mut entries = feed.subscribe(0);
    /// while let Some(entry) = entries.next().await {
    ///     let entry = entry?;
    ///     println!("{} {}", entry.position, entry.change_set.aggregate);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn subscribe(&self, after: Position) -> Subscription {
        let start =
            SubscriptionState { feed: self.clone(), after, ready: VecDeque::new(), failed: None };
        Subscription(Box::pin(stream::unfold(start, SubscriptionState::next).fuse()))
    }

    /// Waits until the feed's newest position differs from this one, and returns `true`; returns
    /// `false` if the feed stops first. Does not wait if the position is beyond the feed, which
    /// [`Feed::entries`] refuses.
    pub async fn grows_beyond(&self, position: Position) -> bool {
        grows(self, &mut self.heads(), position).await
    }

    /// Returns up to `limit` references after this position.
    async fn references(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Reference)>, StoreError> {
        let mut named = Vec::new();
        let (batch, last) = self.shared().with_sequence(|sequence| {
            let end = after.saturating_add(limit as u64).min(sequence.head().position);
            (sequence.batch_of(after + 1), sequence.batch_of(end))
        });
        let (Some(mut number), Some(last)) = (batch, last) else { return Ok(named) };
        while number <= last && named.len() < limit {
            let wanted = usize::try_from(last - number + 1).unwrap_or(PAGE).min(PAGE);
            let batches = self.store().batches(number - 1, wanted).await?;
            if batches.is_empty() {
                return Err(missing(number).into());
            }
            for batch in batches {
                // All of them existed when they were taken in.
                if batch.number != number {
                    return Err(missing(number).into());
                }
                check(&batch)?;
                number += 1;
                let all = (batch.first()..).zip(batch.references());
                named.extend(
                    all.filter(|(position, _)| *position > after)
                        .map(|(position, reference)| (position, reference.clone())),
                );
            }
        }
        named.truncate(limit);
        Ok(named)
    }
}

/// The state of a subscription.
struct SubscriptionState<S> {
    feed: Feed<S>,
    /// The position of the last entry that was returned.
    after: Position,
    /// Entries that have been read and not returned.
    ready: VecDeque<Entry>,
    /// Set after an error.
    failed: Option<Failed>,
}

/// The consequence of an error.
enum Failed {
    /// The next attempt waits until this moment.
    RetryAt(Instant),
    /// No attempt can succeed.
    ForGood,
}

impl<S: FeedStore> SubscriptionState<S> {
    /// Waits for the next entry. The stream keeps this future until it is done, so callers may drop
    /// theirs.
    async fn next(mut self) -> Option<(Result<Entry, FeedError>, Self)> {
        let mut is_last_attempt = false;
        match self.failed.take() {
            Some(Failed::ForGood) => return None,
            Some(Failed::RetryAt(moment)) => {
                tokio::select! {
                    biased;
                    () = self.feed.ended() => is_last_attempt = true,
                    () = sleep_until(moment) => {}
                }
            }
            None => {}
        }
        let mut heads = self.feed.heads();
        loop {
            if let Some(entry) = self.ready.pop_front() {
                self.after = entry.position;
                return Some((Ok(entry), self));
            }
            if !grows(&self.feed, &mut heads, self.after).await {
                return None;
            }
            match self.feed.entries(self.after, BATCH).await {
                Ok(entries) => self.ready.extend(entries),
                Err(error) => {
                    let ended = is_last_attempt.then_some(Failed::ForGood);
                    self.failed = Some(ended.unwrap_or_else(|| after(&error)));
                    return Some((Err(error), self));
                }
            }
        }
    }
}

fn after(error: &FeedError) -> Failed {
    match error {
        FeedError::Beyond { .. } => Failed::ForGood,
        FeedError::Store(StoreError::Unavailable { retry_after, .. }) => {
            Failed::RetryAt(Instant::now() + *retry_after)
        }
        _ => Failed::RetryAt(Instant::now() + RETRY_AFTER),
    }
}

async fn grows<S: FeedStore>(
    feed: &Feed<S>,
    heads: &mut Receiver<Option<FeedHead>>,
    position: Position,
) -> bool {
    let elsewhere = |head: &Option<FeedHead>| head.is_some_and(|head| head.position != position);
    tokio::select! {
        biased;
        _ = heads.wait_for(elsewhere) => true,
        () = feed.ended() => false,
    }
}

async fn resolve<S: FeedStore>(
    store: S,
    some: &[(Position, Reference)],
) -> Result<Vec<ChangeSet>, StoreError> {
    let references: Vec<_> = some.iter().map(|(_, reference)| reference.clone()).collect();
    let found = tokio::spawn(async move { store.referenced(&references).await });
    found.await.map_err(|_| broken_off())?
}

fn missing(batch: u64) -> FeedBreak {
    FeedBreak { batch, problem: "is missing".to_owned() }
}

/// Checks a batch again. It was checked when it was taken in, but may have been altered since.
fn check(batch: &Batch) -> Result<(), FeedBreak> {
    let Batch { number, prev, hash, .. } = *batch;
    if hash == Hash::sealing(prev, &Batch::partition(number), number, batch.body()) {
        return Ok(());
    }
    let problem = "was altered: its hash does not match its body".to_owned();
    Err(FeedBreak { batch: number, problem })
}

fn placed(
    some: &[(Position, Reference)],
    change_sets: Vec<ChangeSet>,
) -> impl Iterator<Item = Entry> {
    let positions = some.iter().map(|(position, _)| *position);
    positions.zip(change_sets).map(|(position, change_set)| Entry { position, change_set })
}

/// The entries before the corrupt change set, and its position.
fn around<'a>(
    some: &'a [(Position, Reference)],
    problem: &StoreError,
) -> (&'a [(Position, Reference)], Option<Position>) {
    let StoreError::Corrupt { aggregate, version, .. } = problem else { return (&[], None) };
    let is_it = |named: &Reference| named.aggregate == *aggregate && named.version == *version;
    match some.iter().position(|(_, reference)| is_it(reference)) {
        Some(place) => (&some[..place], Some(some[place].0)),
        None => (&[], None),
    }
}
