//! The whole feed of a store, compared with the store's histories.

use std::collections::{BTreeMap, BTreeSet};

use event_store::feed::{FeedStore, Reference, Sequence};
use event_store::{AggregateId, Page};

/// Returns all references in their order. Folding the batches checks numbers, positions, the chain,
/// and each aggregate's versions.
pub(crate) async fn of<S: FeedStore>(store: &S) -> Vec<Reference> {
    let (mut sequence, mut all) = (Sequence::default(), Vec::new());
    loop {
        let batches = store.batches(sequence.head().batch, 7).await.unwrap();
        if batches.is_empty() {
            assert_eq!(sequence.head().position, all.len() as u64);
            return all;
        }
        for batch in batches {
            sequence.follow(&batch).unwrap();
            all.extend_from_slice(batch.references());
        }
    }
}

/// Asserts that the feed holds everything in the store exactly once, and nothing else. Returns the
/// feed.
pub(crate) async fn assert_complete<S: FeedStore>(store: &S) -> Vec<Reference> {
    let order = of(store).await;
    let mut by_aggregate: BTreeMap<AggregateId, Vec<Reference>> = BTreeMap::new();
    for reference in &order {
        by_aggregate.entry(reference.aggregate.clone()).or_default().push(reference.clone());
    }
    assert_eq!(by_aggregate, histories(store).await);
    order
}

async fn histories<S: FeedStore>(store: &S) -> BTreeMap<AggregateId, Vec<Reference>> {
    let (mut aggregates, mut cursor) = (BTreeSet::new(), None);
    loop {
        let page = store.keys(cursor).await.unwrap();
        aggregates.extend(page.keys.into_iter().map(|(aggregate, _)| aggregate));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let mut histories = BTreeMap::new();
    for aggregate in aggregates {
        let all = Page::After { version: 0, limit: usize::MAX };
        let history = store.change_sets(&aggregate, all).await.unwrap();
        histories.insert(aggregate, history.iter().map(Reference::from).collect());
    }
    histories
}
