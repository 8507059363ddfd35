use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::figures::grouped;
use crate::limits::OutOfLimits;

/// A reason to reject a command. Serializes as its `code` beside the figures that explain it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum InventoryItemRejection {
    /// The item does not exist.
    #[error("item not found")]
    UnknownItem,
    /// An item with this id already exists.
    #[error("this item already exists, as {sku}")]
    ExistsAlready {
        /// The SKU of the existing item.
        sku: String,
    },
    /// The item is out of use.
    #[error("the item is inactive")]
    Inactive,
    /// The item is already out of use.
    #[error("the item is already inactive")]
    AlreadyInactive,
    /// The item is already in use.
    #[error("the item is already active")]
    AlreadyActive,
    /// The item already has that name.
    #[error("that is already its name")]
    SameName {
        /// The name.
        name: String,
    },
    /// The item already has that maximum, or already has none.
    #[error("{}", same_maximum(*max_quantity))]
    SameMaximum {
        /// The maximum; `None` if it was to be removed.
        max_quantity: Option<i64>,
    },
    /// The item already has that reorder level.
    #[error("that is already its reorder level")]
    SameReorderLevel {
        /// The reorder level.
        level: i64,
    },
    /// The stock would exceed the maximum.
    #[error("{}", too_many(*on_hand, *quantity, *max_quantity))]
    ExceedsMaximum {
        /// The stock on hand.
        on_hand: i64,
        /// The number to check in.
        quantity: i64,
        /// The most that may be on hand.
        max_quantity: i64,
    },
    /// The stock on hand does not cover the removal.
    #[error("{}", too_few(*on_hand, *quantity))]
    MoreThanOnHand {
        /// The stock on hand.
        on_hand: i64,
        /// The number to remove.
        quantity: i64,
    },
    /// The stock at one location does not cover the removal or the transfer, though all locations
    /// together do.
    #[error("{}", too_few_there(*location, *on_hand, *quantity))]
    MoreThanAtLocation {
        /// The location; `None` for unassigned stock.
        location: Option<Uuid>,
        /// The stock on hand there.
        on_hand: i64,
        /// The number to remove or to transfer.
        quantity: i64,
    },
    /// A transfer must name two locations.
    #[error("they are there already: choose another location")]
    SameLocation {
        /// The location; `None` for unassigned stock.
        location: Option<Uuid>,
    },
    /// The item is in stock at as many locations as one item can be.
    #[error("the item is in stock at {limit} locations, the most that one item can have")]
    TooManyLocations {
        /// The most locations; unassigned stock counts as one.
        limit: usize,
    },
    /// The count agrees with the books. Only the first rules refuse that.
    #[error("the count agrees with the books: {}", grouped(*on_hand))]
    NoDifference {
        /// The stock on hand.
        on_hand: i64,
    },
    /// The stock on hand exceeds the new limit.
    #[error("{} {} on hand, more than {}", grouped(*on_hand), are(*on_hand), grouped(*max_quantity))]
    BelowOnHand {
        /// The stock on hand.
        on_hand: i64,
        /// The requested limit.
        max_quantity: i64,
    },
    /// Only an item without stock can be deactivated.
    #[error("{} {} still in stock", grouped(*on_hand), are(*on_hand))]
    StockOnHand {
        /// The stock on hand.
        on_hand: i64,
    },
    /// A figure or a text that no state would accept.
    #[error(transparent)]
    #[serde(untagged)]
    OutOfLimits(#[from] OutOfLimits),
}

impl InventoryItemRejection {
    /// Returns the stable name on the wire.
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
            Self::MoreThanAtLocation { .. } => "more-than-at-location",
            Self::SameLocation { .. } => "same-location",
            Self::TooManyLocations { .. } => "too-many-locations",
            Self::NoDifference { .. } => "no-difference",
            Self::BelowOnHand { .. } => "below-on-hand",
            Self::StockOnHand { .. } => "stock-on-hand",
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

fn too_few_there(location: Option<Uuid>, on_hand: i64, quantity: i64) -> String {
    let asked = grouped(quantity);
    match (location, on_hand) {
        (Some(_), ..=0) => format!("you asked for {asked}; none are at this location"),
        (Some(_), _) => {
            format!(
                "you asked for {asked}; only {} {} at this location",
                grouped(on_hand),
                are(on_hand)
            )
        }
        (None, ..=0) => format!("you asked for {asked}; none are unassigned: choose a location"),
        (None, _) => {
            format!("you asked for {asked}; only {} {} unassigned", grouped(on_hand), are(on_hand))
        }
    }
}

const fn are(count: i64) -> &'static str {
    if count == 1 { "is" } else { "are" }
}
