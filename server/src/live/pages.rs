//! The single reader of the feed for all live consumers.

use std::collections::VecDeque;
use std::sync::Arc;

use api::wire;
use axum::response::sse::Event;
use event_store::feed::{BATCH, Entry, Feed, FeedError, FeedStore, Position};
use tokio::sync::Mutex;

use super::json;

/// The maximum size of the pages that are kept, in bytes of change sets.
const KEPT: usize = 8 * 1024 * 1024;

/// Consecutive entries as the events that consumers receive, each with its position.
pub(super) type Page = Arc<[(Position, Event)]>;

/// The pages that consumers have read lately. Consumers at the same position share a page, so that
/// it is read and serialized once. Only one page is read at a time, so that commands wait for at
/// most one read. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    /// Newest last.
    pages: VecDeque<Read>,
    bytes: usize,
}

#[derive(Debug)]
struct Read {
    after: Position,
    page: Page,
    bytes: usize,
}

impl Pages {
    /// Returns the entries after this position, at least one unless the feed ends there.
    ///
    /// # Errors
    /// The same as [`Feed::entries`].
    pub(super) async fn after<S: FeedStore>(
        &self,
        feed: &Feed<S>,
        after: Position,
    ) -> Result<Page, FeedError> {
        let mut kept = self.0.lock().await;
        if let Some(page) = kept.page(after) {
            return Ok(page);
        }
        let entries = feed.entries(after, BATCH).await?;
        let page = entries.iter().map(|entry| (entry.position, event(entry))).collect();
        let bytes = entries.iter().map(|entry| entry.change_set.body().len()).sum();
        Ok(kept.keep(Read { after, page, bytes }))
    }
}

impl Kept {
    fn page(&self, after: Position) -> Option<Page> {
        let read = self.pages.iter().rev().find(|read| read.after == after)?;
        Some(Arc::clone(&read.page))
    }

    fn keep(&mut self, read: Read) -> Page {
        let page = Arc::clone(&read.page);
        if !page.is_empty() {
            self.bytes += read.bytes;
            self.pages.push_back(read);
        }
        while self.bytes > KEPT
            && let Some(oldest) = self.pages.pop_front()
        {
            self.bytes -= oldest.bytes;
        }
        page
    }
}

fn event(entry: &Entry) -> Event {
    let data = json(&wire::FeedEntry::from(entry));
    Event::default().id(entry.position.to_string()).event("change-set").data(data)
}
