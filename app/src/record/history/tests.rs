#![expect(clippy::unwrap_used, reason = "a test may stop at what should not be")]

use domain::inventory_item::{
    AdjustStock, CheckInItems, CreateInventoryItem, InventoryItemCommand as Command, RemovalReason,
    RemoveItems,
};
use event_store::{AggregateId, Context, Hash, Timestamp};
use uuid::Uuid;

use super::*;

/// Created, then 48 in, 8 out, counted 37: 0, 48, 40, 37 on hand.
fn change_sets() -> Vec<ChangeSet> {
    let commands = [
        Command::CreateInventoryItem(CreateInventoryItem {
            sku: "COF".into(),
            name: "Beans".into(),
            unit: "bags".into(),
            max_quantity: None,
        }),
        Command::CheckInItems(CheckInItems { quantity: 48, ..CheckInItems::default() }),
        Command::RemoveItems(RemoveItems { quantity: 8, reason: RemovalReason::Sold }),
        Command::AdjustStock(AdjustStock { counted: 37, reason: "count".into() }),
    ];
    let id = AggregateId::new(InventoryItem::KIND, Uuid::from_u128(7));
    let (mut state, mut prev, mut sealed) = (InventoryItem::default(), Hash::ZERO, Vec::new());
    for (version, command) in (1_u32..).zip(&commands) {
        let context = Context {
            command_id: Uuid::from_u128(version.into()),
            actor: "Mara".into(),
            recorded_at: Timestamp::from_millis(i64::from(version)),
            rules: 1,
            correlation_id: Uuid::from_u128(version.into()),
            causation_id: None,
        };
        let events = state.decide(command, &context).unwrap();
        let change_set = ChangeSet::seal::<InventoryItem>(
            id.clone(),
            version.into(),
            prev,
            command,
            &events,
            &context,
        )
        .unwrap();
        prev = change_set.hash;
        state = events.iter().fold(state, InventoryItem::evolve);
        sealed.push(change_set);
    }
    sealed
}

/// What a page knows that has loaded versions `from` to `to`, when `to` was the newest.
fn history(from: usize, to: usize) -> History {
    let all = change_sets();
    let state = Replay::<InventoryItem>::new(&all[..to]).unwrap().head().clone();
    let newest = &all[to - 1];
    History::new(ItemView {
        on_hand: state.on_hand,
        now: AggregateState {
            aggregate: newest.aggregate.clone(),
            version: newest.version,
            state,
            created_at: Timestamp::default(),
            updated_at: newest.content().recorded_at,
            hash: newest.hash,
        },
        viewed: None,
        change_sets: all[from - 1..to].to_vec(),
    })
}

fn balances(rows: &[Row]) -> Vec<(Version, i64, i64)> {
    rows.iter().map(|row| (row.change_set.version, row.delta(), row.on_hand)).collect()
}

#[test]
fn rows_say_what_was_left_on_hand_without_knowing_the_beginning() {
    assert_eq!(balances(&history(2, 4).rows(4, 50)), [(4, -3, 37), (3, -8, 40), (2, 48, 48)]);
    assert_eq!(balances(&history(2, 4).rows(3, 1)), [(3, -8, 40)]);
}

#[test]
fn what_follows_is_taken_in_once_and_what_does_not_follow_is_not() {
    let mut history = history(1, 2);
    history.take_in(&change_sets()[3..]).unwrap();
    assert_eq!(history.now().version, 2);
    history.take_in(&change_sets()).unwrap();
    history.take_in(&change_sets()).unwrap();
    assert_eq!(history.now().version, 4);
    assert_eq!(history.now().state.on_hand, 37);
    assert_eq!(history.levels(), [(1, 0), (2, 48), (3, 40), (4, 37)]);
}

#[test]
fn the_whole_history_replays_and_keeps_what_came_while_it_was_loading() {
    let mut history = history(3, 4);
    let whole = change_sets()[..3].to_vec();
    let replay = Replay::new(&whole).unwrap();
    history.complete(whole, replay).unwrap();
    assert_eq!(history.span(), (1, 4));
    assert_eq!(history.replay().map(|r| r.at(3).on_hand), Some(40));
    assert_eq!(history.levels(), [(1, 0), (2, 48), (3, 40), (4, 37)]);
    assert_eq!(balances(&history.rows(2, 50)), [(2, 48, 48), (1, 0, 0)]);
}

#[test]
fn what_is_loaded_says_whether_it_is_all_and_which_commands_it_holds() {
    let (part, all) = (history(3, 4), history(1, 4));
    assert_eq!(part.whole(), None);
    assert_eq!(all.whole().map(<[_]>::len), Some(4));
    assert!(part.holds(Uuid::from_u128(3)) && !part.holds(Uuid::from_u128(2)));
}

#[test]
fn an_earlier_part_is_put_before_only_when_it_touches() {
    let mut history = history(4, 4);
    history.put_before(change_sets()[..1].to_vec());
    assert_eq!(history.span(), (4, 4));
    history.put_before(change_sets()[..3].to_vec());
    assert_eq!(history.span(), (1, 4));
}
