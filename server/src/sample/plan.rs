//! What the sample company did, command by command.
//!
//! The plan is the same on every machine and every day: dates are fixed, chance is seeded, and each
//! command was decided on the books as they stood, so that every one of them is accepted in turn. Its
//! ids are part of it, which makes sending it twice the same as sending it once.

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

/// One command of the plan, with all that its envelope takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The item's id: a UUIDv7 of the moment it is created.
    pub item: Uuid,
    /// The command's id: a UUIDv7 of `recorded_at`.
    pub command_id: Uuid,
    /// The delivery or the count that it is part of, or its own id.
    pub correlation_id: Uuid,
    /// Who does it.
    pub actor: &'static str,
    /// When.
    pub recorded_at: Timestamp,
    /// What.
    pub command: InventoryItemCommand,
}

/// All commands in the order they were given.
pub fn plan() -> Vec<Planned> {
    let mut company = Company::new();
    for day in calendar::working_days() {
        company.spend(day);
    }
    company.books.planned
}
