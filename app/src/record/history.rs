use domain::InventoryItem;
use domain::inventory_item::InventoryItemEvent;
use event_store::wire::AggregateState;
use event_store::{Aggregate as _, ChangeSet, DecodeError, Replay, ReplayError, Version};
use uuid::Uuid;

use crate::views::ItemView;

/// What this page knows of an item: its newest state, and a part of its history without a hole.
/// Once all of it is loaded it can be replayed.
#[derive(Clone, Debug)]
pub struct History {
    now: AggregateState<InventoryItem>,
    /// Ascending, contiguous, never empty for an item that exists.
    change_sets: Vec<ChangeSet>,
    /// How many were on hand after the last of `change_sets`.
    on_hand: i64,
    replay: Option<Replay<InventoryItem>>,
}

/// One change set with what it left on hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The change set.
    pub change_set: ChangeSet,
    /// Its events; none when they cannot be read.
    pub events: Vec<InventoryItemEvent>,
    /// How many were on hand after it.
    pub on_hand: i64,
}

impl Row {
    /// What it changed on hand.
    pub fn delta(&self) -> i64 {
        delta(&self.events)
    }
}

impl History {
    /// What a page starts from.
    pub fn new(view: ItemView) -> Self {
        let ItemView { now, change_sets, on_hand, .. } = view;
        Self { now, change_sets, on_hand, replay: None }
    }

    /// The item as it is now, as far as this page has heard.
    pub fn now(&self) -> &AggregateState<InventoryItem> {
        &self.now
    }

    /// All of it, when all of it is loaded.
    pub fn whole(&self) -> Option<&[ChangeSet]> {
        (self.span() == (1, self.now.version)).then_some(&*self.change_sets)
    }

    /// The first and the last version of the part that is loaded.
    pub fn span(&self) -> (Version, Version) {
        let first = self.change_sets.first().map_or(0, |c| c.version);
        (first, self.change_sets.last().map_or(0, |c| c.version))
    }

    /// The replay, once all of it is loaded.
    pub fn replay(&self) -> Option<&Replay<InventoryItem>> {
        self.replay.as_ref()
    }

    /// A version of the part that is loaded.
    pub fn change_set(&self, version: Version) -> Option<&ChangeSet> {
        let first = self.span().0;
        self.change_sets.get(usize::try_from(version.checked_sub(first)?).ok()?)
    }

    /// Whether a command of this id is in the part that is loaded.
    pub fn holds(&self, command_id: Uuid) -> bool {
        self.change_sets.iter().any(|change_set| change_set.content().command_id == command_id)
    }

    /// Takes in what has happened since. What is known already, or does not follow, is passed over.
    ///
    /// # Errors
    /// When a change set cannot be read; what came before it has been taken in.
    pub fn take_in(&mut self, newer: &[ChangeSet]) -> Result<(), DecodeError> {
        for change_set in newer {
            if change_set.version == self.now.version + 1 {
                self.advance(change_set)?;
            }
        }
        Ok(())
    }

    /// Puts an older part before the one that is loaded, if it is the part just before.
    pub fn put_before(&mut self, mut older: Vec<ChangeSet>) {
        if older.last().is_some_and(|last| last.version + 1 == self.span().0) {
            older.append(&mut self.change_sets);
            self.change_sets = older;
        }
    }

    /// Replaces the part that is loaded by the whole, which `replay` was built from.
    ///
    /// # Errors
    /// As [`History::take_in`].
    pub fn complete(
        &mut self,
        whole: Vec<ChangeSet>,
        replay: Replay<InventoryItem>,
    ) -> Result<(), DecodeError> {
        self.take_in(&whole)?;
        let known = std::mem::take(&mut self.change_sets);
        self.on_hand = replay.head().on_hand;
        self.change_sets = whole;
        self.replay = Some(replay);
        // What was committed while the last page was on its way.
        for change_set in known {
            if change_set.version == self.span().1 + 1 {
                self.append(&change_set, &change_set.events::<InventoryItem>()?)?;
            }
        }
        Ok(())
    }

    /// Up to `limit` rows, newest first, from version `newest` down.
    pub fn rows(&self, newest: Version, limit: usize) -> Vec<Row> {
        let (first, last) = self.span();
        let newest = newest.min(last);
        let mut on_hand = match &self.replay {
            Some(replay) => replay.at(newest).on_hand,
            None => self.on_hand_walking_back_to(newest),
        };
        let mut rows = Vec::new();
        for version in (first..=newest).rev().take(limit) {
            let Some(change_set) = self.change_set(version) else { break };
            let events = change_set.events::<InventoryItem>().unwrap_or_default();
            let before = on_hand.saturating_sub(delta(&events));
            rows.push(Row { change_set: change_set.clone(), events, on_hand });
            on_hand = before;
        }
        rows
    }

    /// How many were on hand after each version that is loaded, ascending.
    pub fn levels(&self) -> Vec<(Version, i64)> {
        let (first, last) = self.span();
        let Some(replay) = &self.replay else {
            let rows = self.rows(last, usize::MAX);
            return rows.iter().rev().map(|row| (row.change_set.version, row.on_hand)).collect();
        };
        let mut on_hand = 0_i64;
        let after = |version| {
            on_hand = on_hand.saturating_add(delta(replay.events(version)));
            (version, on_hand)
        };
        (first..=last).map(after).collect()
    }

    fn advance(&mut self, change_set: &ChangeSet) -> Result<(), DecodeError> {
        let events = change_set.events::<InventoryItem>()?;
        let state = std::mem::take(&mut self.now.state);
        self.now.state = events.iter().fold(state, InventoryItem::evolve);
        self.now.version = change_set.version;
        self.now.hash = change_set.hash;
        self.now.updated_at = change_set.content().recorded_at;
        if self.span().1 + 1 == change_set.version {
            self.append(change_set, &events)?;
        }
        Ok(())
    }

    fn append(
        &mut self,
        change_set: &ChangeSet,
        events: &[InventoryItemEvent],
    ) -> Result<(), DecodeError> {
        if let Some(replay) = &mut self.replay {
            replay.push(change_set).map_err(|ReplayError { source, .. }| source)?;
        }
        self.on_hand = self.on_hand.saturating_add(delta(events));
        self.change_sets.push(change_set.clone());
        Ok(())
    }

    fn on_hand_walking_back_to(&self, version: Version) -> i64 {
        let newer = self.change_sets.iter().rev().take_while(|c| c.version > version);
        newer.fold(self.on_hand, |on_hand, change_set| {
            let events = change_set.events::<InventoryItem>().unwrap_or_default();
            on_hand.saturating_sub(delta(&events))
        })
    }
}

fn delta(events: &[InventoryItemEvent]) -> i64 {
    events.iter().map(InventoryItemEvent::delta).sum()
}

#[cfg(test)]
mod tests;
