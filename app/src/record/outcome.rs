use domain::InventoryItem;
use event_store::{ChangeSet, Version};
use uuid::Uuid;

use crate::problem::Problem;
use crate::text::sentences;

/// What became of a form the last time it was sent, where that was not what it asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A no, or another person's change: what it said was not recorded.
    Refused(Problem),
    /// Nobody knows whether it was recorded, or will be yet.
    Unknown(Problem),
    /// What it said before was recorded; what it says now was not.
    Recorded(Recorded),
}

impl Outcome {
    /// What a problem with a form says of its outcome.
    pub fn of(problem: Problem) -> Self {
        if problem.is_unknown_outcome() { Self::Unknown(problem) } else { Self::Refused(problem) }
    }
}

/// What a form has sent before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The item.
    pub item: Uuid,
    /// The version that it became.
    pub version: Version,
    /// What it says in the timeline, where that is known here.
    pub sentence: Option<String>,
}

impl Recorded {
    /// The change set of that version, if it is at hand.
    pub fn new(item: Uuid, version: Version, change_set: Option<&ChangeSet>) -> Self {
        let events = change_set.and_then(|c| c.events::<InventoryItem>().ok()).unwrap_or_default();
        Self { item, version, sentence: sentences(&events) }
    }
}
