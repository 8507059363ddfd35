//! A history replays to any of its versions, and verifies itself.

use domain::InventoryItem;
use domain::kind::Kind as _;
use event_store::{Aggregate, ChangeSet, Hash, Replay, verify};
use proptest::collection::vec;
use proptest::prelude::*;

use super::arbitrary;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_sequence_of_events_breaks_the_fold(
        events in vec(arbitrary::event(), 0..60),
        command in arbitrary::command(),
    ) {
        let item = events.iter().fold(InventoryItem::default(), Aggregate::evolve);
        let _ = item.decide(&command, &arbitrary::context(1));
        let _ = (item.is_below_reorder_level(), item.allows(arbitrary::task_of(&command)));
        for event in &events {
            let _ = (event.delta(), InventoryItem::conflicts_with(&command, event));
        }
    }

    /// The histories are long enough to pass several keyframes, which lie 64 versions apart.
    #[test]
    fn replay_to_a_version_is_the_fold_of_its_prefix(history in arbitrary::history(0..320)) {
        let replay = Replay::<InventoryItem>::new(&history.change_sets).unwrap();
        prop_assert_eq!(replay.version() as usize, history.change_sets.len());
        for (version, state) in (0..).zip(&history.states) {
            prop_assert_eq!(&replay.at(version), state, "version {}", version);
        }
        prop_assert_eq!(&replay.at(u64::MAX), history.item());
    }

    #[test]
    fn deciding_every_command_again_gives_the_same_events(history in arbitrary::history(0..200)) {
        let verification = verify::<InventoryItem>(&history.aggregate, &history.change_sets);
        prop_assert!(verification.ok, "{:?}", verification);
        prop_assert_eq!(verification.version as usize, history.change_sets.len());
        prop_assert_eq!(Some(verification.hash), history.change_sets.last().map(|c| c.hash));
    }

    /// An intact hash chain is not enough: the events must be those that the command produces.
    #[test]
    fn verification_detects_events_that_the_command_does_not_give(
        history in arbitrary::history(1..80),
        place in any::<prop::sample::Index>(),
    ) {
        let place = place.index(history.change_sets.len());
        let forged = forge(&history, place);
        let verification = verify::<InventoryItem>(&history.aggregate, &forged);
        prop_assert_eq!(verification.failed_at, Some(place as u64 + 1));
        prop_assert_eq!(verification.version, place as u64);
    }
}

/// The history up to `place`, whose last change set is resealed with goods that nobody checked in.
fn forge(history: &arbitrary::History, place: usize) -> Vec<ChangeSet> {
    let (before, honest) = (&history.change_sets[..place], &history.change_sets[place]);
    let mut events = honest.events::<InventoryItem>().unwrap();
    events.push(super::checked_in(1));
    let sealed = ChangeSet::seal::<InventoryItem>(
        history.aggregate.clone(),
        honest.version,
        before.last().map_or(Hash::ZERO, |newest| newest.hash),
        &honest.command::<InventoryItem>().unwrap(),
        &events,
        &honest.context(),
    );
    before.iter().cloned().chain([sealed.unwrap()]).collect()
}

/// The properties above say little if almost no command is accepted.
#[test]
fn random_histories_are_worth_replaying() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let (mut longest, mut types) = (0, std::collections::BTreeSet::new());
    for _ in 0..24 {
        let history = arbitrary::history(0..320).new_tree(&mut runner).unwrap().current();
        longest = longest.max(history.change_sets.len());
        let events = history.change_sets.iter().flat_map(|c| &c.content().events);
        types.extend(events.map(|event| event.name.clone()));
    }
    assert!(longest > 128, "no more than {longest} versions");
    assert_eq!(types.len(), super::golden::event_of_each_type().len(), "only {types:?}");
}
