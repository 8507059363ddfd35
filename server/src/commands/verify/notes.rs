//! The progress and the findings of a verification, saved so that an interrupted one can resume.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use event_store::{AggregateId, Timestamp, Version};
use serde::{Deserialize, Serialize};

use crate::walk::Found;

/// The maximum age of notes to resume from: older checks say too little about the store today.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The maximum number of waiting aggregates that are named.
const NAMED: usize = 10;

/// An aggregate whose history does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Finding {
    pub(super) aggregate: AggregateId,
    /// The first version that does not hold.
    pub(super) version: Version,
    pub(super) problem: String,
}

/// The versions of an aggregate that are not in the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MissingVersions {
    pub(super) aggregate: AggregateId,
    pub(super) first: Version,
    pub(super) last: Version,
}

impl fmt::Display for MissingVersions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { aggregate, first, last } = self;
        write!(f, "{} {}, ", aggregate.kind, aggregate.id)?;
        if first == last {
            write!(f, "version {last}")
        } else {
            write!(f, "versions {first} to {last}")
        }
    }
}

/// The progress and the findings of a verification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Notes {
    /// The identity of the store.
    store: String,
    /// The time at which the verification began; missing from notes of earlier releases.
    #[serde(default)]
    pub(super) begun: Option<Timestamp>,
    /// The cursor of the current page of keys.
    pub(super) page: Option<String>,
    /// The aggregates of that page that have been verified.
    done: Vec<AggregateId>,
    pub(super) aggregates: u64,
    pub(super) change_sets: u64,
    /// Change sets that are not in the feed yet.
    #[serde(default)]
    pub(super) unsequenced: u64,
    /// The number of aggregates that these change sets belong to.
    #[serde(default)]
    pub(super) lagging: u64,
    /// The first of these aggregates.
    #[serde(default)]
    pub(super) waiting: Vec<MissingVersions>,
    /// The last batch of the feed whose references have all been resolved.
    #[serde(default)]
    pub(super) batch: u64,
    pub(super) findings: Vec<Finding>,
}

impl Notes {
    /// Begins the notes of a new verification of this store.
    pub(super) fn begin(store: &str, now: Timestamp) -> Self {
        Self { store: store.to_owned(), begun: Some(now), ..Self::default() }
    }

    /// Reads the notes that an earlier verification of this store left.
    pub(super) fn left(file: &Path, store: &str) -> Option<Self> {
        let left = fs::read(file).ok().and_then(|json| serde_json::from_slice::<Self>(&json).ok());
        left.filter(|notes| notes.store == store)
    }

    /// Returns whether the notes are recent enough to resume from.
    pub(super) fn are_recent(&self, now: Timestamp) -> bool {
        let age = |begun: Timestamp| now.as_millis() - begun.as_millis();
        self.begun.is_some_and(|begun| (0..=DAY_MS).contains(&age(begun)))
    }

    pub(super) fn has_done(&self, found: &Found) -> bool {
        self.done.contains(&found.aggregate)
    }

    /// Notes that this aggregate has been verified.
    pub(super) fn add(&mut self, found: Found, finding: Option<Finding>) {
        if self.page != found.page {
            // The keys of the last aggregate may extend onto the new page.
            self.done.drain(..self.done.len().saturating_sub(1));
            self.page = found.page;
        }
        self.done.push(found.aggregate);
        self.aggregates += 1;
        self.change_sets += found.change_sets;
        self.findings.extend(finding);
    }

    /// Notes that these versions are not in the feed.
    pub(super) fn add_waiting(&mut self, waiting: MissingVersions) {
        self.unsequenced += waiting.last - waiting.first + 1;
        self.lagging += 1;
        if self.waiting.len() < NAMED {
            self.waiting.push(waiting);
        }
    }

    /// Notes a fault of a change set that the feed references, unless its history is already known
    /// to break at that version or earlier.
    pub(super) fn add_named(&mut self, finding: Finding) {
        let is_known = |known: &Finding| {
            known.aggregate == finding.aggregate && known.version <= finding.version
        };
        if !self.findings.iter().any(is_known) {
            self.findings.push(finding);
        }
    }

    /// Saves the notes for the next verification, atomically.
    pub(super) fn keep(&self, file: &Path) -> io::Result<()> {
        let beside = PathBuf::from(format!("{}.new", file.display()));
        fs::write(&beside, serde_json::to_vec(self)?)?;
        fs::rename(beside, file)
    }
}

/// Removes the notes once a verification is complete.
pub(super) fn forget(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
