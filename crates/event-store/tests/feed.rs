//! The feed over a network that loses requests and answers, with processes that die at any call and
//! hints that come late, twice, in any order or never. It stays dense and in each aggregate's
//! order, with nothing missing and nothing twice.
//!
//! A seed names a run. `DAYBOOK_FEED_SEED` repeats one seed. `DAYBOOK_FEED_RUNS` sets how many
//! random seeds run beside the fixed ones.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use event_store::dynamodb::{DynamoDbStore, Observer, Purpose, Request};
use event_store::embedded::Embedded;
use event_store::feed::{
    Batch, Entry, Feed, FeedError, FeedStore, Pace, Reconciled, Reference, Sequence,
};
use event_store::{AggregateId, ChangeSet, FeedBreak, MemoryStore, Reach, Store, StoreError};
use futures::StreamExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use tokio::task::{JoinHandle, yield_now};

use crate::dying::{Death, Dying};
use crate::faults::{Fault, Faulty};
use crate::histories::{noting, tally};
use crate::order;

/// The longest wait for the feed.
const LONG: Duration = Duration::from_secs(60);
/// A pace without delays or polls: only the order of calls matters.
const ALONE: Pace = Pace { between: Duration::ZERO, look: None };
const BESIDE: Pace = Pace { between: Duration::ZERO, look: Some(LONG) };
const SHARED: Pace = Pace { between: Duration::ZERO, look: Some(Duration::from_millis(20)) };

/// The faults, and how many requests in a thousand meet each. Faults that hang take time, so they
/// are rare.
const FAULTS: [(u32, Fault); 9] = [
    (20, Fault::AnswerLost),
    (20, Fault::AnswerGarbled),
    (20, Fault::ErrorAfterwards),
    (20, Fault::RequestLost),
    (20, Fault::ErrorInstead),
    (20, Fault::Throttled),
    (20, Fault::WithoutItem),
    (5, Fault::Hangs),
    (5, Fault::HangsAfterwards),
];

/// The hint that a process gives its feed after it has appended a change set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    Commit,
    Doubt,
    /// None: the aggregate's next change set implies this one.
    None,
}

fn tell<S: FeedStore>(feed: &Feed<S>, hint: Hint, change_set: &ChangeSet) {
    match hint {
        Hint::Commit => feed.commit(change_set),
        Hint::Doubt => feed.doubt(&change_set.aggregate),
        Hint::None => {}
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// The seeds to run, each shown when the test fails.
fn seeds(fixed: u64) -> impl Iterator<Item = u64> {
    let seeds: Vec<u64> = match number("DAYBOOK_FEED_SEED") {
        Some(seed) => vec![seed],
        None => {
            let drawn = (0..number("DAYBOOK_FEED_RUNS").unwrap_or(0)).map(|_| rand::random());
            (1..=fixed).chain(drawn).collect()
        }
    };
    seeds.into_iter().inspect(|seed| println!("DAYBOOK_FEED_SEED={seed}"))
}

/// Returns `count` change sets of some `aggregates`, in an order in which they can be appended,
/// each with a hint.
fn written(random: &mut StdRng, aggregates: u128, count: usize) -> Vec<(ChangeSet, Hint)> {
    let mut newest: HashMap<AggregateId, usize> = HashMap::new();
    let mut written: Vec<(ChangeSet, Hint)> = Vec::new();
    for place in 0..count {
        let aggregate = tally(random.random_range(1..=aggregates));
        let before = newest.insert(aggregate.clone(), place).map(|before| &written[before].0);
        let change_set = noting(&aggregate, before, "so it is");
        let hint = match random.random_range(0..4) {
            0 => Hint::None,
            1 => Hint::Doubt,
            _ => Hint::Commit,
        };
        written.push((change_set, hint));
    }
    // Nothing later implies an aggregate's newest change set.
    for place in newest.into_values().filter(|place| place % 2 == 0) {
        written[place].1 = Hint::Doubt;
    }
    for place in 0..count {
        let (change_set, hint) = &written[place];
        let followed = |(later, _): &(ChangeSet, Hint)| later.aggregate == change_set.aggregate;
        if *hint == Hint::None && !written[place + 1..].iter().any(followed) {
            written[place].1 = Hint::Commit;
        }
    }
    written
}

async fn reach<S: FeedStore>(feed: &Feed<S>, position: u64) {
    let mut heads = feed.heads();
    let there = heads.wait_for(|head| head.is_some_and(|head| head.position >= position));
    tokio::time::timeout(LONG, there).await.unwrap().unwrap();
}

/// Follows the feed from its start, and records what it is given.
fn follower<S: FeedStore>(feed: &Feed<S>) -> (impl Future<Output = ()> + use<S>, Given) {
    let given = Given::default();
    let (mut entries, keep) = (feed.subscribe(0).boxed(), Arc::clone(&given));
    let following = async move {
        while let Some(entry) = entries.next().await {
            match entry {
                Ok(Entry { position, change_set }) => {
                    let mut given = keep.lock().unwrap();
                    given.push((&change_set).into());
                    assert_eq!(given.len() as u64, position);
                }
                Err(FeedError::Store(error)) if error.is_transient() => {}
                Err(error) => unreachable!("{error}"),
            }
        }
    };
    (following, given)
}

type Given = Arc<Mutex<Vec<Reference>>>;

/// Appends all and gives hints to a followed feed, until it is done or dies. A neighbour is another
/// process that sequences the same store and gets some hints. Returns whether all was done, and
/// what the follower was given.
async fn live(
    store: &MemoryStore,
    death: Death,
    written: &[(ChangeSet, Hint)],
    neighbour: bool,
) -> (bool, Vec<Reference>) {
    let dying = Dying::at(death, store);
    let feed = Feed::start(dying.clone(), if neighbour { BESIDE } else { ALONE });
    let neighbour = neighbour.then(|| Feed::start(store.clone(), BESIDE));
    let (following, given) = follower(&feed);
    let work = async {
        for (place, (change_set, hint)) in written.iter().enumerate() {
            dying.append(change_set).await.unwrap();
            tell(&feed, *hint, change_set);
            match &neighbour {
                Some(neighbour) if place % 3 == 0 => neighbour.commit(change_set),
                // Some batches hold many references, others hold one.
                _ if place % 7 == 0 => _ = feed.settle(LONG).await.unwrap(),
                _ => {}
            }
        }
        if let Some(neighbour) = &neighbour {
            neighbour.settle(LONG).await.unwrap();
            feed.look();
        }
        reach(&feed, written.len() as u64).await;
        assert!(feed.finish().await);
    };
    let done = tokio::select! {
        biased;
        () = dying.died() => false,
        () = work => true,
        () = following => false,
    };
    if let Some(neighbour) = neighbour {
        assert!(neighbour.finish().await);
    }
    let given = given.lock().unwrap().clone();
    (done, given)
}

/// Kills the process before and after each of its calls. The next process completes the feed and
/// resumes.
async fn a_kill_at_every_call(neighbour: bool) {
    for seed in seeds(6) {
        let written = written(&mut StdRng::seed_from_u64(seed), 4, 30);
        let mut left_behind = 0;
        for call in 1.. {
            let mut all_done = true;
            for death in [Death::Before(call), Death::After(call)] {
                let store = MemoryStore::default();
                let (done, given) = live(&store, death, &written, neighbour).await;
                let next = Feed::start(store.clone(), ALONE);
                let found = next.reconcile(|_| {}).await.unwrap();
                left_behind += found.missing;
                let order = order::assert_complete(&store).await;
                assert!(order.starts_with(&given), "{death:?}: an entry that was served has moved");
                // The commands are retried, and the feed resumes.
                for (change_set, _) in &written {
                    store.append(change_set).await.unwrap();
                    next.commit(change_set);
                }
                assert_eq!(next.settle(LONG).await.unwrap(), written.len() as u64);
                assert!(next.finish().await);
                let whole = order::assert_complete(&store).await;
                assert!(whole.starts_with(&order), "{death:?}");
                all_done &= done;
            }
            if all_done {
                assert!(call > 30, "all was done after only {call} calls");
                break;
            }
        }
        assert!(left_behind > 0, "no kill left anything to reconcile");
    }
}

#[tokio::test]
async fn a_process_killed_at_any_call_leaves_a_feed_that_can_resume() {
    a_kill_at_every_call(false).await;
}

#[tokio::test]
async fn one_of_two_processes_killed_at_any_call_leaves_a_feed_that_can_resume() {
    a_kill_at_every_call(true).await;
}

/// A history with an unreadable change set or a hole is in the feed up to the damage. The histories
/// beside it are complete.
#[tokio::test]
async fn change_sets_before_the_damage_are_in_the_feed() {
    for is_gone in [false, true] {
        let embedded = Embedded::in_memory().unwrap();
        let store = DynamoDbStore::new(embedded.client(), "daybook");
        store.ensure_table().await.unwrap();
        for aggregate in 1..=3 {
            let mut last: Option<ChangeSet> = None;
            for _ in 0..5 {
                let next = noting(&tally(aggregate), last.as_ref(), "a note");
                store.append(&next).await.unwrap();
                last = Some(next);
            }
        }
        let pk = ("pk".to_owned(), AttributeValue::S(tally(2).to_string()));
        let sk = ("sk".to_owned(), AttributeValue::S(format!("{:012}", 4)));
        let key = HashMap::from([pk, sk]);
        if is_gone {
            let delete = embedded.client().delete_item().table_name("daybook").set_key(Some(key));
            delete.send().await.unwrap();
        } else {
            let put = embedded.client().put_item().table_name("daybook").set_item(Some(key));
            put.item("body", AttributeValue::S("{".to_owned())).send().await.unwrap();
        }

        let feed = Feed::start(store, ALONE);
        (1..=3).for_each(|aggregate| feed.doubt(&tally(aggregate)));
        reach(&feed, 5 + 3 + 5).await;
        assert!(!feed.finish().await, "the damaged history is left");
        assert_eq!((feed.entries(0, 20).await.unwrap().len(), feed.stuck()), (13, 1));
    }
}

/// Many aggregates with a few missing change sets each share batches. A batch for each would take
/// hours.
#[tokio::test]
async fn missing_change_sets_of_many_aggregates_share_batches() {
    let store = MemoryStore::default();
    for aggregate in 1..=250 {
        let first = noting(&tally(aggregate), None, "a note");
        store.append(&first).await.unwrap();
        // Every tenth aggregate has more than a page.
        let mut last = first;
        for _ in 0..if aggregate % 10 == 0 { 220 } else { 0 } {
            last = noting(&last.aggregate.clone(), Some(&last), "a note");
            store.append(&last).await.unwrap();
        }
    }
    let all = 250 + 25 * 220;
    let feed = Feed::start(store.clone(), ALONE);
    // All of them, before the sequencer acts for the first time.
    (1..=250).for_each(|aggregate| feed.doubt(&tally(aggregate)));
    reach(&feed, all).await;
    let batches = feed.head().unwrap().batch;
    assert!(batches <= all / 40, "{batches} batches of {all}");
    assert!(feed.finish().await);
    assert_eq!(order::assert_complete(&store).await.len() as u64, all);
}

/// The feed holds what a comparison finds until it is sequenced, so the comparison has to wait.
#[tokio::test]
async fn a_comparison_does_not_run_far_ahead_of_the_feed() {
    let store = MemoryStore::default();
    for aggregate in 1..=100 {
        let mut last = noting(&tally(aggregate), None, "a note");
        store.append(&last).await.unwrap();
        for _ in 1..60 {
            last = noting(&tally(aggregate), Some(&last), "a note");
            store.append(&last).await.unwrap();
        }
    }
    let feed = Feed::start(store, ALONE);
    let mut ahead = 0;
    let position = || feed.head().unwrap().position;
    let found = feed.reconcile(|found| ahead = ahead.max(found.missing.saturating_sub(position())));
    assert_eq!(found.await.unwrap(), Reconciled { scanned: 6000, missing: 6000 });
    assert!(ahead <= 2_500, "{ahead}");
    assert_eq!(position(), 6000);
}

/// A missing batch is never skipped, wherever it stood.
#[tokio::test]
async fn a_missing_batch_is_reported() {
    for gone in 1..=3 {
        let embedded = Embedded::in_memory().unwrap();
        let store = DynamoDbStore::new(embedded.client(), "daybook");
        store.ensure_table().await.unwrap();
        let (mut sequence, mut last) = (Sequence::default(), None);
        for _ in 0..3 {
            let next = noting(&tally(1), last.as_ref(), "a note");
            store.append(&next).await.unwrap();
            let batch = sequence.propose(&[(&next).into()]).unwrap();
            store.append_batch(&batch).await.unwrap();
            sequence.follow(&batch).unwrap();
            last = Some(next);
        }
        let feed = Feed::start(store, ALONE);
        reach(&feed, 3).await;
        let delete = embedded.client().delete_item().table_name("daybook");
        let delete = delete
            .key("pk", AttributeValue::S(Batch::partition(gone)))
            .key("sk", AttributeValue::S(format!("{gone:012}")));
        delete.send().await.unwrap();
        match feed.entries(0, 10).await {
            Err(FeedError::Store(StoreError::Feed(FeedBreak { batch, .. }))) => {
                assert_eq!(batch, gone);
            }
            other => unreachable!("batch {gone} is missing, but the feed gave {other:?}"),
        }
    }
}

/// Records the operation and the purpose of every request.
#[derive(Debug, Default)]
struct Ledger(Mutex<Vec<(&'static str, Purpose)>>);

impl Observer for Ledger {
    fn request(&self, request: &Request) {
        self.0.lock().unwrap().push((request.operation, request.purpose));
    }
}

/// Metrics count the feed's requests apart from those of commands.
#[tokio::test]
async fn the_requests_of_the_feed_are_reported_as_its_own() {
    let embedded = Embedded::in_memory().unwrap();
    let ledger = Arc::new(Ledger::default());
    let store = DynamoDbStore::new(embedded.client(), "daybook").observed_by(ledger.clone());
    store.ensure_table().await.unwrap();
    let first = noting(&tally(1), None, "a note");
    let batch = Sequence::default().propose(&[(&first).into()]).unwrap();
    store.append(&first).await.unwrap();
    store.append_batch(&batch).await.unwrap();
    assert_eq!(store.batches(0, 1).await.unwrap(), std::slice::from_ref(&batch));
    assert_eq!(store.referenced(batch.references()).await.unwrap(), std::slice::from_ref(&first));
    store.load(&first.aggregate, Reach::Whole).await.unwrap();
    assert_eq!(
        *ledger.0.lock().unwrap(),
        [
            ("PutItem", Purpose::Histories),
            ("PutItem", Purpose::Feed),
            ("Query", Purpose::Feed),
            ("BatchGetItem", Purpose::Feed),
            ("Query", Purpose::Histories),
        ]
    );
}

/// A batch is in the store a moment before the sequencer learns that it is.
#[tokio::test]
async fn entries_past_the_known_head_are_not_served() {
    let store = MemoryStore::default();
    let first = noting(&tally(1), None, "first");
    let second = noting(&tally(1), Some(&first), "second");
    let mut sequence = Sequence::default();
    let batches = [&first, &second].map(|change_set| {
        let batch = sequence.propose(&[change_set.into()]).unwrap();
        sequence.follow(&batch).unwrap();
        batch
    });
    store.append(&first).await.unwrap();
    store.append(&second).await.unwrap();
    store.append_batch(&batches[0]).await.unwrap();
    let feed = Feed::start(store.clone(), ALONE);
    reach(&feed, 1).await;
    store.append_batch(&batches[1]).await.unwrap();
    assert_eq!(feed.entries(0, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn hints_may_come_late_twice_in_any_order_or_never() {
    for seed in seeds(60) {
        let mut random = StdRng::seed_from_u64(seed);
        let (aggregates, count) = (random.random_range(1..20), random.random_range(1..400));
        let written = written(&mut random, aggregates, count);
        let store = MemoryStore::default();
        for (change_set, _) in &written {
            store.append(change_set).await.unwrap();
        }
        let mut hints = written.clone();
        let twice: Vec<_> = written.iter().filter(|_| random.random_ratio(1, 5)).cloned().collect();
        hints.extend(twice);
        hints.shuffle(&mut random);
        let feed = Feed::start(store.clone(), ALONE);
        for (change_set, hint) in &hints {
            tell(&feed, *hint, change_set);
            if random.random_ratio(1, 10) {
                yield_now().await;
            }
        }
        reach(&feed, count as u64).await;
        assert!(feed.finish().await);
        order::assert_complete(&store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sequencers_on_a_bad_network_write_one_feed() {
    for seed in seeds(4) {
        let mut random = StdRng::seed_from_u64(seed);
        let embedded = Embedded::in_memory().unwrap();
        let sound = DynamoDbStore::new(embedded.client(), "feed");
        sound.ensure_table().await.unwrap();
        let feeds = [1, 2].map(|node| {
            let seed = seed.wrapping_mul(31).wrapping_add(node);
            let (client, _) = Faulty::at_random(&embedded.client(), seed, &FAULTS);
            Feed::start(DynamoDbStore::new(client, "feed"), SHARED)
        });
        let (following, given): (Vec<_>, Vec<_>) = feeds.iter().map(follower).unzip();
        let following: Vec<_> = following.into_iter().map(tokio::spawn).collect();
        let written = written(&mut random, 6, 250);
        for (change_set, hint) in &written {
            sound.append(change_set).await.unwrap();
            let node = random.random_range(0..2);
            tell(&feeds[node], *hint, change_set);
            // Some hints reach both nodes.
            if random.random_ratio(1, 3) {
                tell(&feeds[1 - node], Hint::Commit, change_set);
            }
        }
        for feed in &feeds {
            reach(feed, 250).await;
        }
        let order = order::assert_complete(&sound).await;
        for (feed, given) in feeds.iter().zip(given) {
            let all_given = async {
                while given.lock().unwrap().len() < order.len() {
                    yield_now().await;
                }
            };
            tokio::time::timeout(LONG, all_given).await.unwrap();
            assert_eq!(*given.lock().unwrap(), order);
            feed.finish().await;
        }
        following.iter().for_each(JoinHandle::abort);
        embedded.close().await;
    }
}

/// A reader that crosses from one partition to the next must not miss a batch or stop early.
#[test]
fn a_partition_holds_the_batches_of_one_hundred_thousand_numbers() {
    for (number, partition, next) in [
        (1, "feed#0", 100_000),
        (99_999, "feed#0", 100_000),
        (100_000, "feed#1", 200_000),
        (100_001, "feed#1", 200_000),
        (250_000, "feed#2", 300_000),
    ] {
        assert_eq!(
            (Batch::partition(number).as_str(), Batch::next_partition(number)),
            (partition, next)
        );
    }
}

#[test]
fn a_sequence_names_each_aggregate_with_its_last_version() {
    let first = noting(&tally(1), None, "first");
    let second = noting(&tally(1), Some(&first), "second");
    let other = noting(&tally(2), None, "other");
    let mut sequence = Sequence::default();
    let batch = sequence.propose(&[&first, &other, &second].map(Into::into)).unwrap();
    sequence.follow(&batch).unwrap();
    assert!(sequence.versions().eq([(&tally(1), 2), (&tally(2), 1)]));
}

/// The other change set is unaltered: only its hash tells it from the one that was sequenced.
#[test]
fn a_change_set_with_another_hash_is_not_the_one_that_the_feed_names() {
    let [named, other] = ["named", "other"].map(|text| noting(&tally(1), None, text));
    let reference = Reference::from(&named);
    assert_eq!(reference.resolve(Some(named.clone())).unwrap(), named);
    match reference.resolve(Some(other)).unwrap_err() {
        StoreError::Corrupt { aggregate, version: 1, .. } => assert_eq!(aggregate, tally(1)),
        error => unreachable!("{error}"),
    }
}
