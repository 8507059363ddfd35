//! The command index is exact: it never mistakes a new command for an old one, nor an old one for a
//! new one, whatever the clocks of clients and servers say.

use std::collections::HashMap;

use event_store::{
    AggregateId, ChangeSet, CommandIndex, Hash, Kind, Lookup, SKEW_ALLOWANCE_MS, Timestamp, Version,
};
use proptest::collection::vec;
use proptest::prelude::*;
use uuid::{Builder, Uuid};

const START: i64 = 1_767_268_800_000;

/// The time that an id carries.
#[derive(Clone, Copy, Debug)]
enum Origin {
    /// This many milliseconds after the moment at which the id is recorded.
    Lead(i64),
    /// No time.
    Timeless,
}

impl Origin {
    fn id(self, recorded_at: i64, number: usize) -> Uuid {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&number.to_be_bytes());
        match self {
            Self::Lead(lead) => {
                let millis = u64::try_from(recorded_at + lead).unwrap();
                Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
            }
            Self::Timeless => {
                let mut sixteen = [0; 16];
                sixteen[6..].copy_from_slice(&bytes);
                Builder::from_random_bytes(sixteen).into_uuid()
            }
        }
    }
}

fn origin() -> impl Strategy<Value = Origin> {
    let edge = SKEW_ALLOWANCE_MS;
    prop_oneof![
        8 => (-2_000_i64..50).prop_map(Origin::Lead),
        2 => (-5 * edge..5 * edge).prop_map(Origin::Lead),
        1 => prop::sample::select(vec![edge - 1, edge, edge + 1]).prop_map(Origin::Lead),
        1 => Just(Origin::Timeless),
    ]
}

/// Clients with arbitrary clocks: more untimely ids than the index keeps.
fn wild() -> impl Strategy<Value = Origin> {
    let edge = SKEW_ALLOWANCE_MS;
    prop_oneof![
        3 => (-edge..20 * edge).prop_map(Origin::Lead),
        1 => Just(Origin::Timeless),
    ]
}

fn history() -> impl Strategy<Value = Vec<(Origin, i64)>> {
    prop_oneof![vec((origin(), step()), 0..200), vec((wild(), step()), 100..300)]
}

/// Steps between change sets: bursts, minutes, and now and then a day.
fn step() -> impl Strategy<Value = i64> {
    prop_oneof![4 => Just(0), 4 => 0..60_000_i64, 1 => 0..86_400_000_i64]
}

fn change_set(version: Version, command_id: Uuid, recorded_at: i64) -> ChangeSet {
    let body = serde_json::json!({
        "command_id": command_id,
        "command": { "type": "Add" },
        "events": [{ "type": "Added" }],
        "actor": "tester",
        "reason": null,
        "recorded_at": Timestamp::from_millis(recorded_at),
        "correlation_id": command_id,
        "causation_id": null,
        "rules": 1,
    });
    let aggregate = AggregateId::new(Kind::from_static("tally"), Uuid::nil());
    ChangeSet::from_parts(aggregate, version, Hash::ZERO, Hash::ZERO, body.to_string()).unwrap()
}

/// A plain map of the taken ids, which is obviously right.
struct Naive {
    index: CommandIndex,
    taken: HashMap<Uuid, Version>,
    history: Vec<ChangeSet>,
}

impl Naive {
    fn of(history: &[(Origin, i64)]) -> Self {
        let mut naive =
            Self { index: CommandIndex::default(), taken: HashMap::new(), history: Vec::new() };
        let mut now = START;
        for (number, (origin, step)) in history.iter().enumerate() {
            now += step;
            let id = origin.id(now, number);
            let version = number as Version + 1;
            let change_set = change_set(version, id, now);
            naive.index.push(&change_set);
            naive.taken.insert(id, version);
            naive.history.push(change_set);
        }
        naive
    }

    fn recorded_at(&self, version: Version) -> i64 {
        self.history[usize::try_from(version).unwrap() - 1].content().recorded_at.as_millis()
    }

    /// Searches the history for a command as the index directs. Returns the number of change sets
    /// read.
    fn search(&mut self, id: Uuid) -> usize {
        let Lookup::Older { before, until } = self.index.find(id) else { return 0 };
        let mut read = 0;
        for change_set in self.history[..usize::try_from(before).unwrap() - 1].iter().rev() {
            read += 1;
            self.index.reach_back(change_set);
            let content = change_set.content();
            if content.command_id == id || until.is_some_and(|until| content.recorded_at < until) {
                break;
            }
        }
        read
    }

    fn agrees(&self, id: Uuid) -> Result<(), TestCaseError> {
        let taken = self.taken.get(&id).copied();
        match self.index.find(id) {
            Lookup::Taken(version) => prop_assert_eq!(Some(version), taken),
            Lookup::Absent => prop_assert_eq!(None, taken),
            // A search as directed has to come across the id.
            Lookup::Older { before, until } => {
                if let Some(version) = taken {
                    prop_assert!(version < before);
                    let recorded_at = self.recorded_at(version);
                    let until = until.map_or(i64::MIN, Timestamp::as_millis);
                    prop_assert!(recorded_at >= until);
                }
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_index_agrees_with_a_plain_map(
        history in history(),
        strangers in vec((prop_oneof![origin(), wild()], 0..90_000_000_i64), 20),
    ) {
        let naive = Naive::of(&history);
        for id in naive.taken.keys() {
            naive.agrees(*id)?;
        }
        for (number, (origin, after)) in strangers.into_iter().enumerate() {
            naive.agrees(origin.id(START + after, 1_000 + number))?;
        }
        naive.agrees(Uuid::nil())?;
        naive.agrees(Uuid::max())?;
    }

    /// A snapshot keeps the index in this form.
    #[test]
    fn the_index_survives_serialization(history in history()) {
        let Naive { index, .. } = Naive::of(&history);
        let read: CommandIndex = serde_json::from_str(&serde_json::to_string(&index)?)?;
        prop_assert_eq!(read, index.condensed());
    }

    /// A process starts with an index from a snapshot, takes further commands and searches as
    /// directed. What it has read is added to the index, which stays exact.
    #[test]
    fn the_index_stays_exact_when_searches_extend_it(
        before in history(),
        after in vec((origin(), step()), 0..100),
        looked_for in vec((prop_oneof![origin(), wild()], 0..90_000_000_i64), 10),
    ) {
        let mut naive = Naive::of(&[before.clone(), after].concat());
        naive.index = Naive::of(&before).index.condensed();
        for version in before.len()..naive.history.len() {
            naive.index.push(&naive.history[version]);
        }
        for (number, (origin, at)) in looked_for.into_iter().enumerate() {
            naive.search(origin.id(START + at, 1_000 + number));
            for id in naive.taken.keys() {
                naive.agrees(*id)?;
            }
        }
    }

    /// A timely id is never searched for further back than the allowance, however many commands
    /// came before: exactness does not slow down a long history.
    #[test]
    fn a_new_command_of_today_needs_no_search(steps in vec(10_000..60_000_i64, 100..200)) {
        let history: Vec<_> = steps.into_iter().map(|step| (Origin::Lead(-100), step)).collect();
        let naive = Naive::of(&history);
        let now = naive.recorded_at(naive.history.len() as Version);
        prop_assert_eq!(naive.index.find(Origin::Lead(0).id(now, 9_999)), Lookup::Absent);
    }
}

#[test]
fn past_its_bound_of_timeless_ids_the_index_asks_for_a_full_search() {
    let timeless = |length| Naive::of(&vec![(Origin::Timeless, 86_400_000); length]);
    let stranger = Origin::Timeless.id(START, 9_999);
    assert_eq!(timeless(64).index.find(stranger), Lookup::Absent);
    assert_eq!(
        timeless(65).index.find(stranger),
        Lookup::Older { before: 2, until: None },
        "65 ids are one too many to keep"
    );
}

/// A client whose clock was a day ahead costs the others nothing once that day is over.
#[test]
fn past_its_bound_of_ids_ahead_of_the_clock_the_index_asks_for_a_search_only_at_their_time() {
    const DAY: i64 = 86_400_000;
    let history = |ahead: usize| {
        let fast = (Origin::Lead(DAY), 60_000);
        let right = (Origin::Lead(0), 60_000);
        Naive::of(&[vec![fast; ahead], vec![right; 100]].concat())
    };
    let (few, many) = (history(64), history(65));
    let now = many.recorded_at(165);
    let today = Origin::Lead(0).id(now, 9_999);
    let then = Origin::Lead(DAY).id(many.recorded_at(1), 9_999);
    let later = Origin::Lead(0).id(now + DAY, 9_999);
    assert_eq!(few.index.find(then), Lookup::Absent);
    let found = [today, then, later].map(|id| many.index.find(id));
    let searched = Lookup::Older { before: 102, until: None };
    assert_eq!(found, [Lookup::Absent, searched, Lookup::Absent]);

    // A snapshot of an older program, without the earliest time of the ids that have left.
    let mut kept = serde_json::to_value(many.index.condensed()).unwrap();
    kept["ahead"].as_object_mut().unwrap().remove("left_from").unwrap();
    let mut index: CommandIndex = serde_json::from_value(kept).unwrap();
    index.push(&change_set(166, Origin::Lead(DAY).id(now, 9_998), now));
    let searched = Lookup::Older { before: 103, until: None };
    assert_eq!(index.find(today), searched);
}

/// At 170 commands a second, from clients whose clocks differ by seconds, one of them by minutes,
/// an index in memory needs no search. An index from a snapshot needs one.
#[test]
fn differing_clocks_cost_a_busy_aggregate_one_search() {
    let lead = |number: usize| match number % 64 {
        0 => 240_000,
        number => i64::try_from(number * 60).unwrap() - 2_000,
    };
    let busy: Vec<_> = (0..70_000_usize).map(|number| (Origin::Lead(lead(number)), 6)).collect();
    let mut naive = Naive::of(&busy);
    let now = naive.recorded_at(70_000);
    let late = |number: usize| Origin::Lead(-2_000).id(now, 100_000 + number);
    assert_eq!(naive.index.find(late(1)), Lookup::Absent);
    naive.index = naive.index.condensed();
    let searched = naive.search(late(1));
    assert!((40_000..60_000).contains(&searched), "{searched}");
    assert_eq!(naive.search(late(2)), 0);
    assert_eq!(naive.index.find(late(3)), Lookup::Absent);
}

/// A version read on the way to another must not extend the window. Otherwise ids in between would
/// count as absent, and their commands would be executed twice.
#[test]
fn only_the_version_right_before_the_window_extends_it() {
    let ids: Vec<Uuid> = (1..=200).map(|number| Origin::Lead(0).id(START, number)).collect();
    let history: Vec<_> =
        (1..).zip(&ids).map(|(version, id)| change_set(version, *id, START)).collect();
    let mut index = CommandIndex::default();
    history.iter().for_each(|change_set| index.push(change_set));
    let mut index = index.condensed();
    let Lookup::Older { before, until } = index.find(ids[0]) else {
        panic!("the id has left the window")
    };
    let first = usize::try_from(before).unwrap() - 1;
    assert!(first > 10, "{first}");
    for other in [first, first - 2, 0] {
        index.reach_back(&history[other]);
        for id in &ids[..first] {
            assert_eq!(index.find(*id), Lookup::Older { before, until });
        }
    }
    for place in (0..first).rev() {
        index.reach_back(&history[place]);
        assert_eq!(index.find(ids[place]), Lookup::Taken(place as u64 + 1));
    }
    for (version, id) in (1..).zip(&ids) {
        assert_eq!(index.find(*id), Lookup::Taken(version));
    }
    assert_eq!(index.find(Origin::Lead(0).id(START, 201)), Lookup::Absent);
}

/// Memory holds the ids of ten minutes. A search may read further back, but what it reads there is
/// not kept.
#[test]
fn a_search_keeps_no_ids_from_before_the_remembered_time() {
    const REMEMBERED: i64 = 2 * SKEW_ALLOWANCE_MS;
    for (age, is_kept) in [(REMEMBERED, true), (REMEMBERED + 1, false)] {
        let (early, now) = (START, START + age);
        let first = change_set(1, Origin::Lead(0).id(early, 1), early);
        let mut index = CommandIndex::default();
        index.push(&first);
        for version in 2..=100 {
            index.push(&change_set(version, Origin::Lead(0).id(now, version as usize), now));
        }
        let mut index = index.condensed();
        for version in (2..=36).rev() {
            index.reach_back(&change_set(version, Origin::Lead(0).id(now, version as usize), now));
        }
        let before = index.clone();
        index.reach_back(&first);
        assert_eq!(index != before, is_kept, "{age}");
    }
}
