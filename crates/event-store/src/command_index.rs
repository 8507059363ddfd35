use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{ChangeSet, Timestamp, Version};

/// How far a client's clock may run ahead of the server's before the time in its ids is not believed.
pub const SKEW_ALLOWANCE_MS: i64 = 5 * 60 * 1000;

/// How many of the newest command ids are kept with a head and in its snapshot.
const RECENT: usize = 64;
/// How many older ones a head keeps besides while it is in memory, of those that were recorded within twice
/// the allowance: some 70 bytes each.
const OLDER: usize = 65_536;
/// How many untimely ids of each sort are kept; beyond it, absence may take a search of the history.
const UNTIMELY: usize = 64;

/// Which commands an aggregate has already taken, exactly, without reading its history.
///
/// **Why this is exact.** Call an id *timely* when it is a UUIDv7 whose time is at most
/// [`SKEW_ALLOWANCE_MS`] after the `recorded_at` of its change set, and let the *window* be the newest
/// ids, kept one by one. A timely id of time t is not outside of the window when
/// - t is later than the time of every timely id that has left the window, or
/// - the window reaches back to before t − allowance: `recorded_at` never decreases along a history, so
///   a change set that took the id was recorded at t − allowance or later.
///
/// The first settles what a client sends as it is made, however busy the aggregate is; the second
/// settles most of the rest. Clocks of clients differ, so on a busy aggregate an id is often earlier than one
/// that came 64 commands ago: in memory the window reaches further back than in a snapshot, and what a
/// search has read is added to it ([`CommandIndex::reach_back`]), so that the next one like it needs none.
/// Ids that were not timely when they were taken are kept apart, the newest up
/// to a bound: those of version 7 that were ahead of the clock, and those without a time. Of the ones
/// that had to go the earliest time and the latest are kept: an id of a time before or after is none of them, so
/// that a clock that was wrong by years costs nothing before those have passed, and one that was wrong by minutes
/// nothing after them. No clock is asked at any later moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandIndex {
    /// The ids of the newest versions with their `recorded_at` in Unix milliseconds, oldest first,
    /// without holes, up to `version`.
    recent: VecDeque<(Uuid, i64)>,
    version: Version,
    /// The latest time of a timely id that has left `recent`, in Unix milliseconds.
    left: Option<i64>,
    ahead: Apart,
    timeless: Apart,
    #[serde(skip)]
    older: Box<Older>,
}

/// The part of the window that only memory has: what comes right before `recent`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Older {
    /// As in `recent`.
    ids: VecDeque<(Uuid, i64)>,
    versions: BTreeMap<Uuid, Version>,
    /// The latest time of a timely id that has left the window here; of no account while `ids` is empty.
    left: Option<i64>,
}

/// Ids that are kept apart, by version. What an earlier program has written otherwise is not read: its
/// snapshot is passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Apart {
    ids: VecDeque<(Version, Uuid)>,
    /// The latest time of an id that has left, in Unix milliseconds; the end of time if it has none.
    left: Option<i64>,
    /// The earliest, likewise. Where one has left and this is not known, an earlier program has kept the snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_from: Option<i64>,
}

/// What the index knows of a command id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Taken as this version.
    Taken(Version),
    /// Never taken.
    Absent,
    /// Not among the versions from `before` on. Search older ones, newest first, as long as their
    /// `recorded_at` is at or after `until`; to the start when that is `None`.
    Older {
        /// The oldest version that the index covers.
        before: Version,
        /// The earliest moment at which the id could have been taken.
        until: Option<Timestamp>,
    },
}

impl CommandIndex {
    /// Takes note of the command of the next version.
    pub fn push(&mut self, change_set: &ChangeSet) {
        let content = change_set.content();
        self.recent.push_back((content.command_id, content.recorded_at.as_millis()));
        self.version = change_set.version;
        match timeliness(content.command_id, content.recorded_at) {
            Timeliness::Timely(_) => {}
            Timeliness::Ahead => self.ahead.push(change_set.version, content.command_id),
            Timeliness::Timeless => self.timeless.push(change_set.version, content.command_id),
        }
        while self.recent.len() > RECENT
            && let Some(oldest) = self.recent.pop_front()
        {
            if self.older.ids.is_empty() {
                self.older.left = self.left;
            }
            self.left = self.left.max(time_if_timely(oldest));
            self.older.push(self.version - self.recent.len() as u64, oldest);
        }
        self.older.forget(content.recorded_at);
    }

    /// Takes note of the command of the version right before the window, as far as memory reaches. Of any other
    /// version nothing is noted.
    pub fn reach_back(&mut self, change_set: &ChangeSet) {
        let content = change_set.content();
        let Some(&(_, newest)) = self.recent.back() else { return };
        let fits = self.older.ids.len() < OLDER
            && content.recorded_at >= remembered_since(Timestamp::from_millis(newest));
        if !fits || change_set.version + 1 != self.oldest() {
            return;
        }
        if self.older.ids.is_empty() {
            self.older.left = self.left;
        }
        self.older.ids.push_front((content.command_id, content.recorded_at.as_millis()));
        self.older.versions.insert(content.command_id, change_set.version);
    }

    /// The oldest version that the window covers.
    fn oldest(&self) -> Version {
        self.version + 1 - (self.recent.len() + self.older.ids.len()) as u64
    }

    /// As it is kept in a snapshot.
    #[must_use]
    pub fn condensed(&self) -> Self {
        Self {
            recent: self.recent.clone(),
            version: self.version,
            left: self.left,
            ahead: self.ahead.clone(),
            timeless: self.timeless.clone(),
            older: Box::default(),
        }
    }

    /// Whether and as which version a command was taken.
    pub fn find(&self, command_id: Uuid) -> Lookup {
        if let Some(place) = self.recent.iter().rev().position(|&(id, _)| id == command_id) {
            return Lookup::Taken(self.version - place as u64);
        }
        if let Some(&version) = self.older.versions.get(&command_id) {
            return Lookup::Taken(version);
        }
        let oldest = self.oldest();
        let time = Timestamp::of_uuid(command_id);
        let apart = if time.is_some() { &self.ahead } else { &self.timeless };
        if let Some(&(version, _)) = apart.ids.iter().find(|(_, id)| *id == command_id) {
            return Lookup::Taken(version);
        }
        if oldest <= 1 {
            return Lookup::Absent;
        }
        if apart.may_have_left(time) {
            return Lookup::Older { before: oldest, until: None };
        }
        let Some(time) = time else { return Lookup::Absent };
        let until = time.minus_millis(SKEW_ALLOWANCE_MS);
        let left = if self.older.ids.is_empty() { self.left } else { self.older.left };
        if left < Some(time.as_millis()) || self.reaches_before(until) {
            return Lookup::Absent;
        }
        Lookup::Older { before: oldest, until: Some(until) }
    }

    /// Whether everything that the window does not hold was recorded before `moment`.
    fn reaches_before(&self, moment: Timestamp) -> bool {
        let oldest = self.older.ids.front().or(self.recent.front());
        oldest.is_some_and(|&(_, oldest)| oldest < moment.as_millis())
    }
}

impl Older {
    fn push(&mut self, version: Version, named: (Uuid, i64)) {
        self.ids.push_back(named);
        self.versions.insert(named.0, version);
    }

    /// Drops what memory need not hold once this moment has been recorded.
    fn forget(&mut self, newest: Timestamp) {
        let since = remembered_since(newest).as_millis();
        while let Some(&oldest) = self.ids.front()
            && (self.ids.len() > OLDER || oldest.1 < since)
        {
            self.ids.pop_front();
            self.versions.remove(&oldest.0);
            self.left = self.left.max(time_if_timely(oldest));
        }
        if self.ids.capacity() > 4 * self.ids.len().max(RECENT) {
            self.ids.shrink_to(2 * self.ids.len());
        }
    }
}

/// From which moment on ids are remembered in memory, when the newest was recorded then.
fn remembered_since(newest: Timestamp) -> Timestamp {
    newest.minus_millis(2 * SKEW_ALLOWANCE_MS)
}

impl Apart {
    fn push(&mut self, version: Version, id: Uuid) {
        self.ids.push_back((version, id));
        while self.ids.len() > UNTIMELY {
            let oldest = self.ids.pop_front();
            let time = Self::moment(oldest.and_then(|(_, id)| Timestamp::of_uuid(id)));
            self.left_from = match self.left {
                None => Some(time),
                Some(_) => self.left_from.map(|from| from.min(time)),
            };
            self.left = self.left.max(Some(time));
        }
    }

    /// Whether an id of this time may be one that has left.
    fn may_have_left(&self, time: Option<Timestamp>) -> bool {
        let time = Self::moment(time);
        self.left >= Some(time) && self.left_from <= Some(time)
    }

    fn moment(time: Option<Timestamp>) -> i64 {
        time.map_or(i64::MAX, Timestamp::as_millis)
    }
}

enum Timeliness {
    /// With its time.
    Timely(Timestamp),
    Ahead,
    Timeless,
}

fn time_if_timely((id, recorded_at): (Uuid, i64)) -> Option<i64> {
    match timeliness(id, Timestamp::from_millis(recorded_at)) {
        Timeliness::Timely(t) => Some(t.as_millis()),
        Timeliness::Ahead | Timeliness::Timeless => None,
    }
}

fn timeliness(id: Uuid, recorded_at: Timestamp) -> Timeliness {
    match Timestamp::of_uuid(id) {
        None => Timeliness::Timeless,
        Some(t) if t.minus_millis(SKEW_ALLOWANCE_MS) <= recorded_at => Timeliness::Timely(t),
        Some(_) => Timeliness::Ahead,
    }
}
