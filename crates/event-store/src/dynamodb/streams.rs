//! The tail of a table with several writers, which follows the table's stream (DynamoDB Streams).
//!
//! A writer tells its own feed of each commit. The stream tells every other process, even if the
//! writer has died in between. The stream reaches back 24 hours, and each record is only a hint.
//! Late, repeated and reordered records do no harm, and [`Feed::reconcile`] finds a change set
//! whose record never arrives.

mod grace;
mod requests;
mod shards;

use std::time::{Duration, Instant};

use aws_sdk_dynamodbstreams::config::retry::RetryConfig;
use aws_sdk_dynamodbstreams::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodbstreams::types::Record;
pub use aws_sdk_dynamodbstreams::{Client, Config};
use tokio::task::JoinHandle;

use super::{DynamoDbStore, https, items, timeouts};
use crate::feed::{Feed, FeedStore};
use crate::{AggregateId, StoreError, Version};
use grace::Grace;
use requests::{Missed, Stream};
use shards::{ShardId, Shards};

/// The pause between two rounds over the shards.
const POLL: Duration = Duration::from_millis(500);
/// The interval at which shards are listed again, unless one has ended.
const DISCOVER: Duration = Duration::from_secs(10);
/// The time that a change set is left to its own writer.
const GRACE: Duration = Duration::from_secs(1);
/// The number of pages read from one shard before it is the next shard's turn.
const PAGES: usize = 10;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A configuration for a DynamoDB Streams server that checks no credentials, such as one at
/// `http://127.0.0.1:8000`. For an AWS account, use `aws-config`.
pub fn for_endpoint(url: impl Into<String>) -> Config {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .retry_config(RetryConfig::standard())
        .credentials_provider(Credentials::new("local", "local", None, None, "anybody"))
        .endpoint_url(url)
        .http_client(https())
        .timeout_config(timeouts())
        .build()
}

/// A task that follows the stream of a store's table on behalf of a feed, until it is dropped.
///
/// The record of a batch makes the feed look for other processes' batches. A change set is left to
/// its own writer for a second. If it is not in the feed by then, the feed reads its aggregate from
/// the store. While the stream cannot be followed, the task logs that and retries; nothing else
/// waits for it. Without a stream, it polls until the table has one.
#[derive(Debug)]
pub struct Tail(JoinHandle<()>);

impl Tail {
    /// Starts to follow the stream, from as far back as it reaches. The task runs on the current
    /// Tokio runtime.
    pub fn start<S: FeedStore>(feed: &Feed<S>, store: &DynamoDbStore, client: Client) -> Self {
        let follower = Follower {
            feed: feed.clone(),
            stream: Stream::new(store.clone(), client),
            shards: Shards::default(),
            discovered: None,
            grace: Grace::of(GRACE),
        };
        Self(tokio::spawn(follower.run()))
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Follower<S> {
    feed: Feed<S>,
    stream: Stream,
    shards: Shards,
    /// The time of the last complete list of shards.
    discovered: Option<Instant>,
    grace: Grace,
}

impl<S: FeedStore> Follower<S> {
    async fn run(mut self) {
        // Until the feed has read its batches, every change set would seem to be missing.
        let mut heads = self.feed.heads();
        if heads.wait_for(Option::is_some).await.is_err() {
            return;
        }
        let mut pause = FIRST_PAUSE;
        loop {
            match self.round().await {
                Ok(()) => {
                    pause = FIRST_PAUSE;
                    self.rest(POLL).await;
                }
                Err(error) => {
                    tracing::warn!(%error, ?pause, "cannot follow the table's stream; retrying");
                    self.rest(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Reads the new records of every shard. A shard that fails does not hold up the others.
    async fn round(&mut self) -> Result<(), StoreError> {
        if self.discovered.is_none_or(|discovered| discovered.elapsed() > DISCOVER) {
            let listed = self.stream.shards().await?;
            self.shards.are(listed);
            self.discovered = Some(Instant::now());
        }
        let mut failed = Ok(());
        for place in self.shards.readable() {
            if let Err(error) = self.read(&place).await {
                failed = Err(error);
            }
            self.release();
        }
        failed
    }

    /// Reads a shard until it has nothing new, or until it is the next shard's turn.
    async fn read(&mut self, place: &ShardId) -> Result<(), StoreError> {
        for _ in 0..PAGES {
            let reading = self.shards.reading(place);
            let page = match self.stream.page(place, reading).await {
                Ok(page) => page,
                Err(Missed::Expired) => {
                    self.shards.expired(place);
                    continue;
                }
                // The trimmed records are older than a day. Restart at the oldest record left.
                Err(Missed::Trimmed) => {
                    tracing::warn!(
                        "the table's stream has trimmed records that were not read yet: what another process \
                         committed just before it died may be missing from the feed until the feed is \
                         reconciled with the store"
                    );
                    self.shards.start_again(place);
                    return Ok(());
                }
                Err(Missed::Gone) => {
                    self.shards.end(place);
                    self.discovered = None;
                    return Ok(());
                }
                Err(Missed::Failed(error)) => return Err(error),
            };
            self.hear(&page.records);
            let (ended, empty) = (page.next.is_none(), page.records.is_empty());
            let newest = page.records.into_iter().next_back().and_then(sequence_number);
            self.shards.advance(place, newest, page.next);
            if ended {
                // The shard's children exist by now, so list the shards again.
                self.discovered = None;
            }
            if ended || empty {
                break;
            }
        }
        Ok(())
    }

    fn hear(&mut self, records: &[Record]) {
        let mut others_have_sequenced = false;
        for key in records.iter().filter_map(key_of) {
            match key {
                Key::ChangeSet(aggregate, version) => {
                    if self.feed.version_of(&aggregate) < version {
                        self.grace.give(aggregate, version);
                    }
                }
                Key::Batch => others_have_sequenced = true,
            }
        }
        if others_have_sequenced {
            self.feed.look();
        }
    }

    /// Reports the aggregates whose writers have not sequenced a change set in time.
    fn release(&mut self) {
        while let Some((aggregate, version)) = self.grace.over() {
            if self.feed.version_of(&aggregate) < version {
                self.feed.doubt(&aggregate);
            }
        }
    }

    async fn rest(&mut self, pause: Duration) {
        let end = Instant::now() + pause;
        while Instant::now() < end {
            let next = self.grace.ends().map_or(end, |over| over.min(end));
            tokio::time::sleep_until(next.into()).await;
            self.release();
        }
    }
}

/// The item that a record names.
enum Key {
    ChangeSet(AggregateId, Version),
    Batch,
}

fn key_of(record: &Record) -> Option<Key> {
    let keys = record.dynamodb()?.keys()?;
    let text = |name| keys.get(name).and_then(|value| value.as_s().ok());
    let (pk, sk) = (text("pk")?, text("sk")?);
    let version = items::version_of(sk)?;
    match pk.parse() {
        Ok(aggregate) => Some(Key::ChangeSet(aggregate, version)),
        Err(_) => pk.starts_with("feed#").then_some(Key::Batch),
    }
}

fn sequence_number(record: Record) -> Option<String> {
    record.dynamodb?.sequence_number
}
