//! A walk over all aggregates of a store.

use std::collections::VecDeque;

use event_store::{AggregateId, Store, StoreError, Version};

/// An aggregate that a walk found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The kind and the id of the aggregate.
    pub(crate) aggregate: AggregateId,
    pub(crate) change_sets: u64,
    /// The cursor of the page on which its keys begin. A walk from there finds the whole aggregate.
    pub(crate) page: Option<String>,
}

/// A walk over the keys of a store, grouped by aggregate.
#[derive(Debug)]
pub(crate) struct Walk<S> {
    store: S,
    keys: VecDeque<(AggregateId, Version)>,
    /// The cursor that fetched the keys in hand.
    page: Option<String>,
    next: Next,
    /// The aggregate whose keys are being counted.
    current: Option<Found>,
}

#[derive(Debug)]
enum Next {
    Page(Option<String>),
    End,
}

impl<S: Store> Walk<S> {
    /// Starts at the beginning, or at the page of an earlier [`Found`].
    pub(crate) fn from(store: S, page: Option<String>) -> Self {
        Self { store, keys: VecDeque::new(), page: None, next: Next::Page(page), current: None }
    }

    /// Returns the next aggregate; `None` at the end. After an error the call can be repeated: no
    /// key is skipped.
    pub(crate) async fn next(&mut self) -> Result<Option<Found>, StoreError> {
        loop {
            self.fill().await?;
            match (&mut self.current, self.keys.front()) {
                (Some(found), Some((aggregate, _))) if found.aggregate == *aggregate => {
                    found.change_sets += 1;
                    self.keys.pop_front();
                }
                (None, Some((aggregate, _))) => {
                    let (aggregate, page) = (aggregate.clone(), self.page.clone());
                    self.current = Some(Found { aggregate, change_sets: 0, page });
                }
                _ => return Ok(self.current.take()),
            }
        }
    }

    /// Fetches pages until a key is in hand or the keys end. The keys of one aggregate are
    /// adjacent, but may span pages.
    async fn fill(&mut self) -> Result<(), StoreError> {
        while self.keys.is_empty() {
            let Next::Page(cursor) = std::mem::replace(&mut self.next, Next::End) else {
                return Ok(());
            };
            let page = match self.store.keys(cursor.clone()).await {
                Ok(page) => page,
                Err(error) => {
                    self.next = Next::Page(cursor);
                    return Err(error);
                }
            };
            self.keys = page.keys.into();
            self.page = cursor;
            self.next = page.next.map_or(Next::End, |next| Next::Page(Some(next)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use domain::InventoryItem;
    use domain::inventory_item::{CheckInItems, InventoryItemEvent, ItemsCheckedIn};
    use event_store::{
        Appended, AppendedAll, ChangeSet, Context, Hash, Keys, Loaded, MemoryStore, Page, Reach,
        Snapshot, Timestamp,
    };
    use uuid::Uuid;

    use super::*;

    /// Appends this many change sets to the item. Their content does not matter here.
    async fn fill(store: &MemoryStore, id: u128, count: Version) {
        let aggregate = AggregateId::of::<InventoryItem>(Uuid::from_u128(id));
        let check_in = CheckInItems { quantity: 1, ..CheckInItems::default() };
        let event =
            ItemsCheckedIn { quantity: 1, location: None, reference: None, unit_cost: None };
        for version in 1..=count {
            let context = Context {
                command_id: Uuid::from_u128(version.into()),
                actor: "tester".to_owned(),
                recorded_at: Timestamp::from_millis(0),
                rules: 1,
                correlation_id: Uuid::from_u128(1),
                causation_id: None,
            };
            let events = [InventoryItemEvent::from(event.clone())];
            let change_set = ChangeSet::seal::<InventoryItem>(
                aggregate.clone(),
                version,
                Hash::ZERO,
                &check_in.clone().into(),
                &events,
                &context,
            );
            store.append(&change_set.unwrap()).await.unwrap();
        }
    }

    async fn walk(mut walk: Walk<MemoryStore>) -> Vec<(u128, u64, Option<String>)> {
        let mut all = Vec::new();
        while let Some(found) = walk.next().await.unwrap() {
            all.push((found.aggregate.id.as_u128(), found.change_sets, found.page));
        }
        all
    }

    /// The memory store returns a hundred keys per page.
    #[tokio::test]
    async fn an_aggregate_on_two_pages_is_one_aggregate() {
        let store = MemoryStore::default();
        assert_eq!(walk(Walk::from(store.clone(), None)).await, []);
        for (id, count) in [(1, 70), (2, 150), (3, 80), (4, 1)] {
            fill(&store, id, count).await;
        }
        let hundreds = |n: u32| (n > 0).then(|| (n * 100).to_string());
        let all = vec![(1, 70, None), (2, 150, None), (3, 80, hundreds(2)), (4, 1, hundreds(3))];
        assert_eq!(walk(Walk::from(store.clone(), None)).await, all);
        // A walk from the page on which an aggregate begins finds the whole aggregate.
        assert_eq!(walk(Walk::from(store, hundreds(3))).await, all[3..]);
    }
    /// A store whose keys are unavailable on every other call.
    #[derive(Clone, Debug, Default)]
    struct Faltering(MemoryStore, Arc<AtomicBool>);

    impl Store for Faltering {
        fn is_same(&self, other: &Self) -> bool {
            self.0.is_same(&other.0)
        }

        async fn keys(&self, cursor: Option<String>) -> Result<Keys, StoreError> {
            if self.1.fetch_not(Ordering::Relaxed) {
                return self.0.keys(cursor).await;
            }
            Err(StoreError::Unavailable { reason: "busy".to_owned(), retry_after: Duration::ZERO })
        }

        async fn load(&self, aggregate: &AggregateId, reach: Reach) -> Result<Loaded, StoreError> {
            self.0.load(aggregate, reach).await
        }

        async fn append(&self, change_set: &ChangeSet) -> Result<Appended, StoreError> {
            self.0.append(change_set).await
        }

        async fn append_all(&self, change_sets: &[ChangeSet]) -> Result<AppendedAll, StoreError> {
            self.0.append_all(change_sets).await
        }

        async fn change_sets(
            &self,
            aggregate: &AggregateId,
            page: Page,
        ) -> Result<Vec<ChangeSet>, StoreError> {
            self.0.change_sets(aggregate, page).await
        }

        async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
            self.0.save_snapshot(snapshot).await
        }
    }

    #[tokio::test]
    async fn a_walk_resumed_after_a_failure_skips_nothing() {
        let store = MemoryStore::default();
        for (id, count) in [(1, 70), (2, 150), (3, 80)] {
            fill(&store, id, count).await;
        }
        let mut walk = Walk::from(Faltering(store, Arc::default()), None);
        let (mut all, mut failures) = (Vec::new(), 0);
        loop {
            match walk.next().await {
                Ok(Some(found)) => all.push((found.aggregate.id.as_u128(), found.change_sets)),
                Ok(None) => break,
                Err(_) => failures += 1,
            }
        }
        assert_eq!(all, [(1, 70), (2, 150), (3, 80)]);
        assert!(failures >= 3, "{failures}");
    }
}
