use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt};
use tokio::sync::watch;
use tokio::time::{sleep, sleep_until, timeout};
use tracing::Instrument;

use super::shared::{ROOM, Shared, broken_off};
use super::{AppendedBatch, BATCH, FeedStore, Pace, Reference, Sequence};
use crate::full_disk::{self, OnceAMinute};
use crate::{
    AggregateId, ChangeSet, DecodeError, Hash, PAGE_BYTES, Page, StoreError, Version, spans,
};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Stop draining the inbox above this many unsequenced change sets.
const LEFT_OVER: usize = 1_000;
/// The number of aggregates that are read at once, and of change sets that are read of each.
const READ_AT_ONCE: usize = 4;
const READ_PAGE: usize = 2 * BATCH;

/// Sequences commits in the order of their arrival, as many at a time as have come. Reads missing
/// versions in between from the store.
pub(super) struct Sequencer<S> {
    store: S,
    shared: Arc<Shared>,
    pace: Pace,
    settles: watch::Sender<u64>,
    observer: Box<dyn Fn(Duration) + Send + Sync>,
    /// The number of commits that had been put into the inbox when it was last emptied.
    taken: u64,
    /// Commits taken from the inbox that are not known to be in the feed, with the time of each.
    candidates: Vec<(Reference, Instant)>,
    in_hand: HashMap<Hash, ChangeSet>,
    /// The size of their bodies, in bytes.
    held: usize,
    /// Aggregates with more change sets in the store than were taken.
    lagging: BTreeSet<AggregateId>,
    /// Aggregates that may have more change sets in the store.
    doubtful: BTreeSet<AggregateId>,
    /// Aggregates that nothing here can advance; the log has the reason.
    stuck: BTreeSet<AggregateId>,
    /// The time of the last attempt to write a batch.
    last: Option<Instant>,
}

impl<S: FeedStore> Sequencer<S> {
    pub(super) fn new(
        store: S,
        shared: Arc<Shared>,
        pace: Pace,
        settles: watch::Sender<u64>,
        observer: Box<dyn Fn(Duration) + Send + Sync>,
    ) -> Self {
        Self {
            store,
            shared,
            pace,
            settles,
            observer,
            taken: 0,
            candidates: Vec::new(),
            in_hand: HashMap::new(),
            held: 0,
            lagging: BTreeSet::new(),
            doubtful: BTreeSet::new(),
            stuck: BTreeSet::new(),
            last: None,
        }
    }

    /// Runs until it is told to stop. Returns whether nothing is left.
    pub(super) async fn run(mut self) -> bool {
        let mut pause = FIRST_PAUSE;
        let mut open = false;
        let retries = OnceAMinute::new();
        loop {
            let stopping = self.shared.inbox.is_stopping();
            let acted = self.act(&mut open).await;
            let trouble = acted.as_ref().err().cloned();
            self.shared.trouble.send_if_modified(|known| {
                let tells = known.is_some() || trouble.is_some();
                *known = trouble;
                tells
            });
            match acted {
                // Commits that arrived during a retry have not been taken yet.
                Ok(()) if stopping && self.shared.inbox.is_empty() => {
                    return self.stuck.is_empty();
                }
                Ok(()) if stopping => {}
                Ok(()) => {
                    pause = FIRST_PAUSE;
                    self.rest().await;
                }
                Err(error) => {
                    full_disk::tell_or(&error, || {
                        retries.tell(|untold| {
                            tracing::warn!(%error, untold, "the feed lags; retrying");
                        });
                    });
                    if stopping {
                        return false;
                    }
                    sleep(FIRST_PAUSE).await;
                    // A commit in the meantime may mean that the store is back.
                    if timeout(pause, self.shared.inbox.stirred()).await.is_err() {
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            }
        }
    }

    async fn act(&mut self, open: &mut bool) -> Result<(), StoreError> {
        if !*open {
            self.shared.follow(&self.store).await?;
            self.shared.open();
            *open = true;
        }
        self.take();
        // A sequencer that has something to write learns of others' batches by its conflicts.
        let idle = self.candidates.is_empty() && self.lagging.is_empty();
        if idle && self.pace.look.is_some() {
            self.shared.follow(&self.store).await?;
        }
        self.work().await?;
        self.settles.send_replace(self.taken);
        self.bring_on(|sequencer| &mut sequencer.doubtful).await
    }

    /// Waits until there is something to do, and then until the pace allows it.
    async fn rest(&self) {
        let filled = self.shared.inbox.filled();
        match self.pace.look {
            Some(look) => _ = timeout(look, filled).await,
            None => filled.await,
        }
        if let Some(last) = self.last
            && !self.shared.inbox.is_stopping()
        {
            sleep_until((last + self.pace.between).into()).await;
        }
    }

    /// Empties the inbox, unless much of what was taken before is still unsequenced: the inbox is
    /// bounded, and what was taken out of it has to be as well.
    fn take(&mut self) {
        if self.candidates.is_empty() {
            self.in_hand.clear();
            self.held = 0;
        }
        if self.candidates.len() > LEFT_OVER || self.held > ROOM {
            return;
        }
        let (waiting, committed) = self.shared.inbox.take();
        self.taken = committed;
        for (change_set, since) in waiting.change_sets {
            self.candidates.push(((&change_set).into(), since));
            self.held += change_set.body().len();
            self.in_hand.insert(change_set.hash, change_set);
        }
        self.lagging.extend(waiting.lagging);
        self.doubtful.extend(waiting.doubtful);
    }

    /// Sequences what was taken, then the missing versions in between.
    async fn work(&mut self) -> Result<(), StoreError> {
        let references: Vec<_> = self.candidates.iter().map(|(named, _)| named.clone()).collect();
        let in_hand = mem::take(&mut self.in_hand);
        let gaps = self.put(&references, &in_hand).await;
        self.in_hand = in_hand;
        self.lagging.extend(gaps?);
        self.drop_sequenced();
        self.bring_on(|sequencer| &mut sequencer.lagging).await?;
        self.drop_sequenced();
        for (reference, _) in mem::take(&mut self.candidates) {
            let why = "the store lacks the predecessor of a committed version";
            self.give_up(&reference.aggregate, why);
        }
        Ok(())
    }

    /// Reports the delay of each candidate that is now in the feed, and drops it.
    fn drop_sequenced(&mut self) {
        let Self { candidates, shared, observer, .. } = self;
        shared.with_sequence(|sequence| {
            candidates.retain(|(reference, since)| {
                let waits = reference.version > sequence.version_of(&reference.aggregate);
                if !waits {
                    observer(since.elapsed());
                }
                waits
            });
        });
    }

    /// Brings each of these aggregates to its newest version in the feed, one after the other. What
    /// was read of several is written together. Fails on a transient error; aggregates that were
    /// not advanced then stay in the set.
    async fn bring_on(
        &mut self,
        these: fn(&mut Self) -> &mut BTreeSet<AggregateId>,
    ) -> Result<(), StoreError> {
        while !these(self).is_empty() {
            let some: Vec<_> = these(self).iter().take(BATCH).cloned().collect();
            let (store, shared) = (self.store.clone(), Arc::clone(&self.shared));
            // While one batch is written, the next aggregates are read and parsed on another core.
            let reading = stream::iter(some).map(|aggregate| {
                let version = shared.with_sequence(|sequence| sequence.version_of(&aggregate));
                let store = store.clone();
                let newer = async move {
                    let page = Page::After { version, limit: READ_PAGE };
                    let newer = store.change_sets(&aggregate, page).await;
                    (aggregate, version, newer)
                };
                async { tokio::spawn(newer).await.map_err(|_| broken_off()) }
            });
            let mut reading = pin!(reading.buffered(READ_AT_ONCE));
            let mut found = Found::default();
            let mut failed = None;
            while let Some(read) = reading.next().await {
                let (aggregate, version, newer) = read?;
                let is_all = match newer {
                    Ok(newer) if follows(version, &newer) => found.add(&aggregate, newer),
                    // A store that does not answer for one aggregate need not be asked for the
                    // others.
                    Err(error) if error.is_transient() => {
                        failed = Some(error);
                        break;
                    }
                    Ok(_) | Err(_) => false,
                };
                if found.is_enough() || !is_all {
                    self.put_found(mem::take(&mut found), these).await?;
                }
                if !is_all {
                    self.bring_on_alone(&aggregate).await?;
                    these(self).remove(&aggregate);
                }
            }
            self.put_found(found, these).await?;
            if let Some(error) = failed {
                return Err(error);
            }
        }
        Ok(())
    }

    async fn put_found(
        &mut self,
        found: Found,
        these: fn(&mut Self) -> &mut BTreeSet<AggregateId>,
    ) -> Result<(), StoreError> {
        self.put(&found.references, &found.in_hand).await?;
        for aggregate in found.to_their_end {
            these(self).remove(&aggregate);
            self.no_longer_stuck(&aggregate);
        }
        Ok(())
    }

    /// Advances one aggregate that has many change sets, or a missing or unreadable one, as far as
    /// that. Fails on a transient error.
    async fn bring_on_alone(&mut self, aggregate: &AggregateId) -> Result<(), StoreError> {
        let mut limit = READ_PAGE;
        loop {
            let version = self.shared.with_sequence(|sequence| sequence.version_of(aggregate));
            let page = Page::After { version, limit };
            let newer = match self.store.change_sets(aggregate, page).await {
                Ok(newer) => newer,
                Err(error) if error.is_transient() => return Err(error),
                // One of them cannot be read, but those before it can.
                Err(_) if limit > 1 => {
                    limit = 1;
                    continue;
                }
                Err(error) => {
                    self.give_up(aggregate, &error.to_string());
                    return Ok(());
                }
            };
            let Some(first) = newer.first() else {
                self.no_longer_stuck(aggregate);
                return Ok(());
            };
            if first.version != version + 1 {
                self.give_up(aggregate, &format!("version {} is missing", version + 1));
                return Ok(());
            }
            let mut found = Found::default();
            found.add(aggregate, newer);
            self.put(&found.references, &found.in_hand).await?;
        }
    }

    /// Writes these references into the feed, as many as follow what is in it. Returns the
    /// aggregates with a missing version in between.
    async fn put(
        &mut self,
        references: &[Reference],
        in_hand: &HashMap<Hash, ChangeSet>,
    ) -> Result<BTreeSet<AggregateId>, StoreError> {
        loop {
            let proposal = self.shared.with_sequence(|sequence| {
                let (next, gaps) = line_up(sequence, references);
                if next.is_empty() { Err(gaps) } else { Ok(sequence.propose(&next)) }
            });
            let batch = match proposal {
                Ok(batch) => batch.map_err(DecodeError::from)?,
                Err(gaps) => return Ok(gaps),
            };
            let span = tracing::debug_span!(
                target: spans::TARGET,
                "sequence",
                batch = batch.number,
                references = batch.references().len(),
                outcome = tracing::field::Empty
            );
            let appended = self.store.append_batch(&batch).instrument(span.clone()).await;
            spans::tell(&span, &appended, |appended| match appended {
                AppendedBatch::Written => "written",
                AppendedBatch::Taken(_) => "taken",
            });
            self.last = Some(Instant::now());
            match appended? {
                AppendedBatch::Written => self.shared.take_in(&batch, in_hand)?,
                // Another sequencer won. The references in its batch are not proposed again.
                AppendedBatch::Taken(winner) => {
                    self.shared.take_in(&winner, in_hand)?;
                    self.shared.follow(&self.store).await?;
                }
            }
        }
    }

    fn give_up(&mut self, aggregate: &AggregateId, why: &str) {
        if !self.stuck.contains(aggregate) {
            tracing::error!(%aggregate, why, "the aggregate is stuck in the feed");
            self.stuck.insert(aggregate.clone());
            self.count_stuck();
        }
    }

    fn no_longer_stuck(&mut self, aggregate: &AggregateId) {
        if self.stuck.remove(aggregate) {
            self.count_stuck();
        }
    }

    fn count_stuck(&self) {
        self.shared.stuck.store(self.stuck.len() as u64, Ordering::Relaxed);
    }
}

/// The change sets that were read, to be put into the feed together.
#[derive(Default)]
struct Found {
    references: Vec<Reference>,
    in_hand: HashMap<Hash, ChangeSet>,
    /// The size of their bodies.
    bytes: usize,
    /// The aggregates that were read to their end.
    to_their_end: Vec<AggregateId>,
}

impl Found {
    /// Adds a page of an aggregate's change sets. Returns whether the page reached the aggregate's
    /// end.
    fn add(&mut self, aggregate: &AggregateId, newer: Vec<ChangeSet>) -> bool {
        let bytes: usize = newer.iter().map(|change_set| change_set.body().len()).sum();
        let is_all = newer.len() < READ_PAGE && bytes < PAGE_BYTES;
        if is_all {
            self.to_their_end.push(aggregate.clone());
        }
        self.bytes += bytes;
        self.references.extend(newer.iter().map(Reference::from));
        // Readers that follow closely need not read these again. An altered one is left out, for a
        // reader to find and report.
        let sound = newer.into_iter().filter(ChangeSet::is_unaltered);
        self.in_hand.extend(sound.map(|change_set| (change_set.hash, change_set)));
        is_all
    }

    fn is_enough(&self) -> bool {
        self.references.len() >= BATCH || self.bytes >= PAGE_BYTES
    }
}

/// Returns whether no version is missing between this one and these.
fn follows(version: Version, newer: &[ChangeSet]) -> bool {
    newer.iter().zip(version + 1..).all(|(change_set, next)| change_set.version == next)
}

/// Returns a batch's worth of the references that may come next, and the aggregates with a missing
/// version in between. Skips what is already in the feed; a reference that came too early waits for
/// its predecessor.
fn line_up(
    sequence: &Sequence,
    references: &[Reference],
) -> (Vec<Reference>, BTreeSet<AggregateId>) {
    let mut last: HashMap<&AggregateId, Version> = HashMap::new();
    let mut early: BTreeMap<(&AggregateId, Version), &Reference> = BTreeMap::new();
    let mut next = Vec::new();
    for reference in references {
        if next.len() >= BATCH {
            break;
        }
        let Reference { aggregate, version, .. } = reference;
        let last = last.entry(aggregate).or_insert_with(|| sequence.version_of(aggregate));
        if *version > *last + 1 {
            early.insert((aggregate, *version), reference);
        }
        if *version != *last + 1 {
            continue;
        }
        let mut following = Some(reference);
        while let Some(reference) = following {
            next.push(reference.clone());
            *last += 1;
            following = early.remove(&(aggregate, *last + 1));
        }
    }
    (next, early.into_keys().map(|(aggregate, _)| aggregate.clone()).collect())
}
