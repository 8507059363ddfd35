//! One kind of thing on the shelf, and its count.

mod balances;
mod command;
mod event;
mod list;
mod rejection;
mod task;

use event_store::{Aggregate, AggregateId, Context, Upcaster};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use balances::{BALANCES_LIMIT, Balance, Balances};
pub use command::{
    AdjustStock, ChangeMaxQuantity, CheckInItems, CreateInventoryItem, DeactivateInventoryItem,
    InventoryItemCommand, ReactivateInventoryItem, RemovalReason, RemoveItems, RenameInventoryItem,
    SetReorderLevel, TransferItems, UnknownRemovalReason,
};
pub use event::{
    InventoryItemCreated, InventoryItemDeactivated, InventoryItemEvent, InventoryItemReactivated,
    InventoryItemRenamed, ItemsCheckedIn, ItemsRemoved, ItemsTransferred, MaxQuantityChanged,
    ReorderLevelSet, StockAdjusted,
};
pub use rejection::InventoryItemRejection;
pub use task::Task;

use crate::kind::Kind;
use crate::limits::{COUNT, ON_HAND_LIMIT, QUANTITY, UNIT_COST, line, optional_line, within};
use crate::list::Column;
use crate::location::Location;
use crate::sku::Claim;
use InventoryItemCommand as Command;
use InventoryItemEvent as Event;
use InventoryItemRejection as Rejection;

/// The first rules that record a count that agrees with the books; earlier rules refuse it.
const COUNTS_MAY_AGREE: u32 = 2;
/// The first rules that refuse to set a maximum or a reorder level to its current value.
const SAME_FIGURES_ARE_REFUSED: u32 = 2;

/// The state of an inventory item at one version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InventoryItem {
    /// The stock keeping unit, as its users write it.
    pub sku: String,
    /// The name of the item.
    pub name: String,
    /// The unit in which it is counted: `pcs`, `kg`, `box`.
    pub unit: String,
    /// The quantity on hand: the sum of the balances.
    pub on_hand: i64,
    /// The quantity on hand at each location.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Balance>))]
    pub balances: Balances,
    /// The maximum quantity, if there is a limit.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub max_quantity: Option<i64>,
    /// The quantity below which it is time to order more, if one is set.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub reorder_level: Option<i64>,
    /// True if tasks can be performed on the item.
    pub active: bool,
}

impl InventoryItem {
    /// Returns whether the item has been created. The SKU of a created item is never blank.
    pub fn exists(&self) -> bool {
        !self.sku.is_empty()
    }

    /// Returns whether it is time to order more.
    pub fn is_below_reorder_level(&self) -> bool {
        self.active && self.reorder_level.is_some_and(|level| self.on_hand < level)
    }

    fn must_exist(&self) -> Result<(), Rejection> {
        if self.exists() { Ok(()) } else { Err(Rejection::UnknownItem) }
    }

    fn must_be_active(&self) -> Result<(), Rejection> {
        self.must_exist()?;
        if self.active { Ok(()) } else { Err(Rejection::Inactive) }
    }

    fn decide_events(&self, command: &Command, rules: u32) -> Result<Event, Rejection> {
        match command {
            Command::CreateInventoryItem(c) => self.create(c),
            Command::RenameInventoryItem(c) => self.rename(c),
            Command::CheckInItems(c) => self.check_in(c),
            Command::RemoveItems(c) => self.remove(c),
            Command::TransferItems(c) => self.transfer(c),
            Command::AdjustStock(c) => self.adjust(c, rules),
            Command::ChangeMaxQuantity(c) => self.change_max(c, rules),
            Command::SetReorderLevel(c) => self.set_reorder_level(c, rules),
            Command::DeactivateInventoryItem(c) => self.deactivate(c),
            Command::ReactivateInventoryItem(_) => self.reactivate(),
        }
    }

    fn create(&self, command: &CreateInventoryItem) -> Result<Event, Rejection> {
        if self.exists() {
            return Err(Rejection::ExistsAlready { sku: self.sku.clone() });
        }
        let max_quantity =
            command.max_quantity.map(|m| within("max_quantity", m, &QUANTITY)).transpose()?;
        Ok(Event::InventoryItemCreated(InventoryItemCreated {
            sku: line("sku", &command.sku)?,
            name: line("name", &command.name)?,
            unit: line("unit", &command.unit)?,
            max_quantity,
        }))
    }

    fn rename(&self, command: &RenameInventoryItem) -> Result<Event, Rejection> {
        self.must_be_active()?;
        let name = line("name", &command.name)?;
        if name == self.name {
            return Err(Rejection::SameName { name });
        }
        Ok(Event::InventoryItemRenamed(InventoryItemRenamed { name }))
    }

    fn check_in(&self, command: &CheckInItems) -> Result<Event, Rejection> {
        self.must_be_active()?;
        let quantity = within("quantity", command.quantity, &QUANTITY)?;
        let on_hand = self.on_hand;
        let after = on_hand.saturating_add(quantity);
        match self.max_quantity {
            Some(max_quantity) if after > max_quantity => {
                return Err(Rejection::ExceedsMaximum { on_hand, quantity, max_quantity });
            }
            None if after > ON_HAND_LIMIT => {
                return Err(Rejection::ExceedsMaximum {
                    on_hand,
                    quantity,
                    max_quantity: ON_HAND_LIMIT,
                });
            }
            _ => {}
        }
        self.must_have_room_at(command.location)?;
        Ok(Event::ItemsCheckedIn(ItemsCheckedIn {
            quantity,
            location: command.location,
            reference: optional_line("reference", command.reference.as_deref())?,
            unit_cost: command.unit_cost.map(|c| within("unit_cost", c, &UNIT_COST)).transpose()?,
        }))
    }

    fn remove(&self, command: &RemoveItems) -> Result<Event, Rejection> {
        self.must_be_active()?;
        let quantity = within("quantity", command.quantity, &QUANTITY)?;
        self.must_have(quantity, command.location)?;
        let (location, reason) = (command.location, command.reason);
        Ok(Event::ItemsRemoved(ItemsRemoved { quantity, location, reason }))
    }

    fn transfer(&self, command: &TransferItems) -> Result<Event, Rejection> {
        self.must_be_active()?;
        let quantity = within("quantity", command.quantity, &QUANTITY)?;
        let (from, to) = (command.from, command.to);
        if from == to {
            return Err(Rejection::SameLocation { location: to });
        }
        self.must_have(quantity, from)?;
        self.must_have_room_at(to)?;
        Ok(Event::ItemsTransferred(ItemsTransferred { from, to, quantity }))
    }

    fn must_have(&self, quantity: i64, location: Option<Uuid>) -> Result<(), Rejection> {
        if quantity > self.on_hand {
            return Err(Rejection::MoreThanOnHand { on_hand: self.on_hand, quantity });
        }
        match self.balances.at(location) {
            on_hand if quantity > on_hand => {
                Err(Rejection::MoreThanAtLocation { location, on_hand, quantity })
            }
            _ => Ok(()),
        }
    }

    /// Checks that the item can be in stock at this location, too.
    fn must_have_room_at(&self, location: Option<Uuid>) -> Result<(), Rejection> {
        if self.balances.len() >= BALANCES_LIMIT && self.balances.at(location) == 0 {
            return Err(Rejection::TooManyLocations { limit: BALANCES_LIMIT });
        }
        Ok(())
    }

    fn adjust(&self, command: &AdjustStock, rules: u32) -> Result<Event, Rejection> {
        self.must_be_active()?;
        let counted = within("counted", command.counted, &COUNT)?;
        let on_hand = self.balances.at(command.location);
        let delta = counted.saturating_sub(on_hand);
        let reason = if delta == 0 && rules >= COUNTS_MAY_AGREE {
            optional_line("reason", Some(&command.reason))?.unwrap_or_default()
        } else {
            line("reason", &command.reason)?
        };
        if delta == 0 && rules < COUNTS_MAY_AGREE {
            return Err(Rejection::NoDifference { on_hand });
        }
        if delta != 0 {
            self.must_have_room_at(command.location)?;
        }
        let location = command.location;
        Ok(Event::StockAdjusted(StockAdjusted { counted, delta, location, reason }))
    }

    fn change_max(&self, command: &ChangeMaxQuantity, rules: u32) -> Result<Event, Rejection> {
        self.must_be_active()?;
        let max_quantity =
            command.max_quantity.map(|m| within("max_quantity", m, &QUANTITY)).transpose()?;
        if max_quantity == self.max_quantity && rules >= SAME_FIGURES_ARE_REFUSED {
            return Err(Rejection::SameMaximum { max_quantity });
        }
        match max_quantity {
            Some(max_quantity) if max_quantity < self.on_hand => {
                Err(Rejection::BelowOnHand { on_hand: self.on_hand, max_quantity })
            }
            _ => Ok(Event::MaxQuantityChanged(MaxQuantityChanged { max_quantity })),
        }
    }

    fn set_reorder_level(&self, command: &SetReorderLevel, rules: u32) -> Result<Event, Rejection> {
        self.must_be_active()?;
        let level = within("level", command.level, &COUNT)?;
        if self.reorder_level == Some(level) && rules >= SAME_FIGURES_ARE_REFUSED {
            return Err(Rejection::SameReorderLevel { level });
        }
        Ok(Event::ReorderLevelSet(ReorderLevelSet { level }))
    }

    fn deactivate(&self, command: &DeactivateInventoryItem) -> Result<Event, Rejection> {
        self.must_exist()?;
        if !self.active {
            return Err(Rejection::AlreadyInactive);
        }
        if self.on_hand > 0 {
            return Err(Rejection::StockOnHand { on_hand: self.on_hand });
        }
        let reason = line("reason", &command.reason)?;
        Ok(Event::InventoryItemDeactivated(InventoryItemDeactivated { reason }))
    }

    fn reactivate(&self) -> Result<Event, Rejection> {
        self.must_exist()?;
        if self.active {
            return Err(Rejection::AlreadyActive);
        }
        Ok(Event::InventoryItemReactivated(InventoryItemReactivated {}))
    }
}

impl Aggregate for InventoryItem {
    const KIND: &'static str = "inventory-item";
    const RULES: u32 = 2;
    const STATE_SCHEMA: u32 = 2;

    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command, context: &Context) -> Result<Vec<Event>, Rejection> {
        self.decide_events(command, context.rules).map(|event| vec![event])
    }

    fn evolve(mut self, event: &Event) -> Self {
        for (location, delta) in event.deltas() {
            self.on_hand = self.on_hand.saturating_add(delta);
            self.balances = self.balances.with(location, delta);
        }
        match event {
            Event::InventoryItemCreated(e) => {
                self.sku.clone_from(&e.sku);
                self.name.clone_from(&e.name);
                self.unit.clone_from(&e.unit);
                self.max_quantity = e.max_quantity;
                self.active = true;
            }
            Event::InventoryItemRenamed(e) => self.name.clone_from(&e.name),
            Event::ItemsCheckedIn(_)
            | Event::ItemsRemoved(_)
            | Event::ItemsTransferred(_)
            | Event::StockAdjusted(_) => {}
            Event::MaxQuantityChanged(e) => self.max_quantity = e.max_quantity,
            Event::ReorderLevelSet(e) => self.reorder_level = Some(e.level),
            Event::InventoryItemDeactivated(_) => self.active = false,
            Event::InventoryItemReactivated(_) => self.active = true,
        }
        self
    }

    fn begins(command: &Command) -> bool {
        matches!(command, Command::CreateInventoryItem(_))
    }

    /// Returns whether `event` invalidates the premise of `command`.
    ///
    /// Stock movements commute: each is decided again on the current state. A command that asserts
    /// an observed value (a name, a count, a limit) conflicts with a change of that value, so a
    /// count conflicts with every movement at its location.
    fn conflicts_with(command: &Command, event: &Event) -> bool {
        match command {
            Command::CreateInventoryItem(_) => true,
            Command::CheckInItems(_) | Command::RemoveItems(_) | Command::TransferItems(_) => false,
            Command::RenameInventoryItem(_) => matches!(event, Event::InventoryItemRenamed(_)),
            Command::AdjustStock(c) => event.moves_stock_at(c.location),
            Command::ChangeMaxQuantity(_) => matches!(event, Event::MaxQuantityChanged(_)),
            Command::SetReorderLevel(_) => matches!(event, Event::ReorderLevelSet(_)),
            Command::DeactivateInventoryItem(_) => {
                matches!(event, Event::InventoryItemReactivated(_))
            }
            Command::ReactivateInventoryItem(_) => {
                matches!(event, Event::InventoryItemDeactivated(_))
            }
        }
    }

    fn reason(command: &Command) -> Option<String> {
        match command {
            Command::RemoveItems(c) => Some(c.reason.to_string()),
            Command::AdjustStock(c) => optional_line("reason", Some(&c.reason)).ok().flatten(),
            Command::DeactivateInventoryItem(c) => Some(c.reason.trim().to_owned()),
            _ => None,
        }
    }

    fn event_upcasters() -> &'static [Upcaster] {
        const {
            &[
                names_no_location("ItemsCheckedIn"),
                names_no_location("ItemsRemoved"),
                names_no_location("StockAdjusted"),
            ]
        }
    }

    fn command_upcasters() -> &'static [Upcaster] {
        const {
            &[
                names_no_location("CheckInItems"),
                names_no_location("RemoveItems"),
                names_no_location("AdjustStock"),
            ]
        }
    }
}

/// Returns the upcaster of a type that names a location since schema 2. Earlier data concern
/// unassigned stock, which is what a missing location means.
const fn names_no_location(name: &'static str) -> Upcaster {
    Upcaster { name, from: 1, upcast: Ok }
}

impl Kind for InventoryItem {
    const COLUMNS: &'static [Column<Self>] = list::COLUMNS;

    type Task = Task;

    fn display_name(&self) -> &str {
        &self.name
    }

    /// Decides the least demanding command of the task, so that the answer agrees with
    /// [`Aggregate::decide`].
    fn allows(&self, task: Task) -> Result<(), Rejection> {
        self.decide_events(&task.least_command(self), Self::RULES).map(|_| ())
    }

    fn unblocked_by(rejection: &Rejection) -> Option<Task> {
        match rejection {
            Rejection::Inactive => Some(Task::Reactivate),
            // This limit holds for items without a maximum, and no maximum could raise it.
            Rejection::ExceedsMaximum { max_quantity: ON_HAND_LIMIT, .. } => None,
            Rejection::ExceedsMaximum { .. } => Some(Task::ChangeMaximum),
            Rejection::MoreThanOnHand { .. } => Some(Task::CheckIn),
            Rejection::MoreThanAtLocation { .. } | Rejection::TooManyLocations { .. } => {
                Some(Task::Transfer)
            }
            Rejection::BelowOnHand { .. } => Some(Task::Remove),
            Rejection::StockOnHand { .. } => Some(Task::WriteOffRemaining),
            _ => None,
        }
    }

    fn is_unknown(rejection: &Rejection) -> bool {
        matches!(rejection, Rejection::UnknownItem)
    }

    /// Returns the locations that goods come to or leave.
    fn references(command: &Command) -> Vec<AggregateId> {
        let locations = match command {
            Command::CheckInItems(c) => [c.location, None],
            Command::RemoveItems(c) => [c.location, None],
            Command::AdjustStock(c) => [c.location, None],
            Command::TransferItems(c) => [c.from, c.to],
            _ => [None, None],
        };
        locations.into_iter().flatten().map(AggregateId::of::<Location>).collect()
    }

    /// Returns the claim of the SKU of a new item.
    fn claim(id: Uuid, command: &Command) -> Option<Claim> {
        match command {
            Command::CreateInventoryItem(c) => Some(Claim::new(id, &c.sku, &c.name)),
            _ => None,
        }
    }
}
