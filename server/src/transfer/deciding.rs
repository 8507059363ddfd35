//! Deciding the commands of a file again: a change set that the domain refuses does not come in,
//! whatever its hashes.

use std::num::NonZeroUsize;

use domain::{InventoryItem, Location, Sku};
use event_store::{Aggregate, ChangeSet, Head, Store, StoreError, Verifier, Version};
use lru::LruCache;
use uuid::Uuid;

use crate::aggregates::CACHED_HEADS;

/// The states of the aggregates, as of the lines so far.
#[derive(Debug)]
pub(crate) struct Deciding {
    items: States<InventoryItem>,
    locations: States<Location>,
    skus: States<Sku>,
}

impl Default for Deciding {
    fn default() -> Self {
        Self {
            items: States::of_at_most(CACHED_HEADS),
            locations: States::of_at_most(CACHED_HEADS),
            skus: States::of_at_most(CACHED_HEADS),
        }
    }
}

impl Deciding {
    /// Returns whether the state before this change set has to be read from the store.
    pub(crate) fn needs_store(&mut self, change_set: &ChangeSet) -> bool {
        match &*change_set.aggregate.kind {
            InventoryItem::KIND => self.items.needs_store(change_set),
            Location::KIND => self.locations.needs_store(change_set),
            Sku::KIND => self.skus.needs_store(change_set),
            _ => false,
        }
    }

    /// Decides the command again, on the state that earlier lines or the store give. The inner
    /// error says how the result differs from the events of the change set. A change set of an
    /// unknown kind is accepted as it is.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn check(
        &mut self,
        change_set: &ChangeSet,
        store: &impl Store,
    ) -> Result<Result<(), String>, StoreError> {
        match &*change_set.aggregate.kind {
            InventoryItem::KIND => self.items.check(change_set, store).await,
            Location::KIND => self.locations.check(change_set, store).await,
            Sku::KIND => self.skus.check(change_set, store).await,
            _ => Ok(Ok(())),
        }
    }
}

/// The states of some aggregates of one kind, after the lines that have been checked.
#[derive(Debug)]
struct States<A>(LruCache<Uuid, (Version, Verifier<A>)>);

impl<A: Aggregate> States<A> {
    fn of_at_most(states: NonZeroUsize) -> Self {
        Self(LruCache::new(states))
    }

    fn needs_store(&mut self, change_set: &ChangeSet) -> bool {
        let before = change_set.version.saturating_sub(1);
        let known = self.0.peek(&change_set.aggregate.id);
        before > 0 && known.is_none_or(|(version, _)| *version != before)
    }

    async fn check(
        &mut self,
        change_set: &ChangeSet,
        store: &impl Store,
    ) -> Result<Result<(), String>, StoreError> {
        let id = change_set.aggregate.id;
        let head = if self.needs_store(change_set) {
            Some(Head::load(store, id, Some(change_set.version - 1)).await?)
        } else if change_set.version == 1 {
            Some(Head::empty(id))
        } else {
            None
        };
        let mut verifier = match (head, self.0.pop(&id)) {
            (Some(head), _) => Verifier::after(head),
            (None, Some((_, verifier))) => verifier,
            (None, None) => Verifier::after(Head::empty(id)),
        };
        verifier.check([change_set]);
        let found = verifier.verification();
        self.0.put(id, (change_set.version, verifier));
        Ok(found.problem.map_or(Ok(()), Err))
    }
}
