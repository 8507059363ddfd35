use serde::{Deserialize, Serialize};

/// A command to a location. On the wire:
/// `{"type": "RegisterLocation", "data": {"code": "BACK", "name": "Back room"}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", content = "data", deny_unknown_fields)]
pub enum LocationCommand {
    /// Registers a place where goods are kept.
    RegisterLocation(RegisterLocation),
    /// Renames the location.
    RenameLocation(RenameLocation),
    /// Closes the location. It keeps its history, and can be reopened.
    CloseLocation(CloseLocation),
    /// Reopens the location.
    ReopenLocation(ReopenLocation),
}

from_variants! {
    LocationCommand: RegisterLocation, RenameLocation, CloseLocation, ReopenLocation,
}

/// Registers a place where goods are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RegisterLocation {
    /// The code on labels and lists; 1 to 200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200, example = "BACK"))]
    pub code: String,
    /// The name of the location; 1 to 200 characters.
    #[cfg_attr(
        feature = "openapi",
        schema(min_length = 1, max_length = 200, example = "Back room")
    )]
    pub name: String,
}

/// Renames the location.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RenameLocation {
    /// The new name; 1 to 200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: String,
}

/// Closes the location. It keeps its history, and can be reopened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CloseLocation {
    /// The reason; 1 to 200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub reason: String,
}

/// Reopens the location.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReopenLocation {}
