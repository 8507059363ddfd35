use std::fmt;

use super::verdict::{Failure, Verdict};

/// The outcome of each check.
#[derive(Clone, Debug, Default)]
pub struct Report {
    checks: Vec<(&'static str, Option<Failure>)>,
}

impl Report {
    pub(super) fn add(&mut self, check: &'static str, verdict: Verdict) {
        self.checks.push((check, verdict.err()));
    }

    /// Returns whether all checks passed. A report without checks has not passed.
    pub fn passed(&self) -> bool {
        !self.checks.is_empty() && self.failed().next().is_none()
    }

    /// The names of all checks.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.checks.iter().map(|(name, _)| *name)
    }

    /// The checks that failed, each with the reason.
    pub fn failed(&self) -> impl Iterator<Item = (&'static str, &Failure)> {
        self.checks.iter().filter_map(|(name, failure)| Some((*name, failure.as_ref()?)))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.failed().count();
        writeln!(f, "{} checks passed, {failed} failed", self.checks.len() - failed)?;
        self.failed().try_for_each(|(name, failure)| writeln!(f, "  {name}: {failure}"))
    }
}
