//! The tail of a table that several processes write to: the table's own stream (DynamoDB Streams).
//!
//! A writer tells its own feed of what it has committed. The stream tells every other process, also when the
//! writer has died in between. It reaches back 24 hours, and each record is no more than a hint: what comes
//! late, twice or in another order than it was written does no harm, and what is never heard of is found by
//! [`Feed::reconcile`].

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
use shards::{Place, Shards};

/// Between two readings of a shard that had nothing new.
const POLL: Duration = Duration::from_millis(500);
/// Between two looks for new shards, unless one has ended.
const DISCOVER: Duration = Duration::from_secs(10);
/// How long a change set is left to whoever has written it.
const GRACE: Duration = Duration::from_secs(1);
/// Pages read of one shard before the others have their turn.
const PAGES: usize = 10;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A configuration for a server of DynamoDB Streams that does not mind who asks, such as
/// `http://127.0.0.1:8000`. For an account, use `aws-config`.
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

/// Follows the stream of a store's table and tells a feed what it hears, until it is dropped.
///
/// A batch of the feed makes the feed look for what others have put in order. A change set is left to its
/// own writer for a second; whatever is not in the feed by then is put into doubt. While the stream cannot
/// be followed the log says so, it is tried again, and nothing else waits for it. On a table without a
/// stream it waits until there is one.
#[derive(Debug)]
pub struct Tail(JoinHandle<()>);

impl Tail {
    /// Starts to follow, from as far back as the stream reaches. It belongs to the runtime that this is
    /// called in.
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
    /// When all shards were last known.
    discovered: Option<Instant>,
    grace: Grace,
}

impl<S: FeedStore> Follower<S> {
    async fn run(mut self) {
        // Before that, everything would seem to be missing.
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
                    tracing::warn!(%error, ?pause, "the table's stream is not followed; it is tried again");
                    self.rest(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Reads what is new in every shard. One that cannot be read does not keep the others from it.
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

    /// Reads on in a shard until it has nothing new, or the others have waited long enough.
    async fn read(&mut self, place: &Place) -> Result<(), StoreError> {
        for _ in 0..PAGES {
            let reading = self.shards.reading(place);
            let page = match self.stream.page(place, reading).await {
                Ok(page) => page,
                Err(Missed::Expired) => {
                    self.shards.expired(place);
                    continue;
                }
                // What was trimmed is older than a day. What is left begins at the start.
                Err(Missed::Trimmed) => {
                    tracing::warn!(
                        "the table's stream no longer reaches back to where it was followed to: what another \
                         process committed just before it died may be missing from the feed until that is \
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
                // Its children are there by now.
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

    /// Puts into doubt what nobody has put in order in time.
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

/// What a record says of the feed.
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
