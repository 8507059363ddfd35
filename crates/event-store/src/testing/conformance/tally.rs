use serde::{Deserialize, Serialize};

use crate::{Aggregate, Context};

/// The aggregate of the checks: a number with a name, which never goes below zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The number.
    pub total: i64,
    /// The name.
    pub name: String,
    /// The number of notes. The notes themselves are in the history.
    pub notes: u64,
}

/// The commands of a [`Tally`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Task {
    /// Increases the number.
    Add {
        /// The amount to add.
        amount: i64,
    },
    /// Decreases the number, unless it would go below zero.
    Take {
        /// The amount to take.
        amount: i64,
    },
    /// Changes the name.
    Rename {
        /// The new name.
        name: String,
    },
    /// Adds a note of any length.
    Note {
        /// The text of the note.
        text: String,
    },
}

/// The events of a [`Tally`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// The number was increased.
    Added {
        /// The amount added.
        amount: i64,
    },
    /// The number was decreased.
    Taken {
        /// The amount taken.
        amount: i64,
    },
    /// The name was changed.
    Renamed {
        /// The new name.
        name: String,
    },
    /// A note was added.
    Noted {
        /// The text of the note.
        text: String,
    },
}

/// The rejection of a [`Task::Take`] that exceeds this total.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are only {0}")]
pub struct Refused(pub i64);

impl Aggregate for Tally {
    const KIND: &'static str = "tally";
    /// Not the first schema, so that snapshots of an older one can be tested.
    const STATE_SCHEMA: u32 = 2;

    type Command = Task;
    type Event = Event;
    type Rejection = Refused;

    fn decide(&self, command: &Task, _: &Context) -> Result<Vec<Event>, Refused> {
        Ok(vec![match command.clone() {
            Task::Add { amount } => Event::Added { amount },
            Task::Take { amount } if amount > self.total => return Err(Refused(self.total)),
            Task::Take { amount } => Event::Taken { amount },
            Task::Rename { name } => Event::Renamed { name },
            Task::Note { text } => Event::Noted { text },
        }])
    }

    fn evolve(mut self, event: &Event) -> Self {
        match event {
            Event::Added { amount } => self.total += amount,
            Event::Taken { amount } => self.total -= amount,
            Event::Renamed { name } => self.name.clone_from(name),
            Event::Noted { .. } => self.notes += 1,
        }
        self
    }

    /// A rename usually creates a tally, but an existing tally can be renamed, too.
    fn begins(command: &Task) -> bool {
        matches!(command, Task::Rename { .. })
    }

    fn conflicts_with(command: &Task, event: &Event) -> bool {
        matches!((command, event), (Task::Rename { .. }, Event::Renamed { .. }))
    }
}
