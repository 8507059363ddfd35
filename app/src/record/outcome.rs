use api::Problem;
use event_store::{ChangeSet, Version};

use crate::kind::RecordRef;

/// The outcome of the last submission of a form, if it did not succeed.
#[derive(Clone, Debug, PartialEq)]
pub enum SubmissionOutcome {
    /// The domain or another user's change refused it; nothing was recorded.
    Refused(Problem),
    /// It is unknown whether the command was recorded, or still will be.
    Unknown(Problem),
    /// An earlier submission was recorded; the current input was not.
    Recorded(Recorded),
}

impl SubmissionOutcome {
    /// Returns the outcome that a problem with a form implies.
    pub fn of(problem: Problem) -> Self {
        if problem.is_unknown_outcome() { Self::Unknown(problem) } else { Self::Refused(problem) }
    }
}

/// An earlier submission of a form.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The record.
    pub at: RecordRef,
    /// The version that it became.
    pub version: Version,
    /// Its sentence in the timeline, if known.
    pub sentence: Option<String>,
}

impl Recorded {
    /// Describes this version, with its sentence if the change set is loaded.
    pub fn new(at: RecordRef, version: Version, change_set: Option<&ChangeSet>) -> Self {
        let told = change_set.and_then(|change_set| at.kind.tell(change_set).ok());
        Self { at, version, sentence: told.and_then(|told| told.sentence) }
    }
}
