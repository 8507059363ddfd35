//! What a verification has found so far, kept so that one that was stopped can go on.

use std::path::{Path, PathBuf};
use std::{fs, io};

use event_store::{AggregateId, Version};
use serde::{Deserialize, Serialize};

use super::Found;

/// An aggregate whose history does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Finding {
    pub(super) aggregate: AggregateId,
    /// The first version that does not hold.
    pub(super) version: Version,
    pub(super) problem: String,
}

/// How far a verification is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Notes {
    /// Of which store.
    store: String,
    /// The page of keys that it is on.
    pub(super) page: Option<String>,
    /// What has been verified of that page.
    done: Vec<AggregateId>,
    pub(super) aggregates: u64,
    pub(super) change_sets: u64,
    /// Change sets that are not in the feed yet.
    #[serde(default)]
    pub(super) unsequenced: u64,
    /// The last batch of the feed all of whose references have been followed.
    #[serde(default)]
    pub(super) batch: u64,
    pub(super) findings: Vec<Finding>,
}

impl Notes {
    /// Those that an earlier verification of this store has left, or empty ones.
    pub(super) fn take_up(file: &Path, store: &str) -> Self {
        let left = fs::read(file).ok().and_then(|json| serde_json::from_slice::<Self>(&json).ok());
        let fresh = || Self { store: store.to_owned(), ..Self::default() };
        left.filter(|notes| notes.store == store).unwrap_or_else(fresh)
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
