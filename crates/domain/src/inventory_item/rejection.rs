use serde::{Deserialize, Serialize};

use super::Task;
use crate::limits::{ON_HAND_LIMIT, OutOfLimits};

/// Why not. Serializes as its `code` beside the figures that explain it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum InventoryItemRejection {
    /// There is no such item.
    #[error("there is no such item")]
    UnknownItem,
    /// There is one of this id already.
    #[error("this item exists already, as {sku}")]
    ExistsAlready {
        /// Its SKU.
        sku: String,
    },
    /// It is out of use.
    #[error("the item is inactive")]
    Inactive,
    /// It is out of use already.
    #[error("the item is inactive already")]
    AlreadyInactive,
    /// It is in use already.
    #[error("the item is active already")]
    AlreadyActive,
    /// It has that name already.
    #[error("the item is called {name} already")]
    SameName {
        /// The name.
        name: String,
    },
    /// There would be more than there may be.
    #[error(
        "{quantity} more would make {}, but at most {max_quantity} may be on hand",
        on_hand.saturating_add(*quantity)
    )]
    ExceedsMaximum {
        /// How many there are.
        on_hand: i64,
        /// How many were to come in.
        quantity: i64,
        /// How many there may be.
        max_quantity: i64,
    },
    /// There are not that many.
    #[error("only {on_hand} on hand, which is less than {quantity}")]
    MoreThanOnHand {
        /// How many there are.
        on_hand: i64,
        /// How many were to leave.
        quantity: i64,
    },
    /// The books say what was counted.
    #[error("the books say {on_hand} already")]
    NoDifference {
        /// How many there are.
        on_hand: i64,
    },
    /// There are more than the new limit would allow.
    #[error("{on_hand} are on hand, which is more than {max_quantity}")]
    BelowOnHand {
        /// How many there are.
        on_hand: i64,
        /// The limit asked for.
        max_quantity: i64,
    },
    /// Only an item without stock can go out of use.
    #[error("there are still {on_hand} on hand")]
    StockOnHand {
        /// How many there are.
        on_hand: i64,
    },
    /// A figure or a text that is never right.
    #[error(transparent)]
    #[serde(untagged)]
    OutOfLimits(#[from] OutOfLimits),
}

impl InventoryItemRejection {
    /// Its stable name on the wire.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OutOfLimits(OutOfLimits::Blank { .. }) => "blank",
            Self::OutOfLimits(OutOfLimits::TooLong { .. }) => "too-long",
            Self::OutOfLimits(OutOfLimits::ControlCharacter { .. }) => "control-character",
            Self::OutOfLimits(OutOfLimits::OutOfRange { .. }) => "out-of-range",
            Self::UnknownItem => "unknown-item",
            Self::ExistsAlready { .. } => "exists-already",
            Self::Inactive => "inactive",
            Self::AlreadyInactive => "already-inactive",
            Self::AlreadyActive => "already-active",
            Self::SameName { .. } => "same-name",
            Self::ExceedsMaximum { .. } => "exceeds-maximum",
            Self::MoreThanOnHand { .. } => "more-than-on-hand",
            Self::NoDifference { .. } => "no-difference",
            Self::BelowOnHand { .. } => "below-on-hand",
            Self::StockOnHand { .. } => "stock-on-hand",
        }
    }

    /// The task that would make the rejected one possible.
    pub const fn unblocked_by(&self) -> Option<Task> {
        match self {
            Self::Inactive => Some(Task::Reactivate),
            // What no limit of the item's own forbids, none can allow.
            Self::ExceedsMaximum { max_quantity: ON_HAND_LIMIT, .. } => None,
            Self::ExceedsMaximum { .. } => Some(Task::ChangeMaximum),
            Self::MoreThanOnHand { .. } => Some(Task::CheckIn),
            Self::BelowOnHand { .. } => Some(Task::Remove),
            Self::StockOnHand { .. } => Some(Task::WriteOffRemaining),
            _ => None,
        }
    }
}
