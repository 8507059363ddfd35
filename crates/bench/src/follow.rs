//! A consumer of the live feed: when it hears of each change set.

use std::collections::HashMap;

use event_store::Version;
use serde::Deserialize;
use tokio::time::Instant;
use uuid::Uuid;

use crate::Error;
use crate::daybook::Daybook;

/// When each change set of an item came.
pub(crate) type Heard = HashMap<(Uuid, Version), Instant>;

#[derive(Deserialize)]
struct Entry {
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
pub(crate) struct Following(reqwest::Response);

impl Following {
    /// From the start of the feed on.
    pub(crate) async fn begin(daybook: &Daybook) -> Result<Self, Error> {
        let url = format!("{}/api/v1/feed/live?after=0", daybook.url);
        // A client of its own: this answer is meant to take longer than any other may.
        Ok(Self(reqwest::Client::new().get(url).send().await?.error_for_status()?))
    }

    /// Until it has heard of so many change sets of items.
    pub(crate) async fn until(mut self, count: usize) -> Result<Heard, Error> {
        let (mut heard, mut unread) = (Heard::new(), Vec::new());
        while heard.len() < count {
            let Some(chunk) = self.0.chunk().await? else {
                return Err(Error::Daybook("the live feed ended".into()));
            };
            let now = Instant::now();
            unread.extend_from_slice(&chunk);
            let whole = unread.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            for line in unread.drain(..whole).as_slice().split(|byte| *byte == b'\n') {
                let Some(data) = line.strip_prefix(b"data:") else { continue };
                let Entry { change_set: Named { aggregate, version } } =
                    serde_json::from_slice(data)?;
                if aggregate.kind == "inventory-item" {
                    heard.insert((aggregate.id, version), now);
                }
            }
        }
        Ok(heard)
    }
}
