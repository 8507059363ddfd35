use serde::{Deserialize, Serialize};

use crate::{Aggregate, Context};

/// The aggregate that stores are tested with: a number that never goes below zero, with a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The number.
    pub total: i64,
    /// The name.
    pub name: String,
    /// How many notes it has; the notes themselves are in its history.
    pub notes: u64,
}

/// Its commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Task {
    /// More.
    Add {
        /// By how much.
        amount: i64,
    },
    /// Less, unless that is below zero.
    Take {
        /// By how much.
        amount: i64,
    },
    /// Another name.
    Rename {
        /// Which.
        name: String,
    },
    /// A remark, as long as one likes.
    Note {
        /// It.
        text: String,
    },
}

/// Its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// More.
    Added {
        /// By how much.
        amount: i64,
    },
    /// Less.
    Taken {
        /// By how much.
        amount: i64,
    },
    /// Another name.
    Renamed {
        /// Which.
        name: String,
    },
    /// A remark.
    Noted {
        /// It.
        text: String,
    },
}

/// Why a tally says no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are only {0}")]
pub struct Refused(pub i64);

impl Aggregate for Tally {
    const KIND: &'static str = "tally";
    /// There has been an older one, so that snapshots of it can be tested.
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

    /// A tally gets its name first, as a rule; what is one already may be renamed all the same.
    fn begins(command: &Task) -> bool {
        matches!(command, Task::Rename { .. })
    }

    fn conflicts_with(command: &Task, event: &Event) -> bool {
        matches!((command, event), (Task::Rename { .. }, Event::Renamed { .. }))
    }
}
