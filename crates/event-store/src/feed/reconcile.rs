use std::collections::BTreeSet;

use super::{Feed, FeedStore};
use crate::{AggregateId, StoreError, Version};

/// The number of missing change sets by which a comparison may run ahead of the sequencer.
const AHEAD: u64 = 1_000;

/// The result of comparing a store with its feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// The number of change sets in the store.
    pub scanned: u64,
    /// The number of those that were not in the feed before.
    pub missing: u64,
}

impl<S: FeedStore> Feed<S> {
    /// Compares everything in the store with the feed, and adds what is missing to the feed. This
    /// repairs an outage that lasted longer than the table's stream keeps records. It may take
    /// long, and can be stopped: what it has sequenced stays.
    ///
    /// # Errors
    /// When the store does not answer the comparison, or when what is missing can never be put into
    /// the feed, because the store refuses or the feed is corrupt. A transient error of the
    /// sequencer is waited out; [`Feed::troubled`] reports it.
    pub async fn reconcile(
        &self,
        mut progress: impl FnMut(Reconciled) + Send,
    ) -> Result<Reconciled, StoreError> {
        self.opened().await?;
        let (mut found, mut cursor) = (Reconciled::default(), None);
        // The keys of an aggregate are adjacent. This is the current one, with its last version in
        // the feed when its first key was met.
        let mut current: Option<(AggregateId, Version)> = None;
        // The sequencer works during the comparison, which never runs far ahead: memory does not
        // grow with what is missing.
        let (mut waited_for, mut found_before) = (self.shared().inbox.committed(), 0);
        loop {
            let page = self.store().keys(cursor).await?;
            let mut lagging = BTreeSet::new();
            for (aggregate, version) in page.keys {
                let known = match &current {
                    Some((same, known)) if *same == aggregate => *known,
                    _ => {
                        let known = self.version_of(&aggregate);
                        current = Some((aggregate.clone(), known));
                        known
                    }
                };
                found.scanned += 1;
                if version > known {
                    found.missing += 1;
                    lagging.insert(aggregate);
                }
            }
            lagging.into_iter().for_each(|aggregate| self.shared().inbox.put_lagging(aggregate));
            if found.missing >= found_before + AHEAD {
                self.settled(waited_for).await?;
                (waited_for, found_before) = (self.shared().inbox.committed(), found.missing);
            }
            progress(found);
            cursor = page.next;
            if cursor.is_none() {
                self.settled(self.shared().inbox.committed()).await?;
                return Ok(found);
            }
        }
    }
}
