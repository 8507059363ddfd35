use serde::{Deserialize, Serialize};

/// A fact about a location, stored forever like an
/// [`InventoryItemEvent`](crate::inventory_item::InventoryItemEvent).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum LocationEvent {
    /// The location was registered.
    LocationRegistered(LocationRegistered),
    /// The location got another name.
    LocationRenamed(LocationRenamed),
    /// The location was closed.
    LocationClosed(LocationClosed),
    /// The location was reopened.
    LocationReopened(LocationReopened),
}

from_variants! {
    LocationEvent: LocationRegistered, LocationRenamed, LocationClosed, LocationReopened,
}

/// The location was registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationRegistered {
    /// The code.
    pub code: String,
    /// The name.
    pub name: String,
}

/// The location got another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationRenamed {
    /// The new name.
    pub name: String,
}

/// The location was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationClosed {
    /// The reason.
    pub reason: String,
}

/// The location was reopened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationReopened {}
