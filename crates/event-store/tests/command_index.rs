//! The command index is exact: it never takes a new command for an old one or an old one for a new
//! one, whatever the clocks of clients and servers say.

use std::collections::HashMap;

use event_store::{
    AggregateId, ChangeSet, CommandIndex, Hash, Kind, Lookup, SKEW_ALLOWANCE_MS, Timestamp, Version,
};
use proptest::collection::vec;
use proptest::prelude::*;
use uuid::{Builder, Uuid};

const START: i64 = 1_767_268_800_000;

/// Where an id says it comes from.
#[derive(Clone, Copy, Debug)]
enum Origin {
    /// So many milliseconds after the moment at which it was recorded.
    Lead(i64),
    /// No time in it.
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

/// Clients whose clocks are anywhere: more untimely ids than are kept.
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

/// What everybody can see is right.
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

    /// Looks for a command in the history, as it is told to. How many change sets it read.
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
            // Whoever searches as told has to come across it.
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
    fn agrees_with_a_plain_list(
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

    /// As it is kept in a snapshot.
    #[test]
    fn survives_being_written_down(history in history()) {
        let Naive { index, .. } = Naive::of(&history);
        let read: CommandIndex = serde_json::from_str(&serde_json::to_string(&index)?)?;
        prop_assert_eq!(read, index.condensed());
    }

    /// As a process has it that begins with a snapshot, takes further commands, and searches where it is told to:
    /// it is as exact, and what it has searched for once it knows.
    #[test]
    fn a_search_is_remembered(
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

    /// Timely ids are never searched for further back than the allowance, however many commands
    /// there were: exactness does not cost a long history its speed.
    #[test]
    fn a_new_command_of_today_needs_no_search(steps in vec(10_000..60_000_i64, 100..200)) {
        let history: Vec<_> = steps.into_iter().map(|step| (Origin::Lead(-100), step)).collect();
        let naive = Naive::of(&history);
        let now = naive.recorded_at(naive.history.len() as Version);
        prop_assert_eq!(naive.index.find(Origin::Lead(0).id(now, 9_999)), Lookup::Absent);
    }
}

#[test]
fn past_its_bound_of_timeless_ids_it_says_to_search_everything() {
    let timeless = |length| Naive::of(&vec![(Origin::Timeless, 86_400_000); length]);
    let stranger = Origin::Timeless.id(START, 9_999);
    assert_eq!(timeless(64).index.find(stranger), Lookup::Absent);
    assert_eq!(
        timeless(65).index.find(stranger),
        Lookup::Older { before: 2, until: None },
        "65 are one too many to be kept"
    );
}

/// A client whose clock was a day ahead is no burden to the others once that day is over.
#[test]
fn past_its_bound_of_ids_ahead_of_the_clock_it_searches_when_their_time_has_come() {
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

    // A snapshot of a program that did not know from when on they were.
    let mut kept = serde_json::to_value(many.index.condensed()).unwrap();
    kept["ahead"].as_object_mut().unwrap().remove("left_from").unwrap();
    let mut index: CommandIndex = serde_json::from_value(kept).unwrap();
    index.push(&change_set(166, Origin::Lead(DAY).id(now, 9_998), now));
    let searched = Lookup::Older { before: 103, until: None };
    assert_eq!(index.find(today), searched);
}

/// At 170 commands a second, from clients whose clocks differ by seconds, one of them minutes ahead: in memory nobody
/// is searched for. Who begins with a snapshot searches once.
#[test]
fn clocks_that_differ_cost_a_busy_aggregate_one_search() {
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

/// A version that is read on the way to another must not be taken for the one that comes next: ids in between would
/// count as absent, and their commands would be carried out twice.
#[test]
fn only_the_version_right_before_the_window_extends_it() {
    let ids: Vec<Uuid> = (1..=200).map(|number| Origin::Lead(0).id(START, number)).collect();
    let history: Vec<_> =
        (1..).zip(&ids).map(|(version, id)| change_set(version, *id, START)).collect();
    let mut index = CommandIndex::default();
    history.iter().for_each(|change_set| index.push(change_set));
    let mut index = index.condensed();
    let Lookup::Older { before, until } = index.find(ids[0]) else { panic!("it has left") };
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
