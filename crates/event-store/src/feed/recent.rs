use std::collections::VecDeque;

use super::{Entry, Position};
use crate::ChangeSet;

/// How many of the newest entries stay in memory, and how large their bodies may be together.
const ENTRIES: usize = 5_000;
const BYTES: usize = 8 * 1024 * 1024;

/// The newest entries of the feed, without a hole, for those who follow closely: what this process has
/// committed itself need not be read back.
#[derive(Debug, Default)]
pub(super) struct Recent {
    entries: VecDeque<Entry>,
    bytes: usize,
}

impl Recent {
    /// The next entry of the feed; `None` for one that is not in hand, which makes those before it useless.
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

    /// Up to `limit` entries after this position, unless older ones come first.
    pub(super) fn after(&self, position: Position, limit: usize) -> Option<Vec<Entry>> {
        let oldest = self.entries.front()?.position;
        let skip = usize::try_from((position + 1).checked_sub(oldest)?).ok()?;
        let some: Vec<_> = self.entries.iter().skip(skip).take(limit).cloned().collect();
        (!some.is_empty()).then_some(some)
    }
}
