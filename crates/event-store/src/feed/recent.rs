use std::collections::VecDeque;

use super::{Entry, Position};
use crate::ChangeSet;

/// The maximum number of newest entries kept in memory, and of their bodies' bytes together.
const ENTRIES: usize = 5_000;
const BYTES: usize = 8 * 1024 * 1024;

/// The newest entries of the feed, without a gap, for readers that follow closely: a change set
/// that this process committed need not be read back.
#[derive(Debug, Default)]
pub(super) struct Recent {
    entries: VecDeque<Entry>,
    bytes: usize,
}

impl Recent {
    /// Adds the next entry of the feed. `None`, for one that is not in hand, makes those before it
    /// useless.
    pub(super) fn push(&mut self, position: Position, change_set: Option<ChangeSet>) {
        let follows = self.entries.back().is_none_or(|newest| newest.position + 1 == position);
        let Some(change_set) = change_set.filter(|_| follows) else {
            *self = Self::default();
            return;
        };
        self.bytes += change_set.body().len();
        self.entries.push_back(Entry { position, change_set });
        while self.entries.len() > ENTRIES || self.bytes > BYTES {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.change_set.body().len();
        }
    }

    /// Returns up to `limit` entries after this position; `None` if the first of them is not in
    /// memory.
    pub(super) fn after(&self, position: Position, limit: usize) -> Option<Vec<Entry>> {
        let oldest = self.entries.front()?.position;
        let skip = usize::try_from((position + 1).checked_sub(oldest)?).ok()?;
        let some: Vec<_> = self.entries.iter().skip(skip).take(limit).cloned().collect();
        (!some.is_empty()).then_some(some)
    }
}
