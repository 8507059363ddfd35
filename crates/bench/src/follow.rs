//! A consumer of the live feed, which records when each change set arrives.

use std::collections::HashMap;
use std::time::Duration;

use event_store::Version;
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::Error;
use crate::daybook::Daybook;

/// The arrival of each change set of an item.
pub(crate) type Heard = HashMap<(Uuid, Version), Instant>;

#[derive(Deserialize)]
struct FeedLine {
    change_set: Named,
}

#[derive(Deserialize)]
struct Named {
    aggregate: Aggregate,
    version: Version,
}

#[derive(Deserialize)]
struct Aggregate {
    kind: String,
    id: Uuid,
}

/// An open connection to the feed.
pub(crate) struct Following {
    stream: reqwest::Response,
    heard: Heard,
    unread: Vec<u8>,
}

impl Following {
    /// Follows the feed from its start.
    pub(crate) async fn begin(daybook: &Daybook) -> Result<Self, Error> {
        Self::at(daybook, "?after=0").await
    }

    /// Follows the feed from its current end.
    pub(crate) async fn begin_at_end(daybook: &Daybook) -> Result<Self, Error> {
        Self::at(daybook, "").await
    }

    async fn at(daybook: &Daybook, query: &str) -> Result<Self, Error> {
        let url = format!("{}/api/v1/feed/live{query}", daybook.url);
        // A client of its own, without the timeout of the others: this answer does not end.
        let stream = reqwest::Client::new().get(url).send().await?.error_for_status()?;
        Ok(Self { stream, heard: Heard::new(), unread: Vec::new() })
    }

    /// Follows the feed until this many change sets of items have arrived.
    pub(crate) async fn until(mut self, count: usize) -> Result<Heard, Error> {
        while self.heard.len() < count {
            self.hear().await?;
        }
        Ok(self.heard)
    }

    /// Follows the feed for this long, and returns what has arrived.
    pub(crate) async fn for_time(mut self, time: Duration) -> Result<Heard, Error> {
        let until = Instant::now() + time;
        while let Ok(heard) = timeout_at(until, self.hear()).await {
            heard?;
        }
        Ok(self.heard)
    }

    async fn hear(&mut self) -> Result<(), Error> {
        let Some(chunk) = self.stream.chunk().await? else {
            return Err(Error::Daybook("the live feed ended".into()));
        };
        let now = Instant::now();
        self.unread.extend_from_slice(&chunk);
        let whole = self.unread.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for line in self.unread.drain(..whole).as_slice().split(|byte| *byte == b'\n') {
            let Some(data) = line.strip_prefix(b"data:") else { continue };
            let FeedLine { change_set: Named { aggregate, version } } =
                serde_json::from_slice(data)?;
            if aggregate.kind == "inventory-item" {
                self.heard.insert((aggregate.id, version), now);
            }
        }
        Ok(())
    }
}
