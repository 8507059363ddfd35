use std::collections::BTreeMap;

/// A shard, identified by its stream's ARN and its own id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ShardId {
    pub(super) stream: String,
    pub(super) shard: String,
}

/// The position at which to resume reading a shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// Valid for fifteen minutes.
    pub(super) iterator: Option<String>,
    /// The sequence number of the last record that was read, if any.
    pub(super) newest: Option<String>,
}

/// The shards of a table's streams, and how far each has been read. A shard that is full, or has
/// been written to for some hours, splits into children. Their records come after the parent's.
#[derive(Debug, Default)]
pub(super) struct Shards(BTreeMap<ShardId, Shard>);

#[derive(Debug)]
struct Shard {
    parent: Option<String>,
    reading: Reading,
    ended: bool,
}

impl Shards {
    /// Replaces the list of shards, each with its parent. New shards are read from their start, and
    /// shards that are gone are forgotten.
    pub(super) fn are(&mut self, listed: Vec<(ShardId, Option<String>)>) {
        let mut before = std::mem::take(&mut self.0);
        for (place, parent) in listed {
            let shard = before.remove(&place).unwrap_or_else(|| Shard {
                parent,
                reading: Reading::default(),
                ended: false,
            });
            self.0.insert(place, shard);
        }
    }

    /// Returns the shards that have not been read to their end, and whose parents have, or are
    /// gone.
    pub(super) fn readable(&self) -> Vec<ShardId> {
        let has_ended = |place| self.0.get(&place).is_none_or(|shard| shard.ended);
        let readable = self.0.iter().filter(|(place, shard)| {
            let parent = |parent: &String| ShardId { shard: parent.clone(), ..(*place).clone() };
            !shard.ended && shard.parent.as_ref().map(parent).is_none_or(has_ended)
        });
        readable.map(|(place, _)| place.clone()).collect()
    }

    pub(super) fn reading(&self, place: &ShardId) -> Reading {
        self.0.get(place).map(|shard| shard.reading.clone()).unwrap_or_default()
    }

    /// Moves on to this iterator, after the newest record. Without an iterator the shard has ended.
    pub(super) fn advance(
        &mut self,
        place: &ShardId,
        newest: Option<String>,
        next: Option<String>,
    ) {
        if let Some(shard) = self.0.get_mut(place) {
            shard.ended = next.is_none();
            let newest = newest.or_else(|| shard.reading.newest.take());
            shard.reading = Reading { iterator: next, newest };
        }
    }

    /// Drops the expired iterator. Reading resumes after the newest record.
    pub(super) fn expired(&mut self, place: &ShardId) {
        if let Some(shard) = self.0.get_mut(place) {
            shard.reading.iterator = None;
        }
    }

    pub(super) fn start_again(&mut self, place: &ShardId) {
        if let Some(shard) = self.0.get_mut(place) {
            shard.reading = Reading::default();
        }
    }

    pub(super) fn end(&mut self, place: &ShardId) {
        if let Some(shard) = self.0.get_mut(place) {
            shard.ended = true;
        }
    }
}
