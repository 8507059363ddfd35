use domain::InventoryItem;

use crate::kind::Figure;
use crate::text::{grouped, isolated};

/// Returns the stock on hand, the maximum and the reorder level.
pub(super) fn figures(item: &InventoryItem) -> Vec<Figure> {
    vec![
        Figure { value: grouped(item.on_hand), note: isolated(&item.unit), is_low: false },
        maximum(item),
        reorder_level(item),
    ]
}

fn maximum(item: &InventoryItem) -> Figure {
    let Some(most) = item.max_quantity else {
        return Figure { value: "No limit".to_owned(), ..Figure::default() };
    };
    let note = match most.saturating_sub(item.on_hand) {
        0 => "full".to_owned(),
        room @ 1.. => format!("room for {}", grouped(room)),
        over => format!("{} over", grouped(over.saturating_neg())),
    };
    Figure { value: grouped(most), note, is_low: false }
}

fn reorder_level(item: &InventoryItem) -> Figure {
    let Some(level) = item.reorder_level else {
        return Figure { value: "Not set".to_owned(), ..Figure::default() };
    };
    let note = match item.on_hand.saturating_sub(level) {
        0 => "at this level".to_owned(),
        above @ 1.. => format!("{} above", grouped(above)),
        below => format!("{} below", grouped(below.saturating_neg())),
    };
    Figure { value: grouped(level), note, is_low: item.is_below_reorder_level() }
}
