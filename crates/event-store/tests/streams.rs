//! The tail that follows a table's stream: shards and their children, and what is expired, trimmed,
//! missing, late, repeated or refused.

use std::time::Duration;

use event_store::dynamodb::streams::Tail;
use event_store::feed::{Batch, Feed, FeedStore, Pace};
use event_store::{ChangeSet, MemoryStore, Store};

use crate::dying::{Death, Dying};
use crate::histories::{noting, tally};
use crate::order;
use crate::stream::{Shard, Stream};

const LONG: Duration = Duration::from_secs(60);
const NEVER: Duration = Duration::from_secs(3_600);
/// A pace for a shared store, without polls.
const PACE: Pace = Pace { between: Duration::ZERO, look: Some(NEVER) };

async fn written(store: &MemoryStore, id: u128, count: usize) -> Vec<ChangeSet> {
    let mut history: Vec<ChangeSet> = Vec::new();
    for _ in 0..count {
        let next = noting(&tally(id), history.last(), "so it is");
        store.append(&next).await.unwrap();
        history.push(next);
    }
    history
}

fn keys(history: &[ChangeSet]) -> Vec<(String, String)> {
    let key = |c: &ChangeSet| (c.aggregate.to_string(), format!("{:012}", c.version));
    history.iter().map(key).collect()
}

async fn reach<S: FeedStore>(feed: &Feed<S>, position: u64) {
    let mut heads = feed.heads();
    let there = heads.wait_for(|head| head.is_some_and(|head| head.position >= position));
    tokio::time::timeout(LONG, there).await.unwrap().unwrap();
}

/// Waits until this many more such requests are made.
async fn asked(stream: &Stream, operation: &str, shard: usize, times: usize) {
    let count = || {
        let state = stream.state();
        state.requests.iter().filter(|(name, of)| name == operation && *of == shard).count()
    };
    let enough = count() + times;
    let asked = async {
        while count() < enough {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, asked).await.unwrap();
}

/// No feed was told of these change sets, because their writer was killed first. A shard is read
/// once its parent has been read to its end, and later change sets are in later shards.
#[tokio::test]
async fn change_sets_of_a_killed_writer_are_found() {
    let (store, stream) = (MemoryStore::default(), Stream::default());
    let histories = [written(&store, 1, 7).await, written(&store, 2, 4).await];
    let [closed, open] = histories.map(|history| keys(&history));
    stream.state().shards = vec![
        Shard { parent: Some(1), records: open, ..Shard::default() },
        Shard { records: closed, is_closed: true, ..Shard::default() },
    ];
    let feed = Feed::start(store.clone(), PACE);
    let _tail = Tail::start(&feed, &stream.store(), stream.client());
    reach(&feed, 11).await;
    order::assert_complete(&store).await;
    let requests = stream.state().requests.clone();
    let read = |shard| requests.iter().position(|asked| *asked == ("GetRecords".into(), shard));
    let last = requests.iter().rposition(|asked| *asked == ("GetRecords".into(), 1));
    assert!(last < read(0), "the child was read before its parent's end: {requests:?}");
    {
        let mut state = stream.state();
        state.shards[0].is_closed = true;
        state.shards.push(Shard { parent: Some(0), ..Shard::default() });
    }
    let later = written(&store, 3, 2).await;
    stream.state().shards[2].records = keys(&later);
    reach(&feed, 13).await;
    order::assert_complete(&store).await;
}

#[tokio::test]
async fn the_tail_resumes_after_expired_trimmed_and_refused_requests() {
    let (store, stream) = (MemoryStore::default(), Stream::default());
    let feed = Feed::start(store.clone(), PACE);
    let history = written(&store, 1, 8).await;
    stream.state().shards = vec![Shard { records: keys(&history[..4]), ..Shard::default() }];
    let _tail = Tail::start(&feed, &stream.store(), stream.client());
    reach(&feed, 8).await;
    let mut id = 1;
    for (operation, code) in [
        ("GetRecords", "ExpiredIteratorException"),
        ("GetRecords", "LimitExceededException"),
        ("GetRecords", "ExpiredIteratorException"),
        ("GetShardIterator", "InternalServerError"),
    ] {
        stream.state().failures.push((operation, code));
        if operation == "GetShardIterator" {
            stream.state().failures.push(("GetRecords", "ExpiredIteratorException"));
        }
        id += 1;
        let history = written(&store, id, 1).await;
        stream.state().shards[0].records.extend(keys(&history));
        reach(&feed, 8 + id as u64 - 1).await;
    }
    // The shard is trimmed past the iterator that the tail holds.
    let (lost, kept) = (written(&store, 20, 1).await, written(&store, 21, 1).await);
    {
        let mut state = stream.state();
        let shard = &mut state.shards[0];
        shard.records.extend([keys(&lost), keys(&kept)].concat());
        shard.trimmed = shard.records.len() - 1;
    }
    reach(&feed, 13).await;
    assert_eq!(feed.version_of(&tally(21)), 1);
    // No tail can find a trimmed record.
    assert_eq!(feed.version_of(&tally(20)), 0);
    assert_eq!(feed.reconcile(|_| {}).await.unwrap().missing, 1);
    // The whole shard is trimmed, and another one takes its place.
    let history = written(&store, 30, 1).await;
    stream.state().shards = vec![
        Shard { is_closed: true, ..Shard::default() },
        Shard { records: keys(&history), ..Shard::default() },
    ];
    reach(&feed, 15).await;
    order::assert_complete(&store).await;
}

/// Another process's batch makes the feed look. Sequenced change sets cost no reads, however often
/// the stream shows them.
#[tokio::test]
async fn sequenced_change_sets_are_left_alone() {
    let (store, stream) = (MemoryStore::default(), Stream::default());
    let counted = Dying::at(Death::Before(usize::MAX), &store);
    let feed = Feed::start(counted.clone(), PACE);
    stream.state().shards = vec![Shard::default()];
    let _tail = Tail::start(&feed, &stream.store(), stream.client());
    asked(&stream, "GetRecords", 0, 2).await;

    let history = written(&store, 1, 5).await;
    let other = Feed::start(store.clone(), PACE);
    history.iter().for_each(|change_set| other.commit(change_set));
    other.settle(LONG).await.unwrap();
    let batch = (Batch::partition(1), format!("{:012}", 1));
    stream.state().shards[0].records.push(batch);
    reach(&feed, 5).await;

    let before = counted.calls();
    let mut records = [keys(&history), keys(&history)].concat();
    records.reverse();
    // A snapshot is not looked for either, nor is an item of no aggregate.
    records.push((tally(1).to_string(), format!("{:012}.snapshot", 5)));
    records.push(("ping".into(), format!("{:012}", 0)));
    stream.state().shards[0].records.extend(records);
    // Long enough for the tail to put them into doubt.
    asked(&stream, "GetRecords", 0, 12).await;
    assert_eq!(counted.calls(), before);
}
