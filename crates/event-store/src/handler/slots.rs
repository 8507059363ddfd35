use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use uuid::Uuid;

use crate::Head;

/// The slot of one aggregate in use. The holder of its lock carries out a command on the aggregate.
/// Tokio's mutex is fair, so commands to a hot aggregate take their turns. `None` means that no
/// head is known.
pub(super) type Slot<A> = Arc<tokio::sync::Mutex<Option<Head<A>>>>;

/// The cached heads, bounded; the least recently used one is evicted first.
#[derive(Debug)]
pub(super) struct Slots<A> {
    slots: Mutex<LruCache<Uuid, Slot<A>>>,
    capacity: NonZeroUsize,
}

impl<A> Slots<A> {
    pub(super) fn new(capacity: NonZeroUsize) -> Self {
        Self { slots: Mutex::new(LruCache::unbounded()), capacity }
    }

    pub(super) fn of(&self, id: Uuid) -> Slot<A> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = Arc::clone(slots.get_or_insert(id, Slot::default));
        // A slot in use makes commands to its aggregate take turns, so it stays. Until the next
        // call, the bound may be exceeded by as many aggregates as have commands in flight.
        while slots.len() > self.capacity.get() {
            match slots.pop_lru() {
                Some((id, held)) if Arc::strong_count(&held) > 1 => {
                    slots.put(id, held);
                    break;
                }
                Some(_) => {}
                None => break,
            }
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use super::*;

    const ONE: Uuid = Uuid::from_u128(1);
    const TWO: Uuid = Uuid::from_u128(2);
    const THREE: Uuid = Uuid::from_u128(3);

    fn slots(capacity: usize) -> Slots<()> {
        Slots::new(NonZeroUsize::MIN.saturating_add(capacity - 1))
    }

    /// Returns whether each slot is still cached. A weak reference does not count as a use.
    fn cached<const N: usize>(
        slots: [&Weak<tokio::sync::Mutex<Option<Head<()>>>>; N],
    ) -> [bool; N] {
        slots.map(|slot| slot.strong_count() > 0)
    }

    #[test]
    fn the_slot_used_least_recently_is_evicted() {
        let slots = slots(2);
        let [one, two] = [ONE, TWO].map(|id| Arc::downgrade(&slots.of(id)));
        assert_eq!(cached([&one, &two]), [true, true]);
        drop(slots.of(ONE));
        let three = Arc::downgrade(&slots.of(THREE));
        assert_eq!(cached([&one, &two, &three]), [true, false, true]);
    }

    #[test]
    fn a_slot_in_use_is_evicted_only_after_its_use() {
        let slots = slots(1);
        let one = slots.of(ONE);
        let two = Arc::downgrade(&slots.of(TWO));
        assert!(Arc::ptr_eq(&one, &slots.of(ONE)), "two commands to one aggregate do not queue");
        let released = Arc::downgrade(&one);
        drop(one);
        let three = Arc::downgrade(&slots.of(THREE));
        assert_eq!(cached([&released, &two, &three]), [false, false, true]);
    }
}
