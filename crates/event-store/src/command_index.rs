use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{ChangeSet, Timestamp, Version};

/// How far a client's clock may run ahead of the server's before the time in its ids is not believed.
pub const SKEW_ALLOWANCE_MS: i64 = 5 * 60 * 1000;

/// How many of the newest command ids are kept with a head and in its snapshot.
const RECENT: usize = 64;
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
/// settles most of the rest. Ids that were not timely when they were taken are kept apart, the newest up
/// to a bound: those of version 7 that were ahead of the clock, and those without a time. Of the ones
/// that had to go the latest time is kept: an id of a later time is none of them, so that one clock that
/// was wrong costs searches until its time has come, and not for ever. No clock is asked at any later
/// moment.
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
}

/// Ids that are kept apart, by version. What an earlier program has written otherwise is not read: its
/// snapshot is passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Apart {
    ids: VecDeque<(Version, Uuid)>,
    /// The latest time of an id that has left, in Unix milliseconds; the end of time if it has none.
    left: Option<i64>,
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
        while self.recent.len() > RECENT {
            self.recent.pop_front().into_iter().for_each(|oldest| self.forget(oldest));
        }
    }

    fn forget(&mut self, (id, recorded_at): (Uuid, i64)) {
        if let Timeliness::Timely(t) = timeliness(id, Timestamp::from_millis(recorded_at)) {
            self.left = self.left.max(Some(t.as_millis()));
        }
    }

    /// Whether and as which version a command was taken.
    pub fn find(&self, command_id: Uuid) -> Lookup {
        let oldest = self.version + 1 - self.recent.len() as u64;
        if let Some(place) = self.recent.iter().position(|&(id, _)| id == command_id) {
            return Lookup::Taken(oldest + place as u64);
        }
        let time = Timestamp::of_uuid(command_id);
        let apart = if time.is_some() { &self.ahead } else { &self.timeless };
        if let Some(&(version, _)) = apart.ids.iter().find(|(_, id)| *id == command_id) {
            return Lookup::Taken(version);
        }
        if oldest <= 1 {
            return Lookup::Absent;
        }
        if apart.left >= Some(time.map_or(i64::MAX, Timestamp::as_millis)) {
            return Lookup::Older { before: oldest, until: None };
        }
        let Some(time) = time else { return Lookup::Absent };
        let until = time.minus_millis(SKEW_ALLOWANCE_MS);
        if self.left < Some(time.as_millis()) || self.reaches_before(until) {
            return Lookup::Absent;
        }
        Lookup::Older { before: oldest, until: Some(until) }
    }

    /// Whether everything that the window does not hold was recorded before `moment`.
    fn reaches_before(&self, moment: Timestamp) -> bool {
        self.recent.front().is_some_and(|&(_, oldest)| oldest < moment.as_millis())
    }
}

impl Apart {
    fn push(&mut self, version: Version, id: Uuid) {
        self.ids.push_back((version, id));
        while self.ids.len() > UNTIMELY {
            let oldest = self.ids.pop_front();
            let time = oldest.and_then(|(_, id)| Timestamp::of_uuid(id));
            self.left = self.left.max(Some(time.map_or(i64::MAX, Timestamp::as_millis)));
        }
    }
}

enum Timeliness {
    /// With its time.
    Timely(Timestamp),
    Ahead,
    Timeless,
}

fn timeliness(id: Uuid, recorded_at: Timestamp) -> Timeliness {
    match Timestamp::of_uuid(id) {
        None => Timeliness::Timeless,
        Some(t) if t.minus_millis(SKEW_ALLOWANCE_MS) <= recorded_at => Timeliness::Timely(t),
        Some(_) => Timeliness::Ahead,
    }
}
