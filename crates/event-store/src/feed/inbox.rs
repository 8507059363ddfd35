use std::collections::BTreeSet;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use crate::{AggregateId, ChangeSet};

/// What has been committed and is not in the feed yet, as far as this process has heard. Bounded, and
/// still nothing is lost: of what does not fit, the aggregate is kept, whose change sets are in the store.
#[derive(Debug)]
pub(super) struct Inbox {
    state: Mutex<State>,
    /// How many change sets may wait.
    capacity: usize,
    /// How large their bodies may be together.
    room: usize,
    stirred: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: Waiting,
    /// The bodies of the change sets that wait.
    bytes: usize,
    committed: u64,
    looking: bool,
    stopping: bool,
}

/// What is taken out of the inbox at once.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) change_sets: Vec<(ChangeSet, Instant)>,
    /// Aggregates of which the store has more.
    pub(super) behind: BTreeSet<AggregateId>,
    /// Aggregates of which the store may have more.
    pub(super) doubtful: BTreeSet<AggregateId>,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        let Self { change_sets, behind, doubtful } = self;
        change_sets.is_empty() && behind.is_empty() && doubtful.is_empty()
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
            state.waiting.behind.insert(change_set.aggregate.clone());
        }
        state.committed += 1;
        drop(state);
        self.stirred.notify_one();
    }

    pub(super) fn put_behind(&self, aggregate: AggregateId) {
        let mut state = self.state();
        state.waiting.behind.insert(aggregate);
        state.committed += 1;
        drop(state);
        self.stirred.notify_one();
    }

    pub(super) fn doubt(&self, aggregate: &AggregateId) {
        self.state().waiting.doubtful.insert(aggregate.clone());
        self.stirred.notify_one();
    }

    /// Others' batches may be there.
    pub(super) fn look(&self) {
        self.state().looking = true;
        self.stirred.notify_one();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.state().waiting.is_empty()
    }

    /// How many were put in so far.
    pub(super) fn committed(&self) -> u64 {
        self.state().committed
    }

    /// All that waits, and how many had been put in when it was taken.
    pub(super) fn take(&self) -> (Waiting, u64) {
        let mut state = self.state();
        state.looking = false;
        state.bytes = 0;
        (mem::take(&mut state.waiting), state.committed)
    }

    /// Returns when there is something to take, or it is time to look or to stop.
    pub(super) async fn filled(&self) {
        while self.state().is_idle() {
            self.stirred().await;
        }
    }

    /// Returns when something has come since this was last asked, or it is time to stop.
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
        // Nothing panics between two changes of it, so a poisoned state is still whole.
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

    /// What one take gives of four: how many whole, and of how many the aggregate.
    fn taken(inbox: &Inbox) -> (usize, usize) {
        (1..=4).for_each(|aggregate| inbox.put(&change_set(aggregate)));
        let (waiting, _) = inbox.take();
        (waiting.change_sets.len(), waiting.behind.len())
    }

    #[test]
    fn of_what_does_not_fit_the_aggregate_is_kept() {
        let room = 2 * change_set(1).body().len();
        assert_eq!(taken(&Inbox::new(3, usize::MAX)), (3, 1));
        let inbox = Inbox::new(usize::MAX, room);
        assert_eq!(taken(&inbox), (2, 2));
        assert_eq!(taken(&inbox), (2, 2), "what was taken takes no room");
    }
}
