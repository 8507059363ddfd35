//! All aggregates of a store, one after the other.

use std::collections::VecDeque;

use event_store::{AggregateId, Store, StoreError, Version};

/// An aggregate that was come across.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Which.
    pub(crate) aggregate: AggregateId,
    /// How many change sets of it there are.
    pub(crate) change_sets: u64,
    /// The cursor of the page on which it begins: from there it is come across again.
    pub(crate) page: Option<String>,
}

/// Walks over the keys of a store.
#[derive(Debug)]
pub(crate) struct Walk<S> {
    store: S,
    keys: VecDeque<(AggregateId, Version)>,
    /// The cursor by which the keys in hand were asked for.
    page: Option<String>,
    next: Next,
}

#[derive(Debug)]
enum Next {
    Page(Option<String>),
    End,
}

impl<S: Store> Walk<S> {
    /// From the start, or from a page that an earlier walk has [`Found`] something on.
    pub(crate) fn from(store: S, page: Option<String>) -> Self {
        Self { store, keys: VecDeque::new(), page: None, next: Next::Page(page) }
    }

    /// The next aggregate; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Found>, StoreError> {
        let Some(aggregate) = self.peek().await?.cloned() else { return Ok(None) };
        let mut found = Found { aggregate, change_sets: 0, page: self.page.clone() };
        while self.peek().await? == Some(&found.aggregate) {
            self.keys.pop_front();
            found.change_sets += 1;
        }
        Ok(Some(found))
    }

    /// Whose the next key is. An aggregate's keys stand together, but not always on one page.
    async fn peek(&mut self) -> Result<Option<&AggregateId>, StoreError> {
        while self.keys.is_empty() {
            let Next::Page(cursor) = std::mem::replace(&mut self.next, Next::End) else {
                return Ok(None);
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
        Ok(self.keys.front().map(|(aggregate, _)| aggregate))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use domain::InventoryItem;
    use domain::inventory_item::{CheckInItems, InventoryItemEvent, ItemsCheckedIn};
    use event_store::{ChangeSet, Context, Hash, MemoryStore, Timestamp};
    use uuid::Uuid;

    use super::*;

    /// So many change sets of this item. What they say does not matter here.
    async fn fill(store: &MemoryStore, id: u128, count: Version) {
        let aggregate = AggregateId::new("inventory-item", Uuid::from_u128(id));
        let check_in = CheckInItems { quantity: 1, reference: None, unit_cost: None };
        let event = ItemsCheckedIn { quantity: 1, reference: None, unit_cost: None };
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

    /// The store in memory has a hundred keys on a page.
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
        // From the page on which one begins it is come across whole.
        assert_eq!(walk(Walk::from(store, hundreds(3))).await, all[3..]);
    }
}
