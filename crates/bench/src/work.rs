//! The measured commands, which a small business sends all day.

use domain::InventoryItem;
use domain::inventory_item::{CheckInItems, CreateInventoryItem, InventoryItemCommand};
use event_store::handler::Envelope;
use event_store::{Aggregate, ChangeSet, Context, Head, Timestamp, Version};
use uuid::Uuid;

use crate::Error;

const ACTOR: &str = "Mara Lindqvist";

/// Returns a creation once in ten commands. The others check in on an item that was created a while
/// ago, so that no command waits for the creation that it needs.
pub(crate) fn mixed(number: u64, items: &mut Vec<Uuid>) -> (Uuid, InventoryItemCommand) {
    const SETTLED: usize = 30;
    if number.is_multiple_of(10) || items.len() <= SETTLED {
        let item = Uuid::now_v7();
        items.push(item);
        return (item, create(number));
    }
    // Fibonacci hashing spreads consecutive numbers over the items.
    let place = usize::try_from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33).unwrap_or(0);
    (items[place % (items.len() - SETTLED)], check_in(number))
}

pub(crate) fn create(number: u64) -> InventoryItemCommand {
    InventoryItemCommand::CreateInventoryItem(CreateInventoryItem {
        sku: format!("BENCH-{number:06}"),
        name: format!("Measured item {number}"),
        unit: "pcs".into(),
        max_quantity: None,
    })
}

pub(crate) fn check_in(number: u64) -> InventoryItemCommand {
    InventoryItemCommand::CheckInItems(CheckInItems {
        quantity: 12,
        location: None,
        reference: Some(format!("PO {number}")),
        unit_cost: Some(1250),
    })
}

/// Wraps a command for the handler, with a new id and the current time.
pub(crate) fn envelope<C>(aggregate: Uuid, command: C) -> Envelope<C> {
    let command_id = Uuid::now_v7();
    Envelope::new(
        command_id,
        aggregate,
        command,
        ACTOR,
        Timestamp::of_uuid(command_id).unwrap_or_default(),
    )
}

/// The change sets of a new item as successive commands would leave them, sealed without a store.
pub(crate) struct History {
    pub(crate) head: Head<InventoryItem>,
}

impl Default for History {
    fn default() -> Self {
        Self { head: Head::empty(Uuid::now_v7()) }
    }
}

impl History {
    pub(crate) fn version(&self) -> Version {
        self.head.version
    }

    pub(crate) fn grow(&mut self) -> Result<ChangeSet, Error> {
        let next = self.next()?;
        self.head.apply(&next)?;
        Ok(next)
    }

    /// Returns the change set that [`History::grow`] would add.
    pub(crate) fn next(&self) -> Result<ChangeSet, Error> {
        let Head { version, hash, state, .. } = &self.head;
        let command = if *version == 0 { create(0) } else { check_in(*version) };
        let command_id = Uuid::now_v7();
        let context = Context {
            command_id,
            actor: ACTOR.into(),
            recorded_at: Timestamp::of_uuid(command_id).unwrap_or_default(),
            rules: InventoryItem::RULES,
            correlation_id: command_id,
            causation_id: None,
        };
        let events = state.decide(&command, &context)?;
        let aggregate = self.head.aggregate().clone();
        let next = ChangeSet::seal::<InventoryItem>(
            aggregate,
            version + 1,
            *hash,
            &command,
            &events,
            &context,
        );
        Ok(next?)
    }
}
