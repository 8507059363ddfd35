//! Outcomes of command handlers and advances of heads, on the memory store.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use event_store::handler::{
    Accepted, CommandHandler, Envelope, Outcome, Refusal, TransactError, Transacted, transact,
};
use event_store::testing::conformance::{Harness, InMemory, Refused, Tally, Task};
use event_store::{
    Aggregate, AggregateId, ApplyError, ChainBreak, ChangeSet, CommandIndex, Context, DecodeError,
    Head, MemoryStore, Page, Snapshot, Store, StoreError, Tagged, Timestamp, Version, verify,
};
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use crate::dying::{Death, Dying};
use crate::histories::{noting, noting_in};

const ID: Uuid = Uuid::from_u128(7);

/// A switch that may be set to the state that it has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Switch(bool);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Set {
    Set { on: bool },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("never")]
struct Never;

impl Aggregate for Switch {
    const KIND: &'static str = "switch";
    type Command = Set;
    type Event = Set;
    type Rejection = Never;

    fn decide(&self, set: &Set, _: &Context) -> Result<Vec<Set>, Never> {
        let Set::Set { on } = *set;
        Ok(if on == self.0 { Vec::new() } else { vec![set.clone()] })
    }

    fn evolve(self, &Set::Set { on }: &Set) -> Self {
        Self(on)
    }
}

fn handler<A: Aggregate>(store: &MemoryStore) -> CommandHandler<A, MemoryStore> {
    CommandHandler::new(store.clone(), NonZeroUsize::MIN)
}

fn at<C>(millis: i64, command: C) -> Envelope<C> {
    Envelope::new(Uuid::now_v7(), ID, command, "tester", Timestamp::from_millis(millis))
}

async fn history<A: Aggregate>(store: &MemoryStore) -> Vec<ChangeSet> {
    let everything = Page::After { version: 0, limit: 100 };
    store.change_sets(&AggregateId::of::<A>(ID), everything).await.unwrap()
}

#[tokio::test]
async fn a_command_that_changes_nothing_is_refused_and_writes_nothing() {
    let store = MemoryStore::default();
    let (switch, cold) = (handler::<Switch>(&store), handler::<Switch>(&store));
    let off = at(0, Set::Set { on: false });
    let nothing = |version| Outcome::Refused(Refusal::NoChange { version });
    assert_eq!(switch.execute(&off).await.unwrap(), nothing(0));
    let on = at(0, Set::Set { on: true });
    assert!(matches!(switch.execute(&on).await.unwrap(), Outcome::Accepted(_)));
    // This handler has no head yet. Its refusal rests on the newest state.
    assert_eq!(cold.execute(&at(0, Set::Set { on: true })).await.unwrap(), nothing(1));
    let part = switch.part(&at(0, Set::Set { on: true }), |refused| refused);
    let refused = Transacted::Refused { index: 0, refusal: Refusal::NoChange { version: 1 } };
    assert_eq!(transact(vec![part]).await.unwrap(), refused);
    // The refused command was not recorded. It is decided anew, and now it changes something.
    let again = switch.execute(&off).await.unwrap();
    assert!(matches!(again, Outcome::Accepted(Accepted { duplicate: false, .. })), "{again:?}");
    assert_eq!(history::<Switch>(&store).await.len(), 2);
}

/// The defaults of the trait: every newer event conflicts, and a change set holds no reason.
#[tokio::test]
async fn every_newer_event_conflicts_unless_the_aggregate_says_otherwise() {
    let store = MemoryStore::default();
    let switch = handler::<Switch>(&store);
    for on in [true, false] {
        switch.execute(&at(0, Set::Set { on })).await.unwrap();
    }
    let stale = at(0, Set::Set { on: true }).with_expected_version(1);
    let outcome = switch.execute(&stale).await.unwrap();
    let written = history::<Switch>(&store).await;
    let since = vec![written[1].clone()];
    assert_eq!(outcome, Outcome::Refused(Refusal::Conflict { current_version: 2, since }));
    assert_eq!(written[0].content().reason, None);
}

#[tokio::test]
async fn a_transaction_has_at_most_a_hundred_parts() {
    let store = MemoryStore::default();
    let tallies = handler::<Tally>(&store);
    let parts = |count| {
        let part = |id| {
            let mut adding = at(0, Task::Add { amount: 1 });
            adding.aggregate = Uuid::from_u128(id);
            tallies.part(&adding, |refused| refused)
        };
        (1..=count).map(part).collect()
    };
    let refused = transact(parts(101)).await.unwrap_err();
    let TransactError::Store(StoreError::TooMany { count: 101 }) = refused else {
        panic!("{refused}")
    };
    assert_eq!(store.keys(None).await.unwrap().keys, []);
    let Transacted::Accepted(accepted) = transact(parts(100)).await.unwrap() else {
        panic!("a hundred parts are refused")
    };
    assert_eq!(accepted.len(), 100);
}

/// The cached head saves the load.
#[tokio::test]
async fn a_command_after_a_transaction_costs_one_append() {
    let store = Dying::at(Death::After(usize::MAX), &MemoryStore::default());
    let tallies = CommandHandler::<Tally, _>::new(store.clone(), NonZeroUsize::MIN);
    let adding = || at(0, Task::Add { amount: 1 });
    transact(vec![tallies.part(&adding(), |refused| refused)]).await.unwrap();
    let before = store.calls();
    tallies.execute(&adding()).await.unwrap();
    assert_eq!(store.calls() - before, 1);
}

#[tokio::test]
async fn a_change_set_names_its_correlation_and_its_cause() {
    let store = MemoryStore::default();
    let tallies = handler::<Tally>(&store);
    let alone = at(0, Task::Add { amount: 1 });
    let (work, cause) = (Uuid::from_u128(21), Uuid::from_u128(22));
    let caused = at(0, Task::Add { amount: 1 }).with_correlation(work).with_causation(cause);
    for command in [&alone, &caused] {
        tallies.execute(command).await.unwrap();
    }
    let written = history::<Tally>(&store).await;
    let ids = written.iter().map(|c| (c.content().correlation_id, c.content().causation_id));
    assert_eq!(ids.collect::<Vec<_>>(), [(alone.command_id, None), (work, Some(cause))]);
}

/// Nobody can have seen a version of an aggregate that does not exist, so its author learns why the
/// command makes no sense. A version beyond the newest is a conflict, whatever the domain says.
#[tokio::test]
async fn an_expected_version_of_a_missing_aggregate_leaves_the_answer_to_the_domain() {
    let store = MemoryStore::default();
    let tallies = handler::<Tally>(&store);
    let take = || at(0, Task::Take { amount: 9 }).with_expected_version(5);
    let rejected = Refusal::Rejected { rejection: Refused(0), version: 0 };
    assert_eq!(tallies.execute(&take()).await.unwrap(), Outcome::Refused(rejected));
    tallies.execute(&at(0, Task::Add { amount: 1 })).await.unwrap();
    let conflict = Refusal::Conflict { current_version: 1, since: Vec::new() };
    assert_eq!(tallies.execute(&take()).await.unwrap(), Outcome::Refused(conflict));
}

fn rename(name: &str) -> Task {
    Task::Rename { name: name.to_owned() }
}

/// A load from the snapshot does not read the change set that conflicts.
#[tokio::test]
async fn a_conflict_behind_the_snapshot_is_found() {
    let store = MemoryStore::default();
    for task in [rename("a"), rename("b"), Task::Add { amount: 1 }] {
        handler::<Tally>(&store).execute(&at(0, task)).await.unwrap();
    }
    let head = Head::<Tally>::load(&store, ID, None).await.unwrap();
    store.save_snapshot(&head.snapshot().unwrap()).await.unwrap();
    handler::<Tally>(&store).execute(&at(0, Task::Add { amount: 1 })).await.unwrap();
    let late = at(0, rename("c")).with_expected_version(1);
    let outcome = handler::<Tally>(&store).execute(&late).await.unwrap();
    let since = history::<Tally>(&store).await.split_off(1);
    assert_eq!(since.len(), 3);
    assert_eq!(outcome, Outcome::Refused(Refusal::Conflict { current_version: 4, since }));
}

/// The author has seen version 2, but this handler has not. Version 3 conflicts.
#[tokio::test]
async fn a_conflict_that_a_stale_handler_reads_later_is_found() {
    let store = MemoryStore::default();
    let (stale, other) = (handler::<Tally>(&store), handler::<Tally>(&store));
    stale.execute(&at(0, rename("a"))).await.unwrap();
    other.execute(&at(0, Task::Add { amount: 1 })).await.unwrap();
    other.execute(&at(0, rename("b"))).await.unwrap();
    let late = at(0, rename("c")).with_expected_version(2);
    let outcome = stale.execute(&late).await.unwrap();
    let since = history::<Tally>(&store).await.split_off(2);
    assert_eq!(since.len(), 1);
    assert_eq!(outcome, Outcome::Refused(Refusal::Conflict { current_version: 3, since }));
}

fn corrupt_at(error: StoreError) -> Version {
    match error {
        StoreError::Corrupt { version, .. } => version,
        other => panic!("{other}"),
    }
}

/// The change sets were removed after the handler had read them. One of them may conflict.
#[tokio::test]
async fn a_hole_after_the_expected_version_is_an_error_that_names_it() {
    for (removed, first) in [(vec![3], 3), (vec![2, 3, 4], 2)] {
        let store = MemoryStore::default();
        let tallies = handler::<Tally>(&store);
        for _ in 0..4 {
            tallies.execute(&at(0, Task::Add { amount: 1 })).await.unwrap();
        }
        for version in removed {
            InMemory.remove(&store, &AggregateId::of::<Tally>(ID), version).await.unwrap();
        }
        let late = at(0, Task::Add { amount: 1 }).with_expected_version(1);
        assert_eq!(corrupt_at(tallies.execute(&late).await.unwrap_err()), first);
    }
}

/// A change set of another command says nothing about the one that was sent.
#[tokio::test]
async fn a_repeat_whose_change_set_was_replaced_is_an_error() {
    let store = MemoryStore::default();
    let tallies = handler::<Tally>(&store);
    let commands = [1, 2].map(|amount| at(0, Task::Add { amount }));
    for command in &commands {
        tallies.execute(command).await.unwrap();
    }
    let first = history::<Tally>(&store).await.remove(0);
    let forged = noting(&first.aggregate, Some(&first), "forged");
    InMemory.overwrite(&store, &forged).await.unwrap();
    assert_eq!(corrupt_at(tallies.execute(&commands[1]).await.unwrap_err()), 2);
}

/// The id is older than those that the snapshot remembers. Any removed version may hold it.
#[tokio::test]
async fn a_search_for_an_old_command_names_the_newest_version_that_is_missing() {
    let store = MemoryStore::default();
    let minute = |minute: i64| Timestamp::from_millis(1_767_268_800_000 + minute * 60_000);
    let adding = |at: Timestamp| {
        let millis = at.as_millis().unsigned_abs();
        let id = Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid();
        Envelope::new(id, ID, Task::Add { amount: 1 }, "tester", at)
    };
    let tallies = handler::<Tally>(&store);
    for version in 1..=200 {
        tallies.execute(&adding(minute(version))).await.unwrap();
    }
    let head = Head::<Tally>::load(&store, ID, None).await.unwrap();
    store.save_snapshot(&head.snapshot().unwrap()).await.unwrap();
    for version in 1..=100 {
        InMemory.remove(&store, head.aggregate(), version).await.unwrap();
    }
    let ancient = handler::<Tally>(&store).execute(&adding(minute(0))).await;
    assert_eq!(corrupt_at(ancient.unwrap_err()), 100);
}

/// No event since then conflicts with an addition, but so much is not even compared.
#[tokio::test]
async fn an_author_eight_mebibytes_behind_has_to_look_again() {
    for (second, is_far) in [(4_194_304, true), (4_194_303, false)] {
        for is_warm in [false, true] {
            let store = MemoryStore::default();
            let tallies = handler::<Tally>(&store);
            let mut written: Vec<ChangeSet> = Vec::new();
            for bytes in [1_000, 4_194_304, second] {
                written.push(noting_in(bytes, &AggregateId::of::<Tally>(ID), written.last()));
                store.append(&written[written.len() - 1]).await.unwrap();
            }
            if is_warm {
                // A refused command leaves the head in the cache.
                let refused = tallies.execute(&at(0, Task::Take { amount: 1 })).await.unwrap();
                assert!(matches!(refused, Outcome::Refused(Refusal::Rejected { .. })));
            }
            let late = at(0, Task::Add { amount: 1 }).with_expected_version(1);
            match tallies.execute(&late).await.unwrap() {
                Outcome::Refused(Refusal::Conflict { current_version: 3, since }) if is_far => {
                    assert_eq!(since, written[1..]);
                }
                Outcome::Accepted(_) if !is_far => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn an_aggregate_is_loaded_as_of_a_moment() {
    let store = MemoryStore::default();
    let tallies = handler::<Tally>(&store);
    // Version k is recorded at 10, 20, 20, 20, 30, 40, …
    let moments = [10, 20, 20, 20, 30, 40, 50, 60, 70, 80];
    for moment in moments {
        tallies.execute(&at(moment, Task::Add { amount: 1 })).await.unwrap();
    }
    for moment in 0..=90 {
        let head = tallies.load_at(ID, Timestamp::from_millis(moment)).await.unwrap();
        let expected = moments.iter().filter(|recorded| **recorded <= moment).count();
        assert_eq!(head.version, expected as u64, "{moment}");
        assert_eq!(head.state.total, i64::try_from(expected).unwrap(), "{moment}");
    }
    let nobody = tallies.load_at(Uuid::from_u128(8), Timestamp::from_millis(90)).await.unwrap();
    assert_eq!(nobody.version, 0);
}

/// An unreadable snapshot is skipped, and the change sets that it covers are read.
#[tokio::test]
async fn an_unreadable_snapshot_does_not_hide_past_versions() {
    let store = MemoryStore::default();
    for moment in 1..=30 {
        let add = at(moment * 10, Task::Add { amount: moment });
        handler::<Tally>(&store).execute(&add).await.unwrap();
    }
    let sixth = history::<Tally>(&store).await.remove(5);
    let unreadable = Snapshot {
        aggregate: sixth.aggregate.clone(),
        version: 6,
        hash: sixth.hash,
        schema: Tally::STATE_SCHEMA,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
        state: serde_json::json!("no tally"),
        commands: CommandIndex::default(),
    };
    store.save_snapshot(&unreadable).await.unwrap();
    for version in [6, 7, 12] {
        let head = Head::<Tally>::load(&store, ID, Some(version)).await.unwrap();
        let moments = [head.created_at, head.updated_at].map(Timestamp::as_millis);
        let version_millis = i64::try_from(version).unwrap() * 10;
        assert_eq!((head.version, moments), (version, [10, version_millis]));
        let total = version * (version + 1) / 2;
        assert_eq!(head.state.total, i64::try_from(total).unwrap());
    }
}

/// A scale whose commands and events hold floats.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Scale(f64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Weigh {
    Weigh {
        grams: f64,
        #[serde(skip)]
        note: u8,
    },
}

impl Aggregate for Scale {
    const KIND: &'static str = "scale";
    type Command = Weigh;
    type Event = Weigh;
    type Rejection = Never;

    fn decide(&self, command: &Weigh, _: &Context) -> Result<Vec<Weigh>, Never> {
        let Weigh::Weigh { grams, note } = *command;
        Ok(vec![Weigh::Weigh { grams: grams * 1.19, note }])
    }

    fn evolve(self, &Weigh::Weigh { grams, .. }: &Weigh) -> Self {
        Self(self.0 + grams)
    }
}

#[tokio::test]
async fn floats_are_read_back_as_they_were() {
    let store = MemoryStore::default();
    let scale = handler::<Scale>(&store);
    for number in 1..=500 {
        let grams = f64::from(number) * 1.234_567_89 / 7.0;
        scale.execute(&at(0, Weigh::Weigh { grams, note: 0 })).await.unwrap();
    }
    let aggregate = AggregateId::of::<Scale>(ID);
    let everything = Page::After { version: 0, limit: 500 };
    let history = store.change_sets(&aggregate, everything).await.unwrap();
    // Read from their bytes, as another process reads them.
    let reread = history.into_iter().map(|change_set| {
        let body = change_set.body().to_owned();
        let ChangeSet { aggregate, version, prev, hash, .. } = change_set;
        ChangeSet::from_parts(aggregate, version, prev, hash, body).unwrap()
    });
    let found = verify::<Scale>(&aggregate, &reread.collect::<Vec<_>>());
    assert_eq!((found.ok, found.version), (true, 500), "{found:?}");
}

/// The prices of a season, by night: JSON has only texts as keys, and no integers of 128 bits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Season(BTreeMap<u32, u64>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Price {
    Price { nights: BTreeMap<u32, u64>, total: u128 },
}

impl Aggregate for Season {
    const KIND: &'static str = "season";
    type Command = Price;
    type Event = Price;
    type Rejection = Never;

    fn decide(&self, price: &Price, _: &Context) -> Result<Vec<Price>, Never> {
        Ok(vec![price.clone()])
    }

    fn evolve(self, Price::Price { nights, .. }: &Price) -> Self {
        Self(nights.clone())
    }
}

#[tokio::test]
async fn maps_with_integer_keys_are_read_back() {
    let store = MemoryStore::default();
    let nights = BTreeMap::from([(1, 12_000), (30, 9_500)]);
    let price = Price::Price { nights: nights.clone(), total: u128::from(u64::MAX) };
    let outcome = handler::<Season>(&store).execute(&at(0, price)).await.unwrap();
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    let head = handler::<Season>(&store).load(ID, None).await.unwrap();
    assert_eq!(head.state, Season(nights));
    let found = verify::<Season>(&AggregateId::of::<Season>(ID), &history::<Season>(&store).await);
    assert!(found.ok, "{found:?}");
    // JSON numbers have 64 bits here.
    let price = Price::Price { nights: BTreeMap::new(), total: u128::from(u64::MAX) + 1 };
    handler::<Season>(&store).execute(&at(0, price)).await.unwrap_err();
}

/// A struct around the enum is read as well.
#[tokio::test]
async fn a_wrapped_command_is_read_back() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Wrapped(Set);

    let tagged = Tagged::encode(&Wrapped(Set::Set { on: true })).unwrap();
    assert_eq!(tagged.decode::<Wrapped>().unwrap(), Wrapped(Set::Set { on: true }));
    assert_eq!(tagged.decode::<Set>().unwrap(), Set::Set { on: true });
}

#[tokio::test]
async fn a_value_that_would_not_be_read_back_is_refused_before_writing() {
    let store = MemoryStore::default();
    let scale = handler::<Scale>(&store);
    for (grams, note) in [(f64::NAN, 0), (f64::INFINITY, 0), (f64::MAX, 0), (1.0, 7)] {
        let refused = scale.execute(&at(0, Weigh::Weigh { grams, note })).await.unwrap_err();
        let StoreError::Encoding(DecodeError::NotReadBack { name, .. }) = refused else {
            panic!("{refused}")
        };
        assert_eq!(name, "Weigh");
    }
    assert_eq!(history::<Scale>(&store).await, []);
    let sound = scale.execute(&at(0, Weigh::Weigh { grams: 1.0, note: 0 })).await.unwrap();
    assert!(matches!(sound, Outcome::Accepted(_)), "{sound:?}");
}

#[tokio::test]
async fn a_head_advances_by_the_next_change_set_only() {
    let store = MemoryStore::default();
    for moment in 0..3 {
        let add = at(moment, Task::Add { amount: 1 });
        handler::<Tally>(&store).execute(&add).await.unwrap();
    }
    let history = history::<Tally>(&store).await;
    let mut head = Head::<Tally>::empty(ID);
    head.apply(&history[0]).unwrap();
    let not_next = |head: &mut Head<Tally>, change_set: &ChangeSet| {
        let before = (head.version, head.hash, head.state.clone());
        let refused = head.apply(change_set).unwrap_err();
        assert_eq!((head.version, head.hash, head.state.clone()), before);
        match refused {
            ApplyError::NotNext(broken) => broken,
            other => panic!("{other}"),
        }
    };
    assert_eq!(not_next(&mut head, &history[0]), ChainBreak::Gap { expected: 2, found: 1 });
    assert_eq!(not_next(&mut head, &history[2]), ChainBreak::Gap { expected: 2, found: 3 });
    let elsewhere = Head::<Tally>::empty(Uuid::from_u128(8));
    let foreign = not_next(&mut { elsewhere }, &history[0]);
    assert_eq!(foreign, ChainBreak::Foreign { version: 1 });
    let mut unchained = history[1].clone();
    unchained.prev = history[1].hash;
    assert_eq!(not_next(&mut head, &unchained), ChainBreak::Unchained { version: 2 });
    head.apply(&history[1]).unwrap();
    assert_eq!((head.version, head.state.total), (2, 2));
}
