//! What a verification has found so far, kept so that one that was stopped can go on.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use event_store::{AggregateId, Timestamp, Version};
use serde::{Deserialize, Serialize};

use super::Found;

/// After so long what was checked may have been altered since: a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How many of those that wait for the feed are named.
const NAMED: usize = 10;

/// An aggregate whose history does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Finding {
    pub(super) aggregate: AggregateId,
    /// The first version that does not hold.
    pub(super) version: Version,
    pub(super) problem: String,
}

/// Change sets of an aggregate that are not in the feed: these versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) aggregate: AggregateId,
    pub(super) first: Version,
    pub(super) last: Version,
}

impl fmt::Display for Waiting {
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

/// How far a verification is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Notes {
    /// Of which store.
    store: String,
    /// When it began; nobody knows of those that do not say.
    #[serde(default)]
    pub(super) begun: Option<Timestamp>,
    /// The page of keys that it is on.
    pub(super) page: Option<String>,
    /// What has been verified of that page.
    done: Vec<AggregateId>,
    pub(super) aggregates: u64,
    pub(super) change_sets: u64,
    /// Change sets that are not in the feed yet.
    #[serde(default)]
    pub(super) unsequenced: u64,
    /// Of how many aggregates.
    #[serde(default)]
    pub(super) lagging: u64,
    /// The first of them.
    #[serde(default)]
    pub(super) waiting: Vec<Waiting>,
    /// The last batch of the feed all of whose references have been followed.
    #[serde(default)]
    pub(super) batch: u64,
    pub(super) findings: Vec<Finding>,
}

impl Notes {
    /// Those of a verification of this store that begins now.
    pub(super) fn begin(store: &str, now: Timestamp) -> Self {
        Self { store: store.to_owned(), begun: Some(now), ..Self::default() }
    }

    /// Those that an earlier verification of this store has left.
    pub(super) fn left(file: &Path, store: &str) -> Option<Self> {
        let left = fs::read(file).ok().and_then(|json| serde_json::from_slice::<Self>(&json).ok());
        left.filter(|notes| notes.store == store)
    }

    /// Whether what they say can be gone by still.
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
            // The last one may reach into this page.
            self.done.drain(..self.done.len().saturating_sub(1));
            self.page = found.page;
        }
        self.done.push(found.aggregate);
        self.aggregates += 1;
        self.change_sets += found.change_sets;
        self.findings.extend(finding);
    }

    /// Notes that these are not in the feed.
    pub(super) fn add_waiting(&mut self, waiting: Waiting) {
        self.unsequenced += waiting.last - waiting.first + 1;
        self.lagging += 1;
        if self.waiting.len() < NAMED {
            self.waiting.push(waiting);
        }
    }

    /// Notes what is wrong with a change set that the feed names, unless more of its history is.
    pub(super) fn add_named(&mut self, finding: Finding) {
        let is_known = |known: &Finding| {
            known.aggregate == finding.aggregate && known.version <= finding.version
        };
        if !self.findings.iter().any(is_known) {
            self.findings.push(finding);
        }
    }

    /// Puts them where the next verification finds them: whole, or not at all.
    pub(super) fn keep(&self, file: &Path) -> io::Result<()> {
        let beside = PathBuf::from(format!("{}.new", file.display()));
        fs::write(&beside, serde_json::to_vec(self)?)?;
        fs::rename(beside, file)
    }
}

/// Takes them away, once nothing is left to go on with.
pub(super) fn forget(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
