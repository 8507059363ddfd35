//! The aggregate that all contenders keep: a stock. No command is refused, so that only storing is
//! measured.

use std::convert::Infallible;

use event_store::{Aggregate, Context};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stock {
    pub(super) on_hand: u64,
    /// The number of events folded into this state.
    pub(super) events: u64,
}

/// One lot, one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(super) enum Command {
    /// The first command of an aggregate, whose id its author has just made.
    Open {
        lots: Vec<Lot>,
    },
    CheckIn {
        lots: Vec<Lot>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(super) enum Event {
    CheckedIn(Lot),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lot {
    quantity: u32,
    reference: String,
    unit_cost: u32,
}

impl Command {
    /// Checks in this many lots, as a small business does.
    pub(super) fn lots(count: u32) -> Self {
        Self::CheckIn { lots: small(count) }
    }

    /// Checks in this many lots as the first command of an aggregate.
    pub(super) fn first(count: u32) -> Self {
        Self::Open { lots: small(count) }
    }

    /// Checks in one lot. Its reference has this many letters, which compress to no less than three
    /// quarters.
    pub(super) fn long(letters: usize) -> Self {
        let reference = noise(letters);
        Self::CheckIn { lots: vec![Lot { quantity: 12, reference, unit_cost: 1250 }] }
    }

    pub(super) fn is_first(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    pub(super) fn events(&self) -> Vec<Event> {
        let (Self::Open { lots } | Self::CheckIn { lots }) = self;
        lots.iter().cloned().map(Event::CheckedIn).collect()
    }
}

fn small(count: u32) -> Vec<Lot> {
    let lot =
        |number| Lot { quantity: 12, reference: format!("PO {}", 1180 + number), unit_cost: 1250 };
    (0..count).map(lot).collect()
}

impl Stock {
    pub(super) fn add(&mut self, Event::CheckedIn(lot): &Event) {
        self.on_hand += u64::from(lot.quantity);
        self.events += 1;
    }
}

impl Aggregate for Stock {
    const KIND: &'static str = "stock";
    type Command = Command;
    type Event = Event;
    type Rejection = Never;

    fn decide(&self, command: &Command, _: &Context) -> Result<Vec<Event>, Never> {
        Ok(command.events())
    }

    fn evolve(mut self, event: &Event) -> Self {
        self.add(event);
        self
    }

    fn begins(command: &Command) -> bool {
        command.is_first()
    }

    /// Returns false: a check-in does not mind another one.
    fn conflicts_with(_: &Command, _: &Event) -> bool {
        false
    }
}

/// An error that cannot occur.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct Never(Infallible);

/// Makes a text of 64 different letters without a pattern, the same each time (Marsaglia's
/// xorshift).
fn noise(letters: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let letter = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(ALPHABET[usize::try_from(state >> 58).unwrap_or(0)])
    };
    (0..letters).map(letter).collect()
}
