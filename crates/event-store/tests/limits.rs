//! The sizes that the store's documentation names, to the byte.

use event_store::feed::FeedStore;
use event_store::{Appended, ChangeSet, MemoryStore, Page, Store, StoreError};

use crate::histories::{noting_in, tally};

#[tokio::test]
async fn a_body_of_sixteen_mebibytes_is_stored_and_a_byte_more_is_refused() {
    let store = MemoryStore::default();
    match store.append(&noting_in(16_777_217, &tally(1), None)).await.unwrap_err() {
        StoreError::TooLarge { bytes: 16_777_217, limit: 16_777_216 } => {}
        other => panic!("{other}"),
    }
    assert_eq!(
        store.append(&noting_in(16_777_216, &tally(1), None)).await.unwrap(),
        Appended::Written
    );
}

#[tokio::test]
async fn a_page_ends_with_the_body_that_brings_it_to_eight_mebibytes() {
    for (second, on_the_page) in [(4_194_304, 2), (4_194_303, 3)] {
        let store = MemoryStore::default();
        let mut history: Vec<ChangeSet> = Vec::new();
        for bytes in [4_194_304, second, 1_000] {
            history.push(noting_in(bytes, &tally(1), history.last()));
            store.append(&history[history.len() - 1]).await.unwrap();
        }
        let everything = Page::After { version: 0, limit: 10 };
        let page = store.change_sets(&tally(1), everything).await.unwrap();
        assert_eq!(page, history[..on_the_page]);
        let references: Vec<_> = history.iter().map(Into::into).collect();
        assert_eq!(store.referenced(&references).await.unwrap(), history[..on_the_page]);
    }
}
