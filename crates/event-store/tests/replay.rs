//! Replaying a history to any version, and deciding it again.

use event_store::testing::conformance::{Event, Tally, Task};
use event_store::{
    Aggregate, AggregateId, ChangeSet, Context, Hash, Reason, Replay, Timestamp, Verifier, Version,
    verify,
};
use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

fn aggregate() -> AggregateId {
    AggregateId::of::<Tally>(Uuid::nil())
}

fn sealed(last: Option<&ChangeSet>, command: &Task, events: &[Event]) -> ChangeSet {
    sealed_at(Timestamp::from_millis(0), last, command, events)
}

fn sealed_at(
    recorded_at: Timestamp,
    last: Option<&ChangeSet>,
    command: &Task,
    events: &[Event],
) -> ChangeSet {
    let (version, prev) = last.map_or((1, Hash::ZERO), |last| (last.version + 1, last.hash));
    let context = Context {
        command_id: Uuid::from_u128(version.into()),
        actor: "tester".to_owned(),
        recorded_at,
        rules: Tally::RULES,
        correlation_id: Uuid::from_u128(version.into()),
        causation_id: None,
    };
    ChangeSet::seal::<Tally>(aggregate(), version, prev, command, events, &context).unwrap()
}

fn adding(amounts: &[i64]) -> Vec<ChangeSet> {
    let mut history: Vec<ChangeSet> = Vec::new();
    for &amount in amounts {
        let change_set = sealed(history.last(), &Task::Add { amount }, &[Event::Added { amount }]);
        history.push(change_set);
    }
    history
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Every version is compared: near the kept states and far from them.
    #[test]
    fn every_version_is_the_fold_up_to_it(amounts in vec(1..1_000_i64, 0..200)) {
        let replay = Replay::<Tally>::new(&adding(&amounts)).unwrap();
        prop_assert_eq!(replay.version(), amounts.len() as Version);
        let mut total = 0;
        for version in 0..=amounts.len() {
            prop_assert_eq!(replay.at(version as Version).total, total);
            total += amounts.get(version).copied().unwrap_or(0);
        }
        prop_assert_eq!(replay.head().total, total);
        prop_assert_eq!(replay.at(Version::MAX).total, total);
    }
}

#[test]
fn a_replay_grows_with_its_history() {
    let history = adding(&[1; 130]);
    let mut replay = Replay::<Tally>::default();
    for (length, change_set) in (1..).zip(&history) {
        replay.push(change_set).unwrap();
        assert_eq!(replay.at(length).total, replay.head().total);
        assert_eq!(replay.at(length - 1).total + 1, replay.head().total);
    }
}

#[test]
fn the_events_of_a_version_are_those_of_its_change_set() {
    let replay = Replay::<Tally>::new(&adding(&[3, 4])).unwrap();
    assert_eq!(replay.events(1), [Event::Added { amount: 3 }]);
    assert_eq!(replay.events(2), [Event::Added { amount: 4 }]);
    for none in [0, 3, Version::MAX] {
        assert_eq!(replay.events(none), []);
    }
}

#[test]
fn an_unreadable_change_set_is_named_and_leaves_the_replay_unchanged() {
    let history = adding(&[1, 2]);
    let body = history[1].body().replace("\"Added\"", "\"Sold\"");
    let unreadable = ChangeSet::from_parts(aggregate(), 2, Hash::ZERO, Hash::ZERO, body).unwrap();
    let mut replay = Replay::<Tally>::new(&history[..1]).unwrap();
    assert_eq!(replay.push(&unreadable).unwrap_err().version, 2);
    assert_eq!((replay.version(), replay.head().total), (1, 1));
    replay.push(&history[1]).unwrap();
    assert_eq!((replay.version(), replay.head().total), (2, 3));
}

#[test]
fn a_history_that_its_commands_do_not_produce_fails_verification() {
    let mut history = adding(&[1, 2, 3]);
    let sound = verify::<Tally>(&aggregate(), &history);
    assert_eq!((sound.ok, sound.version, sound.failed_at), (true, 3, None));
    assert_eq!(sound.hash, history[2].hash);

    // Chained correctly: only deciding again shows that the command never gave these events.
    let more = sealed(Some(&history[1]), &Task::Add { amount: 3 }, &[Event::Added { amount: 300 }]);
    history[2] = more;
    let verification = verify::<Tally>(&aggregate(), &history);
    assert_eq!((verification.ok, verification.version), (false, 2));
    assert_eq!(verification.failed_at, Some(3));
    let problem = verification.problem.unwrap();
    assert_eq!(problem, "its command, decided again, gives different events");

    let refused =
        sealed(Some(&history[1]), &Task::Take { amount: 9 }, &[Event::Taken { amount: 9 }]);
    history[2] = refused;
    let problem = verify::<Tally>(&aggregate(), &history).problem.unwrap();
    assert_eq!(problem, "its command, decided again, is rejected: there are only 3");
}

/// An imported history may begin before the clocks of computers do.
#[test]
fn a_first_version_recorded_before_1970_passes_verification() {
    let moment = Timestamp::from_millis(-1);
    let (add, added) = (Task::Add { amount: 1 }, Event::Added { amount: 1 });
    let first = sealed_at(moment, None, &add, std::slice::from_ref(&added));
    let second = sealed_at(moment, Some(&first), &add, &[added]);
    let found = verify::<Tally>(&aggregate(), &[first, second]);
    assert_eq!((found.ok, found.version), (true, 2), "{found:?}");
}

#[test]
fn a_verification_keeps_the_first_reason_for_which_a_version_could_not_be_read() {
    let history = adding(&[1, 2]);
    let mut verifier = Verifier::<Tally>::new(aggregate());
    verifier.check(&history[..1]);
    verifier.fail("its body is not JSON".to_owned());
    verifier.fail("a later problem".to_owned());
    verifier.check(&history[1..]);
    let found = verifier.verification();
    assert_eq!((found.ok, found.version, found.failed_at), (false, 1, Some(2)));
    assert_eq!(found.reason, Some(Reason::Unreadable));
    assert_eq!(found.problem.as_deref(), Some("its body is not JSON"));
}
