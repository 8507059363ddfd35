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

use super::running::{ROOM, Shared, broken_off};
use super::{AppendedBatch, BATCH, FeedStore, Pace, Reference, Sequence};
use crate::full_disk::{self, OnceAMinute};
use crate::{
    AggregateId, ChangeSet, DecodeError, Hash, PAGE_BYTES, Page, StoreError, Version, spans,
};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Stop draining the inbox above this many unsequenced change sets.
const LEFT_OVER: usize = 1_000;
/// How many aggregates are read at once, and how much of each.
const READ_AT_ONCE: usize = 4;
const READ_PAGE: usize = 2 * BATCH;

/// Puts in order what is committed, in the order in which it comes, as much at a time as has come; what is
/// missing in between it reads from the store.
pub(super) struct Sequencer<S> {
    store: S,
    shared: Arc<Shared>,
    pace: Pace,
    settles: watch::Sender<u64>,
    observer: Box<dyn Fn(Duration) + Send + Sync>,
    /// How many had been put into the inbox when it was emptied.
    taken: u64,
    /// Taken out of the inbox and not in the feed yet, as far as known; since when.
    candidates: Vec<(Reference, Instant)>,
    in_hand: HashMap<Hash, ChangeSet>,
    /// The bodies of those.
    held: usize,
    /// Aggregates of which the store has more than what was taken.
    behind: BTreeSet<AggregateId>,
    /// Aggregates of which the store may have more.
    doubtful: BTreeSet<AggregateId>,
    /// Aggregates that nothing here can bring on; the log has said why.
    stuck: BTreeSet<AggregateId>,
    /// When a batch was last written or met.
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
            behind: BTreeSet::new(),
            doubtful: BTreeSet::new(),
            stuck: BTreeSet::new(),
            last: None,
        }
    }

    /// Until it is told to stop. Whether nothing is left.
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
                // What came while it had to try again has not been taken yet.
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
                            tracing::warn!(%error, untold, "the feed is behind; it tries again");
                        });
                    });
                    if stopping {
                        return false;
                    }
                    sleep(FIRST_PAUSE).await;
                    // What is committed meanwhile may mean that the store is back.
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
        // Whoever has something to put learns of others' batches by that.
        let idle = self.candidates.is_empty() && self.behind.is_empty();
        if idle && self.pace.look.is_some() {
            self.shared.follow(&self.store).await?;
        }
        self.work().await?;
        self.settles.send_replace(self.taken);
        self.bring_on(|sequencer| &mut sequencer.doubtful).await
    }

    /// Until there is something to do, and the time to do it.
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

    /// Takes what waits, unless much of what was taken before could not be put in order: what the inbox does
    /// not hold, memory need not hold either.
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
        self.behind.extend(waiting.behind);
        self.doubtful.extend(waiting.doubtful);
    }

    /// Puts in order what was taken, then what is missing in between.
    async fn work(&mut self) -> Result<(), StoreError> {
        let references: Vec<_> = self.candidates.iter().map(|(named, _)| named.clone()).collect();
        let in_hand = mem::take(&mut self.in_hand);
        let gaps = self.put(&references, &in_hand).await;
        self.in_hand = in_hand;
        self.behind.extend(gaps?);
        self.drop_sequenced();
        self.bring_on(|sequencer| &mut sequencer.behind).await?;
        self.drop_sequenced();
        for (reference, _) in mem::take(&mut self.candidates) {
            let why = "the store does not have what a committed version follows";
            self.give_up(&reference.aggregate, why);
        }
        Ok(())
    }

    /// Says of candidates that are in the feed how long that took, and drops them.
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

    /// Brings the part of the feed of each of these aggregates to its newest version, one after the other; what was
    /// read of several is put in together. Fails when it is worth trying again: those that were not brought on stay
    /// among them.
    async fn bring_on(
        &mut self,
        these: fn(&mut Self) -> &mut BTreeSet<AggregateId>,
    ) -> Result<(), StoreError> {
        while !these(self).is_empty() {
            let some: Vec<_> = these(self).iter().take(BATCH).cloned().collect();
            let (store, shared) = (self.store.clone(), Arc::clone(&self.shared));
            // While one batch is written, what the next ones name is read and parsed on another core.
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
                    // A store that does not answer for one of them need not be asked for the others.
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

    /// Brings on one of which there is much, or something is missing or cannot be read: as far as that. Fails when it
    /// is worth trying again.
    async fn bring_on_alone(&mut self, aggregate: &AggregateId) -> Result<(), StoreError> {
        let mut limit = READ_PAGE;
        loop {
            let version = self.shared.with_sequence(|sequence| sequence.version_of(aggregate));
            let page = Page::After { version, limit };
            let newer = match self.store.change_sets(aggregate, page).await {
                Ok(newer) => newer,
                Err(error) if error.is_transient() => return Err(error),
                // One of them cannot be read. Those before it can.
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

    /// Puts these into the feed, as many as follow what is in it. Aggregates of which something in
    /// between is missing are given back.
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
                // Another sequencer was faster. What it has put in order is not proposed again.
                AppendedBatch::Taken(winner) => {
                    self.shared.take_in(&winner, in_hand)?;
                    self.shared.follow(&self.store).await?;
                }
            }
        }
    }

    fn give_up(&mut self, aggregate: &AggregateId, why: &str) {
        if !self.stuck.contains(aggregate) {
            tracing::error!(%aggregate, why, "the feed has no more of it");
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

/// What was read to be put into the feed together.
#[derive(Default)]
struct Found {
    references: Vec<Reference>,
    in_hand: HashMap<Hash, ChangeSet>,
    /// The bodies of those.
    bytes: usize,
    /// The aggregates of which the store has no more.
    to_their_end: Vec<AggregateId>,
}

impl Found {
    /// Takes in a page of an aggregate's change sets. Whether that was all there is of it.
    fn add(&mut self, aggregate: &AggregateId, newer: Vec<ChangeSet>) -> bool {
        let bytes: usize = newer.iter().map(|change_set| change_set.body().len()).sum();
        let is_all = newer.len() < READ_PAGE && bytes < PAGE_BYTES;
        if is_all {
            self.to_their_end.push(aggregate.clone());
        }
        self.bytes += bytes;
        self.references.extend(newer.iter().map(Reference::from));
        // Whoever follows closely need not read them again; what was altered is left to whoever tells of it.
        let sound = newer.into_iter().filter(ChangeSet::is_unaltered);
        self.in_hand.extend(sound.map(|change_set| (change_set.hash, change_set)));
        is_all
    }

    fn is_enough(&self) -> bool {
        self.references.len() >= BATCH || self.bytes >= PAGE_BYTES
    }
}

/// Whether nothing is missing between this version and these.
fn follows(version: Version, newer: &[ChangeSet]) -> bool {
    newer.iter().zip(version + 1..).all(|(change_set, next)| change_set.version == next)
}

/// Those of a batch's worth of references that may come next, and the aggregates of which something in
/// between is missing. What is in the feed already is passed over, and what came too early waits for what
/// it follows.
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
