//! The invariants of an item under any sequence of commands.

use domain::InventoryItem;
use domain::inventory_item::{InventoryItemCommand as Command, InventoryItemEvent as Event};
use domain::limits::{ON_HAND_LIMIT, QUANTITY_LIMIT, TEXT_LIMIT};
use event_store::Aggregate;
use proptest::prelude::*;

use super::arbitrary::{self, History};

fn steps(history: &History) -> impl Iterator<Item = (Command, &InventoryItem, &InventoryItem)> {
    let commands = history.change_sets.iter().map(|c| c.command::<InventoryItem>().unwrap());
    commands
        .zip(history.states.windows(2))
        .map(|(command, states)| (command, &states[0], &states[1]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn stock_stays_between_zero_and_the_limit(history in arbitrary::history(0..120)) {
        for item in &history.states {
            prop_assert!((0..=ON_HAND_LIMIT).contains(&item.on_hand));
        }
    }

    #[test]
    fn the_balances_add_up_to_the_stock(history in arbitrary::history(0..120)) {
        for item in &history.states {
            let sum: i64 = item.balances.iter().map(|balance| balance.on_hand).sum();
            prop_assert_eq!(sum, item.on_hand);
            prop_assert!(item.balances.iter().all(|balance| balance.on_hand > 0));
            let locations = item.balances.iter().map(|balance| balance.location);
            prop_assert!(locations.is_sorted_by(|one, next| one < next));
        }
    }

    #[test]
    fn only_a_count_raises_stock_above_the_maximum(history in arbitrary::history(0..120)) {
        let exceeds = |item: &InventoryItem| item.max_quantity.is_some_and(|m| item.on_hand > m);
        for (command, before, after) in steps(&history) {
            if exceeds(after) && !exceeds(before) {
                prop_assert!(matches!(command, Command::AdjustStock(_)), "{:?}", command);
            }
        }
    }

    #[test]
    fn an_inactive_item_has_no_stock(history in arbitrary::history(0..120)) {
        for item in &history.states {
            prop_assert!(item.active || item.on_hand == 0);
        }
    }

    #[test]
    fn sku_and_unit_never_change(history in arbitrary::history(0..120)) {
        let (first, others) = history.states[1..].split_first().unwrap();
        for item in others {
            prop_assert_eq!((&item.sku, &item.unit), (&first.sku, &first.unit));
            prop_assert!(item.exists());
        }
    }

    #[test]
    fn figures_and_texts_stay_within_their_limits(history in arbitrary::history(0..120)) {
        for item in &history.states[1..] {
            prop_assert!(item.max_quantity.is_none_or(|m| (1..=QUANTITY_LIMIT).contains(&m)));
            prop_assert!(item.reorder_level.is_none_or(|l| (0..=QUANTITY_LIMIT).contains(&l)));
            for text in [&item.sku, &item.name, &item.unit] {
                prop_assert!((1..=TEXT_LIMIT).contains(&text.chars().count()));
                prop_assert_eq!(text.trim(), text);
                prop_assert!(!text.contains(char::is_control));
            }
        }
    }

    #[test]
    fn the_deltas_of_events_account_for_the_stock(history in arbitrary::history(0..120)) {
        let events = history.change_sets.iter().map(|c| c.events::<InventoryItem>().unwrap());
        for (events, states) in events.zip(history.states.windows(2)) {
            let delta: i64 = events.iter().map(Event::delta).sum();
            prop_assert_eq!(states[1].on_hand - states[0].on_hand, delta);
            if let [Event::StockAdjusted(e)] = events.as_slice() {
                prop_assert_eq!(e.counted, states[1].balances.at(e.location));
            }
        }
    }

    /// Check-ins, removals and transfers give the same result in either order.
    #[test]
    fn movements_commute(
        history in arbitrary::history(0..60),
        one in arbitrary::movement(),
        other in arbitrary::movement(),
    ) {
        let both = |first: &Command, second: &Command| {
            let item = decided(history.item().clone(), first)?;
            decided(item, second)
        };
        if let (Some(there), Some(back)) = (both(&one, &other), both(&other, &one)) {
            prop_assert_eq!(there, back);
        }
    }
}

fn decided(item: InventoryItem, command: &Command) -> Option<InventoryItem> {
    let events = item.decide(command, &arbitrary::context(1)).ok()?;
    Some(events.iter().fold(item, Aggregate::evolve))
}
