//! Change sets that arrive twice, late, early, or never.

use crate::shop::{KIND, NINE_O_CLOCK, Shop, aggregate, find, item};
use event_store::Timestamp;
use read_model::{ApplyReport, Gap, ReadModel};

#[tokio::test]
async fn a_row_shows_the_state_the_version_and_the_times() {
    let shop = Shop::new();
    let model = ReadModel::in_memory().await.unwrap();
    let history = [
        shop.create(1, "W-1", "Widget").await,
        shop.check_in(1, 12).await,
        shop.rename(1, "Cog").await,
    ];

    let applied = model.apply(&history).await.unwrap();

    assert_eq!(applied, ApplyReport { applied: 3, ..ApplyReport::default() });
    let row = find(&model, item(1)).await.unwrap();
    assert_eq!(
        (row.version, &*row.state.sku, &*row.state.name, &*row.state.unit),
        (3, "W-1", "Cog", "pcs")
    );
    assert_eq!(
        (row.state.on_hand, row.state.max_quantity, row.state.reorder_level, row.state.active),
        (12, None, None, true)
    );
    assert_eq!(row.created_at, Timestamp::from_millis(NINE_O_CLOCK));
    assert_eq!(row.updated_at, Timestamp::from_millis(NINE_O_CLOCK + 2000));
}

#[tokio::test]
async fn applied_change_sets_are_skipped() {
    let shop = Shop::new();
    let model = ReadModel::in_memory().await.unwrap();
    let history = [shop.create(1, "W-1", "Widget").await, shop.check_in(1, 12).await];
    model.apply(&history).await.unwrap();

    let again = [history[1].clone(), history[0].clone(), history[1].clone()];
    let applied = model.apply(&again).await.unwrap();

    assert_eq!(applied, ApplyReport { skipped: 3, ..ApplyReport::default() });
    assert_eq!(find(&model, item(1)).await.unwrap().state.on_hand, 12);
}

#[tokio::test]
async fn the_order_in_a_batch_does_not_matter() {
    let shop = Shop::new();
    let model = ReadModel::in_memory().await.unwrap();
    let history = [
        shop.create(1, "W-1", "Widget").await,
        shop.check_in(1, 12).await,
        shop.check_in(1, 3).await,
    ];
    let backwards: Vec<_> = history.iter().rev().cloned().collect();

    model.apply(&backwards).await.unwrap();

    assert_eq!(find(&model, item(1)).await.unwrap().state.on_hand, 15);
}

#[tokio::test]
async fn a_gap_is_reported_and_the_change_sets_before_it_are_applied() {
    let shop = Shop::new();
    let model = ReadModel::in_memory().await.unwrap();
    let first = shop.create(1, "W-1", "Widget").await;
    shop.check_in(1, 12).await;
    let third = shop.check_in(1, 3).await;
    let other = shop.create(2, "G-1", "Gear").await;

    let applied = model.apply(&[third, other, first]).await.unwrap();

    let gaps = vec![Gap { aggregate: aggregate(1), from: 2 }];
    assert_eq!(applied, ApplyReport { applied: 2, gaps, ..ApplyReport::default() });
    assert_eq!(find(&model, item(1)).await.unwrap().version, 1);
    assert_eq!(model.count(KIND).await.unwrap(), 2);
}
