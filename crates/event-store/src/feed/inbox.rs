use std::collections::BTreeSet;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use crate::{AggregateId, ChangeSet};

/// The commits that this process knows of and that are not in the feed yet. Bounded without loss:
/// if a change set does not fit, its aggregate is kept instead, whose change sets are in the store.
#[derive(Debug)]
pub(super) struct Inbox {
    state: Mutex<State>,
    /// The maximum number of change sets that wait.
    capacity: usize,
    /// The maximum size of their bodies together, in bytes.
    room: usize,
    stirred: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: Drained,
    /// The size of the waiting change sets' bodies, in bytes.
    bytes: usize,
    committed: u64,
    looking: bool,
    stopping: bool,
}

/// The contents of the inbox, as taken out at once.
#[derive(Debug, Default)]
pub(super) struct Drained {
    pub(super) change_sets: Vec<(ChangeSet, Instant)>,
    /// Aggregates with more change sets in the store.
    pub(super) lagging: BTreeSet<AggregateId>,
    /// Aggregates that may have more change sets in the store.
    pub(super) doubtful: BTreeSet<AggregateId>,
}

impl Drained {
    fn is_empty(&self) -> bool {
        let Self { change_sets, lagging, doubtful } = self;
        change_sets.is_empty() && lagging.is_empty() && doubtful.is_empty()
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && !self.looking && !self.stopping
    }
}

impl Inbox {
    pub(super) fn new(capacity: usize, room: usize) -> Self {
        Self { state: Mutex::default(), capacity, room, stirred: Notify::new() }
    }

    pub(super) fn put(&self, change_set: &ChangeSet) {
        let mut state = self.state();
        let bytes = state.bytes + change_set.body().len();
        if state.waiting.change_sets.len() < self.capacity && bytes <= self.room {
            state.bytes = bytes;
            state.waiting.change_sets.push((change_set.clone(), Instant::now()));
        } else {
            state.waiting.lagging.insert(change_set.aggregate.clone());
        }
        state.committed += 1;
        drop(state);
        self.stirred.notify_one();
    }

    pub(super) fn put_lagging(&self, aggregate: AggregateId) {
        let mut state = self.state();
        state.waiting.lagging.insert(aggregate);
        state.committed += 1;
        drop(state);
        self.stirred.notify_one();
    }

    pub(super) fn doubt(&self, aggregate: &AggregateId) {
        self.state().waiting.doubtful.insert(aggregate.clone());
        self.stirred.notify_one();
    }

    /// Records that others may have written batches.
    pub(super) fn look(&self) {
        self.state().looking = true;
        self.stirred.notify_one();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.state().waiting.is_empty()
    }

    /// The number of commits put in so far.
    pub(super) fn committed(&self) -> u64 {
        self.state().committed
    }

    /// Takes all that waits, with the number of commits that have been put in so far.
    pub(super) fn take(&self) -> (Drained, u64) {
        let mut state = self.state();
        state.looking = false;
        state.bytes = 0;
        (mem::take(&mut state.waiting), state.committed)
    }

    /// Waits until something can be taken, or it is time to look or to stop.
    pub(super) async fn filled(&self) {
        while self.state().is_idle() {
            self.stirred().await;
        }
    }

    /// Waits until something has arrived since the last call, or it is time to stop.
    pub(super) async fn stirred(&self) {
        self.stirred.notified().await;
    }

    pub(super) fn stop(&self) {
        self.state().stopping = true;
        self.stirred.notify_one();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.state().stopping
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics between two changes of the state, so a poisoned one is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use uuid::Uuid;

    use super::*;
    use crate::{Hash, Kind};

    fn change_set(aggregate: u128) -> ChangeSet {
        let id = Uuid::from_u128(aggregate);
        let body = format!(
            r#"{{"command_id":"{id}","command":{{"type":"Note","data":{{}}}},"events":[{{"type":"Noted","data":{{}}}}],"actor":"tester","reason":null,"recorded_at":"2026-01-01T12:00:00.000Z","correlation_id":"{id}","causation_id":null,"rules":1}}"#
        );
        ChangeSet::from_parts(
            AggregateId::new(Kind::from_static("tally"), id),
            1,
            Hash::ZERO,
            Hash::ZERO,
            body,
        )
        .unwrap()
    }

    /// Puts in four change sets, and takes them: the number of whole ones, and of mere aggregates.
    fn taken(inbox: &Inbox) -> (usize, usize) {
        (1..=4).for_each(|aggregate| inbox.put(&change_set(aggregate)));
        let (waiting, _) = inbox.take();
        (waiting.change_sets.len(), waiting.lagging.len())
    }

    #[test]
    fn a_change_set_that_does_not_fit_leaves_its_aggregate() {
        let room = 2 * change_set(1).body().len();
        assert_eq!(taken(&Inbox::new(3, usize::MAX)), (3, 1));
        let inbox = Inbox::new(usize::MAX, room);
        assert_eq!(taken(&inbox), (2, 2));
        assert_eq!(taken(&inbox), (2, 2), "taken change sets free their room");
    }
}
