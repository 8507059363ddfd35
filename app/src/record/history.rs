use api::wire::AggregateState;
use api::{Fault, StateJson};
use event_store::{ChainBreak, ChangeSet, DecodeError, Hash, UpcastError, Version, verify_chain};
use uuid::Uuid;

use super::draft::Seen;
use crate::chart::Level;
use crate::kind::{KindRef, RecordReplay, RecordState, Told};
use crate::views::RecordView;

/// The part of a record that this page knows: its newest state, and a contiguous part of its
/// history.
///
/// It can be replayed once the whole history is loaded, unless a version is damaged.
#[derive(Debug)]
pub struct History {
    kind: KindRef,
    now: AggregateState<RecordState>,
    /// Ascending and contiguous.
    change_sets: Vec<ChangeSet>,
    /// The measure after the last of `change_sets`, if the kind has one and it is known.
    value: Option<i64>,
    /// A version, usually the one before `change_sets`, and its state.
    known: Option<(Version, RecordState)>,
    replay: Option<Box<dyn RecordReplay>>,
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

/// A change set, with the measure after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The change set.
    pub change_set: ChangeSet,
    /// The change set in words; `None` if it cannot be read.
    pub told: Option<Told>,
    /// The measure after it, unless that rests on a damaged version.
    pub value: Option<i64>,
    /// The damage, if any.
    pub fault: Option<String>,
}

impl Row {
    /// Returns the change of the measure.
    pub fn delta(&self) -> i64 {
        self.told.as_ref().map_or(0, |told| told.delta)
    }
}

impl History {
    /// Creates the history that a page starts from.
    ///
    /// # Errors
    /// A state in the view does not have the shape that this program knows.
    pub fn new(kind: KindRef, view: RecordView) -> Result<Self, serde_json::Error> {
        let RecordView { now, change_sets, after, before, beyond, faults, .. } = view;
        let first = change_sets.first().map_or(1, |first| first.version);
        let before = before.map(|state| kind.decode(&state)).transpose()?;
        let known = before.map(|state| (first.saturating_sub(1), state));
        let after = after.map(|state| kind.decode(&state)).transpose()?;
        let value = after.and_then(|state| Some(state.level()?.value));
        let now = decode(kind, &now)?;
        let faulty = Vec::new();
        let mut history =
            Self { kind, now, change_sets, value, known, replay: None, faults: faulty, beyond };
        // Of several faults of one version, the last counts.
        faults.into_iter().rev().for_each(|fault| history.note(fault));
        history.examine();
        Ok(history)
    }

    /// Returns the newest state that this page knows.
    pub fn now(&self) -> &AggregateState<RecordState> {
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
    pub fn replay(&self) -> Option<&dyn RecordReplay> {
        self.replay.as_deref()
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
        replay: Box<dyn RecordReplay>,
    ) -> Result<(), Unfit> {
        self.take_in(&whole)?;
        let known = std::mem::take(&mut self.change_sets);
        let last = whole.last().map_or(0, |change_set| change_set.version);
        self.value = replay.at(last).level().map(|level| level.value);
        self.change_sets = whole;
        self.replay = Some(replay);
        // Keep the change sets that were committed while the last page was being fetched.
        for change_set in known {
            if change_set.version == self.span().1 + 1 {
                let told = self.kind.tell(&change_set)?;
                self.append(&change_set, told.delta)?;
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
        let mut value = match &self.replay {
            Some(replay) => replay.at(newest).level().map(|level| level.value),
            None => self.value_walking_back_to(newest),
        };
        for version in (first..=newest).rev().take(limit) {
            let Some(change_set) = self.change_set(version) else { break };
            let row = self.row(change_set, value);
            // A damaged change set does not tell the measure before it.
            value = row.value.map(|value| value.saturating_sub(row.delta()));
            rows.push(row);
        }
        rows
    }

    fn row(&self, change_set: &ChangeSet, value: Option<i64>) -> Row {
        let told = self.kind.tell(change_set).ok();
        let fault = self.fault(change_set.version).map(|fault| fault.problem.clone());
        let value = value.filter(|_| fault.is_none());
        Row { change_set: change_set.clone(), told, value, fault }
    }

    /// Returns the chart's levels of the loaded versions, ascending, without those whose measure is
    /// unknown.
    pub fn levels(&self) -> Vec<Level> {
        if let Some(replay) = &self.replay {
            return replay.levels();
        }
        let (first, last) = self.span();
        let limits = self.limits();
        let level = |row: &Row| {
            let version = row.change_set.version;
            let place = usize::try_from(version.saturating_sub(first)).ok()?;
            let limits = limits.get(place).copied().unwrap_or_default();
            Some(Level { version, value: row.value?, ..limits })
        };
        self.rows(last, usize::MAX).iter().rev().filter_map(level).collect()
    }

    /// Returns the levels after each loaded version, ascending, as far as the states are known.
    /// Their limits are exact; what they rest on may be damaged.
    fn limits(&self) -> Vec<Level> {
        let mut state = (self.span().0 == 1).then(|| self.kind.nothing());
        let after = |change_set: &ChangeSet| {
            let known = self.known.as_ref().filter(|known| known.0 + 1 == change_set.version);
            let before = known.map(|known| known.1.clone()).or_else(|| state.take())?;
            let after = before.after(change_set).ok()?;
            let level = after.level();
            state = Some(after);
            level
        };
        self.change_sets.iter().map(after).map(Option::unwrap_or_default).collect()
    }

    fn advance(&mut self, change_set: &ChangeSet) -> Result<(), DecodeError> {
        let told = self.kind.tell(change_set)?;
        self.now.state = self.now.state.after(change_set)?;
        self.now.version = change_set.version;
        self.now.hash = change_set.hash;
        self.now.updated_at = change_set.content().recorded_at;
        if self.span().1 + 1 == change_set.version {
            self.append(change_set, told.delta)?;
        }
        Ok(())
    }

    fn append(&mut self, change_set: &ChangeSet, delta: i64) -> Result<(), DecodeError> {
        if let Some(replay) = &mut self.replay {
            replay.push(change_set)?;
        }
        self.value = self.value.map(|value| value.saturating_add(delta));
        self.change_sets.push(change_set.clone());
        Ok(())
    }

    fn value_walking_back_to(&self, version: Version) -> Option<i64> {
        let mut newer = self.change_sets.iter().rev().take_while(|c| c.version > version);
        newer.try_fold(self.value?, |value, change_set| {
            let delta = self.kind.tell(change_set).map_or(0, |told| told.delta);
            let holds = self.fault(change_set.version).is_none();
            holds.then(|| value.saturating_sub(delta))
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

/// Decodes the state of a record.
pub(super) fn decode(
    kind: KindRef,
    known: &AggregateState<StateJson>,
) -> Result<AggregateState<RecordState>, serde_json::Error> {
    let AggregateState { aggregate, version, state, created_at, updated_at, hash } = known;
    Ok(AggregateState {
        aggregate: aggregate.clone(),
        version: *version,
        state: kind.decode(state)?,
        created_at: *created_at,
        updated_at: *updated_at,
        hash: *hash,
    })
}

#[cfg(test)]
mod tests;
