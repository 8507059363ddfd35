//! The readable part of a damaged history.

use api::wire::AggregateState;
use api::{Code, Fault, Problem};
use domain::Kind;
use event_store::{ChainBreak, ChangeSet, Head, PAGE_BYTES, Page, StoreError, Version};
use uuid::Uuid;

use super::AggregateService;
use crate::problems;

impl<A: Kind> AggregateService<A> {
    /// Returns the state as of a version, or the current one. If a version that it rests on is
    /// damaged, returns the state before that version, and the fault.
    ///
    /// # Errors
    /// As [`AggregateService::state_of`]; `corrupt` when not even version 1 holds.
    pub(super) async fn readable_state_of(
        &self,
        id: Uuid,
        version: Option<Version>,
    ) -> Result<(AggregateState<A>, Option<Fault>), Problem> {
        let mut fault: Option<Fault> = None;
        let mut as_of = version;
        loop {
            match self.handler().load(id, as_of).await {
                Ok(head) => return self.judge(head, as_of, fault).await,
                // Each attempt goes further back, so the loop ends.
                Err(StoreError::Corrupt { version: broken, problem, .. })
                    if as_of.is_none_or(|as_of| broken <= as_of) =>
                {
                    fault = Some(told::<A>(id, broken, problem));
                    match broken {
                        ..=1 => return Err(nothing_holds(fault)),
                        _ => as_of = Some(broken - 1),
                    }
                }
                Err(error) => return Err(problems::of_store(&error)),
            }
        }
    }

    /// Checks whether a load reached its end. One that stops too early has met a gap, if a later
    /// version exists.
    async fn judge(
        &self,
        head: Head<A>,
        as_of: Option<Version>,
        fault: Option<Fault>,
    ) -> Result<(AggregateState<A>, Option<Fault>), Problem> {
        let id = head.aggregate().id;
        let next = match (&fault, as_of) {
            (Some(fault), _) => Some(fault.version),
            (None, Some(as_of)) if head.version < as_of => {
                self.version_after(id, head.version).await?
            }
            (None, _) => None,
        };
        let expected = head.version + 1;
        let fault = match next {
            Some(found) if found > expected => Some(missing::<A>(id, expected, found)),
            _ => fault,
        };
        match (head.version, as_of) {
            (0, _) if fault.is_some() => Err(nothing_holds(fault)),
            (0, _) => Err(problems::unknown_aggregate(head.aggregate())),
            (newest, Some(as_of)) if newest < as_of && fault.is_none() => {
                Err(problems::unknown_version(as_of, newest))
            }
            _ => Ok((state(head), fault)),
        }
    }

    /// Returns the next version that exists, readable or not.
    async fn version_after(&self, id: Uuid, version: Version) -> Result<Option<Version>, Problem> {
        match self.page(id, Page::After { version, limit: 1 }).await {
            Ok(next) => Ok(next.first().map(|next| next.version)),
            Err(StoreError::Corrupt { version, .. }) => Ok(Some(version)),
            Err(error) => Err(problems::of_store(&error)),
        }
    }

    /// Returns up to `limit` unverified change sets from version `newest` down, newest first, as
    /// far as they are readable and contiguous; and the faults of those left out.
    ///
    /// # Errors
    /// When the store is unavailable.
    pub(super) async fn readable_change_sets(
        &self,
        id: Uuid,
        mut newest: Version,
        mut limit: usize,
    ) -> Result<(Vec<ChangeSet>, Vec<Fault>), Problem> {
        let mut faults = Vec::new();
        let mut found = loop {
            match self.page(id, Page::Before { version: newest + 1, limit }).await {
                Ok(found) => break found,
                Err(StoreError::Corrupt { version, problem, .. }) if version <= newest => {
                    faults.push(told::<A>(id, version, problem));
                    if version == newest {
                        newest -= 1;
                    } else {
                        // The versions after it are read without it.
                        limit = usize::try_from(newest - version).unwrap_or(limit);
                    }
                }
                Err(error) => return Err(problems::of_store(&error)),
            }
        };
        let mut after = newest + 1;
        let mut unbroken = 0;
        for change_set in &found {
            if change_set.version + 1 < after {
                faults.push(missing::<A>(id, change_set.version + 1, after));
                if unbroken > 0 {
                    break;
                }
            }
            after = change_set.version;
            unbroken += 1;
        }
        let bytes: usize = found.iter().map(|change_set| change_set.body().len()).sum();
        let ended = found.len() < limit && bytes < PAGE_BYTES;
        if ended && unbroken == found.len() && after > 1 {
            faults.push(missing::<A>(id, 1, after));
        }
        found.truncate(unbroken);
        Ok((found, faults))
    }
}

pub(super) fn state<A: Kind>(head: Head<A>) -> AggregateState<A> {
    AggregateState {
        aggregate: head.aggregate().clone(),
        version: head.version,
        created_at: head.created_at,
        updated_at: head.updated_at,
        hash: head.hash,
        state: head.state,
    }
}

fn missing<A: Kind>(id: Uuid, expected: Version, found: Version) -> Fault {
    told::<A>(id, expected, ChainBreak::Gap { expected, found }.to_string())
}

/// Logs the fault and returns it.
fn told<A: Kind>(id: Uuid, version: Version, problem: String) -> Fault {
    tracing::error!(kind = A::KIND, %id, version, problem, "what is stored is not what was written");
    Fault { version, problem }
}

fn nothing_holds(fault: Option<Fault>) -> Problem {
    let Fault { version, problem } = fault.unwrap_or_default();
    let detail =
        format!("Version {version} is damaged: {problem}. No version before it can be shown.");
    Problem::new(Code::Corrupt, detail).with("failed_at", version)
}
