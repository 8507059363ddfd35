//! A command may be decided on a stale state, but its outcome never shows that.

use std::num::NonZeroUsize;
use std::time::Duration;

use event_store::dynamodb::DynamoDbStore;
use event_store::embedded::Embedded;
use event_store::handler::{Accepted, CommandHandler, Envelope, Outcome, Refusal};
use event_store::testing::conformance::{Refused, Tally, Task};
use event_store::{
    Aggregate, ChangeSet, Context, Hash, Head, Store, StoreError, Timestamp, Version,
};
use uuid::Uuid;

use crate::faults::{Fault, Faulty};

type Handler = CommandHandler<Tally, DynamoDbStore>;

/// A tally with a history, and a handler that has not read it yet: the newcomer.
struct Setting {
    embedded: Embedded,
    newcomer: Handler,
    faulty: Faulty,
}

impl Setting {
    /// Executes these commands. The newcomer's requests then meet these faults in order.
    async fn after(
        tasks: impl IntoIterator<Item = Task>,
        faults: impl IntoIterator<Item = Fault>,
    ) -> Self {
        let embedded = Embedded::in_memory().unwrap();
        let store = DynamoDbStore::new(embedded.client(), "daybook");
        store.ensure_table().await.unwrap();
        let author = handler(store);
        for (id, task) in (1..).zip(tasks) {
            accepted(author.execute(&envelope(id, task)).await);
        }
        let (client, faulty) = Faulty::before(&embedded.client(), faults);
        let newcomer = handler(DynamoDbStore::new(client, "daybook"));
        Self { embedded, newcomer, faulty }
    }

    async fn execute(&self, envelope: &Envelope<Task>) -> Result<Outcome<Refused>, StoreError> {
        self.newcomer.execute(envelope).await
    }

    /// The version and the total that are really stored.
    async fn truth(&self) -> (Version, i64) {
        let store = DynamoDbStore::new(self.embedded.client(), "daybook");
        let head = Head::<Tally>::load(&store, Uuid::from_u128(1), None).await.unwrap();
        (head.version, head.state.total)
    }
}

fn handler(store: DynamoDbStore) -> Handler {
    CommandHandler::new(store, NonZeroUsize::MIN)
}

fn envelope(id: u64, command: Task) -> Envelope<Task> {
    let now = Timestamp::from_millis(1_767_268_800_000 + i64::try_from(id).unwrap());
    let millis = u64::try_from(now.as_millis()).unwrap();
    Envelope::new(
        uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid(),
        Uuid::from_u128(1),
        command,
        "tester",
        now,
    )
}

fn accepted(outcome: Result<Outcome<Refused>, StoreError>) -> Accepted {
    match outcome.unwrap() {
        Outcome::Accepted(accepted) => accepted,
        other => panic!("the command was not accepted: {other:?}"),
    }
}

fn add(amount: i64) -> Task {
    Task::Add { amount }
}

fn take(amount: i64) -> Task {
    Task::Take { amount }
}

#[tokio::test]
async fn an_acceptance_on_a_stale_read_is_decided_again_on_the_winner() {
    let setting = Setting::after([add(5), add(5)], [Fault::Behind(1)]).await;
    let taken = accepted(setting.execute(&envelope(3, take(5))).await);
    assert_eq!((taken.change_set.version, taken.retries), (3, 1));
    assert_eq!(setting.faulty.requests(), ["Query", "PutItem", "PutItem"]);
    assert_eq!(setting.truth().await, (3, 5));
}

#[tokio::test]
async fn an_acceptance_that_no_longer_holds_is_refused() {
    let setting = Setting::after([add(5), take(4)], [Fault::Behind(1)]).await;
    match setting.execute(&envelope(3, take(5))).await.unwrap() {
        Outcome::Refused(Refusal::Rejected { rejection: Refused(1), version: 2 }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(setting.truth().await, (2, 1));
}

#[tokio::test]
async fn a_refusal_rests_on_a_consistent_read() {
    let setting = Setting::after([add(1), add(9)], [Fault::Behind(1)]).await;
    let taken = accepted(setting.execute(&envelope(3, take(10))).await);
    assert_eq!((taken.change_set.version, taken.retries), (3, 0));
    assert_eq!(setting.faulty.requests(), ["Query", "Query", "PutItem"]);
    // Likewise when the stale read finds nothing.
    let setting = Setting::after([add(1), add(9)], [Fault::Behind(usize::MAX)]).await;
    accepted(setting.execute(&envelope(3, take(10))).await);
    assert_eq!(setting.faulty.requests(), ["Query", "Query", "PutItem"]);
    assert_eq!(setting.truth().await, (3, 0));
}

#[tokio::test]
async fn a_version_missing_from_a_stale_read_is_no_conflict() {
    let setting = Setting::after([add(1), add(1), add(1)], [Fault::Behind(2)]).await;
    let expecting = envelope(4, add(1)).with_expected_version(3);
    let added = accepted(setting.execute(&expecting).await);
    assert_eq!(added.change_set.version, 4);
}

#[tokio::test]
async fn a_conflict_names_change_sets_missing_from_a_stale_read() {
    let rename = |name: &str| Task::Rename { name: name.to_owned() };
    let setting =
        Setting::after([add(1), rename("a"), add(2), rename("b")], [Fault::Behind(1)]).await;
    let expecting = envelope(5, rename("c")).with_expected_version(1);
    match setting.execute(&expecting).await.unwrap() {
        Outcome::Refused(Refusal::Conflict { current_version: 4, since }) => {
            assert_eq!(since.iter().map(|c| c.version).collect::<Vec<_>>(), [2, 3, 4]);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_repeat_is_recognized_when_a_stale_read_misses_it() {
    for behind in [1, 2, usize::MAX] {
        let setting = Setting::after([add(1), add(2), add(3)], [Fault::Behind(behind)]).await;
        let mut later = envelope(2, add(2));
        later.now = envelope(9, add(2)).now;
        let repeat = accepted(setting.execute(&later).await);
        assert_eq!((repeat.duplicate, repeat.change_set.version), (true, 2), "{behind}");
        assert_eq!(setting.truth().await, (3, 6), "{behind}");
    }
}

#[tokio::test]
async fn a_hole_is_not_corruption_until_a_consistent_read_finds_it() {
    let setting = Setting::after([add(1), add(1), add(1)], [Fault::Hole]).await;
    let added = accepted(setting.execute(&envelope(4, add(1))).await);
    assert_eq!((added.change_set.version, added.retries), (4, 0));
    assert_eq!(setting.faulty.requests(), ["Query", "Query", "PutItem"]);
}

/// A failed put returns one version. After the second one, a read brings all the others.
#[tokio::test]
async fn a_handler_that_lags_far_behind_catches_up_by_a_read() {
    let setting = Setting::after([add(1)], []).await;
    accepted(setting.execute(&envelope(2, add(1))).await);
    let store = DynamoDbStore::new(setting.embedded.client(), "daybook");
    let other = handler(store);
    for id in 3..50 {
        accepted(other.execute(&envelope(id, add(1))).await);
    }
    let before = setting.faulty.requests().len();
    let late = accepted(setting.execute(&envelope(50, take(49))).await);
    assert_eq!(
        (late.change_set.version, late.retries),
        (50, 0),
        "a refusal reads the newest state anyway"
    );
    assert_eq!(setting.faulty.requests()[before..], ["Query", "PutItem"]);

    for id in 51..100 {
        accepted(other.execute(&envelope(id, add(1))).await);
    }
    let before = setting.faulty.requests().len();
    let late = accepted(setting.execute(&envelope(100, add(1))).await);
    assert_eq!((late.change_set.version, late.retries), (100, 2));
    assert_eq!(setting.faulty.requests()[before..], ["PutItem", "PutItem", "Query", "PutItem"]);
    assert_eq!(setting.truth().await, (100, 50));
}

/// The first handler to read a history without a snapshot reads all of it and leaves a snapshot for
/// the next.
#[tokio::test]
async fn a_handler_that_reads_a_long_history_leaves_a_snapshot() {
    let setting = Setting::after([], []).await;
    let (mut hash, mut head) = (Hash::ZERO, Head::<Tally>::empty(Uuid::from_u128(1)));
    let store = DynamoDbStore::new(setting.embedded.client(), "daybook");
    for version in 1..=100 {
        let Envelope { command_id, command, actor, now, .. } = envelope(version, add(1));
        let context = Context {
            command_id,
            actor,
            recorded_at: now,
            rules: Tally::RULES,
            correlation_id: command_id,
            causation_id: None,
        };
        let events = head.state.decide(&command, &context).unwrap();
        let aggregate = head.aggregate().clone();
        let change_set =
            ChangeSet::seal::<Tally>(aggregate, version, hash, &command, &events, &context)
                .unwrap();
        store.append(&change_set).await.unwrap();
        head.apply(&change_set).unwrap();
        hash = change_set.hash;
    }
    let seen = setting.newcomer.load(Uuid::from_u128(1), None).await.unwrap();
    assert_eq!((seen.version, seen.state.total), (100, 100));
    let written = async {
        while !setting.faulty.requests().contains(&"PutItem".to_owned()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), written).await.unwrap();
    let before = setting.faulty.requests().len();
    accepted(setting.execute(&envelope(101, add(1))).await);
    assert_eq!(setting.faulty.requests()[before..], ["Query", "PutItem"]);
}
