use super::{
    AdjustStock, ChangeMaxQuantity, CheckInItems, CreateInventoryItem, DeactivateInventoryItem,
    InventoryItem, InventoryItemCommand as Command, ReactivateInventoryItem, RemovalReason,
    RemoveItems, RenameInventoryItem, SetReorderLevel,
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
                Command::CheckInItems(CheckInItems { quantity: 1, ..CheckInItems::default() })
            }
            Self::Remove | Self::WriteOffRemaining => {
                Command::RemoveItems(RemoveItems { quantity: 1, reason: RemovalReason::Lost })
            }
            Self::Adjust => Command::AdjustStock(AdjustStock { counted: 0, reason: anything() }),
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
