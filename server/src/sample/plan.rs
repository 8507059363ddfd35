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
mod people;
mod shelves;
mod story;
#[cfg(test)]
mod tests;
mod trade;

use domain::inventory_item::InventoryItemCommand;
use event_store::Timestamp;
use uuid::Uuid;

use days::Company;

/// One command of the plan, with everything that its envelope needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The item's id: a UUIDv7 of the moment of its creation.
    pub item: Uuid,
    /// The command's id: a UUIDv7 of `recorded_at`.
    pub command_id: Uuid,
    /// The delivery or the count that it is part of, or its own id.
    pub correlation_id: Uuid,
    /// The person who performs it.
    pub actor: &'static str,
    /// The time at which it is recorded.
    pub recorded_at: Timestamp,
    /// The command itself.
    pub command: InventoryItemCommand,
}

/// Returns all commands in their order.
pub fn plan() -> Vec<Planned> {
    let mut company = Company::new();
    for day in calendar::working_days() {
        company.spend(day);
    }
    company.books.planned
}
