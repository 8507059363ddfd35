//! The heads that a handler caches: how many, the cost of an evicted one, and the order in which
//! concurrent writers take their turns.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use event_store::dynamodb::{DynamoDbStore, Observer, Request};
use event_store::embedded::Embedded;
use event_store::handler::{Accepted, CommandHandler, Envelope, Outcome};
use event_store::testing::conformance::{Tally, Task};
use event_store::{
    AggregateId, Appended, AppendedAll, ChangeSet, Head, Keys, Loaded, MemoryStore, Page, Reach,
    Snapshot, Store, StoreError, Timestamp,
};
use futures::future::join_all;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Records the operation of every request.
#[derive(Debug, Default)]
struct Ledger(Mutex<Vec<&'static str>>);

impl Observer for Ledger {
    fn request(&self, request: &Request) {
        self.0.lock().unwrap().push(request.operation);
    }
}

impl Ledger {
    fn settle(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct Setting {
    handler: CommandHandler<Tally, DynamoDbStore>,
    ledger: Arc<Ledger>,
    _embedded: Embedded,
}

impl Setting {
    async fn caching(heads: usize) -> Self {
        let embedded = Embedded::in_memory().unwrap();
        let ledger = Arc::new(Ledger::default());
        let store = DynamoDbStore::new(embedded.client(), "heads").observed_by(ledger.clone());
        store.ensure_table().await.unwrap();
        let handler = CommandHandler::new(store, NonZeroUsize::new(heads).unwrap());
        Self { handler, ledger, _embedded: embedded }
    }

    /// Executes a note, which is accepted.
    async fn note(&self, aggregate: u128, id: u64) -> Accepted {
        let envelope = note(aggregate, id);
        match self.handler.execute(&envelope).await.unwrap() {
            Outcome::Accepted(accepted) => accepted,
            other => unreachable!("a note is always accepted: {other:?}"),
        }
    }
}

/// A note whose command id is `id` milliseconds after a fixed moment.
fn note(aggregate: u128, id: u64) -> Envelope<Task> {
    let millis = 1_767_268_800_000 + id;
    Envelope::new(
        uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid(),
        Uuid::from_u128(aggregate),
        Task::Note { text: format!("note {id}") },
        "tester",
        Timestamp::from_millis(1_767_268_800_000),
    )
}

/// Returns the requests of the second note on each of three aggregates, with `heads` cached.
async fn turns(heads: usize) -> Vec<&'static str> {
    let setting = Setting::caching(heads).await;
    for (aggregate, id) in (1..=3).zip(1..) {
        setting.note(aggregate, id).await;
    }
    setting.ledger.settle();
    for (aggregate, id) in (1..=3).zip(11..) {
        let accepted = setting.note(aggregate, id).await;
        assert_eq!((accepted.change_set.version, accepted.retries), (2, 0));
    }
    setting.ledger.settle()
}

#[tokio::test]
async fn an_evicted_head_costs_one_load() {
    assert_eq!(turns(3).await, ["PutItem"; 3]);
    assert_eq!(turns(2).await, ["Query", "PutItem"].repeat(3));
    assert_eq!(turns(1).await, ["Query", "PutItem"].repeat(3));
}

#[tokio::test]
async fn a_head_in_use_is_not_evicted() {
    let setting = Setting::caching(2).await;
    for (other, id) in (2..=21).zip(1..) {
        setting.note(1, 2 * id).await;
        setting.note(other, 2 * id + 1).await;
    }
    let queries = setting.ledger.settle().iter().filter(|operation| **operation == "Query").count();
    assert_eq!(queries, 1 + 20);
}

#[tokio::test]
async fn a_repeat_is_recognized_without_a_cached_head() {
    let setting = Setting::caching(1).await;
    let first = setting.note(1, 1).await;
    setting.note(2, 2).await;
    let again = setting.note(1, 1).await;
    assert_eq!((again.duplicate, again.change_set), (true, first.change_set));
    let head = Head::<Tally>::load(setting.handler.store(), Uuid::from_u128(1), None).await;
    assert_eq!(head.unwrap().version, 1);
}

#[tokio::test]
async fn a_repeat_is_told_from_a_new_command_without_a_write() {
    let setting = Setting::caching(1).await;
    let is_repeat = async |aggregate, id| {
        let is_repeat = setting.handler.is_repeat(&note(aggregate, id)).await.unwrap();
        assert!(!setting.ledger.settle().contains(&"PutItem"));
        is_repeat
    };
    assert!(!is_repeat(1, 1).await, "of an aggregate that does not exist");
    setting.note(1, 1).await;
    setting.ledger.settle();
    assert!(is_repeat(1, 1).await && !is_repeat(1, 2).await, "with a cached head");
    setting.note(2, 3).await;
    setting.ledger.settle();
    assert!(is_repeat(1, 1).await, "without a cached head");
    setting.note(2, 4).await;
    setting.ledger.settle();
    assert!(!is_repeat(1, 2).await, "without a cached head");
    assert_eq!(setting.note(1, 2).await.change_set.version, 2);
}

/// Another process took the command since this one read the aggregate.
#[tokio::test]
async fn a_repeat_is_recognized_behind_a_stale_head() {
    let setting = Setting::caching(1).await;
    let elsewhere: CommandHandler<Tally, _> =
        CommandHandler::new(setting.handler.store().clone(), NonZeroUsize::MIN);
    setting.note(1, 1).await;
    elsewhere.execute(&note(1, 2)).await.unwrap();
    assert!(setting.handler.is_repeat(&note(1, 2)).await.unwrap());
}

/// A writer that has had a turn waits until all the others have had theirs. The gate lets an append
/// through after all writers have queued, so that the order is the queue's and not the engine's.
#[tokio::test]
async fn sixty_four_writers_on_one_aggregate_take_turns() {
    const WRITERS: u64 = 64;
    const ROUNDS: u64 = 10;
    let store = Gated::default();
    let handler = CommandHandler::<Tally, _>::new(store.clone(), NonZeroUsize::MIN);
    let writers = join_all((0..WRITERS).map(async |writer| {
        for round in 0..ROUNDS {
            let note = note(1, round * WRITERS + writer);
            assert!(matches!(handler.execute(&note).await.unwrap(), Outcome::Accepted(_)));
        }
    }));
    let gatekeeper = async {
        for before in 0..WRITERS * ROUNDS {
            store.gate.add_permits(1);
            while store.appended() == before {
                tokio::task::yield_now().await;
            }
        }
    };
    // A writer whose cooperative budget is spent would not queue: the runtime would be unfair.
    tokio::task::unconstrained(async { tokio::join!(writers, gatekeeper) }).await;
    let notes = store.notes.lock().unwrap().clone();
    let in_turns: Vec<_> = (0..WRITERS * ROUNDS).map(|id| format!("note {id}")).collect();
    assert_eq!(notes, in_turns);
}

/// A store whose appends wait at a gate. It records the notes in the order of their appends.
#[derive(Clone, Debug)]
struct Gated {
    store: MemoryStore,
    gate: Arc<Semaphore>,
    notes: Arc<Mutex<Vec<String>>>,
}

impl Default for Gated {
    fn default() -> Self {
        let (store, notes) = (MemoryStore::default(), Arc::default());
        Self { store, gate: Arc::new(Semaphore::new(0)), notes }
    }
}

impl Gated {
    fn appended(&self) -> u64 {
        self.notes.lock().unwrap().len() as u64
    }
}

impl Store for Gated {
    fn is_same(&self, other: &Self) -> bool {
        self.store.is_same(&other.store)
    }

    async fn load(&self, aggregate: &AggregateId, reach: Reach) -> Result<Loaded, StoreError> {
        self.store.load(aggregate, reach).await
    }

    async fn append(&self, change_set: &ChangeSet) -> Result<Appended, StoreError> {
        self.gate.acquire().await.unwrap().forget();
        let Task::Note { text } = change_set.command::<Tally>().unwrap() else { unreachable!() };
        let appended = self.store.append(change_set).await;
        self.notes.lock().unwrap().push(text);
        appended
    }

    async fn append_all(&self, change_sets: &[ChangeSet]) -> Result<AppendedAll, StoreError> {
        self.store.append_all(change_sets).await
    }

    async fn change_sets(
        &self,
        aggregate: &AggregateId,
        page: Page,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        self.store.change_sets(aggregate, page).await
    }

    async fn keys(&self, cursor: Option<String>) -> Result<Keys, StoreError> {
        self.store.keys(cursor).await
    }

    async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.store.save_snapshot(snapshot).await
    }
}

/// All writers succeed on one cached head. The runtime decides the order in which they queue. Each
/// makes its command's id as it queues, as clients do, so that no id is older than those that
/// the head remembers.
#[tokio::test]
async fn sixty_four_writers_on_one_aggregate_share_its_head() {
    const WRITERS: u64 = 64;
    const COMMANDS: u64 = 10;
    let setting = Setting::caching(1).await;
    let ids = AtomicU64::new(0);
    let writers = join_all((0..WRITERS).map(async |_| {
        for _ in 0..COMMANDS {
            setting.note(1, ids.fetch_add(1, Ordering::Relaxed)).await;
        }
    }));
    // As above: a writer whose budget is spent has made its id but is not in the queue.
    tokio::task::unconstrained(writers).await;
    let requests = setting.ledger.settle();
    let loads = requests.iter().filter(|operation| **operation == "Query").count();
    assert_eq!(loads, 1, "a hot aggregate is loaded once");
    let head = Head::<Tally>::load(setting.handler.store(), Uuid::from_u128(1), None).await;
    assert_eq!(head.unwrap().version, WRITERS * COMMANDS);
}
