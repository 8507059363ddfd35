//! Hands a handler's commits to a feed.

use std::fmt;
use std::sync::Arc;

use crate::{AggregateId, ChangeSet};

/// A listener for commits, and for possible ones.
trait Listener: Send + Sync {
    fn commit(&self, change_set: &ChangeSet);
    fn doubt(&self, aggregate: &AggregateId);
}

#[cfg(feature = "feed")]
impl<S: crate::feed::FeedStore> Listener for crate::feed::Feed<S> {
    fn commit(&self, change_set: &ChangeSet) {
        Self::commit(self, change_set);
    }

    fn doubt(&self, aggregate: &AggregateId) {
        Self::doubt(self, aggregate);
    }
}

/// The feed of a handler, if it has one.
#[derive(Clone, Default)]
pub(super) struct Handover(Option<Arc<dyn Listener>>);

impl fmt::Debug for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handover").field(&self.0.is_some()).finish()
    }
}

impl Handover {
    #[cfg(feature = "feed")]
    pub(super) fn to<S: crate::feed::FeedStore>(feed: crate::feed::Feed<S>) -> Self {
        Self(Some(Arc::new(feed)))
    }

    /// This handover, or the other one if this one has no feed.
    pub(super) fn or(self, other: &Self) -> Self {
        Self(self.0.or_else(|| other.0.clone()))
    }

    pub(super) fn commit(&self, change_set: &ChangeSet) {
        if let Some(listener) = &self.0 {
            listener.commit(change_set);
        }
    }

    /// Returns a doubt about these aggregates. Take it before an append, and dispel it once the
    /// outcome is known.
    pub(super) fn doubt<'a>(&self, aggregates: impl IntoIterator<Item = &'a AggregateId>) -> Doubt {
        let listener = self.0.clone();
        let aggregates = match &listener {
            Some(_) => aggregates.into_iter().cloned().collect(),
            None => Vec::new(),
        };
        Doubt { listener, aggregates }
    }
}

/// An append whose outcome is unknown. Dropped undispelled, because the future was cancelled or the
/// append failed, it tells the listener to read the store.
pub(super) struct Doubt {
    listener: Option<Arc<dyn Listener>>,
    aggregates: Vec<AggregateId>,
}

impl Doubt {
    pub(super) fn dispel(mut self) {
        self.aggregates.clear();
    }
}

impl Drop for Doubt {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            self.aggregates.iter().for_each(|aggregate| listener.doubt(aggregate));
        }
    }
}
