//! A handler's commits reach the feed, however the handler ends.

use std::num::NonZeroUsize;
use std::time::Duration;

use event_store::feed::{Feed, FeedStore, Pace};
use event_store::handler::{CommandHandler, Envelope, Outcome, Transacted, transact};
use event_store::testing::conformance::{Tally, Task};
use event_store::{MemoryStore, Timestamp};
use tokio::time::timeout;
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
