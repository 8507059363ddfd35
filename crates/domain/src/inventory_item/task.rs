use uuid::Uuid;

use super::{
    AdjustStock, ChangeMaxQuantity, CheckInItems, CreateInventoryItem, DeactivateInventoryItem,
    InventoryItem, InventoryItemCommand as Command, ReactivateInventoryItem, RemovalReason,
    RemoveItems, RenameInventoryItem, SetReorderLevel, TransferItems,
};
use crate::kind::{self, Place};
use crate::limits::QUANTITY_LIMIT;

/// A task that a person can perform on an item, by the name they know it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the name says it")]
pub enum Task {
    Create,
    CheckIn,
    Remove,
    Transfer,
    Adjust,
    Rename,
    ChangeMaximum,
    SetReorderLevel,
    Deactivate,
    Reactivate,
    /// "Remove items" for the whole remaining stock, so that the item can be deactivated.
    WriteOffRemaining,
}

impl kind::Task for Task {
    /// All tasks, those of an item's page in display order.
    const ALL: &'static [Self] = &[
        Self::CheckIn,
        Self::Remove,
        Self::Transfer,
        Self::Adjust,
        Self::Rename,
        Self::ChangeMaximum,
        Self::SetReorderLevel,
        Self::Deactivate,
        Self::Reactivate,
        Self::Create,
        Self::WriteOffRemaining,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Create => "Create item",
            Self::CheckIn => "Check in items",
            Self::Remove => "Remove items",
            Self::Transfer => "Transfer items",
            Self::Adjust => "Adjust stock",
            Self::Rename => "Rename item",
            Self::ChangeMaximum => "Change maximum",
            Self::SetReorderLevel => "Set reorder level",
            Self::Deactivate => "Deactivate item",
            Self::Reactivate => "Reactivate item",
            Self::WriteOffRemaining => "Write off remaining",
        }
    }

    fn slug(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::CheckIn => "check-in",
            Self::Remove => "remove",
            Self::Transfer => "transfer",
            Self::Adjust => "adjust",
            Self::Rename => "rename",
            Self::ChangeMaximum => "change-maximum",
            Self::SetReorderLevel => "set-reorder-level",
            Self::Deactivate => "deactivate",
            Self::Reactivate => "reactivate",
            Self::WriteOffRemaining => "write-off-remaining",
        }
    }

    fn place(self) -> Place {
        match self {
            Self::Create => Place::OwnPage,
            Self::WriteOffRemaining => Place::Unblocking,
            _ => Place::Record,
        }
    }
}

impl Task {
    /// Returns the least demanding command of the task: if it is refused, so is every other.
    pub(super) fn least_command(self, item: &InventoryItem) -> Command {
        let anything = || "-".to_owned();
        match self {
            Self::Create => Command::CreateInventoryItem(CreateInventoryItem {
                sku: anything(),
                name: anything(),
                unit: anything(),
                max_quantity: None,
            }),
            Self::CheckIn => {
                let location = item.balances.first_location();
                let check_in = CheckInItems { quantity: 1, location, ..CheckInItems::default() };
                Command::CheckInItems(check_in)
            }
            Self::Remove | Self::WriteOffRemaining => {
                let location = item.balances.first_location();
                let reason = RemovalReason::Lost;
                Command::RemoveItems(RemoveItems { quantity: 1, location, reason })
            }
            Self::Transfer => {
                let mut places = item.balances.iter().map(|balance| balance.location);
                let from = places.next().flatten();
                let elsewhere = from.is_none().then_some(Uuid::nil());
                let to = places.next().unwrap_or(elsewhere);
                Command::TransferItems(TransferItems { from, to, quantity: 1 })
            }
            Self::Adjust => {
                let (location, reason) = (item.balances.first_location(), anything());
                Command::AdjustStock(AdjustStock { counted: 0, location, reason })
            }
            Self::Rename => {
                let name = if item.name == "-" { "+".to_owned() } else { anything() };
                Command::RenameInventoryItem(RenameInventoryItem { name })
            }
            Self::ChangeMaximum => {
                let least = item.on_hand.clamp(1, QUANTITY_LIMIT);
                let max_quantity = item.max_quantity.is_none().then_some(least);
                Command::ChangeMaxQuantity(ChangeMaxQuantity { max_quantity })
            }
            Self::SetReorderLevel => {
                let level = i64::from(item.reorder_level == Some(0));
                Command::SetReorderLevel(SetReorderLevel { level })
            }
            Self::Deactivate => {
                Command::DeactivateInventoryItem(DeactivateInventoryItem { reason: anything() })
            }
            Self::Reactivate => Command::ReactivateInventoryItem(ReactivateInventoryItem {}),
        }
    }
}
