#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

use domain::InventoryItem;
use domain::inventory_item::{
    AdjustStock, CheckInItems, CreateInventoryItem, InventoryItemCommand as Command, RemovalReason,
    RemoveItems,
};
use event_store::{Aggregate as _, AggregateId, Context, Hash, Replay, Timestamp};
use uuid::Uuid;

use super::*;
use crate::kinds::KINDS;

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
        Command::RemoveItems(RemoveItems {
            quantity: 8,
            location: None,
            reason: RemovalReason::Sold,
        }),
        Command::AdjustStock(AdjustStock { counted: 37, location: None, reason: "count".into() }),
    ];
    let id = AggregateId::of::<InventoryItem>(Uuid::from_u128(7));
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

/// The history of a page that has loaded versions `from` to `to`, when `to` was the newest.
fn history(from: usize, to: usize) -> History {
    let all = change_sets();
    let state = Replay::<InventoryItem>::new(&all[..to]).unwrap().head().clone();
    let newest = &all[to - 1];
    let state = StateJson::of(&state).unwrap();
    let view = RecordView {
        after: Some(state.clone()),
        now: AggregateState {
            aggregate: newest.aggregate.clone(),
            version: newest.version,
            state,
            created_at: Timestamp::default(),
            updated_at: newest.content().recorded_at,
            hash: newest.hash,
        },
        viewed: None,
        before: None,
        change_sets: all[from - 1..to].to_vec(),
        beyond: None,
        others: Vec::new(),
        contents: None,
        faults: Vec::new(),
    };
    History::new(KINDS[0], view).unwrap()
}

fn on_hand(history: &History) -> i64 {
    history.now().state.level().unwrap().value
}

fn levels(history: &History) -> Vec<(Version, i64)> {
    history.levels().iter().map(|level| (level.version, level.value)).collect()
}

fn balances(rows: &[Row]) -> Vec<(Version, i64, i64)> {
    rows.iter().map(|row| (row.change_set.version, row.delta(), row.value.unwrap())).collect()
}

/// The same change set with another quantity.
fn altered(change_set: &ChangeSet) -> ChangeSet {
    let ChangeSet { aggregate, version, prev, hash, .. } = change_set.clone();
    let body = change_set.body().replace("\"quantity\":8", "\"quantity\":9");
    assert_ne!(body, change_set.body());
    ChangeSet::from_parts(aggregate, version, prev, hash, body).unwrap()
}

/// All four change sets, with the third altered.
fn altered_third() -> Vec<ChangeSet> {
    let mut all = change_sets();
    all[2] = altered(&all[2]);
    all
}

const ALTERED: &str = "version 3 was altered: its hash does not match its body";

fn third() -> Option<Fault> {
    Some(Fault { version: 3, problem: ALTERED.to_owned() })
}

#[test]
fn rows_show_the_stock_even_without_the_beginning() {
    assert_eq!(balances(&history(2, 4).rows(4, 50)), [(4, -3, 37), (3, -8, 40), (2, 48, 48)]);
    assert_eq!(balances(&history(2, 4).rows(3, 1)), [(3, -8, 40)]);
}

#[test]
fn change_sets_are_taken_in_once_and_only_if_they_follow() {
    let mut history = history(1, 2);
    history.take_in(&change_sets()[3..]).unwrap();
    assert_eq!(history.now().version, 2);
    history.take_in(&change_sets()).unwrap();
    history.take_in(&change_sets()).unwrap();
    assert_eq!(history.now().version, 4);
    assert_eq!(on_hand(&history), 37);
    assert_eq!(levels(&history), [(1, 0), (2, 48), (3, 40), (4, 37)]);
}

#[test]
fn the_whole_history_replays_and_keeps_newer_change_sets() {
    let mut history = history(3, 4);
    let whole = change_sets()[..3].to_vec();
    let replay = KINDS[0].replay(&whole).unwrap();
    history.complete(whole, replay).unwrap();
    assert_eq!(history.span(), (1, 4));
    assert_eq!(history.replay().map(|r| r.at(3).level().unwrap().value), Some(40));
    assert_eq!(levels(&history), [(1, 0), (2, 48), (3, 40), (4, 37)]);
    assert_eq!(balances(&history.rows(2, 50)), [(2, 48, 48), (1, 0, 0)]);
}

#[test]
fn the_loaded_part_knows_whether_it_is_whole_and_which_commands_it_holds() {
    let (part, all) = (history(3, 4), history(1, 4));
    assert_eq!(part.whole(), None);
    assert_eq!(all.whole().map(<[_]>::len), Some(4));
    assert!(part.holds(Uuid::from_u128(3)) && !part.holds(Uuid::from_u128(2)));
}

#[test]
fn an_earlier_part_is_prepended_only_if_adjacent() {
    let mut history = history(4, 4);
    history.put_before(change_sets()[..1].to_vec());
    assert_eq!(history.span(), (4, 4));
    history.put_before(change_sets()[..3].to_vec());
    assert_eq!(history.span(), (1, 4));
}

#[test]
fn an_altered_change_set_is_not_taken_in_and_the_item_ends_before_it() {
    let mut history = history(1, 2);
    assert_eq!((history.end(), history.flaw()), (None, None));
    let refused = history.take_in(&altered_third()).unwrap_err();
    assert_eq!(refused.to_string(), ALTERED);
    assert_eq!((history.now().version, on_hand(&history)), (2, 48));
    assert_eq!((history.end(), history.flaw()), (third(), None));
    let rows = history.rows(2, 50);
    let said: Vec<_> = rows.iter().map(|row| (row.change_set.version, row.value)).collect();
    assert_eq!(said, [(3, None), (2, Some(48)), (1, Some(0))]);
    assert_eq!(rows[0].fault.as_deref(), Some(ALTERED));
    assert_eq!(history.rows(1, 50).len(), 1, "it comes only before the newest row");
    assert_eq!(levels(&history), [(1, 0), (2, 48)]);
}

#[test]
fn a_change_set_that_does_not_chain_is_not_taken_in() {
    let mut history = history(1, 2);
    let ChangeSet { aggregate, version, hash, .. } = change_sets()[2].clone();
    let forged = Hash::of_change_set(hash, &aggregate, version, change_sets()[2].body());
    let body = change_sets()[2].body().to_owned();
    let forged = ChangeSet::from_parts(aggregate, version, hash, forged, body).unwrap();
    assert!(forged.is_unaltered());
    let refused = history.take_in(&[forged]).unwrap_err();
    assert_eq!(refused.to_string(), "version 3 does not chain to version 2");
}

#[test]
fn a_change_set_of_a_newer_program_differs_from_an_altered_one() {
    let mut history = history(1, 2);
    let ChangeSet { aggregate, version, prev, .. } = change_sets()[2].clone();
    let body = change_sets()[2].body().replace("ItemsRemoved", "ItemsFrozen");
    let hash = Hash::of_change_set(prev, &aggregate, version, &body);
    let newer = ChangeSet::from_parts(aggregate, version, prev, hash, body).unwrap();
    assert!(history.take_in(&[newer]).unwrap_err().is_of_newer_version());
    assert_eq!((history.now().version, history.end()), (2, None));
    assert!(!history.take_in(&altered_third()[2..3]).unwrap_err().is_of_newer_version());
}

#[test]
fn an_altered_change_set_before_now_is_marked_and_hides_earlier_stock() {
    let mut history = history(4, 4);
    let older = altered_third()[..3].to_vec();
    history.put_before(older);
    assert_eq!((history.end(), history.flaw()), (None, third()));
    let rows = history.rows(4, 50);
    let said: Vec<_> = rows.iter().map(|row| (row.value, row.fault.is_some())).collect();
    assert_eq!(said, [(Some(37), false), (None, true), (None, false), (None, false)]);
    assert_eq!(history.rows(2, 50)[0].value, None);
    assert_eq!(levels(&history), [(4, 37)]);
}

#[test]
fn only_an_undamaged_whole_history_is_vouched_for() {
    let mut sound = history(4, 4);
    assert!(sound.vouch_for(&change_sets()));
    assert_eq!((sound.end(), sound.flaw()), (None, None));
    let mut flawed = history(4, 4);
    assert!(!flawed.vouch_for(&altered_third()));
    assert_eq!((flawed.end(), flawed.flaw()), (None, third()));
    // Newer change sets that are sound are taken in.
    let mut behind = history(1, 1);
    assert!(!behind.vouch_for(&altered_third()));
    assert_eq!((behind.now().version, behind.end()), (2, third()));
}
