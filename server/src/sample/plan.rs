//! The plan of the sample company, command by command.
//!
//! The plan is the same on every machine and every day: dates are fixed, chance is seeded, and each
//! command was decided on the books as they stood, so that every one of them is accepted in turn.
//! The ids are part of the plan, so that sending it twice is the same as sending it once.

mod assortment;
mod books;
mod calendar;
mod chance;
mod days;
mod locations;
mod people;
mod shelves;
mod story;
#[cfg(test)]
mod tests;
mod trade;

use domain::inventory_item::InventoryItemCommand;
use domain::location::LocationCommand;
use event_store::{AggregateId, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use days::Company;

/// One command of the plan, with everything that its envelope needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The record. Its id is a UUIDv7 of the moment of its creation.
    pub aggregate: AggregateId,
    /// The command's id: a UUIDv7 of `recorded_at`.
    pub command_id: Uuid,
    /// The delivery or the count that it is part of, or its own id.
    pub correlation_id: Uuid,
    /// The person who performs it.
    pub actor: &'static str,
    /// The time at which it is recorded.
    pub recorded_at: Timestamp,
    /// The command itself.
    pub command: PlannedCommand,
}

/// A command of any kind that the plan has.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum PlannedCommand {
    /// To an item.
    Item(InventoryItemCommand),
    /// To a location.
    Location(LocationCommand),
}

impl From<InventoryItemCommand> for PlannedCommand {
    fn from(command: InventoryItemCommand) -> Self {
        Self::Item(command)
    }
}

impl From<LocationCommand> for PlannedCommand {
    fn from(command: LocationCommand) -> Self {
        Self::Location(command)
    }
}

/// Returns all commands in their order.
pub fn plan() -> Vec<Planned> {
    let mut company = Company::new();
    for day in calendar::working_days() {
        company.spend(day);
    }
    company.move_in(calendar::MOVE);
    company.books.planned
}
