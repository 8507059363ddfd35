use api::Problem;
use domain::InventoryItem;
use event_store::{ChangeSet, Version};
use uuid::Uuid;

use crate::text::sentences;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The item.
    pub item: Uuid,
    /// The version that it became.
    pub version: Version,
    /// Its sentence in the timeline, if known.
    pub sentence: Option<String>,
}

impl Recorded {
    /// Describes this version, with its sentence if the change set is loaded.
    pub fn new(item: Uuid, version: Version, change_set: Option<&ChangeSet>) -> Self {
        let events = change_set.and_then(|c| c.events::<InventoryItem>().ok()).unwrap_or_default();
        Self { item, version, sentence: sentences(&events) }
    }
}
