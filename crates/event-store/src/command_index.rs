use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{ChangeSet, Timestamp, Version};

/// The maximum lead of a client's clock over the server's, in milliseconds. An id whose time is
/// further ahead is not believed.
pub const SKEW_ALLOWANCE_MS: i64 = 5 * 60 * 1000;

/// The number of newest command ids that are kept with a head and in its snapshot.
const RECENT: usize = 64;
/// The maximum number of older ids that a head in memory keeps as well, of those recorded within
/// twice the allowance. Each takes some 70 bytes.
const OLDER: usize = 65_536;
/// The number of untimely ids of each sort that are kept. Beyond it, proving an id absent may take
/// a search of the history.
const UNTIMELY: usize = 64;

/// An exact index of the commands that an aggregate has taken. Few lookups need the history.
///
/// **Why this is exact.** An id is *timely* if it is a UUIDv7 whose time is at most
/// [`SKEW_ALLOWANCE_MS`] after the `recorded_at` of its change set. The *window* holds the newest
/// ids, one by one. A timely id of time t cannot be older than the window if
/// - t is later than the time of every timely id that has left the window, or
/// - the window reaches back to before t − allowance: `recorded_at` never decreases along a
///   history, so a change set that took the id was recorded at t − allowance or later.
///
/// The first rule settles ids that clients send as they make them, however busy the aggregate is;
/// the second settles most of the rest. Clients' clocks differ, so on a busy aggregate an id is
/// often earlier than one that came 64 commands ago. In memory the window therefore reaches further
/// back than in a snapshot. [`CommandIndex::reach_back`] adds what a search has read, so that the
/// next such id needs no search.
///
/// Untimely ids are kept apart, the newest up to a bound: those of version 7 that were ahead of the
/// clock, and those without a time. Of the discarded ones only the earliest and the latest time are
/// kept; an id with a time outside that range is none of them. So a clock that was wrong by years
/// costs nothing until those years have passed, and one that was wrong by minutes costs nothing
/// after them. No lookup reads a clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandIndex {
    /// The ids of the newest versions up to `version`, without gaps and oldest first, each with its
    /// `recorded_at` in Unix milliseconds.
    recent: VecDeque<(Uuid, i64)>,
    version: Version,
    /// The latest time of a timely id that has left `recent`, in Unix milliseconds.
    left: Option<i64>,
    ahead: Apart,
    timeless: Apart,
    #[serde(skip)]
    older: Box<Older>,
}

/// The part of the window that only memory has: the ids right before `recent`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Older {
    /// As in `recent`.
    ids: VecDeque<(Uuid, i64)>,
    versions: BTreeMap<Uuid, Version>,
    /// The latest time of a timely id that has left the window here; meaningless while `ids` is
    /// empty.
    left: Option<i64>,
}

/// Untimely ids, by version. A snapshot in which an earlier program wrote them in another form
/// cannot be read, and is ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Apart {
    ids: VecDeque<(Version, Uuid)>,
    /// The latest time of an id that was discarded, in Unix milliseconds; the end of time for an id
    /// without one.
    left: Option<i64>,
    /// The earliest such time. `None` beside a `left` means that an earlier program wrote the
    /// snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_from: Option<i64>,
}

/// The answer of the index about a command id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Taken as this version.
    Taken(Version),
    /// Never taken.
    Absent,
    /// Not among the versions from `before` on. Search older ones, newest first, as long as their
    /// `recorded_at` is at or after `until`; if that is `None`, search to the start.
    Older {
        /// The oldest version that the index covers.
        before: Version,
        /// The earliest moment at which the id could have been taken.
        until: Option<Timestamp>,
    },
}

impl CommandIndex {
    /// Records the command of the next version.
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

    /// Records the command of the version right before the window, if memory may hold it. Ignores
    /// any other version.
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

    /// Returns the part that a snapshot keeps.
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

    /// Looks up whether, and as which version, a command was taken.
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

    /// Returns whether everything outside the window was recorded before `moment`.
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

    /// Drops ids that memory need not hold once this moment has been recorded.
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

/// The moment from which ids are kept in memory, given the newest `recorded_at`.
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

    /// Returns whether an id of this time may be one of the discarded ones.
    fn may_have_left(&self, time: Option<Timestamp>) -> bool {
        let time = Self::moment(time);
        self.left >= Some(time) && self.left_from <= Some(time)
    }

    fn moment(time: Option<Timestamp>) -> i64 {
        time.map_or(i64::MAX, Timestamp::as_millis)
    }
}

enum Timeliness {
    /// Holds the id's time.
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
