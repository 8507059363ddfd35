//! The report at the end of a verification.

use std::io::{self, StdoutLock, Write};

use super::Root;
use super::feed::Followed;
use super::notes::{Finding, Notes};
use crate::Failure;

#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) notes: &'a Notes,
    /// The number of change sets that an earlier, interrupted verification checked.
    pub(super) before: u64,
    pub(super) feed: &'a Followed,
    pub(super) root: Option<Root>,
}

/// Prints that the notes of an earlier verification are too old to resume from.
pub(super) fn say_too_old(left: &Notes) -> io::Result<()> {
    let begun = match left.begun {
        Some(begun) => format!("began at {begun}, not within the last day"),
        None => "does not say when it began".to_owned(),
    };
    writeln!(io::stdout(), "An interrupted verification {begun}: starting over.")
}

impl Report<'_> {
    /// Prints each fault. If there is none, prints the totals and the newest root, which reveals a
    /// later truncation.
    pub(super) fn print(&self) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        self.say_what_was_before(&mut stdout)?;
        let Notes { aggregates, ref findings, .. } = *self.notes;
        for Finding { aggregate, version, problem } in findings {
            writeln!(stdout, "{} {}, version {version}: {problem}", aggregate.kind, aggregate.id)?;
        }
        let (broken, lost) = (self.feed.broken.as_ref(), self.feed.lost());
        if let Some(broken) = broken {
            writeln!(stdout, "{broken}")?;
        }
        if let Some(lost) = lost {
            writeln!(stdout, "{lost}")?;
        }
        self.say_what_waits(&mut stdout)?;
        if !findings.is_empty() {
            return Err(Failure::Altered { altered: findings.len() as u64, aggregates });
        }
        if broken.is_some() || lost.is_some() {
            return Err(Failure::FeedAltered);
        }
        self.say_that_all_is_well(&mut stdout)?;
        Ok(())
    }

    fn say_what_was_before(&self, stdout: &mut StdoutLock<'_>) -> io::Result<()> {
        match self.before {
            0 => Ok(()),
            before => writeln!(
                stdout,
                "{before} change sets were checked by the interrupted verification; `--afresh` checks them again."
            ),
        }
    }

    fn say_what_waits(&self, stdout: &mut StdoutLock<'_>) -> io::Result<()> {
        let Notes { unsequenced, lagging, waiting, .. } = self.notes;
        if *unsequenced == 0 {
            return Ok(());
        }
        writeln!(
            stdout,
            "{unsequenced} change sets are not in the feed yet; `daybook reconcile` puts them there."
        )?;
        for waiting in waiting {
            writeln!(stdout, "  {waiting}")?;
        }
        match lagging.saturating_sub(waiting.len() as u64) {
            0 => Ok(()),
            more => writeln!(stdout, "  and {more} more"),
        }
    }

    fn say_that_all_is_well(&self, stdout: &mut StdoutLock<'_>) -> io::Result<()> {
        let Notes { aggregates, change_sets, begun, .. } = self.notes;
        match (self.before, begun) {
            (before @ 1.., Some(begun)) => writeln!(
                stdout,
                "All {change_sets} change sets of {aggregates} aggregates were as they were written when \
                 they were checked: {} now, {before} by a verification that began at {begun}.",
                change_sets.saturating_sub(before)
            )?,
            _ => writeln!(
                stdout,
                "All {change_sets} change sets of {aggregates} aggregates are as they were written."
            )?,
        }
        if let Some(root) = self.root {
            writeln!(stdout, "The feed still has batch {} as it was published.", root.batch)?;
        }
        let head = self.feed.head();
        match Root::of(head) {
            Some(root) => writeln!(
                stdout,
                "The feed ends at position {}. To check later that nothing was cut off: daybook verify \
                 --root {root}",
                head.position
            ),
            None => Ok(()),
        }
    }
}
