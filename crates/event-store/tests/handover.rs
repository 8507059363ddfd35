//! A handler's commits reach the feed, however the handler ends.

use std::num::NonZeroUsize;
use std::time::Duration;

use event_store::feed::{Feed, FeedError, FeedStore, Pace};
use event_store::handler::{CommandHandler, Envelope, Outcome, Transacted, transact};
use event_store::testing::conformance::{Harness, InMemory, Tally, Task};
use event_store::{AggregateId, MemoryStore, Timestamp};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::dying::{Death, Dying};

const LONG: Duration = Duration::from_secs(60);

/// The handler of a process without a feed, or killed before it told its feed.
fn silent(store: &MemoryStore) -> CommandHandler<Tally, MemoryStore> {
    CommandHandler::new(store.clone(), NonZeroUsize::MIN)
}

fn handing_over<S: FeedStore>(feed: &Feed<S>) -> CommandHandler<Tally, S> {
    CommandHandler::with_feed(feed.clone(), NonZeroUsize::MIN)
}

fn add(aggregate: u128) -> Envelope<Task> {
    Envelope::new(
        Uuid::now_v7(),
        Uuid::from_u128(aggregate),
        Task::Add { amount: 1 },
        "tester",
        Timestamp::from_millis(1_767_225_600_000),
    )
}

#[tokio::test]
async fn a_commit_is_handed_over_to_the_feed() {
    let store = MemoryStore::default();
    let feed = Feed::open(store.clone(), Pace::ALONE).await.unwrap();
    let tallies = handing_over(&feed);
    let first = add(1);
    let outcome = tallies.execute(&first).await.unwrap();
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    assert_eq!(feed.settle(LONG).await, Ok(1));

    let parts = [2, 3].map(|id| tallies.part(&add(id), |refused| refused));
    let transacted = transact(parts.into()).await.unwrap();
    assert!(matches!(transacted, Transacted::Accepted(_)), "{transacted:?}");
    assert_eq!(feed.settle(LONG).await, Ok(3));
}

/// The process that committed the command first was killed before it told its feed.
#[tokio::test]
async fn a_repeat_is_handed_over_to_the_feed() {
    let store = MemoryStore::default();
    let first = add(1);
    let feed = Feed::open(store.clone(), Pace::ALONE).await.unwrap();
    silent(&store).execute(&first).await.unwrap();
    handing_over(&feed).execute(&first).await.unwrap();
    assert_eq!(feed.settle(LONG).await, Ok(1));

    let second = add(2);
    silent(&store).execute(&second).await.unwrap();
    let part = handing_over(&feed).part(&second, |refused| refused);
    transact(vec![part]).await.unwrap();
    assert_eq!(feed.settle(LONG).await, Ok(2));
}

/// The feed knows from the handover what was appended.
#[tokio::test]
async fn an_answered_append_makes_the_feed_read_nothing() {
    let store = Dying::at(Death::After(usize::MAX), &MemoryStore::default());
    let feed = Feed::open(store.clone(), Pace::ALONE).await.unwrap();
    let tallies = handing_over(&feed);
    for position in 1..=2 {
        let before = store.calls();
        tallies.execute(&add(1)).await.unwrap();
        assert_eq!(feed.settle(LONG).await, Ok(position));
        // A load for the first command, an append, and a batch of the feed.
        assert_eq!(store.calls() - before, if position == 1 { 3 } else { 2 });
    }
}

/// One part's handler has the feed, the other's does not.
#[tokio::test]
async fn a_transaction_is_handed_over_whole() {
    let store = MemoryStore::default();
    let feed = Feed::open(store.clone(), Pace::ALONE).await.unwrap();
    let handlers = [silent(&store), handing_over(&feed), silent(&store)];
    let parts = handlers.iter().zip(1..).map(|(tallies, id)| tallies.part(&add(id), |no| no));
    transact(parts.collect()).await.unwrap();
    assert_eq!(feed.settle(LONG).await, Ok(3));
}

/// A consumer that logs each error and asks again must not spin.
#[tokio::test]
async fn a_subscription_pauses_after_an_error_and_ends_beyond_the_feed() {
    let store = MemoryStore::default();
    let feed = Feed::open(store.clone(), Pace::ALONE).await.unwrap();
    let mut beyond = feed.subscribe(99);
    let error = beyond.next().await.unwrap().unwrap_err();
    assert!(matches!(error, FeedError::Beyond { after: 99, newest: 0 }), "{error}");
    for _ in 0..3 {
        assert!(beyond.next().await.is_none());
    }

    handing_over(&feed).execute(&add(1)).await.unwrap();
    assert!(feed.finish().await);
    let aggregate = AggregateId::of::<Tally>(Uuid::from_u128(1));
    InMemory.remove(&store, &aggregate, 1).await.unwrap();
    let feed = Feed::start(store, Pace::ALONE);
    feed.opened().await.unwrap();
    let mut entries = feed.subscribe(0);
    let begun = Instant::now();
    for _ in 0..2 {
        assert!(entries.next().await.unwrap().is_err());
    }
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    // A caller that does not wait for the end of the pause loses nothing.
    let _ = timeout(Duration::from_millis(10), entries.next()).await;
    assert!(entries.next().await.unwrap().is_err());
    // The last attempt, once the feed has ended.
    assert!(feed.finish().await);
    assert!(entries.next().await.unwrap().is_err());
    assert!(entries.next().await.is_none());
}

#[tokio::test]
async fn a_commit_whose_caller_left_is_found() {
    for together in [false, true] {
        let store = MemoryStore::default();
        let dying = Dying::at(Death::Appending, &store);
        let feed = Feed::open(dying.clone(), Pace::ALONE).await.unwrap();
        let tallies = handing_over(&feed);
        let command = add(1);
        let taken_up = async {
            if together {
                let part = tallies.part(&command, |refused| refused);
                transact(vec![part]).await.map(|_| ()).unwrap();
            } else {
                tallies.execute(&command).await.map(|_| ()).unwrap();
            }
        };
        tokio::select! {
            () = taken_up => panic!("the append was answered"),
            () = dying.died() => {}
        }
        let mut heads = feed.heads();
        let found = heads.wait_for(|head| head.is_some_and(|head| head.position == 1));
        timeout(LONG, found).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn an_opening_feed_finds_commits_that_were_not_handed_over() {
    let store = MemoryStore::default();
    let feed = Feed::open(store.clone(), Pace::ALONE).await.unwrap();
    handing_over(&feed).execute(&add(1)).await.unwrap();
    assert!(feed.finish().await);
    for id in [1, 2] {
        silent(&store).execute(&add(id)).await.unwrap();
    }
    let feed = Feed::open(store, Pace::ALONE).await.unwrap();
    assert_eq!(feed.head().unwrap().position, 3);
}
