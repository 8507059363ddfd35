use api::wire::AggregateState;
use domain::InventoryItem;
use domain::inventory_item::InventoryItemEvent;
use event_store::{
    Aggregate as _, ChainBreak, ChangeSet, DecodeError, Hash, Replay, ReplayError, UpcastError,
    Version, verify_chain,
};
use uuid::Uuid;

use super::draft::Seen;
use crate::chart::Level;
use crate::views::ItemView;
use api::Fault;

/// The part of an item that this page knows: its newest state, and a contiguous part of its
/// history.
///
/// It can be replayed once the whole history is loaded, unless a version is damaged.
#[derive(Clone, Debug)]
pub struct History {
    now: AggregateState<InventoryItem>,
    /// Ascending and contiguous.
    change_sets: Vec<ChangeSet>,
    /// The stock on hand after the last of `change_sets`, if known.
    on_hand: Option<i64>,
    /// A version, usually the one before `change_sets`, and its state.
    known: Option<(Version, InventoryItem)>,
    replay: Option<Replay<InventoryItem>>,
    /// The versions that are known to be damaged, ascending, each once.
    faults: Vec<Fault>,
    /// The damaged change set after `now`.
    beyond: Option<ChangeSet>,
}

/// The reason why a change set cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The change set does not follow the known ones.
    #[error(transparent)]
    Broken(#[from] ChainBreak),
    /// The change set cannot be read.
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
}

impl Unfit {
    /// Returns whether a newer version of the program than this page's wrote the change set.
    pub fn is_of_newer_version(&self) -> bool {
        matches!(self, Self::Unreadable(DecodeError::Upcast(UpcastError::Newer { .. })))
    }
}

/// A change set, with the stock on hand after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The change set.
    pub change_set: ChangeSet,
    /// The events; empty if they cannot be read.
    pub events: Vec<InventoryItemEvent>,
    /// The stock on hand after it, unless that rests on a damaged version.
    pub on_hand: Option<i64>,
    /// The damage, if any.
    pub fault: Option<String>,
}

impl Row {
    /// Returns the change of the stock on hand.
    pub fn delta(&self) -> i64 {
        delta(&self.events)
    }
}

impl History {
    /// Creates the history that a page starts from.
    pub fn new(view: ItemView) -> Self {
        let ItemView { now, change_sets, on_hand, before, beyond, faults, viewed: _ } = view;
        let first = change_sets.first().map_or(1, |first| first.version);
        let known = before.map(|state| (first.saturating_sub(1), state));
        let mut history =
            Self { now, change_sets, on_hand, known, replay: None, faults: Vec::new(), beyond };
        // Of several faults of one version, the last counts.
        faults.into_iter().rev().for_each(|fault| history.note(fault));
        history.examine();
        history
    }

    /// Returns the newest state of the item that this page knows.
    pub fn now(&self) -> &AggregateState<InventoryItem> {
        &self.now
    }

    /// Returns the version and state that the page shows as now.
    pub fn seen(&self) -> Seen {
        (self.now.version, self.now.state.clone())
    }

    /// Returns the damaged version after `now`, if any. `now` is then not the newest recorded
    /// version.
    pub fn end(&self) -> Option<Fault> {
        self.faults.iter().find(|fault| fault.version > self.now.version).cloned()
    }

    /// Returns the first damaged version among those that led to `now`, for which a snapshot has
    /// made up.
    pub fn flaw(&self) -> Option<Fault> {
        self.faults.first().filter(|fault| fault.version <= self.now.version).cloned()
    }

    /// Notes damaged versions.
    pub fn learn(&mut self, faults: Vec<Fault>) {
        faults.into_iter().for_each(|fault| self.note(fault));
    }

    /// Returns the whole history, if all of it is loaded.
    pub fn whole(&self) -> Option<&[ChangeSet]> {
        (self.span() == (1, self.now.version)).then_some(&*self.change_sets)
    }

    /// Returns the first and the last loaded version.
    pub fn span(&self) -> (Version, Version) {
        let first = self.change_sets.first().map_or(0, |c| c.version);
        (first, self.change_sets.last().map_or(0, |c| c.version))
    }

    /// Returns the replay, once the whole history is loaded.
    pub fn replay(&self) -> Option<&Replay<InventoryItem>> {
        self.replay.as_ref()
    }

    /// Returns the change set of a loaded version.
    pub fn change_set(&self, version: Version) -> Option<&ChangeSet> {
        let first = self.span().0;
        self.change_sets.get(usize::try_from(version.checked_sub(first)?).ok()?)
    }

    /// Returns whether the loaded part has a command with this id.
    pub fn holds(&self, command_id: Uuid) -> bool {
        self.change_sets.iter().any(|change_set| change_set.content().command_id == command_id)
    }

    /// Takes in newer change sets. Skips those that are known already or leave a gap.
    ///
    /// # Errors
    /// [`Unfit`], if a change set is damaged or cannot be read; those before it have been taken in.
    pub fn take_in(&mut self, newer: &[ChangeSet]) -> Result<(), Unfit> {
        for change_set in newer {
            if change_set.version != self.now.version + 1 {
                continue;
            }
            let AggregateState { aggregate, version, hash, .. } = &self.now;
            if let Err(broken) = verify_chain(aggregate, *version, *hash, [change_set]) {
                self.beyond = Some(change_set.clone());
                self.note(told(&broken));
                return Err(broken.into());
            }
            self.advance(change_set)?;
        }
        Ok(())
    }

    /// Returns whether this whole history is undamaged. If not, notes the damaged version, and
    /// takes in the newer change sets before it.
    pub fn vouch_for(&mut self, whole: &[ChangeSet]) -> bool {
        let checked = verify_chain(&self.now.aggregate, 0, Hash::ZERO, whole);
        if let Err(broken) = &checked {
            // Stops at the damaged version.
            let _ = self.take_in(whole);
            self.note(told(broken));
        }
        checked.is_ok()
    }

    /// Prepends an older part, if it ends right before the loaded part.
    pub fn put_before(&mut self, mut older: Vec<ChangeSet>) {
        if older.last().is_some_and(|last| last.version + 1 == self.span().0) {
            older.append(&mut self.change_sets);
            self.change_sets = older;
            self.examine();
        }
    }

    /// Replaces the loaded part with the whole history, from which `replay` was built.
    ///
    /// # Errors
    /// As [`History::take_in`].
    pub fn complete(
        &mut self,
        whole: Vec<ChangeSet>,
        replay: Replay<InventoryItem>,
    ) -> Result<(), Unfit> {
        self.take_in(&whole)?;
        let known = std::mem::take(&mut self.change_sets);
        self.on_hand = Some(replay.head().on_hand);
        self.change_sets = whole;
        self.replay = Some(replay);
        // Keep the change sets that were committed while the last page was being fetched.
        for change_set in known {
            if change_set.version == self.span().1 + 1 {
                self.append(&change_set, &change_set.events::<InventoryItem>()?)?;
            }
        }
        Ok(())
    }

    /// Returns up to `limit` rows, newest first, from version `newest` down.
    ///
    /// If that includes `now`, the damaged change set after it comes first.
    pub fn rows(&self, newest: Version, limit: usize) -> Vec<Row> {
        let beyond = self.beyond.as_ref().filter(|_| newest >= self.now.version);
        let mut rows: Vec<Row> = beyond.map(|beyond| self.row(beyond, None)).into_iter().collect();
        let (first, last) = self.span();
        let newest = newest.min(last);
        let mut on_hand = match &self.replay {
            Some(replay) => Some(replay.at(newest).on_hand),
            None => self.on_hand_walking_back_to(newest),
        };
        for version in (first..=newest).rev().take(limit) {
            let Some(change_set) = self.change_set(version) else { break };
            let row = self.row(change_set, on_hand);
            // A damaged change set does not tell the stock before it.
            on_hand = row.on_hand.map(|on_hand| on_hand.saturating_sub(row.delta()));
            rows.push(row);
        }
        rows
    }

    fn row(&self, change_set: &ChangeSet, on_hand: Option<i64>) -> Row {
        let events = change_set.events::<InventoryItem>().unwrap_or_default();
        let fault = self.fault(change_set.version).map(|fault| fault.problem.clone());
        let on_hand = on_hand.filter(|_| fault.is_none());
        Row { change_set: change_set.clone(), events, on_hand, fault }
    }

    /// Returns the chart's levels of the loaded versions, ascending, without those whose stock is
    /// unknown.
    pub fn levels(&self) -> Vec<Level> {
        let limits = self.limits();
        let first = self.span().0;
        let level = |(version, on_hand): (Version, i64)| {
            let place = usize::try_from(version.saturating_sub(first)).ok();
            let (maximum, reorder) =
                place.and_then(|place| limits.get(place).copied()).unwrap_or_default();
            Level { version, on_hand, maximum, reorder }
        };
        self.balances().into_iter().map(level).collect()
    }

    /// Returns the maximum and the reorder level after each loaded version, ascending, as far as
    /// known.
    fn limits(&self) -> Vec<(Option<i64>, Option<i64>)> {
        let mut state = (self.span().0 == 1).then(InventoryItem::default);
        let after = |change_set: &ChangeSet| {
            let known = self.known.as_ref().filter(|known| known.0 + 1 == change_set.version);
            let before = known.map(|known| known.1.clone()).or_else(|| state.take())?;
            let decoded;
            let events = match &self.replay {
                Some(replay) => replay.events(change_set.version),
                None => {
                    decoded = change_set.events::<InventoryItem>().ok()?;
                    &decoded
                }
            };
            let after = events.iter().fold(before, InventoryItem::evolve);
            let limits = (after.max_quantity, after.reorder_level);
            state = Some(after);
            Some(limits)
        };
        self.change_sets.iter().map(after).map(Option::unwrap_or_default).collect()
    }

    fn balances(&self) -> Vec<(Version, i64)> {
        let (first, last) = self.span();
        let Some(replay) = &self.replay else {
            let rows = self.rows(last, usize::MAX);
            let level = |row: &Row| Some((row.change_set.version, row.on_hand?));
            return rows.iter().rev().filter_map(level).collect();
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
        self.on_hand = self.on_hand.map(|on_hand| on_hand.saturating_add(delta(events)));
        self.change_sets.push(change_set.clone());
        Ok(())
    }

    fn on_hand_walking_back_to(&self, version: Version) -> Option<i64> {
        let mut newer = self.change_sets.iter().rev().take_while(|c| c.version > version);
        newer.try_fold(self.on_hand?, |on_hand, change_set| {
            let events = change_set.events::<InventoryItem>().unwrap_or_default();
            let holds = self.fault(change_set.version).is_none();
            holds.then(|| on_hand.saturating_sub(delta(&events)))
        })
    }

    fn fault(&self, version: Version) -> Option<&Fault> {
        self.place(version).ok().and_then(|place| self.faults.get(place))
    }

    /// Notes a fault, unless one of its version is already known.
    fn note(&mut self, fault: Fault) {
        if let Err(place) = self.place(fault.version) {
            self.faults.insert(place, fault);
        }
    }

    /// Returns the index of a version in `faults`, or the index at which to insert it.
    fn place(&self, version: Version) -> Result<usize, usize> {
        self.faults.binary_search_by_key(&version, |fault| fault.version)
    }

    /// Checks each loaded change set by itself and against its predecessor.
    fn examine(&mut self) {
        let mut before: Option<&ChangeSet> = None;
        let mut found = Vec::new();
        for change_set in &self.change_sets {
            let prev = match before {
                Some(before) => before.hash,
                None if change_set.version == 1 => Hash::ZERO,
                None => change_set.prev,
            };
            let after = change_set.version.saturating_sub(1);
            let checked = verify_chain(&self.now.aggregate, after, prev, [change_set]);
            found.extend(checked.err().map(|broken| told(&broken)));
            before = Some(change_set);
        }
        self.learn(found);
    }
}

fn told(broken: &ChainBreak) -> Fault {
    Fault { version: broken.version(), problem: broken.to_string() }
}

fn delta(events: &[InventoryItemEvent]) -> i64 {
    events.iter().map(InventoryItemEvent::delta).sum()
}

#[cfg(test)]
mod tests;
