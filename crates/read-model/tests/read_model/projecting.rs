//! Projecting accepted commands into the rows.

use std::time::Duration;

use domain::InventoryItem;
use event_store::{Aggregate, ChangeSet, Hash, MemoryStore, Store};
use read_model::{LastStop, ReadModel};

use crate::faulty_store::FaultyStore;
use crate::files::{place, with_sql};
use crate::shop::{KIND, PATIENCE, Shop, aggregate, catch_up, find, following, item};

const NO_PATIENCE: Duration = Duration::from_millis(20);

async fn taken_up() -> ReadModel {
    let model = ReadModel::in_memory().await.unwrap();
    model.take_up("shop").await.unwrap();
    model
}

async fn on_hand(model: &ReadModel, number: u128) -> i64 {
    find(model, item(number)).await.unwrap().state.on_hand
}

#[tokio::test]
async fn a_list_after_settling_shows_everything_committed_before() {
    let shop = Shop::new();
    let model = taken_up().await;
    let projector = following(&model, &shop.store);
    projector.settle(NO_PATIENCE).await.unwrap();
    projector.feed().commit(&shop.create(1, "W-1", "Widget").await);
    for quantity in 1..=100 {
        projector.feed().commit(&shop.check_in(1, 1).await);
        if quantity % 10 == 0 {
            projector.settle(PATIENCE).await.unwrap();
            assert_eq!(on_hand(&model, 1).await, quantity);
        }
    }
}

#[tokio::test]
async fn concurrent_committers_each_see_their_own_change_set() {
    let shop = Shop::new();
    let model = taken_up().await;
    let projector = following(&model, &shop.store);
    let mut created = Vec::new();
    for number in 1..=64 {
        created.push((number, shop.create(number, "S", "Thing").await));
    }
    let tasks: Vec<_> = created
        .into_iter()
        .map(|(number, change_set)| {
            let (model, projector) = (model.clone(), projector.clone());
            tokio::spawn(async move {
                projector.feed().commit(&change_set);
                projector.settle(PATIENCE).await.unwrap();
                find(&model, item(number)).await.is_some()
            })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
}

#[tokio::test]
async fn change_sets_that_were_not_reported_are_read_from_the_store() {
    let shop = Shop::new();
    let model = taken_up().await;
    let projector = following(&model, &shop.store);
    shop.create(1, "W-1", "Widget").await;
    shop.check_in(1, 12).await;

    projector.feed().commit(&shop.check_in(1, 3).await);

    projector.settle(PATIENCE).await.unwrap();
    assert_eq!(on_hand(&model, 1).await, 15);
}

#[tokio::test]
async fn change_sets_committed_during_an_outage_show_after_it() {
    let shop = Shop::new();
    let store = FaultyStore::over(&shop.store);
    let model = taken_up().await;
    let projector = following(&model, &store);
    projector.settle(PATIENCE).await.unwrap();
    store.set_away(true);
    shop.create(1, "W-1", "Widget").await;
    projector.feed().commit(&shop.check_in(1, 3).await);
    projector.feed().commit(&shop.create(2, "G-1", "Gear").await);

    let behind = projector.settle(NO_PATIENCE).await.unwrap_err();
    assert_eq!(behind.0, 2);
    assert_eq!(model.count(KIND).await.unwrap(), 0);

    store.set_away(false);
    projector.settle(PATIENCE).await.unwrap();
    assert_eq!(on_hand(&model, 1).await, 3);
    assert!(find(&model, item(2)).await.is_some());
}

#[tokio::test]
async fn change_sets_in_doubt_block_nobody_and_show_after_the_outage() {
    let shop = Shop::new();
    let store = FaultyStore::over(&shop.store);
    let model = taken_up().await;
    let projector = following(&model, &store);
    projector.settle(PATIENCE).await.unwrap();
    store.set_away(true);
    shop.create(1, "W-1", "Widget").await;
    shop.check_in(1, 3).await;
    projector.feed().doubt(&aggregate(1));
    projector.feed().doubt(&aggregate(3));
    projector.settle(PATIENCE).await.unwrap();
    assert_eq!(model.count(KIND).await.unwrap(), 0);

    store.set_away(false);
    let mut applied = projector.applied();
    applied.wait_for(|applied| applied.position == Some(2)).await.unwrap();
    assert_eq!(on_hand(&model, 1).await, 3);
    assert_eq!(find(&model, item(3)).await, None);
}

#[tokio::test]
async fn a_stop_after_an_outage_applies_its_change_sets() {
    let (_directory, path) = place();
    let shop = Shop::new();
    let store = FaultyStore::over(&shop.store);
    let model = ReadModel::open(&path).await.unwrap();
    model.take_up("shop").await.unwrap();
    catch_up(&model, &store).await;
    let projector = following(&model, &store);
    projector.feed().opened().await.unwrap();
    store.set_away(true);
    projector.feed().commit(&shop.create(1, "W-1", "Widget").await);
    // The first change set has been taken up, and has failed.
    projector.settle(NO_PATIENCE).await.unwrap_err();
    projector.feed().commit(&shop.create(2, "G-1", "Gear").await);
    store.set_away(false);
    projector.stop().await;

    let model = ReadModel::open(&path).await.unwrap();
    assert_eq!(model.take_up("shop").await.unwrap(), LastStop::Clean);
    assert_eq!(model.count(KIND).await.unwrap(), 2);
}

#[tokio::test]
async fn an_altered_change_set_is_not_listed_when_more_arrive() {
    let shop = Shop::new();
    let model = taken_up().await;
    let created = shop.create(1, "W-1", "Widget").await;
    let body = created.body().replace("Widget", "Gadget");
    let altered = ChangeSet::from_parts(aggregate(1), 1, created.prev, created.hash, body).unwrap();
    let store = MemoryStore::default();
    store.append(&altered).await.unwrap();
    let checked_in = shop.check_in(1, 3).await;
    store.append(&checked_in).await.unwrap();
    let projector = following(&model, &store);
    projector.feed().commit(&checked_in);
    projector.settle(PATIENCE).await.unwrap();
    assert_eq!(find(&model, item(1)).await, None);
    assert_eq!(projector.applied().borrow().stuck, 1);
}

#[tokio::test]
async fn a_failing_database_is_retried_and_nothing_is_lost() {
    let (_directory, path) = place();
    let shop = Shop::new();
    let model = ReadModel::open(&path).await.unwrap();
    model.take_up("shop").await.unwrap();
    let projector = following(&model, &shop.store);
    with_sql(&path, "ALTER TABLE checkpoints RENAME TO hidden").await;
    for number in 1..=10 {
        projector.feed().commit(&shop.create(number, "S", "Thing").await);
        assert!(projector.settle(Duration::from_millis(2)).await.is_err());
    }

    with_sql(&path, "ALTER TABLE hidden RENAME TO checkpoints").await;

    projector.settle(PATIENCE).await.unwrap();
    assert_eq!(model.count(KIND).await.unwrap(), 10);
}

#[tokio::test]
async fn an_unreadable_history_blocks_only_itself() {
    let shop = Shop::new();
    let model = taken_up().await;
    let projector = following(&model, &shop.store);
    let created = shop.create(1, "W-1", "Widget").await;
    projector.feed().commit(&created);
    projector.feed().commit(&unreadable(&created));
    projector.feed().commit(&shop.create(2, "G-1", "Gear").await);

    projector.settle(PATIENCE).await.unwrap();

    assert_eq!(find(&model, item(1)).await.unwrap().version, 1);
    assert!(find(&model, item(2)).await.is_some());
}

#[tokio::test]
async fn a_change_set_without_its_predecessor_in_the_store_blocks_only_itself() {
    let shop = Shop::new();
    let model = taken_up().await;
    let projector = following(&model, &MemoryStore::default());
    shop.create(1, "W-1", "Widget").await;
    projector.feed().commit(&shop.check_in(1, 3).await);
    projector.feed().commit(&shop.create(2, "G-1", "Gear").await);

    projector.settle(PATIENCE).await.unwrap();

    assert_eq!(find(&model, item(1)).await, None);
    assert!(find(&model, item(2)).await.is_some());
}

#[tokio::test]
async fn a_damaged_history_blocks_only_itself() {
    let shop = Shop::new();
    let store = FaultyStore::over(&shop.store);
    store.damage(aggregate(1));
    let model = taken_up().await;
    let projector = following(&model, &store);
    shop.create(1, "W-1", "Widget").await;
    projector.feed().commit(&shop.check_in(1, 3).await);
    projector.feed().commit(&shop.create(2, "G-1", "Gear").await);

    projector.settle(PATIENCE).await.unwrap();

    assert_eq!(find(&model, item(1)).await, None);
    assert!(find(&model, item(2)).await.is_some());
}

#[tokio::test]
async fn a_stop_applies_what_was_committed_and_is_clean() {
    let (_directory, path) = place();
    let shop = Shop::new();
    let model = ReadModel::open(&path).await.unwrap();
    model.take_up("shop").await.unwrap();
    catch_up(&model, &shop.store).await;
    let projector = following(&model, &shop.store);
    projector.feed().commit(&shop.create(1, "W-1", "Widget").await);
    projector.feed().commit(&shop.check_in(1, 3).await);

    projector.stop().await;
    projector.stop().await;

    let model = ReadModel::open(&path).await.unwrap();
    assert_eq!(model.take_up("shop").await.unwrap(), LastStop::Clean);
    assert_eq!(on_hand(&model, 1).await, 3);
}

#[tokio::test]
async fn a_stop_that_leaves_change_sets_unapplied_is_not_clean() {
    for leave in [Leave::GapWhileTheStoreIsAway, Leave::DoubtWhileTheStoreIsAway, Leave::Unreadable]
    {
        let (_directory, path) = place();
        let shop = Shop::new();
        let store = FaultyStore::over(&shop.store);
        let model = ReadModel::open(&path).await.unwrap();
        model.take_up("shop").await.unwrap();
        catch_up(&model, &store).await;
        let projector = following(&model, &store);
        projector.settle(PATIENCE).await.unwrap();
        let created = shop.create(1, "W-1", "Widget").await;
        match leave {
            Leave::GapWhileTheStoreIsAway => {
                store.set_away(true);
                projector.feed().commit(&shop.check_in(1, 3).await);
            }
            Leave::DoubtWhileTheStoreIsAway => {
                store.set_away(true);
                projector.feed().doubt(&aggregate(1));
            }
            Leave::Unreadable => {
                projector.feed().commit(&created);
                projector.feed().commit(&unreadable(&created));
            }
        }

        projector.stop().await;

        let model = ReadModel::open(&path).await.unwrap();
        assert_eq!(model.take_up("shop").await.unwrap(), LastStop::Unclean, "{leave:?}");
    }
}

#[derive(Debug)]
enum Leave {
    GapWhileTheStoreIsAway,
    DoubtWhileTheStoreIsAway,
    Unreadable,
}

/// Version 2 of the item, written by a future program.
fn unreadable(created: &ChangeSet) -> ChangeSet {
    assert_eq!(created.aggregate.kind, InventoryItem::KIND);
    let body = created.body().replace("InventoryItemCreated", "InventoryItemTeleported");
    let hash = Hash::of_change_set(created.hash, &aggregate(1), 2, &body);
    ChangeSet::from_parts(aggregate(1), 2, created.hash, hash, body).unwrap()
}
