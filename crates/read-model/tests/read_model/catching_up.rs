//! From all that the store holds to the rows.

use std::time::Duration;

use event_store::{MemoryStore, Store};
use read_model::{CaughtUp, Error, Progress, Projector, ReadModel};

use crate::faulty_store::FaultyStore;
use crate::files::{place, with_sql};
use crate::shop::{Shop, aggregate, filled_from, item};

async fn versions(model: &ReadModel, numbers: impl IntoIterator<Item = u128>) -> Vec<u64> {
    let mut versions = Vec::new();
    for number in numbers {
        versions.push(model.find(item(number)).await.unwrap().map_or(0, |row| row.version));
    }
    versions
}

#[tokio::test]
async fn everything_that_is_missing_is_applied_and_nothing_else() {
    let shop = Shop::new();
    for number in 1..=300 {
        shop.create(number, "S", "Thing").await;
    }
    let model = filled_from(&shop).await;
    shop.check_in(7, 1).await;
    shop.check_in(7, 1).await;
    shop.create(301, "S", "Late").await;
    let mut told = Vec::new();

    let caught_up = model.catch_up(&shop.store, |progress| told.push(progress)).await.unwrap();

    assert_eq!(caught_up, CaughtUp { scanned: 303, applied: 3, forgotten: 0, stuck: 0 });
    assert_eq!(versions(&model, [6, 7, 301]).await, [1, 3, 1]);
    assert_eq!(told.last(), Some(&Progress { scanned: 303, missing: 3, applied: 3 }));
    assert!(told.is_sorted_by_key(|progress| (progress.scanned, progress.applied)));
    let again = model.catch_up(&shop.store, |_| {}).await.unwrap();
    assert_eq!(again.applied, 0);
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
    assert_eq!(model.find(item(1)).await.unwrap().unwrap().on_hand, 1200);
}

#[tokio::test]
async fn a_store_that_goes_away_is_an_error_and_the_next_time_goes_on() {
    let shop = Shop::new();
    for number in 1..=250 {
        shop.create(number, "S", "Thing").await;
    }
    let store = FaultyStore::over(&shop.store);
    let model = ReadModel::in_memory().await.unwrap();
    let scanned = |progress: Progress| store.set_away(progress.missing > 0);
    let failed = model.catch_up(&store, scanned).await.unwrap_err();
    assert!(matches!(failed, Error::Store(_)), "{failed}");
    store.set_away(false);
    assert_eq!(model.catch_up(&store, |_| {}).await.unwrap().stuck, 0);
    assert_eq!(model.count().await.unwrap(), 250);
}

#[tokio::test]
async fn a_damaged_history_is_counted_and_keeps_none_of_the_others_away() {
    let shop = Shop::new();
    for number in 1..=3 {
        shop.create(number, "S", "Thing").await;
    }
    let store = FaultyStore::over(&shop.store);
    store.damage(aggregate(2));
    let model = ReadModel::in_memory().await.unwrap();

    let caught_up = model.catch_up(&store, |_| {}).await.unwrap();

    assert_eq!((caught_up.applied, caught_up.stuck), (2, 1));
    assert_eq!(versions(&model, 1..=3).await, [1, 0, 1]);
}

#[tokio::test]
async fn of_a_store_restored_from_an_older_copy_the_newer_rows_go() {
    let shop = Shop::new();
    for number in 1..=3 {
        shop.create(number, "S", "Thing").await;
    }
    let older = copy(&shop.store).await;
    shop.check_in(2, 5).await;
    shop.create(4, "S", "Thing").await;
    let model = filled_from(&shop).await;

    let caught_up = model.catch_up(&older, |_| {}).await.unwrap();

    assert_eq!((caught_up.forgotten, caught_up.applied), (2, 1));
    assert_eq!(versions(&model, 1..=4).await, [1, 1, 1, 0]);
}

#[tokio::test]
async fn a_row_and_a_checkpoint_that_disagree_are_built_again() {
    let (_directory, path) = place();
    let shop = Shop::new();
    for number in [1, 2] {
        shop.create(number, "S", "Thing").await;
        shop.check_in(number, 1).await;
    }
    let model = ReadModel::open(&path).await.unwrap();
    model.catch_up(&shop.store, |_| {}).await.unwrap();
    let meddle = "UPDATE inventory_items SET version = 9, on_hand = 99 WHERE hex(id) LIKE '%1'";
    with_sql(&path, meddle).await;
    with_sql(&path, "DELETE FROM inventory_items WHERE hex(id) LIKE '%2'").await;
    let projector = Projector::start(model.clone(), shop.store.clone());
    for number in [1, 2] {
        projector.commit(&shop.check_in(number, 1).await);
    }
    projector.settle(Duration::from_secs(20)).await.unwrap();
    for number in [1, 2] {
        let row = model.find(item(number)).await.unwrap().unwrap();
        assert_eq!((row.version, row.on_hand), (3, 2), "{number}");
    }
}

#[tokio::test]
async fn a_rebuild_starts_from_nothing() {
    let shop = Shop::new();
    let model = filled_from(&shop).await;
    model.apply(&[Shop::new().create(9, "S", "Of another store").await]).await.unwrap();
    shop.create(1, "S", "Thing").await;

    let rebuilt = model.rebuild(&shop.store, |_| {}).await.unwrap();

    assert_eq!(rebuilt, CaughtUp { scanned: 1, applied: 1, forgotten: 0, stuck: 0 });
    assert_eq!(versions(&model, [1, 9]).await, [1, 0]);
}

#[tokio::test]
async fn commands_may_be_taken_while_it_catches_up() {
    let shop = Shop::new();
    for number in 1..=400 {
        shop.create(number, "S", "Thing").await;
    }
    let model = ReadModel::in_memory().await.unwrap();
    let projector = Projector::start(model.clone(), shop.store.clone());
    let catching_up = tokio::spawn({
        let (model, store) = (model.clone(), shop.store.clone());
        async move { model.catch_up(&store, |_| {}).await.unwrap() }
    });
    for number in 1..=400 {
        projector.commit(&shop.check_in(number, 2).await);
    }
    assert_eq!(catching_up.await.unwrap().stuck, 0);
    projector.settle(Duration::from_secs(20)).await.unwrap();
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
    copy
}
