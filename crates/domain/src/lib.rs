//! The business rules: commands, events, `decide` and `evolve`.
//!
//! This crate is pure: no clock, no randomness, no I/O. The server and the browser run the same
//! code, so the screen predicts exactly what the server decides.

#[macro_use]
mod from_variants;

pub mod figures;
pub mod folding;
pub mod inventory_item;
pub mod kind;
pub mod limits;
pub mod list;
pub mod location;
pub mod sku;

pub use inventory_item::InventoryItem;
pub use kind::Kind;
pub use location::Location;
pub use sku::Sku;
