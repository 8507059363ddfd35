//! Catching up on a store, through its feed.

use event_store::feed::FeedStore;
use event_store::{MemoryStore, Store};
use read_model::ReadModel;

use crate::faulty_store::FaultyStore;
use crate::files::{place, with_sql};
use crate::shop::{KIND, PATIENCE, Shop, aggregate, catch_up, filled_from, find, following, item};

async fn versions(model: &ReadModel, numbers: impl IntoIterator<Item = u128>) -> Vec<u64> {
    let mut versions = Vec::new();
    for number in numbers {
        versions.push(find(model, item(number)).await.map_or(0, |row| row.version));
    }
    versions
}

#[tokio::test]
async fn only_missing_change_sets_are_applied() {
    let shop = Shop::new();
    for number in 1..=300 {
        shop.create(number, "S", "Thing").await;
    }
    let model = filled_from(&shop).await;
    shop.check_in(7, 1).await;
    shop.check_in(7, 1).await;
    shop.create(301, "S", "Late").await;
    // Applied change sets are not read again.
    let store = FaultyStore::over(&shop.store);
    store.damage(aggregate(6));

    assert_eq!(catch_up(&model, &store).await, 0);

    assert_eq!(versions(&model, [6, 7, 301]).await, [1, 3, 1]);
    assert_eq!(catch_up(&model, &shop.store).await, 0);
    assert_eq!(versions(&model, [6, 7, 301]).await, [1, 3, 1]);
}

#[tokio::test]
async fn long_histories_are_read_page_by_page() {
    let shop = Shop::new();
    for number in [1, 2] {
        shop.create(number, "S", "Thing").await;
    }
    for _ in 0..1200 {
        shop.check_in(1, 1).await;
    }
    for _ in 0..499 {
        shop.check_in(2, 1).await;
    }
    let model = filled_from(&shop).await;
    assert_eq!(versions(&model, [1, 2]).await, [1201, 500]);
    assert_eq!(find(&model, item(1)).await.unwrap().state.on_hand, 1200);
}

#[tokio::test]
async fn an_unavailable_store_is_waited_for() {
    let shop = Shop::new();
    for number in 1..=250 {
        shop.create(number, "S", "Thing").await;
    }
    catch_up(&ReadModel::in_memory().await.unwrap(), &shop.store).await;
    let store = FaultyStore::over(&shop.store);
    let model = ReadModel::in_memory().await.unwrap();
    model.take_up("shop").await.unwrap();
    store.set_away(true);
    let projector = following(&model, &store);
    assert!(projector.feed().head().is_none());
    tokio::task::yield_now().await;
    store.set_away(false);
    let mut applied = projector.applied();
    applied.wait_for(|applied| applied.position == Some(250)).await.unwrap();
    assert_eq!(model.count(KIND).await.unwrap(), 250);
}

#[tokio::test]
async fn a_damaged_history_is_counted_and_does_not_block_the_others() {
    let shop = Shop::new();
    for number in 1..=3 {
        shop.create(number, "S", "Thing").await;
    }
    let store = FaultyStore::over(&shop.store);
    store.damage(aggregate(2));
    let model = ReadModel::in_memory().await.unwrap();
    model.take_up("shop").await.unwrap();

    assert_eq!(catch_up(&model, &store).await, 1);

    assert_eq!(versions(&model, 1..=3).await, [1, 0, 1]);
}

#[tokio::test]
async fn a_damaged_history_shows_once_it_is_repaired() {
    let (_directory, path) = place();
    let shop = Shop::new();
    for number in 1..=3 {
        shop.create(number, "S", "Thing").await;
    }
    // Damaged only after it was added to the feed.
    catch_up(&ReadModel::in_memory().await.unwrap(), &shop.store).await;
    let store = FaultyStore::over(&shop.store);
    store.damage(aggregate(2));
    let model = ReadModel::open(&path).await.unwrap();
    model.take_up("shop").await.unwrap();
    assert_eq!(catch_up(&model, &store).await, 1);
    assert_eq!(versions(&model, 1..=3).await, [1, 0, 1]);
    model.close().await;

    let model = ReadModel::open(&path).await.unwrap();
    assert_eq!(model.take_up("shop").await.unwrap(), read_model::LastStop::Unclean);
    assert_eq!(catch_up(&model, &shop.store).await, 0);
    assert_eq!(versions(&model, 1..=3).await, [1, 1, 1]);
}

#[tokio::test]
async fn restoring_an_older_copy_of_the_store_removes_the_newer_rows() {
    let shop = Shop::new();
    for number in 1..=3 {
        shop.create(number, "S", "Thing").await;
    }
    filled_from(&shop).await;
    let older = copy(&shop.store).await;
    shop.check_in(2, 5).await;
    shop.create(4, "S", "Thing").await;
    let model = filled_from(&shop).await;
    assert_eq!(versions(&model, 1..=4).await, [1, 2, 1, 1]);

    assert_eq!(catch_up(&model, &older).await, 0);

    assert_eq!(versions(&model, 1..=4).await, [1, 1, 1, 0]);
}

#[tokio::test]
async fn another_feed_of_the_same_length_replaces_the_rows() {
    let (shop, other) = (Shop::new(), Shop::new());
    for number in 1..=3 {
        shop.create(number, "S", "Thing").await;
        other.create(number + 2, "S", "Other thing").await;
    }
    let model = filled_from(&shop).await;
    catch_up(&model, &other.store).await;
    assert_eq!(versions(&model, 1..=5).await, [0, 0, 1, 1, 1]);
}

#[tokio::test]
async fn a_row_that_disagrees_with_its_checkpoint_is_rebuilt() {
    let (_directory, path) = place();
    let shop = Shop::new();
    let model = ReadModel::open(&path).await.unwrap();
    model.take_up("shop").await.unwrap();
    let projector = following(&model, &shop.store);
    for number in [1, 2] {
        projector.feed().commit(&shop.create(number, "S", "Thing").await);
        projector.feed().commit(&shop.check_in(number, 1).await);
    }
    projector.settle(PATIENCE).await.unwrap();
    let meddle = "UPDATE inventory_items SET version = 9, on_hand = 99 WHERE hex(id) LIKE '%1'";
    with_sql(&path, meddle).await;
    with_sql(&path, "DELETE FROM inventory_items WHERE hex(id) LIKE '%2'").await;
    for number in [1, 2] {
        projector.feed().commit(&shop.check_in(number, 1).await);
    }
    projector.settle(PATIENCE).await.unwrap();
    for number in [1, 2] {
        let row = find(&model, item(number)).await.unwrap();
        assert_eq!((row.version, row.state.on_hand), (3, 2), "{number}");
    }
}

#[tokio::test]
async fn commands_may_be_accepted_during_a_catch_up() {
    let shop = Shop::new();
    for number in 1..=400 {
        shop.create(number, "S", "Thing").await;
    }
    let model = ReadModel::in_memory().await.unwrap();
    model.take_up("shop").await.unwrap();
    let projector = following(&model, &shop.store);
    let reconciling = tokio::spawn({
        let feed = projector.feed().clone();
        async move { feed.reconcile(|_| {}).await.unwrap() }
    });
    for number in 1..=400 {
        projector.feed().commit(&shop.check_in(number, 2).await);
    }
    reconciling.await.unwrap();
    projector.settle(PATIENCE).await.unwrap();
    assert_eq!(versions(&model, 1..=400).await, [2; 400]);
}

async fn copy(store: &MemoryStore) -> MemoryStore {
    let copy = MemoryStore::default();
    let keys = store.keys(None).await.unwrap();
    assert_eq!(keys.next, None);
    for (aggregate, version) in keys.keys {
        let page = event_store::Page::After { version: version - 1, limit: 1 };
        copy.append(&store.change_sets(&aggregate, page).await.unwrap()[0]).await.unwrap();
    }
    for batch in store.batches(0, usize::MAX).await.unwrap() {
        copy.append_batch(&batch).await.unwrap();
    }
    copy
}
