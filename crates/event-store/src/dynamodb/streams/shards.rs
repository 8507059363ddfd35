use std::collections::BTreeMap;

/// A shard of a stream, by the stream's ARN and its own id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) stream: String,
    pub(super) shard: String,
}

/// Where to read on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// Good for fifteen minutes.
    pub(super) iterator: Option<String>,
    /// The last record that was read, if any was.
    pub(super) newest: Option<String>,
}

/// The shards of a table's streams, and how far each is read. A shard splits into children when it is full
/// or has been written to for some hours; what they hold came after what it holds.
#[derive(Debug, Default)]
pub(super) struct Shards(BTreeMap<Place, Shard>);

#[derive(Debug)]
struct Shard {
    parent: Option<String>,
    reading: Reading,
    ended: bool,
}

impl Shards {
    /// That these shards are there, each with its parent, and no others: new ones are read from their
    /// start, and those that are gone are forgotten.
    pub(super) fn are(&mut self, listed: Vec<(Place, Option<String>)>) {
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

    /// Those that are not read to their end, and whose parents are, or are gone.
    pub(super) fn readable(&self) -> Vec<Place> {
        let has_ended = |place| self.0.get(&place).is_none_or(|shard| shard.ended);
        let readable = self.0.iter().filter(|(place, shard)| {
            let parent = |parent: &String| Place { shard: parent.clone(), ..(*place).clone() };
            !shard.ended && shard.parent.as_ref().map(parent).is_none_or(has_ended)
        });
        readable.map(|(place, _)| place.clone()).collect()
    }

    pub(super) fn reading(&self, place: &Place) -> Reading {
        self.0.get(place).map(|shard| shard.reading.clone()).unwrap_or_default()
    }

    /// Reads on behind the newest record, with this iterator; without one the shard has ended.
    pub(super) fn advance(&mut self, place: &Place, newest: Option<String>, next: Option<String>) {
        if let Some(shard) = self.0.get_mut(place) {
            shard.ended = next.is_none();
            let newest = newest.or_else(|| shard.reading.newest.take());
            shard.reading = Reading { iterator: next, newest };
        }
    }

    /// The iterator is of no more use; the newest record is.
    pub(super) fn expired(&mut self, place: &Place) {
        if let Some(shard) = self.0.get_mut(place) {
            shard.reading.iterator = None;
        }
    }

    pub(super) fn start_again(&mut self, place: &Place) {
        if let Some(shard) = self.0.get_mut(place) {
            shard.reading = Reading::default();
        }
    }

    pub(super) fn end(&mut self, place: &Place) {
        if let Some(shard) = self.0.get_mut(place) {
            shard.ended = true;
        }
    }
}
