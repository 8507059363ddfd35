//! Random commands from many writers on several nodes, over a network that loses requests and
//! answers and serves stale reads. After every step the store has to match the answers. At the end
//! everything has to be in the feed.
//!
//! A seed names a run. It fixes the commands and the faults; only their interleaving depends on the
//! machine. `DAYBOOK_MODEL_SEED` repeats one seed. `DAYBOOK_MODEL_RUNS` sets how many random seeds
//! run beside the fixed ones, and `DAYBOOK_MODEL_STEPS` the length of a run. `make soak` is a long
//! one.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use event_store::dynamodb::DynamoDbStore;
use event_store::embedded::Embedded;
use event_store::feed::{Feed, Pace};
use event_store::handler::{
    Accepted, CommandHandler, Envelope, Outcome, Part, Refusal, TransactError, Transacted, transact,
};
use event_store::testing::conformance::{Refused, Tally, Task};
use event_store::{
    Aggregate, AggregateId, ChangeSet, Context, Head, Loaded, Reach, Store, StoreError, Timestamp,
    Version, verify,
};
use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::{Builder, Uuid};

use crate::faults::{Fault, Faulty};
use crate::order;

const NODES: usize = 3;
const TALLIES: u128 = 2;
/// Commands in flight at once.
const WRITERS: usize = 6;
/// The faults, and how many requests in a thousand meet each. Faults that hang take time, so they
/// are rare.
const FAULTS: [(u32, Fault); 12] = [
    (20, Fault::AnswerLost),
    (20, Fault::AnswerGarbled),
    (20, Fault::ErrorAfterwards),
    (35, Fault::RequestLost),
    (15, Fault::ErrorInstead),
    (35, Fault::Throttled),
    (15, Fault::WithoutItem),
    (40, Fault::Behind(1)),
    (40, Fault::Behind(3)),
    (30, Fault::Hole),
    (5, Fault::Hangs),
    (5, Fault::HangsAfterwards),
];

/// The longest wait for the feed.
const LONG: Duration = Duration::from_secs(60);
const PACE: Pace = Pace { between: Duration::ZERO, look: Some(Duration::from_millis(20)) };

type Node = CommandHandler<Tally, DynamoDbStore>;

/// The message of one writer: one command, or two in one transaction.
#[derive(Clone, Debug, PartialEq)]
enum Sent {
    Alone(Envelope<Task>),
    Together(Vec<Envelope<Task>>),
}

impl Sent {
    fn envelopes(&self) -> &[Envelope<Task>] {
        match self {
            Self::Alone(envelope) => std::slice::from_ref(envelope),
            Self::Together(envelopes) => envelopes,
        }
    }
}

/// The answer that a writer got.
#[derive(Debug)]
enum Told {
    Accepted(Vec<Accepted>),
    /// Refused by the domain, for this reason, or in conflict.
    Refused(Option<Reason>),
    /// No answer: the writer gave up.
    Nothing,
}

/// The reason of a tally for refusing a command, as of some version.
#[derive(Debug)]
struct Reason {
    tally: Uuid,
    command: Task,
    rejection: Refused,
    version: Version,
}

/// The commands that must be stored, and those that must not.
#[derive(Debug, Default)]
struct Model {
    accepted: HashMap<Uuid, ChangeSet>,
    /// Ids that must never be found.
    refused: Vec<Uuid>,
    refusals: Vec<Reason>,
    together: Vec<Vec<Uuid>>,
}

impl Model {
    fn note(&mut self, sent: &Sent, told: Told) {
        if let Sent::Together(envelopes) = sent {
            self.together.push(envelopes.iter().map(|e| e.command_id).collect());
        }
        match told {
            Told::Accepted(all) => {
                assert_eq!(all.len(), sent.envelopes().len());
                for (Accepted { change_set, .. }, envelope) in all.into_iter().zip(sent.envelopes())
                {
                    assert_eq!(change_set.content().command_id, envelope.command_id);
                    assert_eq!(change_set.command::<Tally>().unwrap(), envelope.command);
                    self.accepted.insert(envelope.command_id, change_set);
                }
            }
            Told::Refused(refusal) => {
                self.refused.extend(sent.envelopes().iter().map(|e| e.command_id));
                self.refusals.extend(refusal);
            }
            Told::Nothing => {}
        }
    }

    /// Compares the model with the store, read without faults. Returns the number of change sets.
    async fn check(&self, store: &DynamoDbStore) -> usize {
        let mut found: HashMap<Uuid, ChangeSet> = HashMap::new();
        for id in 1..=TALLIES {
            let tally = AggregateId::of::<Tally>(Uuid::from_u128(id));
            // The load fails unless the history is contiguous and chained.
            let history = store.load(&tally, Reach::Whole).await.unwrap().change_sets;
            let from_snapshot = Head::<Tally>::load(store, tally.id, None).await.unwrap();
            let loaded = Loaded { snapshot: None, change_sets: history.clone() };
            let folded = Head::<Tally>::fold(tally.id, loaded).unwrap();
            assert_eq!(
                (from_snapshot.version, &from_snapshot.state),
                (folded.version, &folded.state)
            );
            // Each command, decided again, gives the recorded events. Each rejection was right at
            // its version.
            let verification = verify::<Tally>(&tally, &history);
            assert!(verification.ok, "{verification:?}");
            for refusal in self.refusals.iter().filter(|refusal| refusal.tally == tally.id) {
                let until = usize::try_from(refusal.version).unwrap();
                let loaded = Loaded { snapshot: None, change_sets: history[..until].to_vec() };
                let then = Head::<Tally>::fold(tally.id, loaded).unwrap();
                let again = then.state.decide(&refusal.command, &anybody());
                assert_eq!(again.as_ref(), Err(&refusal.rejection), "{refusal:?}");
            }
            for change_set in history {
                let id = change_set.content().command_id;
                assert_eq!(found.insert(id, change_set), None, "{id} was applied twice");
            }
        }
        for (id, change_set) in &self.accepted {
            assert_eq!(found.get(id), Some(change_set), "{id} was acknowledged but is lost");
        }
        for id in &self.refused {
            assert!(!found.contains_key(id), "{id} was refused but is stored");
        }
        for ids in &self.together {
            let there = ids.iter().filter(|id| found.contains_key(id)).count();
            assert!(there == 0 || there == ids.len(), "only {there} of {ids:?} are stored");
        }
        found.len()
    }

    /// Checks that the nodes, each over its own network, put everything into the feed exactly once.
    async fn check_feed(&self, nodes: &[Node], store: &DynamoDbStore, random: &mut StdRng) {
        let feeds: Vec<_> = nodes.iter().map(|n| Feed::start(n.store().clone(), PACE)).collect();
        let mut accepted: Vec<_> = self.accepted.values().collect();
        accepted.sort_by_key(|change_set| change_set.content().command_id);
        for change_set in accepted {
            for _ in 0..random.random_range(1..3) {
                feeds[random.random_range(0..NODES)].commit(change_set);
            }
        }
        // The outcome of some commands is unknown.
        for id in 1..=TALLIES {
            let tally = AggregateId::of::<Tally>(Uuid::from_u128(id));
            feeds[random.random_range(0..NODES)].doubt(&tally);
        }
        let count = self.check(store).await as u64;
        for feed in feeds {
            let mut heads = feed.heads();
            let whole = heads.wait_for(|head| head.is_some_and(|head| head.position >= count));
            tokio::time::timeout(LONG, whole).await.unwrap().unwrap();
            feed.finish().await;
        }
        order::assert_complete(store).await;
    }
}

/// All that is left to chance, and the clock.
struct Chance {
    random: StdRng,
    now: i64,
}

impl Chance {
    fn sent(&mut self) -> Sent {
        if self.random.random_ratio(1, 5) {
            let from = self.random.random_range(1..=TALLIES);
            let to = 1 + (from + self.random.random_range(0..TALLIES - 1)) % TALLIES;
            let amount = self.random.random_range(1..20);
            return Sent::Together(vec![
                self.envelope(from, Task::Take { amount }),
                self.envelope(to, Task::Add { amount }),
            ]);
        }
        let task = match self.random.random_range(0..10) {
            0..=4 => Task::Add { amount: self.random.random_range(1..20) },
            5..=7 => Task::Take { amount: self.random.random_range(1..40) },
            8 => Task::Rename { name: format!("tally {}", self.random.random_range(0..100)) },
            _ => Task::Note { text: "x".repeat(self.random.random_range(0..3_000)) },
        };
        let tally = self.random.random_range(1..=TALLIES);
        let mut envelope = self.envelope(tally, task);
        if self.random.random_ratio(1, 3) {
            envelope.expected_version = Some(self.random.random_range(0..60));
        }
        Sent::Alone(envelope)
    }

    fn envelope(&mut self, tally: u128, command: Task) -> Envelope<Task> {
        self.now += self.random.random_range(0..5_000);
        // Some clients' clocks are wrong, and some ids carry no time.
        let at = self.now + if self.random.random_ratio(1, 8) { 3_600_000 } else { 0 };
        let command_id = if self.random.random_ratio(1, 8) {
            Builder::from_random_bytes(self.random.random()).into_uuid()
        } else {
            let millis = u64::try_from(at).unwrap();
            Builder::from_unix_timestamp_millis(millis, &self.random.random()).into_uuid()
        };
        Envelope::new(
            command_id,
            Uuid::from_u128(tally),
            command,
            "tester",
            Timestamp::from_millis(self.now),
        )
    }
}

async fn send(node: &Node, sent: &Sent) -> Result<Told, StoreError> {
    match sent {
        Sent::Alone(envelope) => Ok(match node.execute(envelope).await? {
            Outcome::Accepted(accepted) => Told::Accepted(vec![accepted]),
            Outcome::Refused(refused) => Told::Refused(reason(envelope, refused)),
        }),
        Sent::Together(envelopes) => {
            let parts: Vec<Part<_, Refusal<Refused>>> =
                envelopes.iter().map(|e| node.part(e, |refused| refused)).collect();
            match transact(parts).await {
                Ok(Transacted::Accepted(accepted)) => Ok(Told::Accepted(accepted)),
                Ok(Transacted::Refused { index, refusal: refused }) => {
                    Ok(Told::Refused(reason(&envelopes[index], refused)))
                }
                Err(TransactError::Store(error)) => Err(error),
                Err(error) => unreachable!("{error}"),
            }
        }
    }
}

/// Any context: a tally ignores actor and time.
fn anybody() -> Context {
    Context {
        command_id: Uuid::nil(),
        actor: "tester".to_owned(),
        recorded_at: Timestamp::default(),
        rules: Tally::RULES,
        correlation_id: Uuid::nil(),
        causation_id: None,
    }
}

/// Returns the reason of a rejection. A conflict is checked at once: the expected version is not
/// there yet, or a newer change set matters to the command.
fn reason(envelope: &Envelope<Task>, refusal: Refusal<Refused>) -> Option<Reason> {
    match refusal {
        Refusal::Rejected { rejection, version } => {
            let (tally, command) = (envelope.aggregate, envelope.command.clone());
            Some(Reason { tally, command, rejection, version })
        }
        Refusal::Conflict { current_version, since } => {
            let expected = envelope.expected_version.unwrap();
            let matters = |change_set: &ChangeSet| {
                let events = change_set.events::<Tally>().unwrap();
                events.iter().any(|event| Tally::conflicts_with(&envelope.command, event))
            };
            let conflicts = expected > current_version || since.iter().any(matters);
            assert!(conflicts, "no conflict: {since:?}");
            None
        }
        other => unreachable!("every id is new, and every task changes something: {other:?}"),
    }
}

/// Sends the command to these nodes in turn, until one answers.
async fn insist(nodes: Vec<Node>, sent: &Sent) -> Told {
    for node in nodes {
        match send(&node, sent).await {
            Ok(told) => return told,
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
    }
    Told::Nothing
}

async fn run(seed: u64, steps: usize) {
    let embedded = Embedded::in_memory().unwrap();
    let sound = DynamoDbStore::new(embedded.client(), "model");
    sound.ensure_table().await.unwrap();
    let nodes: Vec<Node> = (0..NODES)
        .map(|node| {
            let seed = seed.wrapping_mul(31).wrapping_add(node as u64);
            let client: Client = Faulty::at_random(&embedded.client(), seed, &FAULTS).0;
            // The cache holds fewer heads than there are tallies: some commands find theirs, some
            // do not.
            let heads = NonZeroUsize::MIN;
            CommandHandler::new(DynamoDbStore::new(client, "model"), heads)
        })
        .collect();
    let mut chance = Chance { random: StdRng::seed_from_u64(seed), now: 1_767_268_800_000 };
    let mut model = Model::default();
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut earlier: Vec<Sent> = Vec::new();
    for _ in 0..steps {
        let step: Vec<(Sent, Vec<Node>)> = (0..WRITERS)
            .map(|writer| {
                // Only one writer repeats an earlier command. If two did, one might be refused what
                // the other is granted.
                let again = writer == 0 && !earlier.is_empty();
                let sent = if again {
                    earlier[chance.random.random_range(0..earlier.len())].clone()
                } else {
                    chance.sent()
                };
                let tries = chance.random.random_range(1..4);
                let tried = (0..tries).map(|_| nodes[chance.random.random_range(0..NODES)].clone());
                (sent, tried.collect())
            })
            .collect();
        let told = join_all(step.iter().map(|(sent, nodes)| insist(nodes.clone(), sent))).await;
        for ((sent, _), told) in step.into_iter().zip(told) {
            *outcomes
                .entry(match &told {
                    Told::Accepted(all) if all.iter().any(|a| a.duplicate) => "repeated",
                    Told::Accepted(_) => "accepted",
                    Told::Refused(_) => "refused",
                    Told::Nothing => "unknown",
                })
                .or_default() += 1;
            // A refused command may be accepted on a retry, so it is never sent again.
            if matches!(told, Told::Refused(_)) {
                earlier.retain(|other| other != &sent);
            } else {
                earlier.push(sent.clone());
            }
            model.note(&sent, told);
        }
        model.check(&sound).await;
    }
    model.check_feed(&nodes, &sound, &mut chance.random).await;
    // A run without one of these outcomes would prove nothing.
    for outcome in ["repeated", "accepted", "refused", "unknown"] {
        assert!(outcomes.contains_key(outcome), "no command was {outcome}: {outcomes:?}");
    }
    embedded.close().await;
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_matches_the_answers() {
    let steps = number("DAYBOOK_MODEL_STEPS").unwrap_or(60);
    let steps = usize::try_from(steps).unwrap();
    let seeds: Vec<u64> = match number("DAYBOOK_MODEL_SEED") {
        Some(seed) => vec![seed],
        None => {
            let drawn = (0..number("DAYBOOK_MODEL_RUNS").unwrap_or(0)).map(|_| rand::random());
            [1, 2, 3].into_iter().chain(drawn).collect()
        }
    };
    for seed in seeds {
        // Shown when the test fails.
        println!("DAYBOOK_MODEL_SEED={seed} DAYBOOK_MODEL_STEPS={steps}");
        run(seed, steps).await;
    }
}
