//! The feed as the desk serves it: with everything that was acknowledged before the request.

use std::time::Duration;

use api::{Code, Problem};
use event_store::StoreError;
use event_store::feed::{Entry, FeedError, Position};

use tokio::time::timeout;

use super::FrontDesk;
use crate::problems;

/// The time to wait until acknowledged change sets reach the feed, and until the feed is open.
const PATIENCE: Duration = Duration::from_secs(5);

impl FrontDesk {
    /// Returns the end of the feed, once it holds everything acknowledged before the call.
    ///
    /// # Errors
    /// `unavailable` when that takes too long, or while the feed is still being opened.
    pub async fn feed_end(&self) -> Result<Position, Problem> {
        self.known_feed_end().await?;
        match self.lists.feed().settle(PATIENCE).await {
            Ok(end) => Ok(end),
            Err(behind) => {
                let late = problems::unavailable(
                    "the feed does not hold the latest changes yet; try again",
                );
                let reason = self.reason_for(late).await;
                if !reason.is(Code::DiskFull) {
                    tracing::warn!(%behind, "a feed request was refused");
                }
                Err(reason)
            }
        }
    }

    /// Returns the reason for a lagging feed or list: a full disk, which causes the lag, or else
    /// `late`.
    pub(super) async fn reason_for(&self, late: Problem) -> Problem {
        match self.store.ping().await {
            Err(full @ StoreError::Full(_)) => problems::of_store(&full),
            _ => late,
        }
    }

    /// Returns up to `limit` entries after this position, ascending; none only at the end of the
    /// feed.
    ///
    /// `malformed`, naming the `place` of the position, when the position is beyond the feed;
    /// `corrupt` when the very next entry cannot be read.
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

    /// Parses a position that was given in `place`.
    ///
    /// # Errors
    /// `malformed` when the text is not a position.
    pub async fn feed_position(&self, place: &str, text: &str) -> Result<Position, Problem> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse().ok().filter(|_| digits) {
            Some(position) => Ok(position),
            None => Err(problems::no_position(place, text, self.known_feed_end().await?)),
        }
    }

    /// Parses the position from which a client resumes the live feed. Accepts it while the store is
    /// unavailable: a browser that is refused does not reconnect.
    ///
    /// # Errors
    /// `malformed`, also for a position beyond the feed; `unavailable` when that cannot be
    /// determined yet.
    pub async fn feed_start(&self, place: &str, text: &str) -> Result<Position, Problem> {
        let position = self.feed_position(place, text).await?;
        let feed = self.lists.feed();
        if feed.head().is_some_and(|head| position <= head.position) {
            return Ok(position);
        }
        // Another process may have served more than this one knows; reading on finds out.
        let mut found = feed.entries(position, 1).await;
        // A change set acknowledged a moment ago may still be on its way into the feed.
        if matches!(found, Err(FeedError::Beyond { .. })) {
            self.feed_end().await?;
            found = feed.entries(position, 1).await;
        }
        match found {
            Err(error @ FeedError::Beyond { .. }) => Err(problems::of_feed(place, &error)),
            // An unreadable entry is reported when the client reaches it.
            Ok(_) | Err(_) => Ok(position),
        }
    }

    /// Returns the end of the feed as far as this process knows it.
    async fn known_feed_end(&self) -> Result<Position, Problem> {
        let mut heads = self.lists.feed().heads();
        let known = timeout(PATIENCE, heads.wait_for(Option::is_some)).await;
        let head = known.ok().and_then(Result::ok).and_then(|head| *head);
        let head = head.ok_or_else(|| problems::of_feed("", &FeedError::Opening))?;
        Ok(head.position)
    }
}
