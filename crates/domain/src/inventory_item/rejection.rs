use serde::{Deserialize, Serialize};

use super::Task;
use crate::figures::grouped;
use crate::limits::{ON_HAND_LIMIT, OutOfLimits};

/// Why not. Serializes as its `code` beside the figures that explain it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum InventoryItemRejection {
    /// There is no such item.
    #[error("item not found")]
    UnknownItem,
    /// There is one of this id already.
    #[error("this item already exists, as {sku}")]
    ExistsAlready {
        /// Its SKU.
        sku: String,
    },
    /// It is out of use.
    #[error("the item is inactive")]
    Inactive,
    /// It is out of use already.
    #[error("the item is already inactive")]
    AlreadyInactive,
    /// It is in use already.
    #[error("the item is already active")]
    AlreadyActive,
    /// It has that name already.
    #[error("that is already its name")]
    SameName {
        /// The name.
        name: String,
    },
    /// It has that maximum already, or none.
    #[error("{}", same_maximum(*max_quantity))]
    SameMaximum {
        /// The maximum; none when it was to be removed.
        max_quantity: Option<i64>,
    },
    /// It has that reorder level already.
    #[error("that is already its reorder level")]
    SameReorderLevel {
        /// The reorder level.
        level: i64,
    },
    /// There would be more than there may be.
    #[error("{}", too_many(*on_hand, *quantity, *max_quantity))]
    ExceedsMaximum {
        /// How many there are.
        on_hand: i64,
        /// How many were to come in.
        quantity: i64,
        /// How many there may be.
        max_quantity: i64,
    },
    /// There are not that many.
    #[error("{}", too_few(*on_hand, *quantity))]
    MoreThanOnHand {
        /// How many there are.
        on_hand: i64,
        /// How many were to leave.
        quantity: i64,
    },
    /// The books say what was counted. No refusal since the second rules.
    #[error("the books say {} already", grouped(*on_hand))]
    NoDifference {
        /// How many there are.
        on_hand: i64,
    },
    /// There are more than the new limit would allow.
    #[error("{} {} on hand, more than {}", grouped(*on_hand), are(*on_hand), grouped(*max_quantity))]
    BelowOnHand {
        /// How many there are.
        on_hand: i64,
        /// The limit asked for.
        max_quantity: i64,
    },
    /// Only an item without stock can go out of use.
    #[error("{} {} still in stock", grouped(*on_hand), are(*on_hand))]
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
            Self::SameMaximum { .. } => "same-maximum",
            Self::SameReorderLevel { .. } => "same-reorder-level",
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

const fn same_maximum(max_quantity: Option<i64>) -> &'static str {
    match max_quantity {
        Some(_) => "that is already its maximum",
        None => "it already has no maximum",
    }
}

fn too_many(on_hand: i64, quantity: i64, max_quantity: i64) -> String {
    if on_hand >= max_quantity {
        return format!("full: {} of {}", grouped(on_hand), grouped(max_quantity));
    }
    let sum = grouped(on_hand.saturating_add(quantity));
    let (more, most) = (grouped(quantity), grouped(max_quantity));
    format!("{more} more would make {sum}; the maximum is {most}")
}

fn too_few(on_hand: i64, quantity: i64) -> String {
    match on_hand {
        ..=0 => "none in stock".to_owned(),
        _ => {
            let (asked, there) = (grouped(quantity), grouped(on_hand));
            format!("you asked for {asked}; only {there} {} on hand", are(on_hand))
        }
    }
}

const fn are(count: i64) -> &'static str {
    if count == 1 { "is" } else { "are" }
}
