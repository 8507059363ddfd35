//! The feed as the desk gives it: with everything that was acknowledged before.

use std::time::Duration;

use app::problem::{Code, Problem};
use event_store::StoreError;
use event_store::feed::{Entry, FeedError, Position};

use tokio::time::timeout;

use super::FrontDesk;
use crate::problems;

/// How long a reader waits for what was acknowledged before it, and for the feed itself.
const PATIENCE: Duration = Duration::from_secs(5);

impl FrontDesk {
    /// Where the feed ends, once all that was acknowledged before is in it.
    ///
    /// # Errors
    /// `unavailable`, when that takes too long, or the feed is still being read.
    pub async fn feed_end(&self) -> Result<Position, Problem> {
        self.known_feed_end().await?;
        match self.lists.feed().settle(PATIENCE).await {
            Ok(end) => Ok(end),
            Err(behind) => {
                let late = problems::unavailable("the feed is behind what was acknowledged");
                let reason = self.reason_for(late).await;
                if !reason.is(Code::DiskFull) {
                    tracing::warn!(%behind, "the feed was not given");
                }
                Err(reason)
            }
        }
    }

    /// The problem of a feed, or of lists, that are behind: a full disk, which keeps them there, comes first.
    pub(super) async fn reason_for(&self, late: Problem) -> Problem {
        match self.store.ping().await {
            Err(full @ StoreError::Full(_)) => problems::of_store(&full),
            _ => late,
        }
    }

    /// Up to `limit` entries after this position, ascending; none only at the end of the feed.
    ///
    /// # Errors
    /// `malformed`, with `place` for where the position was given, when it is beyond the feed; `corrupt`,
    /// when the very next entry cannot be read.
    pub async fn feed_entries(
        &self,
        place: &str,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Entry>, Problem> {
        self.feed_end().await?;
        let entries = self.lists.feed().entries(after, limit).await;
        entries.map_err(|error| problems::of_feed(place, &error))
    }

    /// The position that this text says, which was given in `place`.
    ///
    /// # Errors
    /// `malformed`, when it says none.
    pub async fn feed_position(&self, place: &str, text: &str) -> Result<Position, Problem> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse().ok().filter(|_| digits) {
            Some(position) => Ok(position),
            None => Err(problems::no_position(place, text, self.known_feed_end().await?)),
        }
    }

    /// The same, for one who goes on reading from there, and waits there while the store is away: a browser that
    /// is turned away does not come back.
    ///
    /// # Errors
    /// `malformed` for one beyond the feed, too; `unavailable`, when that cannot be told yet.
    pub async fn feed_start(&self, place: &str, text: &str) -> Result<Position, Problem> {
        let position = self.feed_position(place, text).await?;
        let feed = self.lists.feed();
        if feed.head().is_some_and(|head| position <= head.position) {
            return Ok(position);
        }
        // Another process may have told of more than this one knows: reading on finds out.
        let mut found = feed.entries(position, 1).await;
        // What was acknowledged a moment ago is on its way there.
        if matches!(found, Err(FeedError::Beyond { .. })) {
            self.feed_end().await?;
            found = feed.entries(position, 1).await;
        }
        match found {
            Err(error @ FeedError::Beyond { .. }) => Err(problems::of_feed(place, &error)),
            // What cannot be read is told when its turn comes.
            Ok(_) | Err(_) => Ok(position),
        }
    }

    /// As far as this process knows.
    async fn known_feed_end(&self) -> Result<Position, Problem> {
        let mut heads = self.lists.feed().heads();
        let known = timeout(PATIENCE, heads.wait_for(Option::is_some)).await;
        let head = known.ok().and_then(Result::ok).and_then(|head| *head);
        let head = head.ok_or_else(|| problems::of_feed("", &FeedError::Opening))?;
        Ok(head.position)
    }
}
