use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::inbox::Inbox;
use super::recent::Recent;
use super::{Batch, FeedBreak, FeedHead, FeedStore, Position, Sequence};
use crate::{ChangeSet, Hash, StoreError};

/// The maximum number of change sets that wait in memory; of any more, only the aggregate is kept.
const CAPACITY: usize = 10_000;
/// The maximum size of their bodies together, in bytes.
pub(super) const ROOM: usize = 64 * 1024 * 1024;
/// The number of batches that are read at a time.
pub(super) const PAGE: usize = 100;

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

#[derive(Debug, Default)]
struct Sequenced {
    sequence: Sequence,
    recent: Recent,
}

impl Shared {
    /// The state of a feed that has not been read yet. `head` receives its end.
    pub(super) fn new(head: watch::Sender<Option<FeedHead>>) -> Self {
        Self {
            inbox: Inbox::new(CAPACITY, ROOM),
            order: Mutex::default(),
            stuck: AtomicU64::new(0),
            trouble: watch::Sender::new(None),
            head,
        }
    }

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
