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
