//! The costs of the store, in requests and in capacity units as DynamoDB counts them.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use event_store::dynamodb::{DynamoDbStore, Observer, Request, RequestOutcome};
use event_store::embedded::Embedded;
use event_store::handler::{Accepted, CommandHandler, Envelope, SNAPSHOT_EVERY};
use event_store::objects::Objects;
use event_store::testing::conformance::{Tally, Task};
use event_store::testing::noise;
use event_store::{Aggregate, AggregateId, ChangeSet, Head, Reach, Store, Timestamp};
use uuid::Uuid;

use crate::histories::{noting, tally};

/// A DynamoDB, and the function that makes stores on it.
pub(crate) struct On {
    client: Client,
    store: Box<dyn Fn(&str) -> DynamoDbStore>,
}

impl On {
    pub(crate) fn client(client: Client) -> Self {
        let through = client.clone();
        let store = move |table: &str| DynamoDbStore::new(through.clone(), table);
        Self { client, store: Box::new(store) }
    }

    /// Uses the embedded engine's own stores, whose puts bypass the SDK.
    pub(crate) fn embedded(embedded: &Arc<Embedded>) -> Self {
        let engine = Arc::clone(embedded);
        Self { client: embedded.client(), store: Box::new(move |table| engine.store(table)) }
    }
}

/// Records every request.
#[derive(Debug, Default)]
struct Ledger(Mutex<Vec<Request>>);

impl Observer for Ledger {
    fn request(&self, request: &Request) {
        self.0.lock().unwrap().push(*request);
    }
}

/// A store whose requests are recorded.
struct Account {
    client: Client,
    store: DynamoDbStore,
    ledger: Arc<Ledger>,
}

impl Account {
    async fn open(on: &On, table: &str) -> Self {
        let ledger = Arc::new(Ledger::default());
        let store = (on.store)(table).observed_by(ledger.clone());
        store.ensure_table().await.unwrap();
        Self { client: on.client.clone(), store, ledger }
    }

    fn handler(&self) -> CommandHandler<Tally, DynamoDbStore> {
        CommandHandler::new(self.store.clone(), NonZeroUsize::MIN)
    }

    /// Takes the requests since the last call, as (operation, outcome, read units, write units).
    fn settle(&self) -> Vec<(&'static str, RequestOutcome, f64, f64)> {
        let requests = std::mem::take(&mut *self.ledger.0.lock().unwrap());
        requests.iter().map(|r| (r.operation, r.outcome, r.read_units, r.write_units)).collect()
    }

    /// The size of an item in bytes, as DynamoDB counts it: names and values.
    async fn bytes(&self, change_set: &ChangeSet) -> f64 {
        let request = self
            .client
            .get_item()
            .table_name(self.store.table())
            .key("pk", AttributeValue::S(change_set.aggregate.to_string()))
            .key("sk", AttributeValue::S(format!("{:012}", change_set.version)));
        let item = request.send().await.unwrap().item.unwrap();
        let sizes = item.iter().map(|(name, value)| {
            let value = match value {
                AttributeValue::S(text) => text.len(),
                AttributeValue::B(bytes) => bytes.as_ref().len(),
                other => unreachable!("{other:?} is in no item of ours"),
            };
            name.len() + value
        });
        sizes.sum::<usize>() as f64
    }

    async fn write_units(&self, change_set: &ChangeSet) -> f64 {
        (self.bytes(change_set).await / 1024.0).ceil()
    }

    async fn read_units(&self, history: &[ChangeSet]) -> f64 {
        let mut bytes = 0.0;
        for change_set in history {
            bytes += self.bytes(change_set).await;
        }
        (bytes / 4096.0).ceil()
    }
}

/// The write units that the item would cost uncompressed.
fn plain_units(change_set: &ChangeSet) -> f64 {
    let names_and_keys = "pkskbodyprevhash".len() + change_set.aggregate.to_string().len() + 12;
    ((names_and_keys + 64 + change_set.body().len()) as f64 / 1024.0).ceil()
}

async fn note(
    handler: &CommandHandler<Tally, DynamoDbStore>,
    aggregate: &AggregateId,
    id: u128,
    text: &str,
) -> Accepted {
    note_as(handler, aggregate, Uuid::from_u128(id), text).await
}

async fn note_as(
    handler: &CommandHandler<Tally, DynamoDbStore>,
    aggregate: &AggregateId,
    command_id: Uuid,
    text: &str,
) -> Accepted {
    use event_store::handler::Outcome::Accepted;
    match handler.execute(&note_envelope(aggregate, command_id, text)).await.unwrap() {
        Accepted(accepted) => accepted,
        other => unreachable!("a note is always accepted: {other:?}"),
    }
}

fn note_envelope(aggregate: &AggregateId, command_id: Uuid, text: &str) -> Envelope<Task> {
    Envelope::new(
        command_id,
        aggregate.id,
        Task::Note { text: text.to_owned() },
        "tester",
        Timestamp::from_millis(1_767_268_800_000),
    )
}

/// A steady command costs one put, and a cold one a query before it. Units follow the size of the
/// new data, which is compressed only where that costs less.
pub(crate) async fn of_commands(on: &On) {
    use RequestOutcome::Done;
    let account = Account::open(on, "costs-of-commands").await;
    let handler = account.handler();
    let first = note(&handler, &tally(1), 1, "a note").await.change_set;
    let requests = account.settle();
    assert_eq!(requests.iter().map(|r| r.0).collect::<Vec<_>>(), ["Query", "PutItem"]);
    assert_eq!(requests[1], ("PutItem", Done, 0.0, 1.0));
    assert_eq!(plain_units(&first), 1.0);

    // The text is in the command and in the event.
    for (id, letters) in (2..).zip([10, 10, 100, 300, 700, 1_500, 2_300]) {
        let change_set = note(&handler, &tally(1), id, &noise(letters)).await.change_set;
        let units = account.write_units(&change_set).await;
        assert_eq!(account.settle(), [("PutItem", Done, 0.0, units)], "{letters} letters");
        assert!(units <= plain_units(&change_set));
    }
    // 14 KB of plain text.
    let change_set = note(&handler, &tally(1), 99, &noise(2_300)).await.change_set;
    let units = account.write_units(&change_set).await;
    assert!(units > 1.0 && units * 2.0 < plain_units(&change_set), "{units}");
}

/// A command that begins an aggregate is put without a read. If the aggregate exists, the put's
/// condition fails, and only then does a new command read.
pub(crate) async fn of_a_beginning(on: &On) {
    use RequestOutcome::{ConditionFailed, Done};
    let account = Account::open(on, "costs-of-a-beginning").await;
    let named = |id, name: &str| {
        let mut envelope = note_envelope(&tally(1), Uuid::from_u128(id), "");
        envelope.command = Task::Rename { name: name.to_owned() };
        envelope
    };
    let accepted = |outcome| match outcome {
        event_store::handler::Outcome::Accepted(accepted) => accepted,
        other => unreachable!("a name is always accepted: {other:?}"),
    };
    let first = accepted(account.handler().execute(&named(1, "first")).await.unwrap());
    assert_eq!(account.settle(), [("PutItem", Done, 0.0, 1.0)]);

    let mut later = named(1, "first");
    later.now = Timestamp::from_millis(1_767_268_800_001);
    let again = accepted(account.handler().execute(&later).await.unwrap());
    assert_eq!((again.duplicate, again.change_set), (true, first.change_set));
    assert_eq!(account.settle(), [("PutItem", ConditionFailed, 0.0, 0.0)]);

    // A repeat brings only version 1, and the newest may be far from it: the next command reads.
    let warm = account.handler();
    for id in 10..20 {
        note(&warm, &tally(1), id, "a note").await;
    }
    let cold = account.handler();
    assert!(accepted(cold.execute(&later).await.unwrap()).duplicate);
    account.settle();
    assert_eq!(note(&cold, &tally(1), 20, "a note").await.retries, 0);
    let requests = account.settle();
    assert_eq!(requests.iter().map(|r| r.0).collect::<Vec<_>>(), ["Query", "PutItem"]);

    let second = accepted(account.handler().execute(&named(2, "second")).await.unwrap());
    assert_eq!((second.change_set.version, second.retries), (13, 0));
    let requests = account.settle();
    let operations: Vec<_> = requests.iter().map(|r| (r.0, r.1)).collect();
    assert_eq!(
        operations,
        [("PutItem", ConditionFailed), ("Query", Done), ("PutItem", Done)],
        "{requests:?}"
    );
}

/// Ids made at sending time need no search of the history, however busy the aggregate is.
pub(crate) async fn of_a_busy_aggregate(on: &On) {
    let account = Account::open(on, "costs-of-a-busy-aggregate").await;
    let handler = account.handler();
    note(&handler, &tally(1), 1, "a note").await;
    account.settle();
    for millis in 1_767_268_800_000..1_767_268_800_300_u64 {
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid();
        note_as(&handler, &tally(1), id, "a note").await;
    }
    let snapshots = 300 / usize::try_from(SNAPSHOT_EVERY).unwrap();
    let requests = account.settle();
    assert_eq!(requests.iter().filter(|r| r.0 != "PutItem").count(), 0, "{requests:?}");
    assert!((300..=300 + snapshots).contains(&requests.len()), "{}", requests.len());
}

/// A head that is not cached costs one query. The query is eventually consistent, at half the units
/// of a consistent read of the same history.
pub(crate) async fn of_a_cold_command(on: &On) {
    let account = Account::open(on, "costs-of-a-cold-command").await;
    for (id, letters) in (1..).zip([10, 700, 2_300, 10]) {
        note(&account.handler(), &tally(1), id, &noise(letters)).await;
    }
    let history = account.store.load(&tally(1), Reach::Whole).await.unwrap().change_sets;
    account.settle();
    note(&account.handler(), &tally(1), 100, "a note").await;
    let query = ("Query", RequestOutcome::Done, account.read_units(&history).await / 2.0, 0.0);
    assert_eq!(account.settle(), [query, ("PutItem", RequestOutcome::Done, 0.0, 1.0)]);
}

/// The failed put returns the winner, so nothing is read.
pub(crate) async fn of_a_conflict(on: &On) {
    let account = Account::open(on, "costs-of-a-conflict").await;
    let (winner, loser) = (account.handler(), account.handler());
    note(&loser, &tally(1), 1, "a note").await;
    note(&winner, &tally(1), 2, "a note").await;
    account.settle();
    let late = note(&loser, &tally(1), 3, "a note").await;
    assert_eq!((late.retries, late.change_set.version), (1, 3));
    let lost = ("PutItem", RequestOutcome::ConditionFailed, 0.0, 0.0);
    assert_eq!(account.settle(), [lost, ("PutItem", RequestOutcome::Done, 0.0, 1.0)]);
}

/// A load is one query, whose cost does not grow with the history.
pub(crate) async fn of_loads(on: &On) {
    let account = Account::open(on, "costs-of-loads").await;
    let reach = Reach::Head { schema: Tally::STATE_SCHEMA };
    let mut history: Vec<ChangeSet> = Vec::new();
    let mut head = Head::<Tally>::empty(tally(1).id);
    let mut costs = Vec::new();
    for version in 1..=620 {
        let change_set = noting(&tally(1), history.last(), "as long as any other");
        account.store.append(&change_set).await.unwrap();
        head.apply(&change_set).unwrap();
        history.push(change_set);
        if version % SNAPSHOT_EVERY == 0 {
            account.store.save_snapshot(&head.snapshot().unwrap()).await.unwrap();
        }
        if version % 100 == 15 {
            account.settle();
            let loaded = account.store.load(&tally(1), reach).await.unwrap();
            assert_eq!(loaded.change_sets.len() as u64, version % SNAPSHOT_EVERY);
            let requests = account.settle();
            assert_eq!(requests.len(), 1, "{requests:?}");
            assert_eq!((requests[0].0, requests[0].3), ("Query", 0.0));
            costs.push(requests[0].2);
        }
    }
    // Without a snapshot there is less to read than with one. From then on the cost stays the same,
    // but for the digits in the snapshots.
    assert!(costs[0] < costs[1], "{costs:?}");
    let (least, most) =
        costs[1..].iter().fold((f64::MAX, 0.0_f64), |(l, m), c| (l.min(*c), m.max(*c)));
    assert!(most - least <= 1.0, "{costs:?}");
    // A page holds 20 items, a few more than lie between two snapshots. Two of them may be
    // snapshots.
    assert!(most <= account.read_units(&history[..20]).await + 2.0, "{costs:?}");
}

/// A load is still one query when the whole history would take dozens of pages.
pub(crate) async fn of_a_long_history(on: &On) {
    let account = Account::open(on, "costs-of-a-long-history").await;
    let mut last: Option<ChangeSet> = None;
    let mut head = Head::<Tally>::empty(tally(1).id);
    let mut costs = Vec::new();
    for version in 1..=3_000 {
        let change_set = noting(&tally(1), last.as_ref(), "as long as any other");
        account.store.append(&change_set).await.unwrap();
        head.apply(&change_set).unwrap();
        last = Some(change_set);
        if version % SNAPSHOT_EVERY == 0 {
            account.store.save_snapshot(&head.snapshot().unwrap()).await.unwrap();
        }
        if [59, 2_999].contains(&version) {
            account.settle();
            let loaded = Head::<Tally>::load(&account.store, tally(1).id, None).await.unwrap();
            assert_eq!((loaded.version, &loaded.state), (version, &head.state));
            costs.push(account.settle());
        }
    }
    // The same but for the digits in the snapshots.
    let [
        [("Query", RequestOutcome::Done, short, 0.0)],
        [("Query", RequestOutcome::Done, long, 0.0)],
    ] = [&costs[0][..], &costs[1][..]]
    else {
        unreachable!("each load is one query: {costs:?}")
    };
    assert!(long - short <= 1.0, "{costs:?}");
}

/// A transaction is one request, whose items cost twice what they would alone. A transaction of one
/// change set is a plain put.
pub(crate) async fn of_a_transaction(on: &On) {
    let account = Account::open(on, "costs-of-a-transaction").await;
    let texts = ["a note".to_owned(), noise(300), noise(1_500)];
    let change_sets: Vec<_> =
        (1..).zip(&texts).map(|(id, text)| noting(&tally(id), None, text)).collect();
    account.store.append_all(&change_sets).await.unwrap();
    let mut units = 0.0;
    for change_set in &change_sets {
        units += 2.0 * account.write_units(change_set).await;
    }
    assert_eq!(account.settle(), [("TransactWriteItems", RequestOutcome::Done, 0.0, units)]);
    // One version is taken: DynamoDB does not report what the others would have cost either.
    let other = noting(&tally(1), None, "another");
    account.store.append_all(&[noting(&tally(4), None, "a note"), other]).await.unwrap();
    let lost = ("TransactWriteItems", RequestOutcome::ConditionFailed, 0.0, 0.0);
    assert_eq!(account.settle(), [lost]);
    account.store.append_all(&[noting(&tally(9), None, "a note")]).await.unwrap();
    assert_eq!(account.settle(), [("PutItem", RequestOutcome::Done, 0.0, 1.0)]);
}

/// A body that is too large for an item is one object, and the item that names it costs one unit. A
/// load fetches it with one more request.
pub(crate) async fn of_a_large_body(on: &On, objects: Arc<dyn Objects>) {
    use RequestOutcome::Done;
    let mut account = Account::open(on, "costs-of-a-large-body").await;
    account.store = account.store.with_objects(objects);
    let handler = account.handler();
    note(&handler, &tally(1), 1, "a note").await;
    account.settle();
    note(&handler, &tally(1), 2, &noise(250_000)).await;
    let object = |operation| (operation, Done, 0.0, 0.0);
    assert_eq!(account.settle(), [object("PutObject"), ("PutItem", Done, 0.0, 1.0)]);
    account.store.load(&tally(1), Reach::Whole).await.unwrap();
    let requests = account.settle();
    assert_eq!(requests.iter().map(|r| r.0).collect::<Vec<_>>(), ["Query", "GetObject"]);
    assert!(requests[0].2 <= 1.0, "{requests:?}");

    // As objects, they hardly count towards the size limit of a transaction.
    let change_sets: Vec<_> =
        (2..=10).map(|id| noting(&tally(id), None, &noise(250_000 + id as usize))).collect();
    account.store.append_all(&change_sets).await.unwrap();
    let mut requests = vec![object("PutObject"); 9];
    requests.push(("TransactWriteItems", Done, 0.0, 18.0));
    assert_eq!(account.settle(), requests);
}
